"""Reads what an issuer sends about a badge, and refuses what Credly refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .envelope import ApiError, unprocessable
from .records import Organization, Template
from .store import Store
from .times import later, read

EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
LOCALES = frozenset(["en", "fr", "de", "ko", "ja", "zh-CN", "pt", "es-ES", "es-US", "fr-CA", "pt-BR"])
COUNTRIES = {
    "USA": ("United States", "US"),
    "GBR": ("United Kingdom", "GB"),
    "DEU": ("Germany", "DE"),
    "FRA": ("France", "FR"),
    "ESP": ("Spain", "ES"),
    "CAN": ("Canada", "CA"),
    "IND": ("India", "IN"),
    "BRA": ("Brazil", "BR"),
    "JPN": ("Japan", "JP"),
}
TEXT_EVIDENCE_LIMIT = 350


@dataclass(slots=True)
class Wanted:
    """One badge as an issuer asks for it."""

    template: Template
    recipient_email: str
    first_name: str
    last_name: str
    issued_at: datetime
    middle_name: str | None = None
    issuer_earner_id: str | None = None
    locale: str = "en"
    suppress_notification: bool = False
    expires_at: datetime | None = None
    country: str | None = None
    country_code: str | None = None
    state_or_province: str | None = None
    group: str | None = None
    duplicate_behavior: str = "deny"
    evidence: list[dict[str, Any]] = field(default_factory=list)


def read_wanted(store: Store, organization: Organization, values: Mapping[str, Any]) -> Wanted:
    """The wanted badge; raises ApiError 422 with the first thing that is wrong."""
    template = issuable_template(store, organization, values.get("badge_template_id"))
    issued = issued_at(store, values.get("issued_at"))
    country, code = _country(_text(values.get("country_name")))
    group = values.get("issuer_earner_group")
    return Wanted(
        template=template,
        recipient_email=email(store, values.get("recipient_email")),
        first_name=name(store, values, "issued_to_first_name"),
        last_name=name(store, values, "issued_to_last_name", may_be_empty=store.settings.empty_last_name == "accept"),
        middle_name=_text(values.get("issued_to_middle_name")),
        issued_at=issued,
        issuer_earner_id=_text(values.get("issuer_earner_id")),
        locale=_locale(store, values.get("locale")),
        suppress_notification=truth(values.get("suppress_badge_notification_email")),
        expires_at=expires_at(store, template, values.get("expires_at"), issued),
        country=country,
        country_code=code,
        state_or_province=_text(values.get("state_or_province")),
        group=_text(group.get("name")) if isinstance(group, Mapping) else None,
        duplicate_behavior=_behavior(store, values.get("duplicate_behavior")),
        evidence=evidence(store, values.get("evidence")),
    )


def issuable_template(store: Store, organization: Organization, template_id: Any) -> Template:
    """A template that this organization may issue now, its own or one a grantor lets it issue."""
    template = store.templates.get(str(template_id or "").strip().lower())
    if template is None or not _may_issue(store, organization, template):
        shown = "" if template_id is None else template_id
        raise ApiError(422, f"Invalid or missing Badge Template ID: {shown}")
    if template.state == "archived" or (template.state == "draft" and not store.settings.template_draft_issues):
        raise unprocessable(store.settings, store.settings.archived_message, field_name="badge_template_id")
    return template


def name(store: Store, values: Mapping[str, Any], key: str, *, may_be_empty: bool = False) -> str:
    """A name, present and short enough."""
    value = values.get(key)
    if value is None or (not str(value).strip() and not may_be_empty):
        raise _blank(store, key)
    limit = store.settings.name_limit
    if limit and len(str(value)) > limit:
        message = f"{_label(key)} is too long (maximum is {limit} characters)"
        raise unprocessable(store.settings, message, field_name=key)
    return str(value)


def issued_at(store: Store, value: Any) -> datetime:
    """The time of issue in UTC, read broadly."""
    if value in (None, ""):
        raise _blank(store, "issued_at")
    moment = read(value, store.settings.naive_issued_at_zone)
    if moment is None:
        raise unprocessable(store.settings, "Issued at is invalid", field_name="issued_at")
    if moment > store.now() and store.settings.future_issued_at == "refuse":
        raise unprocessable(store.settings, "Issued at can't be in the future", field_name="issued_at")
    return moment


def expires_at(store: Store, template: Template, value: Any, issued: datetime) -> datetime | None:
    """The expiry in UTC: false is never, null is the template's own, else a time."""
    if value is False:
        return None
    if value == "" and store.settings.empty_expires_at == "null":
        value = None
    if value is None:
        start = issued if store.settings.relative_expiry_from == "issued_at" else store.now()
        return _default_expiry(template, start)
    moment = read(value)
    if moment is None:
        raise unprocessable(store.settings, "Expires at is invalid", field_name="expires_at")
    return moment


def evidence(store: Store, items: Any) -> list[dict[str, Any]]:
    """Evidence items, each with a known type and what that type needs."""
    if items is None:
        return []
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise unprocessable(store.settings, "Evidence is invalid", field_name="evidence")
    known = [kind.strip() for kind in store.settings.evidence_types.split(",")]
    for item in items:
        kind = item.get("type")
        value = item.get("value") if kind == "UrlEvidence" else item.get("title") or item.get("value")
        too_long = kind == "TextEvidence" and len(str(item.get("description") or value or "")) > TEXT_EVIDENCE_LIMIT
        if kind not in known or not value or too_long:
            raise unprocessable(store.settings, "Evidence is invalid", field_name="evidence")
    return [dict(item) for item in items]


def _default_expiry(template: Template, start: datetime) -> datetime | None:
    # In which words Credly keeps a relative expiry is not known: both "2 years" and 2 with the type "years" are read.
    default = template.fields.get("default_expires_at") or template.fields.get("default_expires_at_date")
    fixed = read(default)
    if fixed is not None or default is None:
        return fixed
    return later(start, str(default)) or later(start, f"{default} {template.fields.get('default_expires_at_type')}")


def email(store: Store, value: Any) -> str:
    """An address that can be one, without blanks around it."""
    if not isinstance(value, str) or not value.strip():
        raise _blank(store, "recipient_email")
    if not EMAIL.fullmatch(value.strip()):
        raise unprocessable(store.settings, "Recipient email is invalid", field_name="recipient_email")
    return value.strip()


def truth(value: Any) -> bool:
    """True for JSON's true and for the texts that a form sends."""
    return value is True or str(value).lower() in ("true", "1")


def _may_issue(store: Store, organization: Organization, template: Template) -> bool:
    return template.organization is organization or any(
        relation.grantor is template.organization
        and relation.issuer is organization
        and (not relation.templates or template.uuid in relation.templates)
        for relation in store.authorizations.values()
    )


def _locale(store: Store, value: Any) -> str:
    if value in (None, "") or value in LOCALES:
        return value or "en"
    if store.settings.unknown_locale == "english":
        return "en"
    raise unprocessable(store.settings, "Locale is not included in the list", field_name="locale")


def _behavior(store: Store, value: Any) -> str:
    if value in (None, ""):
        return "deny"
    if value not in ("replace", "allow", "deny"):
        message = "Duplicate behavior is not included in the list"
        raise unprocessable(store.settings, message, field_name="duplicate_behavior")
    return str(value)


def _country(text: str | None) -> tuple[str | None, str | None]:
    if text is None:
        return None, None
    for code, (english, short) in COUNTRIES.items():
        if text.casefold() in (code.casefold(), short.casefold(), english.casefold()):
            return english, code
    return text, None


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _label(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _blank(store: Store, key: str) -> ApiError:
    return unprocessable(store.settings, f"{_label(key)} can't be blank", field_name=key)
