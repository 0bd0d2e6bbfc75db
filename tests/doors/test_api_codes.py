"""Claim codes over HTTP: who makes, sees and claims them, and that nobody finds one by trying."""

from __future__ import annotations

import json
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.utils import timezone

from credly_badges import access, claims
from credly_badges.access import Level, Scope
from credly_badges.models import AuditEntry, BadgeAward, BadgeTemplate, ClaimCode, CodeClaim, LevelRole
from credly_badges.testing.factories import AwardFactory, OrganizationFactory, TemplateFactory, UserFactory

pytestmark = pytest.mark.django_db

V1 = "/api/badges/v1"
SHAPE = [
    *("id", "badgeId", "code", "claimUrl", "note", "most", "claimed", "startsAt", "endsAt", "email", "course"),
    *("cohort", "isOpen", "closedAt", "createdAt", "updatedAt"),
]


@pytest.fixture(autouse=True)
def _nothing_tried(settings):
    settings.LMS_ROOT_URL = "https://lms.example.org"
    cache.clear()


@pytest.fixture
def badge():
    return TemplateFactory(active=True)


@pytest.fixture
def system(badge):
    return key_of(badge.organization, Scope.BADGES_READ, Scope.CODES_READ, Scope.CODES_WRITE, Scope.AWARDS_ISSUE)


def key_of(organization, *scopes) -> dict[str, str]:
    made = access.make(name="A system", scopes=scopes, level=Level(organization.pk))
    return {"Authorization": f"Bearer {made.shown}"}


def send(client, method, path, body=None, **headers):
    return client.generic(
        method, f"{V1}{path}", json.dumps(body) if body is not None else "", "application/json", headers=headers
    )


def post(client, path, body, headers=None):
    return send(client, "POST", path, body, **(headers or {}))


class TestCodes:
    """Codes of one badge."""

    def test_a_code_is_made_for_one_learner_where_nothing_else_is_said(self, client, badge, system):
        answer = post(client, f"/badges/{badge.uuid}/codes", {}, system)

        assert answer.status_code == 201
        body = answer.json()
        assert list(body) == SHAPE
        assert (body["most"], body["claimed"], body["isOpen"], body["badgeId"]) == (1, 0, True, str(badge.uuid))
        assert body["claimUrl"] == f"https://lms.example.org/badges/claim/{body['code']}/"
        assert send(client, "GET", f"/badges/{badge.uuid}/codes/{body['id']}", **system).json() == body

    def test_all_that_can_be_said_of_it_is_kept(self, client, badge, system):
        said = {
            "code": "SPRING-2026",
            "most": None,
            "startsAt": "2026-01-01T00:00:00Z",
            "endsAt": "2036-01-01T12:00:00Z",
            "email": "ada@example.org",
            "course": "course-v1:edX+DemoX+2026",
            "cohort": "Blue",
            "note": "For the spring school",
        }

        body = post(client, f"/badges/{badge.uuid}/codes", said, system).json()

        assert {name: body[name] for name in said} == said

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"code": "short"}, "code"),
            ({"code": "' OR 1=1 --;"}, "code"),
            ({"code": "<script>alert(1)</script>"}, "code"),
            ({"code": "x" * 256}, "code"),
            ({"code": 5}, "code"),
            ({"most": 0}, "most"),
            ({"most": -1}, "most"),
            ({"most": 10**12}, "most"),
            ({"most": "many"}, "most"),
            ({"startsAt": "tomorrow"}, "startsAt"),
            ({"endsAt": "2026-02-30T00:00:00Z"}, "endsAt"),
            ({"endsAt": "9999-12-31T23:59:59-23:59"}, "endsAt"),
            ({"startsAt": "2026-01-02T00:00:00Z", "endsAt": "2026-01-01T00:00:00Z"}, "endsAt"),
            ({"email": "nobody"}, "email"),
            ({"course": "maths"}, "course"),
            ({"cohort": "Blue"}, "course"),
            ({"note": "x" * 256}, "note"),
            ({"claimed": 5}, "claimed"),
        ],
    )
    def test_what_cannot_be_is_refused_and_nothing_is_stored(self, client, badge, system, body, field):
        answer = post(client, f"/badges/{badge.uuid}/codes", body, system)

        assert answer.status_code == 400
        assert answer.json()["error"] == "VALIDATION_ERROR"
        assert field in answer.json()["details"]
        assert not ClaimCode.objects.exists()

    def test_a_code_that_there_is_is_not_made_again(self, client, badge, system):
        claims.make(badge, code="SPRING-2026")

        answer = post(client, f"/badges/{badge.uuid}/codes", {"code": "spring 2026"}, system)

        assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")

    def test_the_same_request_makes_one_code(self, client, badge, system):
        headers = {**system, "Idempotency-Key": "abc"}

        first = post(client, f"/badges/{badge.uuid}/codes", {}, headers)
        second = post(client, f"/badges/{badge.uuid}/codes", {}, headers)

        assert first.json() == second.json()
        assert ClaimCode.objects.count() == 1

    def test_the_list_has_those_that_are_open_or_the_others(self, client, badge, system):
        now = timezone.now()
        an_open_one = claims.make(badge)
        closed = claims.make(badge)
        claims.close(closed)
        later = claims.make(badge, starts_at=now + timedelta(days=1))
        claims.make(TemplateFactory(organization=badge.organization))

        def listed(query=""):
            rows = send(client, "GET", f"/badges/{badge.uuid}/codes{query}", **system).json()["data"]
            return [each["id"] for each in rows]

        assert listed() == [str(each.uuid) for each in (later, closed, an_open_one)]
        assert listed("?open=true") == [str(an_open_one.uuid)]
        assert listed("?open=false") == [str(later.uuid), str(closed.uuid)]
        assert send(client, "GET", f"/badges/{badge.uuid}/codes?open=perhaps", **system).status_code == 400
        assert send(client, "GET", f"/badges/{badge.uuid}/codes?state=open", **system).status_code == 400

    def test_note_end_and_number_are_changed_and_nothing_else(self, client, badge, system):
        code = claims.make(badge, most=1, code="SPRING-2026")
        where = f"/badges/{badge.uuid}/codes/{code.uuid}"

        answer = send(client, "PATCH", where, {"most": 20, "note": "All", "endsAt": "2036-01-01T00:00:00Z"}, **system)

        assert answer.status_code == 200
        assert (answer.json()["most"], answer.json()["note"]) == (20, "All")
        assert send(client, "PATCH", where, {"code": "AUTUMN-2026"}, **system).status_code == 400
        assert send(client, "PATCH", where, {"endsAt": None}, **system).json()["endsAt"] is None

    def test_it_is_not_changed_to_be_for_fewer_than_have_claimed_it(self, client, badge, system):
        code = claims.make(badge, most=5)
        ClaimCode.objects.update(claimed=3)

        answer = send(client, "PATCH", f"/badges/{badge.uuid}/codes/{code.uuid}", {"most": 2}, **system)

        assert answer.status_code == 400
        assert "3 learners" in answer.json()["message"]

    def test_a_change_of_what_was_changed_meanwhile_is_refused(self, client, badge, system):
        code = claims.make(badge)
        where = f"/badges/{badge.uuid}/codes/{code.uuid}"
        etag = send(client, "GET", where, **system)["ETag"]

        first = send(client, "PATCH", where, {"note": "A"}, **system, **{"If-Match": etag})
        second = send(client, "PATCH", where, {"note": "B"}, **system, **{"If-Match": etag})

        assert (first.status_code, second.status_code) == (200, 412)

    def test_a_closed_code_stays_in_the_list_with_who_claimed_it(self, client, badge, system):
        code, learner = claims.make(badge, most=5), UserFactory()
        where = f"/badges/{badge.uuid}/codes/{code.uuid}"
        client.force_login(learner)
        award = post(client, "/codes/claim", {"code": code.code}).json()
        client.logout()

        assert send(client, "DELETE", where, **system).status_code == 204
        assert send(client, "DELETE", where, **system).status_code == 204

        assert send(client, "GET", where, **system).json()["isOpen"] is False
        (claim,) = send(client, "GET", f"{where}/claims", **system).json()["data"]
        assert list(claim) == ["learnerId", "awardId", "claimedAt"]
        assert (claim["learnerId"], claim["awardId"]) == (learner.pk, award["id"])

    def test_the_qr_code_is_an_svg_that_leads_to_the_claim_page_and_says_so(self, client, badge, system):
        code = claims.make(badge)

        for accept in ("image/svg+xml", "application/json", "*/*"):
            answer = send(client, "GET", f"/badges/{badge.uuid}/codes/{code.uuid}/qr", Accept=accept, **system)
            assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")

        picture = ElementTree.fromstring(answer.content)  # noqa: S314 (our own)
        words = {each.tag.partition("}")[2]: each.text for each in picture}
        assert picture.get("role") == "img"
        assert words["title"] == f"QR code to claim the badge “{badge.name}”"
        assert f"https://lms.example.org/badges/claim/{code.code}/" in words["desc"]

    def test_a_badge_of_any_name_does_not_break_the_picture(self, client, badge, system):
        BadgeTemplate.objects.update(name="</title><script>alert(1)</script>")
        code = claims.make(badge)

        answer = send(client, "GET", f"/badges/{badge.uuid}/codes/{code.uuid}/qr", **system)

        assert b"<script>" not in answer.content
        ElementTree.fromstring(answer.content)  # noqa: S314 (our own)

    @pytest.mark.parametrize("number", [1, 50])
    def test_a_list_takes_as_many_queries_for_many_as_for_one(
        self, client, badge, system, number, django_assert_num_queries
    ):
        for _ in range(number):
            code = claims.make(badge, most=None)
        for _ in range(number):
            CodeClaim.objects.create(code=code, learner=UserFactory(), award=AwardFactory(template=badge))
        where = f"/badges/{badge.uuid}/codes"
        send(client, "GET", where, **system)

        # The key, the savepoint and its release; the badge, the count, the page.
        with django_assert_num_queries(6):
            assert len(send(client, "GET", where, **system).json()["data"]) == number
        with django_assert_num_queries(7):
            assert len(send(client, "GET", f"{where}/{code.uuid}/claims", **system).json()["data"]) == number


class TestWhoMay:
    """Codes are for those who may read them, claiming for learners."""

    def every(self, badge, code):
        where = f"/badges/{badge.uuid}/codes"
        return [
            ("GET", where, None),
            ("POST", where, {}),
            ("GET", f"{where}/{code.uuid}", None),
            ("PATCH", f"{where}/{code.uuid}", {"note": "x"}),
            ("DELETE", f"{where}/{code.uuid}", None),
            ("GET", f"{where}/{code.uuid}/claims", None),
            ("GET", f"{where}/{code.uuid}/qr", None),
        ]

    def test_nobody_sees_nothing(self, client, badge):
        for method, path, body in self.every(badge, claims.make(badge)):
            assert send(client, method, path, body).status_code == 401
        assert post(client, "/codes/claim", {"code": "SPRING-2026"}).status_code == 401

    def test_a_learner_and_a_viewer_see_no_code(self, client, badge):
        code = claims.make(badge)
        viewer = UserFactory()
        LevelRole.objects.create(user=viewer, role="viewer", organization=badge.organization)
        for who in (UserFactory(), viewer):
            client.force_login(who)
            for method, path, body in self.every(badge, code):
                answer = send(client, method, path, body)
                assert answer.status_code == 403
                assert code.code not in answer.content.decode()

    def test_an_issuer_does_all_of_it(self, client, badge):
        issuer = UserFactory()
        LevelRole.objects.create(user=issuer, role="issuer", organization=badge.organization)
        client.force_login(issuer)

        for method, path, body in self.every(badge, claims.make(badge)):
            assert send(client, method, path, body).status_code in (200, 201, 204), (method, path)

    def test_who_only_reads_makes_none(self, client, badge):
        code = claims.make(badge)
        reader = key_of(badge.organization, Scope.BADGES_READ, Scope.CODES_READ)

        for method, path, body in self.every(badge, code):
            assert send(client, method, path, body, **reader).status_code == (200 if method == "GET" else 403)

    def test_what_another_organization_has_is_not_found(self, client, badge):
        code = claims.make(badge)
        stranger = key_of(OrganizationFactory(), Scope.BADGES_READ, Scope.CODES_READ, Scope.CODES_WRITE)

        for method, path, body in self.every(badge, code):
            assert send(client, method, path, body, **stranger).status_code == 404

    def test_a_code_of_another_badge_of_mine_is_not_found_there(self, client, badge, system):
        code, other = claims.make(badge), TemplateFactory(organization=badge.organization)

        assert send(client, "GET", f"/badges/{other.uuid}/codes/{code.uuid}", **system).status_code == 404


class TestClaiming:
    """Whoever claims is awarded the badge."""

    @pytest.fixture
    def learner(self, client):
        user = UserFactory()
        client.force_login(user)
        return user

    def test_a_learner_claims_with_or_without_knowing_the_badge(self, client, badge, learner):
        other = TemplateFactory(active=True)

        first = post(client, "/codes/claim", {"code": claims.make(badge).code.lower()})
        second = post(client, f"/badges/{other.uuid}/codes/claim", {"code": claims.make(other).code})

        assert (first.status_code, second.status_code) == (201, 201)
        assert (first.json()["badgeId"], first.json()["learnerId"]) == (str(badge.uuid), learner.pk)
        assert (first.json()["source"], first.json()["state"]) == ("claim", "queued")
        assert second.json()["badgeId"] == str(other.uuid)

    def test_who_claims_again_is_answered_200_with_the_same_award(self, client, badge, learner):
        code = claims.make(badge)

        first = post(client, "/codes/claim", {"code": code.code})
        second = post(client, "/codes/claim", {"code": code.code})

        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json()["id"] == second.json()["id"]

    def test_the_same_request_is_answered_as_it_was(self, client, badge, learner):
        code = claims.make(badge)
        headers = {"Idempotency-Key": "abc"}

        first = post(client, "/codes/claim", {"code": code.code}, headers)
        second = post(client, "/codes/claim", {"code": code.code}, headers)

        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json() == second.json()
        assert second["Idempotency-Replayed"] == "true"
        assert BadgeAward.objects.count() == 1

    def test_whatever_is_wrong_with_a_code_the_answer_is_the_same(self, client, badge, learner):
        used_up, closed = claims.make(badge), claims.make(badge)
        ClaimCode.objects.filter(pk=used_up.pk).update(claimed=1)
        claims.close(closed)
        elsewhere = f"/badges/{TemplateFactory(active=True).uuid}/codes/claim"
        nowhere = "/badges/00000000-0000-4000-8000-000000000000/codes/claim"
        tried = [
            ("/codes/claim", "NO-SUCH-CODE-2026"),
            ("/codes/claim", used_up.code),
            ("/codes/claim", closed.code),
            (elsewhere, claims.make(badge).code),
            (nowhere, claims.make(badge).code),
            ("/codes/claim", claims.make(badge, email="eve@example.org").code),
            ("/codes/claim", claims.make(badge, starts_at=timezone.now() + timedelta(days=1)).code),
        ]

        answers = {(answer.status_code, answer.content) for answer in (post(client, *each) for each in
                   [(path, {"code": code}) for path, code in tried])}  # fmt: skip

        assert len(answers) == 1
        assert answers.pop()[0] == 409
        assert not BadgeAward.objects.exists()

    def test_why_the_badge_cannot_be_awarded_is_said_to_who_has_a_good_code(self, client, badge, learner):
        code = claims.make(badge)
        BadgeTemplate.objects.update(credly_state=BadgeTemplate.CredlyState.ARCHIVED)

        answer = post(client, "/codes/claim", {"code": code.code})

        assert answer.status_code == 409
        assert "archived" in answer.json()["message"]

    def test_a_learner_claims_for_nobody_else(self, client, badge, learner):
        answer = post(client, "/codes/claim", {"code": claims.make(badge).code, "learner": UserFactory().username})

        assert answer.status_code == 400
        assert not BadgeAward.objects.exists()

    @pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": None}, {"code": ["x"]}, {"code": "x" * 256}, []])
    def test_what_is_no_code_is_refused(self, client, learner, body):
        assert post(client, "/codes/claim", body).status_code == 400

    def test_a_system_claims_for_a_learner_it_names(self, client, badge, system):
        learner, code = UserFactory(), claims.make(badge)

        answer = post(client, "/codes/claim", {"code": code.code, "learner": learner.email}, system)

        assert answer.status_code == 201
        award = BadgeAward.objects.get()
        assert (award.learner, award.granted_with.name) == (learner, "A system")
        assert AuditEntry.objects.get(action="claim_code.claimed").after["api_key"].startswith("cbk_")

    @pytest.mark.parametrize("learner", [None, "nobody-at-all"])
    def test_a_system_has_to_say_for_whom(self, client, badge, system, learner):
        body = {"code": claims.make(badge).code} | ({"learner": learner} if learner else {})

        answer = post(client, "/codes/claim", body, system)

        assert answer.status_code == 400
        assert "learner" in answer.json()["message"] or "learner" in answer.json()["details"]

    def test_a_system_that_may_not_issue_may_not_claim(self, client, badge):
        reader = key_of(badge.organization, Scope.CODES_READ)

        answer = post(client, "/codes/claim", {"code": claims.make(badge).code, "learner": "x"}, reader)

        assert answer.status_code == 403

    def test_a_system_learns_nothing_of_the_codes_of_other_organizations(self, client, badge):
        learner = UserFactory()
        stranger = key_of(OrganizationFactory(), Scope.AWARDS_ISSUE)

        known, unknown = (
            post(client, "/codes/claim", {"code": code, "learner": learner.username}, stranger)
            for code in (claims.make(badge).code, "NO-SUCH-CODE-2026")
        )

        assert (known.status_code, known.content) == (409, unknown.content)
        assert not BadgeAward.objects.exists()

    def test_so_many_tries_a_minute(self, client, badge, learner, settings):
        settings.CREDLY_BADGES_API_RATES = {"claim": 3}
        for _ in range(3):
            assert post(client, "/codes/claim", {"code": "NO-SUCH-CODE-2026"}).status_code == 409

        answer = post(client, "/codes/claim", {"code": claims.make(badge).code})

        assert (answer.status_code, answer.json()["error"]) == (429, "RATE_LIMITED")
        assert 1 <= int(answer["Retry-After"]) <= 60
        assert "Wait a minute" in answer.json()["message"]

    def test_another_account_at_the_same_address_does_not_get_further(self, client, badge, settings):
        settings.CREDLY_BADGES_API_RATES = {"claim": 3}
        answers = []
        for _ in range(5):
            client.force_login(UserFactory())
            answers.append(post(client, "/codes/claim", {"code": "NO-SUCH-CODE-2026"}).status_code)

        assert answers == [409, 409, 409, 429, 429]
