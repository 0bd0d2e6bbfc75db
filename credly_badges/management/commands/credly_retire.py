"""``credly_retire``: forget a learner, where the LMS's own retirement does not say so."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from ... import retirement


class Command(BaseCommand):
    """Does what the LMS's retirement signals do."""

    help = (
        "Erase what is kept of a learner (events, progress, identifiers), part their awards from them, and order their "
        "badges to be deleted at Credly as the settings say. An LMS with a retirement pipeline does it by itself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whom to forget."""
        parser.add_argument("user", help="The user name, or the number of the user.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what there is.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Forget them, and say how much that was."""
        user_id = _user_id(options["user"])
        with transaction.atomic():
            found = retirement.forget(user_id)
            if options["dry_run"]:
                transaction.set_rollback(True)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found)))
            return
        if not found.anything:
            self.stdout.write(_("Nothing is kept of user %(id)s.") % {"id": user_id})
            return
        said = _("Would be erased:") if options["dry_run"] else _("Erased:")
        numbers = _("%(events)d events, progress towards %(progress)d badges. Awards: %(awards)d.") % asdict(found)
        self.stdout.write(f"{said} {numbers}")
        asks = _("Badges that Credly is to delete: %(count)d. The outbox shows how that goes.")
        self.stdout.write(asks % {"count": found.asked_credly})


def _user_id(text: str) -> int:
    users: Any = get_user_model().objects
    found = users.filter(username=text).values_list("pk", flat=True).first()
    if found is None and text.isascii() and text.isdigit():
        found = users.filter(pk=int(text)).values_list("pk", flat=True).first()
    if found is None:
        raise CommandError(
            _("There is no user “%(text)s”. Give a user name, or the number of a user.") % {"text": text}
        )
    return int(found)
