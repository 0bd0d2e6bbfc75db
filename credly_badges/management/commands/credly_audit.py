"""Give the audit log away, to a spreadsheet or to the site's own archive, and see whether anybody changed it."""

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

from ... import audit
from ...audit.seals import Fault, Verified
from ...models import AuditEntry
from ..spreadsheets import cell

AT_ONCE = 2000
MOST_NAMED = 100
"""How many faults of the log are named before the rest is only counted."""
COLUMNS = ("id", "at", "actor", "action", "kind", "object", "name", "because", "before", "after")


class Command(BaseCommand):
    """``credly_audit export`` and ``credly_audit verify``."""

    help = (
        "Export the audit log, the oldest entry first, or verify that nobody changed it. Entries are never changed, so "
        "an export can go on at its end."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to export, and to where."""
        commands = parser.add_subparsers(dest="do", required=True, metavar="export|verify")
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
        verify = commands.add_parser(
            "verify", help="Say whether entries were changed, added or removed. Then it ends with 1."
        )
        verify.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Do what is asked."""
        self._verify(as_data=options["json"]) if options["do"] == "verify" else self._export(options)

    def _verify(self, *, as_data: bool) -> None:
        """Look at seal by seal, however many there are; only the first broken ones are kept to be named."""
        seals = entries = faults = 0
        broken: list[Verified] = []
        for each in audit.verify():
            seals += each.fault is not Fault.SEAL_MISSING
            entries += each.count
            faults += each.fault is not None
            if each.fault and len(broken) < MOST_NAMED:
                broken.append(each)
        waiting = audit.unsealed()
        if as_data:
            data = {
                "ok": not faults,
                "seals": seals,
                "entries": entries,
                "unsealed": waiting,
                "faults": faults,
                "broken": [_as_data(each) for each in broken],
            }
            self.stdout.write(json.dumps(data, indent=2))
        else:
            for each in broken:
                self.stdout.write(_in_words(each))
            said = _("%(seals)d seals over %(entries)d entries were verified; %(waiting)d entries are not sealed yet.")
            self.stdout.write(said % {"seals": seals, "entries": entries, "waiting": waiting})
        if faults:
            raise CommandError(
                _("The audit log is not as it was sealed. The first fault: %(first)s") % {"first": _in_words(broken[0])}
            )

    def _export(self, options: dict[str, Any]) -> None:
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


def _in_words(each: Verified) -> str:
    fault = {
        Fault.SEAL_MISSING: _("The seal is missing."),
        Fault.SEAL_CHANGED: _("The seal itself, or the one before it, was changed."),
        Fault.KEY_UNKNOWN: _(
            "It was made with a key that the settings lack. Put that one into SECRET_KEY_FALLBACKS to verify it."
        ),
        Fault.ENTRIES_MISSING: _("Entries are missing."),
        Fault.ENTRIES_ADDED: _("Entries were added."),
        Fault.ENTRIES_CHANGED: _("Entries, or the seal itself, were changed."),
        None: _("It fits."),
    }[each.fault]
    words = {"number": each.number, "first": each.first_entry, "last": each.last_entry, "fault": fault}
    return _("Seal %(number)d (entries %(first)d to %(last)d): %(fault)s") % words


def _as_data(each: Verified) -> dict[str, Any]:
    return {
        "seal": each.number,
        "fault": each.fault,
        "first_entry": each.first_entry,
        "last_entry": each.last_entry,
        "entries": each.count,
        "sealed_at": each.sealed_at.isoformat() if each.sealed_at else None,
    }


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
