"""The OAuth client credentials grant; this one endpoint has no envelope and needs no token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..auth import SCOPES, basic_parts, issue_access_token
from ..envelope import Answer
from ..store import Store

PATH = "/oauth/token"


def give_token(store: Store, values: Mapping[str, Any], authorization: str) -> Answer:
    """An access token for an application that knows its secret, sent as parameters or over Basic."""
    if values.get("grant_type") != "client_credentials":
        return _refused(400, "unsupported_grant_type", "The grant type is not supported.")
    sent: tuple[Any, Any] = (values.get("client_id"), values.get("client_secret"))
    if parts := basic_parts(authorization):
        sent = (parts[0], parts[2])
    known = store.applications.values()
    application = next((each for each in known if (each.client_id, each.client_secret) == sent), None)
    if application is None:
        return _refused(401, "invalid_client", "Client authentication failed.")
    asked = frozenset(str(values.get("scope") or "").replace("+", " ").split())
    scopes = asked or application.scopes
    if not scopes <= application.scopes & SCOPES:
        return _refused(400, "invalid_scope", "The requested scope is invalid, unknown, or malformed.")
    token = issue_access_token(store, application, scopes)
    body: dict[str, Any] = {
        "access_token": token.value,
        "token_type": "Bearer",
        "expires_in": store.settings.oauth_token_seconds,
        "scope": " ".join(sorted(scopes)),
        "created_at": int(token.created_at.timestamp()),
    }
    if store.settings.oauth_answer == "wrapped":
        body = {"data": {**body, "token": token.value}, "metadata": {}}
    return Answer(200, body)


def _refused(status: int, error: str, description: str) -> Answer:
    return Answer(status, {"error": error, "error_description": description})
