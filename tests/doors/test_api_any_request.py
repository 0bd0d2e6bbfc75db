"""Whatever anybody sends: never an error of ours, always as the description says, and nothing that is not theirs.

A few requests for each operation are sent by everybody, the same each time. With ``CREDLY_FUZZ_EXAMPLES=30`` it is
thirty, and others each time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import requests
import schemathesis
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from credly_badges import lms
from credly_badges.models import Application, ApplicationEvidence, BadgeAward, ClaimCode, CredlyOrganization
from credly_badges.rest_api.v1.bodies import Json
from credly_badges.rest_api.v1.description import described
from credly_badges.testing.factories import AwardFactory, TemplateFactory, UserFactory

from .api_world import CANARY, SECRET, Somebody, World, world

CALLERS = (
    "nobody", "learner", "other learner", "course staff", "issuer viewer", "issuer reviewer", "issuer issuer",
    "issuer administrator", "issuer key", "key without scopes", "foreign administrator", "superuser",
)  # fmt: skip
EXAMPLES = int(os.environ.get("CREDLY_FUZZ_EXAMPLES", "1"))
"""How many requests as described, and how many that are not, are made up for each operation."""
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
DESCRIPTION = schemathesis.openapi.from_dict(json.loads(Json().render(described())))
OPERATIONS = {
    operation.definition.raw["operationId"]: operation
    for operation in (each.ok() for each in DESCRIPTION.get_all_operations())
}

ISSUERS = {"issuer issuer", "issuer administrator", "issuer key", "superuser"}
WHO_READ_AWARDS = ISSUERS | {"issuer viewer", "course staff"}
WHO_READ_APPLICATIONS = ISSUERS | {"issuer viewer", "issuer reviewer", "learner"}


@dataclass(frozen=True)
class There:
    """What there is, what of it nobody but some may see, and what may stand in a body."""

    world: World
    canaries: dict[str, set[str]]
    known: dict[str, Any]
    browsers: dict[str, Client]


@pytest.fixture
def there(organization, settings):
    settings.CREDLY_BADGES_API_RATES = dict.fromkeys(("key", "user", "anonymous", "claim"), 1_000_000)
    cache.clear()
    made = world(organization)
    yield There(made, planted(made), known(made), {name: browser_of(made.callers[name]) for name in CALLERS})
    lms.backend().clear()
    cache.clear()


def browser_of(caller: Somebody) -> Client:
    """What a caller sends with, logged in where they log in at all."""
    browser = Client(raise_request_exception=False)
    if caller.user is not None:
        browser.force_login(caller.user)
    return browser


def planted(made: World) -> dict[str, set[str]]:
    """What is there that not everybody may see, and who of these callers may."""
    organization = CredlyOrganization.objects.get(uuid=made.things["issuer_id"])
    award = BadgeAward.objects.get(uuid=made.things["award_id"])
    others = AwardFactory(
        learner=made.callers["other learner"].user, template=award.template, offered=True,
        accept_url="https://credly.example/accept/canary-accept",
    )  # fmt: skip
    _set(others.learner, email="canary-other@example.com")
    _set(award.learner, email="canary-own@example.com")
    TemplateFactory(organization=organization, name="canary-draft", description="canary-draft")
    drafted = TemplateFactory(organization=organization, name="canary-draft to award")
    AwardFactory(learner=UserFactory(username="canary-earner"), template=drafted)
    application = Application.objects.get(uuid=made.things["application_id"])
    _set(application, statement="canary-statement")
    _set(ApplicationEvidence.objects.get(application=application), text="canary-evidence")
    code = ClaimCode.objects.get(uuid=made.things["code_id"])
    _set(code, email="canary-code@example.com", note="canary-note")
    see_drafts = {each for each in CALLERS if each.startswith("issuer ")} | {"superuser"}
    shown = {
        CANARY: {"foreign administrator", "superuser"},
        "canary-learner": {"foreign administrator", "superuser"},
        "canary-draft": see_drafts,
        "canary-earner": see_drafts - {"issuer reviewer"},
        "canary-accept": ISSUERS | {"other learner"},
        "canary-statement": WHO_READ_APPLICATIONS,
        "canary-evidence": WHO_READ_APPLICATIONS,
        code.code: ISSUERS,
        "canary-code@": ISSUERS,
        "canary-note": ISSUERS,
        "canary-other@": set(),
        "canary-own@": set(),
        SECRET: set(),
        organization.api_key.reveal(): set(),
    }
    keys = [made.callers[name].headers("GET", "/", b"")["Authorization"] for name in ("issuer key", "foreign key")]
    return shown | {each.removeprefix("Bearer "): set() for each in keys}


def _set(row: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def known(made: World) -> dict[str, Any]:
    """What leads somewhere where a body or a query names it: what is made up would lead nowhere."""
    things = made.things
    return {
        "learner": "oli", "user": "oli", "reviewer": "rae", "issuer": str(things["issuer_id"]),
        "badge": str(things["badge_id"]), "code": ClaimCode.objects.get(uuid=things["code_id"]).code,
    }  # fmt: skip


LOOKED_INTO = (
    "badges?limit=100&status=draft", "awards?limit=100", "awards/{award_id}", "applications/{application_id}",
    "badges/{badge_id}/awards", "badges/{badge_id}/codes", "learners?identifier=canary-learner",
    "learners?identifier=canary-earner",
)  # fmt: skip
"""Where what was planted is to be seen."""


@pytest.mark.django_db
def test_what_is_looked_for_is_there_to_be_seen_by_those_who_may(there):
    seen: dict[str, set[str]] = {canary: set() for canary in there.canaries}
    for name, browser in there.browsers.items():
        for address in LOOKED_INTO:
            path = f"/api/badges/v1/{address.format(**there.world.things)}"
            said = browser.get(path, headers=there.world.callers[name].headers("GET", path, b"")).content.decode()
            for canary, by in seen.items():
                by.update({name} if canary in said else ())

    for canary, may_see in there.canaries.items():
        assert seen[canary] <= may_see
        assert "superuser" in seen[canary] or not may_see, canary


@pytest.mark.django_db
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_whatever_is_sent_is_answered_as_described(there, operation_id):
    operation = OPERATIONS[operation_id]
    faults: list[str] = []

    for mode in MODES:
        made_up(operation, mode, there, lambda case: faults.extend(sent_by_everybody(case, there)))

    assert not faults, "\n".join(faults)


def made_up(operation: Any, mode: GenerationMode, there: There, take: Callable[[Any], None]) -> None:
    """Requests for an operation, as it is described or not."""
    number = count()

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=EXAMPLES == 1,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def one(case: Any) -> None:
        # As what is made up leads nowhere; every other wrong request is left as it is.
        if mode is GenerationMode.POSITIVE or next(number) % 2 == 0:
            case.path_parameters = {name: str(there.world.things[name]) for name in case.path_parameters or {}}
        if mode is GenerationMode.POSITIVE:
            _lead_somewhere(case, there.known)
        case.headers = {
            each: value for each, value in (case.headers or {}).items()
            if each.lower() not in ("authorization", "cookie")
        }  # fmt: skip
        case.cookies = {}
        take(case)

    try:
        one()
    except Unsatisfiable:
        return  # Nothing can be sent there that is not as described.


def _lead_somewhere(case: Any, values: dict[str, Any]) -> None:
    for part in (case.query, case.body):
        if isinstance(part, dict):
            part.update({name: values[name] for name in part if name in values})


def sent_by_everybody(case: Any, there: There) -> list[str]:
    """What was wrong with the answers that everybody had."""
    return [
        f"{caller.name}: {case.formatted_path} {case.query} {case.body!r:.300}: {fault}"
        for caller in map(there.world.callers.get, CALLERS)
        if caller and (fault := _sent(case, caller, there))
    ]


def _sent(case: Any, caller: Somebody, there: There) -> str:
    mark = transaction.savepoint()
    try:
        said = case.as_transport_kwargs(base_url="http://testserver")
        return _faults(case, _asked(there.browsers[caller.name], said, caller), caller, there)
    finally:
        transaction.savepoint_rollback(mark)


def _asked(browser: Client, said: dict[str, Any], caller: Somebody) -> Any:
    prepared = requests.Request(
        said["method"], said["url"], headers=said.get("headers"), params=said.get("params"), json=said.get("json"),
        data=said.get("data"), files=said.get("files"),
    ).prepare()  # fmt: skip
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else body
    path = prepared.path_url
    headers = {name: str(value) for name, value in prepared.headers.items() if name.lower() != "content-length"}
    kind = headers.pop("Content-Type", "application/json")
    headers.update(caller.headers(prepared.method or "", path, body))
    answer = browser.generic(prepared.method or "", path, body, content_type=kind, headers=headers)
    answer.prepared = prepared  # type: ignore[attr-defined]
    return answer


def _faults(case: Any, answer: Any, caller: Somebody, there: There) -> str:
    content = b"".join(answer.streaming_content) if getattr(answer, "streaming", False) else answer.content
    text = content.decode(errors="replace") + str(dict(answer.items()))
    for canary, seen_by in there.canaries.items():
        if canary in text and caller.name not in seen_by:
            return f"{answer.status_code} gives away {canary}: {text[:300]}"
    found = schemathesis.Response(
        status_code=answer.status_code, headers={name.lower(): [value] for name, value in answer.items()},
        content=content, request=answer.prepared, elapsed=0.0, verify=False,
    )  # fmt: skip
    try:
        case.validate_response(found, checks=CHECKS)
    except (FailureGroup, Exception) as fault:  # noqa: BLE001 (whatever it is, it is told)
        return f"{answer.status_code} {str(fault)[:600]} {text[:200]}"
    return ""
