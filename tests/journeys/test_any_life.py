"""Whatever happens to a badge, in whatever order, here and at Credly: in the end both agree."""

from __future__ import annotations

import contextlib
import random
from datetime import timedelta
from uuid import UUID

from django.core.management import call_command
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from credly_badges import awards, lms, notices
from credly_badges.issuing import deliver
from credly_badges.models import (
    AuditEntry,
    BadgeAward,
    BadgeProgress,
    BadgeTemplate,
    CredlyNotice,
    CredlyOrganization,
    OutboxMessage,
    ReceivedEvent,
    ReconcileRun,
)
from credly_badges.testing.simulator.envelope import ApiError

from .conftest import FIRST, NOON, World, run_outbox_until_quiet

STANDS = ("pending", "accepted", "rejected")
HABITS = {
    # What nobody outside Credly knows for certain; each life is lived with one answer to each.
    "duplicate_revoked": st.booleans(),
    "duplicate_rejected": st.booleans(),
    "duplicate_expired": st.booleans(),
    "duplicate_replaced": st.booleans(),
    "replaced_state": st.sampled_from(["keep", "revoked"]),
    "event_subject": st.sampled_from(["present", "snapshot"]),
    "event_deleted_subject": st.sampled_from(["full", "id", "absent"]),
    "event_order": st.sampled_from(["newest", "oldest"]),
    "auto_accept": st.sampled_from(["never", "everyone"]),
    "accept_after_reject": st.sampled_from(["allow", "refuse"]),
    "next_page_url_keeps_query": st.booleans(),
}


class Life(RuleBasedStateMachine):
    """One learner, one badge, and everybody who can do something to it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world, self.credly = world, world.credly
        self.day = 0
        self.told = 0  # How many of Credly's events were looked at by the webhook's way.

    @initialize(
        habits=st.fixed_dictionaries(HABITS),
        renewal=st.sampled_from([None, 0, 30]),
        expires=st.booleans(),
        has_it=st.sampled_from([True, True, False]),
    )
    def begin(self, habits: dict, renewal: int | None, expires: bool, has_it: bool) -> None:
        forget_everything()
        self.credly.reset()
        self.credly.configure(**habits)
        there = self.credly.add_organization(name="Example University")
        CredlyOrganization.objects.filter(pk=self.world.here.pk).update(
            uuid=there.uuid, paused="", wait_until=None, feed_read_at=None, feed_seen_until=None
        )
        self.world.here.refresh_from_db()
        self.world.here.api_key = there.key
        self.world.here.save()
        self.world.there = there
        self.badge = self.world.badge_for_passing(FIRST)
        policy = {"expiry": BadgeTemplate.Expiry.PERIOD, "expiry_days": 60} if expires else {}
        BadgeTemplate.objects.filter(pk=self.badge.pk).update(renewal_days=renewal, **policy)
        self.learner = self.world.learner()
        if has_it:
            self.earn(days=1)
            self.a_worker_delivers()

    # What the learner does, and the LMS says.

    @rule(days=st.integers(1, 90))
    def earn(self, days: int) -> None:
        self.day += days
        self.learner.passes(FIRST, at=NOON - timedelta(days=900) + timedelta(days=self.day))

    @rule()
    def lose(self) -> None:
        self.day += 1
        self.learner.fails(FIRST, at=NOON - timedelta(days=900) + timedelta(days=self.day))

    # What staff do here.

    @rule()
    def revoke(self) -> None:
        for award in BadgeAward.objects.filter(live=True):
            try:
                awards.revoke(award, "By mistake.", by=None)
            except awards.NotGrantable:
                self.refused()

    @rule()
    def restore(self) -> None:
        for award in BadgeAward.objects.filter(live=None).order_by("-pk")[:1]:
            try:
                awards.restore(award, reason="It was a mistake.", by=None)
            except awards.NotGrantable:
                self.refused()

    # What happens at Credly.

    @rule(
        deed=st.sampled_from(
            ["accept_badge", "reject_badge", "toggle_public", "revoke_badge", "delete_badge", "replace_badge"]
        )
    )
    def happens_at_credly(self, deed: str) -> None:
        for badge in [
            each for each in self.credly.badges() if each["state"] in STANDS and not each["replacement_badge_id"]
        ]:
            with contextlib.suppress(ApiError):  # Credly itself does not allow each deed in each state.
                getattr(self.credly, deed)(badge["id"])

    # What goes wrong on the way.

    @rule()
    def the_next_answer_is_lost(self) -> None:
        self.credly.after_acting("POST /badges", lose_the_answer=True)

    @rule()
    def credly_is_down_for_a_moment(self) -> None:
        self.credly.before_acting("*", 503, times=2)

    # What our workers do.

    @rule()
    def a_worker_delivers(self) -> None:
        OutboxMessage.objects.filter(open=True).update(not_before=timezone.now())
        deliver.sweep(source="beat")

    @rule(share=st.sampled_from([0.0, 0.5, 1.0]), seed=st.integers(0, 9))
    def webhooks_arrive(self, share: float, seed: int) -> None:
        """Some of them, in any order; the others are lost."""
        new = self.credly.events()[self.told :]
        self.told += len(new)
        chance = random.Random(seed)
        chance.shuffle(new)
        for event in new:
            if chance.random() < share:
                arrives(self.world.here, event)

    @rule()
    def the_feed_is_read(self) -> None:
        notices.read_feed(self.world.here)

    @invariant()
    def the_learner_holds_it_once_here(self) -> None:
        assert BadgeAward.objects.filter(live=True).count() <= 1

    @precondition(lambda self: hasattr(self, "badge"))
    @invariant()
    def credly_has_it_once(self) -> None:
        assert len(self.standing()) <= 1 or OutboxMessage.objects.filter(open=True).exists(), self.standing()

    def teardown(self) -> None:
        """Everything calms down, and what is left to mend is mended."""
        if not hasattr(self, "badge"):
            return
        self.credly.clear_faults()
        self.calm()
        reconcile("--fix-all-safe")
        self.calm()
        run = reconcile()

        assert run.counts == {}, run.counts
        here = BadgeAward.objects.filter(live=True, credly_id__isnull=False).first()
        standing = self.standing()
        assert [badge["id"] for badge in standing] == ([str(here.credly_id)] if here else [])
        if here:
            words = {"pending": "offered", "accepted": "accepted", "rejected": "declined"}
            assert here.state == words[standing[0]["state"]]
        for award in BadgeAward.objects.filter(live=None, credly_id__isnull=False):
            assert str(award.credly_id) not in [badge["id"] for badge in standing]
        assert not OutboxMessage.objects.filter(open=True).exclude(state=OutboxMessage.State.DEAD).exists()

    def standing(self) -> list[dict]:
        """What the learner holds at Credly."""
        return [each for each in self.credly.badges() if each["state"] in STANDS and not each["replacement_badge_id"]]

    def calm(self) -> None:
        OutboxMessage.objects.filter(open=True).update(not_before=timezone.now())
        CredlyOrganization.objects.update(wait_until=None)
        run_outbox_until_quiet()

    def refused(self) -> None:
        """Something stands in the way of a deed, and nothing was changed by asking: the invariants look at that."""


def arrives(organization: CredlyOrganization, event: dict) -> None:
    """A notice comes in by the webhook, and a worker takes it up."""
    notice, _created = CredlyNotice.objects.get_or_create(
        organization=organization,
        event_id=UUID(event["id"]),
        defaults={"event_type": event["event_type"], "not_before": timezone.now()},
    )
    notices.process(notice.pk)


def reconcile(*options: str) -> ReconcileRun:
    with contextlib.suppress(SystemExit):  # It ends with 1 where a difference is left; the run says which.
        call_command("credly_reconcile", *options, verbosity=0)
    return ReconcileRun.objects.latest("pk")


def forget_everything() -> None:
    for table in (ReconcileRun, CredlyNotice, OutboxMessage, BadgeAward, BadgeProgress, ReceivedEvent):
        table.objects.all().delete()
    BadgeTemplate.objects.all().delete()
    AuditEntry.objects.all()._raw_delete("default")
    lms.backend().clear()


def test_any_life_of_a_badge_ends_with_both_sides_agreeing(world, settings):
    settings.CREDLY_BADGES_RECONCILE_GRACE_SECONDS = 0
    run_state_machine_as_test(
        lambda: Life(world),
        settings=SETTINGS,
    )


SETTINGS = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
