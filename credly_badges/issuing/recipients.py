"""Seeing that a learner's address changed, without keeping the address that a badge was sent to."""

from __future__ import annotations

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

SALT = "credly_badges.issuing.recipients"


def mark(email: str) -> str:
    """The keyed hash of an e-mail address, the same in upper and lower case; empty where there is none."""
    return _mark(email, settings.SECRET_KEY) if email else ""


def is_marked(kept: str, email: str) -> bool:
    """Whether a mark that was kept is that of an address, also if the site's secret key was rotated since."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return bool(kept and email) and any(constant_time_compare(kept, _mark(email, key)) for key in keys)


def _mark(email: str, key: str | bytes) -> str:
    return salted_hmac(SALT, email.strip().casefold(), secret=key, algorithm="sha256").hexdigest()
