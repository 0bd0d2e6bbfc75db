"""Rehearsals, backfills and replays: how far each has come, and what it found."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import capfirst, slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from ..events import rehearsal, runs
from ..models import HistoryRun
from ..reports import rehearsed
from .subject import Button, ReadOnlyAdmin, may, page_of, url_of
from .template_life import next_moves

State, Kind = HistoryRun.State, HistoryRun.Kind

PERMISSIONS = {
    Kind.REHEARSAL.value: "rehearse_badgetemplate",
    Kind.BACKFILL.value: "backfill_badgetemplate",
    Kind.REPLAY.value: "pause_badgetemplate",
}
"""Who may begin one may stop it, and have it go on."""


@admin.register(HistoryRun)
class HistoryRunAdmin(ReadOnlyAdmin):
    """Readings of what learners did before."""

    audited = False
    intro = _(
        "A rehearsal reads what learners did before and says who would get a badge; it writes nothing else. A backfill "
        "awards it to them. Both are begun on the page of a badge template, and go on by themselves."
    )
    empty = _("Nothing was rehearsed or backfilled yet. Open a badge template and press “Rehearse”.")
    list_display = ("created", "kind_shown", "template", "state_shown", "read_shown", "found_shown", "requested_shown")
    list_display_links = ("created", "kind_shown")
    list_filter = ("kind", "state", ("template", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("template", "requested_by")
    change_form_template = "admin/credly_badges/historyrun/run.html"

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("credly_badges/admin/templates.css",)}

    def get_fieldsets(self, request: HttpRequest, obj: HistoryRun | None = None) -> Any:
        """What it is; what a rehearsal found has a place of its own."""
        found = () if obj is not None and obj.kind == Kind.REHEARSAL else ("found_shown",)
        when = ("created", "finished_at", "requested_shown")
        return [(None, {"fields": ("template_page", "version", "state_shown", "read_shown", *found, *when)})]

    def has_view_permission(self, request: HttpRequest, obj: HistoryRun | None = None) -> bool:
        """Who may begin one may see what came of it."""
        return super().has_view_permission(request, obj) or any(may(request, each) for each in PERMISSIONS.values())

    def get_queryset(self, request: HttpRequest) -> QuerySet[HistoryRun]:
        """With the badge, and who began it."""
        return super().get_queryset(request).select_related("template__organization", "requested_by")

    def page_buttons(self, request: HttpRequest, thing: HistoryRun) -> list[Button]:
        """To look again, to stop it, to have it go on, to take the list away, and what comes next."""
        buttons = []
        if thing.state == State.RUNNING:
            buttons.append(Button(gettext("Look again"), self.own_url("change", thing.pk), main=True))
        if may(request, PERMISSIONS[thing.kind]):
            if thing.state == State.RUNNING:
                buttons.append(Button(gettext("Stop it"), self.own_url("stop", thing.pk), posts=True))
            elif thing.state == State.STOPPED and runs.latest(thing.template, Kind(thing.kind)) == thing:
                buttons.append(
                    Button(gettext("Go on with it"), self.own_url("resume", thing.pk), posts=True, main=True)
                )
        if self._has_a_list(thing):
            buttons += [Button(f"{move.label}…", move.url, main=True) for move in next_moves(request, thing.template)]
        if self._has_a_list(thing) and may(request, PERMISSIONS[thing.kind]):
            buttons.append(Button(gettext("All learners (CSV)"), self.own_url("csv", thing.pk)))
        if self._has_a_list(thing) and thing.template.is_active and may(request, "backfill_badgetemplate"):
            where = reverse("admin:credly_badges_badgetemplate_backfill", args=[thing.template_id])
            buttons.append(Button(gettext("Backfill…"), where, main=True))
        if may(request, "view_badgetemplate"):
            buttons.append(Button(gettext("To the badge"), url_of(thing.template)))
        return buttons

    def notices(self, request: HttpRequest, thing: HistoryRun) -> list[str]:
        """Why it stopped, and whether it is still of what the badge asks for."""
        said = []
        if thing.state == State.STOPPED:
            said.append(f"{gettext('It was stopped before its end.')} {thing.error}".strip())
        if thing.version != thing.template.version:
            said.append(gettext("The requirements have been changed since. What is below is of an earlier version."))
        return said

    def about(self, thing: Any) -> dict[str, Any]:
        """The page, with all that was found."""
        return {
            "title": f"{capfirst(thing.get_kind_display())}: {thing.template}",
            "subtitle": "",
            "run": thing,
            "found": rehearsed.found(thing),
        }

    @admin.display(description=_("badge template"))
    def template_page(self, run: HistoryRun) -> str:
        return page_of(run.template)

    @admin.display(description=_("what"), ordering="kind")
    def kind_shown(self, run: HistoryRun) -> str:
        return run.get_kind_display()

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, run: HistoryRun) -> str:
        return run.get_state_display()

    @admin.display(description=_("read so far"))
    def read_shown(self, run: HistoryRun) -> str:
        if run.kind == Kind.REPLAY:
            return gettext("events: %(events)d") % {"events": run.counts.get("events", 0) + run.counts.get("failed", 0)}
        said = gettext("learners: %(learners)d; rows: %(rows)d")
        return said % {"learners": run.counts.get("learners", 0), "rows": run.counts.get("rows", 0)}

    @admin.display(description=_("found"))
    def found_shown(self, run: HistoryRun) -> str:
        counts = run.counts
        if run.kind == Kind.REHEARSAL:
            return gettext("would be awarded: %(count)d") % {"count": counts.get("would_gain", 0)}
        if run.kind == Kind.REPLAY:
            said = gettext("events held against the badge: %(events)d; events that could not be: %(failed)d")
            return said % {name: counts.get(name, 0) for name in ("events", "failed")}
        said = gettext("completed: %(completed)d; awarded: %(awarded)d; withheld: %(withheld)d")
        return said % {name: counts.get(name, 0) for name in ("completed", "awarded", "withheld")}

    @admin.display(description=_("requested by"))
    def requested_shown(self, run: HistoryRun) -> str:
        return run.requested_by.get_username() if run.requested_by else gettext("the system")

    def get_urls(self) -> list[URLPattern]:
        """Django's, and one for each button."""
        name, view = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        return [
            path("<int:pk>/stop/", view(require_POST(self.stop_view)), name=f"{name}_stop"),
            path("<int:pk>/resume/", view(require_POST(self.resume_view)), name=f"{name}_resume"),
            path("<int:pk>/csv/", view(require_safe(self.csv_view)), name=f"{name}_csv"),
            *super().get_urls(),
        ]

    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop one where it is."""
        run = self._mine(request, pk)
        if runs.stop(run):
            self.message_user(request, gettext("It was stopped. It can go on from where it is."), messages.SUCCESS)
        else:
            self.message_user(request, gettext("It did not run any more."), messages.INFO)
        return HttpResponseRedirect(self.own_url("change", pk))

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have one go on from where it was stopped."""
        run = self._mine(request, pk)
        try:
            runs.resume(run)
        except runs.Busy as busy:
            self.message_user(request, busy.sentence, messages.WARNING)
        except runs.CannotRun as refusal:
            self.message_user(request, refusal.sentence, messages.ERROR)
        else:
            self.message_user(request, gettext("It goes on from where it was."), messages.SUCCESS)
        return HttpResponseRedirect(self.own_url("change", pk))

    def csv_view(self, request: HttpRequest, pk: int) -> HttpResponse | StreamingHttpResponse:
        """Everybody whom a rehearsal found, read once more, for a spreadsheet."""
        run = self._mine(request, pk)
        if not self._has_a_list(run):
            raise Http404(gettext("There is no list of this."))
        try:
            rehearsal.see_that_it_asks_for_something(run.template)
        except runs.CannotRun as refusal:
            self.message_user(request, refusal.sentence, messages.ERROR)
            return HttpResponseRedirect(self.own_url("change", pk))
        day = timezone.localdate().isoformat()
        file_name = f"rehearsal-{slugify(run.template.name) or run.template_id}-{day}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
        return StreamingHttpResponse(
            rehearsed.spreadsheet(run), content_type="text/csv; charset=utf-8", headers=headers
        )

    def _has_a_list(self, run: HistoryRun) -> bool:
        return run.kind == Kind.REHEARSAL and run.state == State.DONE and run.version == run.template.version

    def _mine(self, request: HttpRequest, pk: int) -> HistoryRun:
        """Raises PermissionDenied before it says whether there is such a run."""
        if not any(may(request, each) for each in PERMISSIONS.values()):
            raise PermissionDenied
        run = self.get_queryset(request).filter(pk=pk).first()
        if run is None:
            raise Http404(gettext("There is no such reading."))
        if not may(request, PERMISSIONS[run.kind]):
            raise PermissionDenied
        return run
