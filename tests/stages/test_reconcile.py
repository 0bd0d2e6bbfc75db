"""Comparing what we recorded with what Credly holds: what is found, what mends it, and being broken off."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credly_badges.issuing import deliver
from credly_badges.models import (
    AuditEntry,
    Availability,
    BadgeAward,
    BadgeTemplate,
    BadgeVersion,
    EarnerIdentifier,
    OutboxMessage,
    ReconcileDifference,
    ReconcileRun,
)
from credly_badges.reconcile import causes, fixes, nightly, runs, work
from credly_badges.reconcile.nightly import compare as compare_in_a_worker
from credly_badges.reconcile.nightly import mend as mend_in_a_worker
from credly_badges.testing.factories import (
    AwardFactory,
    MessageFactory,
    OrganizationFactory,
    ProgressFactory,
    TemplateFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

State = BadgeAward.State
SEARCH = "GET /high_volume_issued_badge_search"


@pytest.fixture(autouse=True)
def no_grace(settings):
    """What was changed a moment ago counts at once, where a test does not say otherwise."""
    settings.CREDLY_BADGES_RECONCILE_GRACE_SECONDS = 0


@pytest.fixture
def there(credly, at_credly):
    """A template as Credly has it,"""
    return credly.add_template(at_credly, "Scholar")


@pytest.fixture
def badge(there, organization) -> BadgeTemplate:
    """and as we have it."""
    return TemplateFactory(uuid=there.uuid, name="Scholar", organization=organization, active=True)


def issued(credly, at_credly, badge, user=None, **fields) -> dict:
    """A badge that Credly has for a learner of ours; nothing of it is recorded here."""
    user = user or UserFactory()
    earner, _ = EarnerIdentifier.objects.get_or_create(learner=user)
    values = {
        "recipient_email": user.email,
        "issued_to_first_name": "Ana",
        "issued_to_last_name": "Ng",
        "badge_template_id": str(badge.uuid),
        "issued_at": "2026-05-01T12:00:00Z",
        "issuer_earner_id": str(earner.value),
        "duplicate_behavior": "allow",
    }
    return credly.issue_badge(at_credly, **{**values, **fields})


def held(credly, at_credly, badge, user=None) -> BadgeAward:
    """A badge that both sides know, and agree on."""
    user = user or UserFactory()
    there = issued(credly, at_credly, badge, user)
    return AwardFactory(
        learner=user,
        template=badge,
        offered=True,
        credly_id=UUID(there["id"]),
        accept_url=there["accept_badge_url"],
        image_url=there["image_url"],
        is_public=True,
        credly_updated_at=there["updated_at"],
    )


def compare(organization, *, fixes=(), **options) -> ReconcileRun:
    return work.go_on(runs.begin(organization, fixes=fixes), **options)


def found(run: ReconcileRun) -> list[tuple[str, str]]:
    return list(run.differences.order_by("pk").values_list("cause", "fix"))


def deliver_all() -> None:
    OutboxMessage.objects.filter(open=True).update(not_before=timezone.now())
    deliver.sweep(source="beat")


class TestFindingAndMending:
    """Single differences that ask for a closer look."""

    def test_where_both_sides_agree_nothing_is_found_and_each_award_is_marked_as_seen(
        self, credly, at_credly, organization, badge
    ):
        award = held(credly, at_credly, badge)

        run = compare(organization)

        award.refresh_from_db()
        assert (run.state, run.counts, run.compared) == ("done", {}, 1)
        assert award.seen_in_run == run.pk

    def test_an_award_follows_a_badge_that_was_replaced_three_times(self, credly, at_credly, organization, badge):
        award = held(credly, at_credly, badge)
        last = {"id": str(award.credly_id)}
        for _ in range(3):
            last = credly.replace_badge(last["id"])

        run = compare(organization, fixes=["replaced"])

        award.refresh_from_db()
        assert found(run) == [("replaced", "fixed")]
        assert str(award.credly_id) == last["id"]
        assert BadgeVersion.objects.filter(award=award).count() == 3
        assert compare(organization).counts == {}

    def test_a_replacement_is_found_by_the_new_badge_alone_where_the_old_one_was_deleted(
        self, credly, at_credly, organization, badge
    ):
        award = held(credly, at_credly, badge)
        new = credly.replace_badge(str(award.credly_id))
        credly.delete_badge(str(award.credly_id))

        compare(organization, fixes=["replaced", "deleted"])

        award.refresh_from_db()
        assert (str(award.credly_id), award.state, award.live) == (new["id"], "offered", True)
        assert compare(organization).counts == {}

    @pytest.mark.parametrize("fate", ["revoke_badge", "delete_badge"])
    def test_what_became_of_a_replacement_is_found_though_the_search_still_shows_the_old_badge(
        self, credly, at_credly, organization, badge, fate
    ):
        award = held(credly, at_credly, badge)
        credly.advance(seconds=1)
        new = credly.replace_badge(str(award.credly_id))
        getattr(credly, fate)(new["id"])

        run = compare(organization, fixes=["replaced"])

        award.refresh_from_db()
        assert found(run) == [("replaced", "fixed")]
        assert (award.state, award.live) == ({"revoke_badge": "revoked", "delete_badge": "deleted"}[fate], None)
        assert compare(organization).counts == {}

    def test_a_badge_that_changed_in_nothing_we_keep_is_looked_at_once(self, credly, at_credly, organization, badge):
        award = held(credly, at_credly, badge)
        credly.advance(seconds=1)
        for _ in range(2):
            credly.toggle_public(str(award.credly_id))

        for expected in (1, 0):
            before = len(credly.requests("GET", str(award.credly_id)))
            run = compare(organization, fixes=["state"])
            assert run.counts == {}
            assert len(credly.requests("GET", str(award.credly_id))) - before == expected

    def test_a_badge_without_our_earner_id_is_known_by_its_address(self, credly, at_credly, organization, badge):
        learner = UserFactory(email="ana@example.org")
        issued(credly, at_credly, badge, learner, issuer_earner_id="17", recipient_email="Ana@Example.org")

        run = compare(organization, fixes=["unknown_here"])

        award = BadgeAward.objects.get()
        assert found(run) == [("unknown_here", "fixed")]
        assert (award.learner, award.state, award.source) == (learner, "offered", "found")
        assert not OutboxMessage.objects.exists()

    def test_an_address_that_nobody_confirmed_proves_nothing(self, credly, at_credly, organization, badge):
        learner = UserFactory(is_active=False)
        issued(credly, at_credly, badge, learner, issuer_earner_id=None)

        run = compare(organization, fixes=list(causes.FIXES))

        assert found(run) == [("foreign", "")]
        assert not BadgeAward.objects.exists()

    def test_a_badge_behind_a_dead_order_is_recorded_and_the_order_dropped(
        self, credly, at_credly, organization, badge
    ):
        award = AwardFactory(template=badge, state=State.FAILED)
        MessageFactory(award=award, dead=True)
        there = issued(credly, at_credly, badge, award.learner)

        run = compare(organization, fixes=["unknown_here"])

        assert found(run) == [("unknown_here", "fixed")]
        standing = BadgeAward.objects.get(live=True)
        assert str(standing.credly_id) == there["id"]
        assert not OutboxMessage.objects.filter(open=True).exists()
        assert compare(organization).counts == {}

    def test_an_award_that_nobody_sends_finds_its_badge_and_is_not_issued_twice(
        self, credly, at_credly, organization, badge
    ):
        credly.configure(duplicate_email_case="ignore")
        award = AwardFactory(template=badge)
        there = issued(credly, at_credly, badge, award.learner)

        run = compare(organization, fixes=list(causes.FIXES))
        deliver_all()

        award.refresh_from_db()
        assert found(run) == [("not_sent", "ordered")]
        assert (str(award.credly_id), award.state) == (there["id"], "offered")
        assert credly.issued_count(award.learner.email, str(badge.uuid)) == 1

    def test_a_second_badge_of_a_learner_is_left_to_a_person(self, credly, at_credly, organization, badge):
        award = held(credly, at_credly, badge)
        second = issued(credly, at_credly, badge, award.learner)
        third = issued(credly, at_credly, badge, award.learner)

        run = compare(organization, fixes=list(causes.FIXES))

        assert found(run) == [("double", ""), ("double", "")]
        assert {str(row.credly_id) for row in run.differences.all()} == {second["id"], third["id"]}

    def test_of_two_unknown_badges_of_one_learner_one_is_recorded_and_one_is_a_double(
        self, credly, at_credly, organization, badge
    ):
        learner = UserFactory()
        issued(credly, at_credly, badge, learner)
        issued(credly, at_credly, badge, learner)

        looked = compare(organization)
        mended = compare(organization, fixes=list(causes.FIXES))

        assert looked.counts == mended.counts == {"unknown_here": 1, "double": 1}
        assert found(mended) == [("unknown_here", "fixed"), ("double", "")]
        assert compare(organization).counts == {"double": 1}

    def test_where_a_badge_may_be_earned_again_a_second_one_is_recorded(self, credly, at_credly, organization, badge):
        BadgeTemplate.objects.update(repeat=BadgeTemplate.Repeat.ALWAYS)
        award = held(credly, at_credly, badge)
        BadgeAward.objects.update(earned_at="2025-05-01T12:00:00Z")
        issued(credly, at_credly, badge, award.learner)

        run = compare(organization, fixes=["unknown_here"])

        assert found(run) == [("unknown_here", "fixed")]
        assert BadgeAward.objects.filter(learner=award.learner, live=True).count() == 2

    def test_a_revoked_badge_that_nobody_recorded_is_no_difference(self, credly, at_credly, organization, badge):
        there = issued(credly, at_credly, badge)
        credly.revoke_badge(there["id"])

        assert compare(organization).counts == {}

    def test_a_learner_whose_award_a_person_took_back_or_gave_up_is_not_awarded_again(
        self, credly, at_credly, organization, badge
    ):
        for state in (State.REVOKED, State.FAILED):
            award = AwardFactory(template=badge, state=state, live=None)
            ProgressFactory(learner=award.learner, template=badge, percent=100, completed_at=timezone.now())

        assert compare(organization).counts == {}

    @pytest.mark.parametrize("fields", [{"status": "retired"}, {"credly_state": BadgeTemplate.CredlyState.ARCHIVED}])
    def test_nobody_is_missing_a_badge_that_is_not_to_be_had(self, organization, badge, fields):
        ProgressFactory(template=badge, percent=100, completed_at=timezone.now())
        BadgeTemplate.objects.update(**fields)

        assert compare(organization).counts == {}

    def test_a_badge_that_was_withheld_is_told_with_the_reason_and_stays_so(self, organization, badge):
        closed = timezone.now() - timedelta(days=1)
        Availability.objects.create(organization=organization, scope="", ends_at=closed)
        progress = ProgressFactory(
            template=badge, percent=100, completed_at=timezone.now(), withheld="The badge was available until May."
        )

        run = compare(organization, fixes=["not_awarded"])

        row = run.differences.get()
        assert row.facts["withheld"] == "The badge was available until May."
        assert row.fix == "failed"
        assert row.fix_said
        assert not BadgeAward.objects.filter(learner=progress.learner).exists()

    def test_a_missing_award_is_made_as_of_the_day_on_which_it_was_earned(self, organization, badge):
        earned_at = timezone.now() - timedelta(days=40)
        progress = ProgressFactory(template=badge, percent=100, completed_at=earned_at)

        run = compare(organization, fixes=["not_awarded"])

        award = BadgeAward.objects.get()
        assert found(run) == [("not_awarded", "ordered")]
        assert (award.learner, award.earned_at, award.source) == (progress.learner, earned_at, "requirements")
        assert AuditEntry.objects.filter(action="award.granted", object_id=award.pk).exists()

    def test_a_badge_that_the_search_passed_over_is_found_before_it_is_issued_twice(
        self, credly, at_credly, there, organization, badge
    ):
        credly.update_template(there, allow_duplicate_badges=True)
        learner = UserFactory()
        ProgressFactory(learner=learner, template=badge, percent=100, completed_at=timezone.now())
        passed_over = issued(credly, at_credly, badge, learner)
        credly.before_acting(SEARCH, 200, body={"data": [], "metadata": {"next_page_url": None}})

        run = compare(organization, fixes=["not_awarded"])
        deliver_all()

        assert found(run) == [("not_awarded", "ordered")]
        assert str(BadgeAward.objects.get().credly_id) == passed_over["id"]
        assert len(credly.badges()) == 1

    def test_a_learner_who_is_being_retired_has_no_address_to_move_a_badge_to(
        self, credly, at_credly, organization, badge, settings
    ):
        settings.RETIRED_EMAIL_PREFIX = "retired__user_"
        award = held(credly, at_credly, badge)
        award.learner.email = "retired__user_0a1b@retired.invalid"
        award.learner.save()
        OutboxMessage.objects.all().delete()

        run = compare(organization, fixes=["address"])

        assert run.counts == {}
        assert not OutboxMessage.objects.exists()

    def test_what_was_mended_meanwhile_is_left_as_it_is(self, credly, at_credly, organization, badge):
        progress = ProgressFactory(template=badge, percent=100, completed_at=timezone.now())
        run = compare(organization)
        BadgeAward.objects.create(learner=progress.learner, template=badge, earned_at=timezone.now())
        ReconcileRun.objects.update(state="stopped", step="credly", cursor="", template=badge, fixes=["not_awarded"])

        work.go_on(run)

        assert BadgeAward.objects.count() == 1

    def test_a_badge_that_credly_describes_badly_does_not_hide_the_others(self, credly, at_credly, organization, badge):
        garbled = held(credly, at_credly, badge)
        gone = held(credly, at_credly, badge)
        credly.delete_badge(str(gone.credly_id))
        with credly.store.lock:
            credly.store.badges[str(garbled.credly_id)].state = "suspended"

        run = compare(organization, fixes=list(causes.FIXES))

        garbled.refresh_from_db()
        assert found(run) == [("unreadable", ""), ("deleted", "fixed")]
        assert "suspended" in run.differences.get(cause="unreadable").facts["said"]
        assert garbled.state == "offered"


class TestWhatIsLeftOut:
    """What is in motion is no difference."""

    def test_an_award_that_changed_a_moment_ago_waits_for_the_next_comparison(
        self, credly, at_credly, organization, badge, settings
    ):
        settings.CREDLY_BADGES_RECONCILE_GRACE_SECONDS = 900
        award = held(credly, at_credly, badge)
        credly.delete_badge(str(award.credly_id))
        held_longer = held(credly, at_credly, badge)
        credly.delete_badge(str(held_longer.credly_id))
        BadgeAward.objects.filter(pk=held_longer.pk).update(modified=timezone.now() - timedelta(hours=1))

        run = compare(organization)

        assert [row.award for row in run.differences.all()] == [held_longer]

    def test_a_badge_that_is_being_issued_at_this_moment_is_not_unknown(
        self, credly, at_credly, organization, badge, settings
    ):
        settings.CREDLY_BADGES_RECONCILE_GRACE_SECONDS = 900
        issued(credly, at_credly, badge)

        assert compare(organization).counts == {}

    def test_an_order_on_its_way_speaks_for_itself(self, credly, at_credly, organization, badge):
        waiting = AwardFactory(template=badge)
        MessageFactory(award=waiting)
        issued(credly, at_credly, badge, waiting.learner)
        leaving = held(credly, at_credly, badge)
        MessageFactory(award=leaving, kind="revoke")
        credly.revoke_badge(str(leaving.credly_id))

        assert compare(organization).counts == {}

    def test_a_badge_that_the_lagging_index_does_not_show_yet_is_looked_at_and_there(
        self, credly, at_credly, organization, badge
    ):
        credly.configure(bulk_lag=3600.0)
        award = held(credly, at_credly, badge)

        run = compare(organization, fixes=list(causes.FIXES))

        award.refresh_from_db()
        assert (run.counts, award.state) == ({}, "offered")

    def test_a_badge_that_the_index_still_shows_and_credly_has_no_more_is_nobodys(
        self, credly, at_credly, organization, badge
    ):
        stale = issued(credly, at_credly, badge)
        # The page shows it, and Credly says of the badge itself that there is none.
        credly.before_acting(f"GET /badges/{stale['id']}", 404, times=None)

        assert compare(organization, fixes=list(causes.FIXES)).counts == {}
        assert not BadgeAward.objects.exists()

    def test_a_key_of_another_organization_deletes_nothing(self, credly, at_credly, organization, badge):
        award = held(credly, at_credly, badge)
        run = runs.begin(organization, fixes=["deleted"])
        ReconcileRun.objects.update(template=badge, step="ours")
        organization.api_key = credly.add_organization("Another").key
        organization.save()

        run = work.go_on(run)

        award.refresh_from_db()
        assert (run.state, run.counts, award.state) == ("stopped", {}, "offered")
        assert run.error


class TestBreakingOff:
    """A run that was stopped goes on where it was."""

    PER_PAGE = 4

    @pytest.fixture
    def many(self, credly, at_credly, badge):
        """Three pages, with something the matter on each, and beyond them."""
        credly.configure(bulk_page_size=self.PER_PAGE)
        awards = [held(credly, at_credly, badge) for _ in range(10)]
        for award in awards[::4]:
            credly.revoke_badge(str(award.credly_id))
        credly.delete_badge(str(awards[1].credly_id))
        issued(credly, at_credly, badge)
        issued(credly, at_credly, badge, issuer_earner_id=None, recipient_email="stranger@example.net")
        ProgressFactory(template=badge, percent=100, completed_at=timezone.now())
        return {"state": 3, "deleted": 1, "unknown_here": 1, "foreign": 1, "not_awarded": 1}

    def test_broken_off_after_any_page_it_counts_the_same(self, organization, many):
        pages = self.pages_of(compare, organization)
        assert pages >= 5

        for page in range(1, pages):
            run = runs.begin(organization)
            with pytest.raises(KeyboardInterrupt):
                work.go_on(run, on_page=Breaks(after=page))
            assert ReconcileRun.objects.get(pk=run.pk).state == "running"
            run = work.go_on(run)

            assert (run.state, run.counts, run.compared) == ("done", many, 12), f"after page {page}"

    @pytest.mark.parametrize("fixes", [(), ("state", "deleted", "unknown_here", "not_awarded")])
    def test_stopped_by_credly_again_and_again_it_counts_the_same(self, credly, organization, many, fixes):
        tries = 0
        run = runs.begin(organization, fixes=fixes)
        while run.state != "done":
            credly.clear_faults()
            credly.fail_randomly(0.75, kinds=("500",), seed=tries)
            tries += 1
            run = work.go_on(run)
            assert tries < 200

        assert tries > 5
        assert run.counts == many
        done = {"state": 3, "deleted": 1, "unknown_here": 1, "not_awarded": 1} if fixes else {}
        assert run.differences.exclude(fix="").count() == sum(done.values())

    def test_a_process_that_dies_leaves_the_run_to_others_after_its_lease(self, organization, many):
        run = runs.begin(organization)
        held_by_another = runs.Hold.take(run)

        with pytest.raises(runs.Busy) as busy:
            work.go_on(run)
        with pytest.raises(runs.Busy):
            runs.begin(organization)
        assert "resumed" in busy.value.sentence

        ReconcileRun.objects.update(heard_at=timezone.now() - runs.LEASE)
        assert work.go_on(run).counts == many
        with pytest.raises(runs.Lost):
            held_by_another.keep()

    def test_one_that_was_taken_over_writes_nothing_more(self, organization, many):
        run = runs.begin(organization)

        def another_takes_over(_run: ReconcileRun) -> None:
            ReconcileRun.objects.update(heard_at=timezone.now() - runs.LEASE)
            runs.Hold.take(run)

        work.go_on(run, on_page=another_takes_over)

        left = ReconcileRun.objects.get()
        assert (left.state, left.compared) == ("running", self.PER_PAGE)
        assert left.heard_at is not None

    def test_requests_that_are_held_back_are_waited_for(self, credly, organization, many):
        credly.before_acting("GET /high_volume_issued_badge_search", 429, headers={"Retry-After": "1"})

        run = compare(organization, patience=timedelta(seconds=2))

        assert (run.state, run.counts) == ("done", many)
        assert credly.faults_happened()

    def test_without_patience_a_run_that_is_held_back_stops_and_says_why(self, credly, organization, many):
        credly.before_acting("GET /badges/*", 429, headers={"Retry-After": "60"})

        run = compare(organization)

        assert run.state == "stopped"
        assert "fewer requests" in run.error
        assert work.go_on(run).counts == many

    def test_a_key_that_does_not_work_stops_the_run_and_a_new_one_lets_it_go_on(
        self, credly, at_credly, organization, many
    ):
        credly.revoke_key(at_credly)
        run = compare(organization)
        assert run.state == "stopped"
        assert "API key" in run.error

        organization.api_key = credly.new_key(at_credly)
        organization.save()

        assert work.go_on(run).counts == many

    def left_after_a_page(self, organization) -> ReconcileRun:
        run = runs.begin(organization)
        with pytest.raises(KeyboardInterrupt):
            work.go_on(run, on_page=Breaks(after=1))
        return run

    def test_where_credly_has_forgotten_the_place_the_template_is_begun_anew(self, credly, organization, many):
        run = self.left_after_a_page(organization)
        credly.before_acting(SEARCH, 422, body={"data": {"message": "Unknown page"}})

        run = work.go_on(run)

        assert (run.state, run.counts) == ("done", many)
        assert credly.faults_happened()

    def test_where_credly_forgets_it_again_and_again_the_run_stops_and_begins_anew_the_next_time(
        self, credly, organization, many
    ):
        run = self.left_after_a_page(organization)
        credly.before_acting(SEARCH, 422)

        def forgotten_again(run: ReconcileRun) -> None:
            if run.compared > self.PER_PAGE and not forgotten:
                forgotten.append(run.compared)
                credly.before_acting(SEARCH, 422)

        forgotten: list[int] = []
        run = work.go_on(run, on_page=forgotten_again)

        assert (run.state, forgotten) == ("stopped", [2 * self.PER_PAGE])
        assert "refused" in run.error
        run = work.go_on(run)
        assert (run.state, run.counts) == ("done", many)

    def test_a_template_of_which_credly_lists_nothing_is_looked_at_badge_by_badge(self, credly, organization, many):
        credly.before_acting(SEARCH, 404, times=None)

        run = compare(organization)

        assert run.state == "done"
        assert run.counts == {"state": 3, "deleted": 1, "not_awarded": 1}

    @pytest.mark.parametrize("side", ["credly", "ours"])
    def test_a_page_that_is_longer_than_a_slice_is_got_through_bit_by_bit(
        self, credly, at_credly, organization, badge, side
    ):
        credly.configure(bulk_lag=86_400 if side == "ours" else 0)
        awards = [held(credly, at_credly, badge) for _ in range(5)]
        for award in awards:
            credly.revoke_badge(str(award.credly_id))
        asked: list[int] = []
        run = runs.begin(organization)

        for _ in range(20):
            before = len(credly.requests("GET", "/badges/"))
            run = work.go_on(run, until=0)
            asked.append(len(credly.requests("GET", "/badges/")) - before)
            if run.state == "done":
                break

        assert (run.state, run.counts, run.compared) == ("done", {"state": 5}, 5)
        assert max(asked) == 1

    def test_what_was_looked_at_before_credly_stopped_it_is_not_looked_at_again(
        self, credly, at_credly, organization, badge
    ):
        awards = [held(credly, at_credly, badge) for _ in range(3)]
        for award in awards:
            credly.revoke_badge(str(award.credly_id))
        credly.before_acting(f"GET /badges/{awards[1].credly_id}", 429, headers={"Retry-After": "3600"})

        run = compare(organization)
        stopped = (run.state, run.counts)
        run = work.go_on(run)

        assert stopped == ("stopped", {"state": 1})
        assert (run.state, run.counts) == ("done", {"state": 3})
        assert [len(credly.requests("GET", str(award.credly_id))) for award in awards] == [1, 2, 1]

    @staticmethod
    def pages_of(compare, organization) -> int:
        told: list[int] = []
        compare(organization, on_page=lambda run: told.append(run.compared))
        return len(told)


class Breaks:
    """Ctrl-C after so many pages."""

    def __init__(self, *, after: int) -> None:
        self.left = after

    def __call__(self, _run: ReconcileRun) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


class TestSize:
    """What it costs."""

    def test_a_page_takes_the_same_queries_whatever_is_on_it(self, credly, at_credly, organization, badge):
        costs = []
        for more in (2, 40):
            for _ in range(more):
                held(credly, at_credly, badge)
                issued(credly, at_credly, badge, issuer_earner_id=None, recipient_email=f"{uuid4()}@example.net")
            with CaptureQueriesContext(
                connection,
            ) as queries:
                compare(organization)
            costs.append(len(queries))

        assert costs[0] == costs[1]

    def test_of_very_many_differences_some_are_kept_and_all_are_counted(self, credly, there, organization, badge):
        credly.add_badges(there, causes.MANY + 500)

        run = compare(organization)

        assert run.counts == {"foreign": causes.MANY + 500}
        assert run.differences.count() == causes.MANY

    def test_looking_writes_nothing_but_the_run(self, credly, at_credly, organization, badge):
        award = held(credly, at_credly, badge)
        credly.revoke_badge(str(award.credly_id))
        issued(credly, at_credly, badge)
        before = BadgeAward.objects.values().get()

        compare(organization)

        after = BadgeAward.objects.values().get()
        assert {**after, "seen_in_run": None} == before
        assert not AuditEntry.objects.exists()
        assert not OutboxMessage.objects.exists()

    def test_old_comparisons_are_forgotten_with_their_differences(self, organization, badge):
        ProgressFactory(template=badge, percent=100, completed_at=timezone.now())
        for _ in range(runs.KEPT + 3):
            compare(organization)

        assert organization.reconcile_runs.count() == runs.KEPT
        assert ReconcileDifference.objects.count() == runs.KEPT


class TestNightly:
    """What the scheduled work does."""

    def test_it_mends_what_only_corrects_our_record_and_leaves_the_rest(self, credly, at_credly, organization, badge):
        revoked = held(credly, at_credly, badge)
        credly.revoke_badge(str(revoked.credly_id))
        ProgressFactory(template=badge, percent=100, completed_at=timezone.now())

        nightly("beat")

        run = ReconcileRun.objects.get()
        assert found(run) == [("state", "fixed"), ("not_awarded", "")]

    def test_where_very_many_badges_seem_to_be_gone_at_once_a_person_looks_first(
        self, credly, at_credly, organization, badge
    ):
        for _ in range(fixes.MOST_GONE + 1):
            credly.delete_badge(str(held(credly, at_credly, badge).credly_id))

        nightly("beat")

        assert not BadgeAward.objects.filter(state=State.DELETED).exists()
        run = compare(organization, fixes=["deleted"])
        assert run.differences.filter(fix="fixed").count() == fixes.MOST_GONE + 1

    def test_a_comparison_whose_place_another_took_is_not_gone_on_with_by_its_own_task(self, organization, badge):
        old = runs.begin(organization)
        runs.begin(organization)

        compare_in_a_worker(old.pk)

        old.refresh_from_db()
        assert (old.state, old.heard_at) == ("stopped", None)

    def test_it_comes_round_once_a_day(self, organization, badge):
        for _ in range(3):
            nightly("beat")
        assert ReconcileRun.objects.count() == 1

        ReconcileRun.objects.update(started_at=timezone.now() - timedelta(hours=25))
        nightly("beat")

        assert ReconcileRun.objects.count() == 2

    def test_it_never_comes_round_where_the_site_says_so(self, organization, badge, settings):
        settings.CREDLY_BADGES_RECONCILE_HOURS = 0

        assert nightly("beat") == 0
        assert not ReconcileRun.objects.exists()

    def test_a_paused_organization_is_passed_over(self, organization, badge):
        OrganizationFactory(key_rejected=True)

        nightly("beat")

        assert [run.organization for run in ReconcileRun.objects.all()] == [organization]

    def test_in_short_slices_it_gets_to_the_end(self, credly, at_credly, organization, badge, settings):
        settings.CREDLY_BADGES_RECONCILE_SLICE_SECONDS = 0.001
        credly.configure(bulk_page_size=1)
        for _ in range(3):
            held(credly, at_credly, badge)

        rounds = 0
        while not ReconcileRun.objects.filter(state="done").exists():
            nightly("beat")
            rounds += 1
            assert rounds < 200  # On a busy machine, a slice may pass before anything is done.

        assert rounds > 3
        assert ReconcileRun.objects.get().compared == 3

    def test_a_stopped_comparison_is_gone_on_with(self, credly, at_credly, organization, badge):
        held(credly, at_credly, badge)
        credly.before_acting("GET *", 503, times=3)
        nightly("beat")
        assert ReconcileRun.objects.get().state == "stopped"

        nightly("beat")

        assert ReconcileRun.objects.get().state == "done"

    def test_what_a_person_broke_off_is_not_gone_on_with_unless_it_mends_what_the_site_has_mended_anyway(
        self, credly, at_credly, organization, badge
    ):
        gone = held(credly, at_credly, badge)
        BadgeAward.objects.filter(pk=gone.pk).update(state=State.REVOKED, live=None)
        run = runs.begin(organization, fixes=["not_revoked"])
        with pytest.raises(KeyboardInterrupt):
            work.go_on(run, on_page=Breaks(after=1))
        OutboxMessage.objects.all().delete()

        nightly("beat")

        run.refresh_from_db()
        assert (run.state, run.step) == ("running", "ours")
        assert ReconcileRun.objects.count() == 1
        ReconcileRun.objects.update(started_at=timezone.now() - timedelta(days=2))
        nightly("beat")
        assert list(ReconcileRun.objects.order_by("pk").values_list("state", flat=True)) == ["stopped", "done"]
        assert not OutboxMessage.objects.exists()

    def test_differences_that_somebody_chose_are_mended_in_slices(
        self, credly, at_credly, organization, badge, settings
    ):
        awards = [held(credly, at_credly, badge) for _ in range(3)]
        for award in awards:
            credly.revoke_badge(str(award.credly_id))
        run = compare(organization)
        settings.CREDLY_BADGES_RECONCILE_SLICE_SECONDS = 0

        mend_in_a_worker(list(run.differences.values_list("pk", flat=True)), None)

        assert found(run) == [("state", "fixed")] * 3

    def test_one_organization_that_fails_does_not_keep_the_next_from_its_turn(self, organization, badge):
        TemplateFactory(organization=OrganizationFactory(environment="nowhere"), active=True)

        nightly("beat")

        assert set(ReconcileRun.objects.values_list("state", flat=True)) == {"done", "stopped"}

    def test_a_setting_that_names_no_cause_is_refused_with_those_that_are(self, organization, badge, settings):
        settings.CREDLY_BADGES_RECONCILE_FIX = ["state", "weather"]

        with pytest.raises(ImproperlyConfigured, match=r"weather.*not_awarded"):
            nightly("beat")

        assert not ReconcileRun.objects.exists()
