"""Bring the badge templates of Credly organizations here, or what happened to templates and badges there."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from ... import notices
from ...models import CredlyOrganization
from ...sync import results, templates
from ..organizations import add_organization_option, chosen_organizations

PATIENCE = timedelta(minutes=3)
"""How long to wait, for one organization and altogether, when Credly asks for fewer requests."""

Report = tuple[bool, dict[str, Any], list[str]]
"""Whether it went well, the result for scripts, and the lines for people."""


class Command(BaseCommand):
    """``credly_sync``: one organization after the other; one that fails does not keep the next from being synced."""

    help = (
        "Bring the badge templates of Credly organizations here: new ones arrive inactive, changed ones are updated, "
        "archived and deleted ones are deactivated. With --events, read what happened at Credly since the last reading "
        "instead, and do what no webhook has had done. Ends with 1 if anything could not be read or stored."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which organizations, and what to do with the difference."""
        add_organization_option(parser)
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--dry-run", action="store_true", help="Show what would change, and change nothing.")
        what.add_argument("--events", action="store_true", help="Read Credly's feed of events instead.")
        parser.add_argument("--json", action="store_true", help="Print the results as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Sync, report, and end with 1 if any organization was not synced in whole."""
        reports = []
        ok = True
        do = self._events if options["events"] else self._difference if options["dry_run"] else self._sync
        for organization in chosen_organizations(options["organization"]):
            went_well, report, lines = do(organization)
            ok = ok and went_well
            reports.append(report)
            if not options["json"]:
                self.stdout.write(self.style.MIGRATE_HEADING(str(organization)))
                self.stdout.write("\n".join(f"  {line}" for line in lines))
        if options["json"]:
            self.stdout.write(json.dumps(reports, indent=2, default=str, ensure_ascii=False))
        if not ok:
            raise CommandError(_("Not everything could be synced; see above."))

    def _sync(self, organization: CredlyOrganization) -> Report:
        result = templates.apply(self._plan(organization))
        return result.ok, result.as_data(), result.sentences()

    def _difference(self, organization: CredlyOrganization) -> Report:
        plan = self._plan(organization)
        lines = list(results.diff(plan)) or [_("Nothing would change.")]
        return plan.is_complete and not plan.broken, results.plan_data(plan), lines

    def _events(self, organization: CredlyOrganization) -> Report:
        read = notices.read_feed(organization)
        report = {
            "organization": str(organization.uuid),
            "name": organization.name,
            "ok": read.ok,
            "new": read.new,
            "known": read.known,
            "pages": read.pages,
            "problems": read.problems,
        }
        return read.ok, report, [*read.problems, _told(read)]

    def _plan(self, organization: CredlyOrganization) -> templates.Plan:
        # ``disable=None`` leaves the bar away where nobody watches: in a pipe, under cron.
        with tqdm(desc=str(organization), unit="template", leave=False, disable=None, file=self.stderr) as bar:

            def show(read: int, total: int | None) -> None:
                bar.total = total
                bar.update(read - bar.n)

            return templates.plan(organization, patience=PATIENCE, on_page=show)


def _told(read: notices.FeedResult) -> str:
    new = ngettext("%(count)d new event", "%(count)d new events", read.new) % {"count": read.new}
    return _("%(new)s, %(known)d known already.") % {"new": new, "known": read.known}
