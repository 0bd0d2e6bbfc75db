"""Several badges of one organization leave in one request, and each still has its own fate."""

from __future__ import annotations

from collections import Counter

import pytest
from openedx_events.learning.signals import BADGE_AWARDED

from credly_badges.issuing import deliver, outbox
from credly_badges.models import BadgeAward, BadgeTemplate, CredlyOrganization, DeliveryAttempt, OutboxMessage

from .conftest import FIRST, run_outbox_until_quiet
from .test_crashes import dying

State = BadgeAward.State
BATCH, ALONE = "/badges/batch", "/badges"


def waiting(world, count, course_key=FIRST):
    """Learners who have passed while nothing was sent, so that all their badges are due at once."""
    CredlyOrganization.objects.update(paused="by_hand")
    learners = [world.learner() for _ in range(count)]
    for learner in learners:
        learner.passes(course_key)
    CredlyOrganization.objects.update(paused="")
    return learners


def posts(world):
    """What was sent to Credly, by the end of its address."""
    sent = [record.path for record in world.credly.requests("POST")]
    return Counter(BATCH if path.endswith("/batch") else ALONE for path in sent)


def each_has_one(world, learners, badge):
    return {world.credly.issued_count(each.user.email, str(badge.uuid)) for each in learners} == {1}


def test_the_badges_that_wait_leave_in_one_request_and_each_is_confirmed_for_itself(world):
    heard = []
    badge = world.badge_for_passing(FIRST)
    learners = waiting(world, 5)

    def hear(signal, badge, **kwargs):
        heard.append(badge.user.id)

    BADGE_AWARDED.connect(hear)
    deliver.sweep(source="beat")
    BADGE_AWARDED.disconnect(hear)

    assert posts(world) == {BATCH: 1}
    assert each_has_one(world, learners, badge)
    assert set(BadgeAward.objects.values_list("state", flat=True)) == {State.OFFERED}
    at_credly = {badge["recipient_email"]: badge["id"] for badge in world.credly.badges()}
    for award in BadgeAward.objects.select_related("learner"):
        assert str(award.credly_id) == at_credly[award.learner.email]
    assert list(DeliveryAttempt.objects.values_list("outcome", flat=True)) == ["delivered"] * 5
    assert sorted(heard) == sorted(each.user.pk for each in learners)


@pytest.mark.parametrize(("size", "expected"), [(2, {BATCH: 2, ALONE: 1}), (1, {ALONE: 5})])
def test_a_batch_is_no_larger_than_the_setting_says(world, settings, size, expected):
    settings.CREDLY_BADGES_BATCH_SIZE = size
    badge = world.badge_for_passing(FIRST)
    learners = waiting(world, 5)

    deliver.sweep(source="beat")

    assert posts(world) == expected
    assert each_has_one(world, learners, badge)


def test_the_end_of_a_pause_sends_what_waits_in_batches(world):
    badge = world.badge_for_passing(FIRST)
    learners = waiting(world, 5)

    outbox.wake_all(world.here)

    assert posts(world) == {BATCH: 1}
    assert each_has_one(world, learners, badge)


def test_what_credly_refuses_is_left_out_and_the_others_are_sent(world):
    badge = world.badge_for_passing(FIRST)
    learners = waiting(world, 5)
    bad = learners[2]
    type(bad.user).objects.filter(pk=bad.user.pk).update(email="no-address")

    deliver.sweep(source="beat")

    assert posts(world) == {BATCH: 2}
    assert each_has_one(world, [each for each in learners if each is not bad], badge)
    refused = OutboxMessage.objects.get(award__learner=bad.user)
    assert (refused.state, refused.award.state, refused.attempts) == ("dead", State.FAILED, 1)
    assert "email is invalid" in refused.error
    assert "batch" not in refused.error.partition("(")[0]


def test_all_of_an_archived_template_end_with_a_person_and_the_others_are_sent(world):
    gone, sound = world.badge_for_passing(FIRST), world.badge_for_passing(FIRST)
    learners = waiting(world, 3)
    world.archive(gone)

    deliver.sweep(source="beat")

    assert set(BadgeAward.objects.filter(template=gone).values_list("state", flat=True)) == {State.FAILED}
    assert each_has_one(world, learners, sound)


def test_a_badge_that_credly_has_already_is_taken_over_and_the_others_are_sent(world):
    badge = world.badge_for_passing(FIRST)
    learners = waiting(world, 4)
    theirs = world.credly.issue_badge(
        world.there,
        badge_template_id=str(badge.uuid),
        recipient_email=learners[1].user.email,
        issued_to_first_name="Ana",
        issued_to_last_name="Ng",
        issued_at="2020-01-01 00:00:00 +0000",
    )

    deliver.sweep(source="beat")

    assert each_has_one(world, learners, badge)
    assert str(BadgeAward.objects.get(learner=learners[1].user).credly_id) == theirs["id"]
    assert set(BadgeAward.objects.values_list("state", flat=True)) == {State.OFFERED}


@pytest.mark.parametrize("lost", ["reset", "timeout"])
def test_a_lost_answer_has_each_looked_for_and_none_is_issued_twice(world, lost):
    badge = world.badge_for_passing(FIRST, allow_duplicate_badges=True)
    learners = waiting(world, 4)
    world.credly.after_acting("POST /badges/batch", lose_the_answer=lost)

    run_outbox_until_quiet()

    assert posts(world) == {BATCH: 1}
    assert each_has_one(world, learners, badge)
    assert Counter(DeliveryAttempt.objects.values_list("outcome", flat=True)) == {"unanswered": 4, "found": 4}


def test_where_credly_issues_those_before_the_refused_one_they_are_found(world):
    world.credly.configure(batch_atomic=False)
    badge = world.badge_for_passing(FIRST, allow_duplicate_badges=True)
    learners = waiting(world, 4)
    type(learners[2].user).objects.filter(pk=learners[2].user.pk).update(email="no-address")

    deliver.sweep(source="beat")

    assert each_has_one(world, [learners[0], learners[1], learners[3]], badge)
    assert BadgeAward.objects.filter(state=State.OFFERED).count() == 3


@pytest.mark.parametrize(
    ("status", "outcome", "attempts"), [(503, "unavailable", 1), (429, "throttled", 0), (401, "unauthorized", 0)]
)
def test_when_credly_does_not_act_all_of_them_wait_and_go_out_later(world, status, outcome, attempts):
    badge = world.badge_for_passing(FIRST)
    learners = waiting(world, 3)
    world.credly.before_acting("POST /badges/batch", status=status)

    deliver.sweep(source="beat")

    assert set(DeliveryAttempt.objects.values_list("outcome", flat=True)) == {outcome}
    waits = OutboxMessage.objects.values_list("state", "attempts", "look_first", "lease")
    assert set(waits) == {("waiting", attempts, False, None)}
    CredlyOrganization.objects.update(paused="")
    run_outbox_until_quiet()
    assert each_has_one(world, learners, badge)


def test_who_cannot_be_sent_a_badge_yet_does_not_hold_up_the_others(world):
    badge = world.badge_for_passing(FIRST)
    learners = waiting(world, 3)
    type(learners[0].user).objects.filter(pk=learners[0].user.pk).update(is_active=False)
    BadgeAward.objects.filter(learner=learners[1].user).update(evidence=[{"wrong": "shape"}])

    deliver.sweep(source="beat")

    assert set(OutboxMessage.objects.values_list("award__learner", "state")) == {
        (learners[0].user.pk, "waiting"),
        (learners[1].user.pk, "waiting"),
        (learners[2].user.pk, "delivered"),
    }
    assert world.credly.issued_count(learners[2].user.email, str(badge.uuid)) == 1


def test_orders_that_have_to_look_first_and_revocations_go_alone(world):
    badge = world.badge_for_passing(FIRST)
    learners = waiting(world, 3)
    OutboxMessage.objects.filter(award__learner=learners[0].user).update(look_first=True)

    deliver.sweep(source="beat")

    assert posts(world) == {BATCH: 1, ALONE: 1}
    assert each_has_one(world, learners, badge)


def test_badges_that_credly_lets_a_learner_hold_twice_go_alone(world):
    """Of a batch that is sent again, nothing but Credly's rule against duplicates keeps it from being issued twice."""
    guarded = world.badge_for_passing(FIRST)
    unguarded = world.badge_for_passing(FIRST, allow_duplicate_badges=True)
    BadgeTemplate.objects.filter(pk=unguarded.pk).update(allow_duplicates=True)
    world.credly.configure(batch_atomic=False, batch_error_index=False, list_lag=60)
    learners = waiting(world, 3)
    type(learners[2].user).objects.filter(pk=learners[2].user.pk).update(email="no-address")

    deliver.sweep(source="beat")
    deliver.deliver_together(list(OutboxMessage.objects.filter(open=True).values_list("pk", flat=True)))

    for badge in (guarded, unguarded):
        assert each_has_one(world, learners[:2], badge)


def test_a_further_badge_of_the_same_template_goes_alone(world):
    world.badge_for_passing(FIRST)
    waiting(world, 3)
    BadgeAward.objects.update(occasion="2026-05-01T12:00:00.000000Z")

    deliver.sweep(source="beat")

    assert posts(world) == {ALONE: 3}


@pytest.mark.parametrize(("status", "outcome"), [(429, "throttled"), (401, "unauthorized")])
def test_once_credly_stops_one_of_a_batch_the_rest_is_not_asked_for(world, status, outcome):
    badge = world.badge_for_passing(FIRST)
    world.credly.configure(batch_error_index=False)
    learners = waiting(world, 5)
    type(learners[4].user).objects.filter(pk=learners[4].user.pk).update(email="no-address")
    world.credly.before_acting(f"POST */organizations/{world.there.uuid}/badges", times=None, status=status)

    deliver.sweep(source="beat")

    assert posts(world) == {BATCH: 1, ALONE: 1}
    assert list(DeliveryAttempt.objects.values_list("outcome", flat=True)) == [outcome] * 5
    assert set(OutboxMessage.objects.values_list("state", "attempts", "look_first")) == {("waiting", 0, False)}
    assert not any(world.credly.issued_count(each.user.email, str(badge.uuid)) for each in learners)


def test_each_template_says_for_itself_how_its_badges_are_issued_in_a_batch(world):
    plain, dated = world.badge_for_passing(FIRST), world.badge_for_passing(FIRST)
    BadgeTemplate.objects.filter(pk=dated.pk).update(expiry="never", suppress_email=True)
    (learner,) = waiting(world, 1)

    deliver.sweep(source="beat")

    assert posts(world) == {BATCH: 1}
    told = {each["badge_template"]["id"]: each for each in world.credly.badges()}
    assert told[str(dated.uuid)]["suppress_badge_notification_email"] is True
    assert told[str(plain.uuid)]["suppress_badge_notification_email"] is False
    assert sorted(world.credly.badges_of(learner.user.email)) == sorted([str(plain.uuid), str(dated.uuid)])


def test_wherever_a_process_dies_in_a_batch_each_learner_ends_with_one_badge(world, settings):
    settings.CREDLY_BADGES_LEASE_SECONDS = 0.02
    badge = world.badge_for_passing(FIRST, allow_duplicate_badges=True)

    for at in range(1, 200):
        for after in (False, True):
            learners = waiting(world, 3)
            with dying(at, after=after) as statements:
                deliver.sweep(source="beat")
            run_outbox_until_quiet()
            assert each_has_one(world, learners, badge), (at, after)
        if statements.count < at:
            break

    assert at > 20
    assert set(BadgeAward.objects.values_list("state", "live")) == {(State.OFFERED, True)}
