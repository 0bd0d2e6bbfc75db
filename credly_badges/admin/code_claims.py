"""Who claimed which code."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import CodeClaim
from .subject import NOTHING, ReadOnlyAdmin, learner_name, page_of


@admin.register(CodeClaim)
class CodeClaimAdmin(ReadOnlyAdmin):
    """Who claimed what."""

    audited = False
    intro = _("Who claimed which code, and the award that it brought.")
    empty = _("Nobody has claimed a code yet.")
    list_display = ("claimed_at", "learner_shown", "code_shown", "template_shown", "award_state")
    list_filter = ("claimed_at",)
    list_select_related = ("learner", "code__template", "award")
    search_fields = ("^learner__username", "^learner__email")
    search_help_text = _("A user name or e-mail address, or how it begins.")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("claimed_at", "learner_shown", "code_page", "template_shown", "award_page")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CodeClaim]:
        """With all that is shown of one."""
        return super().get_queryset(request).select_related("learner", "code__template", "award")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Also by a code, whose page has a button that leads here."""
        return lookup == "code__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def about(self, thing: Any) -> dict[str, Any]:
        """The page is called by who claimed."""
        return {"subtitle": f"{thing.code.template}: {learner_name(thing)}"}

    @admin.display(description=_("learner"), ordering="learner__username")
    def learner_shown(self, claim: CodeClaim) -> str:
        return learner_name(claim)

    @admin.display(description=_("code"))
    def code_shown(self, claim: CodeClaim) -> str:
        return claim.code.code

    @admin.display(description=_("code"))
    def code_page(self, claim: CodeClaim) -> str:
        return page_of(claim.code, claim.code.code)

    @admin.display(description=_("badge template"), ordering="code__template__name")
    def template_shown(self, claim: CodeClaim) -> str:
        return str(claim.code.template)

    @admin.display(description=_("award"))
    def award_state(self, claim: CodeClaim) -> str:
        return claim.award.get_state_display() if claim.award else NOTHING

    @admin.display(description=_("award"))
    def award_page(self, claim: CodeClaim) -> str:
        return page_of(claim.award, claim.award.get_state_display()) if claim.award else NOTHING
