"""The broker, the workers, and who keeps the time."""

from __future__ import annotations

from collections.abc import Iterator

from celery import current_app
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import conf
from ..models import OutboxMessage, Pulse
from .finding import Finding, Level, ago

ANSWER_WITHIN = 2
"""Seconds that the broker and the workers have to answer."""
ROUNDS_MISSED = 3
"""After how many rounds in which it was not heard from a source counts as asleep."""
TIMEKEEPERS = (Pulse.Source.BEAT, Pulse.Source.COMMAND, Pulse.Source.WORKER)


def findings() -> Iterator[Finding]:
    """What there is to say of the machinery."""
    yield from _celery()
    yield from _pulses()


def _celery() -> Iterator[Finding]:
    if current_app.conf.task_always_eager:
        yield Finding(
            "celery_eager",
            "celery",
            Level.NOTE,
            _("Tasks run at once, in the process that asks for them, and without follow-ups."),
            _("For a development site only. Elsewhere, unset CELERY_TASK_ALWAYS_EAGER."),
        )
        return
    try:
        with current_app.connection_for_write(connect_timeout=ANSWER_WITHIN) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=ANSWER_WITHIN)
            address = broker.as_uri()  # Without the password.
    except Exception as error:  # noqa: BLE001  # Each transport has errors of its own, and any of them is the finding.
        yield Finding(
            "broker_away",
            "broker",
            Level.BAD,
            _("The Celery broker does not answer: %(error)s.") % {"error": type(error).__name__},
            _("Start it, or mend CELERY_BROKER_*. Until then badges wait for credly_outbox run."),
        )
        return
    sentence = _("The Celery broker answers at %(address)s.") % {"address": address}
    yield Finding("broker", "broker", Level.OK, sentence)
    yield _workers()


def _workers() -> Finding:
    listened_to = current_app.control.inspect(timeout=ANSWER_WITHIN).active_queues() or {}
    queue = conf.celery_queue() or current_app.conf.task_default_queue
    listeners = [worker for worker, queues in listened_to.items() if queue in {each["name"] for each in queues}]
    if listeners:
        sentence = ngettext(
            "%(count)d worker listens to %(queue)s.", "%(count)d workers listen to %(queue)s.", len(listeners)
        )
        return Finding("workers", "workers", Level.OK, sentence % {"count": len(listeners), "queue": queue})
    return Finding(
        "workers_none",
        "workers",
        Level.BAD,
        _("No worker that listens to the queue %(queue)s answered within %(seconds)d seconds.")
        % {"queue": queue, "seconds": ANSWER_WITHIN},
        _("Start one, or set CREDLY_BADGES_CELERY_QUEUE to a queue of the LMS's workers."),
    )


def _pulses() -> Iterator[Finding]:
    now = timezone.now()
    pulses = {pulse.source: pulse for pulse in Pulse.objects.all()}
    since = now - ROUNDS_MISSED * conf.sweep_every()
    awake = {source for source, pulse in pulses.items() if pulse.heard_at > since}
    is_kept = not awake.isdisjoint({Pulse.Source.BEAT.value, Pulse.Source.COMMAND.value})
    for source in TIMEKEEPERS:
        heard = pulses.get(source.value)
        # One who keeps the time is enough: then the workers leave it to them, and who never came is not wanted. That
        # one of them stopped is news.
        is_well = source in awake or (is_kept and (heard is None or source == Pulse.Source.WORKER))
        when = _("last heard %(age)s ago") % {"age": ago(heard.heard_at, now)} if heard else _("never heard")
        yield Finding(
            f"pulse_{source.value}",
            "pulse",
            Level.OK if is_well else Level.NOTE,
            _("%(source)s: %(when)s.") % {"source": source.label, "when": when},
        )
    yield from _who_keeps_it_going(awake)
    for pulse in pulses.values():
        if pulse.failure:
            sentence = _("%(round)s went wrong %(age)s ago: %(error)s.")
            words = {"round": pulse, "age": ago(pulse.heard_at, now), "error": pulse.failure}
            yield Finding(
                f"round_{pulse.source}", "rounds", Level.BAD, sentence % words, _("The log of that time says why.")
            )


def _who_keeps_it_going(awake: set[str]) -> Iterator[Finding]:
    if Pulse.Source.BEAT in awake or Pulse.Source.COMMAND in awake:
        return
    advice = _(
        "Run “manage.py lms credly_outbox run” every few minutes, or a Celery beat with the task credly_badges.sweep."
    )
    if Pulse.Source.WORKER in awake:
        sentence = _("Only the workers' own follow-ups keep things going. Should the broker lose one, they stop.")
        yield Finding("pulse_workers_only", "pulse", Level.NOTE, sentence, advice)
    else:
        waits = OutboxMessage.objects.due(timezone.now()).exists()
        sentence = _("Nothing keeps the outbox going: a message whose wake-up is lost stays where it is.")
        yield Finding("pulse_none", "pulse", Level.BAD if waits else Level.NOTE, sentence, advice)
