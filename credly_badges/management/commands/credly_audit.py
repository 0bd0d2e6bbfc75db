"""Give the audit log away: to a spreadsheet, or to the site's own archive."""

from __future__ import annotations

import csv
import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...models import AuditEntry
from ..spreadsheets import cell

AT_ONCE = 2000
COLUMNS = ("id", "at", "actor", "action", "kind", "object", "name", "because", "before", "after")


class Command(BaseCommand):
    """``credly_audit export``."""

    help = "Export the audit log, the oldest entry first. Entries are never changed, so an export can go on at its end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to export, and to where."""
        commands = parser.add_subparsers(dest="do", required=True, metavar="export")
        export = commands.add_parser("export", help="Print the entries, or write them to a file.")
        export.add_argument("--since", type=_begin, metavar="WHEN", help="From this day or moment on (ISO 8601).")
        export.add_argument("--until", type=_end, metavar="WHEN", help="Until this day, included, or this moment.")
        export.add_argument(
            "--action",
            action="append",
            metavar="NAME",
            help="Only this action (award.revoked), or all that are about one thing (award). May be repeated.",
        )
        export.add_argument("--format", choices=("csv", "json"), default="csv", help="csv unless given.")
        export.add_argument("--json", action="store_true", help="The same as --format json.")
        export.add_argument("--output", type=Path, metavar="FILE", help="A new file. Without it, print them.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Write entry by entry, however many there are."""
        write = _write_json if options["json"] or options["format"] == "json" else _write_csv
        with self._opened(options["output"]) as out:
            count = write(out, _rows(_chosen(options)))
        if options["output"]:
            said = ngettext("%(count)d entry written.", "%(count)d entries written.", count) % {"count": count}
            self.stdout.write(said)

    def _opened(self, path: Path | None) -> AbstractContextManager[Any]:
        if path is None:
            self.stdout.ending = ""  # Else it would end what is written in pieces by a line of its own.
            return nullcontext(self.stdout)
        try:
            return path.open("x", encoding="utf-8", newline="")
        except OSError as error:
            raise CommandError(
                _("%(file)s cannot be made: %(why)s.") % {"file": path, "why": error.strerror}
            ) from error


def _chosen(options: dict[str, Any]) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.all()
    if options["since"]:
        entries = entries.filter(at__gte=options["since"])
    if options["until"]:
        entries = entries.filter(at__lt=options["until"])
    if options["action"]:
        wanted = Q()
        for action in options["action"]:
            wanted |= Q(action=action) | Q(action__startswith=f"{action}.")
        entries = entries.filter(wanted)
    return entries


def _rows(entries: QuerySet[AuditEntry]) -> Iterator[dict[str, Any]]:
    """The entries as plain values. Read in pieces: MySQL's client would take in all of them at once."""
    last = 0
    while piece := list(entries.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        last = piece[-1].pk
        for entry in piece:
            yield {
                "id": entry.pk,
                "at": entry.at.isoformat(),
                "actor": entry.actor_id,
                "action": entry.action,
                "kind": entry.object_type,
                "object": entry.object_id,
                "name": entry.object_label,
                "because": entry.because,
                "before": entry.before,
                "after": entry.after,
            }


def _write_csv(out: IO[str], rows: Iterator[dict[str, Any]]) -> int:
    sheet = csv.writer(out)
    sheet.writerow(COLUMNS)
    count = 0
    for row in rows:
        sheet.writerow(cell(row[column]) for column in COLUMNS)
        count += 1
    return count


def _write_json(out: IO[str], rows: Iterator[dict[str, Any]]) -> int:
    count = 0
    for row in rows:
        out.write(",\n" if count else "[\n")
        out.write(json.dumps(row, ensure_ascii=False))
        count += 1
    out.write("\n]\n" if count else "[]\n")
    return count


def _begin(text: str) -> datetime:
    return _moment(text, days=0)


def _end(text: str) -> datetime:
    return _moment(text, days=1)


def _moment(text: str, *, days: int) -> datetime:
    """A moment, or the beginning of a day plus so many days, in the site's own time zone."""
    try:
        moment = parse_datetime(text) if len(text) > len("2026-01-01") else None
        day = parse_date(text) if moment is None else None
    except ValueError:
        moment = day = None
    if day is not None:
        moment = datetime.combine(day + timedelta(days=days), time())
    if moment is None:
        raise ArgumentTypeError(
            _("“%(text)s” is no day and no moment: 2026-06-30, or 2026-06-30T12:00") % {"text": text}
        )
    return moment if moment.tzinfo else timezone.make_aware(moment)
