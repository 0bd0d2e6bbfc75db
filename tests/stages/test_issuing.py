"""Orders to Credly: what an attempt leaves behind, and what many of them cost."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credly_badges import onboarding, progress
from credly_badges.credly.errors import Unauthorized
from credly_badges.events import intake
from credly_badges.issuing import outbox
from credly_badges.issuing.results import Failed
from credly_badges.issuing.settle import settle
from credly_badges.learning_event import LearningEvent
from credly_badges.models import (
    AuditEntry,
    BadgeAward,
    BadgeTemplate,
    CredlyOrganization,
    DeliveryAttempt,
    OutboxMessage,
    ReceivedEvent,
)
from credly_badges.testing.factories import (
    COURSE_KEY,
    PASSING_STATUS,
    AwardFactory,
    MessageFactory,
    OrganizationFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db
Pause = CredlyOrganization.Pause


@pytest.fixture
def in_hand():
    """A message that a worker has in hand, and its attempt."""
    message = MessageFactory(state="delivering", lease="00000000-0000-4000-8000-000000000001", look_first=True)
    attempt = DeliveryAttempt.objects.create(message=message, started_at=timezone.now())
    return OutboxMessage.objects.select_related("award__template", "organization").get(), attempt


def test_the_old_keys_refusal_does_not_stop_the_queue_once_a_new_key_was_entered(in_hand):
    message, attempt = in_hand
    organization = CredlyOrganization.objects.get()
    organization.api_key = "the-new-key-of-the-organization"
    organization.save()

    again_at = settle(message, attempt, Failed(Unauthorized(status=401)), spread=0)

    assert again_at <= timezone.now()
    assert CredlyOrganization.objects.get().paused == Pause.NONE
    assert OutboxMessage.objects.get().state == "waiting"


def test_a_refused_key_pauses_the_organization_and_is_noted_once(in_hand):
    message, attempt = in_hand

    for _ in range(2):
        OutboxMessage.objects.update(state="delivering", lease=message.lease)
        assert settle(message, attempt, Failed(Unauthorized(status=401)), spread=0) is None

    assert CredlyOrganization.objects.get().paused == Pause.KEY_REJECTED
    assert AuditEntry.objects.filter(action="organization.paused").count() == 1


def test_a_refused_key_leaves_a_pause_to_the_person_who_made_it(in_hand):
    message, attempt = in_hand
    onboarding.pause(CredlyOrganization.objects.get(), by=None, because="We are moving")

    settle(message, attempt, Failed(Unauthorized(status=401)), spread=0)

    organization = CredlyOrganization.objects.get()
    assert (organization.paused, organization.pause_reason) == (Pause.BY_HAND, "We are moving")


def many_orders(count, **fields):
    template = TemplateFactory(active=True, organization=OrganizationFactory())
    learners = UserFactory._meta.model.objects.bulk_create(UserFactory.build_batch(count))
    given = BadgeAward.objects.bulk_create(AwardFactory.build(learner=each, template=template) for each in learners)
    OutboxMessage.objects.bulk_create(MessageFactory.build(award=award, **fields) for award in given)
    return template.organization


def test_ending_a_pause_wakes_a_thousand_messages_with_a_few_tasks(django_capture_on_commit_callbacks):
    organization = many_orders(1_100)
    onboarding.pause(organization, by=None, because="A holiday")

    with CaptureQueriesContext(connection) as queries, django_capture_on_commit_callbacks() as wakers:
        assert onboarding.resume(organization, by=None) == 1_100

    assert len(wakers) == 3
    assert len(queries) <= 10


def test_a_thousand_dead_letters_are_sent_again_with_few_statements(django_capture_on_commit_callbacks):
    many_orders(1_000, dead=True)
    BadgeAward.objects.update(state="failed")

    with CaptureQueriesContext(connection) as queries, django_capture_on_commit_callbacks() as wakers:
        assert outbox.redrive(OutboxMessage.objects.all(), by=None) == 1_000

    assert set(OutboxMessage.objects.values_list("state", "attempts")) == {("waiting", 0)}
    assert set(BadgeAward.objects.values_list("state", flat=True)) == {"queued"}
    assert AuditEntry.objects.filter(action="message.redriven", before__state="dead").count() == 1_000
    assert len(wakers) == 2
    assert len(queries) <= 30


def test_a_badge_that_credly_would_refuse_does_not_hold_up_another_for_the_same_course():
    learner = UserFactory()
    refused, sound = a_badge_for_passing(), a_badge_for_passing()
    intake.receive(
        LearningEvent(learner.pk, PASSING_STATUS, COURSE_KEY, timezone.now(), {"is_passing": True}, (COURSE_KEY,))
    )
    BadgeTemplate.objects.filter(pk=refused.pk).update(credly_state="archived")

    progress.record(ReceivedEvent.objects.get().pk)

    assert BadgeAward.objects.get().template == sound
    assert not ReceivedEvent.objects.get().waiting


FORKED = """
import os, uuid, django
django.setup()
from credly_badges.connections import connect
from credly_badges.models import CredlyOrganization
organization = CredlyOrganization(uuid=uuid.uuid4(), environment="sandbox", api_key="a-key-of-an-organization")
mine = connect(organization)
assert connect(organization) is mine
child = os.fork()
if not child:
    os._exit(0 if connect(organization) is not mine else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_worker_opens_connections_of_its_own():
    asked = [sys.executable, "-c", FORKED]

    done = subprocess.run(
        asked, check=False, env={"DJANGO_SETTINGS_MODULE": "test_settings"}, capture_output=True, timeout=60
    )

    assert done.returncode == 0, done.stderr
