"""Whatever anybody sends: never an error of ours, always as the description says, and nothing that is not theirs."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from credly_badges import lms
from credly_badges.models import CredlyOrganization
from credly_badges.rest_api.v1.bodies import Json
from credly_badges.rest_api.v1.description import described

from .api_world import CANARY, SECRET, world

CALLERS = ("nobody", "learner", "course staff", "issuer key", "issuer administrator")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 1}
"""How many requests of each kind are sent by each caller to each operation: as described, and not as described."""
DESCRIPTION = schemathesis.openapi.from_dict(json.loads(Json().render(described())))


@pytest.fixture
def there(organization, settings):
    settings.CREDLY_BADGES_API_RATES = dict.fromkeys(("key", "user", "anonymous", "claim"), 1_000_000)
    cache.clear()
    yield world(organization)
    lms.backend().clear()
    cache.clear()


def operations() -> list[Any]:
    return [each.ok() for each in DESCRIPTION.get_all_operations()]


@pytest.mark.django_db
@pytest.mark.parametrize("name", CALLERS)
def test_whatever_is_sent_is_answered_as_described(there, name):
    caller = there.callers[name]
    faults: list[str] = []
    for operation in operations():
        for mode, examples in EXAMPLES.items():
            _try(operation.as_strategy(generation_mode=mode), examples, operation, caller, there, faults)

    assert not faults, "\n".join(faults)


def _try(requests: Any, examples: int, operation: Any, caller: Any, there: Any, faults: list[str]) -> None:
    @given(case=requests)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def one(case: Any) -> None:
        for which in case.path_parameters or {}:
            # What is there, as made-up IDs lead nowhere.
            case.path_parameters[which] = str(there.things.get(which, case.path_parameters[which]))
        case.headers = {
            each: value for each, value in (case.headers or {}).items()
            if each.lower() not in ("authorization", "cookie")
        }  # fmt: skip
        case.cookies = {}
        fault = _sent(case, caller)
        if fault:
            faults.append(f"{operation.definition.raw['operationId']} by {caller.name}: {fault}")

    try:
        one()
    except Unsatisfiable:
        return  # Nothing can be sent there that is not as described.


def _sent(case: Any, caller: Any) -> str:
    browser = Client(raise_request_exception=False)
    if caller.user is not None:
        browser.force_login(caller.user)
    mark = transaction.savepoint()
    try:
        said = case.as_transport_kwargs(base_url="http://testserver")
        answer = _asked(browser, said, caller)
        return _faults(case, answer)
    finally:
        transaction.savepoint_rollback(mark)


def _asked(browser: Client, said: dict[str, Any], caller: Any) -> Any:
    import requests

    prepared = requests.Request(
        said["method"], said["url"], headers=said.get("headers"), params=said.get("params"), json=said.get("json"),
        data=said.get("data"), files=said.get("files"),
    ).prepare()  # fmt: skip
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else body
    path = prepared.path_url
    headers = {name: str(value) for name, value in prepared.headers.items() if name.lower() != "content-length"}
    kind = headers.pop("Content-Type", "application/json")
    headers.update(caller.headers(prepared.method, path, body))
    answer = browser.generic(prepared.method, path, body, content_type=kind, headers=headers)
    answer.prepared = prepared
    return answer


def _faults(case: Any, answer: Any) -> str:
    content = b"".join(answer.streaming_content) if getattr(answer, "streaming", False) else answer.content
    text = content.decode(errors="replace")
    if CANARY in text or "canary" in text or SECRET in text or _key() in text:
        return f"{answer.status_code} gives away what is not the caller's: {text[:300]}"
    found = schemathesis.Response(
        status_code=answer.status_code, headers={name.lower(): [value] for name, value in answer.items()},
        content=content, request=answer.prepared, elapsed=0.0, verify=False,
    )  # fmt: skip
    for check in CHECKS:
        try:
            case.validate_response(found, checks=[check])
        except Exception as fault:  # noqa: BLE001 (whatever it is, it is told)
            return f"{answer.status_code} {check.__name__}: {str(fault)[:600]}"
    return ""


def _key() -> str:
    return CredlyOrganization.objects.order_by("pk")[0].api_key.reveal()
