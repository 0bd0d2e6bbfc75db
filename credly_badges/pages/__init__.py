"""Pages outside the admin: the badges of a course for its staff, and how the plugin is."""
