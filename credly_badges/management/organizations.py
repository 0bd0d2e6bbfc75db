"""The option by which a command is told which Credly organizations to go through."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from uuid import UUID

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from ..models import CredlyOrganization


def an_id(text: str) -> UUID:
    """An ID at Credly, as an argument of a command."""
    return UUID(text)


an_id.__name__ = "UUID"  # What argparse calls it: "invalid UUID value: 'x'".


def add_organization_option(parser: ArgumentParser) -> None:
    """Let a command be told which organizations; without it, all of them."""
    parser.add_argument(
        "--organization",
        action="append",
        type=an_id,
        metavar="UUID",
        help="Only this organization, by its ID at Credly. May be given several times.",
    )


def chosen_organizations(wanted: Sequence[UUID] | None) -> list[CredlyOrganization]:
    """The organizations that were asked for, by name. Raises CommandError where one is not here, or none is at all."""
    found = CredlyOrganization.objects.order_by("name", "pk")
    if wanted:
        found = found.filter(uuid__in=wanted)
    organizations = list(found)
    if unknown := set(wanted or ()) - {organization.uuid for organization in organizations}:
        raise CommandError(
            _("No organization here has the ID %(ids)s. Connect it first.")
            % {"ids": ", ".join(str(uuid) for uuid in sorted(unknown))}
        )
    if not organizations:
        raise CommandError(_("No Credly organization is connected yet. Add one in the admin first."))
    return organizations
