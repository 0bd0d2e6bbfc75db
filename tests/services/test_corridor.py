"""From the LMS's signal to Credly's badge, through a broker and a worker that are really there."""

from __future__ import annotations

from credly_badges.models import BadgeAward, BadgeProgress, DeliveryAttempt, Pulse

from .conftest import FIRST, SECOND, offered


def test_a_learner_passes_in_a_web_process_and_a_worker_issues_the_badge(site):
    badge = site.badge_for_passing(FIRST, SECOND)
    (learner,) = site.learners(1)
    site.start_workers(1)
    (lms,) = site.start_lms()

    lms.begin([[learner.pk, FIRST, 0, True]])
    lms.answer()
    site.wait_until("half the way is noted", lambda: BadgeProgress.objects.filter(percent=50).exists())

    assert not site.credly.requests()

    lms.begin([[learner.pk, SECOND, 24, True]])
    lms.answer()
    site.wait_until("the badge is offered", lambda: offered() == 1)
    site.wait_until("it was announced", lambda: BadgeAward.objects.filter(to_announce="").exists())

    (issued,) = site.credly.badges()
    award = BadgeAward.objects.get()
    assert site.credly.badges_of(learner.email) == [str(badge.uuid)]
    assert issued["issued_at"] == "2026-05-02T12:00:00.000Z"
    assert str(award.credly_id) == issued["id"]


def test_credly_fails_and_the_workers_own_follow_ups_bring_the_badge_there(site):
    badge = site.badge_for_passing(FIRST)
    (learner,) = site.learners(1)
    site.credly.before_acting("POST /badges", status=503, times=3)
    site.start_workers(1)
    (lms,) = site.start_lms()

    lms.begin([[learner.pk, FIRST, 0, True]])
    lms.answer()
    site.wait_until("the badge is offered", lambda: offered() == 1)

    outcomes = list(DeliveryAttempt.objects.values_list("outcome", flat=True))
    assert outcomes == ["unavailable"] * 3 + ["delivered"]
    assert site.credly.issued_count(learner.email, str(badge.uuid)) == 1
    assert not Pulse.objects.filter(source="beat").exists()  # Nobody swept.
