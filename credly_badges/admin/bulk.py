"""Lists of badges: who sent each, how far it has come, and what came of its rows."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import BulkIssue, BulkRow
from .subject import NOTHING, Button, ReadOnlyAdmin, may, page_of, shortened, url_of

State = BulkRow.State

MOST_SHOWN = 200
ATTENTION = (State.WRONG, State.REFUSED, State.SENT)
"""The rows that are shown first, as somebody may have to do something about them."""


@admin.register(BulkIssue)
class BulkAdmin(ReadOnlyAdmin):
    """Lists that were sent through the REST API."""

    intro = _(
        "Badges that another system, or a person through the REST API, issued by a list. A list is looked through "
        "first; what is ready on it is issued once it is committed."
    )
    empty = _("No list was sent yet. The documentation of the REST API shows how.")
    list_display = ("created", "template", "state_shown", "rows_shown", "requested_shown", "finished_at")
    list_display_links = ("created",)
    list_filter = ("state", ("template", admin.RelatedOnlyFieldListFilter))
    search_fields = ("=uuid",)
    search_help_text = _("The ID of a list.")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("template_page", "state_shown", "reason", "requested_shown", "created", "finished_at")}),
        (_("Rows"), {"fields": ("counts", "rows_table")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulkIssue]:
        """With the badge, who asked for it, and how many rows it has."""
        related = ("template__organization", "requested_by", "requested_with")
        return super().get_queryset(request).select_related(*related).annotate(row_count=Count("rows"))

    def page_buttons(self, request: HttpRequest, thing: BulkIssue) -> list[Button]:
        """The way to the badge."""
        return [Button(gettext("To the badge"), url_of(thing.template))] if may(request, "view_badgetemplate") else []

    @admin.display(description=_("badge template"))
    def template_page(self, bulk: BulkIssue) -> str:
        return page_of(bulk.template)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, bulk: BulkIssue) -> str:
        return bulk.get_state_display()

    @admin.display(description=_("rows"), ordering="row_count")
    def rows_shown(self, bulk: Any) -> int:
        count: int = bulk.row_count
        return count

    @admin.display(description=_("requested by"))
    def requested_shown(self, bulk: BulkIssue) -> str:
        if bulk.requested_by:
            return bulk.requested_by.get_username()
        if bulk.requested_with:
            return gettext("the system “%(name)s”") % {"name": bulk.requested_with.name}
        return NOTHING

    @admin.display(description=_("how many"))
    def counts(self, bulk: BulkIssue) -> str:
        found = dict(bulk.rows.order_by().values_list("state").annotate(rows=Count("pk")))
        return ", ".join(f"{state.label}: {found[state]}" for state in State if state in found) or NOTHING

    @admin.display(description=_("what came of them"))
    def rows_table(self, bulk: BulkIssue) -> str:
        wanting = bulk.rows.select_related("award").filter(state__in=ATTENTION).order_by("number")
        others = bulk.rows.select_related("award").exclude(state__in=ATTENTION).order_by("number")
        rows = list(wanting[:MOST_SHOWN])
        rows += others[: MOST_SHOWN - len(rows)]
        if not rows:
            return NOTHING
        shown = (
            (
                row.number,
                row.entry or gettext("(account deleted)"),
                row.get_state_display(),
                shortened(row.said) or NOTHING,
                page_of(row.award) if row.award else NOTHING,
            )
            for row in rows
        )
        left = bulk.rows.count() - len(rows)
        return format_html(
            '<table class="credly-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}',
            format_html_join("", '<th scope="col">{}</th>', ((name,) for name in _columns())),
            format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", shown),
            gettext("%(left)d more rows are not shown; the REST API has all of them.") % {"left": left} if left else "",
        )


def _columns() -> tuple[str, ...]:
    return (gettext("Row"), gettext("Learner"), gettext("State"), gettext("What was said"), gettext("Badge award"))
