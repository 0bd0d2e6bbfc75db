"""What we ask Credly to issue, alone or in the place of another badge."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Self
from uuid import UUID

from . import quirks, reading
from .reading import Data

# Of all the spellings seen in public clients, the one that the developer docs show. Credly
# reads a time without a zone as its own, which can move a badge to the day before.
_TIME_FORMAT = "%Y-%m-%d %H:%M:%S +0000"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows that the learner did it; it is public on the badge.

    A ``UrlEvidence`` is a link; an ``IdEvidence`` has a name for what it is (a certificate's
    number) and the number itself as its description. Raises ValueError for one without it.
    """

    name: str
    url: str = ""
    description: str = ""
    kind: str = "UrlEvidence"

    def __post_init__(self) -> None:
        if self.kind == "UrlEvidence":
            if not self.url.strip():
                raise ValueError("Evidence of the kind UrlEvidence needs a link.")
        elif self.kind != "IdEvidence":
            raise ValueError("Evidence has to be of the kind UrlEvidence or IdEvidence.")
        elif self.url or not self.name.strip():
            raise ValueError("Evidence of the kind IdEvidence needs a name, and has no link.")

    @classmethod
    def parse(cls, data: Data) -> Self:
        kind = reading.text_or_empty(data, "type") or "UrlEvidence"
        described = reading.text_or_empty(data, "description")
        if kind == "IdEvidence":
            return cls(name=reading.text(data, "title"), description=described, kind=kind)
        url = reading.text(data, "value")
        return cls(name=reading.text_or_empty(data, "name"), url=url, description=described, kind=kind)

    def dump(self) -> dict[str, Any]:
        if self.kind == "IdEvidence":
            return {"type": self.kind, "title": self.name, "description": self.description}
        item = {"type": self.kind, "value": self.url, "name": self.name}
        return {**item, "description": self.description} if self.description else item


@dataclass(frozen=True, slots=True)
class IssueOrder:
    """One badge to be issued to one learner (developer docs, "Issue a badge").

    ``issued_at`` and ``expires_at`` are aware and kept in UTC to the second, as Credly takes them.
    ``expires_at``: None leaves it to the template, False means never. ``issuer_earner_id`` is
    what lets Credly refuse a second badge, so it may not be blank: people who share one block
    each other. A ``locale`` is translated to the nearest one Credly knows, or dropped.
    Raises ValueError for anything Credly could misread.

    .. pii: What leaves the LMS for Credly: e-mail address, name, language, an identifier made for it, and evidence.
    .. pii_types: email_address, name, id, external_service, other
    .. pii_retirement: third_party
    """

    template_id: UUID
    recipient_email: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    issued_at: datetime
    issuer_earner_id: str
    middle_name: str = field(default="", repr=False)
    locale: str = ""
    expires_at: datetime | Literal[False] | None = None
    evidence: tuple[Evidence, ...] = ()
    suppress_notification: bool = False
    duplicate_behavior: str = ""

    def __post_init__(self) -> None:
        if not self.recipient_email.strip():
            raise ValueError("A badge needs a recipient: give the learner's e-mail address.")
        if not self.issuer_earner_id.strip():
            raise ValueError("A badge needs the learner's issuer_earner_id: without one Credly may issue it twice.")
        if self.duplicate_behavior and self.duplicate_behavior not in quirks.DUPLICATE_BEHAVIORS:
            raise ValueError("duplicate_behavior has to be one of allow, deny and replace.")
        _keep_to_the_second(self)
        object.__setattr__(self, "locale", quirks.credly_locale(self.locale))

    @classmethod
    def parse(cls, data: Data) -> Self:
        return cls(
            **_shared(data),
            recipient_email=reading.text(data, "recipient_email"),
            issuer_earner_id=reading.text(data, "issuer_earner_id"),
            locale=reading.text_or_empty(data, "locale"),
            suppress_notification=reading.flag(data, "suppress_badge_notification_email", default=False),
            duplicate_behavior=reading.text_or_empty(data, "duplicate_behavior"),
        )

    def dump(self) -> dict[str, Any]:
        """Return the body of ``POST /badges``; an optional field without a value is left out, for Credly keeps ""."""
        return {
            **_dumped(self),
            "recipient_email": self.recipient_email,
            "issued_to_first_name": self.first_name,
            "issued_to_last_name": self.last_name,
            **_given(
                locale=self.locale,
                suppress_badge_notification_email=self.suppress_notification,
                duplicate_behavior=self.duplicate_behavior,
            ),
        }


@dataclass(frozen=True, slots=True)
class ReplaceOrder:
    """A badge to be put in the place of one that a learner holds: renewed, corrected, or from another template.

    The new badge goes to the same address, and in the state of the old one. Give every field
    that the badge shall have, for what is left out may be lost. Times and ``expires_at`` are as in ``IssueOrder``.
    Raises ValueError for anything Credly could misread.
    """

    template_id: UUID
    issued_at: datetime
    first_name: str = field(default="", repr=False)
    last_name: str = field(default="", repr=False)
    middle_name: str = field(default="", repr=False)
    issuer_earner_id: str = ""
    expires_at: datetime | Literal[False] | None = None
    evidence: tuple[Evidence, ...] = ()
    notification_message: str = ""

    def __post_init__(self) -> None:
        _keep_to_the_second(self)

    @classmethod
    def parse(cls, data: Data) -> Self:
        return cls(
            **_shared(data),
            issuer_earner_id=reading.text_or_empty(data, "issuer_earner_id"),
            notification_message=reading.text_or_empty(data, "notification_message"),
        )

    def dump(self) -> dict[str, Any]:
        """Return the body of ``POST /badges/{id}/replace``: every optional field that has a value."""
        return {
            **_dumped(self),
            **_given(
                issued_to_first_name=self.first_name,
                issued_to_last_name=self.last_name,
                notification_message=self.notification_message,
            ),
        }


def _shared(data: Data) -> dict[str, Any]:
    """What both kinds of order are read from."""
    expires_at = data.get("expires_at")
    return {
        "template_id": reading.identity(data, "badge_template_id"),
        "first_name": reading.text_or_empty(data, "issued_to_first_name"),
        "last_name": reading.text_or_empty(data, "issued_to_last_name"),
        "middle_name": reading.text_or_empty(data, "issued_to_middle_name"),
        "issued_at": _moment(data.get("issued_at"), "issued_at"),
        "expires_at": expires_at if expires_at is None or expires_at is False else _moment(expires_at, "expires_at"),
        "evidence": tuple(Evidence.parse(item) for item in reading.objects(data, "evidence")),
    }


def _dumped(order: IssueOrder | ReplaceOrder) -> dict[str, Any]:
    data: dict[str, Any] = {
        "badge_template_id": str(order.template_id),
        "issued_at": order.issued_at.strftime(_TIME_FORMAT),
        **_given(
            issued_to_middle_name=order.middle_name,
            issuer_earner_id=order.issuer_earner_id,
            evidence=[item.dump() for item in order.evidence],
        ),
    }
    if order.expires_at is not None:
        data["expires_at"] = order.expires_at.strftime(_TIME_FORMAT) if order.expires_at else False
    return data


def _given(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value}


def _keep_to_the_second(order: IssueOrder | ReplaceOrder) -> None:
    object.__setattr__(order, "issued_at", _to_the_second(order.issued_at, "issued_at"))
    if order.expires_at:
        object.__setattr__(order, "expires_at", _to_the_second(order.expires_at, "expires_at"))


def _to_the_second(moment: datetime, key: str) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{key} needs a time zone: without one the badge could carry the wrong day.")
    return moment.astimezone(UTC).replace(microsecond=0)


def _moment(value: object, key: str) -> datetime:
    try:
        return datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        raise reading.Malformed(key, "a time like 2026-05-01 08:00:00 +0000") from None
