"""Remove what is kept for a time only: events that decided nothing, and old notices from Credly."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from ... import conf, notices
from ...events import keeping


class Command(BaseCommand):
    """``credly_purge``: what the scheduled work does once a day, now."""

    help = (
        "Remove events that decided nothing and notices from Credly, once they are as old as CREDLY_BADGES_EVENT_DAYS "
        "and CREDLY_BADGES_NOTICE_DAYS say. The scheduled work does so every day."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to do it, and how to tell."""
        parser.add_argument("--dry-run", action="store_true", help="Only say how many there are; remove nothing.")
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Remove them, and say how many."""
        dry_run = options["dry_run"]
        data = {"events": keeping.purge(dry_run=dry_run), "notices": notices.purge(dry_run=dry_run), "dry_run": dry_run}
        if options["json"]:
            self.stdout.write(json.dumps(data, indent=2))
            return
        said = (
            _("To be removed: events: %(events)d, notices: %(notices)d.")
            if dry_run
            else _("Removed: events: %(events)d, notices: %(notices)d.")
        )
        self.stdout.write(said % data)
        if conf.kept_events() is None:
            self.stdout.write(_("Events are kept for ever, as CREDLY_BADGES_EVENT_DAYS is 0."))
