"""Coming in by HTTP: keys, signatures, sessions and JSON Web Tokens; how often; and every refusal in one shape."""

from __future__ import annotations

import hashlib
import json
import time

import jwt
import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from edx_rest_framework_extensions.auth.jwt.tests.utils import generate_jwt

from credly_badges import access
from credly_badges.access import Level, Scope
from credly_badges.models import ApiKey, BadgeProgram, LevelRole, SpentSignature
from credly_badges.testing.factories import OrganizationFactory, TemplateFactory, UserFactory

pytestmark = pytest.mark.django_db

BADGES = "/api/badges/v1/badges"
PROGRAMS = "/api/badges/v1/programs"


@pytest.fixture(autouse=True)
def nobody_was_counted():
    cache.clear()
    yield
    cache.clear()


def refused(answer, status: int, code: str) -> dict:
    """The body of a refusal, once it has the shape that every refusal has."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert list(body) == ["error", "message", "details"]
    assert body["error"] == code
    assert body["message"]
    return body


def bearer(*scopes, level=access.SITE, **told) -> dict[str, str]:
    made = access.make(name="A system", scopes=scopes or [Scope.BADGES_READ], level=level, **told)
    return {"Authorization": f"Bearer {made.shown}"}


def signature(made, path, method="GET", body=b"", **claims) -> dict[str, str]:
    said = {
        "key": made.key.prefix,
        "exp": int(time.time()) + 60,
        "method": method,
        "path": path,
        "body": {"alg": "sha256", "hash": hashlib.sha256(body).hexdigest()},
        **claims,
    }
    return {"Authorization": f'JWT token="{jwt.encode(said, made.shown)}"'}


def send(client, method, path, body=b"{}", content_type="application/json", **told):
    return client.generic(method, path, body, content_type=content_type, **told)


class TestWhoAsks:
    @pytest.mark.parametrize("sent", ["Bearer", "Bearer x", "bearer cbk_12345678.wrong", "Bearer  ", "Bearer \xff"])
    def test_a_key_that_is_none_is_refused(self, client, sent):
        answer = client.get(BADGES, headers={"Authorization": sent})

        assert "expired" in refused(answer, 401, "UNAUTHORIZED")["message"]
        assert answer["WWW-Authenticate"]

    def test_a_signed_request_is_taken_and_the_same_one_again_is_not(self, client):
        made = access.make(name="A system", scopes=[Scope.BADGES_READ], kind=ApiKey.Kind.SIGNING)
        path = f"{BADGES}?limit=5&offset=0"
        headers = signature(made, path)

        assert client.get(path, headers=headers).status_code == 200
        assert "used before" in refused(client.get(path, headers=headers), 401, "UNAUTHORIZED")["message"]

    def test_a_signature_is_spent_on_a_request_that_is_refused(self, client):
        made = access.make(name="A system", scopes=[Scope.BADGES_READ], kind=ApiKey.Kind.SIGNING)
        headers = signature(made, PROGRAMS, "POST", b"{}")

        refused(send(client, "POST", PROGRAMS, headers=headers), 403, "FORBIDDEN")

        assert SpentSignature.objects.count() == 1
        refused(send(client, "POST", PROGRAMS, headers=headers), 401, "UNAUTHORIZED")

    def test_a_signed_body_is_the_one_that_arrives(self, client):
        organization = OrganizationFactory()
        level = Level(organization.pk)
        scopes = [Scope.LEVELS_WRITE, Scope.LEVELS_READ]
        made = access.make(name="A system", scopes=scopes, kind=ApiKey.Kind.SIGNING, level=level)
        body = json.dumps({"issuer": str(organization.uuid), "name": "Data"}).encode()

        changed = send(client, "POST", PROGRAMS, body + b" ", headers=signature(made, PROGRAMS, "POST", body))
        taken = send(client, "POST", PROGRAMS, body, headers=signature(made, PROGRAMS, "POST", body, jti="2"))

        assert "another body" in refused(changed, 401, "UNAUTHORIZED")["message"]
        assert taken.status_code == 201

    @pytest.mark.parametrize(
        "sent", ['JWT token=""', 'JWT token="x.y.z"', 'JWT token="x', "JWT token", "JWT", "JWT a b c"]
    )
    def test_a_token_that_is_none_is_refused(self, client, sent):

        refused(client.get(BADGES, headers={"Authorization": sent}), 401, "UNAUTHORIZED")

    def test_a_token_of_the_lms_is_its_users(self, client):
        person, badge = UserFactory(), TemplateFactory(active=True)

        answer = client.get(BADGES, headers={"Authorization": f"JWT {generate_jwt(person)}"})

        assert [each["id"] for each in answer.json()["data"]] == [str(badge.uuid)]

    def test_a_restricted_token_of_the_lms_is_not_taken(self, client):
        token = generate_jwt(UserFactory(), is_restricted=True)

        refused(client.get(BADGES, headers={"Authorization": f"JWT {token}"}), 403, "FORBIDDEN")

    def test_a_log_in_changes_nothing_without_the_token_of_its_page(self):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(UserFactory(admin=True))

        assert browser.get(BADGES).status_code == 200
        assert "CSRF" in refused(send(browser, "POST", PROGRAMS), 403, "FORBIDDEN")["message"]

    def test_the_master_of_the_site_signs_once_the_settings_say_so(self, client, settings):
        secret = "a secret of the site's own that nobody can guess"
        said = {"key": "master", "exp": int(time.time()) + 60, "method": "GET", "path": BADGES}
        headers = {"Authorization": f'JWT token="{jwt.encode(said, secret)}"'}
        refused(client.get(BADGES, headers=headers), 401, "UNAUTHORIZED")

        settings.CREDLY_BADGES_API_MASTER_SECRET = secret

        assert client.get(BADGES, headers=headers).status_code == 200

    def test_what_is_refused_leaves_nothing_behind(self, client):
        organization = OrganizationFactory()
        headers = bearer(Scope.LEVELS_WRITE, Scope.LEVELS_READ)
        body = {"issuer": str(organization.uuid), "name": "Data", "badges": [str(organization.uuid)]}

        refused(send(client, "POST", PROGRAMS, json.dumps(body), headers=headers), 400, "VALIDATION_ERROR")

        assert not BadgeProgram.objects.exists()


class TestHowOften:
    def test_a_key_is_told_what_is_left_and_when_to_come_again(self, client):
        headers = bearer(rate_limit=2)

        left = [client.get(BADGES, headers=headers)["X-RateLimit-Remaining"] for _ in range(2)]
        third = client.get(BADGES, headers=headers)

        assert left == ["1", "0"]
        refused(third, 429, "RATE_LIMITED")
        assert 1 <= int(third["Retry-After"]) <= 60
        assert third["X-RateLimit-Limit"] == "2"

    def test_keys_users_and_addresses_are_counted_apart(self, client, settings):
        settings.CREDLY_BADGES_API_RATES = {"anonymous": 1, "user": 1, "key": 1}
        person = Client()
        person.force_login(UserFactory())
        first, second = bearer(), bearer()

        answers = [client.get(BADGES, headers=first), client.get(BADGES, headers=second), person.get(BADGES)]

        assert [each.status_code for each in answers] == [200, 200, 200]
        assert person.get(BADGES).status_code == 429
        assert client.get(BADGES).status_code == 401
        assert client.get(BADGES).status_code == 429

    def test_what_is_refused_is_counted_as_well(self, client):
        headers = bearer(Scope.LEVELS_READ, rate_limit=1)

        refused(send(client, "POST", PROGRAMS, headers=headers), 403, "FORBIDDEN")

        refused(send(client, "POST", PROGRAMS, headers=headers), 429, "RATE_LIMITED")

    def test_keys_cannot_be_guessed_quickly(self, client, settings):
        settings.CREDLY_BADGES_API_RATES = {"anonymous": 3}
        right, wrong = bearer(), {"Authorization": "Bearer cbk_12345678.wrong"}

        statuses = [client.get(BADGES, headers=wrong).status_code for _ in range(4)]

        assert statuses == [401, 401, 401, 429]
        # Nor is it told that this one would have been right; from elsewhere it is taken.
        answer = client.get(BADGES, headers=right)
        refused(answer, 429, "RATE_LIMITED")
        assert answer["Retry-After"]
        assert client.get(BADGES, headers=right, REMOTE_ADDR="192.0.2.7").status_code == 200

    def test_tokens_of_a_class_that_expire_at_once_lock_nobody_out(self, client, settings):
        settings.CREDLY_BADGES_API_RATES = {"anonymous": 3}
        right, wrong = {"Authorization": f"JWT {generate_jwt(UserFactory())}"}, {"Authorization": "JWT a.b.c"}

        statuses = [client.get(BADGES, headers=wrong).status_code for _ in range(5)]

        assert statuses == [401, 401, 401, 429, 429]
        assert client.get(BADGES, headers=right).status_code == 200
        assert client.get(BADGES, headers=bearer()).status_code == 200


class TestWhatIsSent:
    @pytest.fixture
    def headers(self):
        return bearer(*Scope)

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"{", b"[", b'"', b"nope", b"NaN", b"1e999", b"[1e999]", b"-" * 10, b'{"name": "\xff"}', b"\xff\xfe{}",
            b'{"name": "a\\u0000b"}', b'{"a\\u0000b": 1}', b'{"name": "\\ud800"}', b'{"\\ud800": 1}', b"1" * 5000,
            b'{"name": 99999999999999999999999}', b"[" * 100_000, b'{"a":' * 50 + b"1" + b"}" * 50,
            b"[" * 40 + b"]" * 40, b"null", b"[]", b"5", b'"text"', b"{}", b'{"name": {}}', b'{"name": ["x"]}',
            b'{"unknown": 1}', b'{"issuer": 5, "name": "x"}',
        ],
    )  # fmt: skip
    def test_what_cannot_be_taken_is_said(self, client, headers, body):
        answer = send(client, "POST", PROGRAMS, body, headers=headers)

        refused(answer, 400, "VALIDATION_ERROR")
        assert not BadgeProgram.objects.exists()

    def test_a_body_that_is_too_large_is_not_read(self, client, headers):
        answer = send(client, "POST", PROGRAMS, b" " * 1_000_001, headers=headers)

        assert refused(answer, 413, "PAYLOAD_TOO_LARGE")["details"] == {"most": 1_000_000}

    @pytest.mark.parametrize(
        "kind",
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "x",
         "application/json; charset=utf-16", "application/json; charset=hex", "application/json; charset=zlib"],
    )  # fmt: skip
    def test_another_kind_of_body_is_not_taken(self, client, headers, kind):
        answer = send(client, "POST", PROGRAMS, b"{}", kind, headers=headers)

        refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")

    def test_the_address_is_not_read_in_another_encoding_either(self, client, headers):
        answer = client.get(f"{BADGES}?active=true", headers=headers, CONTENT_TYPE="a/b; charset=utf-16")

        refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")

    def test_an_address_with_too_many_parameters_is_not_read(self, client, headers):
        refused(client.get(f"{BADGES}?{'&'.join(['a=1'] * 2000)}", headers=headers), 400, "VALIDATION_ERROR")

    def test_a_form_of_a_browser_is_not_taken_however_it_is_broken(self):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(UserFactory(admin=True))

        for body in (b"--x\r\n", b"a=1&" * 2000):
            kind = "multipart/form-data; boundary=" if body.startswith(b"--") else "application/x-www-form-urlencoded"
            answer = send(browser, "POST", PROGRAMS, body, kind)
            assert answer.status_code in (400, 403, 415)
            refused(answer, answer.status_code, answer.json()["error"])


class TestAddresses:
    @pytest.mark.parametrize(
        "path",
        ["", "nothing", "badges/1", "badges/not-an-id", "badges/11111111-1111-1111-1111-11111111111g", "badges//",
         "a%0ab", "%00", "..%2f", "badges/%ff", "programs/5", "roles/x"],
    )  # fmt: skip
    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
    def test_where_there_is_nothing_it_is_said(self, client, path, method):
        refused(send(client, method, f"/api/badges/v1/{path}", b""), 404, "NOT_FOUND")

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
    def test_what_an_address_does_not_do_is_said_to_anybody(self, client, method):
        answer = send(client, method, PROGRAMS, b"")

        refused(answer, 405, "METHOD_NOT_ALLOWED")
        assert answer["Allow"] == "GET, HEAD, POST"

    def test_another_form_of_answer_is_refused_in_json(self, client):
        refused(client.get(BADGES, headers={**bearer(), "Accept": "text/html"}), 406, "NOT_ACCEPTABLE")

    def test_format_is_a_parameter_like_any_other(self, client):
        refused(client.get(f"{BADGES}?format=xml", headers=bearer()), 400, "VALIDATION_ERROR")

    def test_who_may_get_something_may_ask_for_its_head(self, client):
        head = client.head(BADGES, headers=bearer())

        assert (head.status_code, head.content) == (200, b"")
        refused_head = client.head(BADGES)
        assert (refused_head.status_code, refused_head.content) == (401, b"")

    def test_answers_are_for_the_caller_alone(self, client):
        answer = client.get(BADGES, headers=bearer())

        assert answer["Cache-Control"] == "private, no-cache"
        assert answer["X-Content-Type-Options"] == "nosniff"

    def test_times_are_in_utc_wherever_the_site_is(self, client):
        TemplateFactory()

        with timezone.override("Asia/Tokyo"):
            answer = client.get(BADGES, headers=bearer())

        assert answer.json()["data"][0]["createdAt"].endswith("Z")

    def test_who_was_given_a_role_has_it_with_their_log_in(self, client):
        organization, person = OrganizationFactory(), UserFactory()
        TemplateFactory(organization=organization)
        client.force_login(person)
        assert client.get(BADGES).json()["data"] == []

        LevelRole.objects.create(user=person, role=LevelRole.Role.VIEWER, organization=organization)

        assert len(client.get(BADGES).json()["data"]) == 1
