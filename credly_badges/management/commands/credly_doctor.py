"""Say what works, what does not, and what to do about it."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ...diagnosis import Level, diagnose

MARKS = {Level.OK: "ok  ", Level.NOTE: "note", Level.BAD: "BAD "}


class Command(BaseCommand):
    """``credly_doctor``: one line for each thing looked at."""

    help = (
        "Look at settings, database, Celery, Credly and the outbox, and say what to do about each thing that is wrong. "
        "Ends with 1 if anything is."
    )
    # It reports a broken configuration instead of stopping at it.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How to look, and how to tell."""
        parser.add_argument("--offline", action="store_true", help="Do not ask Credly.")
        parser.add_argument("--json", action="store_true", help="Print the findings as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Look, tell, and end with 1 if anything is wrong."""
        findings = list(diagnose(ask_credly=not options["offline"]))
        if options["json"]:
            self.stdout.write(json.dumps([finding.as_data() for finding in findings], indent=2, ensure_ascii=False))
        else:
            styles = {Level.OK: self.style.SUCCESS, Level.NOTE: self.style.WARNING, Level.BAD: self.style.ERROR}
            for finding in findings:
                self.stdout.write(f"{styles[finding.level](MARKS[finding.level])} {finding.topic}: {finding.sentence}")
                if finding.advice:
                    self.stdout.write(f"       {finding.advice}")
        if any(finding.level is Level.BAD for finding in findings):
            sys.exit(1)
