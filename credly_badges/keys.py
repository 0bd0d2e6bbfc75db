"""The life of an API key: when it expires, and how another one takes its place without a lost message."""
