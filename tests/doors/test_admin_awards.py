"""Looking at awards, sending them again and taking them back."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from credly_badges.models import AuditEntry, BadgeAward, BadgeVersion, DeliveryAttempt, OutboxMessage
from credly_badges.testing.factories import AwardFactory, MessageFactory, TemplateFactory, UserFactory
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


# Given back, replaced, expired


def test_a_revoked_badge_is_given_back_with_a_reason():
    old = AwardFactory(offered=True, state=BadgeAward.State.REVOKED, live=None, revocation_reason="Plagiarism")
    browser = at_the_desk("view_badgeaward", "restore_badgeaward", username="grace")

    page = text_of(browser.get(url("badgeaward", "change", old.pk)))
    asked = text_of(browser.get(url("badgeaward", "restore", old.pk)))
    unreasoned = text_of(browser.post(url("badgeaward", "restore", old.pk), {"reason": " "}))
    done = browser.post(url("badgeaward", "restore", old.pk), {"reason": "It was another"}, follow=True)

    new = BadgeAward.objects.get(live=True)
    assert "Restore" in page
    assert "it is a new badge there, with a link of its own" in asked
    assert "This field is required." in unreasoned
    assert (new.previous, new.reason) == (old, "It was another")
    assert "on its way to Credly again" in text_of(done)
    assert str(old) in text_of(done)  # The page of the new one leads to the old one.
    assert AuditEntry.objects.get(action="award.restored").actor.username == "grace"


def test_what_cannot_be_given_back_says_why():
    old = AwardFactory(offered=True, state=BadgeAward.State.REVOKED, live=None)
    AwardFactory(learner=old.learner, template=old.template)

    page = manager().post(url("badgeaward", "restore", old.pk), {"reason": "Why"}, follow=True)

    assert "The learner holds this badge by another award." in text_of(page)
    assert BadgeAward.objects.count() == 2


def test_a_badge_is_replaced_to_correct_the_name():
    award = AwardFactory(offered=True)
    browser = at_the_desk("view_badgeaward", "replace_badgeaward", username="grace")

    asked = text_of(browser.get(url("badgeaward", "replace", award.pk)))
    page = browser.post(url("badgeaward", "replace", award.pk), {"what": "correct", "reason": "A typo"}, follow=True)

    order = award.messages.get()
    assert "Whoever follows the old link is led to the new badge" in asked
    assert "The badge is being replaced at Credly." in text_of(page)
    assert (order.kind, order.details["cause"]) == (OutboxMessage.Kind.REPLACE, "correction")
    entry = AuditEntry.objects.get(action="award.replacing")
    assert (entry.actor.username, entry.because) == ("grace", "A typo")


def test_a_badge_gets_another_expiry():
    badge = TemplateFactory(active=True, expiry="period", expiry_days=10)
    awards = [AwardFactory(offered=True, template=badge) for _ in range(3)]
    now = timezone.now()
    browser = manager()

    for award, wanted in zip(
        awards, [{"what": "renew"}, {"what": "until", "until": "2099-12-31"}, {"what": "end"}], strict=True
    ):
        browser.post(url("badgeaward", "replace", award.pk), {**wanted, "reason": "Why"})

    renewed, until, ended = (datetime.fromisoformat(each.messages.get().details["expires_at"]) for each in awards)
    assert timedelta(days=10) <= renewed - now < timedelta(days=11)
    assert until.isoformat() == "2099-12-31T23:59:59+00:00"
    assert timedelta(0) <= ended - now < timedelta(days=1)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"what": "renew"}, "The template leaves the expiry to Credly. Set the day instead."),
        ({"what": "until"}, "Give the day."),
        ({"what": "until", "until": "2020-01-01"}, "That day has passed."),
        ({"what": "until", "until": "soon"}, "Enter a valid date."),
        ({}, "This field is required."),
        ({"what": "correct", "reason": ""}, "This field is required."),
    ],
)
def test_a_replacement_that_makes_no_sense_orders_nothing(wanted, sentence):
    award = AwardFactory(offered=True)

    page = manager().post(url("badgeaward", "replace", award.pk), {"reason": "Why", **wanted})

    assert sentence in text_of(page)
    assert not award.messages.exists()


def test_what_credly_does_not_have_is_not_replaced():
    award = AwardFactory()
    MessageFactory(award=award)
    browser = manager()

    page = text_of(browser.get(url("badgeaward", "change", award.pk)))
    done = browser.post(url("badgeaward", "replace", award.pk), {"what": "correct", "reason": "A typo"}, follow=True)

    assert "Replace" not in page
    assert "Only a badge that stands at Credly" in text_of(done)


def test_an_expired_badge_is_shown_as_expired_and_found_by_it():
    now = timezone.now()
    expired = AwardFactory(offered=True, state="accepted", expires_at=now - timedelta(days=1), is_public=False)
    good = AwardFactory(offered=True, state="accepted", expires_at=now + timedelta(days=1), is_public=True)
    forever = AwardFactory(offered=True, state="accepted")
    browser = manager()

    found = {
        choice: [each.pk for each in browser.get(url("badgeaward"), {"expired": choice}).context["cl"].result_list]
        for choice in ("yes", "no", "never")
    }

    assert found == {"yes": [expired.pk], "no": [good.pk], "never": [forever.pk]}
    page = text_of(browser.get(url("badgeaward", "change", expired.pk)))
    assert "expired (accepted)" in page
    assert "the learner alone" in page
    assert "expired" not in text_of(browser.get(url("badgeaward", "change", good.pk)))


def test_the_page_shows_the_earlier_versions_of_a_badge():
    award = AwardFactory(offered=True)
    version = BadgeVersion.objects.create(
        award=award, credly_id=uuid4(), earned_at=timezone.now(), replaced_at=timezone.now(), because="A typo"
    )

    page = text_of(manager().get(url("badgeaward", "change", award.pk)))

    assert (
        f"Earlier versions of this badge Badge ID at Credly Earned Expires Replaced Because {version.credly_id}" in page
    )
    assert "A typo" in page


def test_a_badge_that_credly_deleted_says_so():
    award = AwardFactory(offered=True, state=BadgeAward.State.DELETED, live=None)

    assert "deleted at Credly" in text_of(manager().get(url("badgeaward", "change", award.pk)))


def test_an_award_that_nothing_carries_to_credly_is_sent_again():
    award = AwardFactory(state=BadgeAward.State.FAILED)
    browser = manager()

    page = text_of(browser.get(url("badgeaward", "change", award.pk)))
    done = browser.post(url("badgeaward", "resend", award.pk), follow=True)

    assert "Send again" in page
    assert "It is being sent again." in text_of(done)
    assert award.messages.get().kind == OutboxMessage.Kind.ISSUE


@pytest.mark.parametrize(
    ("details", "why"),
    [
        ({"cause": "renewal", "because": ""}, "Why: the learner earned it again."),
        ({"cause": "address", "because": ""}, "Why: the learner has another e-mail address."),
        ({"cause": "correction", "because": "A <b>typo</b>"}, "Why: A &lt;b&gt;typo&lt;/b&gt;"),
    ],
)
def test_the_timeline_says_why_a_badge_is_replaced(details, why):
    award = AwardFactory(offered=True)
    MessageFactory(award=award, kind="replace", details=details)

    page = manager().get(url("badgeaward", "change", award.pk)).content.decode()

    assert why in page
