"""What another system may say of a badge that it issues: when it was earned and what shows that, within limits."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from .. import evidence

LONGEST_NAME = 200
LONGEST_URL = 1000
LONGEST_DESCRIPTION = 500
MOST_LINKS = 10
LONGEST_REASON = 500
LONGEST_ENTRY = 255

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""Nobody means an earlier one: it is what a program sends where it has no time at all, or a slip of the hand."""
AHEAD = timedelta(minutes=1)
"""By how much another system's clock may be fast."""

_is_web_address = URLValidator(schemes=["http", "https"])


class NotTaken(ValueError):
    """What was given cannot be taken; ``sentence`` says why and what to send instead."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def earned_at(said: Any, *, now: datetime) -> datetime:
    """When a badge was earned, in UTC: without a zone it is in UTC, a date is its first moment. Raises NotTaken."""
    found = _moment(said)
    if found is None:
        raise NotTaken(_("This has to be a time such as 2026-01-31T12:00:00Z, or a date such as 2026-01-31."))
    if found > now + AHEAD:
        raise NotTaken(_("This is in the future. Say when the badge was earned, or leave it out for now."))
    if found < EARLIEST:
        raise NotTaken(_("This is before 1970. Say when the badge was earned, or leave it out for now."))
    return min(found, now)


def link(*, url: Any, name: Any = "", description: Any = "") -> dict[str, str]:
    """A page that shows what the learner did, as an award keeps it. Raises NotTaken."""
    address = text(url, longest=LONGEST_URL)
    try:
        _is_web_address(address)
    except ValidationError:
        raise NotTaken(_("The link of evidence has to begin with http:// or https://, and to name a site.")) from None
    return {
        "name": text(name, longest=LONGEST_NAME) or _("Evidence"),
        "url": address,
        "description": text(description, longest=LONGEST_DESCRIPTION),
    }


def narrative(said: Any) -> list[dict[str, str]]:
    """What is told of the badge in words, as evidence; none where nothing was said. Raises NotTaken."""
    words = text(said, longest=evidence.LONGEST_TEXT)
    return [evidence.text(words)] if words else []


def text(said: Any, *, longest: int) -> str:
    """A text without the blanks around it. Raises NotTaken for what is no text, is too long, or cannot be stored."""
    if said is None:
        return ""
    if not isinstance(said, str):
        raise NotTaken(_("This has to be a text, in quotation marks."))
    words = said.strip()
    if len(words) > longest:
        raise NotTaken(_("A text has %(length)d characters; at most %(longest)d are taken.") % {
            "length": len(words), "longest": longest,
        })  # fmt: skip
    if any(sign == "\0" or unicodedata.category(sign) == "Cs" for sign in words):
        raise NotTaken(_("A text has a character that cannot be stored, such as a null character."))
    return words


def _moment(said: Any) -> datetime | None:
    if not isinstance(said, str):
        return None
    try:
        found = parse_datetime(said.strip())
        if found is None and (day := parse_date(said.strip())) is not None:
            found = datetime(day.year, day.month, day.day, tzinfo=UTC)
        # What cannot be told in UTC, such as the first hours of the year 1 in the east, is no time of ours.
        return found and (found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC))
    except (ValueError, OverflowError):
        return None
