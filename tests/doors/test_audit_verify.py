"""Whether the audit log is as it was sealed, asked from a terminal."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from credly_badges import audit
from credly_badges.diagnosis import Level, diagnose
from credly_badges.models import AuditSeal
from credly_badges.testing.factories import TemplateFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def log():
    """Three entries that are sealed, and one that is too new to be; gives the keys."""
    template = TemplateFactory()
    keys = [audit.record("template.activated", template, because="Ready").pk for _entry in range(3)]
    by_hand("UPDATE credly_badges_auditentry SET at = '2026-01-01 00:00:00'")
    audit.seal()
    return [*keys, audit.record("template.deactivated", template).pk]


def by_hand(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def verify(*arguments):
    """What the command prints, and why it ends with 1, if it does."""
    out, why = StringIO(), ""
    try:
        call_command("credly_audit", "verify", *arguments, stdout=out)
    except CommandError as error:
        why = str(error)
    return out.getvalue(), why


def test_a_log_that_nobody_touched(log):
    out, why = verify()

    assert out == "1 seals over 3 entries were verified; 1 entries are not sealed yet.\n"
    assert why == ""


def test_the_first_fault_is_named_and_the_command_ends_with_1(log):
    by_hand("UPDATE credly_badges_auditentry SET because = 'Nobody knows.' WHERE id = %s", log[1])

    out, why = verify()

    sentence = f"Seal 1 (entries {log[0]} to {log[2]}): Entries, or the seal itself, were changed."
    assert sentence in out
    assert sentence in why


def test_as_data_for_a_script(log):
    by_hand("DELETE FROM credly_badges_auditentry WHERE id = %s", log[1])

    out, why = verify("--json")

    data = json.loads(out)
    (broken,) = data.pop("broken")
    assert why
    assert data == {"ok": False, "seals": 1, "entries": 2, "unsealed": 1, "faults": 1}
    assert (broken["seal"], broken["fault"], broken["first_entry"]) == (1, "entries_missing", log[0])
    assert broken["sealed_at"] == AuditSeal.objects.get().sealed_at.isoformat()


def test_a_key_that_is_gone_from_the_settings_is_named_as_the_cause(log, settings):
    settings.SECRET_KEY = "another"

    _out, why = verify()

    assert "SECRET_KEY_FALLBACKS" in why


def test_a_log_that_is_empty():
    assert verify() == ("0 seals over 0 entries were verified; 0 entries are not sealed yet.\n", "")


class TestDoctor:
    """What ``credly_doctor`` says of the seals."""

    def found(self):
        return next(finding for finding in diagnose(ask_credly=False) if finding.topic == "audit log")

    def test_nothing_has_to_be_sealed_yet(self):
        assert self.found().level is Level.OK

    def test_it_was_sealed_just_now(self, log):
        finding = self.found()

        assert (finding.id, finding.level) == ("audit_sealed", Level.OK)
        assert "0\xa0minutes ago" in finding.sentence

    def test_nobody_seals_it(self, log):
        by_hand("UPDATE credly_badges_auditentry SET at = '2026-01-01 00:00:00'")

        finding = self.found()

        assert (finding.id, finding.level) == ("audit_unsealed", Level.NOTE)
        assert "credly_outbox run" in finding.advice
