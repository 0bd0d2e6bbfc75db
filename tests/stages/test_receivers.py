"""What the LMS sends comes in through the plugin's own wiring, and whatever goes wrong the LMS goes on."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from crum import impersonate
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from credly_badges import lms
from credly_badges.events import receivers
from credly_badges.models import ReceivedEvent
from credly_badges.testing.factories import PASSING_STATUS, RequirementFactory, UserFactory
from tests.lms_events import KINDS, LEARNER, expected, send, the_learner_asking

pytestmark = pytest.mark.django_db

PROGRAM = "org.openedx.learning.program.certificate.awarded.v1"
ORA = "org.openedx.learning.ora.submission.created.v1"
SKILL = "org.openedx.learning.xblock.skill.verified.v1"


@pytest.fixture(autouse=True)
def _within_a_request():
    with the_learner_asking():
        yield
    lms.backend().clear()


def listening_to(kind):
    RequirementFactory(event_type=kind, scope="", group__template__active=True)


@contextmanager
def statements():
    """The SQL that was run, without what opens, closes and undoes transactions."""
    found = []
    with CaptureQueriesContext(connection) as context:
        yield found
    found += [
        each["sql"]
        for each in context.captured_queries
        if not each["sql"].startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT"))
    ]


@contextmanager
def the_database_failing_at(words):
    def fail(execute, sql, params, many, context):
        if words in sql:
            raise OperationalError("The database went away.")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield


def failed_before(kind):
    return receivers.failures().get(kind, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_that_the_lms_sends_is_stored(kind):
    UserFactory(pk=LEARNER)
    listening_to(kind)

    send(kind)

    stored, said = ReceivedEvent.objects.get(), expected(kind)
    assert (stored.learner_id, stored.kind, stored.subject) == said.identity
    assert (stored.occurred_at, stored.attributes, tuple(stored.scopes)) == (
        said.occurred_at,
        said.attributes,
        said.scopes,
    )
    assert str(stored.course_key or "") == said.course_key


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_that_nothing_listens_to_costs_the_lms_one_query(kind):
    UserFactory(pk=LEARNER)

    with statements() as run:
        send(kind)

    assert len(run) == 1
    assert not ReceivedEvent.objects.exists()


@pytest.mark.parametrize("kind", [ORA, SKILL])
def test_whom_an_event_is_about_is_only_looked_up_where_a_badge_listens(kind):
    UserFactory(pk=LEARNER)
    lms.backend().clear()

    with impersonate(None):
        send(kind)

    assert not failed_before(kind)


@pytest.mark.parametrize("kind", [ORA, SKILL])
def test_an_event_of_somebody_whom_the_lms_cannot_name_is_passed_over_with_a_warning(kind, caplog):
    UserFactory(pk=LEARNER)
    listening_to(kind)
    lms.backend().clear()
    before = failed_before(kind)

    with transaction.atomic(), impersonate(None):
        send(kind)
        UserFactory(username="the-request-goes-on")

    assert not ReceivedEvent.objects.exists()
    assert "An event could not be used." in caplog.text
    assert failed_before(kind) == before + 1
    assert get_user_model().objects.filter(username="the-request-goes-on").exists()


def test_a_learner_whose_account_is_not_active_yet_is_heard_too():
    UserFactory(pk=LEARNER, is_active=False)
    listening_to(PASSING_STATUS)

    send(PASSING_STATUS)

    assert ReceivedEvent.objects.get().learner_id == LEARNER


def test_an_event_that_comes_again_over_the_event_bus_is_stored_once():
    UserFactory(pk=LEARNER)
    listening_to(PASSING_STATUS)
    send(PASSING_STATUS)
    before = ReceivedEvent.objects.values().get()

    send(PASSING_STATUS, from_event_bus=True)

    assert ReceivedEvent.objects.values().get() == before


def test_a_learner_of_another_lms_is_passed_over_with_a_warning(caplog):
    listening_to(PROGRAM)
    before = failed_before(PROGRAM)

    with transaction.atomic():
        send(PROGRAM, from_event_bus=True)
        UserFactory(username="grading-goes-on")

    assert not ReceivedEvent.objects.exists()
    assert get_user_model().objects.filter(username="grading-goes-on").exists()
    assert f"{PROGRAM} is about learner {LEARNER}, whom this LMS does not have" in caplog.text
    assert failed_before(PROGRAM) == before + 1


def test_an_event_that_does_not_say_whom_it_is_about_is_passed_over_with_a_warning(caplog):
    listening_to(PROGRAM)
    before = failed_before(PROGRAM)
    nobody = {"id": None, "is_active": True, "pii": {"username": "ana_ng", "email": "ana.ng@example.com", "name": ""}}

    send(PROGRAM, from_event_bus=True, user=nobody)

    assert not ReceivedEvent.objects.exists()
    assert "without an LMS user id" in caplog.text
    assert "ana_ng" not in caplog.text
    assert "ana.ng" not in caplog.text
    assert failed_before(PROGRAM) == before + 1


def test_a_failing_database_is_recorded_and_never_stops_grading(caplog):
    UserFactory(pk=LEARNER)
    listening_to(PASSING_STATUS)
    before = failed_before(PASSING_STATUS)

    with transaction.atomic():
        grader = UserFactory(username="saved-by-the-lms")
        with the_database_failing_at("INSERT INTO"):
            send(PASSING_STATUS)
        grader.save()

    assert get_user_model().objects.filter(username="saved-by-the-lms").exists()
    assert not ReceivedEvent.objects.exists()
    assert f"{PASSING_STATUS} of learner {LEARNER} could not be taken in" in caplog.text
    assert "The database went away." in caplog.text
    assert "ana_ng" not in caplog.text
    assert "ana.ng" not in caplog.text
    assert failed_before(PASSING_STATUS) == before + 1


def test_the_lms_repeating_itself_makes_good_what_was_missed():
    UserFactory(pk=LEARNER)
    listening_to(PASSING_STATUS)
    with the_database_failing_at("credly_badges_receivedevent"):
        send(PASSING_STATUS)

    send(PASSING_STATUS)

    assert ReceivedEvent.objects.get().attributes["is_passing"] is True
