"""What the LMS tells us, made into learning events. ``receivers`` is where it comes in."""
