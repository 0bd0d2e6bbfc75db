"""Make, list and revoke the keys by which other systems use the REST API."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from ... import access
from ...access import SITE, Level, Scope
from ...models import ApiKey, BadgeProgram, CredlyOrganization
from ..organizations import an_id

LONGEST_DAYS = 3650


class Command(BaseCommand):
    """``credly_api_keys make | list | revoke``."""

    help = "Make, list and revoke the keys by which other systems use the REST API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One subcommand for each thing that can be done."""
        commands = parser.add_subparsers(dest="do", required=True, metavar="make | list | revoke")
        make = commands.add_parser("make", help="Make a key, and show it: this once, as only a hash of it is kept.")
        make.add_argument("--name", required=True, type=_name, help="Which system it is for.")
        make.add_argument(
            "--scope",
            action="append",
            required=True,
            choices=[scope.value for scope in Scope],
            metavar="SCOPE",
            help=f"What it may do. May be given several times. One of {', '.join(Scope)}.",
        )
        level = make.add_mutually_exclusive_group()
        level.add_argument(
            "--issuer",
            type=an_id,
            metavar="UUID",
            help="Only with the badges of this organization, by its ID at Credly. Without it, with all badges.",
        )
        level.add_argument(
            "--program", type=an_id, metavar="UUID", help="Only with the badges of this program, by its ID here."
        )
        make.add_argument(
            "--signing",
            action="store_true",
            help="One that signs each request, as BadgeKit's API has it, and is never sent.",
        )
        make.add_argument("--days", type=_days, metavar="DAYS", help="Let it expire after so many days.")
        make.add_argument(
            "--rate-limit", type=_rate, metavar="REQUESTS", help="How many requests are taken of it in a minute."
        )
        commands.add_parser("list", help="List the keys: what each may do, until when, and when it was last used.")
        revoke = commands.add_parser("revoke", help="Have a key open nothing any more, from now on.")
        revoke.add_argument("prefix", metavar="PREFIX", help="How the key begins, as the list shows it.")
        for each in commands.choices.values():
            each.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Do it, and say what was done."""
        data, lines = {"make": _make, "list": _list, "revoke": _revoke}[options["do"]](options)
        self.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) if options["json"] else "\n".join(lines))


Outcome = tuple[Any, list[str]]


def _make(options: dict[str, Any]) -> Outcome:
    days = options["days"]
    made = access.make(
        name=options["name"],
        scopes=options["scope"],
        level=_level(options),
        kind=ApiKey.Kind.SIGNING if options["signing"] else ApiKey.Kind.BEARER,
        expires_at=timezone.now() + timedelta(days=days) if days else None,
        rate_limit=options["rate_limit"],
    )
    key = ApiKey.objects.select_related("organization", "program").get(pk=made.key.pk)
    if options["signing"]:
        lines = [
            _("The key's name, to be given as “key” in what it signs: %(prefix)s") % {"prefix": key.prefix},
            _("Its secret, shown this once: %(secret)s") % {"secret": made.shown},
        ]
        shown = {"secret": made.shown}
    else:
        lines = [_("The key, shown this once: %(key)s") % {"key": made.shown}]
        shown = {"key": made.shown}
    return {**_facts(key), **shown}, [*lines, *_described(key)]


def _list(options: dict[str, Any]) -> Outcome:  # noqa: ARG001
    rows = list(ApiKey.objects.select_related("organization", "program"))
    lines = [line for key in rows for line in (f"{key.prefix}  {key.name}", *(f"  {said}" for said in _described(key)))]
    return [_facts(key) for key in rows], lines or [_("There is no API key yet.")]


def _revoke(options: dict[str, Any]) -> Outcome:
    # Whoever pastes the whole key means its beginning.
    prefix = options["prefix"].partition(".")[0]
    key = ApiKey.objects.select_related("organization", "program").filter(prefix=prefix).first()
    if key is None:
        raise CommandError(_("No key begins with %(prefix)s. “credly_api_keys list” lists them.") % {"prefix": prefix})
    access.revoke(key, by=None)
    key.refresh_from_db()
    return _facts(key), [_("“%(name)s” (%(prefix)s) opens nothing any more.") % {"name": key.name, "prefix": prefix}]


def _level(options: dict[str, Any]) -> Level:
    if wanted := options["issuer"]:
        organization = CredlyOrganization.objects.filter(uuid=wanted).first()
        if organization is None:
            raise CommandError(_("No organization here has the ID %(uuid)s.") % {"uuid": wanted})
        return Level(organization.pk)
    if wanted := options["program"]:
        program = BadgeProgram.objects.filter(uuid=wanted).first()
        if program is None:
            raise CommandError(_("No program here has the ID %(uuid)s.") % {"uuid": wanted})
        return Level(None, program.pk)
    return SITE


def _described(key: ApiKey) -> list[str]:
    """What a key may do, with which badges, and whether it still does."""
    told = [
        _("It may do this: %(scopes)s.") % {"scopes": ", ".join(key.scopes)},
        _("With: %(level)s.") % {"level": _level_in_words(key)},
    ]
    if key.revoked_at:
        told.append(_("It was revoked on %(day)s.") % {"day": f"{key.revoked_at:%Y-%m-%d}"})
    elif key.expires_at:
        words = _("It expires on %(day)s.") if key.is_valid() else _("It expired on %(day)s.")
        told.append(words % {"day": f"{key.expires_at:%Y-%m-%d}"})
    if key.last_used_at:
        told.append(_("It was last used on %(day)s.") % {"day": f"{key.last_used_at:%Y-%m-%d}"})
    return told


def _level_in_words(key: ApiKey) -> str:
    if key.program is not None:
        return _("the badges of the program “%(name)s”") % {"name": key.program}
    if key.organization is not None:
        return _("the badges of “%(name)s”") % {"name": key.organization}
    return _("all badges")


def _facts(key: ApiKey) -> dict[str, Any]:
    return {
        "prefix": key.prefix,
        "name": key.name,
        "kind": key.kind,
        "issuer": str(key.organization.uuid) if key.organization else None,
        "program": str(key.program.uuid) if key.program else None,
        "scopes": key.scopes,
        "rate_limit": key.rate_limit,
        **{
            name: moment.isoformat() if (moment := getattr(key, name)) else None
            for name in ("created", "expires_at", "revoked_at", "last_used_at")
        },
    }


def _name(text: str) -> str:
    if not 0 < len(text.strip()) <= 100:  # noqa: PLR2004
        raise ArgumentTypeError(_("it has to have 1 to 100 letters"))
    return text.strip()


def _days(text: str) -> int:
    days = int(text)
    if not 0 < days <= LONGEST_DAYS:
        raise ArgumentTypeError(_("it has to be between 1 and %(most)d") % {"most": LONGEST_DAYS})
    return days


def _rate(text: str) -> int:
    rate = int(text)
    if not 0 < rate < 2**31:
        raise ArgumentTypeError(_("it has to be 1 or more"))
    return rate


_days.__name__ = "days"  # What argparse calls it: "invalid days value: 'x'".
_rate.__name__ = "number"
