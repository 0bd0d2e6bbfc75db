"""The simulator's own HTTP endpoints, under ``/_simulator/``, for other processes.

They take and give JSON and need no credentials. Writing asks for ``Content-Type: application/json``, which keeps a
page of somebody else's in the same browser from writing.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .envelope import ApiError
from .faults import FaultError
from .records import Organization
from .times import write

if TYPE_CHECKING:
    from .simulator import Simulator

Deed = Callable[["Simulator", Request, dict[str, Any]], Any]
FAULTS = ("before_acting", "after_acting", "fail_randomly", "always", "repeat_page_item")
EARNER_DEEDS = (
    "accept_badge",
    "reject_badge",
    "toggle_public",
    "revoke_badge",
    "delete_badge",
    "replace_badge",
    "change_email",
)
KEY_DEEDS = ("revoke_key", "expire_key", "new_key")
TEMPLATE_DEEDS = ("archive_template", "restore_template", "delete_template", "update_template")


def routes(simulator: Simulator) -> list[Route]:
    """The endpoints of one simulator."""
    table: list[tuple[str, str, Deed]] = [
        ("GET", "state", read_state),
        ("GET", "counters", read_counters),
        ("GET", "requests", read_requests),
        ("GET", "badges", read_badges),
        ("POST", "badges", add_badges),
        ("GET", "settings", read_settings),
        ("POST", "settings", change_settings),
        ("GET", "faults", read_faults),
        ("POST", "faults", add_fault),
        ("DELETE", "faults", clear_faults),
        ("POST", "organizations", add_organization),
        ("POST", "organizations/{organization}/{deed}", change_key),
        ("POST", "templates", add_templates),
        ("POST", "templates/{template}/{deed}", change_template),
        ("POST", "badges/{badge}/{deed}", change_badge),
        ("POST", "reset", reset),
    ]
    return [Route(f"/_simulator/{path}", _endpoint(simulator, deed), methods=[method]) for method, path, deed in table]


def read_state(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """How much there is of everything, and which faults wait."""
    store = simulator.store
    return {
        "organizations": [{"id": each.uuid, "name": each.name} for each in store.organizations.values()],
        "templates": len(store.templates),
        "badges": len(store.badges),
        "events": len(store.events),
        "requests": store.request_count,
        "faults": simulator.schedule.waiting(),
        "faults_happened": simulator.faults_happened(),
        "webhook_attempts": len(simulator.deliveries()),
    }


def read_counters(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """How many badges were ever created, per address and template."""
    return [
        {"email": email, "badge_template_id": template, "count": times}
        for (email, template), times in simulator.counters().items()
    ]


def read_requests(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """The requests that arrived; ``method`` and ``path_contains`` choose among them."""
    query = request.query_params
    found = simulator.requests(query.get("method"), query.get("path_contains"))
    return [{**dataclasses.asdict(record), "time": write(record.time)} for record in found]


def read_badges(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """Every badge in wire shape, or those of one address."""
    email = request.query_params.get("email")
    return [
        badge
        for badge in simulator.badges()
        if email is None or badge["recipient_email"].casefold() == email.casefold()
    ]


def add_badges(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """``number`` badges of the template ``template_id`` at once."""
    template = simulator.store.templates[str(values.pop("template_id", None))]
    _call(simulator.add_badges, values, template)
    return {"id": template.uuid, "badges": template.badges_count}


def read_settings(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """The settings as they are."""
    return dataclasses.asdict(simulator.settings)


def change_settings(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """Some settings changed."""
    simulator.configure(**values)
    return read_settings(simulator, request, values)


def read_faults(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """What will go wrong and what went."""
    return {"waiting": simulator.schedule.waiting(), "happened": simulator.faults_happened()}


def add_fault(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """One more fault: ``{"fault": "before_acting", ...}`` with the arguments it has in Python."""
    name = values.pop("fault", None)
    if name not in FAULTS:
        raise FaultError(f"Give fault as one of {', '.join(FAULTS)}.")
    _call(getattr(simulator, name), values)
    return read_faults(simulator, request, values)


def clear_faults(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """No more faults."""
    simulator.clear_faults()
    return read_faults(simulator, request, values)


def add_organization(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """A new organization, with the key that only this answer shows."""
    organization = simulator.add_organization(**values)
    return {"id": organization.uuid, "name": organization.name, "key": organization.key}


def change_key(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """An organization's key revoked, expired or joined by a new one."""
    organization = _organization(simulator, request.path_params["organization"])
    deed = _named(request, KEY_DEEDS)
    key = _call(getattr(simulator, deed), values, organization)
    return {"id": organization.uuid, **({"key": key} if deed == "new_key" else {})}


def add_templates(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """One template, or ``number`` of them at once."""
    organization = _organization(simulator, values.pop("organization_id", None))
    if "number" in values:
        made = _call(simulator.add_templates, values, organization)
    else:
        made = [_call(simulator.add_template, values, organization)]
    return [{"id": template.uuid, "name": template.name} for template in made]


def change_template(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """A template changed as on Credly's own site."""
    template = simulator.store.templates[request.path_params["template"]]
    _call(getattr(simulator, _named(request, TEMPLATE_DEEDS)), values, template)
    return {"id": template.uuid, "name": template.name, "state": template.state}


def change_badge(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """What an earner, or Credly's own site, does to a badge."""
    return _call(getattr(simulator, _named(request, EARNER_DEEDS)), values, request.path_params["badge"])


def reset(simulator: Simulator, request: Request, values: dict[str, Any]) -> Any:
    """Everything forgotten."""
    simulator.reset()
    return read_state(simulator, request, values)


def _endpoint(simulator: Simulator, deed: Deed) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            values = await _values(request) if request.method == "POST" else {}
            return JSONResponse(deed(simulator, request, values))
        except KeyError as error:
            return _refused(404, f"There is no {error.args[0]}.")
        except ApiError as error:
            return _refused(error.status, error.message)
        except (TypeError, ValueError) as error:
            return _refused(400, str(error))

    return endpoint


async def _values(request: Request) -> dict[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise ApiError(415, "Send JSON, with Content-Type: application/json.")
    try:
        values = json.loads(await request.body() or b"{}")
    except ValueError:
        raise ApiError(400, "The request body is not valid JSON.") from None
    if not isinstance(values, dict):
        raise ApiError(400, "The request body must be a JSON object.")
    return values


def _call(deed: Callable[..., Any], values: dict[str, Any], *first: Any) -> Any:
    inspect.signature(deed).bind(*first, **values)
    return deed(*first, **values)


def _named(request: Request, deeds: tuple[str, ...]) -> str:
    deed = str(request.path_params["deed"])
    if deed not in deeds:
        raise KeyError(deed)
    return deed


def _organization(simulator: Simulator, identity: Any) -> Organization:
    return simulator.store.organizations[str(identity)]


def _refused(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status)
