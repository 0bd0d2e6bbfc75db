"""The audit log is sealed, and whoever changes it afterwards is found out."""

from __future__ import annotations

from datetime import timedelta

import ddt
import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import override_settings
from django.utils import timezone

from credly_badges import audit, rounds
from credly_badges.audit import seals
from credly_badges.audit.seals import Fault
from credly_badges.models import AuditEntry, AuditSeal, Pulse
from credly_badges.models.audit import WrittenOnce
from credly_badges.testing.factories import TemplateFactory, UserFactory


def written(count=1, *, minutes=60, **facts):
    """So many entries, written that long ago; their keys."""
    template = TemplateFactory(name="Führung")
    told = {"before": {"is_active": False}, "after": {"is_active": True, "days": [1, 2.5, None]}, **facts}
    keys = [audit.record("template.activated", template, **told).pk for _entry in range(count)]
    by_hand(
        "UPDATE credly_badges_auditentry SET at = %s WHERE id >= %s",
        timezone.now() - timedelta(minutes=minutes),
        keys[0],
    )
    return keys


def by_hand(sql, *values):
    """Somebody at the database itself."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def faults():
    return [(each.number, each.fault) for each in audit.verify() if each.fault]


@ddt.ddt
class TestSeals(TestCase):
    """Three seals over three entries each."""

    def setUp(self):
        self.keys = []
        for _seal in range(3):
            self.keys += written(3)
            assert audit.seal() == 1

    def test_what_nobody_touched_fits(self):
        found = list(audit.verify())

        assert [(each.number, each.count, each.fault) for each in found] == [(1, 3, None), (2, 3, None), (3, 3, None)]
        assert [each.last_entry for each in found] == self.keys[2::3]
        assert audit.unsealed() == 0

    @ddt.data(
        ("UPDATE credly_badges_auditentry SET because = 'It was somebody else.' WHERE id = %s", "entries_changed"),
        ("UPDATE credly_badges_auditentry SET at = '2020-01-01 00:00:00' WHERE id = %s", "entries_changed"),
        ("UPDATE credly_badges_auditentry SET after = '{}' WHERE id = %s", "entries_changed"),
        ("DELETE FROM credly_badges_auditentry WHERE id = %s", "entries_missing"),
    )
    @ddt.unpack
    def test_what_was_done_to_an_entry_is_found(self, sql, fault):
        by_hand(sql, self.keys[4])

        assert faults() == [(2, fault)]

    def test_an_entry_that_is_put_in_between_is_found(self):
        by_hand("DELETE FROM credly_badges_auditentry WHERE id = %s", self.keys[3])
        AuditSeal.objects.all()._raw_delete("default")
        audit.seal()
        assert faults() == []

        AuditEntry.objects.create(pk=self.keys[3], action="award.granted", object_type="badgeaward", object_id="1")

        assert faults() == [(1, Fault.ENTRIES_ADDED)]

    def test_a_seal_that_is_removed_is_found_and_the_others_still_fit(self):
        by_hand("DELETE FROM credly_badges_auditseal WHERE number = 2")

        assert faults() == [(2, Fault.SEAL_MISSING)]

    def test_a_first_seal_that_is_removed_with_what_it_sealed_is_found(self):
        by_hand("DELETE FROM credly_badges_auditseal WHERE number = 1")
        by_hand("DELETE FROM credly_badges_auditentry WHERE id <= %s", self.keys[2])

        assert faults() == [(1, Fault.SEAL_MISSING)]

    def test_the_last_seals_can_be_removed_with_what_they_sealed_and_nothing_tells(self):
        by_hand("DELETE FROM credly_badges_auditseal WHERE number >= 2")
        by_hand("DELETE FROM credly_badges_auditentry WHERE id > %s", self.keys[2])

        assert faults() == []
        assert [each.number for each in audit.verify()] == [1]  # Whoever has kept the number 3 knows.

    @ddt.data(
        "UPDATE credly_badges_auditseal SET count = 2 WHERE number = 3",
        "UPDATE credly_badges_auditseal SET first_entry = 1 WHERE number = 3",
        "UPDATE credly_badges_auditseal SET previous = '' WHERE number = 3",
        "UPDATE credly_badges_auditseal SET sealed_at = '2020-01-01 00:00:00' WHERE number = 3",
    )
    def test_a_seal_that_is_changed_is_found(self, sql):
        by_hand(sql)

        ((number, fault),) = faults()

        assert number == 3
        assert fault in (Fault.SEAL_CHANGED, Fault.ENTRIES_CHANGED)

    def test_a_seal_that_somebody_makes_anew_without_the_key_does_not_fit(self):
        by_hand("UPDATE credly_badges_auditentry SET because = 'Nothing.' WHERE id = %s", self.keys[7])
        with override_settings(SECRET_KEY="a-guess"):
            by_hand("DELETE FROM credly_badges_auditseal WHERE number = 3")
            audit.seal()

        assert faults() == [(3, Fault.KEY_UNKNOWN)]

    def test_a_person_who_retires_is_taken_out_and_the_seal_still_fits(self):
        somebody = UserFactory()
        written(1, actor=somebody)
        audit.seal()

        AuditEntry.objects.all().forget(somebody.pk)

        assert faults() == []
        assert AuditEntry.objects.latest("pk").actor_id is None

    def test_a_new_secret_key_seals_and_the_old_one_still_verifies(self):
        with override_settings(SECRET_KEY="the-new-one", SECRET_KEY_FALLBACKS=["not-a-secret-only-for-tests"]):
            written(1)
            audit.seal()
            assert faults() == []

        with override_settings(SECRET_KEY="the-new-one", SECRET_KEY_FALLBACKS=[]):
            assert [fault for _number, fault in faults()] == [Fault.KEY_UNKNOWN] * 3


@pytest.mark.django_db
class TestSealing:
    """Which entries are sealed, and when."""

    def test_entries_that_are_new_wait_for_their_transactions_to_end(self):
        old = written(2)
        written(2, minutes=5)

        assert audit.seal() == 1
        assert audit.seal() == 0

        assert AuditSeal.objects.get().last_entry == old[-1]
        assert audit.unsealed() == 2

    def test_a_clock_that_was_ahead_holds_nothing_up(self):
        written(1, minutes=-60 * 24 * 365)
        with_template = TemplateFactory()
        last = audit.record("template.activated", with_template)
        by_hand(
            "UPDATE credly_badges_auditentry SET at = %s WHERE id = %s", timezone.now() - timedelta(hours=1), last.pk
        )

        audit.seal()

        assert AuditSeal.objects.get().count == 2
        assert faults() == []

    def test_many_entries_take_several_seals(self, monkeypatch):
        monkeypatch.setattr(seals, "ENTRIES", 4)
        monkeypatch.setattr(seals, "AT_ONCE", 3)
        written(10)

        assert audit.seal() == 3
        assert [each.count for each in audit.verify()] == [4, 4, 2]
        assert faults() == []

    def test_when_the_time_is_up_the_rest_is_left_to_the_next_round(self):
        written(1)

        assert audit.seal(until=0.0) == 0
        assert audit.seal() == 1

    def test_a_log_without_entries_needs_no_seal(self):
        assert audit.seal() == 0
        assert list(audit.verify()) == []

    def test_verifying_reads_each_seal_s_entries_once(self, django_assert_num_queries):
        for _seal in range(3):
            written(2)
            audit.seal()

        with django_assert_num_queries(1 + 3 * 2):  # The last reading of each finds that there are no more.
            list(audit.verify())

    def test_a_seal_is_written_once(self):
        written(1)
        audit.seal()
        row = AuditSeal.objects.get()

        for forbidden in (row.save, row.delete, AuditSeal.objects.all().delete, AuditSeal.objects.update):
            with pytest.raises(WrittenOnce):
                forbidden()

    def test_the_scheduled_work_seals_every_hour(self):
        written(1)

        rounds.due(Pulse.Source.COMMAND)
        written(1)
        rounds.due(Pulse.Source.COMMAND)
        assert AuditSeal.objects.count() == 1

        Pulse.objects.filter(source=Pulse.Source.SEALS).update(heard_at=timezone.now() - timedelta(minutes=61))
        rounds.due(Pulse.Source.COMMAND)
        assert AuditSeal.objects.count() == 2
