"""What the plugin remembers. Tables, constraints and query sets; nothing here acts on two tables at once."""

from .access import Availability
from .audit import AuditEntry, AuditSeal
from .awards import BadgeAward, BadgeVersion, EarnerIdentifier
from .history import HistoryRun
from .intake import ReceivedEvent
from .notices import CredlyNotice
from .organizations import CredlyOrganization, Pace
from .outbox import DeliveryAttempt, OutboxMessage, Pulse
from .progress import BadgeProgress, Fulfillment, Regression
from .reconcile import ReconcileDifference, ReconcileRun
from .requirements import BadgeRequirement, DataRule, ListeningPlace, RequirementGroup, RequirementsVersion
from .templates import BadgeTemplate

__all__ = [
    "AuditEntry",
    "AuditSeal",
    "Availability",
    "BadgeAward",
    "BadgeProgress",
    "BadgeRequirement",
    "BadgeTemplate",
    "BadgeVersion",
    "CredlyNotice",
    "CredlyOrganization",
    "DataRule",
    "DeliveryAttempt",
    "EarnerIdentifier",
    "Fulfillment",
    "HistoryRun",
    "ListeningPlace",
    "OutboxMessage",
    "Pace",
    "Pulse",
    "ReceivedEvent",
    "ReconcileDifference",
    "ReconcileRun",
    "Regression",
    "RequirementGroup",
    "RequirementsVersion",
]
