"""The life of an API key: where it comes from, when it ends, who is told, and how another takes its place."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone

from credly_badges import connections, keys
from credly_badges.conf import given_keys
from credly_badges.credly.errors import Throttled
from credly_badges.issuing import deliver
from credly_badges.keys import life, retirement, successors
from credly_badges.models import AuditEntry, BadgeAward, CredlyOrganization, DeliveryAttempt, OutboxMessage, Pace
from credly_badges.models.encryption import Secret
from credly_badges.testing.factories import AwardFactory, MessageFactory, OrganizationFactory, TemplateFactory

Pause = CredlyOrganization.Pause

pytestmark = pytest.mark.django_db


class SecretsManager:
    """Where a site keeps its keys: it answers slowly in life, and here counts how often it was asked."""

    def __init__(self, key: str = "") -> None:
        self.key, self.asked, self.down = key, [], False

    def __call__(self, organization_id: UUID) -> str:
        self.asked.append(organization_id)
        if self.down:
            raise TimeoutError(f"vault.example.com did not answer for {self.key}")
        return self.key


MANAGER = SecretsManager()


@pytest.fixture
def manager(at_credly, settings):
    """A secrets manager that the settings name, with the organization's key."""
    MANAGER.__init__(at_credly.key)
    settings.CREDLY_BADGES_API_KEYS = "tests.stages.test_keys.MANAGER"
    given_keys._kept.clear()
    yield MANAGER
    given_keys._kept.clear()


@pytest.fixture
def organization(organization) -> CredlyOrganization:
    """As it is read from the database."""
    organization.refresh_from_db()
    return organization


# Where a key comes from


def test_a_function_of_the_site_gives_the_key_and_is_asked_once_a_minute(manager, organization):
    CredlyOrganization.objects.update(api_key="a-stored-key-that-is-old")
    for _ in range(3):
        row = CredlyOrganization.objects.get()
        assert row.key.reveal() == manager.key
        assert row.key_comes_from_settings

    assert manager.asked == [organization.uuid]


def test_without_a_cache_the_function_is_asked_for_each_row_that_is_read(manager, organization, settings):
    settings.CREDLY_BADGES_API_KEY_CACHE_SECONDS = 0

    for _ in range(3):
        assert CredlyOrganization.objects.get().key.reveal() == manager.key

    assert len(manager.asked) == 3


@pytest.mark.parametrize("form", ["key", "function", "dotted path"])
def test_each_organization_may_have_a_key_a_function_or_a_dotted_path(manager, organization, settings, form):
    source = {"key": manager.key, "function": manager, "dotted path": "tests.stages.test_keys.MANAGER"}[form]
    settings.CREDLY_BADGES_API_KEYS = {str(organization.uuid).upper(): source}
    other = OrganizationFactory(api_key="the-key-of-another-0001")

    assert CredlyOrganization.objects.get(pk=organization.pk).key.reveal() == manager.key
    assert not other.key_comes_from_settings
    assert other.key.reveal() == "the-key-of-another-0001"


@pytest.mark.parametrize("answer", ["", None])
def test_where_the_function_has_no_key_the_stored_one_is_in_force(manager, organization, at_credly, answer):
    manager.key = answer

    row = CredlyOrganization.objects.get()

    assert row.key.reveal() == at_credly.key
    assert not row.key_comes_from_settings


def test_a_failure_of_the_secrets_manager_is_told_without_what_it_said(manager, organization, caplog):
    manager.down = True

    row = CredlyOrganization.objects.get()
    with pytest.raises(Throttled) as told:
        connections.connect(row)

    assert row.key
    assert row.key.masked == "(unreadable)"
    assert "CREDLY_BADGES_API_KEYS" in str(told.value)
    assert "TimeoutError" in str(told.value)
    assert manager.key not in str(told.value) + caplog.text
    assert "could not be fetched" in caplog.text


@pytest.mark.parametrize("source", ["nowhere.to.be_found", 42, lambda organization_id: b"bytes"])
def test_what_is_no_function_or_gives_no_text_is_a_failure_and_no_key(organization, settings, source):
    settings.CREDLY_BADGES_API_KEYS = {organization.uuid: source}

    with pytest.raises(given_keys.KeyNotFetched):
        CredlyOrganization.objects.get().key.reveal()


def test_while_the_secrets_manager_is_down_the_queue_waits_and_no_attempt_is_used(
    manager, organization, at_credly, credly
):
    message = waiting_message(organization, at_credly, credly)
    manager.down = True

    deliver.deliver(message.pk)

    message.refresh_from_db()
    organization.refresh_from_db()
    assert (message.state, message.attempts) == (OutboxMessage.State.WAITING, 0)
    assert organization.paused == Pause.NONE
    assert not credly.requests()
    wait = message.not_before - timezone.now()
    assert timedelta(seconds=20) < wait < timedelta(seconds=60)

    manager.down = False
    given_keys.forget(organization.uuid)
    OutboxMessage.objects.update(not_before=timezone.now())
    CredlyOrganization.objects.update(wait_until=None)
    deliver.deliver(message.pk)
    assert BadgeAward.objects.get().state == BadgeAward.State.OFFERED


def test_a_key_rotated_in_the_secrets_manager_is_picked_up_when_credly_refuses_the_old_one(
    manager, organization, at_credly, credly
):
    message = waiting_message(organization, at_credly, credly)
    assert CredlyOrganization.objects.get().key.reveal() == manager.key  # Remembered by this process from here on.
    credly.revoke_key(at_credly)
    manager.key = credly.new_key(at_credly)

    deliver.deliver(message.pk)
    message.refresh_from_db()
    organization.refresh_from_db()
    assert (message.state, message.attempts, organization.paused) == ("waiting", 0, Pause.NONE)
    deliver.deliver(message.pk)

    assert BadgeAward.objects.get().state == BadgeAward.State.OFFERED
    assert list(DeliveryAttempt.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "unauthorized",
        "delivered",
    ]


def test_a_dead_key_that_the_secrets_manager_still_gives_pauses_the_organization(
    manager, organization, at_credly, credly
):
    message = waiting_message(organization, at_credly, credly)
    credly.revoke_key(at_credly)

    deliver.deliver(message.pk)

    organization.refresh_from_db()
    assert organization.paused == Pause.KEY_REJECTED


def test_a_queue_that_was_paused_goes_on_by_itself_once_the_secrets_manager_gives_a_key_that_works(
    manager, organization, at_credly, credly, django_capture_on_commit_callbacks
):
    message = waiting_message(organization, at_credly, credly)
    assert keys.check_all() == 1
    credly.revoke_key(at_credly)
    deliver.deliver(message.pk)
    asked = len(credly.requests())
    assert keys.check_all() == 0  # The same key as before: not asked about again today.
    assert len(credly.requests()) == asked

    manager.key = credly.new_key(at_credly)
    given_keys.forget(organization.uuid)
    with django_capture_on_commit_callbacks(execute=True):
        assert keys.check_all() == 1

    organization.refresh_from_db()
    assert organization.paused == Pause.NONE
    assert BadgeAward.objects.get().state == BadgeAward.State.OFFERED
    assert AuditEntry.objects.filter(action="organization.key_changed").count() == 1


def test_a_check_asks_the_secrets_manager_anew(manager, organization, at_credly, credly):
    assert organization.key.reveal() == manager.key
    CredlyOrganization.objects.update(paused=Pause.KEY_REJECTED)
    credly.revoke_key(at_credly)
    manager.key = credly.new_key(at_credly)

    found = keys.check(organization)

    assert found.answer.ok
    assert CredlyOrganization.objects.get().paused == Pause.NONE


def test_a_rejected_key_is_tried_again_after_a_day(organization, at_credly, credly):
    keys.check_all()
    CredlyOrganization.objects.update(paused=Pause.KEY_REJECTED)
    assert keys.check_all() == 0

    CredlyOrganization.objects.update(key_checked_at=timezone.now() - timedelta(days=1))

    assert keys.check_all() == 1
    organization.refresh_from_db()
    assert organization.paused == Pause.NONE


# When a key ends


def test_a_key_that_credly_could_not_be_asked_about_is_looked_at_in_the_next_round(organization, credly):
    credly.before_acting("GET */organizations/*", status=503)

    keys.check_all()
    not_yet = CredlyOrganization.objects.get().key_checked_at
    again = keys.check_all()

    assert not_yet is None
    assert again == 1
    assert CredlyOrganization.objects.get().key_checked_at is not None


def test_keys_are_looked_at_for_as_long_as_the_round_has_time(organization, credly):
    assert keys.check_all(until=time.monotonic()) == 0
    assert not credly.requests()
    assert keys.check_all(until=time.monotonic() + 60) == 1


def test_when_the_key_ends_is_read_from_credly(organization, at_credly, credly):
    found = keys.check(organization)

    (token,) = [token for token in credly.store.tokens.values() if token.value == at_credly.key]
    organization.refresh_from_db()
    assert organization.key_expires_at == as_told(token.expires_at)
    assert organization.key_expiry_is_known
    assert str(organization.key_token_id) == token.uuid
    assert organization.key_entered_at == as_told(token.created_at)
    assert found.permissions() == "It may read, write and delete."


def test_a_key_that_cannot_see_itself_is_reckoned_to_last_180_days(organization, at_credly, credly):
    organization.api_key = credly.new_key(at_credly, delete_enabled=False)
    organization.save()

    keys.entered(organization, None)

    organization.refresh_from_db()
    assert organization.key_expires_at == organization.key_entered_at + timedelta(days=180)
    assert not organization.key_expiry_is_known
    assert organization.key_token_id is None


def test_a_key_that_can_only_read_is_named(organization, at_credly, credly):
    organization.api_key = credly.new_key(at_credly, write_enabled=False, delete_enabled=False)

    found = keys.look(organization)

    assert found.answer.ok
    assert found.can_only_read
    assert "can only read" in found.permissions()


def test_a_new_key_begins_a_new_life(organization, at_credly, credly):
    keys.check(organization)
    CredlyOrganization.objects.update(key_warned_days=1, key_entered_at=timezone.now() - timedelta(days=179))
    old = CredlyOrganization.objects.get().key_token_id
    organization.refresh_from_db()
    organization.api_key = credly.new_key(at_credly)

    retires = keys.entered(organization, None)

    row = CredlyOrganization.objects.get()
    assert not retires  # Somebody made the old one by hand, and may use it elsewhere.
    assert row.api_key.reveal() == at_credly.key
    assert timezone.now() - row.key_entered_at < timedelta(minutes=1)
    assert (row.key_warned_days, row.key_expiry_is_known) == (None, True)
    assert row.key_token_id != old
    assert not row.retiring_key


def test_another_key_than_the_one_in_force_is_tried_at_the_organizations_pace(organization, credly):
    now = timezone.now()
    Pace.objects.create(organization=organization, failures=5, opened_at=now, probe_at=now + timedelta(minutes=1))

    with retirement.client_with(organization, organization.key) as client, pytest.raises(Throttled):
        client.organization()

    assert not credly.requests()


def test_a_pasted_key_has_the_one_retired_that_this_plugin_had_made(organization, at_credly, credly):
    assert keys.rotate(organization, by=None).done
    organization.refresh_from_db()
    CredlyOrganization.objects.update(retire_at=timezone.now())
    assert keys.retire_due() == 1
    made_here = organization.key_token_id
    organization.refresh_from_db()
    organization.api_key = credly.new_key(at_credly)

    assert keys.entered(organization, None)

    organization.refresh_from_db()
    assert organization.retiring_token_id == made_here
    assert organization.retire_at > timezone.now() + timedelta(hours=23)


def test_an_answer_about_a_key_that_was_replaced_meanwhile_is_not_written_down(organization, at_credly, credly):
    found = keys.look(organization)
    CredlyOrganization.objects.update(api_key=credly.new_key(at_credly))

    life.note(organization, found)

    assert CredlyOrganization.objects.get().key_expires_at is None


def test_a_key_that_expired_pauses_its_organization_alone_and_only_once_credly_rejects_it(
    organization, at_credly, credly
):
    other = OrganizationFactory(environment="simulator", uuid=credly.add_organization("Other").uuid)
    keys.check(organization)
    CredlyOrganization.objects.filter(pk=organization.pk).update(key_expires_at=timezone.now() - timedelta(days=1))
    CredlyOrganization.objects.filter(pk=organization.pk).update(key_expiry_is_known=False)
    organization.refresh_from_db()

    credly.before_acting("GET */organizations/*", status=503)
    keys.check(organization)
    organization.refresh_from_db()
    assert organization.paused == Pause.NONE  # Nobody was asked, and the date alone may be wrong.

    credly.expire_key(at_credly)
    keys.check(organization)
    organization.refresh_from_db()
    other.refresh_from_db()
    assert (organization.paused, other.paused) == (Pause.KEY_REJECTED, Pause.NONE)
    assert AuditEntry.objects.filter(action="organization.paused").count() == 1


def test_a_key_that_works_beyond_its_reckoned_end_goes_on_working(organization):
    keys.check(organization)
    CredlyOrganization.objects.update(key_expires_at=timezone.now() - timedelta(days=9), key_expiry_is_known=False)
    organization.refresh_from_db()

    keys.check(organization)

    organization.refresh_from_db()
    assert organization.paused == Pause.NONE


@pytest.mark.parametrize(
    ("left", "known", "days", "level", "words"),
    [
        (timedelta(days=31), True, None, None, ""),
        (timedelta(days=29, hours=12), True, 30, "warning", "in 30 days (as Credly says)"),
        (timedelta(days=11, hours=12), False, 12, "warning", "in 12 days (reckoned from when it was entered)"),
        (timedelta(hours=3), True, 1, "warning", "in 1 day (as Credly says)"),
        (timedelta(hours=-3), True, 0, "error", "has expired"),
        (timedelta(hours=-3), False, 0, "warning", "may stop working any day"),
    ],
)
def test_a_key_is_warned_of_from_thirty_days_before_its_end(organization, left, known, days, level, words):
    now = timezone.now()
    CredlyOrganization.objects.update(key_expires_at=now + left, key_expiry_is_known=known)

    found = keys.warnings(now)

    assert [(each.days_left, each.level) for each in found] == ([(days, level)] if days is not None else [])
    assert all(words in each.sentence and "Example University" in each.sentence for each in found)


def test_each_threshold_is_logged_once_and_an_expired_key_is_an_error(organization, caplog):
    now = timezone.now()
    logged = []
    for days in (40, 30, 29, 14, 13, 7, 6, 2, 1, -1, -2):
        keys.check_all()
        caplog.clear()
        CredlyOrganization.objects.update(
            key_expires_at=now + timedelta(days=days), key_expiry_is_known=True, key_checked_at=now
        )
        # What was logged belongs to this date, as for a key that grows old.
        with caplog.at_level(logging.WARNING):
            keys.check_all()
            keys.check_all()
        logged += [(days, record.levelname) for record in caplog.records if "key" in record.getMessage()]

    assert logged == [(30, "WARNING"), (14, "WARNING"), (7, "WARNING"), (1, "WARNING"), (-1, "ERROR")]


def test_many_organizations_are_warned_of_in_one_query(organization, django_assert_num_queries):
    OrganizationFactory.create_batch(5, key_expires_at=timezone.now() + timedelta(days=3))

    with django_assert_num_queries(1):
        assert len(keys.warnings()) == 5


# One key after another


def test_a_rotation_puts_a_new_key_in_force_and_keeps_the_old_one_for_a_while(organization, at_credly, credly):
    old = at_credly.key

    rotation = keys.rotate(organization, by=None)

    row = CredlyOrganization.objects.get()
    assert rotation.done
    assert "The old one goes on working until" in rotation.sentences[-1]
    assert row.api_key.reveal() != old
    assert row.retiring_key.reveal() == old
    assert timedelta(hours=23) < row.retire_at - timezone.now() <= timedelta(hours=24)
    new = credly.store.tokens[row.api_key.reveal()]
    assert (new.read_enabled, new.write_enabled, new.delete_enabled) == (True, True, True)
    assert (str(row.key_token_id), row.key_expires_at) == (new.uuid, as_told(new.expires_at))
    assert (row.successor_name, bool(row.successor_key), row.successor_begun_at) == ("", False, None)
    assert old in credly.store.tokens
    entry = AuditEntry.objects.get(action="organization.key_rotated")
    assert old not in str(entry.after)
    assert row.api_key.reveal() not in str(entry.after)


def test_the_old_key_is_deleted_at_credly_when_its_time_is_over(organization, at_credly, credly):
    old = at_credly.key
    keys.rotate(organization, by=None)
    assert keys.retire_due() == 0
    assert old in credly.store.tokens

    CredlyOrganization.objects.update(retire_at=timezone.now())

    assert keys.retire_due() == 1
    row = CredlyOrganization.objects.get()
    assert old not in credly.store.tokens
    assert len(credly.store.tokens) == 1
    assert (bool(row.retiring_key), row.retiring_token_id, row.retire_at) == (False, None, None)
    assert AuditEntry.objects.filter(action="organization.key_retired").count() == 1
    assert keys.retire_due() == 0


def test_a_key_that_may_not_delete_leaves_the_old_one_to_a_person_and_says_so(organization, at_credly, credly, caplog):
    old = credly.new_key(at_credly, delete_enabled=False)
    organization.api_key = old
    organization.save()

    rotation = keys.rotate(organization, by=None)
    CredlyOrganization.objects.update(retire_at=timezone.now())
    gone = keys.retire_due()

    row = CredlyOrganization.objects.get()
    assert rotation.done
    assert "delete that at Credly yourself" in rotation.sentences[-1]
    assert gone == 0
    assert row.retiring_key.reveal() == old
    assert "still works, and the new one may not delete it" in caplog.text
    assert "••••" not in caplog.text

    del credly.store.tokens[old]  # Somebody deletes it.
    CredlyOrganization.objects.update(retire_at=timezone.now())
    assert keys.retire_due() == 1
    assert not CredlyOrganization.objects.get().retiring_key


def test_while_credly_is_down_the_old_key_stays_to_be_retired(organization, credly):
    keys.rotate(organization, by=None)
    CredlyOrganization.objects.update(retire_at=timezone.now())
    credly.before_acting("DELETE *", status=503)

    assert keys.retire_due() == 0

    row = CredlyOrganization.objects.get()
    assert row.retiring_token_id
    CredlyOrganization.objects.update(retire_at=timezone.now())
    assert keys.retire_due() == 1


def test_a_dry_run_changes_nothing_here_or_at_credly(organization, credly):
    before = row_of(organization)

    rotation = keys.rotate(organization, by=None, dry_run=True)

    assert rotation.done
    assert "would be made" in rotation.sentences[-1]
    assert row_of(organization) == before
    assert {request.method for request in credly.requests()} == {"GET"}


def test_a_key_that_comes_from_the_settings_is_not_rotated(manager, organization, credly):
    rotation = keys.rotate(organization, by=None)

    assert not rotation.done
    assert "comes from the setting CREDLY_BADGES_API_KEYS" in rotation.sentences[0]
    assert not credly.requests()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"write_enabled": False, "delete_enabled": False}, "can only read"),
        ({"read_enabled": False}, "cannot make another"),
    ],
)
def test_a_key_that_may_not_make_keys_stays_in_force(organization, at_credly, credly, flags, words):
    organization.api_key = credly.new_key(at_credly, **flags)
    organization.save()
    tokens = set(credly.store.tokens)

    rotation = keys.rotate(organization, by=None)

    assert not rotation.done
    assert words in rotation.sentences[0]
    assert CredlyOrganization.objects.get().api_key.reveal() == at_credly.key
    assert set(credly.store.tokens) == tokens


def test_a_rejected_key_cannot_be_rotated(organization, at_credly, credly):
    credly.revoke_key(at_credly)

    rotation = keys.rotate(organization, by=None)

    assert not rotation.done
    assert "Make a new key at Credly and enter it" in rotation.sentences[0]


@pytest.mark.parametrize("fault", ["lost", "malformed"])
def test_a_lost_answer_leaves_no_second_key_at_credly(organization, credly, fault):
    if fault == "lost":
        credly.after_acting("POST */authorization_tokens", lose_the_answer=True)
    else:
        credly.after_acting("POST */authorization_tokens", malformed=True)

    rotation = keys.rotate(organization, by=None)

    assert rotation.done
    assert len(credly.store.tokens) == 2
    assert CredlyOrganization.objects.get().api_key.reveal() in credly.store.tokens


def test_where_credly_fails_the_key_in_force_stays_and_the_next_rotation_goes_on(organization, at_credly, credly):
    old = at_credly.key
    credly.before_acting("POST */authorization_tokens", status=503)

    first = keys.rotate(organization, by=None)
    stays = CredlyOrganization.objects.get().api_key.reveal()
    second = keys.rotate(organization, by=None)

    assert (first.done, stays, second.done) == (False, old, True)
    assert len(credly.store.tokens) == 2


@pytest.mark.parametrize("died_after", ["naming", "making", "storing"])
def test_a_rotation_that_died_is_finished_by_the_next_one_without_a_key_left_over(
    organization, at_credly, credly, died_after
):
    die_during_rotation(organization, died_after)
    at_once = keys.rotate(organization, by=None)
    CredlyOrganization.objects.update(successor_begun_at=timezone.now() - successors.TAKEN_FOR_DEAD)

    rotation = keys.rotate(organization, by=None)

    row = CredlyOrganization.objects.get()
    assert not at_once.done  # It might still be alive.
    assert "being rotated at this moment" in at_once.sentences[0]
    assert rotation.done
    assert set(credly.store.tokens) == {row.api_key.reveal(), row.retiring_key.reveal()}


def test_a_second_rotation_at_the_same_moment_is_refused(organization, credly):
    first = CredlyOrganization.objects.get()
    second = CredlyOrganization.objects.get()
    successors.begin(first)

    refused = keys.rotate(second, by=None)
    successors.end(first)

    assert not refused.done
    assert len(credly.store.tokens) == 1


def test_a_rotation_that_read_the_row_before_another_one_finished_does_not_begin(organization, credly):
    keys.check(organization)
    late = CredlyOrganization.objects.get()
    keys.rotate(organization, by=None)

    with pytest.raises(successors.NotRotated):
        successors.begin(late)


def test_during_the_overlap_there_is_no_further_rotation(organization, credly):
    keys.rotate(organization, by=None)

    again = keys.rotate(organization, by=None)

    assert not again.done
    assert "not long ago" in again.sentences[0]
    assert len(credly.store.tokens) == 2


def test_a_key_that_somebody_enters_during_a_rotation_stays_in_force(organization, at_credly, credly):
    attempt = begun(organization)
    successor = successors.make(attempt)
    pasted = credly.new_key(at_credly)
    person = CredlyOrganization.objects.get()
    person.api_key = pasted
    keys.entered(person, None)

    with pytest.raises(successors.NotRotated):
        keys.rotation._swap(attempt, successor, None, timedelta(hours=1))

    row = CredlyOrganization.objects.get()
    assert row.api_key.reveal() == pasted
    assert successor.key.reveal() not in credly.store.tokens
    assert (row.successor_name, bool(row.successor_key)) == ("", False)


def test_a_worker_that_holds_the_old_key_delivers_during_the_overlap_and_tries_the_new_one_after_it(
    organization, at_credly, credly
):
    first, second = (waiting_message(organization, at_credly, credly) for _ in range(2))
    held = OutboxMessage.objects.select_related("organization").get(pk=second.pk)
    assert held.organization.key.reveal() == at_credly.key
    keys.rotate(organization, by=None)
    assert connections.connect(held.organization).organization().name == "Example University"

    CredlyOrganization.objects.update(retire_at=timezone.now())
    keys.retire_due()
    for message in (first, second):
        deliver.deliver(message.pk)

    assert set(BadgeAward.objects.values_list("state", flat=True)) == {BadgeAward.State.OFFERED}


def test_a_rotation_at_once_kills_the_old_key_and_what_waited_for_it_goes_on(
    organization, at_credly, credly, django_capture_on_commit_callbacks
):
    old = at_credly.key
    waiting_message(organization, at_credly, credly)
    CredlyOrganization.objects.update(paused=Pause.KEY_REJECTED)

    with django_capture_on_commit_callbacks(execute=True):
        rotation = keys.rotate(organization, by=None, at_once=True)

    row = CredlyOrganization.objects.get()
    assert rotation.done
    assert set(credly.store.tokens) == {row.api_key.reveal()}
    assert old != row.api_key.reveal()
    assert (row.paused, bool(row.retiring_key)) == (Pause.NONE, False)
    assert BadgeAward.objects.get().state == BadgeAward.State.OFFERED


def test_a_rotation_at_once_leaves_no_key_of_an_earlier_one_that_died(organization, credly):
    die_during_rotation(organization, "storing")
    CredlyOrganization.objects.update(successor_begun_at=None)

    rotation = keys.rotate(organization, by=None, at_once=True)

    row = CredlyOrganization.objects.get()
    assert rotation.done
    assert set(credly.store.tokens) == {row.api_key.reveal()}
    assert (row.successor_name, bool(row.successor_key)) == ("", False)


@pytest.mark.parametrize("setting", ["refuse", "all"])
def test_a_key_that_may_not_delete_is_rotated_whatever_credly_lets_it_list(organization, at_credly, credly, setting):
    old = credly.new_key(at_credly, delete_enabled=False)
    organization.api_key = old
    organization.save()
    credly.configure(list_of_tokens=setting)

    rotation = keys.rotate(organization, by=None)
    keys.check(organization)
    CredlyOrganization.objects.update(retire_at=timezone.now())
    gone = keys.retire_due()

    row = CredlyOrganization.objects.get()
    assert rotation.done
    assert not credly.store.tokens[row.api_key.reveal()].delete_enabled
    assert row.key_expiry_is_known  # Credly named it as it made the key.
    assert gone == 0
    assert row.retiring_key.reveal() == old
    assert keys.needs_a_person(row).startswith(f"Its old API key, ••••{old[-4:]}, still works")
    assert keys.rotate(row, by=None, dry_run=True).done  # That it is still there holds up nothing.


def test_a_stored_successor_is_put_in_force_by_a_key_that_cannot_see_it_listed(organization, at_credly, credly):
    credly.configure(list_of_tokens="refuse")
    die_during_rotation(organization, "storing")
    stored = CredlyOrganization.objects.get().successor_key.reveal()
    CredlyOrganization.objects.update(successor_begun_at=None)

    rotation = keys.rotate(organization, by=None)

    row = CredlyOrganization.objects.get()
    assert rotation.done
    assert row.api_key.reveal() == stored
    assert len(credly.store.tokens) == 2


def test_a_rotation_at_once_whose_answer_is_lost_sends_for_a_person(organization, credly):
    credly.after_acting("POST */authorization_tokens/rotate", lose_the_answer=True)

    rotation = keys.rotate(organization, by=None, at_once=True)

    assert not rotation.done
    assert "make one at Credly and enter it" in rotation.sentences[0]


# The ring


def test_every_stored_secret_is_encrypted_anew_with_the_newest_key(organization, at_credly, settings):
    keys.rotate(organization, by=None)
    old_ring = list(settings.CREDLY_BADGES_ENCRYPTION_KEYS)
    newest = Fernet.generate_key().decode()
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = [newest, *old_ring]

    tried = list(keys.reencrypt(dry_run=True))
    positions = [(each.column, each.position, each.done) for each in keys.reencrypt()]
    again = [(each.position, each.done) for each in keys.reencrypt()]

    assert not any(each.done for each in tried)
    assert positions == [("api_key", 2, True), ("retiring_key", 2, True)]
    assert again == [(1, True), (1, True)]
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = [newest]
    row = CredlyOrganization.objects.get()
    assert row.retiring_key.reveal() == at_credly.key or row.api_key.reveal() == at_credly.key
    assert connections.connect(row).organization()


def test_a_secret_that_no_key_of_the_ring_reads_is_named_and_left_as_it_is(organization, settings):
    stored = CredlyOrganization.objects.get().api_key.as_token()
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    (found,) = keys.reencrypt()

    assert (found.position, found.done) == (None, False)
    assert CredlyOrganization.objects.get().api_key.as_token() == stored


def test_a_key_that_is_entered_while_the_ring_turns_is_not_overwritten(organization, settings):
    stale = CredlyOrganization.objects.get().api_key
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = [
        Fernet.generate_key().decode(),
        *settings.CREDLY_BADGES_ENCRYPTION_KEYS,
    ]
    CredlyOrganization.objects.update(api_key=Secret("entered-at-this-moment-0001"))

    done = keys.reencryption._replace(organization, "api_key", stale)

    assert done
    assert CredlyOrganization.objects.get().api_key.reveal() == "entered-at-this-moment-0001"


def waiting_message(organization, at_credly, credly) -> OutboxMessage:
    there = credly.add_template(at_credly)
    template = TemplateFactory(organization=organization, uuid=there.uuid, active=True)
    return MessageFactory(award=AwardFactory(template=template))


def as_told(moment: datetime) -> datetime:
    """A moment at Credly as its answers have it, to the millisecond."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def row_of(organization: CredlyOrganization) -> dict:
    return CredlyOrganization.objects.filter(pk=organization.pk).values().get()


def begun(organization: CredlyOrganization) -> successors.Attempt:
    """A rotation that has stored its name."""
    attempt = keys.rotation._prepare(organization)
    successors.begin(organization)
    return attempt


def die_during_rotation(organization: CredlyOrganization, died_after: str) -> None:
    """What a process leaves that is killed at that point."""
    attempt = begun(organization)
    if died_after == "making":
        attempt.client.create_token(organization.successor_name, delete=True)
    elif died_after == "storing":
        successors.make(attempt)
