"""Who qualifies, what we recorded and what Credly holds: compared, and brought together."""
