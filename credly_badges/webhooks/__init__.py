"""The door at which Credly tells us that something happened."""
