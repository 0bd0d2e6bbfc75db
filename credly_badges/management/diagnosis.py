"""What an operator wants to know when badges do not come: one finding for each thing that has to work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from celery import current_app
from django.core import checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import conf
from ..models import BadgeTemplate, CredlyOrganization, OutboxMessage, Pulse, ReceivedEvent
from ..sync import organizations

APP = "credly_badges"
OLD_SYNC = timedelta(days=30)
ANSWER_WITHIN = 2
"""Seconds that the broker and the workers have to answer."""
ROUNDS_MISSED = 3
"""After how many rounds in which it was not heard from a source counts as asleep."""


class Level(StrEnum):
    """How a finding is to be taken; only what is bad keeps badges from learners."""

    OK = "ok"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, how it is, and what to do if it is not as it should be."""

    topic: str
    level: Level
    sentence: str
    advice: str = ""

    def as_data(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return {"topic": self.topic, "level": self.level.value, "sentence": self.sentence, "advice": self.advice}


def diagnose(*, ask_credly: bool = True) -> Iterator[Finding]:
    """Look at everything, from the settings up to what waits in the outbox. Writes nothing."""
    settings = _settings()
    yield from settings
    if any(f"{APP}.E001" in finding.sentence for finding in settings):
        yield Finding("settings", Level.BAD, _("The rest was not looked at, as it depends on these settings."))
        return
    unapplied = _unapplied_migrations()
    if unapplied:
        yield Finding(
            "database",
            Level.BAD,
            _("Migrations have not been applied: %(names)s.") % {"names": ", ".join(unapplied)},
            _("Run: manage.py lms migrate credly_badges"),
        )
        return
    yield Finding("database", Level.OK, _("All migrations have been applied."))
    yield from _organizations(ask_credly=ask_credly)
    yield from _templates()
    yield from _celery()
    yield from _pulses()
    yield from _queue()
    yield from _dead_letters()
    yield from _events()


def _settings() -> list[Finding]:
    told = [message for message in checks.run_checks() if str(message.id).startswith(f"{APP}.")]
    if not told:
        return [Finding("settings", Level.OK, _("Nothing is wrong with the CREDLY_BADGES settings."))]
    return [
        Finding(
            "settings",
            Level.BAD if message.is_serious() else Level.NOTE,
            f"{message.msg} ({message.id})",
            str(message.hint or ""),
        )
        for message in told
    ]


def _unapplied_migrations() -> list[str]:
    executor = MigrationExecutor(connection)
    targets = [node for node in executor.loader.graph.leaf_nodes() if node[0] == APP]
    return [migration.name for migration, _backwards in executor.migration_plan(targets) if migration.app_label == APP]


def _organizations(*, ask_credly: bool) -> Iterator[Finding]:
    connected = list(CredlyOrganization.objects.order_by("name", "pk"))
    if not connected:
        yield Finding(
            "organizations", Level.NOTE, _("No Credly organization is connected."), _("Add one in the admin.")
        )
    for organization in connected:
        topic = f"organization {organization}"
        if ask_credly:
            answer = organizations.check(organization)
            yield Finding(topic, Level.OK if answer.ok else Level.BAD, answer.sentence)
        elif not organization.key:
            yield Finding(topic, Level.BAD, _("It has no API key."), _("Enter one on its page in the admin."))
        if organization.paused:
            yield Finding(
                topic,
                Level.BAD,
                _("It is paused: %(why)s. Its badges wait.") % {"why": organization.get_paused_display()},
                _("Save it in the admin with a valid key, or resume it there."),
            )
        yield _last_sync(topic, organization)


def _last_sync(topic: str, organization: CredlyOrganization) -> Finding:
    now = timezone.now()
    advice = _("Run: manage.py lms credly_sync --organization %(uuid)s") % {"uuid": organization.uuid}
    if organization.synced_at is None:
        return Finding(topic, Level.NOTE, _("Its templates were never synced in whole."), advice)
    sentence = _("Its templates were synced %(age)s ago.") % {"age": timesince(organization.synced_at, now)}
    if organization.synced_at < now - OLD_SYNC:
        return Finding(topic, Level.NOTE, sentence, advice)
    return Finding(topic, Level.OK, sentence)


def _templates() -> Iterator[Finding]:
    states = BadgeTemplate.CredlyState
    count = dict(BadgeTemplate.objects.order_by().values_list("credly_state").annotate(Count("pk")))
    active = BadgeTemplate.objects.filter(is_active=True).count()
    yield Finding(
        "templates",
        Level.OK,
        _("%(total)d known, %(active)d of them active.") % {"total": sum(count.values()), "active": active},
    )
    if gone := count.get(states.GONE.value, 0):
        yield Finding(
            "templates",
            Level.NOTE,
            ngettext(
                "%(count)d template is gone from Credly and was deactivated.",
                "%(count)d templates are gone from Credly and were deactivated.",
                gone,
            )
            % {"count": gone},
            _("Its badges can no longer be issued. Filter the templates in the admin by their state at Credly."),
        )


def _celery() -> Iterator[Finding]:
    if current_app.conf.task_always_eager:
        yield Finding(
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
            "broker",
            Level.BAD,
            _("The Celery broker does not answer: %(error)s.") % {"error": type(error).__name__},
            _("Start it, or mend CELERY_BROKER_*. Until then badges wait for credly_outbox run."),
        )
        return
    yield Finding("broker", Level.OK, _("The Celery broker answers at %(address)s.") % {"address": address})
    yield _workers()


def _workers() -> Finding:
    listened_to = current_app.control.inspect(timeout=ANSWER_WITHIN).active_queues() or {}
    queue = conf.celery_queue() or current_app.conf.task_default_queue
    listeners = [worker for worker, queues in listened_to.items() if queue in {each["name"] for each in queues}]
    if listeners:
        return Finding(
            "workers",
            Level.OK,
            ngettext("%(count)d worker listens to %(queue)s.", "%(count)d workers listen to %(queue)s.", len(listeners))
            % {"count": len(listeners), "queue": queue},
        )
    return Finding(
        "workers",
        Level.BAD,
        _("No worker that listens to the queue %(queue)s answered within %(seconds)d seconds.")
        % {"queue": queue, "seconds": ANSWER_WITHIN},
        _("Start one, or set CREDLY_BADGES_CELERY_QUEUE to a queue of the LMS's workers."),
    )


def _pulses() -> Iterator[Finding]:
    now = timezone.now()
    heard = dict(Pulse.objects.values_list("source", "heard_at"))
    awake = {source for source, at in heard.items() if at > now - ROUNDS_MISSED * conf.sweep_every()}
    for source in Pulse.Source:
        at = heard.get(source.value)
        when = _("last heard %(age)s ago") % {"age": timesince(at, now)} if at else _("never heard")
        yield Finding(
            "pulse",
            Level.OK if source in awake else Level.NOTE,
            _("%(source)s: %(when)s.") % {"source": source.label, "when": when},
        )
    if Pulse.Source.BEAT in awake or Pulse.Source.COMMAND in awake:
        return
    advice = _(
        "Run “manage.py lms credly_outbox run” every few minutes, or a Celery beat with the task credly_badges.sweep."
    )
    if Pulse.Source.WORKER in awake:
        sentence = _("Only the workers' own follow-ups keep the outbox going. They stop when no badge is on its way.")
        yield Finding("pulse", Level.NOTE, sentence, advice)
    else:
        waits = OutboxMessage.objects.due(now).exists()
        sentence = _("Nothing keeps the outbox going: a message whose wake-up is lost stays where it is.")
        yield Finding("pulse", Level.BAD if waits else Level.NOTE, sentence, advice)


def _queue() -> Iterator[Finding]:
    now = timezone.now()
    waiting = OutboxMessage.objects.filter(open=True).exclude(state=OutboxMessage.State.DEAD)
    depth = waiting.aggregate(count=Count("pk"), oldest=Min("created"))
    if not depth["count"]:
        yield Finding("outbox", Level.OK, _("Nothing waits."))
        return
    yield Finding(
        "outbox",
        Level.OK,
        _("Messages that wait: %(count)d, the oldest for %(age)s.")
        % {"count": depth["count"], "age": timesince(depth["oldest"], now)},
    )
    due = OutboxMessage.objects.due(now).aggregate(count=Count("pk"), oldest=Min("not_before"))
    if due["count"] and due["oldest"] < now - 2 * conf.sweep_every():
        yield _late("outbox", due["count"], due["oldest"], now)


def _late(topic: str, count: int, since: datetime, now: datetime) -> Finding:
    return Finding(
        topic,
        Level.BAD,
        _("%(count)d are overdue, the oldest for %(age)s: nobody takes them up.")
        % {"count": count, "age": timesince(since, now)},
        _("Look at the lines on celery and pulse, and run: manage.py lms credly_outbox run"),
    )


def _dead_letters() -> Iterator[Finding]:
    dead = OutboxMessage.objects.filter(open=True, state=OutboxMessage.State.DEAD).count()
    if not dead:
        yield Finding("dead letters", Level.OK, _("None."))
        return
    yield Finding(
        "dead letters",
        Level.BAD,
        ngettext("%(count)d message needs a person.", "%(count)d messages need a person.", dead) % {"count": dead},
        _("Read why with “credly_outbox list --state dead”, remove the cause, then “credly_outbox redrive --all”."),
    )


def _events() -> Iterator[Finding]:
    now = timezone.now()
    waiting = ReceivedEvent.objects.filter(waiting=True).aggregate(count=Count("pk"), oldest=Min("received_at"))
    if not waiting["count"]:
        yield Finding("events", Level.OK, _("Every event was held against the requirements."))
    elif waiting["oldest"] < now - 2 * conf.sweep_every():
        yield _late("events", waiting["count"], waiting["oldest"], now)
    else:
        yield Finding("events", Level.OK, _("Events on their way: %(count)d.") % {"count": waiting["count"]})
