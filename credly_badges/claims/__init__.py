"""Codes that learners claim a badge with: made, changed, closed, and claimed, which awards the badge."""

from .attempts import Attempt, TooManyAttempts
from .making import CannotMake, CodeTaken, change, close, make, open_at
from .redeeming import Claimed, NotClaimable, redeem
from .retrying import undisturbed
from .spelling import LONGEST, SHORTEST, digest_of

__all__ = [
    "LONGEST",
    "SHORTEST",
    "Attempt",
    "CannotMake",
    "Claimed",
    "CodeTaken",
    "NotClaimable",
    "TooManyAttempts",
    "change",
    "close",
    "digest_of",
    "make",
    "open_at",
    "redeem",
    "undisturbed",
]
