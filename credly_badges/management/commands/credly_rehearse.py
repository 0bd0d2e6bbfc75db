"""Say what a badge's requirements would do with all that learners did before."""

from __future__ import annotations

import csv
import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from ...events import rehearsal, runs
from ...models import BadgeTemplate, HistoryRun
from ..history_bar import bar
from ..spreadsheets import cell, opened
from ..templates import chosen_template

COURSES = 10
"""How many courses are listed, those with the most learners first."""
TOGETHER = 500


class Command(BaseCommand):
    """``credly_rehearse TEMPLATE``."""

    help = (
        "Hold a badge's requirements against what learners did before, and say how many would get it, from which "
        "courses and since when. Nothing is awarded, and nothing is written but these numbers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which badge, and how to tell."""
        parser.add_argument("template", help="The badge: its template's ID at Credly, or its name.")
        parser.add_argument("--limit", type=_a_number, metavar="N", help="It is enough to look at so many learners.")
        parser.add_argument(
            "--csv", metavar="FILE", help="Write who would get or lose it there, one a line; - is the standard output."
        )
        parser.add_argument("--usernames", action="store_true", help="Write user names into the CSV as well.")
        parser.add_argument("--json", action="store_true", help="Print the results as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Rehearse and tell; end with 1 where it could not get to its end."""
        if options["csv"] == "-" and options["json"]:
            raise CommandError(_("Only one of --csv - and --json can go to the standard output."))
        template = chosen_template(options["template"])
        try:
            if options["csv"]:
                with opened(options["csv"], self.stdout) as file:
                    _write(template, file, limit=options["limit"], with_names=options["usernames"])
                if options["csv"] == "-":
                    return
            run = self._rehearse(template, options["limit"])
        except (runs.Busy, runs.CannotRun) as why:
            raise CommandError(why.sentence) from None
        if options["json"]:
            self.stdout.write(json.dumps(as_data(run), indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(_lines(run)))
        if run.state != HistoryRun.State.DONE and options["limit"] is None:
            sys.exit(1)

    def _rehearse(self, template: BadgeTemplate, limit: int | None) -> HistoryRun:
        run = rehearsal.begin(template, wake=False)
        with bar(run, self.stderr, "would_get", "would_gain") as show:
            return rehearsal.go_on(run, on_chunk=show, limit=limit)


def as_data(run: HistoryRun) -> dict[str, Any]:
    """A run as JSON can hold it."""
    return {
        "template": str(run.template.uuid),
        "version": run.version,
        "state": run.state,
        "error": run.error,
        "counts": run.counts,
        "sample": run.sample,
    }


def _a_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise ArgumentTypeError(_("give a number of learners, such as 1000"))
    return int(text)


def _write(template: BadgeTemplate, file: Any, *, limit: int | None, with_names: bool) -> None:
    """Everybody whom it concerns as CSV, one after the other: there may be very many."""
    writer = csv.writer(file)
    writer.writerow(["learner_id", "change", "earned_at", "course", *(["username"] if with_names else [])])
    found = iter(islice(rehearsal.rows(template), limit))
    while rows := list(islice(found, TOGETHER)):
        names = _names(rows) if with_names else {}
        for row in rows:
            earned_at = row.earned_at.isoformat() if row.earned_at else ""
            name = [names.get(row.learner_id, "")] if with_names else []
            writer.writerow(map(cell, [row.learner_id, row.change, earned_at, row.course, *name]))


def _names(rows: Iterable[rehearsal.Row]) -> dict[int, str]:
    users = get_user_model().objects.filter(pk__in=[row.learner_id for row in rows])
    return dict(users.values_list("pk", "username"))


def _lines(run: HistoryRun) -> Iterator[str]:
    counts = run.counts
    yield _("%(badge)s, version %(version)d of its requirements") % {"badge": run.template, "version": run.version}
    yield _row(counts.get("rows", 0), _("rows of history looked at"))
    yield _row(counts.get("learners", 0), _("learners to whom they belong"))
    yield _row(counts.get("would_get", 0), _("would get the badge"))
    yield _row(counts.get("would_gain", 0), _("of these do not have it yet"))
    yield _row(counts.get("would_lose", 0), _("met its requirements once, and would not now"))
    if "not_available" in counts:
        yield _row(counts["not_available"], _("would not be awarded it, as it is not available to them"))
    if counts.get("beyond_limit"):
        yield _row(counts["beyond_limit"], _("lie beyond its limit, at which it would be paused"))
    if "since" in counts:
        yield _("The first earned it on %(since)s, the last on %(until)s.") % {
            "since": _day(counts["since"]),
            "until": _day(counts["until"]),
        }
    courses = sorted(counts.get("courses", {}).items(), key=lambda each: (-each[1], each[0]))
    if courses:
        yield _("From these courses:")
        yield from (_row(number, course or _("other courses")) for course, number in courses[:COURSES])
    if run.sample:
        yield _("Some of them, and why:")
        yield from _sample(run.sample)
    if run.state != HistoryRun.State.DONE:
        yield _("It stopped: %(why)s") % {"why": run.error or _("another process has taken it over.")}


def _sample(sample: Iterable[dict[str, Any]]) -> Iterator[str]:
    for each in sample:
        yield "  " + _("Learner %(id)s, on %(day)s") % {"id": each["learner_id"], "day": _day(each["earned_at"])}
        yield from (f"    {sentence}" for sentence in each["because"] or [_("Met it before; credly_why has more.")])


def _row(number: int, words: str) -> str:
    return f"{number:>12,}  {words}"


def _day(moment: str) -> str:
    parsed = parse_datetime(moment)
    return date_format(localtime(parsed), "DATE_FORMAT") if parsed else moment
