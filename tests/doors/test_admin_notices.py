"""What Credly told us, at the admin, and the way for Credly to tell it."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from credly_badges import notices
from credly_badges.models import AuditEntry, BadgeVersion, CredlyNotice, CredlyOrganization
from credly_badges.testing.factories import AwardFactory, OrganizationFactory, TemplateFactory
from tests.doors.admin_desk import at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db

State = CredlyNotice.State


def told(**fields) -> CredlyNotice:
    """A notice that is done, unless the test says otherwise."""
    now = timezone.now()
    given = {
        "event_id": uuid4(),
        "event_type": "badge.state.changed",
        "state": State.DONE,
        "outcome": "The award was brought to what Credly says.",
        "occurred_at": now,
        "not_before": now,
        "finished_at": now,
        **fields,
    }
    given.setdefault("organization", OrganizationFactory(key_rejected=True))
    return CredlyNotice.objects.create(**given)


def test_the_list_says_what_happened_whom_it_concerns_and_what_came_of_it():
    award = AwardFactory(offered=True)
    template = TemplateFactory(name="Scholar")
    earlier = BadgeVersion.objects.create(
        award=award, credly_id=uuid4(), earned_at=timezone.now(), replaced_at=timezone.now()
    )
    told(subject_id=award.credly_id, organization=template.organization)
    told(subject_id=earlier.credly_id, event_type="badge.created")
    told(subject_id=template.uuid, organization=template.organization, event_type="badge_template.changed")
    told(event_type="employee.created", state=State.IGNORED, outcome="Notices of this type lead to nothing here.")

    response = manager().get(url("credlynotice"))
    page, source = text_of(response), response.content.decode()

    assert "Badge accepted, declined or revoked" in page
    assert "Employee.created" in page
    assert "The award was brought to what Credly says." in page
    assert source.count(url("badgeaward", "change", award.pk)) == 2
    assert source.count(f"badge award: {award.template.name}") == 2
    assert url("badgetemplate", "change", template.pk) in source


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state__exact": "failed"}, ["failed"]),
        ({"event_type": "badge_template.deleted"}, ["gone"]),
        ({"source__exact": "feed"}, ["fed"]),
        ({"q": "5a5a5a5a-0000-4000-8000-000000000001"}, ["gone"]),
        ({"q": "5A5A5A5A-0000-4000-8000-000000000002"}, ["fed"]),
        ({"q": "5a5a5a5a"}, []),
        ({"q": "ana@example.com"}, []),
    ],
)
def test_the_list_is_narrowed_down(query, found):
    told(state=State.FAILED, outcome="failed")
    told(event_type="badge_template.deleted", outcome="gone", event_id="5a5a5a5a-0000-4000-8000-000000000001")
    told(source="feed", outcome="fed", subject_id="5a5a5a5a-0000-4000-8000-000000000002")

    response = manager().get(url("credlynotice"), query)

    assert [notice.outcome for notice in response.context["cl"].result_list] == found


def test_fifty_rows_take_as_many_queries_as_five(django_assert_num_queries, django_assert_max_num_queries):
    browser = manager()

    def more(number: int) -> None:
        for _number in range(number):
            award = AwardFactory(offered=True)
            told(subject_id=award.credly_id)
            told(subject_id=award.template.uuid, organization=award.template.organization)

    more(3)
    with django_assert_max_num_queries(15) as few:
        browser.get(url("credlynotice"))
    more(25)

    with django_assert_num_queries(len(few.captured_queries)):
        response = browser.get(url("credlynotice"))

    assert response.context["cl"].result_count >= 50


def test_the_page_of_one_that_needs_a_person_says_what_to_do_and_offers_it():
    notice = told(state=State.FAILED, outcome="Credly refused: no.", occurred_at=None)
    browser = manager(username="ada")

    page = text_of(browser.get(url("credlynotice", "change", notice.pk)))
    response = browser.post(url("credlynotice", "process", notice.pk), follow=True)

    notice.refresh_from_db()
    assert "This notice needs a person. Read below what came of it" in page
    assert "Credly refused: no." in page
    assert "1 notice is processed again." in text_of(response)
    assert (notice.state, notice.attempts, notice.finished_at) == (State.WAITING, 0, None)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor.username) == ("notice.processed_again", "ada")


def test_a_notice_that_is_no_longer_there_is_not_processed():
    assert manager().post(url("credlynotice", "process", 4711)).status_code == 404


def test_one_that_went_well_at_once_does_not_speak_of_failed_attempts():
    page = text_of(manager().get(url("credlynotice", "change", told(state=State.DONE, attempts=1).pk)))

    assert "Attempts: 1" in page
    assert "ailed attempts" not in page


def test_many_are_processed_again_at_once_and_what_a_worker_has_is_left_alone():
    chosen = [told(state=State.FAILED), told(state=State.REJECTED), told()]
    taken, other = told(state=State.WAITING, lease=uuid4(), finished_at=None), told(state=State.FAILED)

    response = manager().post(
        url("credlynotice"),
        {"action": "process_selected", "_selected_action": [notice.pk for notice in (*chosen, taken)]},
        follow=True,
    )

    for notice in (*chosen, taken, other):
        notice.refresh_from_db()
    assert {notice.state for notice in chosen} == {State.WAITING}
    assert taken.lease is not None
    assert other.state == State.FAILED
    assert "3 notices are processed again." in text_of(response)
    assert "1 was left as it is: a worker has it." in text_of(response)


@pytest.mark.django_db(transaction=True)
def test_processing_again_asks_credly_anew(credly, at_credly, organization):
    remote = credly.add_template(at_credly, "Scholar")
    event = credly.notices()[-1]
    notice = told(organization=organization, event_id=event["id"], state=State.FAILED, occurred_at=None)

    manager().post(url("credlynotice", "process", notice.pk))

    notice.refresh_from_db()
    assert (notice.state, str(notice.subject_id)) == (State.DONE, remote.uuid)
    assert len(credly.requests("GET", "/events/")) == 1


def test_readers_read_and_do_nothing():
    notice = told(state=State.FAILED)
    browser = at_the_desk("view_credlynotice")

    content = browser.get(url("credlynotice")).content.decode()
    content += browser.get(url("credlynotice", "change", notice.pk)).content.decode()
    statuses = [
        browser.post(url("credlynotice", "process", notice.pk)).status_code,
        browser.get(url("credlynotice", "add")).status_code,
        browser.post(url("credlynotice", "delete", notice.pk)).status_code,
    ]
    browser.post(url("credlynotice"), {"action": "process_selected", "_selected_action": [notice.pk]})

    notice.refresh_from_db()
    assert statuses == [403, 403, 403]
    assert notice.state == State.FAILED
    assert "/process/" not in content
    assert 'name="action"' not in content


def test_others_see_nothing():
    notice = told()

    for browser, status in ((at_the_desk(), 403), (Client(), 302)):
        assert browser.get(url("credlynotice")).status_code == status
        assert browser.get(url("credlynotice", "change", notice.pk)).status_code == status


def test_somebody_new_is_told_how_notices_come():
    assert "Press “Set webhook at Credly” on an organization's page" in text_of(manager().get(url("credlynotice")))


def test_the_organizations_page_shows_the_address_and_when_credly_was_last_heard():
    organization = OrganizationFactory(noticed_at=timezone.now() - timedelta(days=1))

    page = text_of(manager().get(url("credlyorganization", "change", organization.pk)))

    assert f"http://testserver{notices.webhook_path(organization)}" in page
    assert "“Set webhook at Credly” above enters it there" in page
    assert "Last notice from Credly: none yet" not in page
    assert "Events feed read: never" in page


@pytest.mark.parametrize("required", [False, True])
def test_who_may_not_change_an_organization_does_not_see_its_secret(required, settings):
    settings.CREDLY_BADGES_WEBHOOK_SECRET_REQUIRED = required
    organization = OrganizationFactory()
    secret = notices.webhook_path(organization).split("/")[-2]
    browser = at_the_desk("view_credlyorganization", "view_credlynotice", "view_auditentry", "sync_badgetemplate")

    pages = browser.get(url("credlyorganization", "change", organization.pk)).content.decode()
    pages += browser.get(url("credlyorganization")).content.decode()
    statuses = {
        getattr(browser, method)(url("credlyorganization", page, organization.pk)).status_code
        for method in ("get", "post")
        for page in ("renew", "webhook")
    }

    assert secret not in pages
    assert ("http://testserver/badges/credly/webhook/" in pages) is not required
    assert statuses == {403}


def test_a_new_address_is_made_after_asking():
    organization = OrganizationFactory()
    old = notices.webhook_path(organization)
    browser = manager(username="ada")

    asked = text_of(browser.get(url("credlyorganization", "renew", organization.pk)))
    organization.refresh_from_db()
    still = notices.webhook_path(organization)
    response = browser.post(url("credlyorganization", "renew", organization.pk), follow=True)

    organization.refresh_from_db()
    assert "The old address ends at once." in asked
    assert still == old != notices.webhook_path(organization)
    assert notices.webhook_path(organization) in text_of(response)
    entry = AuditEntry.objects.get(action="organization.webhook_renewed")
    assert entry.actor.username == "ada"


def test_the_address_is_set_at_credly_after_asking(credly, at_credly, organization):
    browser = manager()
    where = url("credlyorganization", "webhook", organization.pk)

    asked = text_of(browser.get(where))
    nothing_yet = at_credly.webhook_url
    response = browser.post(where, follow=True, secure=True)

    assert "whatever it has now is overwritten" in asked
    assert nothing_yet is None
    assert at_credly.webhook_url == f"https://testserver{notices.webhook_path(organization)}"
    assert "Credly now sends its notices to this LMS." in text_of(response)
    assert AuditEntry.objects.filter(action="organization.webhook_set").count() == 1


def test_credly_is_not_given_an_address_whose_secret_could_be_read_on_the_way(at_credly, organization):
    refused = manager().post(url("credlyorganization", "webhook", organization.pk), follow=True)

    assert "Credly is only told an address that begins with https://" in text_of(refused)
    assert at_credly.webhook_url is None
    assert not AuditEntry.objects.filter(action="organization.webhook_set").exists()


def test_what_credly_has_against_the_address_is_told(credly, organization):
    credly.before_acting("PUT *", status=422, body={"data": {"message": "Webhook url is not reachable"}})

    refused = manager().post(url("credlyorganization", "webhook", organization.pk), follow=True, secure=True)

    assert "Webhook url is not reachable" in text_of(refused)
    assert not AuditEntry.objects.filter(action="organization.webhook_set").exists()


@pytest.mark.django_db(transaction=True)
def test_the_page_tells_when_the_last_genuine_notice_came_and_forged_ones_do_not_count(credly, at_credly, organization):
    cache.clear()
    credly.add_template(at_credly, "Scholar")
    genuine = credly.notices()[-1]
    browser, address = Client(), "/badges/credly/webhook/"

    browser.post(address, {**genuine, "id": str(uuid4())}, content_type="application/json")
    forged_only = CredlyOrganization.objects.get().noticed_at
    browser.post(address, genuine, content_type="application/json")

    assert forged_only is None
    assert CredlyOrganization.objects.get().noticed_at is not None
