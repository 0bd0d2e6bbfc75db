"""What no webhook brought arrives by the events feed, and what one brought is not done again."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from credly_badges import notices
from credly_badges.models import BadgeAward, BadgeTemplate, CredlyNotice, CredlyOrganization
from credly_badges.notices import feed
from credly_badges.testing.factories import AwardFactory, OrganizationFactory, TemplateFactory

pytestmark = pytest.mark.django_db(transaction=True)

State = CredlyNotice.State


@pytest.fixture(autouse=True)
def _a_quiet_minute():
    cache.clear()


@pytest.fixture(params=["newest", "oldest"])
def order(request, credly) -> str:
    """Nobody knows which way round Credly lists its events."""
    credly.configure(event_order=request.param, page_size=10)
    return request.param


def renamed(credly, template, times: int, *, apart: float = 60) -> None:
    """A template that keeps changing, each time a minute later."""
    for number in range(times):
        credly.advance(seconds=apart)
        credly.update_template(template, name=f"Name {number}")


def begun(organization, **ago: float) -> CredlyOrganization:
    """The organization, connected a while ago."""
    CredlyOrganization.objects.update(created=timezone.now() - timedelta(**ago))
    organization.refresh_from_db()
    return organization


def pages_asked_for(credly) -> int:
    return len([each for each in credly.requests("GET", "/events") if each.path.rstrip("/").endswith("/events")])


def test_what_no_webhook_brought_is_done_and_told_once(credly, at_credly, organization, order):
    remote = credly.add_template(at_credly, "Scholar")
    renamed(credly, remote, 25)
    credly.archive_template(remote)
    template = TemplateFactory(uuid=remote.uuid, organization=organization, active=True)

    first = notices.read_feed(organization)
    second = notices.read_feed(organization)

    template.refresh_from_db()
    assert (template.name, template.credly_state, template.is_active) == ("Name 24", "archived", False)
    assert (first.new, first.known, first.problems) == (27, 0, [])
    assert (second.new, second.problems) == (0, [])
    rows = CredlyNotice.objects.filter(source=CredlyNotice.Source.FEED, state=State.DONE)
    assert rows.count() == 27
    assert all(row.occurred_at and str(row.subject_id) == remote.uuid for row in rows)
    assert not credly.requests("GET", "/events/")  # It came whole, and was not fetched again one by one.


def test_what_the_webhook_brought_is_not_done_again(credly, at_credly, organization, order):
    remote = credly.add_template(at_credly, "Scholar")
    TemplateFactory(uuid=remote.uuid, organization=organization, active=True)
    renamed(credly, remote, 3)
    told = credly.notices()
    for each in told[:2]:
        Client().post("/badges/credly/webhook/", each, content_type="application/json")

    result = notices.read_feed(organization)

    assert (result.new, result.known) == (len(told) - 2, 2)
    assert CredlyNotice.objects.filter(source=CredlyNotice.Source.WEBHOOK).count() == 2
    assert CredlyNotice.objects.count() == len(told)


def test_later_readings_ask_for_few_pages_however_long_the_list_is(credly, at_credly, organization, order):
    credly.advance(days=-1)
    remote = credly.add_template(at_credly, "Scholar")
    renamed(credly, remote, 120, apart=25)
    begun(organization, days=2)
    while not notices.read_feed(organization).ok:
        pass  # There is more; the next reading goes on.
    before = pages_asked_for(credly)
    renamed(credly, remote, 5)

    result = notices.read_feed(organization)

    assert result.new == 5
    assert pages_asked_for(credly) - before == result.pages <= 1 + feed.KNOWN_PAGES + 1


def test_the_first_reading_goes_back_a_week_or_to_when_the_organization_was_connected(
    credly, at_credly, organization, order
):
    credly.advance(days=-30)
    remote = credly.add_template(at_credly, "Scholar")
    renamed(credly, remote, 50)
    credly.advance(days=25)
    renamed(credly, remote, 4)
    credly.advance(days=5)
    renamed(credly, remote, 2)

    connected_now = notices.read_feed(organization).new
    CredlyNotice.objects.all().delete()
    CredlyOrganization.objects.update(feed_seen_until=None)
    connected_long_ago = notices.read_feed(begun(organization, days=100)).new

    assert connected_now == 2
    assert connected_long_ago == 6


def test_a_reading_that_ends_early_is_gone_on_with(credly, at_credly, organization, order, settings):
    credly.configure(page_size=2)
    begun(organization, days=1)
    remote = credly.add_template(at_credly, "Scholar")
    renamed(credly, remote, 99)

    readings = [notices.read_feed(organization) for _number in range(4)]

    assert [each.new for each in readings] == [40, 40, 20, 0]
    assert [each.ok for each in readings] == [False, False, True, True]
    assert "the next reading goes on" in readings[0].problems[0]
    assert CredlyNotice.objects.count() == 100
    assert BadgeTemplate.objects.get().name == "Name 98"


def test_an_event_that_shows_late_is_still_found(credly, at_credly, organization, order):
    remote = credly.add_template(at_credly, "Scholar")
    renamed(credly, remote, 30)
    begun(organization, days=1)
    notices.read_feed(organization)
    late = CredlyNotice.objects.order_by("occurred_at")[25]
    late.delete()

    result = notices.read_feed(organization)

    assert result.new == 1
    assert CredlyNotice.objects.filter(event_id=late.event_id).exists()


def test_a_hint_that_was_not_confirmed_is_overruled_by_the_feed(credly, at_credly, organization):
    badge = credly.issue_badge(
        at_credly,
        badge_template_id=credly.add_template(at_credly, "Scholar").uuid,
        recipient_email="ana@example.com",
        issued_to_first_name="Ana",
        issued_to_last_name="Ng",
        issued_at="2026-05-01 12:00:00 +0000",
    )
    award = AwardFactory(offered=True, credly_id=UUID(badge["id"]), template__organization=organization)
    credly.accept_badge(badge["id"])
    row = CredlyNotice.objects.create(
        organization=organization,
        event_id=credly.notices()[-1]["id"],
        event_type="badge.created",
        state=State.REJECTED,
        attempts=12,
        not_before=timezone.now(),
        finished_at=timezone.now(),
    )

    notices.read_feed(organization)

    row.refresh_from_db(), award.refresh_from_db()
    assert (row.state, row.event_type, row.source) == (State.DONE, "badge.state.changed", "feed")
    assert award.state == BadgeAward.State.ACCEPTED


def test_a_notice_that_a_worker_has_is_left_to_it(credly, at_credly, organization):
    credly.add_template(at_credly, "Scholar")
    lease = uuid4()
    CredlyNotice.objects.create(
        organization=organization,
        event_id=credly.notices()[-1]["id"],
        lease=lease,
        not_before=timezone.now() + timedelta(minutes=2),
    )

    notices.read_feed(organization)

    row = CredlyNotice.objects.get()
    assert (row.state, row.lease) == (State.WAITING, lease)


def test_nothing_is_asked_while_the_organization_is_paused_or_has_to_wait(credly, organization):
    CredlyOrganization.objects.update(paused="by_hand")
    paused = notices.read_feed(organization)
    CredlyOrganization.objects.update(paused="", wait_until=timezone.now() + timedelta(minutes=1))
    waiting = notices.read_feed(organization)

    assert not paused.ok
    assert not waiting.ok
    assert not credly.requests()


def test_a_rejected_key_pauses_the_organization(credly, at_credly, organization):
    credly.revoke_key(at_credly)

    result = notices.read_feed(organization)

    organization.refresh_from_db()
    assert organization.paused == CredlyOrganization.Pause.KEY_REJECTED
    assert "does not accept the API key" in result.problems[0]
    assert organization.feed_read_at is None


def test_without_a_key_there_is_a_sentence_and_no_error(credly_address):
    result = notices.read_feed(OrganizationFactory(environment="simulator", api_key=""))

    assert "no API key" in result.problems[0]


def test_a_page_that_fails_is_told_and_read_the_next_time(credly, at_credly, organization):
    credly.add_template(at_credly, "Scholar")
    credly.before_acting("GET /events", status=503)

    failed, read = notices.read_feed(organization), notices.read_feed(organization)

    assert (failed.new, failed.ok) == (0, False)
    assert (read.new, read.ok) == (1, True)
    organization.refresh_from_db()
    assert organization.feed_read_at is not None


def test_an_event_that_cannot_be_read_does_not_hide_the_others(credly, at_credly, organization):
    credly.add_template(at_credly, "Scholar")
    (event,) = credly.events()
    broken = {**event, "id": str(uuid4()), "occurred_at": "yesterday"}
    nameless = {**event, "id": "none"}
    body = {"data": [broken, event, nameless], "metadata": {}}
    credly.before_acting("GET /events", status=200, body=body, times=4)

    first, second = notices.read_feed(organization), notices.read_feed(organization)

    assert (first.new, second.new) == (1, 0)
    assert broken["id"] in first.problems[0]
    assert (len(first.problems), len(second.problems)) == (2, 1)
    kept = CredlyNotice.objects.get(event_id=broken["id"])
    assert (kept.state, kept.outcome) == (State.FAILED, "“occurred_at” is not a time with its zone.")


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("credly_sync", "--events", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_the_command_reads_the_feed_of_every_organization(credly, at_credly, organization):
    credly.add_template(at_credly, "Scholar")

    first, second = told(), json.loads(told("--json"))

    assert first == "Example University\n  1 new event, 0 known already.\n"
    assert [(each["new"], each["known"], each["ok"]) for each in second] == [(0, 1, True)]


def test_the_command_ends_with_1_where_a_feed_could_not_be_read(credly, organization):
    credly.before_acting("GET /events", status=503)

    with pytest.raises(CommandError, match="Not everything could be synced"):
        told()
