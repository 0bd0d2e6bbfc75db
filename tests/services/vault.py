"""A site's secrets manager, as every process of it asks it: a file that a test writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings


def api_key(organization_id: Any) -> str:
    """The key of the only organization there is."""
    return Path(settings.CREDLY_TEST_VAULT).read_text(encoding="utf-8")
