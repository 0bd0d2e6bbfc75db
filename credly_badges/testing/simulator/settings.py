"""What nobody outside Credly knows for certain, as settings of the simulator.

Credly's public documents leave many answers open. Each open answer is one field here, with a default that is either the
likelier or the stricter one, so that what works against the simulator does not depend on luck.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENVIRONMENT_PREFIX = "CREDLY_SIMULATOR_"


class SettingsError(ValueError):
    """A setting is unknown or has a value it cannot take; the message says which, and what it could be."""


def _setting(default: Any, about: str, *choices: Any) -> Any:
    return dataclasses.field(default=default, metadata={"about": about, "choices": choices})


@dataclass
class SimulatorSettings:
    """Every open question about Credly's API, answered for one simulator. Times are in seconds."""

    link_prefix: str = _setting("/api/v1", "Path prefix of the URLs in answers.", "/api/v1", "/v1")
    link_origin: str = _setting("", "Scheme and host of the URLs in answers; empty: the one that was asked.")
    web_origin: str = _setting("https://www.credly.com", "Scheme and host of public badge and template pages.")
    html_when_asked: bool = _setting(True, "Answer an HTML page when only ``text/html`` is accepted.")
    location_on_issue: bool = _setting(False, "Send a ``Location`` header when a badge is issued.")

    token_life_days: int = _setting(180, "Life of an authorization token.")
    lenient_basic: bool = _setting(True, "Accept Basic credentials without the colon after the token.")
    pipe_basic: bool = _setting(False, "Accept Basic credentials with a pipe after the token.")
    foreign_org_status: int = _setting(404, "Status when the organization is not the token's.", 401, 403, 404)
    unauthorized_body: str = _setting("json", "Form of a 401 body.", "json", "text")
    unauthorized_message: str = _setting("Invalid or expired token.", "Text of a 401.")
    forbidden_message: str = _setting("You are not permitted to perform this action.", "Text of a 403.")
    not_found_message: str = _setting("resource not found", "Text of a 404.")
    rotate_status: int = _setting(200, "Status of a token rotation.", 200, 201)
    rotate_answer: str = _setting("token", "Body of a token rotation: the new token, or nothing.", "token", "empty")
    token_create_status: int = _setting(201, "Status of a token creation.", 200, 201)
    list_of_tokens: str = _setting(
        "by_permission",
        "Who sees the list of tokens: only read-only ones without the permission to write and delete, "
        "all to anyone, or nobody (403).",
        "by_permission",
        "all",
        "refuse",
    )
    told_of_tokens: str = _setting(
        "all",
        "What the list tells of a token; in 2020 it had no flags and no expiry.",
        "all",
        "without_value",
        "as_in_2020",
    )
    token_delete_status: int = _setting(204, "Status of a token deletion.", 200, 204)

    oauth_token_seconds: int = _setting(7200, "Life of an OAuth access token.")
    oauth_answer: str = _setting(
        "standard", "Body of an OAuth answer; wrapped is ``data.token``.", "standard", "wrapped"
    )
    oauth_under_prefix: bool = _setting(False, "Serve ``oauth/token`` under the API prefixes too.")
    oauth_bearer: bool = _setting(True, "Accept Bearer tokens at all.")
    wrong_scope_status: int = _setting(403, "Status when an OAuth token lacks the scope.", 401, 403)

    page_size: int = _setting(50, "Items on a page of a list.")
    per_honored: bool = _setting(False, "Let ``per`` or ``page_size`` change the page size.")
    per_maximum: int = _setting(100, "Largest page size when ``per`` is honored.")
    page_past_end: str = _setting("empty", "Answer to a page after the last.", "empty", "last", "404")
    empty_total_pages: int = _setting(1, "``total_pages`` of an empty list.", 0, 1)
    empty_metadata: bool = _setting(False, "Send empty metadata with the lists of organizations and tokens.")
    next_page_url_keeps_query: bool = _setting(True, "``next_page_url`` carries the filter and sort that were asked.")
    unknown_filter: str = _setting("ignore", "What an unknown filter or sort key does.", "ignore", "refuse")
    validation_prefix: bool = _setting(False, "Start every 422 message with ``Validation failed:``.")
    error_list: bool = _setting(False, "Add ``errors: [{field, message}]`` to 422 answers that concern a field.")

    template_default_sort: str = _setting("-created_at", "Order of templates when none is asked.")
    template_unfiltered_states: str = _setting(
        "all", "States listed when no state filter is sent.", "all", "active", "not_archived"
    )
    template_minimum_skills: int = _setting(3, "Skills that a new template needs.")
    template_created_state: str = _setting("active", "State of a new template.", "active", "draft")
    template_delete_status: int = _setting(204, "Status of a template deletion.", 200, 204)
    template_delete_with_badges: str = _setting("refuse", "Deleting a template that has badges.", "refuse", "allow")
    template_unarchive: str = _setting("allow", "Making an archived template active again.", "allow", "refuse")
    template_draft_issues: bool = _setting(False, "A draft template can issue badges.")
    template_name_limit: int = _setting(0, "Longest name of a template; 0 is no limit.")
    template_description_limit: int = _setting(0, "Longest description; 0 is no limit.")
    template_image_base64: str = _setting(
        "either", "Form of a picture in Base64: as a data URL, or bare.", "either", "data_url", "bare"
    )
    template_unknown_words: str = _setting(
        "accept", "A level, cost, time to earn or type that is not among those in use.", "accept", "refuse"
    )
    archived_message: str = _setting("Badge template is archived", "Text of the 422 for an archived or draft template.")

    relative_expiry_from: str = _setting(
        "issued_at", "What a template's relative expiry (``2 years``) is counted from.", "issued_at", "created_at"
    )

    badge_default_sort: str = _setting("-created_at", "Order of badges when none is asked.")
    name_limit: int = _setting(255, "Longest first, middle or last name; 0 is no limit.")
    empty_last_name: str = _setting("refuse", "An empty last name.", "refuse", "accept")
    future_issued_at: str = _setting("accept", "An ``issued_at`` in the future.", "accept", "refuse")
    naive_issued_at_zone: int = _setting(0, "Offset in minutes from UTC read into a time without a zone.")
    empty_expires_at: str = _setting("refuse", 'An ``expires_at`` of ``""``.', "refuse", "null")
    unknown_locale: str = _setting("refuse", "A locale Credly does not offer.", "refuse", "english")
    evidence_types: str = _setting(
        "UrlEvidence,IdEvidence,TextEvidence,FileEvidence,CustomEvidence", "Accepted evidence types, comma separated."
    )
    auto_accept: str = _setting("never", "Who gets a badge accepted at once.", "never", "known_users", "everyone")
    locked_state: str = _setting("refuse", "An earner's change on a locked template.", "refuse", "allow")
    accept_after_reject: str = _setting("refuse", "Accepting a rejected badge.", "refuse", "allow")

    duplicate_message: str = _setting("User already has this badge", "Text of the 422 for a duplicate.")
    duplicate_revoked: bool = _setting(False, "A revoked badge still counts as a duplicate.")
    duplicate_rejected: bool = _setting(False, "A rejected badge still counts as a duplicate.")
    duplicate_expired: bool = _setting(False, "An expired badge still counts as a duplicate.")
    duplicate_replaced: bool = _setting(False, "A replaced badge still counts as a duplicate.")
    duplicate_email_case: str = _setting("ignore", "Upper and lower case of e-mails.", "ignore", "distinguish")
    duplicate_replace_status: int = _setting(201, "Status when a duplicate is replaced.", 200, 201)

    replace_status: int = _setting(201, "Status of a replacement.", 200, 201)
    replace_omitted: str = _setting(
        "keep", "Optional fields that a replacement leaves out: taken from the old badge, or lost.", "keep", "drop"
    )
    replaced_state: str = _setting("keep", "State of a badge once it is replaced.", "keep", "revoked")
    email_of_claimed_badge: str = _setting("refuse", "A new address for an accepted badge.", "refuse", "allow")
    revoke_twice: str = _setting("refuse", "Revoking a revoked badge.", "refuse", "accept")
    revoke_pending: str = _setting("accept", "Revoking a pending badge.", "refuse", "accept")
    revoke_rejected: str = _setting("accept", "Revoking a rejected badge.", "refuse", "accept")
    revoke_without_reason: str = _setting("refuse", "Revoking without a reason.", "refuse", "accept")

    batch_maximum: int = _setting(50, "Most badges in a batch; 0 is no limit.")
    batch_atomic: bool = _setting(True, "A refused item refuses its whole batch.")
    batch_error_index: bool = _setting(True, "Name the refused item of a batch (``error_index``).")
    bulk_page_size: int = _setting(1000, "Items on a page of the bulk search.")
    bulk_format: str = _setting("default", "``badge_format`` when none is asked.", "default", "minimal")
    bulk_lag: float = _setting(0.0, "Time until the bulk search shows a new badge.")
    list_lag: float = _setting(0.0, "Time until the list of badges shows a new badge.")

    event_subject: str = _setting("present", "Subject of an event: as it is, or as it was.", "present", "snapshot")
    event_deleted_subject: str = _setting("full", "Subject of a deletion event.", "full", "id", "absent")
    event_order: str = _setting("newest", "Order of the events list.", "newest", "oldest")
    event_filters: bool = _setting(
        True,
        "The events list knows filters (``event_type``, ``occurred_at_min`` and ``_max``) and ``sort=occurred_at``.",
    )
    event_page_size: int = _setting(0, "Items on a page of the events list; 0 is ``page_size``.")
    event_retention: int = _setting(50_000, "Events kept, the newest; 0 keeps all.")
    event_badge_changed: str = _setting("", "Type of the event when a badge's data change; empty: no event.")
    event_state_changed: str = _setting("badge.state.changed", "Type of the event when a badge changes state.")

    webhook_success: str = _setting("200", "Statuses that end a delivery.", "200", "2xx")
    webhook_timeout: float = _setting(10.0, "Time a receiver has to answer.")
    webhook_interval_scale: float = _setting(
        0.001, "Factor on the retry intervals (n⁴ + 15 seconds) and on the retry period."
    )
    webhook_retry_days: float = _setting(25.0, "Period of retries, before the factor.")
    webhook_redirects: bool = _setting(False, "Follow redirects of a receiver.")
    webhook_subject: bool = _setting(False, "Put the subject into the delivery as well.")
    webhook_selected_only: bool = _setting(False, "Deliver only the types in the organization's ``allowed_webhooks``.")
    webhook_loopback_only: bool = _setting(True, "Never deliver to another computer.")

    rate_limit: int = _setting(0, "Requests per token and minute; 0 is no limit.")
    rate_window: str = _setting("fixed", "The minute of the clock, or the last sixty seconds.", "fixed", "sliding")
    rate_retry_after: bool = _setting(True, "Send ``Retry-After`` with a 429.")
    rate_headers: bool = _setting(False, "Send ``X-RateLimit-Limit`` and ``X-RateLimit-Remaining``.")
    rate_body: str = _setting("json", "Form of a 429 body.", "json", "text", "empty")

    request_log_size: int = _setting(10_000, "Requests remembered for the page and for tests.")

    def __post_init__(self) -> None:
        """Refuse values that no answer of Credly could have."""
        self.change(**dataclasses.asdict(self))

    def change(self, **changes: Any) -> None:
        """Set some fields, all or none; raises SettingsError."""
        fields = {field.name: field for field in dataclasses.fields(self)}
        for name, value in changes.items():
            if name not in fields:
                raise SettingsError(f"There is no simulator setting {name!r}.")
            _check(fields[name], value)
        for name, value in changes.items():
            setattr(self, name, _kind(fields[name])(value))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> SimulatorSettings:
        """Read variables such as ``CREDLY_SIMULATOR_PAGE_SIZE=10``; a value is JSON, or else plain text."""
        environment = os.environ if environment is None else environment
        settings = cls()
        for variable, text in environment.items():
            if variable.startswith(ENVIRONMENT_PREFIX):
                name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
                settings.change(**{name: _from_text(cls.__dataclass_fields__.get(name), text)})
        return settings

    @classmethod
    def from_file(cls, path: str | Path) -> SimulatorSettings:
        """Read a JSON object of settings from a file."""
        values = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise SettingsError(f"{path} must hold one JSON object of simulator settings.")
        settings = cls()
        settings.change(**values)
        return settings


def _kind(field: dataclasses.Field[Any]) -> Any:
    return type(field.default)


def _check(field: dataclasses.Field[Any], value: Any) -> None:
    kind = _kind(field)
    right_kind = isinstance(value, bool) == (kind is bool) and isinstance(
        value, (int, float) if kind is float else kind
    )
    if not right_kind:
        raise SettingsError(f"The simulator setting {field.name} takes a {kind.__name__}, not {value!r}.")
    choices = field.metadata["choices"]
    if choices and value not in choices:
        raise SettingsError(
            f"The simulator setting {field.name} is one of {', '.join(map(str, choices))}, not {value!r}."
        )


def _from_text(field: dataclasses.Field[Any] | None, text: str) -> Any:
    if field is not None and isinstance(field.default, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
