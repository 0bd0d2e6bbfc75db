"""What others need to test against this plugin: a stand-in Credly, and factories for its tables."""
