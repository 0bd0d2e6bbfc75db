"""A certificate is revoked and awarded again: the same words are a new statement where their opposite lies between."""

from datetime import UTC, datetime, timedelta
from itertools import permutations, product

import pytest

from credly_badges.events import intake
from credly_badges.learning_event import LearningEvent
from credly_badges.models import ReceivedEvent
from credly_badges.testing.factories import COURSE_KEY, RequirementFactory, UserFactory

pytestmark = pytest.mark.django_db

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
CREATED = "org.openedx.learning.certificate.created.v1"
REVOKED = "org.openedx.learning.certificate.revoked.v1"
OTHER_COURSE = "course-v1:edX+Other+2026"


@pytest.fixture
def learner():
    """Somebody in an LMS where badges listen to both."""
    for kind in (CREATED, REVOKED):
        RequirementFactory(event_type=kind, scope="", group__template__active=True)
    return UserFactory()


def at(hour):
    return START + timedelta(hours=hour)


def told(learner, kind, hour, course=COURSE_KEY):
    said = {CREATED: "downloadable", REVOKED: "unavailable"}[kind]
    intake.receive(
        LearningEvent(learner.pk, kind, course, at(hour), {"certificate": {"current_status": said}}, (course, ""))
    )


def row(kind):
    return ReceivedEvent.objects.get(kind=kind)


def test_what_a_revocation_ends_is_marked(learner):
    told(learner, CREATED, 0)

    told(learner, REVOKED, 1)

    assert row(CREATED).ended
    assert not row(REVOKED).ended


def test_a_repetition_after_the_opposite_is_a_new_statement(learner, django_capture_on_commit_callbacks):
    told(learner, CREATED, 0)
    told(learner, REVOKED, 1)
    ReceivedEvent.objects.update(waiting=False)

    with django_capture_on_commit_callbacks() as woken:
        told(learner, CREATED, 2)

    assert row(CREATED).occurred_at == at(2)
    assert row(CREATED).waiting
    assert not row(CREATED).ended
    assert row(REVOKED).ended
    assert len(woken) == 1


def test_a_repetition_without_the_opposite_goes_on_being_one(learner, django_assert_num_queries):
    told(learner, CREATED, 0)

    with django_assert_num_queries(2):
        told(learner, CREATED, 1)

    assert (row(CREATED).occurred_at, row(CREATED).confirmed_at) == (at(0), at(1))


def test_another_course_or_another_learner_is_not_concerned(learner):
    other = UserFactory()
    told(learner, CREATED, 0)
    told(other, CREATED, 0, OTHER_COURSE)

    told(learner, REVOKED, 1, OTHER_COURSE)
    told(other, REVOKED, 1)

    assert not ReceivedEvent.objects.filter(ended=True).exists()


@pytest.mark.parametrize("order", list(permutations([(CREATED, 0), (REVOKED, 1), (CREATED, 2)])))
def test_awarded_revoked_and_awarded_again_ends_the_same_in_any_order_of_arrival(learner, order):
    for kind, hour in order:
        told(learner, kind, hour)

    assert (row(CREATED).occurred_at, row(CREATED).confirmed_at, row(CREATED).ended) == (at(2), at(2), False)
    assert (row(REVOKED).occurred_at, row(REVOKED).ended) == (at(1), True)


@pytest.mark.parametrize("order", list(permutations([(REVOKED, 0), (CREATED, 1), (REVOKED, 2)])))
def test_revoked_awarded_and_revoked_again_ends_the_same_in_any_order_of_arrival(learner, order):
    for kind, hour in order:
        told(learner, kind, hour)

    assert (row(REVOKED).occurred_at, row(REVOKED).ended) == (at(2), False)
    assert (row(CREATED).occurred_at, row(CREATED).ended) == (at(1), True)


@pytest.mark.parametrize("kinds", [each for each in product((CREATED, REVOKED), repeat=4) if len(set(each)) > 1])
def test_what_was_stated_last_stands_and_is_newer_than_its_opposite_in_any_order_of_arrival(learner, kinds):
    last = kinds[-1]
    other = REVOKED if last == CREATED else CREATED
    since = max(hour for hour, kind in enumerate(kinds) if kind == other)

    for order in permutations(range(4)):
        ReceivedEvent.objects.all().delete()
        for hour in order:
            told(learner, kinds[hour], hour)

        assert row(last).occurred_at > row(other).confirmed_at == at(since)
        assert (row(last).ended, row(other).ended) == (False, True)


def test_what_was_stated_again_after_a_late_opposite_is_held_against_the_requirements_once_more(
    learner, django_capture_on_commit_callbacks
):
    told(learner, CREATED, 0)
    told(learner, CREATED, 2)
    ReceivedEvent.objects.update(waiting=False)

    with django_capture_on_commit_callbacks() as woken:
        told(learner, REVOKED, 1)

    assert row(CREATED).waiting
    assert row(CREATED).occurred_at == at(2)
    assert len(woken) == 2


def test_of_two_opposites_made_at_one_moment_whichever_comes_again_is_news(learner):
    told(learner, CREATED, 0)
    told(learner, REVOKED, 0)

    told(learner, CREATED, 1)

    assert row(CREATED).occurred_at == at(1)
    assert row(REVOKED).ended
