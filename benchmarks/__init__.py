"""How long an event, a sync and a delivery take, and how much memory: ``python -m benchmarks``."""
