"""A request that is sent again with the same Idempotency-Key does nothing, and is answered as it was the first time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from credly_badges import access, retirement, rounds
from credly_badges.access import Level, Scope
from credly_badges.models import AuditEntry, BadgeAward, BadgeTemplate, IdempotentAnswer, OutboxMessage, Pulse
from credly_badges.testing.factories import AwardFactory, OrganizationFactory, TemplateFactory, UserFactory

pytestmark = pytest.mark.django_db

SCOPES = (Scope.BADGES_READ, Scope.AWARDS_READ, Scope.AWARDS_ISSUE, Scope.AWARDS_REVOKE)


@pytest.fixture
def badge():
    """A badge that Credly would issue."""
    return TemplateFactory()


@pytest.fixture
def ada():
    return UserFactory(username="ada")


@pytest.fixture
def system(badge):
    """Another system's key."""
    return key_of(badge.organization)


def key_of(organization) -> dict[str, str]:
    made = access.make(name="A system", scopes=SCOPES, level=Level(organization.pk))
    return {"Authorization": f"Bearer {made.shown}"}


def send(client, path, body, system, key):
    headers = {**system, "Idempotency-Key": key}
    return client.post(f"/api/badges/v1/{path}", body, content_type="application/json", headers=headers)


def issue(client, badge, system, key="a-key", learner="ada", **body):
    return send(client, f"badges/{badge.uuid}/awards", {"learner": learner, **body}, system, key)


def test_the_same_request_is_answered_alike_and_done_once(client, badge, ada, system):
    first, second = issue(client, badge, system), issue(client, badge, system)

    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert BadgeAward.objects.count() == OutboxMessage.objects.count() == 1
    assert AuditEntry.objects.filter(action="award.granted").count() == 1


def test_it_is_answered_as_it_was_though_the_award_has_changed_since(client, badge, ada, system):
    first = issue(client, badge, system)
    BadgeAward.objects.update(state=BadgeAward.State.ACCEPTED)

    assert issue(client, badge, system).json() == first.json()


@pytest.mark.parametrize("change", [{"learner": "grace"}, {"reason": "x"}, {"earnedAt": "2026-01-01"}])
def test_another_body_under_the_same_key_is_a_conflict(client, badge, ada, system, change):
    UserFactory(username="grace")
    issue(client, badge, system)

    answer = issue(client, badge, system, **change)

    assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")
    assert answer.json()["details"] == {"header": "Idempotency-Key"}
    assert BadgeAward.objects.count() == 1


def test_another_address_under_the_same_key_is_a_conflict(client, badge, ada, system):
    other = TemplateFactory(organization=badge.organization)
    issue(client, badge, system)

    assert issue(client, other, system).status_code == 409
    assert send(client, f"badges/{badge.uuid}/awards?issuer={badge.organization.uuid}", {"learner": "ada"}, system,
                "a-key").status_code == 409  # fmt: skip


def test_a_refusal_is_not_kept(client, badge, ada, system):
    refused = issue(client, badge, system, learner="ada", earnedAt="9999-01-01")
    BadgeTemplate.objects.update(credly_state=BadgeTemplate.CredlyState.ARCHIVED)
    conflict = issue(client, badge, system)
    BadgeTemplate.objects.update(credly_state=BadgeTemplate.CredlyState.ACTIVE)

    answer = issue(client, badge, system)

    assert (refused.status_code, conflict.status_code, answer.status_code) == (400, 409, 201)


def test_the_same_key_of_another_caller_is_another_key(client, badge, ada, system):
    boss = UserFactory(admin=True)
    UserFactory(username="grace")
    issue(client, badge, system)
    issue(client, badge, key_of(badge.organization), learner="grace")
    client.force_login(boss)

    answer = issue(client, badge, {}, learner="ada")

    assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")
    assert "awardId" in answer.json()["details"]  # Not what the others were answered.
    assert BadgeAward.objects.count() == 2


def test_a_key_that_opens_no_door_is_not_told_what_another_was_answered(client, badge, ada, system):
    issue(client, badge, system)

    assert issue(client, badge, key_of(OrganizationFactory())).status_code == 404
    assert issue(client, badge, {}).status_code == 401


@pytest.mark.parametrize("key", ["k", "x" * 255, "~ !", "0b5a1c3e-1111-4000-8000-000000000001", "' OR 1=1", "<b>"])
def test_any_printable_text_is_a_key(client, badge, ada, system, key):
    assert issue(client, badge, system, key).status_code == 201
    assert issue(client, badge, system, key)["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", "x" * 256, "x" * 5000, "a\tb", "a\x00b", "a\x7fb", "schlüssel", "\x80"])
def test_what_is_no_such_text_is_refused(client, badge, ada, system, key):
    answer = issue(client, badge, system, key)

    assert answer.status_code == 400
    assert answer.json()["details"] == {"header": "Idempotency-Key"}
    assert not BadgeAward.objects.exists()


def test_capitals_and_small_letters_make_two_keys(client, badge, ada, system):
    UserFactory(username="grace")

    assert issue(client, badge, system, "Key").status_code == 201
    assert issue(client, badge, system, "kEY", learner="grace").status_code == 201


def test_what_was_sent_as_a_key_is_not_stored(client, badge, ada, system):
    issue(client, badge, system, "ada@example.com")

    assert "ada" not in str(IdempotentAnswer.objects.values_list("key").get())


def test_a_revocation_is_answered_alike(client, badge, ada, system):
    award = AwardFactory(template=badge, learner=ada, offered=True)

    answers = [send(client, f"awards/{award.uuid}/revoke", {"reason": "Cheated"}, system, "k") for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 200]
    assert award.messages.count() == 1


def test_without_a_key_nothing_is_kept(client, badge, ada, system):
    path = f"/api/badges/v1/badges/{badge.uuid}/awards"

    client.post(path, {"learner": "ada"}, content_type="application/json", headers=system)

    assert not IdempotentAnswer.objects.exists()


def test_after_a_day_the_key_is_free_again(client, badge, ada, system):
    UserFactory(username="grace")
    issue(client, badge, system)
    IdempotentAnswer.objects.update(created=timezone.now() - timedelta(hours=23))
    rounds.due(Pulse.Source.COMMAND)
    assert issue(client, badge, system, learner="grace").status_code == 409

    IdempotentAnswer.objects.update(created=timezone.now() - timedelta(hours=25))
    Pulse.objects.update(heard_at=timezone.now() - timedelta(hours=2))
    rounds.due(Pulse.Source.COMMAND)

    assert issue(client, badge, system, learner="grace").status_code == 201


def test_what_names_a_learner_goes_with_them(client, badge, ada, system):
    UserFactory(username="grace")
    issue(client, badge, system, "of ada")
    issue(client, badge, system, "of grace", learner="grace")

    retirement.forget(ada.pk)

    assert IdempotentAnswer.objects.get().learner.username == "grace"


@pytest.mark.django_db(transaction=True)
def test_what_fails_in_the_middle_leaves_no_note_and_no_award(client, badge, ada, system):

    def fail(execute, sql, *arguments):
        if "credly_badges_auditentry" in sql and sql.startswith("INSERT"):
            raise OperationalError("A deadlock.")
        return execute(sql, *arguments)

    with connection.execute_wrapper(fail):
        failed = issue(client, badge, system)

    assert (failed.status_code, failed.json()["error"]) == (503, "UNAVAILABLE")
    assert failed["Retry-After"] == "1"
    assert not IdempotentAnswer.objects.exists()
    assert issue(client, badge, system).status_code == 201
