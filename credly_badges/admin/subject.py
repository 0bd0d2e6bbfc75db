"""What the admin of every subject has: a word on what its list is, what to do where it is empty, and buttons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import urlencode, urlsplit

from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from ..models import AuditEntry

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

NOTHING = "–"
LONGEST_CELL = 100


@dataclass(frozen=True)
class Button:
    """A button above a page or a list. One that ``posts`` acts at once; the others lead to a page that asks first."""

    label: str
    url: str
    posts: bool = False
    main: bool = False


class SubjectAdmin(ModelAdmin):
    """The list and the pages of one subject."""

    intro: ClassVar[Any] = ""
    """What the list is, in a sentence or two."""
    empty: ClassVar[Any] = ""
    """What to do next where the list has no rows at all."""
    audited: ClassVar[bool] = True
    """Whether what is done to one is written into the audit log."""
    change_list_template = "admin/credly_badges/list.html"
    change_form_template = "admin/credly_badges/page.html"
    empty_value_display = NOTHING
    # A second count over a large table, for a number that nobody needs.
    show_full_result_count = False

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("credly_badges/admin/subject.css",)}

    def list_buttons(self, request: HttpRequest) -> list[Button]:
        """The buttons above the list that this user may press."""
        return []

    def page_buttons(self, request: HttpRequest, thing: Any) -> list[Button]:
        """The buttons above a thing's page that this user may press."""
        return []

    def notices(self, request: HttpRequest, thing: Any) -> list[str]:
        """What a person should know before anything else on a thing's page."""
        return []

    def about(self, thing: Any) -> dict[str, Any]:
        """What a thing's page is called, and what its template shows below the fields."""
        return {"subtitle": str(thing)}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with its introduction and its buttons."""
        context = {
            "title": capfirst(self.opts.verbose_name_plural),
            "intro": self.intro,
            "empty": self.empty,
            "buttons": self.list_buttons(request),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def render_change_form(  # noqa: PLR0917  # as Django has it
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """A thing's page, with its buttons and whatever else is said of it."""
        if obj is not None:
            context["buttons"] = [
                *self.page_buttons(request, obj),
                *(audit_button(request, obj) if self.audited else []),
            ]
            context["notices"] = self.notices(request, obj)
            context.update(self.about(obj))
        return super().render_change_form(request, context, add, change, form_url, obj)

    def own_url(self, name: str, *args: Any) -> str:
        """The address of one of this subject's own pages."""
        return reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{name}", args=args)


class ReadOnlyAdmin(SubjectAdmin):
    """A subject that is looked at here, and changed only by what happens or by its buttons."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds one here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits one here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes one here."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Django's search, without the doubled rows that a search through ``learner`` cannot bring."""
        found, _may_have_duplicates = super().get_search_results(request, queryset, search_term)
        return found, False


class WordsFilter(admin.SimpleListFilter):
    """A filter that offers what a column holds in words, and not as it is stored."""

    def words(self) -> Mapping[str, Any]:
        """Every value of the column ``parameter_name``, and what people call it."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """What is offered."""
        return list(self.words().items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with the chosen value."""
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


def may(request: HttpRequest, permission: str) -> bool:
    """Whether the user has one of this plugin's permissions, by its name."""
    return bool(request.user.has_perm(f"credly_badges.{permission}"))


def person(request: HttpRequest) -> AbstractBaseUser:
    """Who is at the screen. The admin lets nobody in who has not logged in."""
    return cast("AbstractBaseUser", request.user)


def learner_name(thing: Any) -> str:
    """The user name of whoever a row is about, or a word where the account is gone."""
    return thing.learner.get_username() if thing.learner_id else _("(account deleted)")


def is_web_address(address: object) -> bool:
    """Whether an address that came from elsewhere is safe to link to."""
    try:
        return isinstance(address, str) and urlsplit(address).scheme in ("http", "https")
    except ValueError:  # Brackets that do not pair up, where the host should be.
        return False


def link(url: str, text: str = "") -> str:
    """A link to a page that another site named; only to web pages, whatever the other site says."""
    if not is_web_address(url):
        return url or NOTHING
    return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', url, text or url)


def shortened(text: str) -> str:
    """The beginning of a text, for a cell of a list."""
    return Truncator(text).chars(LONGEST_CELL)


def page_of(thing: Model, text: Any = "") -> str:
    """A link to the admin page of one of our own things."""
    return format_html('<a href="{}">{}</a>', url_of(thing), text or thing)


def url_of(thing: Model) -> str:
    """The address of a thing's admin page."""
    return reverse(f"admin:{thing._meta.app_label}_{thing._meta.model_name}_change", args=[thing.pk])


def list_url(model: type[Model], **filters: Any) -> str:
    """The address of a list, narrowed down."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(filters)}" if filters else address


def audit_button(request: HttpRequest, thing: Model) -> list[Button]:
    """What was done to a thing, for those who may read that."""
    if not may(request, "view_auditentry"):
        return []
    where = list_url(AuditEntry, object_type=thing._meta.model_name, object_id=thing.pk)
    return [Button(_("Audit log"), where)]
