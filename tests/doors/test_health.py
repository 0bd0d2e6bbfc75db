"""How the plugin is: the page for staff, the same as data, and the answer to the LMS's heartbeat."""

from __future__ import annotations

import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone, translation
from django.utils.module_loading import import_string

from credly_badges import audit
from credly_badges.diagnosis import Level, diagnose, heartbeat
from credly_badges.diagnosis.organizations import clock
from credly_badges.models import (
    Availability,
    BadgeTemplate,
    CredlyNotice,
    CredlyOrganization,
    Pace,
    Pulse,
    ReconcileDifference,
    ReconcileRun,
    Regression,
)
from credly_badges.settings import production
from credly_badges.testing.factories import (
    AwardFactory,
    MessageFactory,
    OrganizationFactory,
    ProgressFactory,
    ReceivedEventFactory,
    TemplateFactory,
    UserFactory,
)
from tests.doors.admin_desk import text_of

pytestmark = pytest.mark.django_db

PAGE = "/badges/health"
NOW = timezone.now


def staff():
    browser = Client()
    browser.force_login(UserFactory(is_staff=True))
    return browser


def found(identity, **asked):
    """The finding with this ID, or None."""
    return next((finding for finding in diagnose(**{"ask_credly": False, **asked}) if finding.id == identity), None)


class TestPage:
    """``/badges/health``."""

    @pytest.mark.parametrize("where", [PAGE, f"{PAGE}/"])
    def test_staff_read_how_it_is_and_that_nothing_is_wrong(self, where):
        page = staff().get(where)

        assert page.status_code == 200
        read = text_of(page)
        assert "Nothing keeps badges from learners." in read
        assert "Nothing is wrong with the CREDLY_BADGES settings." in read

    def test_what_is_bad_answers_503_and_says_what_to_do(self):
        MessageFactory(dead=True)

        page = staff().get(PAGE)

        assert page.status_code == 503
        read = text_of(page)
        assert "dead letters needs somebody 1 message needs a person." in read
        assert "credly_outbox redrive --all" in read

    @pytest.mark.parametrize(
        "asked", [{"path": f"{PAGE}?format=json"}, {"path": PAGE, "headers": {"accept": "application/json"}}]
    )
    def test_the_same_is_told_as_data(self, asked):
        MessageFactory(dead=True)

        answer = staff().get(**asked)

        assert (answer.status_code, answer["Content-Type"]) == (503, "application/json")
        data = answer.json()
        assert data["ok"] is False
        (letters,) = [each for each in data["findings"] if each["id"] == "dead_letters"]
        assert (letters["topic"], letters["level"]) == ("dead letters", "bad")
        assert set(letters) == {"id", "topic", "level", "sentence", "advice"}

    def test_a_browser_is_shown_the_page(self):
        answer = staff().get(PAGE, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

        assert answer["Content-Type"].startswith("text/html")

    def test_credly_is_asked_only_where_that_is_wanted(self, credly, organization):
        browser = staff()
        browser.get(PAGE)
        assert not credly.requests()

        read = text_of(browser.get(f"{PAGE}?ask=credly"))

        assert credly.requests()
        assert "Credly knows the key; it belongs to Example University." in read

    def test_others_are_kept_out(self):
        learner = Client()
        learner.force_login(UserFactory())

        assert learner.get(PAGE).status_code == 404
        assert Client().get(PAGE).status_code == 302
        assert Client().get(f"{PAGE}?format=json").status_code == 401
        assert staff().post(PAGE).status_code == 405

    def test_no_key_is_shown(self, organization):
        for asked in ("", "?ask=credly", "?format=json&ask=credly"):
            assert organization.key.reveal() not in staff().get(PAGE + asked).content.decode()

    def test_ids_are_the_same_in_every_language(self):
        MessageFactory(dead=True)

        with translation.override("en"):  # A request leaves its language behind.
            english, arabic = (
                staff().get(f"{PAGE}?format=json", headers={"accept-language": language}).json()["findings"]
                for language in ("en", "ar")
            )

        assert [each["id"] for each in english] == [each["id"] for each in arabic]


class TestFindings:
    """What the doctor sees that it did not see before."""

    @pytest.mark.parametrize(
        ("days", "is_known", "identity", "level"),
        [
            (100, True, "key_life", Level.OK),
            (13, True, "key_expires", Level.NOTE),
            (-1, True, "key_expired", Level.BAD),
            (-1, False, "key_expires", Level.NOTE),
        ],
    )
    def test_how_long_a_key_still_lives(self, days, is_known, identity, level):
        OrganizationFactory(key_expires_at=NOW() + timedelta(days=days), key_expiry_is_known=is_known)

        assert found(identity).level is level

    def test_a_secrets_manager_that_does_not_answer(self, settings):
        organization = OrganizationFactory()
        settings.CREDLY_BADGES_API_KEYS = {str(organization.uuid): lambda _organization: 1 / 0}

        finding = found("key_unreadable")

        assert finding.level is Level.BAD
        assert heartbeat() == ("credly_badges", True, "OK")

    @pytest.mark.parametrize(
        ("seconds", "identity", "level", "word"),
        [
            (3, "clock", Level.OK, "agree"),
            (60, "clock_off", Level.NOTE, "60 seconds behind"),
            (-900, "clock_off", Level.BAD, "900 seconds ahead of"),
        ],
    )
    def test_a_clock_that_is_off(self, seconds, identity, level, word):
        finding = clock("organization", timedelta(seconds=seconds))

        assert (finding.id, finding.level) == (identity, level)
        assert word in finding.sentence

    def test_the_clock_is_held_against_credly_s(self, credly, organization):
        assert found("clock", ask_credly=True).level is Level.OK

    def test_what_the_feed_brought_and_the_webhook_did_not(self, organization):
        def notice(**columns):
            CredlyNotice.objects.create(organization=organization, event_id=uuid.uuid4(), not_before=NOW(), **columns)

        notice(source="feed", occurred_at=NOW() - timedelta(days=300))  # History, at the first reading.
        assert found("webhook_never").level is Level.NOTE

        CredlyOrganization.objects.update(noticed_at=NOW())
        notice(source="webhook", occurred_at=NOW())
        assert found("webhook").level is Level.OK

        notice(source="feed", occurred_at=NOW())
        finding = found("webhook_misses")
        assert finding.level is Level.NOTE
        assert "1 event that no webhook told of" in finding.sentence
        assert "press “Set webhook at Credly”" in finding.advice

        audit.record("organization.webhook_set", organization)
        assert found("webhook").level is Level.OK

        notice(source="feed", occurred_at=NOW() + timedelta(seconds=1))
        assert "1 event that no webhook told of" in found("webhook_misses").sentence

    def test_an_organization_that_was_just_connected(self, organization):
        CredlyOrganization.objects.update(feed_read_at=None)
        assert found("feed").level is Level.OK

        CredlyOrganization.objects.update(created=NOW() - timedelta(hours=5))
        assert found("feed_never").level is Level.NOTE

    def test_a_feed_that_nobody_reads(self):
        OrganizationFactory(feed_read_at=NOW() - timedelta(hours=5))

        assert found("feed_old").level is Level.NOTE

    def test_a_circuit_breaker_that_is_open(self, organization):
        Pace.objects.create(organization=organization, failures=5, opened_at=NOW(), probe_at=NOW() + timedelta(hours=1))

        finding = found("breaker_open")

        assert finding.level is Level.BAD
        assert "5 times in a row" in finding.sentence

    def test_an_organization_that_credly_asked_to_slow_down(self):
        OrganizationFactory(wait_until=NOW() + timedelta(minutes=20))

        assert found("throttled").level is Level.NOTE

    def test_an_active_badge_that_credly_would_not_issue(self):
        TemplateFactory(active=True, credly_state=BadgeTemplate.CredlyState.ARCHIVED)

        assert found("templates_not_issued").level is Level.BAD

    def test_badges_whose_requirements_have_errors_that_are_paused_or_held(self):
        fault = {"code": "course_ended", "level": "error", "sentence": "The course has ended."}
        TemplateFactory(name="Python", active=True, faults=[fault])
        TemplateFactory(name="Java", active=True, faults=[{**fault, "level": "hint"}])
        TemplateFactory(status="paused")
        award = AwardFactory()
        Regression.objects.create(
            award=award,
            progress=ProgressFactory(template=award.template, learner=award.learner),
            happened_at=timezone.now(),
        )

        assert found("badges_faulty").sentence == (
            "The requirements of 1 badge that learners earn have an error: “Python”."
        )
        assert found("badges_paused").sentence == "1 badge is paused."
        assert found("regressions_held").sentence.startswith("1 badge is held for somebody to decide")

    def test_availability_that_is_over_or_used_up_and_who_was_not_awarded(self):
        template = TemplateFactory(active=True, name="Python")
        common = {"organization": template.organization, "template": template}
        assert found("availability_ended") is None
        Availability.objects.create(**common, scope="MITx", ends_at=NOW() - timedelta(days=1))
        row = Availability.objects.create(**common, scope="edX", quota=1)
        AwardFactory(template=template, availability=row)
        ProgressFactory(template=template, withheld="None were left.")
        ProgressFactory(template=template, withheld="It arrives later.", try_again_at=NOW() + timedelta(days=9))
        ProgressFactory(template=TemplateFactory(status="shadow"), withheld="Recorded only.")

        assert "“Python” is no longer available to MITx" in found("availability_ended").sentence
        assert "“Python” has for edX" in found("availability_used_up").sentence
        assert "1 learner has done all" in found("awards_withheld").sentence

    def test_a_round_that_went_wrong(self):
        Pulse.objects.create(source=Pulse.Source.FEED, heard_at=NOW(), failure="DatabaseError")

        assert found("round_feed").level is Level.BAD

    def test_notices_that_failed_and_notices_that_nobody_takes_up(self, organization):
        common = {"organization": organization, "not_before": NOW() - timedelta(hours=2)}
        assert found("notices").level is Level.OK
        CredlyNotice.objects.create(event_id=uuid.uuid4(), state="failed", **common)
        CredlyNotice.objects.create(event_id=uuid.uuid4(), state="waiting", **common)

        assert found("notices_failed").level is Level.BAD
        assert found("notices_overdue").level is Level.BAD

    def test_how_the_last_comparison_went(self):
        template = TemplateFactory()
        organization = template.organization
        assert found("reconcile_never").level is Level.NOTE

        counts = {"state": 1, "foreign": 9}
        run = ReconcileRun.objects.create(organization=organization, state="done", finished_at=NOW(), counts=counts)
        ReconcileDifference.objects.create(run=run, template=template, cause="state", fix="fixed")
        assert found("reconcile").level is Level.OK
        assert found("reconcile_differences") is None  # Badges of others are no matter of ours.

        ReconcileDifference.objects.update(fix="failed")
        ReconcileRun.objects.filter(pk=run.pk).update(finished_at=NOW() - timedelta(days=9))
        ReconcileRun.objects.create(organization=organization, state="stopped", error="The key was rejected.")
        assert "1 difference is left." in found("reconcile_differences").sentence
        assert found("reconcile_old").level is Level.NOTE
        assert "The key was rejected." in found("reconcile_stopped").sentence
        assert "--resume" in found("reconcile_stopped").advice

    def test_one_who_keeps_the_time_is_enough_and_one_who_stopped_is_told(self):
        Pulse.objects.create(source="command", heard_at=NOW())
        assert {found(f"pulse_{source}").level for source in ("beat", "command", "worker")} == {Level.OK}

        Pulse.objects.create(source="beat", heard_at=NOW() - timedelta(days=1))
        assert found("pulse_beat").level is Level.NOTE

    def test_looking_writes_nothing(self, organization):
        before = audit.AuditEntry.objects.count()

        list(diagnose())

        assert audit.AuditEntry.objects.count() == before
        assert not Pulse.objects.exists()


class TestHeartbeat:
    """What ``/heartbeat?extended`` of the LMS asks."""

    def test_it_joins_the_checks_that_the_site_has(self):
        theirs = "openedx.core.djangoapps.heartbeat.default_checks.check_celery"
        lms = SimpleNamespace(HEARTBEAT_EXTENDED_CHECKS=(theirs,), CREDLY_BADGES_SWEEP_SECONDS=300)

        production.plugin_settings(lms)
        production.plugin_settings(lms)

        first, ours = lms.HEARTBEAT_EXTENDED_CHECKS
        assert first == theirs
        assert import_string(ours) is heartbeat

    def test_all_is_well_for_a_few_queries(self, organization, django_assert_max_num_queries):
        with django_assert_max_num_queries(5):
            assert heartbeat() == ("credly_badges", True, "OK")

    def test_what_only_a_person_can_mend_is_said_and_is_no_failure_of_the_lms(self):
        MessageFactory(dead=True, award__template__organization__key_rejected=True)

        _name, is_ok, message = heartbeat()

        assert is_ok
        assert message == "Messages that need a person: 1.; Organizations that are paused: 1."

    def test_what_nobody_takes_up_is_a_failure(self):
        MessageFactory(not_before=NOW() - timedelta(hours=3))
        ReceivedEventFactory(waiting=True, received_at=NOW() - timedelta(hours=3))

        _name, is_ok, message = heartbeat()

        assert not is_ok
        assert message.count("nobody takes them up") == 2

    def test_it_never_raises(self, settings):
        settings.CREDLY_BADGES_SWEEP_SECONDS = "often"

        assert heartbeat() == ("credly_badges", False, "ImproperlyConfigured")
