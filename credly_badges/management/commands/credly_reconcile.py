"""Compare who qualifies, what is recorded here and what Credly holds; and mend what is asked for."""

from __future__ import annotations

import csv
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from ...models import BadgeAward, BadgeTemplate, CredlyOrganization, ReconcileRun
from ...reconcile import causes, reports, runs, work
from ..organizations import add_organization_option, an_id, chosen_organizations
from ..spreadsheets import cell, opened

PATIENCE = timedelta(minutes=3)
"""The longest single wait when requests are held back, by Credly or by ourselves."""


class Command(BaseCommand):
    """``credly_reconcile``: one organization after the other."""

    help = (
        "Compare who qualifies, what is recorded here and what Credly holds. It only looks, unless --fix or "
        "--fix-all-safe says what to mend. Ends with 1 if a difference is left, or if it could not get to the end; "
        "then --resume goes on where it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to compare, what to mend, and how to tell."""
        add_organization_option(parser)
        parser.add_argument("--template", type=an_id, metavar="UUID", help="Only this badge template.")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--dry-run", action="store_true", help="Only look and mend nothing; that is the default.")
        what.add_argument(
            "--fix",
            action="append",
            choices=sorted(causes.FIXES),
            metavar="CAUSE",
            help=f"Mend differences of this cause; may be given several times. One of {', '.join(causes.FIXES)}.",
        )
        what.add_argument(
            "--fix-all-safe", action="store_true", help="Mend every cause that has a fix. See the how-to for each."
        )
        parser.add_argument(
            "--resume", action="store_true", help="Go on with the comparison that was stopped, and mend what it was to."
        )
        parser.add_argument("--csv", metavar="FILE", help="Write the differences there; - is the standard output.")
        parser.add_argument("--usernames", action="store_true", help="Write user names into the CSV as well.")
        parser.add_argument("--json", action="store_true", help="Print the results as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Compare, report, and end with 1 where something is left to do."""
        if options["csv"] == "-" and options["json"]:
            raise CommandError(_("Only one of --csv - and --json can go to the standard output."))
        if options["resume"] and (options["fix"] or options["fix_all_safe"] or options["template"]):
            raise CommandError(
                _("--resume goes on with what the comparison was to do; give it no --fix or --template.")
            )
        if options["csv"]:
            with opened(options["csv"], self.stdout):
                pass  # Before all the work: a file that cannot be written should not be found out after it.
        only = _template(options["template"], options["organization"])
        organizations = [only.organization] if only else chosen_organizations(options["organization"])
        done, busy = [], []
        for each in organizations:
            try:
                done += self._compare(each, only, options)
            except runs.Busy as why:
                busy.append(f"{each}: {why.sentence}")  # No reason not to compare the others, and to tell of them.
        if options["resume"] and not done and not busy:
            raise CommandError(_("No comparison was stopped, so there is none to resume."))
        if done or not busy:
            self._tell(done, options)
        if busy:
            raise CommandError("\n".join(busy))
        if any(run.state != ReconcileRun.State.DONE or reports.left(run) for run in done):
            sys.exit(1)

    def _compare(
        self, organization: CredlyOrganization, only: BadgeTemplate | None, options: dict[str, Any]
    ) -> list[ReconcileRun]:
        """The comparison, or none where there is none to resume."""
        if options["resume"]:
            run = runs.unfinished(organization)
            return [] if run is None else [self._go_on(run)]
        fixes = list(causes.FIXES) if options["fix_all_safe"] else options["fix"] or []
        return [self._go_on(runs.begin(organization, fixes=fixes, only_template=only))]

    def _go_on(self, run: ReconcileRun) -> ReconcileRun:
        # ``disable=None`` leaves the bar away where nobody watches: in a pipe, under cron. Credly does not say how many
        # badges it has, so the end is only guessed, from our own.
        expected = BadgeAward.objects.filter(template__organization=run.organization, credly_id__isnull=False)
        if run.only_template is not None:
            expected = expected.filter(template=run.only_template)
        with tqdm(
            desc=str(run.organization),
            unit="badge",
            leave=False,
            disable=None,
            file=self.stderr,
            total=expected.count() or None,
            initial=run.compared,
        ) as bar:

            def show(run: ReconcileRun) -> None:
                bar.total = max(bar.total or 0, run.compared)
                bar.set_postfix(differences=sum(run.counts.values()), refresh=False)
                bar.update(run.compared - bar.n)

            return work.go_on(run, patience=PATIENCE, on_page=show)

    def _tell(self, done: Sequence[ReconcileRun], options: dict[str, Any]) -> None:
        if options["csv"]:
            with opened(options["csv"], self.stdout) as file:
                _write(done, file, with_names=options["usernames"])
        if options["json"]:
            data = [reports.as_data(run) for run in done]
            self.stdout.write(json.dumps(data, indent=2, ensure_ascii=False))
        elif options["csv"] != "-" and options["verbosity"]:
            for run in done:
                self.stdout.write(self.style.MIGRATE_HEADING(str(run.organization)))
                self.stdout.write("\n".join(f"  {line}" for line in _lines(run)))


def _lines(run: ReconcileRun) -> Iterator[str]:
    """A run as a table, and what to do next."""
    yield ngettext("%(count)d badge compared.", "%(count)d badges compared.", run.compared) % {"count": run.compared}
    for row in reports.rows(run):
        yield f"{row.cause:<13}{row.found:>9,}  {row.words}"
        if row.mended:
            yield "{:24}{}".format("", _("of these mended or ordered: %(count)d") % {"count": row.mended})
        if row.failed:
            yield "{:24}{}".format("", _("of these could not be mended: %(count)d") % {"count": row.failed})
        if row.left:
            label = _("--fix %(cause)s: %(advice)s.") if row.has_fix else _("for a person: %(advice)s.")
            yield "{:24}{}".format("", label % {"cause": row.cause, "advice": row.advice})
        if row.not_listed:
            yield "{:24}{}".format("", _("not kept one by one: %(count)d") % {"count": row.not_listed})
    if not run.counts and run.state == ReconcileRun.State.DONE:
        yield _("Everything agrees.")
    if run.state != ReconcileRun.State.DONE:
        yield _("It stopped: %(why)s") % {"why": run.error or _("another process has taken it over.")}
        yield _("Go on with: credly_reconcile --resume")
    elif run.counts and not run.fixes:
        yield _("It only looked. Nothing was changed, here or at Credly; say --fix CAUSE to have it mended.")


def _write(done: Iterable[ReconcileRun], file: Any, *, with_names: bool) -> None:
    """The differences as CSV, one after the other: there may be very many."""
    writer = csv.writer(file)
    writer.writerow([*reports.COLUMNS, *(["username"] if with_names else [])])
    for run in done:
        for difference in reports.differences(run, with_names=with_names):
            name = getattr(difference.learner, "username", "") if with_names else ""
            writer.writerow(map(cell, [*reports.values(run, difference), *([name] if with_names else [])]))


def _template(uuid: UUID | None, organizations: list[UUID] | None) -> BadgeTemplate | None:
    if uuid is None:
        return None
    found = BadgeTemplate.objects.select_related("organization").filter(uuid=uuid)
    if organizations:
        found = found.filter(organization__uuid__in=organizations)
    templates = list(found[:2])
    if not templates:
        raise CommandError(_("No badge template here has the ID %(uuid)s. Sync it first.") % {"uuid": uuid})
    if len(templates) > 1:
        raise CommandError(_("Several organizations have this badge template. Name one with --organization."))
    return templates[0]
