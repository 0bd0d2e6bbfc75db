"""Events that decide nothing are removed when they are old; what counts for somebody stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from credly_badges import reports
from credly_badges.events import keeping
from credly_badges.models import ReceivedEvent
from credly_badges.testing.factories import (
    FulfillmentFactory,
    ProgressFactory,
    ReceivedEventFactory,
    RequirementFactory,
    TemplateFactory,
)

pytestmark = pytest.mark.django_db

TWO_YEARS = timedelta(days=730)


def an_event(ago=TWO_YEARS, **columns):
    return ReceivedEventFactory(occurred_at=timezone.now() - ago, **columns)


def counted(event, *, holds=True):
    """A badge has decided about the event."""
    requirement = RequirementFactory(group__template=TemplateFactory(active=True), event_type=event.kind)
    progress = ProgressFactory(learner=event.learner, template=requirement.group.template)
    return FulfillmentFactory(progress=progress, requirement=requirement, subject=event.subject, holds=holds)


def test_an_old_event_that_decided_nothing_is_removed():
    an_event()
    young = an_event(timedelta(days=300))

    assert keeping.purge() == 1
    assert ReceivedEvent.objects.get() == young


@pytest.mark.parametrize(("holds", "removed"), [(True, 0), (False, 1)])
def test_an_event_stays_for_as_long_as_a_badge_counts_it(holds, removed):
    counted(an_event(), holds=holds)

    assert keeping.purge() == removed


def test_what_counts_for_another_learner_or_course_does_not_keep_it():
    event = an_event()
    counted(an_event(subject="course-v1:edX+Other+1", learner=event.learner))
    counted(an_event(course_key=None))

    assert keeping.purge() == 1
    assert not ReceivedEvent.objects.filter(pk=event.pk).exists()


def test_an_old_event_that_was_repeated_lately_stays():
    an_event(confirmed_at=timezone.now() - timedelta(days=3))

    assert keeping.purge() == 0


def test_an_old_event_that_waits_for_a_worker_stays():
    an_event(waiting=True)

    assert keeping.purge() == 0


def test_nothing_is_removed_where_events_are_kept_for_ever(settings):
    settings.CREDLY_BADGES_EVENT_DAYS = 0
    an_event()

    assert keeping.purge() == 0


def test_a_dry_run_counts_and_removes_nothing():
    an_event()

    assert keeping.purge(dry_run=True) == 1
    assert ReceivedEvent.objects.count() == 1


def test_many_are_removed_piece_by_piece(monkeypatch):
    monkeypatch.setattr(keeping, "AT_ONCE", 2)
    for _number in range(5):
        an_event()
    counted(an_event())

    assert keeping.purge() == 5
    assert ReceivedEvent.objects.count() == 1


def test_what_the_time_does_not_suffice_for_is_left_to_the_next_time():
    an_event()

    assert keeping.purge(until=0) == 0
    assert keeping.purge() == 1


def test_who_met_something_is_still_told_why_after_the_removal():
    event = an_event()
    fulfillment = counted(event)
    fulfillment.holds = True
    fulfillment.save()
    ReceivedEvent.objects.all().delete()

    [group] = reports.why(event.learner_id, fulfillment.progress.template).groups

    assert group.requirements[0].met
    assert [each.subject for each in group.requirements[0].occurrences] == [event.subject]
