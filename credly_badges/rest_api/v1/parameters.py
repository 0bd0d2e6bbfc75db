"""What stands after the question mark of an address. What cannot be read is refused, never ignored."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from .errors import Invalid

TRUTH = {"true": True, "1": True, "false": False, "0": False}
PAGE = frozenset({"limit", "offset"})
LARGEST_ID = 2**31 - 1
"""Of users and roles, which have numbers."""

UPDATED_SINCE = OpenApiParameter("updatedSince", datetime, description="Only what was changed at this time or later.")


def known(request: Request, names: Collection[str] = ()) -> None:
    """Refuse parameters that this address does not know. Raises Invalid."""
    unknown = sorted(set(request.query_params) - set(names))
    if unknown:
        said = _("There is no parameter “%(name)s” here. Known are: %(known)s.")
        raise Invalid(
            said % {"name": unknown[0][:100], "known": ", ".join(sorted(names)) or "–"}, parameter=unknown[0][:100]
        )


def truth(request: Request, name: str) -> bool | None:
    """Whether, or None where nothing was said. Raises Invalid."""
    given = request.query_params.get(name)
    if given is None:
        return None
    if given.lower() not in TRUTH:
        raise Invalid(_("“%(name)s” has to be true or false.") % {"name": name}, parameter=name)
    return TRUTH[given.lower()]


def possible(number: int) -> int:
    """The ID of a user or a role; 0, which nothing has, for one that no column holds."""
    return number if number <= LARGEST_ID else 0


def moment(request: Request, name: str) -> datetime | None:
    """A time, or None where none was given: without a zone it is in UTC, a date is its first moment. Raises Invalid."""
    given = request.query_params.get(name)
    if given is None:
        return None
    try:
        found = parse_datetime(given)
        if found is None and (day := parse_date(given)) is not None:
            found = datetime(day.year, day.month, day.day, tzinfo=UTC)
        # What cannot be told in UTC, such as the first hours of the year 1 in the east, is no time of ours.
        found = found and (found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC))
    except (ValueError, OverflowError):
        found = None
    if found is None:
        said = _("“%(name)s” has to be a time such as 2026-01-31T12:00:00Z.")
        raise Invalid(said % {"name": name}, parameter=name)
    return found


def updated(rows: QuerySet[Any], request: Request, column: str = "modified") -> QuerySet[Any]:
    """Those of the rows that were changed since the time that is asked for, if one is. Raises Invalid."""
    since = moment(request, UPDATED_SINCE.name)
    return rows if since is None else rows.filter(**{f"{column}__gte": since})


def identifier(request: Request, name: str) -> UUID | None:
    """An ID, or None where none was given. Raises Invalid."""
    given = request.query_params.get(name)
    if given is None:
        return None
    try:
        return UUID(given)
    except ValueError:
        said = _("“%(name)s” has to be an ID such as 11111111-0000-4000-8000-000000000001.")
        raise Invalid(said % {"name": name}, parameter=name) from None


def choice(request: Request, name: str, choices: Collection[str]) -> str | None:
    """One of these words, or None where none was given. Raises Invalid."""
    given = request.query_params.get(name)
    if given is not None and given not in choices:
        said = _("“%(name)s” has to be one of: %(choices)s.")
        raise Invalid(said % {"name": name, "choices": ", ".join(choices)}, parameter=name)
    return given
