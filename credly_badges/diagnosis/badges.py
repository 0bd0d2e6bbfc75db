"""The badge templates, to whom they are available, and whether our records agree with Credly's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import availability, conf
from ..models import (
    Availability,
    BadgeProgress,
    BadgeTemplate,
    CredlyOrganization,
    ReconcileRun,
    Regression,
)
from ..progress.withheld import LONGEST_WAIT
from ..reconcile import reports
from .finding import Finding, Level, ago

LATE_RECONCILE = 2
FEW = 5
"""How many badges a sentence names."""


def findings() -> Iterator[Finding]:
    """What there is to say of the badges."""
    now = timezone.now()
    yield from _templates()
    yield from _lives()
    yield from _availability(now)
    for organization in CredlyOrganization.objects.filter(paused="").order_by("name", "pk"):
        yield from _reconciliation(organization, now)


def _templates() -> Iterator[Finding]:
    states = BadgeTemplate.CredlyState
    count = dict(BadgeTemplate.objects.order_by().values_list("credly_state").annotate(Count("pk")))
    active = BadgeTemplate.objects.filter(status=BadgeTemplate.Status.ACTIVE)
    words = {"total": sum(count.values()), "active": active.count()}
    yield Finding("templates", "templates", Level.OK, _("%(total)d known, %(active)d of them active.") % words)
    if gone := count.get(states.GONE.value, 0):
        sentence = ngettext(
            "%(count)d template is gone from Credly and was deactivated.",
            "%(count)d templates are gone from Credly and were deactivated.",
            gone,
        )
        yield Finding(
            "templates_gone",
            "templates",
            Level.NOTE,
            sentence % {"count": gone},
            _("Its badges can no longer be issued. Filter the templates in the admin by their state at Credly."),
        )
    by_itself = BadgeTemplate.objects.filter(status=BadgeTemplate.Status.RETIRED, activation_changed_by=None).exclude(
        deactivated_because=""
    )
    wanted = by_itself.exclude(credly_state=states.GONE).filter(groups__requirements__gt=0)
    if stopped := wanted.distinct().count():
        sentence = ngettext(
            "%(count)d template with requirements was deactivated, as Credly would not issue it any more.",
            "%(count)d templates with requirements were deactivated, as Credly would not issue them any more.",
            stopped,
        )
        yield Finding(
            "templates_stopped",
            "templates",
            Level.NOTE,
            sentence % {"count": stopped},
            _("Publish it at Credly, sync and activate it. If learners shall not earn it, remove its requirements."),
        )
    if refused := active.exclude(credly_state=states.ACTIVE).count():
        sentence = ngettext(
            "%(count)d template is active here, and Credly would not issue it.",
            "%(count)d templates are active here, and Credly would not issue them.",
            refused,
        )
        yield Finding(
            "templates_not_issued",
            "templates",
            Level.BAD,
            sentence % {"count": refused},
            _("Publish it at Credly, then sync; or deactivate it here. Filter the templates in the admin by both."),
        )


def _lives() -> Iterator[Finding]:
    """Badges that cannot be earned as somebody meant them to be."""
    listening = BadgeTemplate.objects.filter(status__in=BadgeTemplate.LISTENING).exclude(faults=[])
    faulty = [each for each in listening if any(fault.get("level") == "error" for fault in each.faults)]
    if faulty:
        sentence = ngettext(
            "The requirements of %(count)d badge that learners earn have an error: %(names)s.",
            "The requirements of %(count)d badges that learners earn have errors: %(names)s.",
            len(faulty),
        )
        names = ", ".join(f"“{each}”" for each in faulty[:FEW])
        advice = _("Each badge's page in the admin says what is wrong and what to do.")
        yield Finding(
            "badges_faulty", "templates", Level.NOTE, sentence % {"count": len(faulty), "names": names}, advice
        )
    if paused := BadgeTemplate.objects.filter(status=BadgeTemplate.Status.PAUSED).count():
        sentence = ngettext("%(count)d badge is paused.", "%(count)d badges are paused.", paused)
        advice = _("What learners do is kept. Each badge's page in the admin says why it was paused; resume it there.")
        yield Finding("badges_paused", "templates", Level.NOTE, sentence % {"count": paused}, advice)
    if held := Regression.objects.filter(open=True).count():
        sentence = ngettext(
            "%(count)d badge is held for somebody to decide whether its learner keeps it.",
            "%(count)d badges are held for somebody to decide whether their learners keep them.",
            held,
        )
        advice = _("Decide under Regressions in the admin; what nobody decides is revoked when its time is over.")
        yield Finding("regressions_held", "templates", Level.NOTE, sentence % {"count": held}, advice)


def _availability(now: datetime) -> Iterator[Finding]:
    of_active = Availability.objects.select_related("organization", "template")
    rows = [row for row in of_active if row.template is None or row.template.is_active]
    counts = availability.used([row for row in rows if row.quota is not None])
    extend = _("Set another end under Availability in the admin, or remove it.")
    enlarge = _("Raise the quota under Availability in the admin.")
    for row in rows:
        words = {"badge": row.template or row.organization, "place": row}
        if not row.is_open(now):
            sentence = _("“%(badge)s” is no longer available to %(place)s: the time that was set is over.")
            yield Finding("availability_ended", "availability", Level.NOTE, sentence % words, extend)
        elif row.quota is not None and counts[row.pk] >= row.quota:
            sentence = _("All badges that “%(badge)s” has for %(place)s have been awarded.")
            yield Finding("availability_used_up", "availability", Level.NOTE, sentence % words, enlarge)
    # What is only recorded, and what arrives on a day that is yet to come, is as somebody meant it to be.
    unexpected = BadgeProgress.objects.exclude(withheld="").exclude(template__status=BadgeTemplate.Status.SHADOW)
    if withheld := unexpected.exclude(try_again_at__gt=now + LONGEST_WAIT).count():
        sentence = ngettext(
            "%(count)d learner has done all that a badge asks for, and it was withheld.",
            "%(count)d learners have done all that a badge asks for, and it was withheld.",
            withheld,
        )
        yield Finding(
            "awards_withheld",
            "availability",
            Level.NOTE,
            sentence % {"count": withheld},
            _("Each learner's badge progress in the admin says why. Once that is mended, a reconciliation awards it."),
        )


def _reconciliation(organization: CredlyOrganization, now: datetime) -> Iterator[Finding]:
    topic = f"reconciliation {organization}"
    run_it = _("Run: manage.py lms credly_reconcile --organization %(uuid)s") % {"uuid": organization.uuid}
    whole = ReconcileRun.objects.filter(organization=organization, only_template=None).order_by("-pk")
    newest, done = whole.first(), whole.filter(state=ReconcileRun.State.DONE).first()
    if newest is not None and newest.state == ReconcileRun.State.STOPPED:
        sentence = _("The last comparison stopped: %(error)s") % {"error": newest.error or _("nobody knows why")}
        go_on = _("Remove the cause. It goes on with the scheduled work, or with: %(command)s --resume")
        command = f"manage.py lms credly_reconcile --organization {organization.uuid}"
        yield Finding("reconcile_stopped", topic, Level.NOTE, sentence, go_on % {"command": command})
    if done is None:
        yield Finding("reconcile_never", topic, Level.NOTE, _("Its badges were never compared in whole."), run_it)
        return
    finished = done.finished_at or done.started_at
    sentence = _("Its badges were compared %(age)s ago.") % {"age": ago(finished, now)}
    every = conf.reconcile_every()
    late = bool(every) and finished < now - LATE_RECONCILE * every
    yield Finding(
        "reconcile_old" if late else "reconcile",
        topic,
        Level.NOTE if late else Level.OK,
        sentence,
        run_it if late else "",
    )
    if left := reports.left(done):
        said = ngettext("%(count)d difference is left.", "%(count)d differences are left.", left)
        advice = _("Look at them under Reconciliations in the admin, or use credly_reconcile --fix.")
        yield Finding("reconcile_differences", topic, Level.NOTE, said % {"count": left}, advice)
