"""SQLite for a host whose pages and whose beat write at the same time."""
