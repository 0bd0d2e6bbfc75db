"""A process dies at some point on the way, and whoever comes next finishes the work."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from django.db import OperationalError, connection
from openedx_events.learning.signals import BADGE_AWARDED, BADGE_REVOKED

from credly_badges import awards, progress
from credly_badges.issuing import deliver, outbox
from credly_badges.models import (
    AuditEntry,
    BadgeAward,
    BadgeProgress,
    BadgeTemplate,
    CredlyOrganization,
    OutboxMessage,
    ReceivedEvent,
)

from .conftest import FIRST, NOON, run_outbox_until_quiet

State = BadgeAward.State
MOST_STATEMENTS = 200


class Killed(BaseException):
    """The process is gone. As with kill -9, nothing of ours gets to handle it."""


class Statements:
    """Counts what goes to the database, and at one statement brings down whoever sent it."""

    def __init__(self, at: int, *, after: bool, error: BaseException) -> None:
        self.at, self.after, self.error = at, after, error
        self.count = 0

    def __call__(self, execute, sql, *args):
        if not sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            return execute(sql, *args)  # The end of a transaction, or a savepoint: Django has to take it back itself.
        self.count += 1
        if self.count != self.at:
            return execute(sql, *args)
        if self.after:
            execute(sql, *args)
        raise self.error


@contextmanager
def dying(at: int, *, after: bool) -> Iterator[Statements]:
    """The process dies just before or just after a statement, with everything that it had not committed."""
    statements = Statements(at, after=after, error=Killed())
    with connection.execute_wrapper(statements), suppress(Killed):
        yield statements


def time_passes() -> None:
    """Long enough for others to take what nobody finished for abandoned; then the clock's sweeps come round."""
    ReceivedEvent.objects.update(received_at=NOON)
    progress.sweep()
    run_outbox_until_quiet()
    BadgeAward.objects.update(modified=NOON)
    deliver.sweep(source="beat")


def each_point_of_death(story: Callable[[int, bool], Statements]) -> int:
    """Have a story end at each of its statements, before and after it; how many statements it has."""
    for at in range(1, MOST_STATEMENTS):
        counts = [story(at, after).count for after in (False, True)]
        if max(counts) < at:
            return max(counts)
    raise AssertionError("The story has no end.")


@pytest.fixture
def heard():
    """How often the rest of Open edX heard of each award, by what it heard."""
    told = Counter()

    def hear(signal, badge, **kwargs):
        told[signal.event_type.split(".")[-2], badge.user.id] += 1

    for signal in (BADGE_AWARDED, BADGE_REVOKED):
        signal.connect(hear)
    yield told
    for signal in (BADGE_AWARDED, BADGE_REVOKED):
        signal.disconnect(hear)


def test_wherever_a_process_dies_the_learner_ends_with_one_badge(world, settings, heard):
    settings.CREDLY_BADGES_LEASE_SECONDS = 0.02
    badge = world.badge_for_passing(FIRST, allow_duplicate_badges=True)  # Credly itself would not refuse a second one.

    def story(at, after):
        learner = world.learner()
        with dying(at, after=after) as statements:
            learner.passes(FIRST)
        if not ReceivedEvent.objects.filter(learner=learner.user).exists():
            learner.passes(FIRST)  # What told us died with us; it comes again.
        time_passes()

        award = BadgeAward.objects.get(learner=learner.user)
        assert world.credly.issued_count(learner.user.email, str(badge.uuid)) == 1, (at, after)
        assert (award.state, award.live, award.to_announce) == (State.OFFERED, True, "")
        assert BadgeProgress.objects.get(learner=learner.user).percent == 100
        assert award.messages.get().state == "delivered"
        assert heard["awarded", learner.user.pk] in (1, 2)
        return statements

    assert each_point_of_death(story) > 20  # A badge takes that many statements; more would only be slower.
    assert not ReceivedEvent.objects.filter(waiting=True).exists()
    assert AuditEntry.objects.filter(action="award.granted").count() == BadgeAward.objects.count()
    assert sum(count == 2 for count in heard.values()) == 1  # Only where it died after sending, before noting so.


def test_wherever_a_process_dies_a_revoked_badge_ends_revoked_at_credly(world, settings, heard):
    settings.CREDLY_BADGES_LEASE_SECONDS = 0.02
    world.badge_for_passing(FIRST, allow_duplicate_badges=True)

    def story(at, after):
        learner = world.learner()
        learner.passes(FIRST)
        award = BadgeAward.objects.get(learner=learner.user)
        with dying(at, after=after) as statements:
            awards.revoke(award, "Issued to the wrong person", by=None)
        if not award.messages.filter(kind="revoke").exists():
            awards.revoke(award, "Issued to the wrong person", by=None)  # They saw an error page, and ask again.
        time_passes()

        award.refresh_from_db()
        assert (award.state, award.live) == (State.REVOKED, None), (at, after)
        assert world.credly.badges_of(learner.user.email) == []
        assert heard["revoked", learner.user.pk] in (1, 2)
        return statements

    assert each_point_of_death(story) > 10


def test_whichever_statement_the_database_refuses_the_lms_goes_on_and_the_badge_comes(world, settings):
    settings.CREDLY_BADGES_LEASE_SECONDS = 0.02
    badge = world.badge_for_passing(FIRST, allow_duplicate_badges=True)

    for at in range(1, MOST_STATEMENTS):
        learner = world.learner()
        statements = Statements(at, after=False, error=OperationalError(1213, "Deadlock found"))
        with connection.execute_wrapper(statements):
            learner.passes(FIRST)
        time_passes()

        assert world.credly.issued_count(learner.user.email, str(badge.uuid)) == 1, at
        assert BadgeAward.objects.get(learner=learner.user).state == State.OFFERED
        if statements.count < at:
            break

    assert at > 20


def test_a_message_that_kills_every_worker_ends_with_a_person(world, settings):
    settings.CREDLY_BADGES_LEASE_SECONDS = 0.001
    settings.CREDLY_BADGES_MAX_ATTEMPTS = 3
    badge = world.badge_for_passing(FIRST)
    world.here.paused = "by_hand"
    world.here.save()
    learner = world.learner()
    learner.passes(FIRST)
    world.here.paused = ""
    world.here.save()

    class Deadly(Statements):
        def __call__(self, execute, sql, *args):
            if sql.startswith("UPDATE") and "deliveryattempt" in sql:
                raise Killed
            return execute(sql, *args)

    for _ in range(3):
        with connection.execute_wrapper(Deadly(0, after=False, error=Killed())), pytest.raises(Killed):
            deliver.sweep(source="beat")
        time.sleep(0.01)
    run_outbox_until_quiet()

    message = OutboxMessage.objects.get()
    assert (message.state, message.award.state) == ("dead", State.FAILED)
    assert "worker that died" in message.error

    outbox.redrive(OutboxMessage.objects.all(), by=None)
    run_outbox_until_quiet()
    assert world.credly.issued_count(learner.user.email, str(badge.uuid)) == 1
    assert BadgeAward.objects.get().state == State.OFFERED


def test_an_order_that_was_given_up_after_a_lost_answer_is_looked_for_when_the_badge_is_revoked(world, settings):
    settings.CREDLY_BADGES_MAX_ATTEMPTS = 1
    world.badge_for_passing(FIRST)
    learner = world.learner()
    world.credly.after_acting("POST /badges", lose_the_answer=True)
    learner.passes(FIRST)
    outbox.drop(OutboxMessage.objects.all(), by=None, because="Not worth the trouble")

    awards.revoke(BadgeAward.objects.get(), "A mistake", by=None)

    assert BadgeAward.objects.get().state == State.REVOKED
    assert world.credly.badges_of(learner.user.email) == []


@pytest.mark.parametrize("occasion", ["", "2026-05-01T12:00:00.000000Z"])
def test_a_badge_that_credly_would_issue_twice_is_not_while_its_lists_lag(world, occasion):
    badge = world.badge_for_passing(FIRST, allow_duplicate_badges=True)
    BadgeTemplate.objects.update(allow_duplicates=not occasion)
    world.credly.configure(list_lag=3600)
    world.credly.after_acting("POST */badges", lose_the_answer="reset")
    learner = world.learner()
    CredlyOrganization.objects.update(paused="by_hand")
    learner.passes(FIRST)
    BadgeAward.objects.update(occasion=occasion)
    CredlyOrganization.objects.update(paused="")

    for _attempt in range(3):
        OutboxMessage.objects.update(not_before=NOON)
        deliver.sweep(source="beat")
    assert world.credly.issued_count(learner.user.email, str(badge.uuid)) == 1
    assert "its lists may lag" in OutboxMessage.objects.get().error

    world.credly.configure(list_lag=0)
    OutboxMessage.objects.update(not_before=NOON)
    deliver.sweep(source="beat")

    assert world.credly.issued_count(learner.user.email, str(badge.uuid)) == 1
    assert BadgeAward.objects.get().state == State.OFFERED
