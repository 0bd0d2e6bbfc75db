"""Comparisons with Credly: what they found, what became of it, and the buttons to compare and to mend."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError

from .. import waking
from ..models import CredlyOrganization, ReconcileDifference, ReconcileRun
from ..reconcile import causes, reports, runs
from ..reconcile.nightly import compare, goes_on_by_itself, mend
from . import difference_facts
from .confirm import Question, ask
from .subject import NOTHING, Button, ReadOnlyAdmin, learner_name, list_url, may, page_of, person, shortened

# Tasks run inside the request where there is no worker, and then they talk to Credly.
outside_a_transaction = transaction.non_atomic_requests

MENDED_AT_ONCE = 500
"""How many differences one task mends."""


class WhichForm(forms.Form):
    """Whose badges to compare."""

    organization = forms.ModelChoiceField(
        CredlyOrganization.objects.order_by("name", "pk"), label=_("Organization"), empty_label=None
    )


@admin.register(ReconcileRun)
class ReconcileRunAdmin(ReadOnlyAdmin):
    """Comparisons, the newest first."""

    audited = False
    intro = _(
        "Each comparison holds three things against each other: who qualifies, what is recorded here, and what Credly "
        "holds. It comes round by itself; open one to see what it found."
    )
    empty = _("Badges were never compared with Credly's yet. Press “Compare now”.")
    list_display = ("started_at", "organization", "state_shown", "compared", "found", "mode")
    list_display_links = ("started_at",)
    list_filter = ("organization", "state")
    list_select_related = ("organization",)
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("organization_shown", "only_template", "mode", "state_shown", "compared")}),
        (_("When"), {"fields": ("started_at", "finished_at", "started_by_shown")}),
    )
    change_form_template = "admin/credly_badges/reconcilerun.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReconcileRun]:
        """With whose badges were compared."""
        return super().get_queryset(request).select_related("organization", "only_template", "started_by")

    def list_buttons(self, request: HttpRequest) -> list[Button]:
        """To compare, for those who may."""
        return [Button(gettext("Compare now"), self.own_url("begin"), main=True)] if self._may_run(request) else []

    def page_buttons(self, request: HttpRequest, thing: ReconcileRun) -> list[Button]:
        """To what was found, and to compare again."""
        buttons = []
        if thing.counts and may(request, "view_reconciledifference"):
            buttons.append(Button(gettext("Differences"), list_url(ReconcileDifference, run__id__exact=thing.pk)))
        if self._may_run(request):
            where = f"{self.own_url('begin')}?organization={thing.organization_id}"
            buttons.append(Button(gettext("Compare again"), where))
        return buttons

    def notices(self, request: HttpRequest, thing: ReconcileRun) -> list[str]:
        """Why it stopped, and that it goes on."""
        if thing.state == ReconcileRun.State.STOPPED:
            goes_on = gettext("It goes on with: credly_reconcile --resume.")
            if goes_on_by_itself(thing, timezone.now()):
                goes_on = gettext("The scheduled work goes on with it, or credly_reconcile --resume.")
            return [f"{gettext('It stopped before its end.')} {thing.error} {goes_on}"]
        if thing.state == ReconcileRun.State.RUNNING:
            return [gettext("It is not at its end yet; what it has found so far is below.")]
        return []

    def about(self, thing: Any) -> dict[str, Any]:
        """The page, with the causes and how often each was met."""
        listing = [
            (row, list_url(ReconcileDifference, run__id__exact=thing.pk, cause__exact=row.cause))
            for row in reports.rows(thing)
        ]
        return {"subtitle": str(thing), "rows": listing, "is_done": thing.state == ReconcileRun.State.DONE}

    @admin.display(description=_("organization"))
    def organization_shown(self, run: ReconcileRun) -> str:
        return page_of(run.organization)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, run: ReconcileRun) -> str:
        return run.get_state_display()

    @admin.display(description=_("differences"))
    def found(self, run: ReconcileRun) -> int:
        return sum(run.counts.values())

    @admin.display(description=_("what it was to mend"))
    def mode(self, run: ReconcileRun) -> str:
        words = {cause.value: str(cause.label) for cause in causes.Cause}
        if set(run.fixes) == set(causes.FIXES):
            return gettext("everything that has a fix")
        return "; ".join(words.get(cause, cause) for cause in run.fixes) or gettext("nothing: it only looked")

    @admin.display(description=_("started by"))
    def started_by_shown(self, run: ReconcileRun) -> str:
        return run.started_by.get_username() if run.started_by else gettext("the system")

    def get_urls(self) -> list[URLPattern]:
        """Django's, and the one for the button."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = outside_a_transaction(self.admin_site.admin_view(self.begin_view))
        return [path("begin/", view, name=f"{name}_begin"), *super().get_urls()]

    def begin_view(self, request: HttpRequest) -> HttpResponse:
        """Ask whose badges to compare, then have a worker do it."""
        if not self._may_run(request):
            raise PermissionDenied
        form = WhichForm(request.POST or None, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            return self._begin(request, form.cleaned_data["organization"])
        question = Question(
            title=gettext("Compare badges with Credly's"),
            sentences=[
                gettext("All badges of the organization are compared. It only looks: nothing is changed by it."),
                gettext("With many badges it takes a while; this page's list shows how far it is."),
            ],
            button=gettext("Compare now"),
            back=self.own_url("changelist"),
            form=form,
        )
        return ask(self, request, question)

    def _begin(self, request: HttpRequest, organization: CredlyOrganization) -> HttpResponse:
        try:
            run = runs.begin(organization, by=person(request))
        except runs.Busy as busy:
            self.message_user(request, busy.sentence, messages.WARNING)
            return HttpResponseRedirect(self.own_url("changelist"))
        try:
            waking.send(compare, run.pk)
        except OperationalError:
            said = gettext("No worker could be told, so the next round of the scheduled work takes it up.")
            self.message_user(request, said, messages.WARNING)
        else:
            self.message_user(request, gettext("The comparison has begun."), messages.SUCCESS)
        where = self.own_url("change", run.pk) if self.has_view_permission(request) else self.own_url("changelist")
        return HttpResponseRedirect(where)

    def _may_run(self, request: HttpRequest) -> bool:
        return may(request, "run_reconcilerun")


@admin.register(ReconcileDifference)
class ReconcileDifferenceAdmin(ReadOnlyAdmin):
    """What comparisons found, one by one."""

    audited = False
    intro = _(
        "What does not agree between who qualifies, what is recorded here, and what Credly holds. Choose some and have "
        "them mended with the action below; Credly is asked again before anything is done."
    )
    empty = _("Nothing was found. Either everything agrees, or badges were never compared with Credly's.")
    list_display = ("cause_shown", "learner_shown", "template", "facts_shown", "outcome_short", "created")
    list_display_links = ("cause_shown",)
    list_filter = ("cause", "fix", "run__organization", "created")
    list_select_related = ("learner", "template")
    search_fields = ("^learner__username", "^learner__email", "=award__uuid")
    search_help_text = _("A user name or e-mail address, or how it begins; the ID of an award.")
    actions = ("mend_selected",)
    ordering = ("-run_id", "pk")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("cause_shown", "what_to_do", "learner_shown", "template_shown", "award_shown")}),
        (_("The two accounts"), {"fields": ("credly_id", "facts_shown")}),
        (_("What became of it"), {"fields": ("fix_shown", "said_whole", "run_shown", "created")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReconcileDifference]:
        """With what the page shows."""
        return super().get_queryset(request).select_related("learner", "template", "award", "run__organization")

    @admin.display(description=_("what is the matter"), ordering="cause")
    def cause_shown(self, difference: ReconcileDifference) -> str:
        return difference.get_cause_display()

    @admin.display(description=_("what mends it"))
    def what_to_do(self, difference: ReconcileDifference) -> str:
        return causes.advice(difference.cause)

    @admin.display(description=_("learner"), ordering="learner__username")
    def learner_shown(self, difference: ReconcileDifference) -> str:
        return learner_name(difference) if difference.learner_id else NOTHING

    @admin.display(description=_("badge template"))
    def template_shown(self, difference: ReconcileDifference) -> str:
        return page_of(difference.template)

    @admin.display(description=_("award"))
    def award_shown(self, difference: ReconcileDifference) -> str:
        return page_of(difference.award) if difference.award else NOTHING

    @admin.display(description=_("found by"))
    def run_shown(self, difference: ReconcileDifference) -> str:
        return page_of(difference.run)

    @admin.display(description=_("here, and at Credly"))
    def facts_shown(self, difference: ReconcileDifference) -> str:
        return difference_facts.in_words(difference.facts) or NOTHING

    @admin.display(description=_("what was done"), ordering="fix")
    def fix_shown(self, difference: ReconcileDifference) -> str:
        return difference.get_fix_display()

    @admin.display(description=_("what was done"), ordering="fix")
    def outcome_short(self, difference: ReconcileDifference) -> str:
        done, said = difference.get_fix_display(), shortened(difference.fix_said)
        return f"{done}: {said}" if said else done

    @admin.display(description=_("why not"))
    def said_whole(self, difference: ReconcileDifference) -> str:
        return difference.fix_said or NOTHING

    def has_mend_permission(self, request: HttpRequest) -> bool:
        """Whether the user may have differences mended."""
        return may(request, "run_reconcilerun")

    @method_decorator(outside_a_transaction)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; its action may talk to Credly."""
        return super().changelist_view(request, extra_context)

    @admin.action(description=_("Mend the selected differences"), permissions=["mend"])
    def mend_selected(self, request: HttpRequest, queryset: QuerySet[ReconcileDifference]) -> None:
        """Have a worker mend those that have a fix."""
        waiting = queryset.filter(cause__in=list(causes.FIXES)).exclude(fix__in=MENDED).order_by("pk")
        chosen: dict[int, list[int]] = defaultdict(list)
        for number, organization in waiting.values_list("pk", "run__organization"):
            chosen[organization].append(number)
        sent = sum(self._send(request, numbers) for numbers in chosen.values())
        if sent:
            said = ngettext("%(count)d difference is being mended.", "%(count)d differences are being mended.", sent)
            self.message_user(request, said % {"count": sent}, messages.SUCCESS)
        if others := queryset.count() - sum(map(len, chosen.values())):
            said = ngettext(
                "%(count)d was left: it is mended already, or only a person can tell what to do.",
                "%(count)d were left: they are mended already, or only a person can tell what to do.",
                others,
            )
            self.message_user(request, said % {"count": others}, messages.INFO)

    def _send(self, request: HttpRequest, numbers: list[int]) -> int:
        sent = 0
        try:
            for start in range(0, len(numbers), MENDED_AT_ONCE):
                batch = numbers[start : start + MENDED_AT_ONCE]
                waking.send(mend, batch, person(request).pk)
                sent += len(batch)
        except OperationalError:
            said = gettext(
                "No worker could be told. Try again when the broker is there, or use credly_reconcile --fix."
            )
            self.message_user(request, said, messages.ERROR)
        return sent


MENDED = (ReconcileDifference.Fix.FIXED, ReconcileDifference.Fix.ORDERED)
