"""Look after API keys from a terminal: check them, rotate one, and encrypt all of them anew."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from ... import keys
from ...models import CredlyOrganization

COLUMNS = {
    ("credlyorganization", "api_key"): "API key in force",
    ("credlyorganization", "retiring_key"): "API key before it",
    ("credlyorganization", "successor_key"): "API key that is being made",
    ("apikey", "secret"): "secret of a key of the REST API",
    ("subscriber", "secret"): "secret of a subscriber",
    ("subscriber", "previous_secret"): "secret of a subscriber before it",
}


class Command(BaseCommand):
    """``credly_keys check | rotate | rotate-encryption``."""

    help = "Check API keys at Credly, put a new one in the place of another, or encrypt the stored ones anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One subcommand for each thing that can be done."""
        commands = parser.add_subparsers(dest="do", required=True, metavar="check | rotate | rotate-encryption")

        commands.add_parser(
            "check", help="Ask Credly about each key, what it may do and when it expires. Ends with 1 if one fails."
        )

        rotate = commands.add_parser(
            "rotate", help="Make a new key at Credly and put it in force; the old one goes on working for a while."
        )
        rotate.add_argument("organization", type=UUID, metavar="UUID", help="The organization, by its ID at Credly.")
        rotate.add_argument(
            "--overlap",
            type=_hours,
            default=keys.OVERLAP,
            metavar="HOURS",
            help="Delete the old key at Credly after this many hours (default: 24).",
        )
        rotate.add_argument(
            "--at-once",
            action="store_true",
            help="Have Credly replace the key, which kills the old one at that moment. If the answer is lost, a person "
            "has to make a key at Credly.",
        )

        ring = commands.add_parser(
            "rotate-encryption",
            help="Encrypt every stored key and secret with the first key of CREDLY_BADGES_ENCRYPTION_KEYS. Ends with 1 "
            "if one cannot be read.",
        )
        for each in (rotate, ring):
            each.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")
        for each in commands.choices.values():
            each.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Do it, say what was done, and end with 1 if anything is wrong."""
        do = {"check": _check, "rotate": _rotate, "rotate-encryption": _rotate_encryption}[options["do"]]
        ok, data, lines = do(options)
        self.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) if options["json"] else "\n".join(lines))
        if not ok:
            sys.exit(1)


Outcome = tuple[bool, Any, list[str]]


def _check(options: dict[str, Any]) -> Outcome:  # noqa: ARG001
    rows, lines, ok = [], [], True
    for organization in CredlyOrganization.objects.order_by("name", "pk"):
        found = keys.check(organization)
        ok = ok and found.answer.ok
        expires = keys.expiry_in_words(organization)
        rows.append(
            {
                "organization": str(organization.uuid),
                "ok": found.answer.ok,
                "sentence": found.answer.sentence,
                "permissions": found.permissions() if found.answer.ok else "",
                "expires_at": organization.key_expires_at.isoformat() if organization.key_expires_at else None,
                "expiry_is_known": organization.key_expiry_is_known,
            }
        )
        said = [found.answer.sentence, *([found.permissions()] if found.answer.ok else [])]
        if expires:
            said.append(_("It expires %(expires)s.") % {"expires": expires})
        lines += [f"{organization} ({organization.uuid})", *(f"  {sentence}" for sentence in said)]
    return ok, rows, lines or [_("No Credly organization is connected yet.")]


def _rotate(options: dict[str, Any]) -> Outcome:
    organization = CredlyOrganization.objects.filter(uuid=options["organization"]).first()
    if organization is None:
        raise CommandError(_("No organization here has the ID %(uuid)s.") % {"uuid": options["organization"]})
    rotation = keys.rotate(
        organization,
        by=None,
        overlap=options["overlap"],
        at_once=options["at_once"],
        dry_run=options["dry_run"],
    )
    data = {"organization": str(organization.uuid), "dry_run": options["dry_run"], **rotation.as_data()}
    return rotation.done, data, list(rotation.sentences)


def _rotate_encryption(options: dict[str, Any]) -> Outcome:
    try:
        found = list(keys.reencrypt(dry_run=options["dry_run"]))
    except ImproperlyConfigured as fault:
        raise CommandError(str(fault)) from fault
    ok = all(each.position is not None and (each.done or options["dry_run"]) for each in found)
    lines = [f"{each.id}  {COLUMNS[each.kind, each.column]}: {_said(each)}" for each in found]
    return ok, [each.as_data() for each in found], lines or [_("No API key is stored.")]


def _said(each: keys.Reencrypted) -> str:
    if each.position is None:
        return _("no key of the ring can read it; put its encryption key back at the end of the ring, or enter it anew")
    if each.position == 1:
        return _("encrypted with the newest key of the ring")
    words = {"position": each.position}
    if each.done:
        return _("was encrypted with key %(position)d of the ring, and is now with the newest") % words
    return _("encrypted with key %(position)d of the ring") % words


def _hours(text: str) -> timedelta:
    hours = float(text)
    if not 0 < hours <= 24 * 180:
        raise ArgumentTypeError(_("it has to be more than 0, and not longer than a key lives"))
    return timedelta(hours=hours)


_hours.__name__ = "hours"  # What argparse calls it: "invalid hours value: 'x'".
