"""How fast an organization sends, at the admin."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from credly_badges import pacing
from credly_badges.models import AuditEntry, CredlyOrganization, OutboxMessage, Pace
from credly_badges.testing.factories import MessageFactory, OrganizationFactory
from tests.doors.admin_desk import READING, at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def stopped(organization):
    """An organization for which nothing is sent, because Credly failed five times; a message waits."""
    now = timezone.now()
    probe_at = now + timedelta(seconds=40)
    Pace.objects.create(organization=organization, failures=5, opened_at=now, probe_at=probe_at)
    CredlyOrganization.objects.update(wait_until=probe_at)
    MessageFactory(award__template__organization=organization, not_before=probe_at)
    organization.refresh_from_db()
    return organization


def the_page(organization: CredlyOrganization) -> str:
    return url("credlyorganization", "change", organization.pk)


def filled_in(organization: CredlyOrganization, **changes):
    """Its form as it stands, and what somebody changes."""
    stored = {"uuid": organization.uuid, "environment": organization.environment, "new_api_key": "", "description": ""}
    return {**stored, "rate_limit": "", "concurrency": "", **changes}


def test_limits_are_set_on_the_organizations_page_and_kept_in_the_log(organization):
    browser = manager(username="ada")

    response = browser.post(
        the_page(organization), filled_in(organization, rate_limit="90", concurrency="2"), follow=True
    )

    organization.refresh_from_db()
    assert (organization.rate_limit, organization.concurrency) == (90, 2)
    said = text_of(browser.get(the_page(organization)))
    assert "at most 90 requests in a minute; 9 of them may go at once now" in said
    assert response.status_code == 200
    entry = AuditEntry.objects.get(action="organization.changed")
    assert (entry.before["rate_limit"], entry.after["rate_limit"], entry.after["concurrency"]) == (None, 90, 2)


def test_a_limit_of_nothing_is_refused_for_that_is_what_a_pause_is_for(organization):
    response = manager().post(the_page(organization), filled_in(organization, rate_limit="0"))

    assert response.context["adminform"].form.errors["rate_limit"]
    organization.refresh_from_db()
    assert organization.rate_limit is None


def test_what_was_in_line_at_the_old_limit_lines_up_anew(organization):
    CredlyOrganization.objects.update(rate_limit=1)
    message = MessageFactory(award__template__organization=organization, not_before=timezone.now() + timedelta(hours=5))

    manager().post(the_page(organization), filled_in(organization, rate_limit="100"))

    message.refresh_from_db()
    assert message.not_before <= timezone.now()


def test_a_stop_is_told_in_words_on_the_list_and_on_the_page(stopped):
    browser = manager()

    listed = text_of(browser.get(url("credlyorganization")))
    page = text_of(browser.get(the_page(stopped)))

    assert "Stopped since" in listed
    assert "The next try is at" in listed
    assert "Credly failed 5 times in a row, so nothing has been sent for this organization since" in page
    assert "what waits is sent by itself" in page
    assert "nothing is sent, because Credly kept failing" in page
    assert "Reset" in page


def test_a_reset_sends_what_waits_and_says_who_did_it(stopped):
    browser = manager(username="ada")

    response = browser.post(url("credlyorganization", "reset", stopped.pk), follow=True)

    assert "Reset. 1 message is being sent." in text_of(response)
    assert "Stopped since" not in text_of(response)
    assert pacing.state(stopped).is_healthy
    assert CredlyOrganization.objects.get().wait_until is None
    assert OutboxMessage.objects.get().not_before <= timezone.now()
    assert AuditEntry.objects.get(action="organization.breaker_reset").actor.username == "ada"


def test_a_few_failures_are_shown_before_they_are_too_many(organization):
    Pace.objects.create(organization=organization, failures=3)

    page = text_of(manager().get(the_page(organization)))

    assert "as fast as the workers are; Credly failed 3 times in a row" in page


def test_nothing_is_offered_to_reset_where_all_is_well(organization):
    page = manager().get(the_page(organization))

    assert url("credlyorganization", "reset", organization.pk) not in page.content.decode()


def test_who_may_only_look_sees_the_stop_and_cannot_end_it(stopped):
    browser = at_the_desk(*READING)

    page = browser.get(the_page(stopped))

    assert "Stopped since" in text_of(page)
    assert url("credlyorganization", "reset", stopped.pk) not in page.content.decode()
    assert browser.post(url("credlyorganization", "reset", stopped.pk)).status_code == 403
    assert browser.get(url("credlyorganization", "reset", stopped.pk)).status_code == 405
    assert pacing.state(stopped).open


def test_the_list_asks_no_more_for_many_organizations_with_a_pace(
    stopped, django_assert_num_queries, django_assert_max_num_queries
):
    browser = manager()
    browser.get(url("credlyorganization"))
    with django_assert_max_num_queries(25) as few:
        browser.get(url("credlyorganization"))
    for organization in OrganizationFactory.create_batch(5):
        Pace.objects.create(organization=organization, failures=2)

    with django_assert_num_queries(len(few.captured_queries)):
        browser.get(url("credlyorganization"))
