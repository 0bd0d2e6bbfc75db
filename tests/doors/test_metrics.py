"""The figures that a monitoring system reads from the health page."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from credly_badges.diagnosis import Figure
from credly_badges.models import BadgeAward, CredlyNotice, CredlyOrganization, Pace, Pulse, ReconcileRun
from credly_badges.pages.metrics import exposition
from credly_badges.testing.factories import (
    AwardFactory,
    MessageFactory,
    OrganizationFactory,
    ReceivedEventFactory,
    TemplateFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

PAGE = "/badges/health?format=prometheus"
TOKEN = "f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2"
NOW = timezone.now
# As the format has it: a name, labels between braces, a number.
SAMPLE = re.compile(r'^(credly_badges_[a-z_]+)(?:\{([a-z_]+="(?:[^"\\\n]|\\["\\n])*")\})? (-?[0-9.e+-]+)$')


@pytest.fixture
def monitoring(settings):
    """A monitoring system that has the token."""
    settings.CREDLY_BADGES_METRICS_TOKEN = TOKEN
    return Client(headers={"Authorization": f"Bearer {TOKEN}"})


@pytest.fixture
def read(monitoring):
    """Read the figures; gives them by name and label."""

    def read():
        text = monitoring.get(PAGE).content.decode()
        samples = [SAMPLE.match(line).groups() for line in text.splitlines() if not line.startswith("#")]
        return {f"{name}{{{labels}}}" if labels else name: float(value) for name, labels, value in samples}

    return read


class TestWhoMayRead:
    """Staff, and whoever has the token."""

    def test_staff(self):
        browser = Client()
        browser.force_login(UserFactory(is_staff=True))

        answer = browser.get(PAGE)

        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert "no-store" in answer["Cache-Control"]
        assert "Authorization" in answer["Vary"]

    def test_a_learner_is_told_that_there_is_no_such_page(self):
        browser = Client()
        browser.force_login(UserFactory())

        assert browser.get(PAGE).status_code == 404

    def test_whoever_has_the_token(self, monitoring):
        assert monitoring.get(PAGE).status_code == 200

    @pytest.mark.parametrize(
        "header", ["", "Bearer", "Bearer ", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer ü"]
    )
    def test_nobody_else(self, settings, header):
        settings.CREDLY_BADGES_METRICS_TOKEN = TOKEN

        answer = Client(headers={"Authorization": header}).get(PAGE)

        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"
        assert b"credly_badges_" not in answer.content

    @pytest.mark.parametrize("header", ["Bearer", "Bearer ", f"Bearer {TOKEN}"])
    def test_without_a_token_in_the_settings_none_is_good(self, header):
        assert Client(headers={"Authorization": header}).get(PAGE).status_code == 401

    def test_the_token_is_good_for_the_figures_alone(self, monitoring):
        assert monitoring.get("/badges/health?format=json").status_code == 401
        assert monitoring.get("/badges/health").status_code == 302

    def test_it_is_read_and_not_written(self, monitoring):
        assert monitoring.post(PAGE).status_code == 405


def test_a_site_on_which_nothing_has_happened_yet(read):
    told = read()

    assert told["credly_badges_dead_letters"] == 0
    assert told["credly_badges_outbox_oldest_due_age_seconds"] == 0
    assert told['credly_badges_awards{state="accepted"}'] == 0


def test_every_figure_says_what_it_is(monitoring):
    OrganizationFactory()
    lines = monitoring.get(PAGE).content.decode().splitlines()

    named = [line.split()[2] for line in lines if line.startswith("# HELP ")]
    assert len(named) == len(set(named)) > 15
    assert [line.split()[2:] for line in lines if line.startswith("# TYPE ")] == [[name, "gauge"] for name in named]
    assert {SAMPLE.match(line).group(1) for line in lines if not line.startswith("#")} <= set(named)


def test_what_waits_and_what_needs_a_person(read):
    MessageFactory(not_before=NOW() - timedelta(hours=1))
    MessageFactory(not_before=NOW() + timedelta(hours=1))
    MessageFactory(dead=True)
    ReceivedEventFactory(waiting=True, received_at=NOW() - timedelta(hours=2))
    for state in ("waiting", "failed", "failed", "done"):
        CredlyNotice.objects.create(
            organization=OrganizationFactory(), event_id=uuid.uuid4(), state=state, not_before=NOW()
        )

    told = read()

    assert told['credly_badges_outbox_messages{state="waiting"}'] == 2
    assert told['credly_badges_outbox_messages{state="dead"}'] == told["credly_badges_dead_letters"] == 1
    assert 3600 <= told["credly_badges_outbox_oldest_due_age_seconds"] < 3700
    assert told["credly_badges_events_waiting"] == 1
    assert 7200 <= told["credly_badges_events_oldest_waiting_age_seconds"] < 7300
    assert told['credly_badges_notices{state="waiting"}'] == 1
    assert told['credly_badges_notices{state="failed"}'] == 2


def test_awards_by_state(read):
    AwardFactory.create_batch(3, offered=True, template=TemplateFactory())
    BadgeAward.objects.filter(pk=AwardFactory().pk).update(state="revoked", live=None)

    told = read()

    assert told['credly_badges_awards{state="offered"}'] == 3
    assert told['credly_badges_awards{state="revoked"}'] == 1
    assert told['credly_badges_awards{state="queued"}'] == 0


def test_each_organization_by_its_id(read):
    busy = OrganizationFactory(
        noticed_at=NOW() - timedelta(minutes=1),
        feed_read_at=NOW() - timedelta(minutes=2),
        synced_at=NOW() - timedelta(minutes=3),
        key_expires_at=NOW() + timedelta(days=10),
    )
    stopped = OrganizationFactory(key_rejected=True, key_expires_at=NOW() - timedelta(days=1))
    Pace.objects.create(organization=stopped, failures=5, opened_at=NOW(), probe_at=NOW() + timedelta(hours=1))

    told = read()

    def of(organization, name):
        return told.get(f'credly_badges_{name}{{organization="{organization.uuid}"}}')

    assert 60 <= of(busy, "notice_age_seconds") < 120 <= of(busy, "feed_age_seconds") < 180
    assert 180 <= of(busy, "sync_age_seconds") < 240
    assert of(stopped, "sync_age_seconds") is None
    assert [of(each, "key_days_left") for each in (busy, stopped)] == [10, -1]
    assert [of(each, "organization_paused") for each in (busy, stopped)] == [0, 1]
    assert [of(each, "breaker_open") for each in (busy, stopped)] == [0, 1]


def test_what_the_last_comparison_left(read):
    organization = TemplateFactory().organization
    common = {"organization": organization, "state": "done", "finished_at": NOW() - timedelta(hours=5)}
    ReconcileRun.objects.create(**common, counts={"state": 100})
    last = ReconcileRun.objects.create(**common, counts={"state": 3, "not_sent": 1, "foreign": 7})
    template = organization.templates.get()
    last.differences.create(cause="state", fix="fixed", template=template)
    last.differences.create(cause="state", template=template)
    ReconcileRun.objects.create(organization=organization, state="running", counts={"state": 50})

    told = read()

    label = f'{{organization="{organization.uuid}"}}'
    assert told[f"credly_badges_reconcile_differences_left{label}"] == 3
    assert 5 * 3600 <= told[f"credly_badges_reconcile_age_seconds{label}"] < 5 * 3600 + 60


def test_what_is_done_again_and_again(read):
    Pulse.objects.create(source=Pulse.Source.FEED, heard_at=NOW() - timedelta(minutes=1), failure="DatabaseError")

    told = read()

    assert told['credly_badges_pulse_failed{source="feed"}'] == 1
    assert 60 <= told['credly_badges_pulse_age_seconds{source="feed"}'] < 120


@pytest.mark.parametrize("many", [1, 12])
def test_the_figures_take_the_same_few_queries_however_much_there_is(monitoring, many, django_assert_num_queries):
    for _each in range(many):
        message = MessageFactory()
        ReceivedEventFactory(waiting=True)
        ReconcileRun.objects.create(organization=message.organization, state="done", counts={"state": 2})
        CredlyNotice.objects.create(organization=message.organization, event_id=uuid.uuid4(), not_before=NOW())
        Pace.objects.create(organization=message.organization)

    with django_assert_num_queries(10):
        answer = monitoring.get(PAGE)

    assert CredlyOrganization.objects.count() == many
    assert answer.content.decode().count("credly_badges_breaker_open{") == many


def test_what_could_break_a_line_is_escaped():
    figure = Figure("odd", "First\nsecond \\ line", (({"name": 'A "quoted"\nname \\'}, 1.5),))

    assert "".join(exposition([figure])) == (
        "# HELP credly_badges_odd First\\nsecond \\\\ line\n"
        "# TYPE credly_badges_odd gauge\n"
        'credly_badges_odd{name="A \\"quoted\\"\\nname \\\\"} 1.5\n'
    )
