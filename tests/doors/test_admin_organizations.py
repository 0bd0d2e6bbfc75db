"""Connecting an organization and looking after it, at the admin."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone

from credly_badges import connections, keys
from credly_badges.models import AuditEntry, BadgeAward, BadgeTemplate, CredlyOrganization
from credly_badges.testing.factories import (
    AwardFactory,
    MessageFactory,
    OrganizationFactory,
    TemplateFactory,
)
from tests.doors.admin_desk import at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _to_the_simulator(credly_address):
    """Every organization here may be in the environment ``simulator``."""


def filled_in(there, **changes):
    """The form of an organization as somebody fills it in."""
    return {"uuid": there.uuid, "environment": "simulator", "new_api_key": there.key, "description": "", **changes}


def test_saving_an_organization_checks_its_key_and_fills_in_its_name(at_credly):
    browser = manager(username="ada")

    response = browser.post(url("credlyorganization", "add"), filled_in(at_credly), follow=True)

    organization = CredlyOrganization.objects.get()
    assert organization.name == "Example University"
    assert organization.api_key.reveal() == at_credly.key
    assert response.redirect_chain[-1][0] == url("credlyorganization", "change", organization.pk)
    assert "it belongs to Example University" in text_of(response)
    assert "Sync templates now" in text_of(response)
    assert AuditEntry.objects.get(action="organization.added").actor.username == "ada"


def test_a_wrong_key_is_an_error_at_the_key_and_nothing_is_saved(at_credly):
    browser = manager()

    response = browser.post(
        url("credlyorganization", "add"), filled_in(at_credly, new_api_key="wrong-key-0123456789"), follow=True
    )

    assert not CredlyOrganization.objects.exists()
    assert "Credly rejected the API key" in response.context["adminform"].form.errors["new_api_key"][0]
    assert "wrong-key-0123456789" not in response.content.decode()


def test_a_wrong_id_is_an_error_at_the_id(at_credly):
    elsewhere = "11111111-1111-4111-8111-111111111111"

    response = manager().post(url("credlyorganization", "add"), filled_in(at_credly, uuid=elsewhere))

    assert not CredlyOrganization.objects.exists()
    assert elsewhere in response.context["adminform"].form.errors["uuid"][0]
    assert at_credly.key not in response.content.decode()


def test_without_any_key_the_form_asks_for_one(at_credly):
    response = manager().post(url("credlyorganization", "add"), filled_in(at_credly, new_api_key=""))

    assert not CredlyOrganization.objects.exists()
    assert "has no API key" in response.context["adminform"].form.errors["new_api_key"][0]


def test_without_an_encryption_key_the_form_says_which_setting_to_give(at_credly, settings):
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = []

    response = manager().post(url("credlyorganization", "add"), filled_in(at_credly))

    assert not CredlyOrganization.objects.exists()
    assert "CREDLY_BADGES_ENCRYPTION_KEYS" in response.context["adminform"].form.errors["new_api_key"][0]


def test_an_environment_that_the_settings_do_not_name_is_no_choice(at_credly):
    response = manager().post(url("credlyorganization", "add"), filled_in(at_credly, environment="elsewhere"))

    assert not CredlyOrganization.objects.exists()
    assert "environment" in response.context["adminform"].form.errors


def test_while_credly_is_down_no_organization_is_connected(at_credly, credly):
    credly.before_acting("GET *", status=503, times=None)

    response = manager().post(url("credlyorganization", "add"), filled_in(at_credly))

    assert not CredlyOrganization.objects.exists()
    assert "neither key nor ID was checked" in text_of(response)


def test_while_credly_is_down_a_note_can_still_be_written(organization, at_credly, credly):
    credly.before_acting("GET *", status=503, times=None)

    response = manager().post(
        url("credlyorganization", "change", organization.pk),
        filled_in(at_credly, new_api_key="", description="Ask Ada for the key."),
        follow=True,
    )

    organization.refresh_from_db()
    assert organization.description == "Ask Ada for the key."
    assert "neither key nor ID was checked" in text_of(response)


def test_an_empty_key_field_keeps_the_stored_key(organization, at_credly):
    manager().post(
        url("credlyorganization", "change", organization.pk), filled_in(at_credly, new_api_key="", description="Ours.")
    )

    organization.refresh_from_db()
    assert organization.api_key.reveal() == at_credly.key
    assert organization.description == "Ours."


def test_saving_a_note_does_not_undo_what_became_of_the_key_meanwhile(organization, at_credly, settings):
    done = []

    def slow_secrets_manager(organization_id):
        # The row is in the memory of the request by now. It has no key for anybody.
        if not done:
            done.append(True)
            done.append(keys.rotate(CredlyOrganization.objects.get(), by=None))
        return ""

    settings.CREDLY_BADGES_API_KEYS = slow_secrets_manager

    manager().post(
        url("credlyorganization", "change", organization.pk),
        filled_in(at_credly, new_api_key="", description="A note."),
    )

    row = CredlyOrganization.objects.get()
    assert done[1].done
    assert row.description == "A note."
    assert row.retiring_key.reveal() == at_credly.key
    assert row.api_key.reveal() != at_credly.key


def test_a_key_that_can_only_read_is_warned_of_and_one_that_is_typed_begins_a_new_life(organization, at_credly, credly):
    reading = credly.new_key(at_credly, write_enabled=False, delete_enabled=False)

    response = manager().post(
        url("credlyorganization", "change", organization.pk), filled_in(at_credly, new_api_key=reading), follow=True
    )

    said = text_of(response)
    row = CredlyOrganization.objects.get()
    assert "This key can only read, so no badge can be issued with it." in said
    assert "in 180 days (as Credly says)" in said
    assert row.api_key.reveal() == reading
    assert row.key_expiry_is_known
    assert reading not in response.content.decode()


def test_a_typed_key_leaves_the_one_before_it_to_whoever_made_it(organization, at_credly, credly):
    response = manager().post(
        url("credlyorganization", "change", organization.pk),
        filled_in(at_credly, new_api_key=credly.new_key(at_credly)),
        follow=True,
    )

    said = text_of(response)
    assert "It may read, write and delete. It expires on" in said
    assert "The key before it still works at Credly. Delete it there" in said


def test_a_key_that_is_about_to_expire_is_told_on_the_list_and_on_the_page(organization):
    OrganizationFactory(name="Far from it", key_expires_at=timezone.now() + timedelta(days=100))
    CredlyOrganization.objects.filter(pk=organization.pk).update(
        key_expires_at=timezone.now() + timedelta(days=11, hours=5), key_expiry_is_known=True
    )
    browser = manager()

    on_the_list = text_of(browser.get(url("credlyorganization")))
    on_the_page = text_of(browser.get(url("credlyorganization", "change", organization.pk)))

    for said in (on_the_list, on_the_page):
        assert "The API key of Example University expires on" in said
        assert "in 12 days (as Credly says)" in said
    assert "The API key of Far from it" not in on_the_list


def test_a_rotation_asks_first_and_then_puts_a_new_key_in_force(organization, at_credly, credly):
    browser = manager(username="ada")

    question = text_of(browser.get(url("credlyorganization", "rotate", organization.pk)))
    untouched = list(credly.store.tokens)
    page = browser.post(url("credlyorganization", "rotate", organization.pk), follow=True)

    row = CredlyOrganization.objects.get()
    assert "The old one would be kept for 24 hours." in question
    assert untouched == [at_credly.key]
    assert "A new key is in force. The old one goes on working until" in text_of(page)
    assert row.retiring_key.reveal() == at_credly.key
    assert f"••••{at_credly.key[-4:]}, works until" in text_of(page)
    assert not {row.api_key.reveal(), at_credly.key} & set(re.findall(r"[\w-]{20,}", page.content.decode()))
    assert AuditEntry.objects.get(action="organization.key_rotated").actor.username == "ada"


def test_a_key_of_the_settings_is_not_rotated_here(organization, at_credly, settings):
    settings.CREDLY_BADGES_API_KEYS = {str(organization.uuid): at_credly.key}

    page = manager().get(url("credlyorganization", "rotate", organization.pk), follow=True)

    assert "put it where the setting takes it from" in text_of(page)


def test_an_old_key_that_only_a_person_can_delete_is_told_on_the_page(organization):
    CredlyOrganization.objects.update(retiring_key="an-old-api-key-0042", retire_at=timezone.now())

    page = text_of(manager().get(url("credlyorganization", "change", organization.pk)))

    assert "Its old API key, ••••0042, still works at Credly" in page


def test_who_may_only_look_rotates_nothing(organization, at_credly, credly):
    browser = at_the_desk("view_credlyorganization")

    refused = browser.post(url("credlyorganization", "rotate", organization.pk))

    assert refused.status_code == 403
    assert "Rotate key" not in text_of(browser.get(url("credlyorganization", "change", organization.pk)))
    assert list(credly.store.tokens) == [at_credly.key]


def test_the_page_is_shown_while_the_secrets_manager_is_down(organization, settings):
    settings.CREDLY_BADGES_API_KEYS = {str(organization.uuid): "nowhere.to.be_found"}
    browser = manager()

    page = text_of(browser.get(url("credlyorganization", "change", organization.pk)))
    checked = text_of(browser.post(url("credlyorganization", "check", organization.pk), follow=True))

    assert "(unreadable) (from the setting CREDLY_BADGES_API_KEYS)" in page
    assert "did not give the organization's API key" in checked


def test_the_status_says_whether_it_is_credly_or_the_secrets_manager_that_is_waited_for(organization, settings):
    CredlyOrganization.objects.update(wait_until=timezone.now() + timedelta(hours=1))
    browser = manager()

    for_credly = text_of(browser.get(url("credlyorganization")))
    settings.CREDLY_BADGES_API_KEYS = {str(organization.uuid): "nowhere.to.be_found"}
    for_the_key = text_of(browser.get(url("credlyorganization")))

    assert "as Credly asked" in for_credly
    assert "as Credly asked" not in for_the_key
    assert "as its API key could not be fetched" in for_the_key


def test_saving_an_organization_keeps_a_key_that_cannot_be_read(organization, at_credly, settings):
    old = settings.CREDLY_BADGES_ENCRYPTION_KEYS
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    CredlyOrganization.objects.get().save()
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = old

    assert CredlyOrganization.objects.get().api_key.reveal() == at_credly.key


def test_a_new_key_takes_the_place_of_the_old_one_and_the_log_keeps_neither(organization, at_credly, credly):
    old = at_credly.key
    new = credly.new_key(at_credly)

    manager().post(url("credlyorganization", "change", organization.pk), filled_in(at_credly, new_api_key=new))

    organization.refresh_from_db()
    assert organization.api_key.reveal() == new
    entry = AuditEntry.objects.get(action="organization.changed")
    assert entry.after["api_key"] == "replaced"
    assert old not in f"{entry.before}{entry.after}"
    assert new not in f"{entry.before}{entry.after}"


def test_a_page_shows_the_end_of_the_key_and_where_it_comes_from(organization, at_credly, settings):
    browser = manager()

    stored = text_of(browser.get(url("credlyorganization", "change", organization.pk)))
    settings.CREDLY_BADGES_API_KEYS = {str(organization.uuid): "a-key-from-the-settings-9876"}
    given = text_of(browser.get(url("credlyorganization", "change", organization.pk)))

    assert f"••••{at_credly.key[-4:]} (stored here, encrypted)" in stored
    assert "••••9876 (from the setting CREDLY_BADGES_API_KEYS)" in given


def test_a_good_key_ends_the_pause_and_what_waited_is_issued(
    organization, at_credly, credly, django_capture_on_commit_callbacks
):
    there = credly.add_template(at_credly, name="Scholar")
    organization.paused, organization.pause_reason = "key_rejected", "Credly rejected the API key."
    organization.save()
    template = TemplateFactory(organization=organization, uuid=there.uuid, active=True)
    award = MessageFactory(award=AwardFactory(template=template)).award
    browser = manager()

    with django_capture_on_commit_callbacks(execute=True):
        response = browser.post(
            url("credlyorganization", "change", organization.pk),
            filled_in(at_credly, new_api_key=credly.new_key(at_credly)),
            follow=True,
        )

    award.refresh_from_db()
    assert award.state == BadgeAward.State.OFFERED
    assert "The pause for the rejected key has ended" in text_of(response)


def test_syncing_says_what_arrived_and_what_to_do_with_it(organization, at_credly, credly):
    credly.add_template(at_credly, name="Scholar")

    response = manager().post(url("credlyorganization", "sync", organization.pk), follow=True)

    assert BadgeTemplate.objects.get().name == "Scholar"
    assert "Example University: 1 template added. It stays inactive until you activate it." in text_of(response)


def test_of_two_organizations_the_one_that_fails_does_not_keep_the_other_from_its_templates(
    organization, at_credly, credly
):
    credly.add_template(at_credly, name="Scholar")
    broken = OrganizationFactory(name="Broken College", environment="simulator", api_key="an-unknown-key-1234")

    response = manager().post(
        url("credlyorganization"),
        {"action": "sync_selected", "_selected_action": [organization.pk, broken.pk]},
        follow=True,
    )

    assert BadgeTemplate.objects.get().organization == organization
    said = [str(message) for message in response.context["messages"]]
    assert any(line.startswith("Example University: 1 template added") for line in said)
    assert any(line.startswith("Broken College: ") and "key" in line for line in said)


def test_checking_a_key_says_what_credly_thinks_of_it(organization, at_credly, credly):
    browser = manager()

    good = text_of(browser.post(url("credlyorganization", "check", organization.pk), follow=True))
    credly.revoke_key(at_credly)
    connections.forget_all()
    bad = text_of(browser.post(url("credlyorganization", "check", organization.pk), follow=True))

    assert "Credly knows the key" in good
    assert "Credly rejected the API key" in bad


def test_pausing_asks_why_and_resuming_sends_what_waited(organization):
    MessageFactory(award__template__organization=organization)
    browser = manager(username="ada")

    asked = browser.post(url("credlyorganization", "pause", organization.pk), {"reason": " "})
    browser.post(url("credlyorganization", "pause", organization.pk), {"reason": "New logo"})
    paused = text_of(browser.get(url("credlyorganization", "change", organization.pk)))
    resumed = text_of(browser.post(url("credlyorganization", "resume", organization.pk), follow=True))

    assert asked.status_code == 200
    assert "Nothing is sent for this organization: it was paused." in paused
    assert "New logo" in paused
    assert "Resumed. 1 message is being sent." in resumed
    assert list(AuditEntry.objects.values_list("action", "actor__username")) == [
        ("organization.resumed", "ada"),
        ("organization.paused", "ada"),
    ]


def test_the_list_says_which_organization_needs_somebody(organization):
    OrganizationFactory(name="Paused College", key_rejected=True)
    MessageFactory(award__template__organization=organization, dead=True)

    page = manager().get(url("credlyorganization"))

    assert "Paused since" in text_of(page)
    assert '<span class="credly-sandbox">sandbox</span>' in page.content.decode()
    assert '<strong class="credly-bad">1</strong>' in page.content.decode()


def test_an_empty_list_says_what_to_do_next():
    assert "No organization is connected yet. Add one" in text_of(manager().get(url("credlyorganization")))


def test_an_organization_with_templates_is_not_deleted_and_keeps_its_id(organization, at_credly):
    TemplateFactory(organization=organization)
    browser = manager()

    browser.post(url("credlyorganization", "delete", organization.pk), {"post": "yes"})
    browser.post(
        url("credlyorganization", "change", organization.pk),
        filled_in(at_credly, uuid="11111111-1111-4111-8111-111111111111", new_api_key=""),
    )

    organization.refresh_from_db()
    assert str(organization.uuid) == at_credly.uuid


def test_who_may_only_sync_does_that_and_no_more(organization, at_credly, credly):
    credly.add_template(at_credly, name="Scholar")
    browser = at_the_desk("view_credlyorganization", "sync_badgetemplate")

    page = text_of(browser.get(url("credlyorganization", "change", organization.pk)))
    browser.post(url("credlyorganization", "sync", organization.pk))

    assert "Sync templates now" in page
    assert "Check key" not in page
    assert "Leave it empty to keep the stored key" not in page
    assert BadgeTemplate.objects.count() == 1
    assert browser.post(url("credlyorganization", "pause", organization.pk), {"reason": "x"}).status_code == 403


def test_the_page_leads_to_what_waits_and_to_what_needs_a_person(organization):
    waiting = MessageFactory(award__template__organization=organization)
    dead = MessageFactory(award__template__organization=organization, dead=True)
    MessageFactory()
    browser = manager()

    page = browser.get(url("credlyorganization", "change", organization.pk)).content.decode()
    lists = re.findall(rf'href="({url("outboxmessage")}\?[^"]*)"', page)

    found = [browser.get(html.unescape(where)).context["cl"].result_list for where in lists]
    assert [[message.pk for message in each] for each in found] == [[waiting.pk], [dead.pk]]
