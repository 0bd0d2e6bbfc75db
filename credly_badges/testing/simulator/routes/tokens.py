"""Authorization tokens and OAuth applications of an organization."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..auth import issue_token
from ..envelope import Answer, ApiError, Call, not_found, one, page
from ..recipients import truth
from ..records import Token
from ._door import Door

SCOPE = "authorization_tokens"
NOT_IN_2020 = ("read_enabled", "write_enabled", "delete_enabled", "expires_at", "owner")
FLAGS = ("read_enabled", "write_enabled", "delete_enabled")


def list_tokens(call: Call) -> Answer:
    """The organization's tokens; one that may not write or delete sees only those that can but read."""
    if call.settings.list_of_tokens == "refuse":
        raise ApiError(403, call.settings.forbidden_message)
    tokens = _tokens(call)
    if call.settings.list_of_tokens == "all":
        return page(call, tokens, partial(_told, call), old_style=True)
    if call.token.scopes is None and not (call.token.write_enabled and call.token.delete_enabled):
        tokens = [token for token in tokens if not token.write_enabled and not token.delete_enabled]
    return page(call, tokens, partial(_told, call), old_style=True)


def create_token(call: Call) -> Answer:
    """A new token beside the others."""
    flags = {flag: truth(call.values.get(flag, flag == "read_enabled")) for flag in FLAGS}
    description = str(call.values.get("description") or "")
    token = issue_token(call.store, call.organization, None, description, **flags)
    return one(call.wire.token(token), call.settings.token_create_status)


def rotate_token(call: Call) -> Answer:
    """A new token in the place of the one that asks, which is dead from here on."""
    old = call.token
    flags = {flag: getattr(old, flag) for flag in FLAGS}
    token = issue_token(call.store, call.organization, None, old.description, **flags)
    if old.scopes is None:
        del call.store.tokens[old.value]
    call.organization.key = token.value
    body = call.wire.token(token) if call.settings.rotate_answer == "token" else {}
    return one(body, call.settings.rotate_status)


def delete_token(call: Call) -> Answer:
    """A token that works no more."""
    token = next((token for token in _tokens(call) if token.uuid == call.ids["token"]), None)
    if token is None:
        raise not_found(call.settings)
    del call.store.tokens[token.value]
    return Answer(204) if call.settings.token_delete_status == 204 else one({})


def list_applications(call: Call) -> Answer:
    """The organization's OAuth applications."""
    found = [each for each in call.store.applications.values() if each.organization is call.organization]
    return page(call, found, call.wire.application)


def read_application(call: Call) -> Answer:
    """One OAuth application, by its number."""
    number = call.ids["application"]
    application = call.store.applications.get(int(number)) if number.isdecimal() and len(number) < 10 else None
    if application is None or application.organization is not call.organization:
        raise not_found(call.settings)
    return one(call.wire.application(application))


def _told(call: Call, token: Token) -> dict[str, Any]:
    body = call.wire.token(token)
    if call.settings.told_of_tokens == "without_value":
        return {**body, "token": None}
    if call.settings.told_of_tokens == "as_in_2020":
        return {key: value for key, value in body.items() if key not in NOT_IN_2020}
    return body


def _tokens(call: Call) -> list[Token]:
    tokens = call.store.tokens.values()
    return [token for token in tokens if token.organization is call.organization and token.scopes is None]


ROUTES = [
    Door("GET", "/organizations/{organization}/authorization_tokens", list_tokens, SCOPE),
    Door("POST", "/organizations/{organization}/authorization_tokens", create_token, SCOPE),
    Door("POST", "/organizations/{organization}/authorization_tokens/rotate", rotate_token, SCOPE),
    Door("DELETE", "/organizations/{organization}/authorization_tokens/{token}", delete_token, SCOPE),
    Door("GET", "/organizations/{organization}/oauth_applications", list_applications),
    Door("GET", "/organizations/{organization}/oauth_applications/{application}", read_application),
]
