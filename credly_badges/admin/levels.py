"""The levels below an organization, and who may do what at which level by the REST API."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models, transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import access, audit, lms
from ..access import facts
from ..models import BadgeProgram, BadgeTemplate, LevelRole
from .key_form import LevelForm, level_in
from .subject import SubjectAdmin, person


@admin.register(BadgeProgram)
class ProgramAdmin(SubjectAdmin):
    """Programs. Everything that is changed here is written into the audit log."""

    intro = _(
        "Groups of an organization's badges: those of a program of the LMS, or any that belong together. Roles, keys "
        "and subscribers can be for a program alone."
    )
    empty = _("There are no programs yet. Nothing needs one; add one to let somebody look after some badges alone.")
    list_display = ("name", "organization", "slug", "badges_shown")
    list_filter = (("organization", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("organization",)
    search_fields = ("name", "slug", "organization__name")
    search_help_text = _("A name, or the name of an organization.")
    prepopulated_fields: ClassVar[Any] = {"slug": ("name",)}
    autocomplete_fields: ClassVar[Any] = ("organization",)
    filter_horizontal = ("templates",)
    # The model checks addresses; a form field of their own would take one without its scheme for http.
    formfield_overrides: ClassVar[Any] = {models.URLField: {"form_class": forms.CharField}}

    def get_queryset(self, request: HttpRequest) -> QuerySet[BadgeProgram]:
        """With how many badges each has."""
        return super().get_queryset(request).annotate(badges=Count("templates"))

    def get_fieldsets(self, request: HttpRequest, obj: BadgeProgram | None = None) -> Any:
        """The badges can be chosen once the organization is known."""
        about = ("url", "description", "email", "image_url", "lms_program")
        badges = [(_("Badges"), {"fields": ("templates",)})] if obj else []
        return [(None, {"fields": ("organization", "name", "slug")}), *badges, (_("About it"), {"fields": about})]

    def get_readonly_fields(self, request: HttpRequest, obj: BadgeProgram | None = None) -> tuple[str, ...]:
        """A program stays with its organization."""
        return ("organization",) if obj else ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The badges of its own organization."""
        match = request.resolver_match
        pk = str(match.kwargs.get("object_id", "")) if match else ""
        mine = BadgeProgram.objects.filter(pk=int(pk) if pk.isdecimal() else 0).values("organization_id")
        kwargs["queryset"] = BadgeTemplate.objects.filter(organization__in=mine).order_by("name")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def response_add(self, request: HttpRequest, obj: BadgeProgram, post_url_continue: Any = None) -> HttpResponse:
        """Django's message; then the page on which its badges are chosen."""
        super().response_add(request, obj, post_url_continue)
        return HttpResponseRedirect(self.own_url("change", obj.pk))

    @method_decorator(transaction.atomic)
    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Store the badges, then what all of it was and is."""
        before = facts.of_program(BadgeProgram.objects.get(pk=form.instance.pk)) if change else {}
        before |= getattr(request, "credly_before", {})
        super().save_related(request, form, formsets, change)
        after = facts.of_program(form.instance)
        if before != after:
            action = "program.changed" if change else "program.added"
            audit.record(action, form.instance, actor=person(request), before=before, after=after)

    def save_model(self, request: HttpRequest, obj: BadgeProgram, form: Any, change: bool) -> None:
        """Store it; what it was is kept until its badges are stored, too."""
        if change:
            request.credly_before = facts.of_program(BadgeProgram.objects.get(pk=obj.pk))  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    @method_decorator(transaction.atomic)
    def delete_model(self, request: HttpRequest, obj: BadgeProgram) -> None:
        """Take it away; its badges stay."""
        audit.record("program.removed", obj, actor=person(request), before=facts.of_program(obj))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[BadgeProgram]) -> None:
        """Take several away."""
        for row in queryset:
            self.delete_model(request, row)

    @admin.display(description=_("badges"), ordering="badges")
    def badges_shown(self, program: Any) -> int:
        return int(program.badges)


class RoleForm(LevelForm):
    """Who gets which role where. Nobody gives more than they may do themselves."""

    who = forms.CharField(
        label=_("User"), max_length=254, help_text=_("A user name or an e-mail address."),
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )  # fmt: skip

    class Meta:
        model = LevelRole
        fields = ("role", "organization", "program")

    person: Any = None
    """Who is at the screen; set by the admin."""

    def clean_who(self) -> str:
        """The one user that is meant."""
        named = str(self.cleaned_data["who"]).strip()
        learner = lms.find_learners([named])[named]
        if learner is None:
            raise forms.ValidationError(gettext("No user here has this name or address, or more than one has."))
        self.instance.user_id = learner.id
        return named

    def clean(self) -> dict[str, Any]:
        """What whoever gives it may do there themselves, and what the user does not have already."""
        data = super().clean()
        if self.errors:
            return data
        caller, level, role = access.of_user(self.person), level_in(data), data["role"]
        if not all(caller.at(scope, level) for scope in access.ROLES[role]):
            self.add_error("role", gettext("You may not do all of this there yourself, so you cannot give this role."))
        program, organization = data.get("program"), data.get("organization")
        mine = {"user": self.instance.user_id, "role": role, "program": program}
        if LevelRole.objects.filter(**mine, organization=None if program else organization).exists():
            self.add_error("who", gettext("This user has this role there already."))
        return data


@admin.register(LevelRole)
class RoleAdmin(SubjectAdmin):
    """Roles. One is given or taken, and never changed."""

    intro = _(
        "Who may do what by the REST API: at the whole site, at an organization, or at a program. An administrator may "
        "do everything there, an issuer issues and decides, a reviewer reviews applications, a viewer looks. What "
        "people may do in this admin is set by Django's permissions."
    )
    empty = _("Nobody has a role yet. Superusers may do everything without one.")
    form = RoleForm
    list_display = ("user", "role", "level_shown", "created")
    list_filter = ("role", ("organization", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("user", "organization", "program__organization")
    search_fields = ("=user__username", "organization__name", "program__name")
    search_help_text = _("A user name, or the name of an organization or a program.")

    def get_fieldsets(self, request: HttpRequest, obj: LevelRole | None = None) -> Any:
        """Who and where."""
        fields = ("user", "role", "level_shown", "created") if obj else ("who", "role", "organization", "program")
        return [(None, {"fields": fields})]

    def get_readonly_fields(self, request: HttpRequest, obj: LevelRole | None = None) -> tuple[str, ...]:
        """All of one that was given."""
        return ("user", "role", "level_shown", "created") if obj else ()

    def get_form(self, request: HttpRequest, obj: LevelRole | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, which knows who is at the screen."""
        form = super().get_form(request, obj, change, **kwargs)
        form.person = person(request)  # type: ignore[attr-defined]
        return form

    def has_change_permission(self, request: HttpRequest, obj: LevelRole | None = None) -> bool:
        """Nobody edits one; it is taken, and another one given."""
        return False

    @method_decorator(transaction.atomic)
    def save_model(self, request: HttpRequest, obj: LevelRole, form: Any, change: bool) -> None:
        """Give it."""
        if obj.program_id:
            obj.organization = None
        super().save_model(request, obj, form, change)
        audit.record("role.given", obj, actor=person(request), after=facts.of_role(obj))

    @method_decorator(transaction.atomic)
    def delete_model(self, request: HttpRequest, obj: LevelRole) -> None:
        """Take it."""
        audit.record("role.taken", obj, actor=person(request), before=facts.of_role(obj))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[LevelRole]) -> None:
        """Take several."""
        for row in queryset:
            self.delete_model(request, row)

    @admin.display(description=_("level"))
    def level_shown(self, row: LevelRole) -> str:
        if row.program is not None:
            return f"{row.program.organization} / {row.program}"
        return str(row.organization) if row.organization else gettext("the whole site")
