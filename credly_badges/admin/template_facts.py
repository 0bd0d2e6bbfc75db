"""What Credly says of a badge template, as its page shows it, and a way to find those with faults in the list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import BadgeTemplate
from .subject import is_web_address


class FaultFilter(admin.SimpleListFilter):
    """By whether the nightly check found something wrong."""

    title = gettext_lazy("last check of the requirements")
    parameter_name = "faults"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Found something, or not."""
        return [("some", gettext_lazy("found something")), ("none", gettext_lazy("found nothing"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The badges with the chosen outcome; one that was never checked has none."""
        checked = queryset.filter(checked_at__isnull=False)
        return {"some": checked.exclude(faults=[]), "none": checked.filter(faults=[])}.get(self.value() or "", queryset)


def facts(template: BadgeTemplate) -> list[tuple[str, Any]]:
    """What Credly says in a word or two, where it says something."""
    names = (
        "level",
        "type_category",
        "cost",
        "time_to_earn",
        "default_expiry",
        "credly_updated_at",
        "synced_at",
        "uuid",
    )
    facts = [(str(label_for_field(name, BadgeTemplate)), getattr(template, name)) for name in names]
    return [(label, value) for label, value in facts if value]


def addresses(template: BadgeTemplate) -> list[tuple[str, str]]:
    """The pages that Credly names; whoever shows them checks that they are web pages."""
    return [(_("Page at Credly"), template.public_url), (_("Criteria"), template.criteria_url)]


def linked(entries: object, title: str, more: str) -> list[dict[str, str]]:
    """What Credly lists, as titles with a note and an address to go to; an entry of another shape is left out."""
    listed = entries if isinstance(entries, list) else []
    return [
        {
            "title": str(each.get(title) or ""),
            "note": str(each.get(more) or ""),
            "url": each["url"] if is_web_address(each.get("url")) else "",
        }
        for each in listed
        if isinstance(each, dict)
    ]
