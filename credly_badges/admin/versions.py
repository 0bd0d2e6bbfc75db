"""What badges asked for, from when on, and by whom: each version as it was written down when it became valid."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import BadgeAward, BadgeProgress, BadgeTemplate, RequirementsVersion
from .subject import NOTHING, Button, ReadOnlyAdmin, list_url, may, page_of, shortened


@admin.register(RequirementsVersion)
class VersionAdmin(ReadOnlyAdmin):
    """Versions, the newest first; nobody changes one."""

    audited = False
    intro = _(
        "Each time the requirements of a badge became valid, they were written down as they were. Who earned a badge "
        "keeps the version that they earned it by."
    )
    empty = _("No requirements were ever valid. The first version is written down when a badge is activated.")
    list_display = ("template", "number", "created", "created_shown", "in_short")
    list_display_links = ("template", "number")
    list_filter = (("template", admin.RelatedOnlyFieldListFilter), "created")
    list_select_related = ("template", "created_by")
    ordering = ("-created", "-pk")
    search_fields = ("template__name",)
    search_help_text = _("The name of a badge template.")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("template_page", "number", "created", "created_shown", "on_change_shown", "counted")}),
        (_("What was asked for"), {"fields": ("in_words", "as_data")}),
    )

    def page_buttons(self, request: HttpRequest, thing: RequirementsVersion) -> list[Button]:
        """Who earned the badge by it."""
        if not may(request, "view_badgeaward"):
            return []
        where = list_url(BadgeAward, template__id__exact=thing.template_id)
        return [Button(gettext("Awards of this badge"), where)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RequirementsVersion]:
        """With the badge, and who made it."""
        return super().get_queryset(request).select_related("template", "created_by")

    def about(self, thing: Any) -> dict[str, Any]:
        """The page, called by badge and number."""
        return {"subtitle": gettext("%(template)s, version %(number)d") % {
            "template": thing.template, "number": thing.number,
        }}  # fmt: skip

    @admin.display(description=_("badge template"))
    def template_page(self, version: RequirementsVersion) -> str:
        return page_of(version.template)

    @admin.display(description=_("by"))
    def created_shown(self, version: RequirementsVersion) -> str:
        return version.created_by.get_username() if version.created_by else gettext("the system")

    @admin.display(description=_("in short"))
    def in_short(self, version: RequirementsVersion) -> str:
        return shortened(" ".join(str(sentence) for sentence in version.words)) or NOTHING

    @admin.display(description=_("in words"))
    def in_words(self, version: RequirementsVersion) -> str:
        return format_html_join("", "<p>{}</p>", ((sentence,) for sentence in version.words)) or NOTHING

    @admin.display(description=_("as a file has it"))
    def as_data(self, version: RequirementsVersion) -> str:
        return format_html('<pre dir="ltr">{}</pre>', json.dumps(version.data, ensure_ascii=False, indent=2))

    @admin.display(description=_("learners who were on their way"))
    def on_change_shown(self, version: RequirementsVersion) -> str:
        words = {str(value): str(label) for value, label in BadgeTemplate.OnChange.choices}
        return words.get(version.on_change, NOTHING)

    @admin.display(description=_("learners"))
    def counted(self, version: RequirementsVersion) -> str:
        of_it = {"template": version.template_id, "version": version.number}
        said = gettext("on their way: %(progress)d; awarded: %(awards)d")
        return said % {
            "progress": BadgeProgress.objects.filter(**of_it, completed_at=None).count(),
            "awards": BadgeAward.objects.filter(**of_it).count(),
        }
