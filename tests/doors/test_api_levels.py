"""The levels over HTTP: the site, issuers, programs, and who may do what at which."""

from __future__ import annotations

import json
import uuid

import pytest

from credly_badges import access
from credly_badges.access import SITE, Level, Scope
from credly_badges.models import AuditEntry, BadgeProgram, CredlyOrganization, LevelRole
from credly_badges.testing.factories import OrganizationFactory, TemplateFactory, UserFactory

pytestmark = pytest.mark.django_db

V1 = "/api/badges/v1"
READ_WRITE = (Scope.LEVELS_READ, Scope.LEVELS_WRITE)


def key(*scopes, level=SITE) -> dict[str, str]:
    return {"Authorization": f"Bearer {access.make(name='A system', scopes=scopes or READ_WRITE, level=level).shown}"}


def send(client, method, path, body=None, headers=None):
    return client.generic(method, f"{V1}/{path}", json.dumps(body), "application/json", headers=headers)


@pytest.fixture
def issuer():
    return OrganizationFactory(name="Example University", slug="example-university", description="Ask Bob, room 5")


@pytest.fixture
def program(issuer):
    program = BadgeProgram.objects.create(organization=issuer, slug="data", name="Data", url="https://example.com/")
    program.templates.set(TemplateFactory.create_batch(2, organization=issuer))
    return program


class TestSystems:
    def test_there_is_one_and_it_is_the_site(self, client, settings):
        settings.LMS_ROOT_URL, settings.PLATFORM_NAME = "https://lms.example.com", "Example LMS"

        answer = client.get(f"{V1}/systems", headers=key())

        site = {"id": "example-lms", "slug": "example-lms", "name": "Example LMS", "url": "https://lms.example.com"}
        assert answer.json()["data"] == [{**site, "description": ""}]
        assert client.get(f"{V1}/systems/example-lms", headers=key()).json() == {**site, "description": ""}
        assert client.get(f"{V1}/systems/another", headers=key()).status_code == 404


class TestIssuers:
    def test_an_issuer_is_shown_without_what_is_private(self, client, issuer):
        answer = client.get(f"{V1}/issuers/{issuer.uuid}", headers=key())

        assert answer.json() == {
            "id": str(issuer.uuid), "slug": "example-university", "name": "Example University", "url": "", "email": "",
            "imageUrl": "",
        }  # fmt: skip

    def test_a_key_sees_its_own_issuer_alone(self, client, issuer):
        other = OrganizationFactory()
        headers = key(level=Level(issuer.pk))

        assert [each["id"] for each in client.get(f"{V1}/issuers", headers=headers).json()["data"]] == [
            str(issuer.uuid)
        ]
        assert client.get(f"{V1}/issuers/{other.uuid}", headers=headers).status_code == 404
        assert send(client, "PATCH", f"issuers/{other.uuid}", {"url": ""}, headers).status_code == 404

    def test_how_an_issuer_is_reached_can_be_changed_and_is_in_the_log(self, client, issuer):
        body = {"url": "https://example.edu/", "email": "badges@example.edu"}

        answer = send(client, "PATCH", f"issuers/{issuer.uuid}", body, key())

        assert answer.status_code == 200
        assert answer.json()["url"] == "https://example.edu/"
        assert CredlyOrganization.objects.get().email == "badges@example.edu"
        entry = AuditEntry.objects.get(action="organization.changed")
        assert entry.after["api_key"].startswith("cbk_")
        assert "badges@example.edu" not in str(entry.after)

    @pytest.mark.parametrize(
        "body",
        [{"description": "x"}, {"url": "javascript:alert(1)"}, {"email": "x"}, {"imageUrl": 5},
         {"url": None}, {"url": "https://example.com/" + "x" * 500}, [], None],
    )  # fmt: skip
    def test_what_cannot_be_changed_is_said(self, client, issuer, body):
        answer = send(client, "PATCH", f"issuers/{issuer.uuid}", body, key())

        assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")
        issuer.refresh_from_db()
        assert (issuer.name, issuer.url) == ("Example University", "")

    def test_who_comes_second_is_told_so(self, client, issuer):
        headers = key()
        read = client.get(f"{V1}/issuers/{issuer.uuid}", headers=headers)
        with_tag = {**headers, "If-Match": read["ETag"]}

        first = send(client, "PATCH", f"issuers/{issuer.uuid}", {"url": "https://a.example/"}, with_tag)
        second = send(client, "PATCH", f"issuers/{issuer.uuid}", {"url": "https://b.example/"}, with_tag)
        with_new = {**headers, "If-Match": f"W/{first['ETag']}"}
        third = send(client, "PATCH", f"issuers/{issuer.uuid}", {"url": "https://b.example/"}, with_new)

        assert [first.status_code, second.status_code, third.status_code] == [200, 412, 200]
        assert second.json()["error"] == "PRECONDITION_FAILED"
        assert client.get(f"{V1}/issuers/{issuer.uuid}", headers=headers)["ETag"] == third["ETag"]


class TestPrograms:
    def test_a_program_is_made_read_changed_and_deleted(self, client, issuer):
        badge, headers = TemplateFactory(organization=issuer), key()
        body = {"issuer": str(issuer.uuid), "name": "Data science", "badges": [str(badge.uuid)]}

        made = send(client, "POST", "programs", body, headers)
        where = f"programs/{made.json()['id']}"
        read = client.get(f"{V1}/{where}", headers=headers)
        changed = send(client, "PATCH", where, {"name": "Data", "email": "a@example.com"}, headers)
        replaced = send(client, "PUT", where, {"issuer": str(issuer.uuid), "name": "Data"}, headers)
        deleted = send(client, "DELETE", where, None, headers)

        assert made.status_code == 201
        assert made.json() == read.json()
        assert made.json()["slug"] == "data-science"
        assert made.json()["badges"] == [str(badge.uuid)]
        assert (changed.json()["name"], changed.json()["badges"]) == ("Data", [str(badge.uuid)])
        assert (replaced.json()["email"], replaced.json()["badges"]) == ("", [])
        assert replaced.json()["slug"] == "data-science"
        assert deleted.status_code == 204
        assert not BadgeProgram.objects.exists()
        actions = AuditEntry.objects.filter(action__startswith="program.").order_by("pk")
        assert [each.action for each in actions] == [
            "program.added", "program.changed", "program.changed", "program.removed",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("said", "status"),
        [({"badges": [str(uuid.uuid4())]}, 400), ({"badges": ["x"]}, 400), ({"badges": 5}, 400), ({"slug": "ä ö"}, 400),
         ({"slug": "data"}, 409), ({"name": ""}, 400), ({"name": "x" * 256}, 400), ({"issuer": str(uuid.uuid4())}, 400),
         ({"lmsProgram": "x"}, 400), ({"badges": [str(uuid.UUID(int=n)) for n in range(1001)]}, 400)],
    )  # fmt: skip
    def test_what_is_wrong_makes_no_program(self, client, issuer, program, said, status):
        answer = send(client, "POST", "programs", {"issuer": str(issuer.uuid), "name": "Other", **said}, key())

        assert answer.status_code == status
        assert BadgeProgram.objects.count() == 1

    def test_another_issuers_badges_are_no_badges_of_it(self, client, issuer, program):
        foreign = TemplateFactory(active=True)

        answer = send(client, "PATCH", f"programs/{program.uuid}", {"badges": [str(foreign.uuid)]}, key())

        assert answer.status_code == 400
        assert str(foreign.uuid) in answer.json()["details"]["badges"][0]
        assert program.templates.count() == 2

    def test_who_looks_after_a_program_alone_does_not_choose_its_badges(self, client, issuer, program):
        another = TemplateFactory(organization=issuer)
        headers = key(level=Level(program_id=program.pk))
        where = f"programs/{program.uuid}"
        more = [str(each.uuid) for each in (*program.templates.all(), another)]

        renamed = send(client, "PATCH", where, {"name": "Big data", "badges": more[:2]}, headers)

        assert renamed.status_code == 200
        assert send(client, "PATCH", where, {"badges": more}, headers).status_code == 403
        assert send(client, "DELETE", where, None, headers).status_code == 403
        body = {"issuer": str(issuer.uuid), "name": "x"}
        assert send(client, "POST", "programs", body, headers).status_code == 403
        assert send(client, "PATCH", f"issuers/{issuer.uuid}", {"url": ""}, headers).status_code == 403

    def test_a_program_stays_with_its_issuer(self, client, issuer, program):
        other = OrganizationFactory()

        answer = send(client, "PATCH", f"programs/{program.uuid}", {"issuer": str(other.uuid)}, key())

        assert answer.status_code == 400

    def test_a_list_takes_as_many_queries_for_many_as_for_one(self, client, issuer, django_assert_num_queries):
        headers = key()
        client.get(f"{V1}/programs", headers=headers)
        for count in (1, 50):
            for number in range(count):
                row = BadgeProgram.objects.create(organization=issuer, slug=f"p{count}-{number}", name=f"P{number}")
                row.templates.add(TemplateFactory(organization=issuer))
            # The key; the savepoint of the request and its release; the count, the page, the badges.
            with django_assert_num_queries(6):
                assert client.get(f"{V1}/programs", headers=headers).status_code == 200


class TestRoles:
    def test_a_role_is_given_shown_and_taken(self, client, issuer):
        person, headers = UserFactory(username="ira"), key(*Scope)
        body = {"user": "ira", "role": "issuer", "issuer": str(issuer.uuid)}

        given = send(client, "POST", "roles", body, headers)
        again = send(client, "POST", "roles", {**body, "user": person.email}, headers)
        listed = client.get(f"{V1}/roles?issuer={issuer.uuid}", headers=headers).json()["data"]
        taken = send(client, "DELETE", f"roles/{given.json()['id']}", None, headers)

        assert (given.status_code, again.status_code, taken.status_code) == (201, 200, 204)
        assert listed == [given.json()]
        assert listed[0] | {"id": 0, "createdAt": ""} == {
            "id": 0, "user": "ira", "role": "issuer", "issuer": str(issuer.uuid), "program": None, "createdAt": "",
        }  # fmt: skip
        assert not LevelRole.objects.exists()
        assert "ira" not in str(list(AuditEntry.objects.values_list("after", "before", "object_label")))

    def test_nobody_gives_or_takes_more_than_they_may_do(self, client, issuer, program):
        UserFactory(username="ira")
        kept = LevelRole.objects.create(user=UserFactory(), role="administrator", organization=issuer)
        little = key(*READ_WRITE, level=Level(issuer.pk))
        below = key(*Scope, level=Level(program_id=program.pk))
        site = {"user": "ira", "role": "viewer"}
        mine = {**site, "issuer": str(issuer.uuid)}
        of_program = {**site, "program": str(program.uuid), "role": "administrator"}

        assert send(client, "POST", "roles", site, little).status_code == 403
        assert send(client, "POST", "roles", mine, little).status_code == 403
        assert send(client, "POST", "roles", mine, below).status_code == 403
        assert send(client, "DELETE", f"roles/{kept.pk}", None, little).status_code == 403
        assert send(client, "DELETE", f"roles/{kept.pk}", None, below).status_code == 404
        assert send(client, "POST", "roles", of_program, below).status_code == 201

    def test_what_others_administer_is_not_seen(self, client, issuer):
        other = OrganizationFactory()
        theirs = LevelRole.objects.create(user=UserFactory(), role="viewer", organization=other)
        LevelRole.objects.create(user=UserFactory(), role="viewer")
        headers = key(level=Level(issuer.pk))

        assert client.get(f"{V1}/roles", headers=headers).json()["data"] == []
        assert client.get(f"{V1}/roles/{theirs.pk}", headers=headers).status_code == 404
        assert client.get(f"{V1}/roles/{10**30}", headers=headers).status_code == 404

    def test_an_administrator_by_role_gives_roles_at_their_level(self, client, issuer):
        person = UserFactory()
        UserFactory(username="ira")
        LevelRole.objects.create(user=person, role="administrator", organization=issuer)
        client.force_login(person)

        given = send(client, "POST", "roles", {"user": "ira", "role": "reviewer", "issuer": str(issuer.uuid)})

        assert given.status_code == 201
        assert AuditEntry.objects.get(action="role.given").actor == person

    @pytest.mark.parametrize(
        "said",
        [
            {"user": "nobody"},
            {"user": ""},
            {"user": None},
            {"role": "king"},
            {"issuer": "x"},
            {"program": 5},
            {"more": 1},
        ],
    )
    def test_what_is_wrong_gives_no_role(self, client, issuer, said):
        UserFactory(username="ira")

        answer = send(client, "POST", "roles", {"user": "ira", "role": "viewer", **said}, key(*Scope))

        assert answer.status_code == 400
        assert not LevelRole.objects.exists()
