"""Asking edx-platform, which may not be here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .backend import NoPlatform


@contextmanager
def asking_edx_platform() -> Iterator[None]:
    """Import from edx-platform in here: where it is missing, an operator learns which setting to give."""
    try:
        yield
    except ImportError as missing:
        raise NoPlatform(
            f"edx-platform is not here, or has moved what this plugin asks of it ({missing}). On a host that is no "
            "Open edX LMS, name a class that answers in its place in CREDLY_BADGES_LMS_BACKEND."
        ) from missing
