"""Granting, renewing, restoring, correcting and revoking: the decision, its reason, and the order to Credly."""

from .changes import NotReplaceable, NotRevocable, adopt, replace, resend, restore, revoke, take_back
from .grants import Grant, NotGrantable, grant, why_not_grantable

__all__ = [
    "Grant",
    "NotGrantable",
    "NotReplaceable",
    "NotRevocable",
    "adopt",
    "grant",
    "replace",
    "resend",
    "restore",
    "revoke",
    "take_back",
    "why_not_grantable",
]
