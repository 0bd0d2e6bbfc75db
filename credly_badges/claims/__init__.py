"""Codes that learners claim a badge with: made, changed, closed, and claimed, which awards the badge."""

from .attempts import Attempt, OwnSpelling, TooManyAttempts
from .leaving import forget
from .making import CannotMake, CodeTaken, change, check, check_change, close, locked, make, open_at
from .redeeming import Claimed, NotClaimable, redeem
from .retrying import undisturbed
from .sheets import path_of, qr, typed_at, url_of
from .spelling import LONGEST, SHORTEST, digest_of

__all__ = [
    "LONGEST",
    "SHORTEST",
    "Attempt",
    "CannotMake",
    "Claimed",
    "CodeTaken",
    "NotClaimable",
    "OwnSpelling",
    "TooManyAttempts",
    "change",
    "check",
    "check_change",
    "close",
    "digest_of",
    "forget",
    "locked",
    "make",
    "open_at",
    "path_of",
    "qr",
    "redeem",
    "typed_at",
    "undisturbed",
    "url_of",
]
