"""A badge from when it is earned to when it is lost, earned again, renewed or corrected; each read back from Credly."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from credly_badges import awards, lms, progress
from credly_badges.models import BadgeAward, BadgeProgress, CredlyOrganization, OutboxMessage
from credly_badges.testing.factories import RuleFactory

from .conftest import FIRST, NOON, SECOND, run_outbox_until_quiet

DAY = timedelta(days=1)
State = BadgeAward.State


@pytest.fixture
def badge_for(world):
    """A badge for passing these courses, with these terms."""

    def badge_for(*course_keys, at_credly=None, **policy):
        badge = world.badge_for_passing(*course_keys, **(at_credly or {}))
        for name, value in policy.items():
            setattr(badge, name, value)
        badge.save()
        return badge

    return badge_for


def standing(world, learner):
    """The badges of a learner that stand at Credly, oldest first: neither revoked nor replaced."""
    mine = [badge for badge in world.credly.badges() if badge["recipient_email"] == learner.user.email]
    left = [badge for badge in mine if badge["state"] != "revoked" and not badge.get("replacement_badge_id")]
    return sorted(left, key=lambda badge: badge["issued_at"])


def test_earned_again_before_credly_has_confirmed_that_it_was_taken_back(world, badge_for):
    badge_for(FIRST)
    learner = world.learner()
    learner.passes(FIRST)
    CredlyOrganization.objects.update(paused=CredlyOrganization.Pause.BY_HAND)
    awards.revoke(BadgeAward.objects.get(), "Plagiarism", by=None)
    learner.fails(FIRST, at=NOON + DAY)
    learner.passes(FIRST, at=NOON + 2 * DAY)
    assert BadgeProgress.objects.get().withheld

    CredlyOrganization.objects.update(paused="")
    run_outbox_until_quiet()
    assert not standing(world, learner)
    BadgeProgress.objects.update(try_again_at=NOON)
    progress.sweep()
    run_outbox_until_quiet()

    (remote,) = standing(world, learner)
    assert remote["issued_at"] == "2026-05-03T12:00:00.000Z"
    assert BadgeAward.objects.get(live=True).state == State.OFFERED


@pytest.mark.parametrize("revoked_ones_count", [False, True])
def test_earned_revoked_and_earned_again(world, badge_for, revoked_ones_count):
    world.credly.configure(duplicate_revoked=revoked_ones_count)
    badge_for(FIRST)
    learner = world.learner()
    learner.passes(FIRST)
    awards.revoke(BadgeAward.objects.get(), "Plagiarism", by=None)
    run_outbox_until_quiet()

    learner.fails(FIRST, at=NOON + DAY)
    learner.passes(FIRST, at=NOON + 2 * DAY)
    learner.passes(FIRST, at=NOON + 3 * DAY)
    run_outbox_until_quiet()

    new, old = BadgeAward.objects.all()
    assert (old.state, old.live) == (State.REVOKED, None)
    assert (new.state, new.live, new.previous, new.earned_at) == (State.OFFERED, True, old, NOON + 2 * DAY)
    (remote,) = standing(world, learner)
    assert (remote["id"], remote["issued_at"]) == (str(new.credly_id), "2026-05-03T12:00:00.000Z")


def test_who_fails_and_passes_again_keeps_the_one_badge(world, badge_for):
    badge = badge_for(FIRST)
    learner = world.learner()

    learner.passes(FIRST)
    learner.fails(FIRST, at=NOON + DAY)
    learner.passes(FIRST, at=NOON + 2 * DAY)
    run_outbox_until_quiet()

    assert BadgeProgress.objects.get().percent == 100
    assert world.credly.issued_count(learner.user.email, str(badge.uuid)) == 1


def test_a_badge_that_staff_took_back_by_mistake_is_given_back(world, badge_for):
    badge_for(FIRST)
    learner = world.learner()
    learner.passes(FIRST)
    award = BadgeAward.objects.get()
    awards.revoke(award, "Mixed up with another learner", by=None)
    run_outbox_until_quiet()

    restored = awards.restore(award, reason="It was the other one", by=None).award
    run_outbox_until_quiet()

    restored.refresh_from_db()
    (remote,) = standing(world, learner)
    assert (str(restored.credly_id), restored.earned_at) == (remote["id"], award.earned_at)


def test_a_badge_is_renewed_in_its_window_and_not_before(world, badge_for):
    badge_for(FIRST, expiry="period", expiry_days=100, renewal_days=30)
    learner = world.learner()
    learner.passes(FIRST)
    BadgeAward.objects.update(version=None)  # As one that was awarded before versions were counted.
    first = BadgeAward.objects.get()

    learner.fails(FIRST, at=NOON + 10 * DAY)
    learner.passes(FIRST, at=NOON + 20 * DAY)
    run_outbox_until_quiet()
    too_early = [badge["id"] for badge in world.credly.badges()]
    learner.fails(FIRST, at=NOON + 79 * DAY)
    learner.passes(FIRST, at=NOON + 80 * DAY)
    run_outbox_until_quiet()

    assert too_early == [str(first.credly_id)]
    award = BadgeAward.objects.get()
    (remote,) = standing(world, learner)
    assert (remote["id"], remote["replaces_badge_id"]) == (str(award.credly_id), str(first.credly_id))
    assert remote["expires_at"] == "2026-10-28T12:00:00.000Z"
    assert (award.earned_at, award.expires_at, award.version) == (NOON + 80 * DAY, NOON + 180 * DAY, 1)
    version = award.versions.get()
    assert (version.credly_id, version.expires_at) == (first.credly_id, NOON + 100 * DAY)
    assert version.because == "Renewed."


def test_who_takes_a_further_course_while_all_stays_met_has_the_badge_renewed(world, badge_for):
    badge = badge_for(expiry="period", expiry_days=100, renewal_days=30)
    RuleFactory(requirement__group__template=badge, requirement__scope="edX")
    learner = world.learner()

    learner.passes(FIRST)
    learner.passes(SECOND, at=NOON + 90 * DAY)
    run_outbox_until_quiet()

    award = BadgeAward.objects.get()
    assert (award.earned_at, award.versions.count()) == (NOON + 90 * DAY, 1)


@pytest.mark.parametrize("allows", [True, False])
def test_a_badge_that_is_earned_each_time_stands_beside_the_one_before_it(world, badge_for, allows):
    badge = badge_for(repeat="always", at_credly={"allow_duplicate_badges": allows})
    RuleFactory(requirement__group__template=badge, requirement__scope="edX")
    learner = world.learner()

    learner.passes(FIRST)
    learner.passes(SECOND, at=NOON + DAY)
    learner.passes(SECOND, at=NOON + 2 * DAY)  # The LMS says it again; nothing new was achieved.
    run_outbox_until_quiet()

    assert [each["issued_at"][:10] for each in standing(world, learner)] == ["2026-05-01", "2026-05-02"]
    assert BadgeAward.objects.filter(live=True).count() == 2


def test_a_badge_that_is_earned_once_a_month(world, badge_for):
    badge_for(FIRST, repeat="period", repeat_days=30)
    learner = world.learner()

    for days in (0, 10, 31):
        learner.passes(FIRST, at=NOON + days * DAY)
        learner.fails(FIRST, at=NOON + (days + 1) * DAY)
    run_outbox_until_quiet()

    assert [each["issued_at"][:10] for each in standing(world, learner)] == ["2026-05-01", "2026-06-01"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"expiry": "template"}, "2028-05-01T12:00:00.000Z"),
        ({"expiry": "never"}, None),
        ({"expiry": "date", "expiry_date": date(2027, 1, 31)}, "2027-01-31T23:59:59.000Z"),
        ({"expiry": "period", "expiry_days": 10}, "2026-05-11T12:00:00.000Z"),
        ({"expiry": "certificate", "expiry_days": 10}, "2026-05-16T12:00:00.000Z"),
    ],
)
def test_the_expiry_that_the_template_says_is_on_the_badge(world, badge_for, policy, expected):
    badge_for(FIRST, at_credly={"default_expires_at": "2 years"}, **policy)
    learner = world.learner()
    lms.backend().add_certificate(learner.user.pk, FIRST, NOON + 5 * DAY)

    learner.passes(FIRST)
    run_outbox_until_quiet()

    (remote,) = world.credly.badges()
    assert remote["expires_at"] == expected
    assert BadgeAward.objects.get().expires_at == (expected and datetime.fromisoformat(expected))


def test_evidence_and_language_are_on_the_badge(world, badge_for):
    badge_for(FIRST, evidence_certificate=True, evidence_course=True, evidence_grade=True, evidence_note="Well done.")
    learner = world.learner()
    lms.backend().add_profile(learner.user.pk, name="Ana Maria Ng", language="es-419")
    lms.backend().add_course(FIRST, "First Course")
    page = lms.backend().add_certificate(learner.user.pk, FIRST, NOON)
    lms.backend().add_grade(learner.user.pk, FIRST, 91)

    learner.passes(FIRST)
    run_outbox_until_quiet()

    (remote,) = world.credly.badges()
    assert remote["locale"] == "es-US"
    proofs = [
        (item.get("name") or item["title"], item.get("value") or item["description"]) for item in remote["evidence"]
    ]
    assert proofs == [
        ("Certificate: First Course", page),
        ("Course: First Course", f"https://lms.example.com/courses/{FIRST}/about"),
        ("Grade: First Course", "91 %"),
        ("Note", "Well done."),
    ]


def test_a_corrected_name_is_on_the_badge_that_takes_the_place_and_the_rest_stays(world, badge_for):
    badge_for(FIRST, expiry="period", expiry_days=100, evidence_note="Well done.")
    learner = world.learner()
    learner.passes(FIRST)
    lms.backend().add_profile(learner.user.pk, name="Ana Maria Nguyen")

    awards.replace(BadgeAward.objects.get(), cause="correction", because="A typo in the name", by=None)
    run_outbox_until_quiet()

    (remote,) = standing(world, learner)
    award = BadgeAward.objects.get()
    assert (remote["id"], remote["issued_to_last_name"]) == (str(award.credly_id), "Nguyen")
    assert (remote["expires_at"], remote["evidence"][0]["description"]) == ("2026-08-09T12:00:00.000Z", "Well done.")


def test_a_badge_follows_its_learner_to_a_new_address_until_they_accept_it(world, badge_for):
    badge_for(FIRST)
    learner = world.learner(email="old@example.com")
    learner.passes(FIRST)

    learner.user.email = "new@example.com"
    learner.user.save()
    run_outbox_until_quiet()

    (remote,) = standing(world, learner)
    award = BadgeAward.objects.get()
    assert (remote["recipient_email"], remote["id"]) == ("new@example.com", str(award.credly_id))
    assert world.credly.badges_of("old@example.com") == []

    world.credly.accept_badge(remote["id"])
    BadgeAward.objects.update(state=State.ACCEPTED)  # As a notice from Credly says.
    learner.user.email = "newest@example.com"
    learner.user.save()
    run_outbox_until_quiet()

    assert standing(world, learner) == []
    assert OutboxMessage.objects.filter(kind=OutboxMessage.Kind.REPLACE).count() == 1
