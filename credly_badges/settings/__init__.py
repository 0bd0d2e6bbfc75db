"""The settings that the plugin gives its LMS, one module for each kind of LMS settings."""
