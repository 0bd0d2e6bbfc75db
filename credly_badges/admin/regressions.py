"""Badges whose learners no longer meet the requirements: the queue of those that wait for somebody to decide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from .. import awards
from ..models import Regression
from ..progress import regressions
from .confirm import Question, ask
from .subject import Button, ReadOnlyAdmin, WordsFilter, learner_name, may, page_of, person, shortened

KEEP, REVOKE = "keep", "revoke"
State = Regression.State
MOST_DIGITS = 18
SHOWN = 20
"""How many learners the question names."""


class NoteForm(forms.Form):
    """Why it was decided like this, if somebody wants to say so."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60, "class": "vLargeTextField"}),
        help_text=_("Optional. Whoever looks at the badge award reads it."),
    )


class StateFilter(WordsFilter):
    """By what became of it; what waits comes first."""

    title = _("state")
    parameter_name = "state"

    def words(self) -> Mapping[str, Any]:
        """Every state."""
        return dict(State.choices)


@admin.register(Regression)
class RegressionAdmin(ReadOnlyAdmin):
    """The queue, and what was decided before."""

    audited = False
    intro = _(
        "Learners who hold a badge and no longer meet what it asks for. A badge whose terms say “hold it” waits here "
        "until somebody keeps or revokes it, or its time to decide is over. A learner who meets the requirements again "
        "leaves the queue by themselves."
    )
    empty = _(
        "Nobody who holds a badge has stopped meeting its requirements. What happens to those who do is said in the "
        "terms of each badge template."
    )
    list_display = ("learner_shown", "template_shown", "state_shown", "because_shown", "happened_at", "decide_by")
    list_display_links = ("learner_shown",)
    list_filter = (StateFilter, ("progress__template", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("progress__learner", "progress__template", "award", "decided_by")
    ordering = (F("open").desc(nulls_last=True), F("until").asc(nulls_last=True), "-pk")
    search_fields = ("^progress__learner__username", "^progress__learner__email", "progress__template__name")
    search_help_text = _("A user name or e-mail address, or how it begins; the name of a badge.")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("learner_shown", "template_page", "award_page", "progress_page", "state_shown")}),
        (_("What happened"), {"fields": ("because_said", "happened_at", "created", "decide_by")}),
        (_("What was decided"), {"fields": ("decided_shown", "decided_at", "note")}),
    )
    actions = ("keep_selected", "revoke_selected")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may say which badges are kept."""
        return may(request, "decide_regression")

    def page_buttons(self, request: HttpRequest, thing: Regression) -> list[Button]:
        """To decide, while it waits."""
        if not thing.open or not self.has_decide_permission(request):
            return []
        where = f"{self.own_url('decide')}?regression={thing.pk}&verdict="
        return [
            Button(gettext("Keep the badge"), where + KEEP, main=True),
            Button(gettext("Revoke the badge"), where + REVOKE),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Regression]:
        """With the learner, the badge and the award."""
        return super().get_queryset(request).select_related(*self.list_select_related)

    def about(self, thing: Any) -> dict[str, Any]:
        """The page, called by badge and learner."""
        return {"subtitle": f"{thing.progress.template}: {learner_name(thing.progress)}"}

    @admin.display(description=_("learner"), ordering="progress__learner__username")
    def learner_shown(self, row: Regression) -> str:
        return learner_name(row.progress)

    @admin.display(description=_("decide by"), ordering="until")
    def decide_by(self, row: Regression) -> datetime | None:
        """Only while it waits: what is decided has no term any more."""
        return row.until if row.open else None

    @admin.display(description=_("badge template"), ordering="progress__template__name")
    def template_shown(self, row: Regression) -> str:
        return str(row.progress.template)

    @admin.display(description=_("badge template"))
    def template_page(self, row: Regression) -> str:
        return page_of(row.progress.template)

    @admin.display(description=_("badge award"))
    def award_page(self, row: Regression) -> str:
        return page_of(row.award, row.award.get_state_display())

    @admin.display(description=_("badge progress"))
    def progress_page(self, row: Regression) -> str:
        return page_of(row.progress)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, row: Regression) -> str:
        return row.get_state_display()

    @admin.display(description=_("because"))
    def because_shown(self, row: Regression) -> str:
        return shortened(row.because)

    @admin.display(description=_("because"))
    def because_said(self, row: Regression) -> str:
        return row.because

    @admin.display(description=_("decided by"))
    def decided_shown(self, row: Regression) -> str:
        if row.decided_by:
            return row.decided_by.get_username()
        return gettext("the system") if row.decided_at else ""

    @admin.action(description=_("Let learners keep the selected badges…"), permissions=["decide"])
    def keep_selected(self, request: HttpRequest, queryset: QuerySet[Regression]) -> HttpResponse:
        """Ask for a note, then keep them."""
        return self._ask(request, list(queryset.values_list("pk", flat=True)), KEEP, NoteForm())

    @admin.action(description=_("Revoke the selected badges…"), permissions=["decide"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[Regression]) -> HttpResponse:
        """Ask for a note, then revoke them."""
        return self._ask(request, list(queryset.values_list("pk", flat=True)), REVOKE, NoteForm())

    def get_urls(self) -> list[URLPattern]:
        """Django's, and the one for the decision."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_decide"
        return [path("decide/", self.admin_site.admin_view(self.decide_view), name=name), *super().get_urls()]

    def decide_view(self, request: HttpRequest) -> HttpResponse:
        """Keep or revoke one badge or many, once somebody has said yes."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        given = request.POST if request.method == "POST" else request.GET
        chosen = [int(pk) for pk in given.getlist("regression") if pk.isdecimal() and len(pk) <= MOST_DIGITS]
        verdict = REVOKE if given.get("verdict") == REVOKE else KEEP
        form = NoteForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return self._ask(request, chosen, verdict, form)
        self._decide(request, chosen, verdict, form.cleaned_data["note"].strip())
        return HttpResponseRedirect(self.own_url("changelist"))

    def _decide(self, request: HttpRequest, chosen: list[int], verdict: str, note: str) -> None:
        done: dict[str, int] = {}
        for row in Regression.objects.filter(pk__in=chosen).select_related(*self.list_select_related):
            try:
                act = regressions.keep if verdict == KEEP else regressions.revoke
                now = act(row, person(request), note)
            except (regressions.NotOpen, awards.NotRevocable) as refusal:
                self.message_user(request, f"{learner_name(row.progress)}: {refusal.sentence}", messages.WARNING)
            else:
                done[now.state] = done.get(now.state, 0) + 1
        for state, count in done.items():
            self.message_user(request, _SAID[state](count) % {"count": count}, messages.SUCCESS)

    def _ask(self, request: HttpRequest, chosen: list[int], verdict: str, form: NoteForm) -> HttpResponse:
        rows = list(
            Regression.objects.filter(pk__in=chosen, open=True).select_related(*self.list_select_related)[: SHOWN + 1]
        )
        count = Regression.objects.filter(pk__in=chosen, open=True).count()
        sentences = [_ASKED[verdict](count) % {"count": count}]
        if others := len(set(chosen)) - count:
            said = ngettext(
                "%(count)d other that you chose was decided before, and stays as it is.",
                "%(count)d others that you chose were decided before, and stay as they are.",
                others,
            )
            sentences.append(said % {"count": others})
        sentences += [f"{learner_name(row.progress)}, {row.progress.template}: {row.because}" for row in rows[:SHOWN]]
        question = Question(
            title=gettext("Revoke badges") if verdict == REVOKE else gettext("Let learners keep their badges"),
            sentences=sentences,
            button=gettext("Revoke") if verdict == REVOKE else gettext("Keep"),
            back=self.own_url("changelist"),
            form=form,
            action=self.own_url("decide"),
            hidden=[("verdict", verdict), *(("regression", pk) for pk in chosen)],
            deletes=verdict == REVOKE,
        )
        return ask(self, request, question)


_ASKED: Mapping[str, Any] = {
    KEEP: lambda count: ngettext(
        "%(count)d learner keeps the badge, although they no longer meet its requirements.",
        "%(count)d learners keep their badges, although they no longer meet the requirements.",
        count,
    ),
    REVOKE: lambda count: ngettext(
        "%(count)d badge is revoked, here and at Credly. Whoever meets the requirements again by then keeps it.",
        "%(count)d badges are revoked, here and at Credly. Whoever meets the requirements again by then keeps theirs.",
        count,
    ),
}
_SAID: Mapping[str, Any] = {
    State.DISMISSED: lambda count: ngettext("%(count)d badge is kept.", "%(count)d badges are kept.", count),
    State.REVOKED: lambda count: ngettext("%(count)d badge was revoked.", "%(count)d badges were revoked.", count),
    State.RECOVERED: lambda count: ngettext(
        "%(count)d learner meets the requirements again and keeps the badge.",
        "%(count)d learners meet the requirements again and keep their badges.",
        count,
    ),
}
