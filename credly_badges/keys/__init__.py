"""The life of an API key: when it expires, and how another one takes its place without a lost message."""

from .expiry import Level, Warning, expiry_in_words, warning_of, warnings  # noqa: A004  # Read as keys.Warning.
from .life import Found, check, check_all, entered, look
from .reencryption import Reencrypted, reencrypt
from .retirement import needs_a_person
from .rotation import OVERLAP, Rotation, retire_due, rotate

__all__ = [
    "OVERLAP",
    "Found",
    "Level",
    "Reencrypted",
    "Rotation",
    "Warning",
    "check",
    "check_all",
    "entered",
    "expiry_in_words",
    "look",
    "needs_a_person",
    "reencrypt",
    "retire_due",
    "rotate",
    "warning_of",
    "warnings",
]
