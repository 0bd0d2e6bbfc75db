"""Some sites run MySQL at REPEATABLE READ, where a transaction goes on seeing what was there when it began."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from credly_badges import awards, progress, retirement
from credly_badges.events import intake
from credly_badges.issuing import outbox
from credly_badges.learning_event import LearningEvent
from credly_badges.models import (
    Availability,
    BadgeAward,
    BadgeProgress,
    BadgeTemplate,
    OutboxMessage,
    ReceivedEvent,
)
from credly_badges.testing.factories import (
    PASSING_STATUS,
    GroupFactory,
    MessageFactory,
    ReceivedEventFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)

FIRST, SECOND, THIRD = (f"course-v1:edX+{name}+2026" for name in ("First", "Second", "Third"))
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _repeatable_read(transactional_db, _broker, monkeypatch) -> Iterator[None]:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", "repeatable read")
    connection.close()
    yield
    connection.close()


def says(learner: Any, course: str, *, hour: int = 0, is_passing: bool = True) -> LearningEvent:
    return LearningEvent(
        learner.pk, PASSING_STATUS, course, NOON + timedelta(hours=hour), {"is_passing": is_passing}, (course, "")
    )


def elsewhere(do: Callable[[], Any]) -> None:
    """Have another process do something, to the end."""

    def and_hang_up() -> None:
        try:
            do()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(and_hang_up).result(timeout=20)


@contextmanager
def just_before(statement: str, do: Callable[[], Any]) -> Iterator[None]:
    """Another process does something at the moment before the first such statement."""
    waiting = [do]

    def watch(execute: Any, sql: str, *args: Any) -> Any:
        if waiting and sql.startswith(statement):
            elsewhere(waiting.pop())
        return execute(sql, *args)

    with connection.execute_wrapper(watch):
        yield
    assert not waiting, "The moment never came."


def test_two_courses_recorded_at_one_moment_complete_the_badge():
    badge, learner = TemplateFactory(active=True), UserFactory()
    for course in (FIRST, SECOND, THIRD):
        RuleFactory(requirement__group=GroupFactory(template=badge), requirement__scope=course)
    first, second, third = (
        ReceivedEventFactory(learner=learner, subject=course, scopes=[course, ""], waiting=True)
        for course in (FIRST, SECOND, THIRD)
    )
    progress.record(third.pk)

    with just_before("SELECT `credly_badges_badgeprogress`", lambda: progress.record(second.pk)):
        progress.record(first.pk)

    assert BadgeProgress.objects.get().percent == 100
    assert BadgeAward.objects.count() == 1


def test_a_statement_within_a_long_request_counts_though_another_came_meanwhile():
    learner = UserFactory()
    RuleFactory(requirement__group__template=TemplateFactory(active=True), requirement__scope=FIRST)
    intake.receive(says(learner, FIRST))

    with transaction.atomic():
        assert ReceivedEvent.objects.get().attributes == {"is_passing": True}  # From here on it sees no other.
        elsewhere(lambda: intake.receive(says(learner, FIRST, hour=1, is_passing=False)))
        intake.receive(says(learner, FIRST, hour=2))

    assert ReceivedEvent.objects.get().occurred_at == NOON + timedelta(hours=2)


def test_the_first_statement_of_two_requests_at_one_moment_is_stored_once():
    learner = UserFactory()
    RuleFactory(requirement__group__template=TemplateFactory(active=True), requirement__scope=FIRST)

    with transaction.atomic():
        assert not ReceivedEvent.objects.exists()
        elsewhere(lambda: intake.receive(says(learner, FIRST)))
        intake.receive(says(learner, FIRST, hour=1, is_passing=False))

    assert ReceivedEvent.objects.get().attributes == {"is_passing": False}


def test_a_badge_that_two_people_issue_at_one_moment_is_awarded_once():
    badge, learner = TemplateFactory(active=True), UserFactory()

    def grant() -> awards.Grant:
        return awards.grant(learner_id=learner.pk, template=badge, earned_at=NOON, source=BadgeAward.Source.BY_HAND)

    with transaction.atomic():
        assert not BadgeAward.objects.exists()
        elsewhere(grant)
        assert not grant().created

    assert BadgeAward.objects.count() == 1


def limited_badge(*quotas: int) -> Any:
    """A badge that may be awarded so many times: by its own availability, and by its organization's."""
    badge = TemplateFactory(active=True)
    for template, quota in zip((badge, None), quotas, strict=False):
        Availability.objects.create(organization=badge.organization, template=template, quota=quota)
    return badge


def test_the_last_badge_of_a_quota_is_not_awarded_to_two_people_at_one_moment():
    badge, one, other = limited_badge(1), UserFactory(), UserFactory()

    def grant(learner: Any) -> awards.Grant:
        return awards.grant(learner_id=learner.pk, template=badge, earned_at=NOON, source=BadgeAward.Source.BY_HAND)

    with transaction.atomic():
        assert not BadgeAward.objects.exists()  # From here on it sees no other.
        elsewhere(lambda: grant(one))
        with pytest.raises(awards.NotGrantable, match=r"the quota of 1 .everywhere. is used up"):
            grant(other)

    assert BadgeAward.objects.get().learner == one


def test_of_many_people_at_one_moment_as_many_are_awarded_as_the_quota_has():
    badge, learners = limited_badge(7, 5), UserFactory.create_batch(12)

    def try_to_grant(learner: Any) -> str:
        try:
            for _attempt in range(5):
                try:
                    awards.grant(
                        learner_id=learner.pk, template=badge, earned_at=NOON, source=BadgeAward.Source.BY_HAND
                    )
                except OperationalError:
                    continue  # A deadlock, after which whoever calls tries again.
                return "awarded"
        except awards.NotGrantable:
            return "none left"
        finally:
            connection.close()
        return "gave up"

    with ThreadPoolExecutor(6) as pool:
        came_of_it = list(pool.map(try_to_grant, learners))

    assert sorted(came_of_it) == ["awarded"] * 5 + ["none left"] * 7
    assert BadgeAward.objects.count() == 5


def passes(learner: Any, badge: Any) -> int:
    """A learner has passed the course of a badge, and a worker has yet to look at it."""
    if not badge.groups.exists():
        RuleFactory(requirement__group__template=badge, requirement__scope=FIRST)
    return ReceivedEventFactory(learner=learner, subject=FIRST, scopes=[FIRST, ""], waiting=True).pk


def test_the_last_badge_of_a_limit_is_not_awarded_to_two_people_at_one_moment():
    badge = TemplateFactory(active=True, limit_total=1)
    one, other = (passes(learner, badge) for learner in UserFactory.create_batch(2))

    with transaction.atomic():
        assert not BadgeAward.objects.exists()  # From here on it sees no other.
        elsewhere(lambda: progress.record(one))
        progress.record(other)

    assert BadgeAward.objects.count() == 1
    assert BadgeProgress.objects.exclude(withheld="").get().withheld.startswith("It was paused because 1 badge")
    badge.refresh_from_db()
    assert badge.status == "paused"


def test_of_many_people_at_one_moment_as_many_are_awarded_as_the_limit_has():
    badge = TemplateFactory(active=True, limit_total=5)
    events = [passes(learner, badge) for learner in UserFactory.create_batch(12)]

    def record(event_id: int) -> str:
        try:
            for _attempt in range(10):
                try:
                    progress.record(event_id)
                except OperationalError:
                    continue  # A deadlock, after which whoever calls tries again.
                return "recorded"
        finally:
            connection.close()
        return "gave up"

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(record, events)) == {"recorded"}

    assert BadgeAward.objects.count() == OutboxMessage.objects.count() == 5
    # Those who came when it was paused were not held against it; they are in its replay.
    assert BadgeProgress.objects.exclude(withheld="").exists()
    assert BadgeProgress.objects.filter(withheld="").count() == 5
    badge.refresh_from_db()
    assert badge.status == "paused"


def test_an_event_of_a_learner_who_is_moved_to_a_new_version_at_that_moment_is_judged_by_that():
    badge, learner = TemplateFactory(active=True), UserFactory()
    before, now = (GroupFactory(template=badge, version=number) for number in (1, 2))
    for group in (before, now):
        RuleFactory(requirement__group=group, requirement__scope=FIRST, requirement__key="first")
    certificate = "org.openedx.learning.certificate.created.v1"
    RequirementFactory(group=before, event_type=certificate, scope=FIRST)
    RuleFactory(requirement__group=now, requirement__scope=SECOND)
    passed = ReceivedEventFactory(learner=learner, subject=FIRST, scopes=[FIRST, ""], waiting=True)
    certified = ReceivedEventFactory(learner=learner, kind=certificate, subject=FIRST, scopes=[FIRST, ""], waiting=True)
    progress.record(passed.pk)

    def move() -> None:
        BadgeTemplate.objects.update(version=2)
        assert progress.move_on() == 1

    with just_before("SELECT `credly_badges_badgeprogress`", move):
        progress.record(certified.pk)

    mine = BadgeProgress.objects.get()
    assert (mine.version, mine.percent) == (2, 50)
    assert list(mine.fulfillments.values_list("requirement__group", flat=True)) == [now.pk]
    assert not ReceivedEvent.objects.filter(waiting=True).exists()


@pytest.mark.parametrize("do", [outbox.redrive, outbox.drop])
def test_whoever_sends_dead_letters_again_or_drops_them_cannot_deadlock_with_a_delivery(do):
    """A delivery locks the award and then its message; of two who lock in one order, one waits for the other."""
    for _letter in range(3):
        MessageFactory(state=OutboxMessage.State.DEAD)

    with CaptureQueriesContext(connection) as queries:
        assert do(OutboxMessage.objects.all(), by=None) == 3

    statements = [query["sql"] for query in queries.captured_queries]
    locked = [sql.partition("FROM `")[2].partition("`")[0] for sql in statements if sql.endswith("FOR UPDATE")]
    assert locked == ["credly_badges_badgeaward", "credly_badges_outboxmessage"]


def test_who_is_awarded_a_badge_at_the_moment_they_leave_is_forgotten_with_it():
    learner = UserFactory()
    RuleFactory(requirement__group__template=TemplateFactory(active=True), requirement__scope=FIRST)
    event = ReceivedEventFactory(learner=learner, subject=FIRST, scopes=[FIRST, ""], waiting=True)

    with just_before("DELETE FROM `credly_badges_receivedevent`", lambda: progress.record(event.pk)):
        retirement.forget(learner.pk)

    assert not BadgeAward.objects.filter(learner=learner).exists()
    assert not BadgeProgress.objects.exists()
    assert not ReceivedEvent.objects.exists()
