"""Another badge takes the place of the one that a learner holds, and the award stands for the new one."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import transaction

from credly_badges import lms
from credly_badges.connections import connect
from credly_badges.issuing import mirror, outbox, recipients
from credly_badges.models import AuditEntry, BadgeAward, BadgeTemplate, BadgeVersion, DeliveryAttempt, OutboxMessage

from .conftest import FIRST, NOON, run_outbox_until_quiet

State = BadgeAward.State
NEXT_YEAR = NOON + timedelta(days=365)


@pytest.fixture
def held(world):
    """The badge of a learner who has passed, accepted by them."""
    badge = world.badge_for_passing(FIRST)
    learner = world.learner()
    learner.passes(FIRST)
    world.credly.accept_badge(str(BadgeAward.objects.get().credly_id))
    return badge, learner, BadgeAward.objects.select_related("template").get()


def order(award, **details):
    """Somebody or something orders a replacement."""
    with transaction.atomic():
        outbox.put(award, OutboxMessage.Kind.REPLACE, details)


def renewal(award):
    """The learner qualified again a year later, for another year."""
    until = (NEXT_YEAR + timedelta(days=365)).isoformat()
    order(award, cause="renewal", earned_at=NEXT_YEAR.isoformat(), expires_at=until, because="Qualified again")


def at_credly(world, award):
    """The badge that an award stands for now."""
    return world.credly.badge(str(BadgeAward.objects.get(pk=award.pk).credly_id))


def replaced_on_the_site(world, award):
    """Somebody puts another badge in the place of one on Credly's own site; its ID."""
    changes = {"issued_to_first_name": "Somebody", "issued_at": "2026-06-01T00:00:00Z"}
    return uuid.UUID(world.credly.replace_badge(str(award.credly_id), **changes)["id"])


def test_a_renewed_badge_has_a_new_date_a_new_expiry_and_everything_that_it_had(world, held):
    _badge, learner, award = held
    BadgeAward.objects.update(evidence=[{"name": "Project", "url": "https://example.org/p", "description": ""}])

    renewal(award)

    now, badge = BadgeAward.objects.get(), at_credly(world, award)
    assert (badge["replaces_badge_id"], badge["state"]) == (str(award.credly_id), "accepted")
    assert (badge["issued_at"], badge["expires_at"]) == ("2027-05-01T12:00:00.000Z", "2028-04-30T12:00:00.000Z")
    assert (badge["issued_to_first_name"], badge["issuer_earner_id"]) == ("Ana Maria", award.issuer_earner_id)
    assert [item["value"] for item in badge["evidence"]] == ["https://example.org/p"]
    assert (now.state, now.earned_at, now.expires_at) == (State.ACCEPTED, NEXT_YEAR, NEXT_YEAR + timedelta(days=365))
    assert recipients.is_marked(now.recipient_mark, learner.user.email)
    version = BadgeVersion.objects.get()
    assert (version.credly_id, version.earned_at, version.because) == (award.credly_id, NOON, "Qualified again")
    assert AuditEntry.objects.filter(action="award.replaced").count() == 1


def test_a_corrected_badge_keeps_its_dates(world, held):
    _badge, learner, award = held
    BadgeAward.objects.update(expires_at=NEXT_YEAR)
    lms.backend().add_profile(learner.user.pk, name="Ana Maria Silva")

    order(award, cause="correction", because="Married")

    badge = at_credly(world, award)
    assert (badge["issued_to_last_name"], badge["issued_at"]) == ("Silva", "2026-05-01T12:00:00.000Z")
    assert badge["expires_at"] == "2027-05-01T12:00:00.000Z"


@pytest.mark.parametrize("lost", ["reset", "timeout"])
def test_a_lost_answer_does_not_replace_the_badge_twice(world, held, lost):
    _badge, _learner, award = held
    world.credly.after_acting("POST /badges/*/replace", lose_the_answer=lost)

    renewal(award)
    run_outbox_until_quiet()

    assert len(world.credly.badges()) == 2
    assert at_credly(world, award)["replaces_badge_id"] == str(award.credly_id)
    assert BadgeAward.objects.get().earned_at == NEXT_YEAR
    assert list(DeliveryAttempt.objects.values_list("outcome", flat=True)) == ["delivered", "unanswered", "found"]


def test_credlys_notice_that_comes_before_the_second_look_does_not_replace_it_twice(world, held, settings):
    settings.CREDLY_BADGES_FIRST_WAIT = 60
    _badge, _learner, award = held
    world.credly.after_acting("POST /badges/*/replace", lose_the_answer=True)
    renewal(award)
    old = connect(world.here).badge(award.credly_id)

    followed = mirror.follow(old, as_of=NOON, organization=world.here)
    OutboxMessage.objects.filter(open=True).update(not_before=NOON)
    run_outbox_until_quiet()

    assert followed.fetch == uuid.UUID(world.credly.badges()[-1]["id"])
    assert len(world.credly.badges()) == 2
    now = BadgeAward.objects.get()
    assert (now.credly_id, now.earned_at, now.state) == (followed.fetch, NEXT_YEAR, State.ACCEPTED)
    assert BadgeVersion.objects.count() == 1


def test_what_somebody_has_put_in_its_place_is_replaced_instead(world, held):
    _badge, _learner, award = held
    theirs = replaced_on_the_site(world, award)

    renewal(award)

    assert at_credly(world, award)["replaces_badge_id"] == str(theirs)
    assert BadgeAward.objects.get().earned_at == NEXT_YEAR
    assert [each.credly_id for each in BadgeVersion.objects.all()] == [award.credly_id]


def test_a_refused_replacement_leaves_the_award_as_it_is(world, held):
    badge, _learner, award = held
    world.archive(badge)

    renewal(award)

    message, now = OutboxMessage.objects.get(kind="replace"), BadgeAward.objects.get()
    assert (message.state, now.state, now.live, now.credly_id) == ("dead", award.state, True, award.credly_id)
    assert "archived" in message.error


def test_a_replacement_waits_until_the_badge_was_issued(world, settings):
    world.badge_for_passing(FIRST)
    learner = world.learner()
    world.credly.before_acting("POST /badges", status=503, times=2)
    learner.passes(FIRST)

    renewal(BadgeAward.objects.select_related("template").get())
    run_outbox_until_quiet()

    assert BadgeAward.objects.get().earned_at == NEXT_YEAR
    assert [badge["replaces_badge_id"] is None for badge in world.credly.badges()] == [True, False]


def test_a_badge_revoked_meanwhile_is_not_replaced(world, held):
    _badge, _learner, award = held
    BadgeAward.objects.update(state=State.REVOKED, live=None)

    renewal(award)

    message = OutboxMessage.objects.get(kind="replace")
    assert (message.state, message.open) == ("dropped", None)
    assert "revoked" in message.error
    assert len(world.credly.badges()) == 1


def test_a_badge_that_somebody_replaced_is_revoked_all_the_same(world, held):
    _badge, learner, award = held
    theirs = replaced_on_the_site(world, award)
    BadgeAward.objects.update(revocation_reason="A mistake")

    with transaction.atomic():
        outbox.put(award, OutboxMessage.Kind.REVOKE)

    now = BadgeAward.objects.get()
    assert (now.state, now.live, now.credly_id) == (State.REVOKED, None, theirs)
    assert world.credly.badges_of(learner.user.email) == []


@pytest.fixture
def pending(world):
    """A badge that its learner has not accepted yet, and whose address has changed since."""
    badge = world.badge_for_passing(FIRST)
    learner = world.learner(email="old@example.org")
    learner.passes(FIRST)
    type(learner.user).objects.update(email="new@example.org")  # By a way that nobody here is told of.
    return badge, BadgeAward.objects.select_related("template").get()


@pytest.mark.parametrize("lost", [False, True])
def test_a_pending_badge_moves_to_the_new_address(world, pending, lost):
    _badge, award = pending
    if lost:
        world.credly.after_acting("POST /badges", lose_the_answer=True)

    order(award, cause="address")
    run_outbox_until_quiet()

    (badge,) = world.credly.badges()
    now = BadgeAward.objects.get()
    assert (badge["recipient_email"], badge["issuer_earner_id"]) == ("new@example.org", award.issuer_earner_id)
    assert now.credly_id == award.credly_id
    assert recipients.is_marked(now.recipient_mark, "new@example.org")


@pytest.mark.parametrize("fault", [None, "POST /badges", "PUT /badges/*/revoke"])
def test_where_credly_allows_duplicates_the_moved_badge_is_a_new_one_and_the_old_one_goes(world, pending, fault):
    badge, award = pending
    world.credly.update_template(world.remote[str(badge.uuid)], allow_duplicate_badges=True)
    if fault:
        world.credly.after_acting(fault, lose_the_answer=True)

    order(award, cause="address")
    run_outbox_until_quiet()

    old, new = world.credly.badges()
    now = BadgeAward.objects.get()
    assert (old["state"], new["state"], new["recipient_email"]) == ("revoked", "pending", "new@example.org")
    assert (str(now.credly_id), now.live, now.state) == (new["id"], True, State.OFFERED)
    assert BadgeVersion.objects.get().credly_id == award.credly_id


def test_an_accepted_badge_stays_with_the_account_that_accepted_it(world, pending):
    _badge, award = pending
    world.credly.accept_badge(str(award.credly_id))

    order(award, cause="address")

    message = OutboxMessage.objects.get(kind="replace")
    assert (message.state, message.open) == ("dropped", None)
    assert "stays with the account" in message.error
    assert [badge["recipient_email"] for badge in world.credly.badges()] == ["old@example.org"]
    assert "@" not in str(list(AuditEntry.objects.values()))


def test_one_of_several_badges_is_not_moved_by_guessing(world, pending):
    badge, award = pending
    BadgeAward.objects.create(
        learner=award.learner, template=badge, earned_at=NEXT_YEAR, occasion="2027", credly_id=uuid.uuid4()
    )

    order(award, cause="address")

    assert "several badges" in OutboxMessage.objects.get(kind="replace").error


def a_badge_that_credly_has(world, badge, learner, **fields):
    """Somebody has issued the learner's badge on Credly's own site."""
    return world.credly.issue_badge(
        world.there,
        badge_template_id=str(badge.uuid),
        recipient_email=learner.user.email,
        issued_to_first_name="Ana",
        issued_to_last_name="Ng",
        issued_at="2020-01-01 00:00:00 +0000",
        **fields,
    )


@pytest.mark.parametrize(
    ("policy", "state", "name"),
    [("adopt", "offered", "Ana"), ("replace", "offered", "Ana Maria"), ("stop", "failed", "Ana")],
)
def test_what_is_done_where_credly_has_the_badge_already_is_for_the_template_to_say(world, policy, state, name):
    badge = world.badge_for_passing(FIRST)
    BadgeTemplate.objects.update(on_duplicate=policy)
    learner = world.learner()
    theirs = a_badge_that_credly_has(world, badge, learner)

    learner.passes(FIRST)
    run_outbox_until_quiet()

    award, (issued,) = BadgeAward.objects.get(), world.credly.badges()
    assert (award.state, issued["issued_to_first_name"]) == (state, name)
    assert award.credly_id == (None if policy == "stop" else uuid.UUID(theirs["id"]))
    assert ("revoke the one at Credly" in OutboxMessage.objects.get().error) is (policy == "stop")


@pytest.mark.parametrize("lost", [False, True])
def test_a_revoked_badge_that_credly_counts_as_a_duplicate_does_not_stop_a_restored_one(world, lost):
    world.credly.configure(duplicate_revoked=True)
    badge = world.badge_for_passing(FIRST)
    learner = world.learner()
    theirs = a_badge_that_credly_has(world, badge, learner)
    world.credly.revoke_badge(theirs["id"])
    if lost:
        world.credly.after_acting("POST /badges", lose_the_answer=True, times=2)

    learner.passes(FIRST)
    run_outbox_until_quiet()

    assert BadgeAward.objects.get().state == State.OFFERED
    assert world.credly.badges_of(learner.user.email) == [str(badge.uuid)]


def test_a_badge_is_issued_anew_after_the_earlier_one_was_revoked(world, held):
    badge, learner, award = held
    BadgeAward.objects.update(live=None, revocation_reason="A mistake")
    world.credly.before_acting("PUT /badges/*/revoke", status=503, times=2)
    with transaction.atomic():
        outbox.put(award, OutboxMessage.Kind.REVOKE)
        anew = BadgeAward.objects.create(learner=award.learner, template=badge, earned_at=NEXT_YEAR, previous=award)
        outbox.put(anew, OutboxMessage.Kind.ISSUE)

    run_outbox_until_quiet()

    assert set(BadgeAward.objects.values_list("state", "live")) == {(State.REVOKED, None), (State.OFFERED, True)}
    assert world.credly.badges_of(learner.user.email) == [str(badge.uuid)]


def test_badges_of_several_occasions_stand_side_by_side_through_a_lost_answer(world, held):
    badge, learner, award = held
    second = BadgeAward.objects.create(learner=award.learner, template=badge, earned_at=NEXT_YEAR, occasion="2027")
    BadgeAward.objects.filter(pk=award.pk).update(credly_id=None)  # Also where another badge seems to be nobody's.
    world.credly.after_acting("POST /badges", lose_the_answer=True)

    with transaction.atomic():
        outbox.put(second, OutboxMessage.Kind.ISSUE)
    run_outbox_until_quiet()

    assert world.credly.issued_count(learner.user.email, str(badge.uuid)) == 2
    second.refresh_from_db()
    assert at_credly(world, second)["issued_at"] == "2027-05-01T12:00:00.000Z"


def test_the_order_says_when_the_badge_expires_which_language_and_whether_credly_writes(world):
    world.badge_for_passing(FIRST)
    BadgeTemplate.objects.update(expiry="period", expiry_days=10, suppress_email=True, evidence_note="With honors")
    learner = world.learner()
    lms.backend().add_profile(learner.user.pk, name="Ana Maria Ng", language="es-419")

    learner.passes(FIRST)

    (issued,), award = world.credly.badges(), BadgeAward.objects.get()
    assert (issued["expires_at"], issued["locale"]) == ("2026-05-11T12:00:00.000Z", "es-US")
    assert issued["suppress_badge_notification_email"] is True
    assert [item["description"] for item in issued["evidence"]] == ["With honors"]
    assert (award.expires_at, award.is_public) == (NOON + timedelta(days=10), True)
    assert award.credly_updated_at is not None
