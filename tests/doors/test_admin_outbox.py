"""Mending what needs a person."""

from __future__ import annotations

import pytest

from credly_badges.models import AuditEntry, BadgeAward, OutboxMessage
from credly_badges.testing.factories import MessageFactory
from tests.doors.admin_desk import at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db

State = OutboxMessage.State


def test_what_needs_a_person_is_one_click_away():
    MessageFactory.create_batch(2)
    dead = MessageFactory(dead=True)
    browser = manager()

    page = browser.get(url("outboxmessage"))
    narrowed = browser.get(url("outboxmessage"), {"state__exact": "dead"})

    assert "Needs a person (1)" in text_of(page)
    assert f"{url('outboxmessage')}?state__exact=dead" in page.content.decode()
    assert [message.pk for message in narrowed.context["cl"].result_list] == [dead.pk]


def test_the_selected_messages_are_sent_again_and_the_rest_left_alone():
    chosen, other = MessageFactory(dead=True, award__state=BadgeAward.State.FAILED), MessageFactory(dead=True)
    done = MessageFactory(state=State.DELIVERED, open=None)

    response = manager().post(
        url("outboxmessage"), {"action": "redrive_selected", "_selected_action": [chosen.pk, done.pk]}, follow=True
    )

    chosen.refresh_from_db(), other.refresh_from_db(), done.refresh_from_db()
    assert (chosen.state, other.state, done.state) == (State.WAITING, State.DEAD, State.DELIVERED)
    assert chosen.award.state == BadgeAward.State.QUEUED
    assert "1 message is being sent again." in text_of(response)
    assert "1 was left as it is." in text_of(response)


def test_everything_that_needs_a_person_is_sent_again_at_once_after_asking():
    MessageFactory.create_batch(3, dead=True)
    browser = manager()

    asked = browser.get(url("outboxmessage", "redrive_all"))
    still_dead = OutboxMessage.objects.filter(state=State.DEAD).count()
    response = browser.post(url("outboxmessage", "redrive_all"), follow=True)

    assert "3 messages need a person." in text_of(asked)
    assert still_dead == 3
    assert not OutboxMessage.objects.filter(state=State.DEAD).exists()
    assert "3 messages are being sent again." in text_of(response)
    assert AuditEntry.objects.filter(action="message.redriven").count() == 3


def test_dropping_asks_for_a_reason_and_keeps_it():
    dead, waiting = MessageFactory(dead=True), MessageFactory()
    browser = manager(username="ada")
    chosen = [dead.pk, waiting.pk]

    asked = browser.post(url("outboxmessage"), {"action": "drop_selected", "_selected_action": chosen})
    unreasoned = browser.post(url("outboxmessage", "drop"), {"message": chosen, "reason": ""})
    response = browser.post(url("outboxmessage", "drop"), {"message": chosen, "reason": "Left the school"}, follow=True)

    dead.refresh_from_db(), waiting.refresh_from_db()
    assert "1 message is dropped for good" in text_of(asked)
    assert "1 other that you chose does not need a person, and stays." in text_of(asked)
    assert "This field is required." in text_of(unreasoned)
    assert (dead.state, waiting.state) == (State.DROPPED, State.WAITING)
    assert "1 message dropped." in text_of(response)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.because, entry.actor.username) == ("message.dropped", "Left the school", "ada")


def test_the_page_of_a_dead_letter_says_what_to_do_and_offers_it():
    dead = MessageFactory(dead=True)
    browser = manager()

    page = text_of(browser.get(url("outboxmessage", "change", dead.pk)))
    browser.post(url("outboxmessage", "redrive", dead.pk))

    dead.refresh_from_db()
    assert "This message needs a person. Read below what Credly said" in page
    assert "no such badge template" in page
    assert dead.state == State.WAITING


def test_a_reader_has_no_buttons_and_no_actions():
    dead = MessageFactory(dead=True)
    browser = at_the_desk("view_outboxmessage")

    everything = browser.get(url("outboxmessage")).content.decode()
    everything += browser.get(url("outboxmessage", "change", dead.pk)).content.decode()

    assert "redrive" not in everything
    assert "drop" not in everything.replace("dropped", "").replace("“Drop”", "").replace("state__exact=drop", "")
    assert 'name="action"' not in everything


def test_an_action_that_is_not_offered_is_not_done_either():
    dead = MessageFactory(dead=True)
    browser = at_the_desk("view_outboxmessage")

    browser.post(url("outboxmessage"), {"action": "redrive_selected", "_selected_action": [dead.pk]})

    dead.refresh_from_db()
    assert dead.state == State.DEAD
