"""What the plugin remembers. Tables, constraints and query sets; nothing here acts on two tables at once."""

from .access import Availability
from .api_keys import ApiKey, IdempotentAnswer, SpentSignature
from .applications import (
    Application,
    ApplicationCriterion,
    ApplicationEvidence,
    ApplicationForm,
    ApplicationReview,
    ReviewItem,
)
from .audit import AuditEntry, AuditSeal
from .awards import BadgeAward, BadgeVersion, EarnerIdentifier
from .bulk import BulkIssue, BulkRow
from .claims import ClaimCode, CodeClaim
from .history import HistoryRun
from .intake import ReceivedEvent
from .levels import BadgeProgram, LevelRole
from .notices import CredlyNotice
from .organizations import CredlyOrganization, Pace
from .outbox import DeliveryAttempt, OutboxMessage, Pulse
from .progress import BadgeProgress, Fulfillment, Regression
from .reconcile import ReconcileDifference, ReconcileRun
from .requirements import BadgeRequirement, DataRule, ListeningPlace, RequirementGroup, RequirementsVersion
from .subscribers import Subscriber, SubscriberAttempt, SubscriberMessage
from .templates import BadgeTemplate

__all__ = [
    "ApiKey",
    "Application",
    "ApplicationCriterion",
    "ApplicationEvidence",
    "ApplicationForm",
    "ApplicationReview",
    "AuditEntry",
    "AuditSeal",
    "Availability",
    "BadgeAward",
    "BadgeProgram",
    "BadgeProgress",
    "BadgeRequirement",
    "BadgeTemplate",
    "BadgeVersion",
    "BulkIssue",
    "BulkRow",
    "ClaimCode",
    "CodeClaim",
    "CredlyNotice",
    "CredlyOrganization",
    "DataRule",
    "DeliveryAttempt",
    "EarnerIdentifier",
    "Fulfillment",
    "HistoryRun",
    "IdempotentAnswer",
    "LevelRole",
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
    "ReviewItem",
    "SpentSignature",
    "Subscriber",
    "SubscriberAttempt",
    "SubscriberMessage",
]
