"""What the plugin remembers. Tables, constraints and query sets; nothing here acts on two tables at once."""

from .audit import AuditEntry
from .awards import BadgeAward, EarnerIdentifier
from .intake import ReceivedEvent
from .organizations import CredlyOrganization
from .outbox import DeliveryAttempt, OutboxMessage, Pulse
from .progress import BadgeProgress, Fulfillment
from .requirements import BadgeRequirement, DataRule, RequirementGroup
from .templates import BadgeTemplate

__all__ = [
    "AuditEntry",
    "BadgeAward",
    "BadgeProgress",
    "BadgeRequirement",
    "BadgeTemplate",
    "CredlyOrganization",
    "DataRule",
    "DeliveryAttempt",
    "EarnerIdentifier",
    "Fulfillment",
    "OutboxMessage",
    "Pulse",
    "ReceivedEvent",
    "RequirementGroup",
]
