"""A key dies, is rotated or encrypted anew while badges are being issued: every learner gets one badge."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from credly_badges import keys
from credly_badges.models import AuditEntry, CredlyOrganization, DeliveryAttempt, OutboxMessage

from .conftest import FIRST, is_quiet, offered

LEARNERS = 120


@pytest.fixture
def load(site):
    """A site whose learners pass one after the other in two web processes, from :func:`begin` on."""
    return Load(site)


class Load:
    """Learners who pass, and the workers that issue their badges."""

    def __init__(self, site) -> None:
        self.site = site
        self.badge = site.badge_for_passing(FIRST, allow_duplicate_badges=True)  # Credly would not refuse a second one.
        self.learners = site.learners(LEARNERS)
        site.credly.always(latency=0.02)

    def begin(self) -> None:
        """Two workers and two web processes, and some badges out already."""
        self.site.start_workers(2)
        self.lms = self.site.start_lms(2)
        happenings = [[learner.pk, FIRST, 0, True] for learner in self.learners]
        for number, process in enumerate(self.lms):
            process.begin(happenings[number::2])
        self.until_offered(10)

    def until_offered(self, number: int, **wait: float) -> None:
        """Wait until so many badges are offered."""
        self.site.wait_until(f"{number} badges are offered", lambda: offered() >= number, **wait)

    def until_all_passed(self) -> None:
        """Wait until the web processes have said it of every learner."""
        while self.lms:
            self.lms.pop().answer()

    def check(self) -> None:
        """Every learner has one badge, and no attempt was used up on a key."""
        self.until_offered(LEARNERS, seconds=60)
        self.until_all_passed()
        expected = {(learner.email, str(self.badge.uuid)): 1 for learner in self.learners}
        assert self.site.credly.counters() == expected
        assert OutboxMessage.objects.aggregate(most=Max("attempts"))["most"] == 0
        assert not OutboxMessage.objects.filter(open=True).exists()

    def stands_still(self) -> bool:
        """Whether the queue has stopped, with something in it."""
        organization = CredlyOrganization.objects.get()
        return bool(organization.paused) and is_quiet()


def test_a_key_that_expires_under_load_holds_the_queue_until_another_is_entered(load):
    load.begin()

    load.site.credly.expire_key(load.site.there)
    load.site.wait_until("the queue stands still", load.stands_still)
    load.until_all_passed()
    load.site.wait_until("nothing is in hand", nothing_is_in_hand)

    waiting = OutboxMessage.objects.filter(open=True)
    assert waiting.exists()
    assert set(waiting.values_list("state", "attempts")) == {("waiting", 0)}
    organization = CredlyOrganization.objects.get()
    assert organization.paused == CredlyOrganization.Pause.KEY_REJECTED

    organization.api_key = load.site.credly.new_key(load.site.there)
    keys.entered(organization, None)

    load.check()
    assert DeliveryAttempt.objects.filter(outcome="unauthorized").exists()


def test_a_key_that_is_rotated_in_a_secrets_manager_under_load_is_picked_up_without_anybody(load, settings, tmp_path):
    vault = tmp_path / "vault"
    vault.write_text(load.site.there.key, encoding="utf-8")
    chosen = {
        "CREDLY_BADGES_API_KEYS": "tests.services.vault.api_key",
        "CREDLY_BADGES_API_KEY_CACHE_SECONDS": 600,
        "CREDLY_TEST_VAULT": str(vault),
    }
    load.site.set(**chosen)
    for name, value in chosen.items():
        setattr(settings, name, value)
    CredlyOrganization.objects.update(api_key="")
    load.begin()

    old = load.site.there.key
    vault.write_text(load.site.credly.new_key(load.site.there), encoding="utf-8")
    del load.site.credly.store.tokens[old]

    load.check()
    assert not AuditEntry.objects.filter(action="organization.paused").exists()
    assert DeliveryAttempt.objects.filter(outcome="unauthorized").exists()


def test_a_key_is_rotated_and_the_old_one_retired_under_load(load):
    old = load.site.there.key
    load.begin()

    rotation = keys.rotate(CredlyOrganization.objects.get(), by=None)
    load.until_offered(offered() + 20)
    CredlyOrganization.objects.update(retire_at=timezone.now())
    retired = keys.retire_due()

    load.check()
    assert rotation.done
    assert retired == 1
    assert old not in load.site.credly.store.tokens
    assert list(load.site.credly.store.tokens) == [CredlyOrganization.objects.get().api_key.reveal()]
    assert not AuditEntry.objects.filter(action="organization.paused").exists()


def test_a_rotation_that_kills_the_old_key_at_once_loses_nothing_either(load):
    load.begin()

    rotation = keys.rotate(CredlyOrganization.objects.get(), by=None, at_once=True)

    load.check()
    assert rotation.done
    assert CredlyOrganization.objects.get().paused == CredlyOrganization.Pause.NONE


def test_the_ring_turns_under_load_and_the_old_encryption_key_goes(load, settings):
    old = settings.CREDLY_BADGES_ENCRYPTION_KEYS[0]
    new = Fernet.generate_key().decode()
    keys.rotate(CredlyOrganization.objects.get(), by=None)  # So that a second secret is stored.
    set_ring(load, settings, new, old)
    load.begin()

    out = StringIO()
    call_command("credly_keys", "rotate-encryption", stdout=out)
    load.until_offered(offered() + 20)
    for worker in load.site.processes[:2]:  # The workers are started anew, without the old encryption key.
        worker.kill()
    set_ring(load, settings, new)
    load.site.start_workers(2)

    load.until_offered(LEARNERS, seconds=90, sweep_every=2)
    assert out.getvalue().count("is now with the newest") == 2
    assert {each.position for each in keys.reencrypt()} == {1}
    counters = load.site.credly.counters()
    assert counters == {(learner.email, str(load.badge.uuid)): 1 for learner in load.learners}
    assert not AuditEntry.objects.filter(action="organization.paused").exists()


def test_of_rotations_at_one_moment_one_succeeds_and_no_key_is_left_over(site):
    def rotate(_number: int) -> keys.Rotation:
        try:
            return keys.rotate(CredlyOrganization.objects.get(), by=None)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        rotations = list(pool.map(rotate, range(6)))

    row = CredlyOrganization.objects.get()
    assert [rotation.done for rotation in rotations].count(True) == 1
    assert set(site.credly.store.tokens) == {row.api_key.reveal(), row.retiring_key.reveal()}
    assert row.retire_at - timezone.now() > timedelta(hours=23)


def test_a_key_that_is_entered_while_the_ring_turns_again_and_again_is_the_one_that_stays(site, settings):
    def turn(_number: int) -> None:
        try:
            list(keys.reencrypt())
        finally:
            connection.close()

    old = settings.CREDLY_BADGES_ENCRYPTION_KEYS[0]
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), old]
    newest = site.credly.new_key(site.there)
    organization = CredlyOrganization.objects.get()
    organization.api_key = newest
    found = keys.look(organization)

    with ThreadPoolExecutor(4) as pool:
        turns = pool.map(turn, range(12))
        keys.entered(organization, None, found=found)
        list(turns)

    assert CredlyOrganization.objects.get().api_key.reveal() == newest


def set_ring(load: Load, settings, *ring: str) -> None:
    """The ring of this process, and of those that are started from here on."""
    settings.CREDLY_BADGES_ENCRYPTION_KEYS = list(ring)
    load.site.set(CREDLY_BADGES_ENCRYPTION_KEYS=list(ring))


def nothing_is_in_hand() -> bool:
    """Whether no worker has a message."""
    return not OutboxMessage.objects.filter(state=OutboxMessage.State.DELIVERING).exists()
