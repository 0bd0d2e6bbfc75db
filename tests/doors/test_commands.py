"""The three commands, as an operator or a cron job runs them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import StringIO
from uuid import UUID, uuid4

import pytest
from celery import current_app
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.utils import timezone

from credly_badges.models import (
    AuditEntry,
    BadgeAward,
    BadgeTemplate,
    CredlyOrganization,
    OutboxMessage,
    Pulse,
    ReceivedEvent,
)
from credly_badges.testing.factories import (
    MessageFactory,
    OrganizationFactory,
    ReceivedEventFactory,
    TemplateFactory,
)

pytestmark = pytest.mark.django_db


UNKNOWN = UUID("0a0b0c0d-0000-4000-8000-00000000ffff")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, no_color=True)
    return out.getvalue()


def run_json(*arguments: str):
    return json.loads(run(*arguments, "--json"))


class TestCredlySync:
    """``credly_sync``."""

    def test_it_tells_for_each_organization_what_it_did(self, credly, at_credly, organization):
        credly.add_template(at_credly, "Python")

        told = run("credly_sync")

        assert told == "Example University\n  1 template added. It stays inactive until you activate it.\n"
        assert BadgeTemplate.objects.get().name == "Python"

    def test_a_dry_run_prints_the_difference_and_changes_nothing(self, credly, at_credly, organization):
        python = credly.add_template(at_credly, "Python", level="Foundational")
        run("credly_sync")
        BadgeTemplate.objects.update(status="active")
        credly.update_template(python, level="Advanced")
        ruby = credly.add_template(at_credly, "Ruby")

        told = run("credly_sync", "--dry-run")

        assert f"~ Python ({python.uuid}): changed" in told
        assert "level: 'Foundational' -> 'Advanced'" in told
        assert f"+ Ruby ({ruby.uuid}): new, stays inactive" in told
        assert BadgeTemplate.objects.get().level == "Foundational"

    def test_a_dry_run_with_nothing_to_do_says_so(self, credly, organization):
        told = run("credly_sync", "--dry-run")

        assert "Nothing would change." in told

    def test_json_holds_every_organization_and_every_change(self, credly, at_credly, organization):
        python = credly.add_template(at_credly, "Python")
        run("credly_sync")
        BadgeTemplate.objects.update(status="active")
        credly.archive_template(python)

        (report,) = run_json("credly_sync")

        assert (report["organization"], report["ok"], report["complete"]) == (at_credly.uuid, True, True)
        (archived,) = report["archived"]
        assert archived == {
            "uuid": python.uuid,
            "name": "Python",
            "deactivates": True,
            "changes": {"credly_state": {"old": "active", "new": "archived"}},
        }
        assert report["deactivated"] == ["Python"]

    def test_one_organization_that_fails_ends_with_an_error_after_the_others_were_synced(
        self, credly, at_credly, organization
    ):
        OrganizationFactory(name="A broken one", environment="simulator", api_key="not-the-key-of-anybody")
        credly.add_template(at_credly, "Python")

        with pytest.raises(CommandError) as error:
            run("credly_sync")

        assert error.value.returncode == 1
        assert BadgeTemplate.objects.get().organization == organization

    def test_only_the_organizations_that_were_named_are_synced(self, credly, at_credly, organization):
        OrganizationFactory(name="A broken one", environment="simulator", api_key="not-the-key-of-anybody")

        (report,) = run_json("credly_sync", "--organization", at_credly.uuid)

        assert report["name"] == "Example University"

    def test_an_organization_that_nobody_connected_is_named_in_the_error(self, organization):
        unknown = str(uuid4())

        with pytest.raises(CommandError, match=unknown):
            run("credly_sync", "--organization", unknown)

    def test_an_id_that_is_no_id_is_refused(self):
        with pytest.raises(CommandError, match="invalid UUID value: 'example'"):
            run("credly_sync", "--organization", "example")

    def test_without_any_organization_it_says_to_connect_one(self):
        with pytest.raises(CommandError, match="No Credly organization is connected yet"):
            run("credly_sync")


class TestCredlyOutbox:
    """``credly_outbox``."""

    def test_list_shows_what_waits_and_why_without_naming_learners(self):
        dead = MessageFactory(dead=True, award__template__name="Python")
        waiting = MessageFactory(award__template__organization__key_rejected=True)
        MessageFactory(state=OutboxMessage.State.DELIVERED, open=None)

        told = run("credly_outbox", "list")
        rows = run_json("credly_outbox", "list")

        assert "Credly refused: no such badge template." in told
        assert "the organization is paused" in told
        assert [row["id"] for row in rows] == [dead.pk, waiting.pk]
        assert dead.award.learner.username not in told + json.dumps(rows)
        assert dead.award.learner.email not in told + json.dumps(rows)

    def test_list_can_be_narrowed_to_a_state_and_an_organization(self):
        dead = MessageFactory(dead=True)
        MessageFactory(dead=True)
        MessageFactory(award__template__organization=dead.organization)

        rows = run_json("credly_outbox", "list", "--state", "dead", "--organization", str(dead.organization.uuid))

        assert [row["id"] for row in rows] == [dead.pk]

    def test_an_empty_outbox_says_so(self):
        assert run("credly_outbox", "list") == "The outbox is empty.\n"

    def test_run_delivers_what_is_due_to_credly_and_is_heard_of(self, credly, at_credly, organization):
        python = credly.add_template(at_credly, "Python")
        template = TemplateFactory(organization=organization, uuid=python.uuid, active=True)
        message = MessageFactory(award__template=template)

        told = run_json("credly_outbox", "run")

        assert (told["tried"], told["dead"]) == (1, 0)
        assert credly.badges_of(message.award.learner.email) == [python.uuid]
        message.award.refresh_from_db()
        assert message.award.state == BadgeAward.State.OFFERED
        assert Pulse.objects.filter(source=Pulse.Source.COMMAND).exists()

    def test_run_takes_up_events_whose_worker_was_lost(self):
        event = ReceivedEventFactory(waiting=True, received_at=timezone.now() - timedelta(minutes=5))

        told = run_json("credly_outbox", "run")

        assert told["events"] == 1
        assert not ReceivedEvent.objects.get(pk=event.pk).waiting

    def test_run_says_how_many_messages_need_a_person(self):
        MessageFactory(dead=True)

        told = run("credly_outbox", "run")

        assert "1 message needs a person: see credly_outbox list --state dead." in told

    def test_redrive_gives_named_messages_a_fresh_start(self, organization):
        chosen, other = MessageFactory.create_batch(2, dead=True, attempts=12)

        told = run("credly_outbox", "redrive", str(chosen.pk))

        assert told == "1 message has a fresh start.\n"
        chosen.refresh_from_db()
        other.refresh_from_db()
        assert (chosen.state, chosen.attempts) == (OutboxMessage.State.WAITING, 0)
        assert other.state == OutboxMessage.State.DEAD
        assert AuditEntry.objects.get().action == "message.redriven"

    def test_redrive_all_leaves_waiting_messages_alone(self):
        MessageFactory.create_batch(3, dead=True)
        waiting = MessageFactory(attempts=2)

        told = run_json("credly_outbox", "redrive", "--all")

        assert told == {"redriven": 3}
        waiting.refresh_from_db()
        assert waiting.attempts == 2

    def test_drop_gives_up_for_good_with_a_reason(self):
        message = MessageFactory(dead=True)

        told = run_json("credly_outbox", "drop", str(message.pk), "--because", "The learner left.")

        assert told == {"dropped": 1}
        message.refresh_from_db()
        assert (message.state, message.open) == (OutboxMessage.State.DROPPED, None)
        assert AuditEntry.objects.get().because == "The learner left."

    @pytest.mark.parametrize("do", [["redrive"], ["drop", "--because", "x"]])
    def test_without_a_choice_nothing_is_done(self, do):
        message = MessageFactory(dead=True)

        with pytest.raises(CommandError, match="Name messages by their IDs, or say --all"):
            run("credly_outbox", *do)

        message.refresh_from_db()
        assert message.state == OutboxMessage.State.DEAD

    @pytest.mark.parametrize(
        ("asked", "sentence"),
        [
            (["list", "--limit", "-1"], "it has to be 1 or more"),
            (["run", "--limit", "0"], "it has to be 1 or more"),
            (["run", "--threads", "many"], "invalid number value: 'many'"),
            (["drop", "--all", "--because", " "], "say why, for the audit log"),
            (["redrive", "--all", "--organization", str(UNKNOWN)], f"No organization here has the ID {UNKNOWN}."),
        ],
    )
    def test_says_what_is_wrong_with_what_was_asked(self, asked, sentence):
        MessageFactory(dead=True)

        with pytest.raises(CommandError, match=re.escape(sentence)):
            run("credly_outbox", *asked)

        assert OutboxMessage.objects.get().state == OutboxMessage.State.DEAD

    def test_drops_nothing_that_may_still_be_delivered(self):
        dead, waiting = MessageFactory(dead=True), MessageFactory()

        with pytest.raises(CommandError, match=f"Only dead letters can be dropped, and {waiting.pk} is not one"):
            run("credly_outbox", "drop", str(dead.pk), str(waiting.pk), "--because", "Enough")

        assert OutboxMessage.objects.filter(open=True).count() == 2

    def test_says_how_many_more_there_are_than_were_asked_for(self):
        MessageFactory.create_batch(3)

        told = run("credly_outbox", "list", "--limit", "1")

        assert "2 more, see --limit." in told
        assert run("credly_outbox", "list", "--state", "dead") == "No open message is like that.\n"

    def test_an_unknown_message_stops_the_whole_command(self):
        message = MessageFactory(dead=True)

        with pytest.raises(CommandError, match="No open message has the ID 999999; nothing was done"):
            run("credly_outbox", "redrive", str(message.pk), "999999")

        message.refresh_from_db()
        assert message.state == OutboxMessage.State.DEAD


class TestCredlyDoctor:
    """``credly_doctor``."""

    def test_a_healthy_site_is_told_so_and_ends_well(self, organization):
        synced(organization)
        heard(Pulse.Source.COMMAND)

        findings = doctor()

        assert "bad" not in levels(findings)
        assert finding(findings, "settings") == ("ok", "Nothing is wrong with the CREDLY_BADGES settings.")
        assert finding(findings, "organization Example University") == (
            "ok",
            "Credly knows the key; it belongs to Example University.",
        )

    def test_a_rejected_key_is_bad_and_says_what_to_do(self, credly, at_credly, organization):
        credly.revoke_key(at_credly)

        findings = doctor(ends_with=1)

        level, sentence = finding(findings, "organization Example University")
        assert level == "bad"
        assert "Credly rejected the API key" in sentence

    def test_offline_it_does_not_ask_credly(self, credly, organization):
        findings = doctor("--offline")

        assert not credly.requests()
        assert "bad" not in levels(findings)

    def test_a_paused_organization_is_bad(self, organization):
        CredlyOrganization.objects.update(paused=CredlyOrganization.Pause.BY_HAND)

        findings = doctor("--offline", ends_with=1)

        assert finding(findings, "organization Example University")[1] == (
            "It is paused: paused by an administrator. Its badges wait."
        )

    def test_a_key_that_nobody_can_decrypt_is_bad(self, organization, settings):
        settings.CREDLY_BADGES_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

        findings = doctor(ends_with=1)

        assert "CREDLY_BADGES_ENCRYPTION_KEYS" in finding(findings, "organization Example University")[1]

    @pytest.mark.parametrize(
        ("name", "value", "number"),
        [
            ("ENCRYPTION_KEYS", ["not a key"], "E002"),
            ("API_URLS", {"proxy": "http://credly.example.com/v1"}, "E003"),
            ("LMS_BACKEND", "nowhere.Nothing", "E004"),
            ("MAX_ATTEMPTS", "many", "E001"),
        ],
    )
    def test_a_setting_that_is_wrong_is_bad_with_its_number(self, settings, name, value, number):
        setattr(settings, f"CREDLY_BADGES_{name}", value)

        findings = doctor("--offline", ends_with=1)

        level, sentence = finding(findings, "settings")
        assert level == "bad"
        assert sentence.endswith(f"(credly_badges.{number})")

    def test_a_setting_of_the_wrong_type_ends_the_round_there(self, settings):
        settings.CREDLY_BADGES_SWEEP_SECONDS = "often"

        findings = doctor("--offline", ends_with=1)

        assert [each["topic"] for each in findings] == ["settings", "settings"]
        assert findings[-1]["sentence"] == "The rest was not looked at, as it depends on these settings."

    def test_it_says_which_of_the_three_keep_the_outbox_going(self):
        heard(Pulse.Source.BEAT)
        heard(Pulse.Source.COMMAND, ago=timedelta(days=2))

        findings = doctor("--offline")

        pulses = [(each["level"], each["sentence"]) for each in findings if each["topic"] == "pulse"]
        assert pulses == [
            ("ok", "the scheduled task: last heard 0\xa0minutes ago."),
            ("note", "the command credly_outbox: last heard 2\xa0days ago."),
            ("ok", "a worker's own follow-up: never heard."),
        ]

    def test_nothing_that_keeps_the_outbox_going_is_bad_once_something_waits(self):
        nothing_waits = doctor("--offline")
        MessageFactory()
        something_waits = doctor("--offline", ends_with=1)

        sentence = "Nothing keeps the outbox going: a message whose wake-up is lost stays where it is."
        assert level_of(nothing_waits, sentence) == "note"
        assert level_of(something_waits, sentence) == "bad"

    def test_workers_alone_are_noted_as_not_enough(self):
        heard(Pulse.Source.WORKER)

        findings = doctor("--offline")

        assert (
            level_of(
                findings,
                "Only the workers' own follow-ups keep things going. Should the broker lose one, they stop.",
            )
            == "note"
        )

    def test_overdue_messages_are_counted_with_their_age(self):
        MessageFactory.create_batch(2, not_before=timezone.now() - timedelta(hours=3))

        findings = doctor("--offline", ends_with=1)

        assert level_of(findings, "2 are overdue, the oldest for 3\xa0hours: nobody takes them up.") == "bad"

    def test_dead_letters_are_bad_and_say_how_to_send_them_again(self):
        MessageFactory(dead=True)

        findings = doctor("--offline", ends_with=1)

        (letters,) = [each for each in findings if each["topic"] == "dead letters"]
        assert letters["sentence"] == "1 message needs a person."
        assert "credly_outbox redrive --all" in letters["advice"]

    def test_templates_that_are_gone_are_noted(self):
        TemplateFactory(credly_state=BadgeTemplate.CredlyState.GONE)

        findings = doctor("--offline")

        assert level_of(findings, "1 template is gone from Credly and was deactivated.") == "note"

    def test_events_that_nobody_took_up_are_bad(self):
        ReceivedEventFactory(waiting=True, received_at=timezone.now() - timedelta(hours=1))

        findings = doctor("--offline", ends_with=1)

        assert level_of(findings, "1 are overdue, the oldest for 1\xa0hour: nobody takes them up.") == "bad"

    def test_a_broker_that_is_away_is_bad(self, celery_broker):
        celery_broker("amqp://guest:secret@127.0.0.1:1//")

        findings = doctor("--offline", ends_with=1)

        level, sentence = finding(findings, "broker")
        assert (level, sentence.startswith("The Celery broker does not answer")) == ("bad", True)
        assert "secret" not in json.dumps(findings)

    def test_a_broker_without_a_worker_is_bad(self, celery_broker):
        celery_broker("memory://")

        findings = doctor("--offline", ends_with=1)

        assert finding(findings, "broker")[0] == "ok"
        assert finding(findings, "workers")[0] == "bad"

    def test_for_people_each_line_starts_with_how_it_is(self):
        MessageFactory(dead=True)
        out = StringIO()

        with pytest.raises(SystemExit) as ending:
            call_command("credly_doctor", "--offline", stdout=out, no_color=True)

        assert ending.value.code == 1
        assert "BAD  dead letters: 1 message needs a person.\n       Read why with" in out.getvalue()


@pytest.fixture
def celery_broker():
    """Celery as on a site with workers, at a broker of the test's choice."""
    before = (current_app.conf.task_always_eager, current_app.conf.broker_url)

    def choose(url: str) -> None:
        current_app.conf.task_always_eager, current_app.conf.broker_url = False, url

    yield choose
    current_app.conf.task_always_eager, current_app.conf.broker_url = before


def doctor(*arguments: str, ends_with: int = 0) -> list[dict[str, str]]:
    out, ending = StringIO(), 0
    try:
        call_command("credly_doctor", *arguments, "--json", stdout=out)
    except SystemExit as end:
        ending = end.code
    assert ending == ends_with, out.getvalue()
    return json.loads(out.getvalue())


def levels(findings) -> set[str]:
    return {each["level"] for each in findings}


def finding(findings, topic: str) -> tuple[str, str]:
    return next((each["level"], each["sentence"]) for each in findings if each["topic"] == topic)


def level_of(findings, sentence: str) -> str:
    return next(each["level"] for each in findings if each["sentence"] == sentence)


def heard(source: Pulse.Source, ago: timedelta = timedelta()) -> None:
    Pulse.objects.create(source=source, heard_at=timezone.now() - ago)


def synced(organization: CredlyOrganization) -> None:
    CredlyOrganization.objects.filter(pk=organization.pk).update(synced_at=timezone.now())
