"""Awards over HTTP: issued, listed, revoked, restored and sent again by other systems, and by people."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from credly_badges import access, lms
from credly_badges.access import Level, Scope
from credly_badges.issuing import deliver
from credly_badges.models import AuditEntry, BadgeAward, BadgeTemplate, LevelRole, OutboxMessage
from credly_badges.testing.factories import (
    AwardFactory,
    MessageFactory,
    OrganizationFactory,
    TemplateFactory,
    UserFactory,
)
from tests.doors.admin_desk import at_the_desk, manager, url

pytestmark = pytest.mark.django_db

State = BadgeAward.State
ISSUER = (Scope.BADGES_READ, Scope.AWARDS_READ, Scope.AWARDS_ISSUE, Scope.AWARDS_REVOKE)
SHAPE = [
    *("id", "badgeId", "learnerId", "state", "source", "earnedAt", "issuedAt", "expiresAt", "revokedAt"),
    *("revocationReason", "reason", "evidence", "narrative", "badgeUrl", "acceptUrl", "imageUrl", "isPublic"),
    *("verificationUrl", "createdAt", "updatedAt"),
]


@pytest.fixture(autouse=True)
def _nobody_has_a_profile():
    lms.backend().clear()


@pytest.fixture
def badge():
    """A badge that Credly would issue."""
    return TemplateFactory(name="Scholar")


@pytest.fixture
def ada():
    return UserFactory(username="ada", email="ada@example.com")


@pytest.fixture
def headers(badge):
    """The key of a system that issues badges of the organization."""
    return key_of(badge.organization)


def key_of(organization, *scopes) -> dict[str, str]:
    made = access.make(name="A system", scopes=scopes or ISSUER, level=Level(organization.pk))
    return {"Authorization": f"Bearer {made.shown}"}


def post(client, path, body=None, headers=None):
    return client.post(f"/api/badges/v1/{path}", body or {}, content_type="application/json", headers=headers or {})


def get(client, path, headers=None, **parameters):
    return client.get(f"/api/badges/v1/{path}", parameters, headers=headers or {})


def issued(client, badge, headers, **body):
    return post(client, f"badges/{badge.uuid}/awards", body, headers)


def listed(answer) -> list[str]:
    assert answer.status_code == 200, answer.json()
    return [each["id"] for each in answer.json()["data"]]


class TestIssuing:
    """One badge for one learner."""

    def test_another_system_issues_a_badge(self, client, badge, ada, headers):
        answer = issued(
            client,
            badge,
            headers,
            learner="ada",
            earnedAt="2026-04-30T23:00:00-05:00",
            evidence=[{"url": "https://example.com/talk", "name": "Talk"}, {"url": "http://example.com/"}],
            narrative="She spoke.",
            reason="Spoke at the conference",
        )

        assert answer.status_code == 201, answer.json()
        award = BadgeAward.objects.get()
        assert list(answer.json()) == SHAPE
        assert answer.json() | {"createdAt": "", "updatedAt": ""} == {
            "id": str(award.uuid),
            "badgeId": str(badge.uuid),
            "learnerId": ada.pk,
            "state": "queued",
            "source": "system",
            "earnedAt": "2026-05-01T04:00:00Z",
            "issuedAt": None,
            "expiresAt": None,
            "revokedAt": None,
            "revocationReason": "",
            "reason": "Spoke at the conference",
            "evidence": [
                {"name": "Talk", "url": "https://example.com/talk", "description": ""},
                {"name": "Evidence", "url": "http://example.com/", "description": ""},
            ],
            "narrative": "She spoke.",
            "badgeUrl": "",
            "acceptUrl": "",
            "imageUrl": "",
            "isPublic": None,
            "verificationUrl": None,
            "createdAt": "",
            "updatedAt": "",
        }
        assert award.messages.get().kind == OutboxMessage.Kind.ISSUE
        assert award.granted_by is None
        assert AuditEntry.objects.get(action="award.granted").after["api_key"] == award.granted_with.prefix

    def test_a_person_issues_it_by_hand(self, client, badge, ada):
        boss = UserFactory()
        LevelRole.objects.create(user=boss, role=LevelRole.Role.ISSUER, organization=badge.organization)
        client.force_login(boss)

        answer = issued(client, badge, None, learner="ADA@example.com")

        assert answer.status_code == 201, answer.json()
        award = BadgeAward.objects.get()
        assert (award.learner, award.source, award.granted_by, award.granted_with) == (ada, "by_hand", boss, None)
        assert timezone.now() - award.earned_at < timedelta(minutes=1)

    @pytest.mark.parametrize("status", BadgeTemplate.Status.values)
    def test_whether_learners_can_earn_it_here_does_not_matter(self, client, badge, ada, headers, status):
        BadgeTemplate.objects.update(status=status)

        assert issued(client, badge, headers, learner="ada").status_code == 201

    def test_one_that_credly_would_refuse_is_a_conflict(self, client, badge, ada, headers):
        BadgeTemplate.objects.update(credly_state=BadgeTemplate.CredlyState.ARCHIVED)

        answer = issued(client, badge, headers, learner="ada")

        assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")
        assert "Publish it there" in answer.json()["message"]
        assert not BadgeAward.objects.exists()

    def test_who_has_it_is_told_which_award_that_is(self, client, badge, ada, headers):
        award = AwardFactory(learner=ada, template=badge, offered=True)

        answer = issued(client, badge, headers, learner="ada")

        assert answer.status_code == 409
        assert answer.json()["details"] == {"awardId": str(award.uuid)}

    def test_who_qualifies_again_has_it_renewed(self, client, badge, ada, headers):
        BadgeTemplate.objects.update(expiry="period", expiry_days=365, renewal_days=30)
        soon = timezone.now() + timedelta(days=3)
        award = AwardFactory(
            learner=ada, template=badge, offered=True, earned_at=soon - timedelta(days=365), expires_at=soon
        )

        answer = issued(client, badge, headers, learner="ada")

        assert (answer.status_code, answer.json()["id"]) == (200, str(award.uuid))
        assert award.messages.get().kind == OutboxMessage.Kind.REPLACE

    @pytest.mark.parametrize("name", ["nobody", "nobody@example.com", "two@example.com", "ADA", "' OR 1=1 --"])
    def test_who_is_nobody_here_or_more_than_one_is_a_clear_error(self, client, badge, ada, headers, name):
        UserFactory(email="two@example.com")
        UserFactory(email="two@example.com")
        if name == "ADA":
            ada.delete()

        answer = issued(client, badge, headers, learner=name)

        assert answer.status_code == 400
        assert "Nobody here" in answer.json()["details"]["learner"][0]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "learner"),
            ({"learner": ""}, "learner"),
            ({"learner": None}, "learner"),
            ({"learner": ["ada"]}, "learner"),
            ({"learner": {"id": 1}}, "learner"),
            ({"learner": True}, "learner"),
            ({"learner": "a" * 256}, "learner"),
            ({"learner": "ada", "learnerId": 1}, "learnerId"),
            ({"learner": "ada", "earned_at": "2026-01-01"}, "earned_at"),
            ({"learner": "ada", "state": "accepted"}, "state"),
            ({"learner": "ada", "earnedAt": None}, "earnedAt"),
            ({"learner": "ada", "earnedAt": ""}, "earnedAt"),
            ({"learner": "ada", "earnedAt": 0}, "earnedAt"),
            ({"learner": "ada", "earnedAt": 1777777777}, "earnedAt"),
            ({"learner": "ada", "earnedAt": {}}, "earnedAt"),
            ({"learner": "ada", "earnedAt": "yesterday"}, "earnedAt"),
            ({"learner": "ada", "earnedAt": "31/01/2026"}, "earnedAt"),
            ({"learner": "ada", "earnedAt": "2026-02-30T00:00:00Z"}, "earnedAt"),
            ({"learner": "ada", "earnedAt": "2016-12-31T23:59:60Z"}, "earnedAt"),
            ({"learner": "ada", "earnedAt": "0000-01-01T00:00:00Z"}, "earnedAt"),
            ({"learner": "ada", "earnedAt": "0001-01-01T00:00:00Z"}, "earnedAt"),
            ({"learner": "ada", "earnedAt": "0001-01-01T00:00:00+14:00"}, "earnedAt"),
            ({"learner": "ada", "earnedAt": "9999-12-31T23:59:59Z"}, "earnedAt"),
            ({"learner": "ada", "earnedAt": "9999-12-31T23:59:59-14:00"}, "earnedAt"),
            ({"learner": "ada", "earnedAt": "10000-01-01T00:00:00Z"}, "earnedAt"),
            ({"learner": "ada", "earnedAt": "1969-12-31T23:59:59Z"}, "earnedAt"),
            ({"learner": "ada", "earnedAt": "2026-01-01T00:00:00+99:00"}, "earnedAt"),
            ({"learner": "ada", "evidence": "https://example.com"}, "evidence"),
            ({"learner": "ada", "evidence": {"url": "https://example.com"}}, "evidence"),
            ({"learner": "ada", "evidence": ["https://example.com"]}, "evidence"),
            ({"learner": "ada", "evidence": [{}]}, "evidence"),
            ({"learner": "ada", "evidence": [{"url": ""}]}, "evidence"),
            ({"learner": "ada", "evidence": [{"url": "example.com"}]}, "evidence"),
            ({"learner": "ada", "evidence": [{"url": "https://"}]}, "evidence"),
            ({"learner": "ada", "evidence": [{"url": "javascript:alert(1)"}]}, "evidence"),
            ({"learner": "ada", "evidence": [{"url": "data:text/html,x"}]}, "evidence"),
            ({"learner": "ada", "evidence": [{"url": "ftp://example.com/"}]}, "evidence"),
            ({"learner": "ada", "evidence": [{"url": "https://example.com/" + "x" * 1000}]}, "evidence"),
            ({"learner": "ada", "evidence": [{"url": "https://example.com/", "kind": "IdEvidence"}]}, "evidence"),
            ({"learner": "ada", "evidence": [{"url": "https://example.com/"}] * 11}, "evidence"),
            ({"learner": "ada", "narrative": "x" * 351}, "narrative"),
            ({"learner": "ada", "narrative": ["x"]}, "narrative"),
            ({"learner": "ada", "reason": "x" * 501}, "reason"),
            ({"learner": "ada", "reason": {"x": 1}}, "reason"),
        ],
    )
    def test_what_cannot_be_taken_is_named_and_nothing_is_stored(self, client, badge, ada, headers, body, field):
        answer = issued(client, badge, headers, **body)

        assert answer.status_code == 400, answer.json()
        assert answer.json()["error"] == "VALIDATION_ERROR"
        assert field in answer.json()["details"]
        assert not BadgeAward.objects.exists()

    @pytest.mark.parametrize(
        "body",
        ["", "{", "[]", "null", "5", '"ada"', "{'learner': 'ada'}", '{"learner": "ada"', '{"learner": NaN}', "\ufeff{}",
         '{"learner": "\\u0000"}', '{"learner": "\\ud800"}', "[" * 5000],
    )  # fmt: skip
    def test_what_is_no_json_object_is_refused(self, client, badge, headers, body):
        path = f"/api/badges/v1/badges/{badge.uuid}/awards"

        answer = client.post(path, body, content_type="application/json", headers=headers)

        assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")

    @pytest.mark.parametrize(
        "said", ["'; DROP TABLE x; --", "<script>alert(1)</script>", '"><img src=x onerror=1>', "{{ 7 * 7 }} %s", "𝒜🏅"]
    )
    def test_texts_are_stored_as_they_are_and_harmless_where_they_are_shown(self, client, badge, ada, headers, said):
        link = {"url": "https://example.com/", "name": said, "description": said}

        answer = issued(client, badge, headers, learner="ada", reason=said, narrative=said, evidence=[link])

        assert answer.status_code == 201, answer.json()
        award = BadgeAward.objects.get()
        assert answer.json()["reason"] == answer.json()["narrative"] == award.reason == said
        assert [item["description"] for item in award.evidence] == [said, said]
        assert answer["Content-Type"] == "application/json"
        page = manager().get(url("badgeaward", "change", award.pk)).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ("2026-04-30", "2026-04-30T00:00:00Z"),
            ("2026-04-30T12:00:00", "2026-04-30T12:00:00Z"),
            ("2026-04-30T12:00:00+05:30", "2026-04-30T06:30:00Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ],
    )
    def test_a_time_is_read_in_any_zone_and_in_utc_without_one(self, client, badge, ada, headers, said, expected):
        answer = issued(client, badge, headers, learner="ada", earnedAt=said)

        assert answer.json()["earnedAt"] == expected

    def test_it_takes_a_fixed_number_of_queries(self, client, badge, ada, headers, django_assert_max_num_queries):
        with django_assert_max_num_queries(22):
            assert issued(client, badge, headers, learner="ada").status_code == 201


class TestWhoMayIssue:
    """A key, or a role at a level."""

    def test_a_key_without_the_scope_is_refused(self, client, badge, ada):
        answer = issued(client, badge, key_of(badge.organization, Scope.BADGES_READ), learner="ada")

        assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")

    def test_another_organization_s_key_does_not_find_the_badge(self, client, badge, ada):
        answer = issued(client, badge, key_of(OrganizationFactory()), learner="ada")

        assert answer.status_code == 404
        assert not BadgeAward.objects.exists()

    def test_a_learner_may_see_the_badge_and_not_issue_it(self, client, badge, ada):
        BadgeTemplate.objects.update(status=BadgeTemplate.Status.ACTIVE)
        client.force_login(ada)

        assert issued(client, badge, None, learner="ada").status_code == 403

    def test_nobody_is_asked_who_they_are(self, client, badge):
        assert issued(client, badge, None, learner="ada").status_code == 401

    def test_the_staff_of_the_admin_may_with_its_permission(self, badge, ada):
        client = at_the_desk("issue_badgeaward", "view_badgeaward", "view_badgetemplate")

        assert issued(client, badge, None, learner="ada").status_code == 201


class TestListing:
    """The awards that a caller may see."""

    def test_a_badge_s_awards_come_newest_first_and_name_nobody(self, client, badge, ada, headers):
        older, newer = AwardFactory(template=badge, learner=ada, offered=True), AwardFactory(template=badge)
        AwardFactory()

        answer = get(client, f"badges/{badge.uuid}/awards", headers)

        assert listed(answer) == [str(newer.uuid), str(older.uuid)]
        assert list(answer.json()["data"][0]) == SHAPE
        assert b"ada" not in answer.content
        assert b"Lovelace" not in answer.content

    def test_a_key_lists_the_awards_of_its_level_alone(self, client, badge, headers):
        mine = AwardFactory(template=badge)
        AwardFactory()

        assert listed(get(client, "awards", headers)) == [str(mine.uuid)]
        assert len(listed(get(manager(), "awards"))) == 2

    def test_they_are_chosen_by_badge_state_learner_and_time(self, client, badge, ada, headers):
        other = TemplateFactory(organization=badge.organization)
        april, may = datetime(2026, 4, 15, tzinfo=UTC), datetime(2026, 5, 15, tzinfo=UTC)
        first = AwardFactory(template=badge, learner=ada, earned_at=april, offered=True)
        second = AwardFactory(template=other, learner=ada, earned_at=may)
        third = AwardFactory(template=badge, earned_at=may)
        BadgeAward.objects.exclude(pk=third.pk).update(modified=april)

        def found(**parameters) -> list[BadgeAward]:
            numbers = listed(get(client, "awards", headers, **parameters))
            return [each for each in (third, second, first) if str(each.uuid) in numbers]

        assert found(badge=badge.uuid) == [third, first]
        assert found(badge=uuid.uuid4()) == []
        assert found(state="offered") == [first]
        assert found(learner="ada") == found(learner="Ada@example.com") == [second, first]
        assert found(learner="nobody") == found(learner="") == []
        assert found(learner="ada", state="queued") == [second]
        assert found(earnedFrom="2026-05-01") == [third, second]
        assert found(earnedTo="2026-05-01T00:00:00Z") == [first]
        assert found(updatedSince="2026-05-01") == [third]

    @pytest.mark.parametrize(
        "parameters",
        [{"state": "happy"}, {"badge": "x"}, {"updatedSince": "soon"}, {"learner": "x" * 300}, {"learner": "a\0b"},
         {"sort": "x"}, {"limit": "0"}, {"earnedTo": "2016-12-31T23:59:60Z"}],
    )  # fmt: skip
    def test_what_cannot_be_understood_is_refused(self, client, badge, headers, parameters):
        for path in ("awards", f"badges/{badge.uuid}/awards"):
            answer = get(client, path, headers, **parameters)

            assert answer.status_code == 400, answer.content

    # The savepoint of the request and its release; the key, the count, the page; and the badge, where it is named.
    @pytest.mark.parametrize(("path", "queries"), [("awards", 5), ("badges/{badge}/awards", 6)])
    def test_a_list_takes_as_many_queries_for_fifty_as_for_one(
        self, client, badge, headers, path, queries, django_assert_num_queries
    ):
        AwardFactory(template=badge)
        path = path.format(badge=badge.uuid)
        get(client, path, headers)
        with django_assert_num_queries(queries):
            assert len(listed(get(client, path, headers))) == 1
        AwardFactory.create_batch(60, template=badge)

        with django_assert_num_queries(queries):
            assert len(listed(get(client, path, headers))) == 50

    def test_the_staff_of_a_course_is_told_by_403_where_they_may_not(self, client, badge, ada):
        client.force_login(ada)

        assert get(client, "awards").status_code == 403


class TestOne:
    """One award."""

    def test_who_may_issue_sees_what_credly_was_asked_and_what_came_of_it(self, client, badge, headers):
        award = AwardFactory(template=badge)
        message = MessageFactory(award=award, dead=True, attempts=1)
        message.delivery_attempts.create(started_at=timezone.now(), outcome="refused", status=422, said="No such badge")

        answer = get(client, f"awards/{award.uuid}", headers)

        assert list(answer.json()) == [*SHAPE, "attempts"]
        (order,) = answer.json()["attempts"]
        assert (order["order"], order["state"]) == ("issue", "dead")
        assert order["error"] == "Credly refused: no such badge template."
        assert [(each["outcome"], each["status"], each["said"]) for each in order["tries"]] == [
            ("refused", 422, "No such badge")
        ]

    def test_who_may_only_look_does_not(self, client, badge):
        award = MessageFactory(award__template=badge).award

        answer = get(client, f"awards/{award.uuid}", key_of(badge.organization, Scope.AWARDS_READ))

        assert answer.json()["attempts"] is None

    def test_one_that_the_learner_shares_says_where(self, client, badge, headers, settings):
        settings.LMS_ROOT_URL = "https://lms.example.com"
        award = AwardFactory(template=badge, shared_at=timezone.now())

        answer = get(client, f"awards/{award.uuid}", headers)

        assert answer.json()["verificationUrl"] == f"https://lms.example.com/badges/awards/{award.uuid}"

    @pytest.mark.parametrize("number", [uuid.UUID(int=0), uuid.uuid4()])
    def test_what_is_not_there_is_not_found(self, client, headers, number):
        assert get(client, f"awards/{number}", headers).status_code == 404

    def test_another_organization_s_is_not_there(self, client, headers):
        award = AwardFactory(offered=True)

        assert get(client, f"awards/{award.uuid}", headers).status_code == 404
        for deed in ("revoke", "restore", "resend"):
            answer = post(client, f"awards/{award.uuid}/{deed}", {"reason": "x"} if deed != "resend" else {}, headers)
            assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND")

    def test_who_may_see_it_and_not_change_it_is_told_so(self, client, badge):
        award = AwardFactory(template=badge, offered=True)
        wide = access.make(name="Other", scopes=ISSUER, level=Level(OrganizationFactory().pk))
        mine = key_of(badge.organization, Scope.AWARDS_READ)
        LevelRole.objects.create(user=(user := UserFactory()), role="viewer", organization=badge.organization)
        LevelRole.objects.create(user=user, role="issuer", organization=wide.key.organization)
        client.force_login(user)

        assert post(client, f"awards/{award.uuid}/revoke", {"reason": "x"}).status_code == 403
        client.logout()
        assert post(client, f"awards/{award.uuid}/revoke", {"reason": "x"}, mine).status_code == 403


class TestChanging:
    """Revoked, restored, sent again."""

    def test_one_that_credly_has_is_revoked_by_an_order(self, client, badge, headers):
        award = AwardFactory(template=badge, offered=True)

        answer = post(client, f"awards/{award.uuid}/revoke", {"reason": "Cheated"}, headers)

        assert answer.status_code == 200, answer.json()
        assert (answer.json()["state"], answer.json()["revocationReason"]) == ("offered", "Cheated")
        assert award.messages.get().kind == OutboxMessage.Kind.REVOKE
        entry = AuditEntry.objects.get(action="award.revoked")
        assert (entry.because, entry.actor) == ("Cheated", None)
        assert entry.after["api_key"].startswith("cbk_")

    def test_one_that_credly_has_not_heard_of_is_revoked_at_once(self, client, badge, headers):
        award = MessageFactory(award__template=badge).award

        answer = post(client, f"awards/{award.uuid}/revoke", {"reason": "Cheated"}, headers)

        assert answer.json()["state"] == "revoked"
        assert answer.json()["revokedAt"] is not None

    def test_twice_is_a_conflict(self, client, badge, headers):
        award = AwardFactory(template=badge, offered=True)
        post(client, f"awards/{award.uuid}/revoke", {"reason": "Cheated"}, headers)

        answer = post(client, f"awards/{award.uuid}/revoke", {"reason": "Cheated"}, headers)

        assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")
        assert "already being revoked" in answer.json()["message"]

    @pytest.mark.parametrize("deed", ["revoke", "restore"])
    @pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": None}, {"reason": "x" * 501},
                                      {"reason": ["x"]}, {"reason": "x", "notify": True}])  # fmt: skip
    def test_a_reason_is_needed(self, client, badge, headers, deed, body):
        award = AwardFactory(template=badge, offered=True)

        answer = post(client, f"awards/{award.uuid}/{deed}", body, headers)

        assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")
        assert not OutboxMessage.objects.exists()

    def test_one_that_was_revoked_is_restored_as_a_new_award(self, client, badge, headers):
        award = AwardFactory(template=badge, offered=True, state=State.REVOKED, live=None)

        answer = post(client, f"awards/{award.uuid}/restore", {"reason": "A mistake"}, headers)

        assert answer.status_code == 201, answer.json()
        restored = BadgeAward.objects.get(uuid=answer.json()["id"])
        assert (restored.previous, restored.source) == (award, "restored")
        assert restored.granted_with.prefix == AuditEntry.objects.get(action="award.restored").after["api_key"]

    def test_one_that_stands_is_not_restored(self, client, badge, headers):
        award = AwardFactory(template=badge, offered=True)

        answer = post(client, f"awards/{award.uuid}/restore", {"reason": "A mistake"}, headers)

        assert answer.status_code == 409

    def test_one_that_failed_is_sent_again(self, client, badge, headers):
        award = AwardFactory(template=badge, state=State.FAILED)

        answer = post(client, f"awards/{award.uuid}/resend", {}, headers)

        assert (answer.status_code, answer.json()["state"]) == (200, "queued")
        assert award.messages.get().kind == OutboxMessage.Kind.ISSUE
        assert post(client, f"awards/{award.uuid}/resend", {}, headers).status_code == 409

    def test_they_are_only_ever_posted(self, client, badge, headers):
        award = AwardFactory(template=badge)

        for path in ("revoke", "restore", "resend"):
            assert get(client, f"awards/{award.uuid}/{path}", headers).status_code == 405
        assert client.delete(f"/api/badges/v1/awards/{award.uuid}", headers=headers).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_from_the_request_to_the_badge_at_credly_and_back(client, credly, organization, at_credly):
    remote = credly.add_template(at_credly, name="Scholar")
    badge = TemplateFactory(uuid=remote.uuid, organization=organization)
    UserFactory(username="ada", email="ada@example.com", first_name="Ada", last_name="King")
    headers = key_of(organization)
    link = {"url": "https://example.com/talk", "name": "Talk", "description": "At noon"}
    told = {"learner": "ada", "earnedAt": "2026-04-30", "evidence": [link], "narrative": "Well done"}

    made = issued(client, badge, headers, **told)
    deliver.sweep(source="beat")

    shown = get(client, f"awards/{made.json()['id']}", headers).json()
    assert (shown["state"], shown["issuedAt"] is not None) == ("offered", True)
    assert shown["badgeUrl"] or shown["acceptUrl"]
    assert [each["outcome"] for each in shown["attempts"][0]["tries"]] == ["delivered"]
    (there,) = credly.badges()
    assert (there["recipient_email"], there["issued_at"][:10]) == ("ada@example.com", "2026-04-30")
    assert [each.get("value") or each["description"] for each in there["evidence"]] == [link["url"], "Well done"]

    post(client, f"awards/{made.json()['id']}/revoke", {"reason": "Cheated"}, headers)
    deliver.sweep(source="beat")

    assert get(client, f"awards/{made.json()['id']}", headers).json()["state"] == "revoked"
