"""Somebody asks why at every stop of a badge's way, from the LMS's first word to Credly's last."""

from __future__ import annotations

from credly_badges import lms, reports

from .conftest import FIRST, SECOND, run_outbox_until_quiet


def headline(learner, badge) -> str:
    return reports.why(learner.user.pk, badge).headline


def test_the_answer_follows_a_learner_from_failing_to_holding_the_badge(world):
    badge = world.badge_for_passing(FIRST, SECOND)
    learner = world.learner(username="ana")

    learner.fails(FIRST)
    assert headline(learner, badge) == "ana does not have the badge “Scholar”: nothing that it asks for is met."

    learner.passes(SECOND)
    assert headline(learner, badge) == "ana does not have the badge “Scholar” yet: 50 % of it is done."
    first, second = reports.why(learner.user.pk, badge).groups
    assert [rule.sentence for rule in first.requirements[0].occurrences[0].rules] == [
        "Learner is passing: no, needs yes."
    ]
    assert second.met


def test_what_credly_answered_is_told_attempt_by_attempt(world):
    badge = world.badge_for_passing(FIRST)
    learner = world.learner(username="ana")
    world.credly.before_acting("POST /badges", status=503, times=2)

    learner.passes(FIRST)
    assert headline(learner, badge) == "ana earned the badge “Scholar”, and it is on its way to Credly."

    run_outbox_until_quiet()
    why = reports.why(learner.user.pk, badge)
    assert why.headline == "ana has the badge “Scholar”, and has yet to accept it at Credly."
    outcomes = [
        [word for word in ("was unavailable (HTTP 503)", "delivered") if word in detail]
        for step in why.path
        for detail in step.details
        if detail.startswith("Attempt")
    ]
    assert outcomes == [["was unavailable (HTTP 503)"], ["was unavailable (HTTP 503)"], ["delivered"]]
    assert [step.done for step in why.path] == [True, True, True, True]


def test_a_badge_that_credly_refuses_is_told_with_credlys_words(world):
    badge = world.badge_for_passing(FIRST)
    world.archive(badge)
    learner = world.learner(username="ana")

    learner.passes(FIRST)
    run_outbox_until_quiet()

    why = reports.why(learner.user.pk, badge)
    assert why.headline == "ana earned the badge “Scholar”, and it could not be sent: somebody has to act."
    assert any("Credly refused" in detail for step in why.path for detail in step.details)


def test_who_passed_before_the_badge_was_active_is_told_that_a_backfill_counts_it(world):
    learner = world.learner(username="ana")
    learner.passes(FIRST)
    badge = world.badge_for_passing(FIRST)
    lms.backend().add_grade(learner.user.pk, FIRST, 90, letter="Pass")

    [group] = reports.why(learner.user.pk, badge).groups

    assert group.requirements[0].occurrences[0].details == (
        "The LMS knows of it, and nothing was heard of it here. A backfill of the badge would count it.",
    )
