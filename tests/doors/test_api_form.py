"""One form throughout: what holds for every operation of the REST API, read off its description."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client

from credly_badges import lms
from credly_badges.rest_api.v1.description import described
from credly_badges.testing.factories import UserFactory

from .api_world import World, world

pytestmark = pytest.mark.django_db

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
IN_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
METHODS = ("get", "post", "put", "patch", "delete")
OWN = {"listMyBadges", "getMyBadge", "shareMyBadge", "listMyProgress", "explainMyBadge"}
ISSUING = {
    "issueBadge", "restoreAward", "resendAward", "commitBulkIssue", "claimBadge", "claimCode", "approveApplication",
    "submitReview",
}  # fmt: skip
"""What may make an award, or send one."""
NEVER_CHANGED = {"listSystems", "listLearners", "listBulkIssueRows", "listCodeClaims", "listSubscriberMessages"}
"""Lists that nobody copies: of one thing, or of what is written down once and followed by its states."""
FILES = {"getBulkIssueResult"}
"""Answers that are sent while they are made."""


def operations(*methods: str) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, said)
        for path, item in described()["paths"].items()
        for method, said in item.items()
        if method in (methods or METHODS)
    ]


def names(*methods: str) -> list[Any]:
    return [pytest.param(method, path, said, id=said["operationId"]) for method, path, said in operations(*methods)]


@pytest.fixture
def there(organization, settings):
    settings.CREDLY_BADGES_API_RATES = dict.fromkeys(("key", "user", "anonymous", "claim"), 1_000_000)
    settings.CREDLY_BADGES_PUBLIC_PAGES = True
    cache.clear()
    yield world(organization)
    lms.backend().clear()
    cache.clear()


def asked(there: World, method: str, path: str, said: dict[str, Any], body: Any = None, query: str = "", **headers):
    """What whoever may do most is answered."""
    caller = there.callers["learner" if said["operationId"] in OWN else "superuser"]
    user = get_user_model().objects.get(username="rae") if said["operationId"] == "changeReview" else caller.user
    browser = Client(raise_request_exception=False)
    browser.force_login(user)
    address = re.sub(r"{(\w+)}", lambda found: str(there.things[found[1]]), path) + query
    sent = json.dumps(body).encode() if body is not None else b""
    return browser.generic(
        method.upper(), address, sent, content_type="application/json",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )  # fmt: skip


def needed(said: dict[str, Any]) -> str:
    values = {"identifier": "lea"}
    wanted = [each["name"] for each in said.get("parameters", ()) if each.get("required") and each["in"] == "query"]
    return "&".join(f"{name}={values[name]}" for name in wanted)


@pytest.mark.parametrize(("method", "path", "said"), names())
def test_a_parameter_that_is_not_known_is_refused(there, method, path, said):
    body = {} if method in {"post", "put", "patch"} else None
    answer = asked(there, method, path, said, body, "?unheard_of=1")

    assert answer.status_code == 400, answer.content
    assert answer.json()["details"] == {"parameter": "unheard_of"}


@pytest.mark.parametrize(("method", "path", "said"), names("get"))
def test_what_is_read_has_a_head_and_times_in_utc(there, settings, method, path, said):
    settings.TIME_ZONE = "America/New_York"
    query = f"?{needed(said)}" if needed(said) else ""

    answer = asked(there, "get", path, said, query=query)
    head = asked(there, "head", path, said, query=query)

    assert (answer.status_code, head.status_code) == (200, 200)
    if said["operationId"] in FILES:
        return
    assert head.content == b""
    assert asked(there, "get", path, said, query=query, If_None_Match=answer["ETag"]).status_code == 304
    if answer["Content-Type"].startswith("application/json") and path != "/api/badges/v1/schema":
        times = [each for each in texts(answer.json()) if TIME.match(each)]
        assert [each for each in times if not IN_UTC.fullmatch(each)] == []


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [each for inner in value.values() for each in texts(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in texts(inner)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(("method", "path", "said"), names("put", "patch", "delete"))
def test_a_change_of_what_was_changed_since_is_refused(there, method, path, said):
    shown = dict(described()["paths"][path]).get("get")
    body = read_back(there, path, shown, said) if method != "delete" else None

    answer = asked(there, method, path, said, body, If_Match='"of long ago"')

    assert answer.status_code == 412, (answer.status_code, answer.content)


def read_back(there, path, shown, said):
    bodies = {
        "changeBadge": {"name": "Another"}, "replaceBadge": {
            "name": "n", "description": "d", "criteriaUrl": "https://e.com", "skills": ["a", "b", "c"],
            "activities": [{"title": "t"}],
        },
        "putRequirements": {"groups": []}, "setApplicationForm": {"isOpen": False, "criteria": []},
        "replaceProgram": {"name": "P", "issuer": str(there.things["issuer_id"])},
        "changeReview": {"items": []}, "shareMyBadge": {"shared": True},
    }  # fmt: skip
    return bodies.get(said["operationId"], {})


@pytest.mark.parametrize(("method", "path", "said"), names("get"))
def test_a_list_comes_in_pages_and_says_what_was_changed(there, method, path, said):
    if not said["operationId"].startswith("list"):
        return
    query = needed(said)
    parameters = {each["name"] for each in said["parameters"]}
    listed = asked(there, "get", path, said, query=f"?{query}").json()

    assert {"limit", "offset"} <= parameters
    assert set(listed) == {"data", "pagination"}
    if said["operationId"] not in NEVER_CHANGED:
        later = asked(there, "get", path, said, query="?updatedSince=2999-01-01")
        assert "updatedSince" in parameters
        assert later.json()["pagination"]["total"] == 0


def test_what_issues_takes_an_idempotency_key():
    takes = {
        said["operationId"]
        for _method, _path, said in operations()
        if any(each["name"] == "Idempotency-Key" for each in said.get("parameters", ()))
    }

    assert takes >= ISSUING


WRONG = {
    "method": ("PATCH", "badges", {}, 405, "“Allow”"),
    "answer": ("GET", "badges", {"HTTP_ACCEPT": "text/csv"}, 406, "Ask for application/json"),
    "form": ("POST", "codes/claim", {"content_type": "text/plain"}, 415, "“Content-Type: application/json”"),
    "encoding": ("POST", "codes/claim", {"content_type": "application/json; charset=latin-1"}, 415, "in UTF-8"),
    "address": ("GET", "badges/123", {}, 404, "/api/badges/v1/docs"),
}


@pytest.mark.parametrize("what", WRONG)
def test_also_what_the_framework_refuses_says_what_to_do(client, what):
    method, path, how, status, said = WRONG[what]
    client.force_login(UserFactory())

    answer = client.generic(method, f"/api/badges/v1/{path}", "{}" if method == "POST" else "", **how)

    assert answer.status_code == status
    assert said in answer.json()["message"]
