"""What has to be true of a learning event for it to count: said, checked, decided and explained.

Nothing here knows Django, a clock, a setting or a network. Reading order: ``fields`` (what can be asked about),
``operators`` (what can be asked), ``language`` (one rule, conditions, groups), ``evaluate`` (does it hold),
``explain`` (why, in words).
"""
