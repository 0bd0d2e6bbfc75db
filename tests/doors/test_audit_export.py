"""The audit log: written once, and given away whole."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from credly_badges import audit
from credly_badges.management.commands import credly_audit
from credly_badges.models import AuditEntry
from credly_badges.models.audit import WrittenOnce
from credly_badges.testing.factories import AwardFactory, TemplateFactory, UserFactory
from tests.doors.admin_desk import manager, url

pytestmark = pytest.mark.django_db


def export(*arguments):
    out = StringIO()
    call_command("credly_audit", "export", *arguments, stdout=out)
    return out.getvalue()


def as_csv(*arguments):
    return list(csv.DictReader(io.StringIO(export(*arguments))))


def as_json(*arguments):
    return json.loads(export(*arguments, "--format", "json"))


class TestExport:
    """``credly_audit export``."""

    def test_every_entry_the_oldest_first_with_who_what_and_before_and_after(self):
        template, somebody = TemplateFactory(name="Python"), UserFactory()
        audit.record(
            "template.activated", template, actor=somebody, before={"is_active": False}, after={"is_active": True}
        )
        audit.record("template.deactivated", template, because="Exam week")

        first, second = as_csv()

        assert first == {
            "id": str(AuditEntry.objects.earliest("pk").pk),
            "at": AuditEntry.objects.earliest("pk").at.isoformat(),
            "actor": str(somebody.pk),
            "action": "template.activated",
            "kind": "badgetemplate",
            "object": str(template.pk),
            "name": "Python",
            "because": "",
            "before": '{"is_active": false}',
            "after": '{"is_active": true}',
        }
        assert (second["actor"], second["because"]) == ("", "Exam week")

    def test_the_same_as_json(self):
        audit.record("template.activated", TemplateFactory(name="Maths “A”"), after={"is_active": True})

        (entry,) = as_json()

        assert (entry["name"], entry["actor"], entry["after"]) == ("Maths “A”", None, {"is_active": True})

    def test_an_empty_log_is_an_empty_list(self):
        assert as_json() == []
        assert as_csv() == []

    @pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
    def test_no_cell_is_a_formula(self, name):
        audit.record("template.activated", TemplateFactory(name=name), because=name)

        (entry,) = csv.DictReader(io.StringIO(export(), newline=""))

        assert entry["name"] == entry["because"] == f"'{name}"

    def test_only_some_actions(self):
        template = TemplateFactory()
        for action in ("template.activated", "template.deactivated", "award.granted", "awards.other"):
            audit.record(action, template)

        assert [each["action"] for each in as_csv("--action", "template.activated")] == ["template.activated"]
        assert [each["action"] for each in as_csv("--action", "award")] == ["award.granted"]
        assert len(as_csv("--action", "award", "--action", "template")) == 3

    def test_only_some_time(self):
        audit.record("template.activated", TemplateFactory())
        today = timezone.localdate()

        assert len(as_csv("--since", today.isoformat(), "--until", today.isoformat())) == 1
        assert as_csv("--until", (today - timedelta(days=1)).isoformat()) == []
        assert as_csv("--since", (today + timedelta(days=1)).isoformat()) == []
        assert as_csv("--since", (timezone.now() + timedelta(hours=1)).isoformat()) == []

    @pytest.mark.parametrize("when", ["yesterday", "2026-02-30", "2026-02-30T12:00"])
    def test_what_is_no_time_is_refused(self, when):
        with pytest.raises(CommandError, match="is no day and no moment"):
            export("--since", when)

    def test_to_a_file_that_is_not_there_yet(self, tmp_path):
        audit.record("template.activated", TemplateFactory())
        file = tmp_path / "audit.csv"

        said = export("--output", str(file))

        assert said == "1 entry written.\n"
        assert len(file.read_text(encoding="utf-8").splitlines()) == 2
        with pytest.raises(CommandError, match="cannot be made: File exists"):
            export("--output", str(file))

    def test_a_long_log_is_read_in_pieces(self, monkeypatch, django_assert_num_queries):
        monkeypatch.setattr(credly_audit, "AT_ONCE", 10)
        for _entry in range(25):
            audit.record("template.activated", TemplateFactory.build(pk=1))

        with django_assert_num_queries(4):
            assert len(as_csv()) == 25


class TestWrittenOnce:
    """Nobody changes the log."""

    @pytest.fixture
    def entry(self):
        return audit.record("award.granted", AwardFactory(), actor=UserFactory(), because="By hand")

    @pytest.mark.parametrize(
        "deed",
        [
            lambda entry: entry.save(),
            lambda entry: entry.delete(),
            lambda entry: AuditEntry.objects.filter(pk=entry.pk).update(because="Something else"),
            lambda entry: AuditEntry.objects.all().delete(),
            lambda entry: AuditEntry.objects.bulk_update([entry], ["because"]),
            lambda entry: AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"because": "Something else"}),
        ],
        ids=["save", "delete", "update", "delete all", "bulk update", "update or create"],
    )
    def test_an_entry_is_neither_changed_nor_deleted(self, entry, deed):
        entry.because = "Something else"

        with pytest.raises(WrittenOnce), transaction.atomic():
            deed(entry)

        assert AuditEntry.objects.get().because == "By hand"

    def test_who_leaves_leaves_what_they_did_without_their_name(self, entry):
        entry.actor.delete()

        kept = AuditEntry.objects.get()
        assert (kept.actor, kept.because) == (None, "By hand")

    def test_who_retires_is_taken_off_the_log_and_nobody_else(self, entry):
        other = audit.record("award.granted", AwardFactory(), actor=UserFactory())

        assert AuditEntry.objects.forget(entry.actor_id) == 1

        assert AuditEntry.objects.get(pk=entry.pk).actor is None
        assert AuditEntry.objects.get(pk=other.pk).actor is not None

    def test_the_admin_offers_neither(self, entry):
        browser = manager()

        assert browser.get(url("auditentry", "change", entry.pk)).status_code == 200
        assert browser.post(url("auditentry", "change", entry.pk), {"because": "x"}).status_code == 403
        assert browser.post(url("auditentry", "delete", entry.pk), {"post": "yes"}).status_code == 403
        browser.post(url("auditentry"), {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"})
        assert AuditEntry.objects.count() == 1
