"""Badge templates: the list, one template's page, and the way to its requirements and activation."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.text import smart_split, unescape_string_literal
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import conf
from ..models import BadgeAward, BadgeRequirement, BadgeTemplate
from ..reports import criteria_in_words
from . import (
    activation,
    requirements,
    skills,
    template_facts,
    template_history,
    template_life,
    template_links,
    template_moves,
    template_terms,
)
from .subject import Button, SubjectAdmin, is_web_address, may


@admin.register(BadgeTemplate)
class BadgeTemplateAdmin(SubjectAdmin):
    """What Credly says of a badge can only be read; what this LMS asks for it is edited on a page of its own."""

    intro = gettext_lazy(
        "The badges that your organizations have at Credly. Open one, say what learners have to do for it, then "
        "activate it: from then on learners earn it by themselves."
    )
    empty = gettext_lazy(
        "There are no badge templates yet. They are made at Credly and fetched by a sync: open Credly organizations, "
        "add yours if it is not there, and press “Sync templates now”."
    )
    list_display = (
        "thumbnail",
        "name",
        "organization_name",
        "state_at_credly",
        "status",
        "requirement_count",
        "award_count",
    )
    list_display_links = ("thumbnail", "name")
    list_filter = (
        "status",
        "credly_state",
        ("organization", admin.RelatedOnlyFieldListFilter),
        ("level", admin.AllValuesFieldListFilter),
        skills.SkillFilter,
        template_facts.FaultFilter,
    )
    list_select_related = ("organization",)
    list_per_page = 50
    search_fields = ("name", "description", "=uuid")
    search_help_text = gettext_lazy("Search names, descriptions, skills and template IDs")
    actions = ("activate_selected", "deactivate_selected")

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("credly_badges/admin/templates.css",)}

    @property
    def editor_media(self) -> forms.Media:
        """What the requirements page loads."""
        style, script = ("credly_badges/admin/requirements.css",), ("credly_badges/admin/requirements.js",)
        return self.media + forms.Media(css={"all": style}, js=script)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Templates are made at Credly."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Templates are never deleted: awards and requirements hang on them."""
        return False

    def has_activate_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may say which badges learners earn."""
        return may(request, "activate_badgetemplate")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BadgeTemplate]:
        """Every template, counted beside what hangs on it."""
        templates: QuerySet[BadgeTemplate] = super().get_queryset(request)
        return templates.annotate(
            requirement_total=_count(
                BadgeRequirement.objects.filter(
                    group__template=OuterRef("pk"), group__version=F("group__template__version")
                ),
                "group__template",
            ),
            award_total=_count(BadgeAward.objects.filter(template=OuterRef("pk")), "template"),
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[BadgeTemplate], search_term: str
    ) -> tuple[QuerySet[BadgeTemplate], bool]:
        """Django's search, each word of which may also be part of a skill."""
        for word in smart_split(search_term):
            found, _may_have_duplicates = super().get_search_results(request, queryset, word)
            is_quoted = word[0] in "'\"" and word[0] == word[-1]
            queryset = found | skills.naming(queryset, unescape_string_literal(word) if is_quoted else word)
        return queryset, False

    @admin.display(description=gettext_lazy("image"))
    def thumbnail(self, template: BadgeTemplate) -> str:
        """The badge's image, fetched from Credly by the browser."""
        if not is_web_address(template.image_url):
            return ""
        return format_html(
            '<img class="credly-thumbnail" src="{}" alt="{}" width="40" height="40" loading="lazy" '
            'referrerpolicy="no-referrer">',
            template.image_url,
            _("Image of %(template)s") % {"template": template},
        )

    @admin.display(description=gettext_lazy("organization"), ordering="organization__name")
    def organization_name(self, template: BadgeTemplate) -> str:
        """The organization, marked where its badges are not real."""
        if template.organization.environment == conf.SANDBOX:
            return format_html('{} <span class="credly-sandbox">{}</span>', template.organization, _("sandbox"))
        return str(template.organization)

    @admin.display(description=gettext_lazy("at Credly"), ordering="credly_state")
    def state_at_credly(self, template: BadgeTemplate) -> str:
        """What Credly says of it."""
        return template.get_credly_state_display()

    @admin.display(description=gettext_lazy("requirements"), ordering="requirement_total")
    def requirement_count(self, template: BadgeTemplate) -> int:
        """How many things a learner has to do."""
        return int(template.requirement_total)  # type: ignore[attr-defined]  # annotated in get_queryset

    @admin.display(description=gettext_lazy("awards"), ordering="award_total")
    def award_count(self, template: BadgeTemplate) -> int:
        """How often it was awarded, whatever became of it."""
        return int(template.award_total)  # type: ignore[attr-defined]  # annotated in get_queryset

    @admin.action(description=gettext_lazy("Activate selected badge templates"), permissions=["activate"])
    def activate_selected(self, request: HttpRequest, queryset: QuerySet[BadgeTemplate]) -> TemplateResponse | None:
        """Let learners earn the chosen badges."""
        return activation.turn(self, request, queryset, on=True)

    @admin.action(description=gettext_lazy("Deactivate selected badge templates"), permissions=["activate"])
    def deactivate_selected(self, request: HttpRequest, queryset: QuerySet[BadgeTemplate]) -> TemplateResponse | None:
        """Let nobody earn the chosen badges any more."""
        return activation.turn(self, request, queryset, on=False)

    def get_urls(self) -> list[URLPattern]:
        """The pages of one template, before Django's own."""
        pages = {
            "requirements": self.requirements_view,
            "terms": self.terms_view,
            "activate": self.activate_view,
            "deactivate": self.deactivate_view,
            "rehearse": self.rehearse_view,
            "backfill": self.backfill_view,
        }
        own = [
            path(
                f"<int:object_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"credly_badges_badgetemplate_{name}",
            )
            for name, view in pages.items()
        ]
        move = path(
            "<int:object_id>/move/<slug:to>/",
            self.admin_site.admin_view(self.move_view),
            name="credly_badges_badgetemplate_move",
        )
        return [*own, move, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One template: what Credly says, what this LMS asks for it, and what to do next."""
        template = self._template(request, object_id)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return TemplateResponse(
            request,
            "admin/credly_badges/badgetemplate/change_form.html",
            {**self.admin_site.each_context(request), **self._about(request, template), **(extra_context or {})},
        )

    def requirements_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The page on which requirements are edited."""
        template = self._template(request, str(object_id))
        return requirements.edit(self, request, template)

    def terms_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The page on which expiry, renewal, repetition, duplicates, evidence and e-mail are edited."""
        template = self._template(request, str(object_id))
        return template_terms.edit(self, request, template)

    def activate_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Activate one template, after asking."""
        return self.move_view(request, object_id, BadgeTemplate.Status.ACTIVE)

    def deactivate_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Deactivate one template, after asking."""
        return self.move_view(request, object_id, BadgeTemplate.Status.RETIRED)

    def move_view(self, request: HttpRequest, object_id: int, to: str) -> HttpResponse:
        """Move one template to another status, after asking."""
        return template_moves.move(self, request, self._template(request, str(object_id)), to)

    def rehearse_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """See what one template would do with all that learners did before."""
        return template_history.rehearse(request, self._template(request, str(object_id)))

    def backfill_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Award one badge for what learners did before, after asking."""
        return template_history.fill(self, request, self._template(request, str(object_id)))

    def _template(self, request: HttpRequest, object_id: str) -> BadgeTemplate:
        """Raises PermissionDenied before it says whether there is such a template."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        template: BadgeTemplate | None = self.get_object(request, unquote(object_id))
        if template is None:
            raise Http404(_("There is no such badge template."))
        return template

    def page_buttons(self, request: HttpRequest, thing: Any) -> list[Button]:
        """Where else to look."""
        return template_links.buttons(request, thing)

    def _about(self, request: HttpRequest, template: BadgeTemplate) -> dict[str, Any]:
        return {
            "title": str(template),
            "opts": self.opts,
            "has_view_permission": True,
            "original": template,
            "media": self.media,
            "buttons": self.page_buttons(request, template),
            "is_sandbox": template.organization.environment == conf.SANDBOX,
            "image_url": template.image_url if is_web_address(template.image_url) else "",
            "facts": template_facts.facts(template),
            "addresses": [each for each in template_facts.addresses(template) if is_web_address(each[1])],
            "activities": template_facts.linked(template.activities, "title", "type"),
            "alignments": template_facts.linked(template.alignments, "name", "description"),
            "criteria": criteria_in_words(template),
            "terms": template_terms.in_words(template),
            "may_change": self.has_change_permission(request, template),
            **template_life.about(request, template),
        }


def _count(rows: QuerySet[Any], by: str) -> Coalesce:
    # A subquery each: two joins would multiply each other's rows.
    counted = rows.order_by().values(by).annotate(total=Count("pk")).values("total")
    return Coalesce(Subquery(counted), 0, output_field=IntegerField())
