"""Award a badge to those who qualified for it before it was active."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from ...events import backfill, runs
from ...models import BadgeTemplate, HistoryRun
from ..history_bar import bar
from ..templates import chosen_template
from .credly_rehearse import as_data


class Command(BaseCommand):
    """``credly_backfill TEMPLATE``."""

    help = (
        "Award a badge for what learners did before it was active, with the dates of then. Doing it twice is safe, and "
        "so is doing it while the LMS runs. Broken off, it goes on with --resume."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which badge, and whether to begin or to go on."""
        parser.add_argument("template", help="The badge: its template's ID at Credly, or its name.")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--dry-run", action="store_true", help="Only say what it would do, as credly_rehearse does.")
        what.add_argument("--resume", action="store_true", help="Go on with the backfill that was left unfinished.")
        parser.add_argument("--json", action="store_true", help="Print the results as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Backfill and tell; end with 1 where it could not get to its end."""
        if options["dry_run"]:
            call_command(
                "credly_rehearse", options["template"], json=options["json"], stdout=self.stdout, stderr=self.stderr
            )
            return
        template = chosen_template(options["template"])
        try:
            run = self._backfill(template, resume=options["resume"])
        except runs.Lost:
            raise CommandError(_("It was stopped meanwhile. Go on with --resume.")) from None
        except (runs.Busy, runs.CannotRun) as why:
            raise CommandError(why.sentence) from None
        if options["json"]:
            self.stdout.write(json.dumps(as_data(run), indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(_lines(run)))
        if run.state != HistoryRun.State.DONE:
            sys.exit(1)

    def _backfill(self, template: BadgeTemplate, *, resume: bool) -> HistoryRun:
        left = runs.unfinished(template, HistoryRun.Kind.BACKFILL)
        if resume and left is None:
            raise CommandError(_("No backfill of this badge was left unfinished, so there is none to go on with."))
        run = runs.resume(left, wake=False) if resume and left else backfill.begin(template, wake=False)
        with bar(run, self.stderr, "awarded") as show:
            return backfill.go_on(run, on_chunk=show)


def _lines(run: HistoryRun) -> Iterator[str]:
    words = {
        "rows": _("rows of history looked at"),
        "learners": _("learners to whom they belong"),
        "matched": _("have met at least one requirement"),
        "completed": _("have come to meet all of them"),
        "awarded": _("badges awarded, which are now being sent"),
        "withheld": _("earned, and withheld for now; each learner's progress says why"),
    }
    yield str(run.template)
    for name, what in words.items():
        if name in run.counts or name in ("rows", "learners", "awarded"):
            yield f"{run.counts.get(name, 0):>12,}  {what}"
    if run.state != HistoryRun.State.DONE:
        yield _("It stopped: %(why)s") % {"why": run.error or _("another process has taken it over.")}
        yield _("Go on with: credly_backfill %(template)s --resume") % {"template": run.template.uuid}
