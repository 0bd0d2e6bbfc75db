"""One badge template brought here by itself, as when Credly tells that it changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ..credly import wire
from ..models import BadgeTemplate, CredlyOrganization
from . import templates
from .plans import Fate, Item

State = BadgeTemplate.CredlyState


@dataclass(frozen=True)
class Taken:
    """What came of one word of Credly's on a template: its row, whether that changed, and how in a sentence."""

    template: BadgeTemplate | None
    changed: bool
    sentence: str
    undecided: bool = False


@transaction.atomic
def take_over(
    organization: CredlyOrganization, template: wire.Template, *, as_of: datetime, is_present: bool = True
) -> Taken:
    """Bring one template here as Credly described it; an older description never overturns a newer one.

    ``as_of`` is when Credly said it, for a template that does not carry its own time of change. Unless ``is_present``,
    so that it may be how the template was, another one of the same time leaves it undecided which is the newer.
    """
    row = _locked(organization, template.id)
    said_at = template.updated_at or as_of
    known = row.credly_updated_at if row else None
    if known is not None and said_at < known:
        return Taken(row, False, _("Credly has said something newer of this template since."))
    item = templates.compare(template, row)
    if item is None:
        _stamp(row, said_at)
        return Taken(row, False, _("The template says the same as Credly."))
    if said_at == known and not is_present:
        return Taken(row, False, _("Credly has said something else of it at the same moment."), undecided=True)
    deactivated = templates.write(organization, item)
    row = BadgeTemplate.objects.get(organization=organization, uuid=template.id)
    _stamp(row, said_at)
    return Taken(row, True, _sentence(item, bool(deactivated)))


@transaction.atomic
def gone(organization: CredlyOrganization, template_id: UUID, *, as_of: datetime) -> Taken:
    """Record that Credly has a template no longer: it is deactivated and kept, with its requirements and awards."""
    row = _locked(organization, template_id)
    if row is None:
        return Taken(None, False, _("The template was deleted at Credly, and was never brought here."))
    if row.credly_state == State.GONE and not row.is_listening:
        return Taken(row, False, _("That the template is gone from Credly is known already."))
    item = templates.as_gone(row)
    deactivated = templates.write(organization, item)
    _stamp(row, as_of)
    return Taken(row, True, _sentence(item, bool(deactivated)))


def is_here(organization: CredlyOrganization, template_id: UUID) -> bool:
    """Whether a template was brought here, and was not gone from Credly when we last heard of it."""
    mine = BadgeTemplate.objects.filter(organization=organization, uuid=template_id)
    return mine.exclude(credly_state=State.GONE).exists()


def _locked(organization: CredlyOrganization, template_id: UUID) -> BadgeTemplate | None:
    # Found first and locked by its number then: a locking read of what is not there would hold up, in MySQL, everybody
    # who adds one near it.
    found = BadgeTemplate.objects.filter(organization=organization, uuid=template_id)
    number = found.values_list("pk", flat=True).first()
    return None if number is None else BadgeTemplate.objects.select_for_update().get(pk=number)


def _stamp(row: BadgeTemplate | None, said_at: datetime) -> None:
    """Keep when Credly said it, so that an older word which is still on its way is known for one."""
    if row is not None:
        older = Q(credly_updated_at=None) | Q(credly_updated_at__lt=said_at)
        BadgeTemplate.objects.filter(older, pk=row.pk).update(credly_updated_at=said_at)


def _sentence(item: Item, deactivated: bool) -> str:
    words = {
        Fate.ADDED: _("The template was added. It stays inactive until you activate it."),
        Fate.CHANGED: _("The template was brought to what Credly says."),
        Fate.ARCHIVED: _("The template was archived at Credly."),
        Fate.GONE: _("The template is gone from Credly."),
        Fate.BACK: _("The template is back at Credly, and inactive until you activate it again."),
    }[item.fate]
    more = [_("It was deactivated here; its requirements stay.")] if deactivated else []
    return " ".join([words, *more, *item.notes])
