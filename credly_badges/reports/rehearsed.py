"""What a reading of history has found so far, for people: how far it is, where, a sample, and everybody in a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Max
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .. import lms
from ..events import rehearsal
from ..models import HistoryRun
from .places import titles_of_scopes
from .spreadsheets import cell

MOST_LISTED = 25
"""How many courses and months are listed."""


@dataclass(frozen=True)
class Counted:
    """One line of a list of counts."""

    name: str
    count: int


@dataclass(frozen=True)
class Found:
    """All that a page shows of a run."""

    percent: int
    courses: tuple[Counted, ...]
    months: tuple[Counted, ...]
    since: datetime | None
    sample: tuple[tuple[str, datetime | None, tuple[str, ...]], ...]


def found(run: HistoryRun) -> Found:
    """What a run has found so far. Three queries."""
    by_count = sorted(run.counts.get("courses", {}).items(), key=lambda each: (-each[1], each[0]))[:MOST_LISTED]
    titles = titles_of_scopes([key for key, _count in by_count if lms.is_course_run(key)])
    months = sorted(run.counts.get("months", {}).items(), reverse=True)[:MOST_LISTED]
    return Found(
        percent=_percent(run),
        courses=tuple(Counted(_course(key, titles), count) for key, count in by_count),
        months=tuple(Counted(_month(month), count) for month, count in months),
        since=parse_datetime(str(run.counts.get("since") or "")),
        sample=tuple(_sample(run)),
    )


def _percent(run: HistoryRun) -> int:
    """How far it has come: it goes through the learners in the order of their numbers."""
    if run.state == HistoryRun.State.DONE:
        return 100
    last = get_user_model().objects.aggregate(last=Max("pk"))["last"] or 0
    return min(99, run.cursor * 100 // last) if last else 0


def _course(key: str, titles: dict[str, str]) -> str:
    if not key:
        return _("all other courses together")
    title = titles.get(key)
    return _("%(title)s (%(key)s)") % {"title": title, "key": key} if title else key


def _month(text: str) -> str:
    year, month = map(int, text.split("-"))
    return date_format(date(year, month, 1), "YEAR_MONTH_FORMAT")


def _sample(run: HistoryRun) -> Iterator[tuple[str, datetime | None, tuple[str, ...]]]:
    names = _names([each["learner_id"] for each in run.sample])
    for each in run.sample:
        because = tuple(str(sentence) for sentence in each.get("because", ()))
        yield names.get(each["learner_id"], _gone()), parse_datetime(str(each.get("earned_at") or "")), because


def _names(learner_ids: list[int]) -> dict[int, str]:
    users: Any = get_user_model().objects
    return dict(users.filter(pk__in=learner_ids).values_list("pk", "username"))


def _gone() -> str:
    return str(_("(account deleted)"))


def spreadsheet(run: HistoryRun) -> Iterator[str]:
    """Everybody whom a rehearsal is about, as lines of CSV; memory stays the same however many they are.

    It reads history once more. Raises runs.CannotRun.
    """
    writer = csv.writer(_Echo())
    yield writer.writerow([_("User name"), _("Earned at"), _("Course"), _("What would change")])
    rows = rehearsal.rows(run.template)
    while part := list(islice(rows, lms.AT_ONCE)):
        names = _names([row.learner_id for row in part])
        for row in part:
            when = row.earned_at.isoformat() if row.earned_at else ""
            line = (names.get(row.learner_id, _gone()), when, row.course, _change(row.change))
            yield writer.writerow([cell(value) for value in line])


def _change(change: str) -> str:
    return {
        "gain": _("would be awarded the badge"),
        "lose": _("met what was asked for before, and would not now"),
    }.get(change, _("has the badge"))


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text
