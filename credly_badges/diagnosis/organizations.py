"""Each organization: its key, whether Credly can be reached with it, and whether Credly's word still comes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import conf, keys, pacing
from ..models import AuditEntry, CredlyNotice, CredlyOrganization
from ..sync import organizations
from .finding import Finding, Level, ago, in_words

OLD_SYNC = timedelta(days=30)
"""How old a sync may be where nobody but a person begins one."""
LATE_SYNC = 3
"""After how many missed syncs by itself the templates count as not synced."""
RECENTLY = timedelta(days=7)
LATE_FEED = 4
"""After how many missed readings the feed counts as not read."""
HISTORY = timedelta(hours=12)
"""An event that was this old when the feed brought it is history, of which no webhook could tell."""
CLOCK_NOTED = timedelta(seconds=30)
CLOCK_BAD = timedelta(minutes=5)


def findings(*, ask_credly: bool) -> Iterator[Finding]:
    """What there is to say of every organization."""
    connected = list(CredlyOrganization.objects.order_by("name", "pk"))
    if not connected:
        sentence = _("No Credly organization is connected.")
        yield Finding("organizations_none", "organizations", Level.NOTE, sentence, _("Add one in the admin."))
    for organization in connected:
        topic = f"organization {organization}"
        now = timezone.now()
        yield from _reach(topic, organization, ask_credly=ask_credly)
        yield from _key_life(topic, organization, now)
        yield from _standstill(topic, organization, now)
        yield _last_sync(topic, organization, now)
        yield _feed(topic, organization, now)
        yield _webhook(topic, organization, now)


def _reach(topic: str, organization: CredlyOrganization, *, ask_credly: bool) -> Iterator[Finding]:
    if ask_credly:
        answer = organizations.check(organization)
        yield Finding("reach", topic, Level.OK if answer.ok else Level.BAD, answer.sentence)
        if answer.clock_difference is not None:
            yield clock(topic, answer.clock_difference)
        return
    try:
        has_key = bool(organization.key.reveal())
    except organizations.CANNOT_CONNECT as error:
        yield Finding("key_unreadable", topic, Level.BAD, str(error))
        return
    if not has_key:
        sentence = _("It has no API key.")
        yield Finding("key_missing", topic, Level.BAD, sentence, _("Enter one on its page in the admin."))


def clock(topic: str, difference: timedelta) -> Finding:
    """Whether this machine's clock agrees with Credly's, by which events are put in order."""
    off = abs(difference)
    if off < CLOCK_NOTED:
        return Finding("clock", topic, Level.OK, _("Its clock and ours agree."))
    words = {"off": _("%(seconds)d seconds") % {"seconds": round(off.total_seconds())}}
    behind = difference > timedelta(0)
    sentence = _("Our clock is %(off)s behind Credly's.") if behind else _("Our clock is %(off)s ahead of Credly's.")
    advice = _("Have this machine's clock set by NTP. What happened first is told by the clock.")
    return Finding("clock_off", topic, Level.BAD if off >= CLOCK_BAD else Level.NOTE, sentence % words, advice)


def _key_life(topic: str, organization: CredlyOrganization, now: datetime) -> Iterator[Finding]:
    warning = keys.warning_of(organization, now)
    if warning:
        over = warning.level is keys.Level.ERROR
        advice = _("Run: manage.py lms credly_keys rotate %(uuid)s") % {"uuid": organization.uuid}
        level = Level.BAD if over else Level.NOTE
        yield Finding("key_expired" if over else "key_expires", topic, level, warning.sentence, advice)
    elif organization.key_expires_at:
        sentence = _("Its API key expires %(when)s.") % {"when": keys.expiry_in_words(organization, now)}
        yield Finding("key_life", topic, Level.OK, sentence)
    if organization.retiring_key and organization.retire_at and organization.retire_at < now:
        sentence = _("Its old API key was to be deleted at Credly %(age)s ago, and is still there.")
        yield Finding(
            "key_not_retired",
            topic,
            Level.NOTE,
            sentence % {"age": ago(organization.retire_at, now)},
            _("Delete it on the developer page of the Credly account."),
        )


def _standstill(topic: str, organization: CredlyOrganization, now: datetime) -> Iterator[Finding]:
    if organization.paused:
        yield Finding(
            "paused",
            topic,
            Level.BAD,
            _("It is paused: %(why)s. Its badges wait.") % {"why": organization.get_paused_display()},
            _("Save it in the admin with a valid key, or resume it there."),
        )
    pace = pacing.state(organization)
    if pace.open and pace.since is not None:
        yield Finding(
            "breaker_open",
            topic,
            Level.BAD,
            _("Credly failed %(count)d times in a row. For %(age)s nothing was sent but a probe now and then.")
            % {"count": pace.failures, "age": ago(pace.since, now)},
            _("Look at Credly's status page. It goes on by itself; to try at once, reset it on its page in the admin."),
        )
    elif organization.wait_until and organization.wait_until > now:
        sentence = _("Credly asked to slow down; its badges wait for %(time)s more.")
        words = {"time": in_words(organization.wait_until - now)}
        yield Finding("throttled", topic, Level.NOTE, sentence % words, _("Nothing. It goes on by itself."))


def _last_sync(topic: str, organization: CredlyOrganization, now: datetime) -> Finding:
    advice = _("Run: manage.py lms credly_sync --organization %(uuid)s") % {"uuid": organization.uuid}
    if organization.synced_at is None:
        return Finding("sync_never", topic, Level.NOTE, _("Its templates were never synced in whole."), advice)
    sentence = _("Its templates were synced %(age)s ago.") % {"age": ago(organization.synced_at, now)}
    if organization.synced_at < now - (LATE_SYNC * conf.sync_every() or OLD_SYNC):
        return Finding("sync_old", topic, Level.NOTE, sentence, advice)
    return Finding("sync", topic, Level.OK, sentence)


def _feed(topic: str, organization: CredlyOrganization, now: datetime) -> Finding:
    advice = _("Look at the lines on pulse, and run: manage.py lms credly_outbox run")
    late = now - LATE_FEED * max(conf.feed_every(), conf.sweep_every())
    if organization.feed_read_at is None and organization.created > late:
        sentence = _("Its events at Credly are read for the first time soon.")
        return Finding("feed", topic, Level.OK, sentence)
    if organization.feed_read_at is None:
        return Finding("feed_never", topic, Level.NOTE, _("Its events at Credly were never read."), advice)
    sentence = _("Its events at Credly were read %(age)s ago.") % {"age": ago(organization.feed_read_at, now)}
    if organization.feed_read_at < late:
        return Finding("feed_old", topic, Level.NOTE, sentence, advice)
    return Finding("feed", topic, Level.OK, sentence)


def _webhook(topic: str, organization: CredlyOrganization, now: datetime) -> Finding:
    missed = _missed_by_the_webhook(organization, now)
    if missed:
        sentence = ngettext(
            "In the last %(days)d days the feed brought %(count)d event that no webhook told of.",
            "In the last %(days)d days the feed brought %(count)d events that no webhook told of.",
            missed,
        )
        words = {"days": RECENTLY.days, "count": missed}
        advice = _(
            "Nothing is lost, as the feed has them. Where it goes on, press “Set webhook at Credly” on its page in the "
            "admin, and have Credly switch on all events."
        )
        return Finding("webhook_misses", topic, Level.NOTE, sentence % words, advice)
    if organization.noticed_at is None:
        sentence = _("Credly never sent a notice here, so what happens there is known only when the feed is read.")
        advice = _("Press “Set webhook at Credly” on its page in the admin.")
        return Finding("webhook_never", topic, Level.NOTE, sentence, advice)
    sentence = _("The last notice from Credly came %(age)s ago.") % {"age": ago(organization.noticed_at, now)}
    return Finding("webhook", topic, Level.OK, sentence)


def _missed_by_the_webhook(organization: CredlyOrganization, now: datetime) -> int:
    recent = CredlyNotice.objects.filter(
        organization=organization, source=CredlyNotice.Source.FEED, repeated=0, received_at__gt=now - RECENTLY
    ).exclude(occurred_at=None)
    # What happened before the webhook was set at Credly is no sign that it does not work.
    setting = AuditEntry.objects.filter(
        action="organization.webhook_set", object_type=organization._meta.model_name, object_id=str(organization.pk)
    )
    if set_at := setting.order_by("-pk").values_list("at", flat=True).first():
        recent = recent.filter(occurred_at__gt=set_at)
    times = recent.values_list("received_at", "occurred_at")[:1000]
    return sum(received - occurred < HISTORY for received, occurred in times if occurred is not None)
