"""To whom badges are available, how many, and until when."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import audit, availability, requirements
from ..events.catalogue import ScopeKind
from ..models import Availability
from .subject import SubjectAdmin, person


class AvailabilityForm(forms.ModelForm):
    """One place, checked as the place of a requirement is."""

    class Meta:
        model = Availability
        fields = ("organization", "template", "scope", "quota", "ends_at", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django names the two halves of a moment beside them, and not for those who have the page read to them.
        if "ends_at" in self.fields:
            widget: Any = self.fields["ends_at"].widget
            for half, name in zip(
                widget.widgets, (_("Available until: date"), _("Available until: time")), strict=True
            ):
                half.attrs["aria-label"] = name

    def clean_scope(self) -> str:
        """The place in the form that events carry."""
        text = self.cleaned_data["scope"].strip()
        kind = ScopeKind.PROGRAM if availability.is_program(text) else ScopeKind.COURSE
        try:
            return requirements.read_place(kind, text)
        except requirements.InvalidScope as fault:
            raise forms.ValidationError(str(fault)) from fault

    def clean(self) -> dict[str, Any]:
        """A badge is its own organization's."""
        data = super().clean() or self.cleaned_data
        template, organization = data.get("template"), data.get("organization")
        if template and organization and template.organization_id != organization.pk:
            self.add_error("template", gettext("This badge belongs to another organization."))
        return data


class CountedList(ChangeList):
    """The list, with how many badges count against each row."""

    def get_results(self, request: HttpRequest) -> None:
        """Two queries more, for however many rows."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        counts = availability.used(self.result_list)
        for row in self.result_list:
            row.used = counts[row.pk]


@admin.register(Availability)
class AvailabilityAdmin(SubjectAdmin):
    """Who may use which badges. Everything that is changed here is written into the audit log."""

    intro = _(
        "To whom badges are available. An organization or a badge that is not listed here is available to all courses. "
        "One that is listed is available to the places listed, and to no other."
    )
    empty = _(
        "Every badge is available to every course. To limit that, add where an organization's badges, or one of them, "
        "may be used, with a quota and an end if you wish."
    )
    form = AvailabilityForm
    list_display = ("place", "organization", "template_shown", "used_shown", "ends_at", "state", "note")
    list_display_links = ("place",)
    list_filter = (
        ("organization", admin.RelatedOnlyFieldListFilter),
        ("template", admin.RelatedOnlyFieldListFilter),
    )  # fmt: skip
    list_select_related = ("organization", "template")
    search_fields = ("scope", "note", "template__name", "organization__name")
    search_help_text = _("A place, a note, or the name of a badge or an organization.")
    readonly_fields = ("used_shown",)
    autocomplete_fields: ClassVar[Any] = ("organization", "template")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The one that counts."""
        return CountedList

    def get_fieldsets(self, request: HttpRequest, obj: Availability | None = None) -> Any:
        """What is said, and once it is there, how much of it is used."""
        fields = ("organization", "template", "scope", "quota", *(("used_shown",) if obj else ()), "ends_at", "note")
        return [(None, {"fields": fields})]

    @method_decorator(transaction.atomic)
    def save_model(self, request: HttpRequest, obj: Availability, form: Any, change: bool) -> None:
        """Store it, and what it was before."""
        before = facts(Availability.objects.get(pk=obj.pk)) if change else {}
        super().save_model(request, obj, form, change)
        after = facts(obj)
        if before != after:
            action = "availability.changed" if change else "availability.added"
            audit.record(action, obj, actor=person(request), before=before, after=after)

    @method_decorator(transaction.atomic)
    def delete_model(self, request: HttpRequest, obj: Availability) -> None:
        """Take it away; badges that were awarded stay."""
        audit.record("availability.removed", obj, actor=person(request), before=facts(obj))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Availability]) -> None:
        """Take several away."""
        for row in queryset:
            self.delete_model(request, row)

    @admin.display(description=_("where"), ordering="scope")
    def place(self, row: Availability) -> str:
        return str(row)

    @admin.display(description=_("badge template"), ordering="template__name")
    def template_shown(self, row: Availability) -> str:
        return str(row.template) if row.template else gettext("all badges of the organization")

    @admin.display(description=_("awarded of the quota"))
    def used_shown(self, row: Availability) -> str:
        used = getattr(row, "used", None)
        if used is None:
            used = availability.used([row])[row.pk]
        if row.quota is None:
            return gettext("%(used)d, no limit") % {"used": used}
        return gettext("%(used)d of %(quota)d") % {"used": used, "quota": row.quota}

    @admin.display(description=_("state"))
    def state(self, row: Availability) -> str:
        if not row.is_open(timezone.now()):
            return format_html("<strong>{}</strong>", gettext("ended"))
        used = getattr(row, "used", 0)
        if row.quota is not None and used >= row.quota:
            return format_html("<strong>{}</strong>", gettext("used up"))
        return gettext("open")


def facts(row: Availability) -> dict[str, Any]:
    """What the audit log keeps of one."""
    return {
        "organization": str(row.organization.uuid),
        "template": str(row.template.uuid) if row.template else "",
        "scope": row.scope,
        "quota": row.quota,
        "ends_at": row.ends_at.isoformat() if row.ends_at else None,
        "note": row.note,
    }
