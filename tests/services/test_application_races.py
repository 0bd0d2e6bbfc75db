"""Several people act on one application at one moment, on a site at REPEATABLE READ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from credly_badges import applications, lms
from credly_badges.applications import ApplicationError
from credly_badges.models import Application, ApplicationReview, AuditEntry, BadgeAward, OutboxMessage
from credly_badges.testing.factories import UserFactory
from tests.stages.applications_desk import PAGE, a_badge, applied, found

from .test_repeatable_read import elsewhere

State = Application.State
ROUNDS = 5


@pytest.fixture(autouse=True)
def _repeatable_read(transactional_db, _broker, monkeypatch) -> Iterator[None]:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", "repeatable read")
    connection.close()
    yield
    lms.backend().clear()
    connection.close()


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """What came of each, all begun at one moment, each in a request that has read something before."""
    gate = Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        try:
            with transaction.atomic():
                Application.objects.count()
                gate.wait(20)
                return deed()
        except (ApplicationError, OperationalError) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def reviewing(application, reviewer):
    return lambda: applications.review(application, findings=found(application.template, True), reviewer=reviewer)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_reviewers_at_one_moment_award_once(number):
    badge = a_badge(reviews_needed=2)
    application = applied(badge)

    came = at_once(*(reviewing(application, UserFactory()) for _ in range(2)))

    assert not [each for each in came if isinstance(each, Exception)]
    assert Application.objects.get().state == State.APPROVED
    assert BadgeAward.objects.count() == OutboxMessage.objects.count() == 1
    assert AuditEntry.objects.filter(action="application.approved").count() == 1


def test_five_reviewers_at_one_moment_where_one_is_enough_award_once():
    badge = a_badge()
    application = applied(badge)

    came = at_once(*(reviewing(application, UserFactory()) for _ in range(5)))

    assert len([each for each in came if isinstance(each, applications.Reviewed)]) == 1
    assert len([each for each in came if isinstance(each, applications.InTheWay)]) == 4
    assert BadgeAward.objects.count() == ApplicationReview.objects.count() == 1


def test_a_reviewer_whose_request_began_before_sees_what_another_found_meanwhile():
    badge = a_badge(reviews_needed=2)
    application = applied(badge)
    first, second = UserFactory(), UserFactory()

    with transaction.atomic():
        assert not ApplicationReview.objects.exists()
        elsewhere(reviewing(application, first))
        reviewing(application, second)()

    assert Application.objects.get().state == State.APPROVED
    assert BadgeAward.objects.count() == 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_approving_and_denying_at_one_moment_does_one_of_both(number):
    badge = a_badge(awards_at_once=False)
    application = applied(badge)
    reviewing(application, UserFactory())()
    manager = UserFactory()

    came = at_once(
        lambda: applications.approve(application, by=manager),
        lambda: applications.deny(application, by=manager, feedback="No."),
    )

    assert len([each for each in came if isinstance(each, applications.InTheWay)]) == 1
    row = Application.objects.get()
    assert BadgeAward.objects.count() == (row.state == State.APPROVED)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_the_same_application_sent_twice_at_one_moment_is_kept_once(number):
    badge = a_badge()
    learner = lms.learner(UserFactory().pk)

    came = at_once(*[lambda: applications.submit(badge, learner=learner, evidence=[PAGE])] * 2)

    assert len([each for each in came if isinstance(each, Application)]) == 1
    assert Application.objects.count() == 1


def test_a_criterion_that_is_taken_away_while_it_is_reviewed_leaves_a_review_or_a_refusal():
    badge = a_badge(True, False)
    application = applied(badge)
    findings = found(badge, True, True)
    kept = applications.Criterion("Criterion 0", id=findings[0].criterion)

    came = at_once(
        lambda: applications.review(application, findings=findings, reviewer=UserFactory()),
        lambda: applications.set_form(badge, is_open=True, criteria=[kept]),
    )

    assert not [each for each in came if isinstance(each, OperationalError)]
    assert ApplicationReview.objects.count() == BadgeAward.objects.count() <= 1
