"""What Credly tells us, and what is only said in its name: each type of event in each circumstance."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import current_app
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from credly_badges import notices, onboarding
from credly_badges.models import AuditEntry, BadgeAward, BadgeTemplate, BadgeVersion, CredlyNotice, CredlyOrganization
from credly_badges.notices import confirm
from credly_badges.testing.factories import AwardFactory, OrganizationFactory, TemplateFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

Award = BadgeAward.State
Template = BadgeTemplate.CredlyState
State = CredlyNotice.State


@dataclass
class World:
    """A template and a badge, as Credly has them and as we do, and the address at which we hear of them."""

    credly: Any
    at_credly: Any
    organization: CredlyOrganization
    remote: Any
    template: BadgeTemplate
    badge_id: str
    award: BadgeAward
    browser: Client = field(default_factory=Client)

    def post(self, notice: dict[str, Any], **changes: Any) -> int:
        body = {**notice, **changes}
        return self.browser.post("/badges/credly/webhook/", body, content_type="application/json").status_code

    def told(self) -> list[dict[str, Any]]:
        """What Credly would tell us of, newest last."""
        return [each for each in self.credly.notices() if each["organization_id"] == self.at_credly.uuid]

    def fetched(self) -> int:
        """How often Credly was asked for an event."""
        return len(self.credly.requests("GET", "/events/"))

    def here(self) -> tuple[Any, ...]:
        """What we believe."""
        self.award.refresh_from_db(), self.template.refresh_from_db()
        return (
            self.award.state, self.award.live, self.award.is_public, self.award.credly_id,
            self.template.credly_state, self.template.is_active, self.template.name, BadgeTemplate.objects.count(),
        )  # fmt: skip

    def its_time_has_come(self) -> None:
        """As if the waits were over."""
        CredlyNotice.objects.update(not_before=timezone.now() - timedelta(seconds=1))
        notices.sweep()


@pytest.fixture
def world(credly, at_credly, organization) -> World:
    cache.clear()
    remote = credly.add_template(at_credly, "Scholar")
    badge = credly.issue_badge(
        at_credly,
        badge_template_id=remote.uuid,
        recipient_email="ana@example.com",
        issued_to_first_name="Ana",
        issued_to_last_name="Ng",
        issued_at="2026-05-01 12:00:00 +0000",
    )
    template = TemplateFactory(uuid=remote.uuid, name="Scholar", organization=organization, active=True)
    award = AwardFactory(offered=True, credly_id=UUID(badge["id"]), template=template, learner=UserFactory())
    return World(credly, at_credly, organization, remote, template, badge["id"], award)


@dataclass(frozen=True)
class Happening:
    """Something that happens at Credly, and how we can see that we heard of it."""

    happens: Callable[[World], Any]
    seen: Callable[[World], bool]
    deleted: Callable[[World], Any] | None = None

    def __call__(self, world: World) -> dict[str, Any]:
        self.happens(world)
        return world.told()[-1]


def _delete_new(world: World) -> None:
    world.credly.delete_template(world.new)  # type: ignore[attr-defined]


def _add(world: World) -> None:
    world.new = world.credly.add_template(world.at_credly, "Brand new")  # type: ignore[attr-defined]


def _rename_state(world: World) -> None:
    world.credly.configure(event_state_changed="badge.state.updated")
    world.credly.reject_badge(world.badge_id)


HAPPENINGS = {
    "badge_template.created": Happening(
        _add, lambda _world: BadgeTemplate.objects.filter(name="Brand new", status="draft").exists(), _delete_new
    ),
    "badge_template.changed": Happening(
        lambda world: world.credly.archive_template(world.remote),
        lambda world: (world.template.credly_state, world.template.is_active) == (Template.ARCHIVED, False),
        lambda world: world.credly.delete_template(world.remote),
    ),
    "badge_template.deleted": Happening(
        lambda world: world.credly.delete_template(world.remote),
        lambda world: (world.template.credly_state, world.template.is_active) == (Template.GONE, False),
    ),
    "badge.created": Happening(
        lambda _world: None,  # It was issued already; its state here is not known yet.
        lambda world: world.award.is_public is not None,
        lambda world: world.credly.delete_badge(world.badge_id),
    ),
    "badge.state.changed": Happening(
        lambda world: world.credly.accept_badge(world.badge_id),
        lambda world: world.award.state == Award.ACCEPTED,
        lambda world: world.credly.delete_badge(world.badge_id),
    ),
    "badge.state.updated": Happening(
        _rename_state,
        lambda world: world.award.state == Award.DECLINED,
        lambda world: world.credly.delete_badge(world.badge_id),
    ),
    "badge.privacy.changed": Happening(
        lambda world: world.credly.toggle_public(world.badge_id),
        lambda world: world.award.is_public is False,
        lambda world: world.credly.delete_badge(world.badge_id),
    ),
    "badge.deleted": Happening(
        lambda world: world.credly.delete_badge(world.badge_id),
        lambda world: (world.award.state, world.award.live) == (Award.DELETED, None),
    ),
}
TYPES = list(HAPPENINGS)


def seen(world: World, event_type: str) -> bool:
    world.here()
    return HAPPENINGS[event_type].seen(world)


@pytest.mark.parametrize("event_type", TYPES)
def test_a_genuine_notice_is_believed_once_credly_confirms_it(event_type, world):
    notice = HAPPENINGS[event_type](world)
    assert not seen(world, event_type)

    status = world.post(notice)

    assert status == 200
    assert notice["event_type"] == event_type
    assert seen(world, event_type)
    row = CredlyNotice.objects.get()
    assert (row.state, row.event_type, row.source) == (State.DONE, event_type, "webhook")
    assert (str(row.event_id), row.attempts) == (notice["id"], 1)
    assert row.outcome
    assert world.fetched() == 1
    world.organization.refresh_from_db()
    assert world.organization.noticed_at == row.received_at


@pytest.mark.parametrize("said", ["badge.deleted", "badge_template.deleted", "badge.created"])
@pytest.mark.parametrize("event_type", TYPES)
def test_a_forged_type_does_not_count_credlys_does(event_type, said, world):
    notice = HAPPENINGS[event_type](world)

    world.post(notice, event_type=said)

    assert seen(world, event_type)
    assert CredlyNotice.objects.get().event_type == event_type
    assert world.fetched() == 1


@pytest.mark.parametrize("event_type", TYPES)
def test_an_event_that_is_made_up_changes_nothing_and_is_asked_for_once(event_type, world):
    before = world.here()
    made_up = {"id": str(uuid4()), "organization_id": world.at_credly.uuid, "event_type": event_type}

    statuses = [world.post(made_up) for _number in range(3)]
    world.its_time_has_come()

    assert statuses == [200, 200, 200]
    assert world.here() == before
    row = CredlyNotice.objects.get()
    assert (row.state, row.repeated, row.subject_id, row.occurred_at) == (State.REJECTED, 2, None, None)
    assert world.fetched() == 1


@pytest.mark.parametrize("event_type", TYPES)
def test_an_event_of_another_organization_changes_nothing(event_type, world, credly):
    foreign = credly.add_organization("Elsewhere College")
    mine, world.at_credly = world.at_credly, foreign
    world.remote = credly.add_template(foreign, "Scholar", uuid=str(uuid4()))
    badge = {"badge_template_id": world.remote.uuid, "recipient_email": "b@example.com", "issued_to_first_name": "B"}
    issued = credly.issue_badge(foreign, **badge, issued_to_last_name="C", issued_at="2026-05-01 12:00:00 +0000")
    ours, world.badge_id = world.badge_id, issued["id"]
    notice = HAPPENINGS[event_type](world)
    before = world.here()

    as_it_is = world.post(notice)
    as_if_ours = world.post(notice, organization_id=mine.uuid)

    assert (as_it_is, as_if_ours) == (200, 200)
    assert world.here() == before
    assert ours != world.badge_id
    row = CredlyNotice.objects.get()  # Of an organization that is not connected here, nothing is kept.
    assert (row.organization, row.state) == (world.organization, State.REJECTED)
    assert world.fetched() == 1


@pytest.mark.parametrize("event_type", TYPES)
def test_a_replayed_notice_is_counted_and_causes_no_work(event_type, world):
    notice = HAPPENINGS[event_type](world)
    world.post(notice)
    after_once = world.here()
    asked = len(world.credly.requests())

    statuses = {world.post(notice) for _number in range(5)}

    assert statuses == {200}
    assert world.here() == after_once
    assert CredlyNotice.objects.get().repeated == 5
    assert len(world.credly.requests()) == asked


@pytest.mark.parametrize("event_type", TYPES)
def test_while_credly_is_down_a_notice_waits_and_is_done_later(event_type, world):
    notice = HAPPENINGS[event_type](world)
    world.credly.before_acting("GET /events/*", status=503, times=2)

    status = world.post(notice)
    down = CredlyNotice.objects.get()
    world.its_time_has_come()
    world.its_time_has_come()

    assert status == 200
    assert (down.state, down.attempts) == (State.WAITING, 1)
    assert "503" in down.outcome
    assert seen(world, event_type)
    assert CredlyNotice.objects.get().state == State.DONE
    assert world.fetched() == 3


@pytest.mark.parametrize("how", ["present", "snapshot"])
@pytest.mark.parametrize("event_type", [name for name, each in HAPPENINGS.items() if each.deleted])
@pytest.mark.parametrize("newest_first", [False, True])
def test_what_is_deleted_meanwhile_stays_deleted_in_whatever_order_it_is_told(event_type, how, newest_first, world):
    world.credly.configure(event_subject=how)
    notice = HAPPENINGS[event_type](world)
    world.credly.advance(seconds=1)  # Credly's times have milliseconds, and a test is quick.
    HAPPENINGS[event_type].deleted(world)
    deletion = world.told()[-1]

    told = [notice, deletion]
    for each in reversed(told) if newest_first else told:
        world.post(each)

    world.here()
    if event_type.startswith("badge."):
        assert (world.award.state, world.award.live) == (Award.DELETED, None)
    else:
        was_here = event_type == "badge_template.changed"
        assert world.template.credly_state == (Template.GONE if was_here else Template.ACTIVE)
        assert world.template.is_active is not was_here
        assert BadgeTemplate.objects.count() == 1  # What is gone by then is not brought here any more.
    assert not CredlyNotice.objects.filter(state__in=[State.WAITING, State.FAILED, State.REJECTED]).exists()


@pytest.mark.parametrize("how", ["present", "snapshot"])
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_an_older_event_of_a_template_never_overturns_a_newer_one(how, order, world):
    world.credly.configure(event_subject=how)
    for name in ("First", "Second", "Third"):
        world.credly.advance(seconds=1)
        world.credly.update_template(world.remote, name=name)
    told = world.told()[-3:]

    for place in order:
        world.post(told[place])

    assert "Third" in world.here()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_of_changes_in_the_same_millisecond_the_one_that_credly_keeps_is_kept(order, world):
    world.credly.configure(event_subject="snapshot")
    for name in ("First", "Second", "Third"):
        world.credly.update_template(world.remote, name=name)
    events = list(world.credly.store.events.values())[-3:]
    for event in events:
        event.snapshot["updated_at"] = events[-1].snapshot["updated_at"]
    told = world.told()[-3:]

    for place in order:
        world.post(told[place])

    assert "Third" in world.here()


@pytest.mark.parametrize("how", ["present", "snapshot"])
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_an_older_event_of_a_badge_never_overturns_a_newer_one(how, order, world):
    world.credly.configure(event_subject=how)
    for deed in (world.credly.accept_badge, world.credly.toggle_public, world.credly.revoke_badge):
        world.credly.advance(seconds=1)
        deed(world.badge_id)
    told = world.told()[-3:]

    for place in order:
        world.post(told[place])

    world.here()
    assert (world.award.state, world.award.live, world.award.is_public) == (Award.REVOKED, None, False)


def test_a_change_that_was_undone_is_not_done_again_by_its_late_notice(world):
    world.credly.configure(event_subject="snapshot")
    world.credly.update_template(world.remote, name="Slip of the pen")
    world.credly.advance(seconds=1)
    world.credly.update_template(world.remote, name="Scholar")
    slip, undone = world.told()[-2:]
    world.post(undone)

    world.post(slip)

    assert "Scholar" in world.here()


@pytest.mark.parametrize(("subject", "state"), [("full", Award.DELETED), ("id", Award.DELETED), ("absent", None)])
def test_a_deletion_is_told_with_as_much_of_its_subject_as_credly_likes(subject, state, world):
    world.credly.configure(event_deleted_subject=subject)
    world.credly.delete_badge(world.badge_id)

    world.post(world.told()[-1])

    world.here()
    row = CredlyNotice.objects.get()
    assert world.award.state == (state or Award.OFFERED)
    assert row.state == (State.DONE if state else State.IGNORED)
    assert state or "does not say what it is about" in row.outcome


def test_a_template_that_is_said_to_be_deleted_but_is_there_stays(world):
    world.credly.delete_template(world.remote)
    world.credly.restore_template(world.remote)
    deletion = next(each for each in world.told() if each["event_type"] == "badge_template.deleted")

    world.post(deletion)

    world.here()
    assert (world.template.credly_state, world.template.is_active) == (Template.ACTIVE, True)


def test_a_template_that_comes_back_is_inactive_until_somebody_activates_it(world):
    world.credly.archive_template(world.remote)
    world.post(world.told()[-1])
    world.credly.restore_template(world.remote)

    world.post(world.told()[-1])

    world.here()
    assert (world.template.credly_state, world.template.is_active) == (Template.ACTIVE, False)
    assert "inactive until you activate it" in CredlyNotice.objects.first().outcome


def test_a_badge_that_somebody_replaced_at_credly_is_followed_to_the_one_in_its_place(world):
    new = world.credly.replace_badge(world.badge_id)["id"]

    world.post(world.told()[-1])

    world.here()
    assert str(world.award.credly_id) == new
    assert str(BadgeVersion.objects.get().credly_id) == world.badge_id


def test_a_badge_that_is_not_ours_is_passed_over_with_the_reason(world):
    BadgeAward.objects.update(credly_id=uuid4())
    world.credly.accept_badge(world.badge_id)

    world.post(world.told()[-1])

    row = CredlyNotice.objects.get()
    assert (row.state, row.outcome) == (State.IGNORED, "No award here accounts for this badge.")
    assert str(row.subject_id) == world.badge_id


def test_a_type_that_leads_to_nothing_is_recorded_and_credly_is_not_asked(world):
    status = world.post(world.told()[-1], event_type="employee.created")

    row = CredlyNotice.objects.get()
    assert status == 200
    assert (row.state, row.event_type) == (State.IGNORED, "employee.created")
    assert "Credly was not asked" in row.outcome
    assert world.fetched() == 0


def test_whoever_hides_a_genuine_event_behind_such_a_type_hides_it_from_nobody(world):
    world.credly.accept_badge(world.badge_id)
    world.post(world.told()[-1], event_type="employee.created")

    world.post(world.told()[-1])

    assert seen(world, "badge.state.changed")


def test_a_rejected_key_pauses_the_organization_and_uses_up_no_attempt(world, credly):
    world.credly.accept_badge(world.badge_id)
    notice = world.told()[-1]
    credly.revoke_key(world.at_credly)
    world.post(notice)
    paused = CredlyOrganization.objects.get()
    for _number in range(3):
        world.post({**notice, "id": str(uuid4())})
        world.its_time_has_come()
    asked = world.fetched()

    key = credly.new_key(world.at_credly)
    CredlyOrganization.objects.update(paused="", pause_reason="", paused_at=None)
    paused.refresh_from_db()
    paused.api_key = key
    paused.save()
    world.its_time_has_come()

    assert asked == 1
    assert AuditEntry.objects.get(action="organization.paused").object_label == str(world.organization)
    first = CredlyNotice.objects.get(event_id=notice["id"])
    assert (first.state, first.attempts) == (State.DONE, 1)
    assert seen(world, "badge.state.changed")


def test_credly_asking_for_fewer_requests_uses_up_no_attempt_and_holds_the_organization(world):
    world.credly.accept_badge(world.badge_id)
    world.credly.before_acting("GET /events/*", status=429, headers={"Retry-After": "60"})

    world.post(world.told()[-1])
    world.its_time_has_come()

    row = CredlyNotice.objects.get()
    world.organization.refresh_from_db()
    assert (row.state, row.attempts) == (State.WAITING, 0)
    assert world.organization.wait_until > timezone.now()
    assert world.fetched() == 1


def test_after_the_last_attempt_a_person_is_needed_who_can_have_it_processed_again(world, settings):
    settings.CREDLY_BADGES_MAX_ATTEMPTS = 2
    world.credly.accept_badge(world.badge_id)
    world.credly.before_acting("GET /events/*", status=500, times=2)
    world.post(world.told()[-1])
    world.its_time_has_come()
    failed = CredlyNotice.objects.get()

    person = UserFactory()
    number = notices.process_again(CredlyNotice.objects.all(), by=person)

    assert (failed.state, failed.attempts) == (State.FAILED, 2)
    assert number == 1
    assert seen(world, "badge.state.changed")
    entry = AuditEntry.objects.get(action="notice.processed_again")
    assert (entry.actor, entry.before["state"]) == (person, "failed")


def test_a_worker_that_died_with_a_notice_gives_it_back_when_its_lease_is_over(world):
    world.credly.accept_badge(world.badge_id)
    notice = world.told()[-1]
    row = CredlyNotice.objects.create(
        organization=world.organization,
        event_id=notice["id"],
        event_type=notice["event_type"],
        attempts=1,
        lease=uuid4(),
        not_before=timezone.now() + timedelta(minutes=2),
    )

    notices.process(row.pk)
    still_held = world.fetched()
    world.its_time_has_come()

    assert still_held == 0
    assert seen(world, "badge.state.changed")


def test_a_notice_that_kills_its_workers_comes_to_an_end(world, settings):
    settings.CREDLY_BADGES_MAX_ATTEMPTS = 3
    CredlyNotice.objects.create(
        organization=world.organization, event_id=uuid4(), attempts=3, lease=uuid4(), not_before=timezone.now()
    )

    world.its_time_has_come()

    assert CredlyNotice.objects.get().state == State.FAILED
    assert world.fetched() == 0


def test_what_cannot_be_read_at_credly_needs_a_person(world):
    world.credly.accept_badge(world.badge_id)
    notice = world.told()[-1]
    event = next(each for each in world.credly.events() if each["id"] == notice["id"])
    event["badge"]["state"] = "enchanted"
    world.credly.before_acting("GET /events/*", status=200, body={"data": event, "metadata": {}})

    world.post(notice)

    row = CredlyNotice.objects.get()
    assert row.state == State.FAILED
    assert "enchanted" in row.outcome


def test_a_badge_event_without_its_badge_has_the_badge_looked_for(world):
    world.credly.accept_badge(world.badge_id)
    notice = world.told()[-1]
    event = {**notice, "badge": {"id": world.badge_id}}
    world.credly.before_acting("GET /events/*", status=200, body={"data": event, "metadata": {}})

    world.post(notice)

    assert seen(world, "badge.state.changed")


def test_a_badge_event_whose_badge_is_gone_by_then_tells_that(world):
    world.credly.accept_badge(world.badge_id)
    notice = world.told()[-1]
    world.credly.delete_badge(world.badge_id)
    event = {**notice, "badge": {"id": world.badge_id}}
    world.credly.before_acting("GET /events/*", status=200, body={"data": event, "metadata": {}})

    world.post(notice)

    assert seen(world, "badge.deleted")


def test_in_a_storm_of_made_up_notices_the_feed_decides(world):
    made_up = {"organization_id": world.at_credly.uuid, "event_type": "badge.created"}
    for _number in range(40):
        world.post({**made_up, "id": str(uuid4())})
    asked = world.fetched()

    notices.sweep()
    waiting = CredlyNotice.objects.filter(state=State.WAITING).count()
    CredlyNotice.objects.update(received_at=timezone.now() - timedelta(minutes=30))
    notices.read_feed(world.organization)
    world.its_time_has_come()

    assert asked == 20
    assert waiting == 20
    assert world.fetched() == 20
    assert not CredlyNotice.objects.filter(state=State.WAITING).exists()
    assert CredlyNotice.objects.filter(outcome__contains="Too many others were made up").count() == 20


def test_a_storm_keeps_no_worker_running_round_in_circles(world, sent):
    made_up = {"organization_id": world.at_credly.uuid, "event_type": "badge.created"}
    for _number in range(40):
        world.post({**made_up, "id": str(uuid4())})
    woken = sent()

    for _task, *arguments in woken:
        notices.process_notice(*arguments)

    assert len(woken) == 40
    assert world.fetched() == 20
    assert sent() == []  # What waits is left to the next round, or to the events feed.


def test_old_notices_are_deleted_and_those_that_wait_are_not(db):
    organization = OrganizationFactory()

    def finished(days: int, **fields: Any) -> CredlyNotice:
        at = timezone.now() - timedelta(days=days)
        finished_at = None if fields.get("state") == State.WAITING else at
        return CredlyNotice.objects.create(
            organization=organization, event_id=uuid4(), not_before=at, finished_at=finished_at, **fields
        )

    now = timezone.now()
    gone = [
        finished(91, state=State.DONE, occurred_at=now),
        finished(91, state=State.FAILED),
        finished(8, state=State.REJECTED),
        finished(8, state=State.IGNORED),
    ]
    kept = [
        finished(89, state=State.DONE, occurred_at=now),
        finished(89, state=State.IGNORED, occurred_at=now),
        finished(200, state=State.WAITING),
        finished(6, state=State.REJECTED),
    ]

    number = notices.purge()

    assert number == len(gone)
    assert set(CredlyNotice.objects.all()) == set(kept)


def test_of_two_workers_that_read_a_notice_at_the_same_moment_one_asks_credly(world):
    world.credly.accept_badge(world.badge_id)
    notice = world.told()[-1]
    CredlyNotice.objects.create(
        organization=world.organization, event_id=notice["id"], not_before=timezone.now(), event_type="badge.created"
    )
    one, other = CredlyNotice.objects.get(), CredlyNotice.objects.get()

    taken = [confirm.take(each, timezone.now()) for each in (one, other)]
    confirm.try_to(one, lambda client: client.event(one.event_id))

    assert taken == [True, False]
    assert seen(world, "badge.state.changed")


@pytest.fixture
def sent():
    """Celery as on a site with workers, at a broker in memory; gives the notices that somebody was woken for."""
    before = (current_app.conf.task_always_eager, current_app.conf.broker_url)
    current_app.conf.task_always_eager, current_app.conf.broker_url = False, "memory://"
    connection = current_app.connection_for_write()
    queue = connection.SimpleQueue(current_app.conf.task_default_queue)
    queue.clear()

    def taken() -> list[tuple[Any, ...]]:
        found = []
        while queue.qsize():
            message = queue.get_nowait()
            message.ack()
            found.append((message.headers["task"], *message.payload[0]))
        return found

    yield taken
    queue.close()
    connection.release()
    current_app.conf.task_always_eager, current_app.conf.broker_url = before


TASK = "credly_badges.notices.process_notice"


def test_a_worker_is_woken_for_a_notice_and_again_for_its_next_attempt(world, sent):
    world.credly.accept_badge(world.badge_id)
    world.credly.before_acting("GET /events/*", status=503)

    world.post(world.told()[-1])
    row = CredlyNotice.objects.get()
    woken = sent()
    notices.process_notice(*woken[0][1:])
    row.refresh_from_db()
    follow_ups = sent()
    for _number in range(3):
        notices.process_notice(row.pk)  # Others that come for it meanwhile do not go on.

    assert woken == [(TASK, row.pk)]
    assert follow_ups == [(TASK, row.pk, row.not_before.isoformat())]
    assert sent() == []
    assert world.fetched() == 1


def test_what_waits_with_nobody_to_wake_it_is_found_by_the_next_round(world, sent):
    due, _later, _paused = (
        CredlyNotice.objects.create(
            organization=organization, event_id=uuid4(), not_before=timezone.now() + timedelta(minutes=minutes)
        )
        for organization, minutes in (
            (world.organization, -1),
            (world.organization, 1),
            (OrganizationFactory(key_rejected=True), -1),
        )
    )

    number = notices.wake_due()

    assert number == 1
    assert sent() == [(TASK, due.pk)]


def test_what_waited_through_a_pause_goes_on_as_soon_as_it_is_over(world, sent):
    world.credly.accept_badge(world.badge_id)
    onboarding.pause(world.organization, by=None, because="Exam week.")
    world.post(world.told()[-1])
    row = CredlyNotice.objects.get()
    sent()

    notices.process_notice(row.pk)
    still = CredlyNotice.objects.get().state
    onboarding.resume(world.organization, by=None)
    woken = [task for task in sent() if task[0] == TASK]

    assert still == State.WAITING
    assert woken == [(TASK, row.pk)]


def test_a_replacement_that_could_not_be_looked_at_at_once_is_looked_at_later(world):
    world.credly.configure(replaced_state="revoked")
    new = world.credly.replace_badge(world.badge_id)["id"]
    about_the_old_one = world.told()[-2]
    world.credly.before_acting("GET /badges/*", status=503)

    world.post(about_the_old_one)
    half_way = CredlyNotice.objects.get()
    world.its_time_has_come()

    world.here()
    assert half_way.state == State.WAITING
    assert CredlyNotice.objects.get().state == State.DONE
    assert (str(world.award.credly_id), world.award.state) == (new, Award.OFFERED)
    assert world.award.credly_updated_at is not None


@pytest.mark.parametrize(
    ("status", "state", "attempts"),
    [(403, State.WAITING, 1), (422, State.FAILED, 1), (500, State.WAITING, 1), (429, State.WAITING, 0)],
)
def test_what_credly_has_against_being_asked_pauses_nobody_unless_it_is_the_key(status, state, attempts, world):
    world.credly.before_acting("GET /events/*", status=status)

    answer = world.post(world.told()[-1])

    row = CredlyNotice.objects.get()
    world.organization.refresh_from_db()
    assert (answer, row.state, row.attempts) == (200, state, attempts)
    assert world.organization.paused == ""
    assert row.lease is None


def test_without_a_key_a_notice_waits_and_credly_is_not_asked(world):
    world.organization.api_key = ""
    world.organization.save()

    world.post(world.told()[-1])

    row = CredlyNotice.objects.get()
    assert (row.state, row.attempts) == (State.WAITING, 0)
    assert "no API key" in row.outcome
    assert not world.fetched()
