"""What the LMS told us of learners: the latest of each statement."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..events.catalogue import CATALOGUE
from ..models import Fulfillment, ReceivedEvent
from .subject import NOTHING, ReadOnlyAdmin, WordsFilter, learner_name, page_of


class EventFilter(WordsFilter):
    """By kind of event, in the catalogue's words."""

    title = _("event")
    parameter_name = "kind"

    def words(self) -> dict[str, Any]:
        """Every event of the catalogue."""
        return {kind: event.label for kind, event in CATALOGUE.items()}


@admin.register(ReceivedEvent)
class ReceivedEventAdmin(ReadOnlyAdmin):
    """Received events, read-only."""

    audited = False
    intro = _(
        "What the LMS last said of each learner and course. A repetition takes the place of what it repeats. Only "
        "events are kept that a badge listens to which is active, in shadow or paused; what decides nothing is removed "
        "after some time."
    )
    empty = _(
        "Nothing was received yet. Events arrive once a badge template with requirements is active and a learner does "
        "something that one of them listens to."
    )
    list_display = ("kind_shown", "learner_shown", "subject", "occurred_at", "settled")
    list_filter = (EventFilter, "waiting", ("failure", admin.EmptyFieldListFilter), "received_at")
    list_select_related = ("learner",)
    search_fields = ("^learner__username", "^learner__email", "=subject")
    search_help_text = _("A user name or e-mail address, or how it begins; a whole course key.")
    fieldsets: ClassVar[Any] = (
        (
            None,
            {"fields": ("kind_shown", "learner_shown", "subject", "course_key", "attributes_shown", "scopes_shown")},
        ),
        (_("When"), {"fields": ("occurred_at", "confirmed_at", "received_at")}),
        (_("What became of it"), {"fields": ("settled", "decided_shown", "failure")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReceivedEvent]:
        """With the learner."""
        return super().get_queryset(request).select_related("learner")

    def about(self, thing: ReceivedEvent) -> dict[str, Any]:
        """The page is called by the event and the learner."""
        return {"subtitle": f"{self.kind_shown(thing)}: {learner_name(thing)}"}

    @admin.display(description=_("event"), ordering="kind")
    def kind_shown(self, event: ReceivedEvent) -> Any:
        known = CATALOGUE.get(event.kind)
        return known.label if known else event.kind

    @admin.display(description=_("learner"), ordering="learner__username")
    def learner_shown(self, event: ReceivedEvent) -> str:
        return learner_name(event)

    @admin.display(description=_("held against the requirements"))
    def settled(self, event: ReceivedEvent) -> str:
        if event.failure:
            return format_html('<strong class="credly-bad">{}</strong>', gettext("failed, and is tried again"))
        return gettext("waiting") if event.waiting else gettext("done")

    @admin.display(description=_("what was decided"))
    def decided_shown(self, event: ReceivedEvent) -> str:
        """The badges that it was held against, each with a link to the learner's progress."""
        decided = Fulfillment.objects.filter(
            progress__learner=event.learner_id, requirement__event_type=event.kind, subject=event.subject
        )
        lines = [
            (
                page_of(row.progress, row.progress.template),
                row.requirement,
                gettext("met") if row.holds else gettext("not met"),
            )
            for row in decided.select_related("progress__template", "requirement")
        ]
        return format_html_join("", "<div>{}: {} – {}</div>", lines) or NOTHING

    @admin.display(description=_("what it says"))
    def attributes_shown(self, event: ReceivedEvent) -> str:
        return as_text(event.attributes)

    @admin.display(description=_("where it counts"))
    def scopes_shown(self, event: ReceivedEvent) -> str:
        return ", ".join(scope or gettext("anywhere") for scope in event.scopes) or NOTHING


def as_text(values: Any) -> str:
    """JSON for people to read."""
    return format_html('<pre dir="ltr">{}</pre>', json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False))
