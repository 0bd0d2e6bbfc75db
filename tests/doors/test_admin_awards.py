"""Looking at awards, sending them again and taking them back."""

from __future__ import annotations

import pytest
from django.utils import timezone

from credly_badges.models import AuditEntry, BadgeAward, DeliveryAttempt, OutboxMessage
from credly_badges.testing.factories import AwardFactory, MessageFactory, UserFactory
from tests.doors.admin_desk import at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db

SAID = "Credly refused (POST /badges, status 422): Invalid or missing Badge Template ID."


@pytest.fixture
def failed():
    """An award that Credly refused to issue."""
    award = AwardFactory(learner=UserFactory(username="ada", email="ada@example.com"), state=BadgeAward.State.FAILED)
    message = MessageFactory(award=award, dead=True, attempts=1)
    DeliveryAttempt.objects.create(
        message=message, started_at=timezone.now(), outcome=DeliveryAttempt.Outcome.REFUSED, status=422, said=SAID
    )
    return award


def test_the_page_of_an_award_tells_what_was_tried_and_what_credly_said(failed):
    page = text_of(manager().get(url("badgeaward", "change", failed.pk)))

    assert "It could not be issued. See below what Credly said" in page
    assert "Issue the badge: needs a person" in page
    assert f"Credly refused 422 {SAID}" in page


def test_sending_again_gives_the_message_a_fresh_start(failed):
    response = manager(username="grace").post(url("badgeaward", "resend", failed.pk), follow=True)

    failed.refresh_from_db()
    message = failed.messages.get()
    assert (message.state, message.attempts) == (OutboxMessage.State.WAITING, 0)
    assert failed.state == BadgeAward.State.QUEUED
    assert "It is being sent again." in text_of(response)
    assert AuditEntry.objects.get().actor.username == "grace"


def test_an_award_with_nothing_to_send_says_so():
    award = AwardFactory(offered=True)
    browser = manager()

    page = text_of(browser.get(url("badgeaward", "change", award.pk)))
    response = browser.post(url("badgeaward", "resend", award.pk), follow=True)

    assert "Send again" not in page
    assert "There is nothing left to send for this award." in text_of(response)


def test_revoking_asks_for_a_reason_first():
    award = AwardFactory(offered=True)
    browser = manager()

    asked = browser.get(url("badgeaward", "revoke", award.pk))
    unreasoned = browser.post(url("badgeaward", "revoke", award.pk), {"reason": " "})

    assert "This cannot be undone." in text_of(asked)
    assert "This field is required." in text_of(unreasoned)
    assert not award.messages.exists()


def test_revoking_orders_it_at_credly_and_keeps_who_and_why():
    award = AwardFactory(offered=True)
    browser = manager(username="grace")

    response = browser.post(url("badgeaward", "revoke", award.pk), {"reason": "Plagiarism"}, follow=True)

    award.refresh_from_db()
    assert award.revocation_reason == "Plagiarism"
    assert award.messages.get().kind == OutboxMessage.Kind.REVOKE
    assert "The badge is being revoked." in text_of(response)
    entry = AuditEntry.objects.get(action="award.revoked")
    assert (entry.actor.username, entry.because) == ("grace", "Plagiarism")


def test_revoking_a_badge_that_was_never_sent_does_not_promise_anything_of_credly():
    award = AwardFactory()
    MessageFactory(award=award)
    browser = manager()

    asked = text_of(browser.get(url("badgeaward", "revoke", award.pk)))
    response = browser.post(url("badgeaward", "revoke", award.pk), {"reason": "Plagiarism"}, follow=True)

    award.refresh_from_db()
    assert "Credly has not confirmed this badge" in asked
    assert "follows its link" not in asked
    assert award.state == BadgeAward.State.REVOKED
    assert "The award is revoked." in text_of(response)


def test_revoking_twice_says_that_it_was_done():
    award = AwardFactory(offered=True)
    browser = manager()
    browser.post(url("badgeaward", "revoke", award.pk), {"reason": "Plagiarism"})

    page = text_of(browser.get(url("badgeaward", "change", award.pk)))
    response = browser.post(url("badgeaward", "revoke", award.pk), {"reason": "Plagiarism"}, follow=True)

    assert "It is being revoked." in page
    assert "This badge is already being revoked." in text_of(response)
    assert award.messages.count() == 1


@pytest.mark.parametrize("find", ["username", "email", "uuid", "credly_id"])
def test_an_award_is_found_by_learner_and_by_either_id(find):
    award = AwardFactory(offered=True, learner__username="ada", learner__email="countess@example.com")
    AwardFactory(offered=True, learner__username="grace")
    terms = {"username": "ada", "email": "countess@", "uuid": str(award.uuid), "credly_id": str(award.credly_id)}

    response = manager().get(url("badgeaward"), {"q": terms[find]})

    assert [found.pk for found in response.context["cl"].result_list] == [award.pk]


def test_a_link_that_is_no_web_page_is_shown_as_text():
    award = AwardFactory(offered=True, badge_url="javascript:alert(1)", accept_url="https://www.credly.com/go/x")

    content = manager().get(url("badgeaward", "change", award.pk)).content.decode()

    assert 'href="javascript:' not in content
    assert '<a href="https://www.credly.com/go/x" rel="noopener noreferrer">' in content


def test_what_credly_said_is_shown_as_text(failed):
    DeliveryAttempt.objects.update(said="<img src=x onerror=alert(1)>")

    assert "<img src=x" not in manager().get(url("badgeaward", "change", failed.pk)).content.decode()


def test_an_award_outlives_its_learners_account(failed):
    failed.learner.delete()
    browser = manager()

    assert "(account deleted)" in text_of(browser.get(url("badgeaward")))
    assert "(account deleted)" in text_of(browser.get(url("badgeaward", "change", failed.pk)))
    assert "(account deleted)" in text_of(browser.get(url("outboxmessage")))


def test_the_list_leads_to_issuing_only_those_who_may():
    reader, issuer = at_the_desk("view_badgeaward"), at_the_desk("view_badgeaward", "issue_badgeaward")

    assert url("badgeaward", "issue") not in reader.get(url("badgeaward")).content.decode()
    assert url("badgeaward", "issue") in issuer.get(url("badgeaward")).content.decode()


def test_a_search_that_finds_nothing_offers_to_clear_it():
    AwardFactory()

    page = text_of(manager().get(url("badgeaward"), {"q": "nobody"}))

    assert "Nothing here matches the search and the filters." in page
