"""How applications for a badge are taken and decided, and what reviewers look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import applications
from ..models import Application, ApplicationCriterion, ApplicationForm
from .subject import Button, SubjectAdmin, list_url, may, person

if TYPE_CHECKING:
    Inline = admin.TabularInline[ApplicationCriterion, ApplicationForm]
else:
    Inline = admin.TabularInline


class CriteriaFormSet(forms.BaseInlineFormSet):
    """The criteria of one form: an open one needs something to decide by."""

    def clean(self) -> None:
        """Refuse to open a form by which nothing could be decided."""
        super().clean()
        if any(self.errors):
            return
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if self.instance.is_open and not any(each.get("required") for each in kept):
            raise forms.ValidationError(
                gettext("Reviewers need something to decide by: add a criterion that is required.")
            )


class CriterionInline(Inline):
    """What reviewers look at."""

    model = ApplicationCriterion
    formset = CriteriaFormSet
    fields = ("position", "description", "note", "required")
    extra = 1
    max_num = applications.MOST_CRITERIA

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the form."""
        return may(request, "decide_application") or may(request, "view_application")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the form."""
        return may(request, "decide_application")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the form."""
        return may(request, "decide_application")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the form: what was found of it is kept."""
        return may(request, "decide_application")


@admin.register(ApplicationForm)
class ApplicationFormAdmin(SubjectAdmin):
    """One form for each badge that learners may apply for."""

    intro = _(
        "Badges that learners may apply for, with evidence of what they did. Reviewers look at it criterion by "
        "criterion, and the badge is awarded once as many of them agree as you say here."
    )
    empty = _("Nobody can apply for a badge yet. Add a form for one, with what reviewers should look at, and open it.")
    inlines = (CriterionInline,)
    list_display = ("template", "is_open", "reviews_needed", "awards_at_once", "criteria_shown")
    list_filter = ("is_open", ("template__organization", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("template",)
    search_fields = ("template__name",)
    search_help_text = _("The name of a badge.")
    autocomplete_fields: ClassVar[Any] = ("template",)
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("template", "is_open", "instructions", "needs_evidence")}),
        (_("How it is decided"), {"fields": ("reviews_needed", "awards_at_once", "days_to_review")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApplicationForm]:
        """With how many criteria each has."""
        return super().get_queryset(request).select_related("template").annotate(criteria_count=Count("criteria"))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who decides, and who looks at applications."""
        return may(request, "decide_application") or may(request, "view_application")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who may see them."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who decides on applications says how."""
        return may(request, "decide_application")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who decides on applications says how."""
        return may(request, "decide_application")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: a form is closed."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: ApplicationForm | None = None) -> tuple[str, ...]:
        """A form stays with its badge."""
        return ("template",) if obj else ()

    def page_buttons(self, request: HttpRequest, thing: ApplicationForm) -> list[Button]:
        """To what was sent in."""
        if not may(request, "view_application"):
            return []
        return [Button(gettext("Applications"), list_url(Application, template__id__exact=thing.template_id))]

    def save_model(self, request: HttpRequest, obj: ApplicationForm, form: Any, change: bool) -> None:
        """Store it, and note what it was before."""
        # Held until the end: whoever reviews at this moment does not answer a criterion that just goes.
        before = ApplicationForm.objects.select_for_update().get(pk=obj.pk) if change else None
        request.credly_before = applications.form_facts(before) if before else {}  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Store the criteria, and write down what is different now."""
        super().save_related(request, form, formsets, change)
        applications.note_form_change(
            form.instance,
            request.credly_before,  # type: ignore[attr-defined]
            by=person(request),
        )

    @admin.display(description=_("criteria"), ordering="criteria_count")
    def criteria_shown(self, form: ApplicationForm) -> int:
        return getattr(form, "criteria_count", 0)
