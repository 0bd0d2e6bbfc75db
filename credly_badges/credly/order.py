"""What we ask Credly to issue."""

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
    """A link that shows what the learner did; it is public on the badge."""

    name: str
    url: str
    description: str = ""

    @classmethod
    def parse(cls, data: Data) -> Self:
        return cls(
            name=reading.text_or_empty(data, "name"),
            url=reading.text(data, "value"),
            description=reading.text_or_empty(data, "description"),
        )

    def dump(self) -> dict[str, Any]:
        item = {"type": "UrlEvidence", "value": self.url, "name": self.name}
        return {**item, "description": self.description} if self.description else item


@dataclass(frozen=True, slots=True)
class IssueOrder:
    """One badge to be issued to one learner (developer docs, "Issue a badge").

    ``issued_at`` and ``expires_at`` are aware and kept in UTC to the second, as Credly takes them.
    ``expires_at``: None leaves it to the template, False means never. ``issuer_earner_id`` is
    what lets Credly refuse a second badge, so it may not be blank: people who share one block
    each other. A ``locale`` is translated to the nearest one Credly knows, or dropped.
    Raises ValueError for anything Credly could misread.
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
        object.__setattr__(self, "issued_at", _to_the_second(self.issued_at, "issued_at"))
        if self.expires_at:
            object.__setattr__(self, "expires_at", _to_the_second(self.expires_at, "expires_at"))
        object.__setattr__(self, "locale", quirks.credly_locale(self.locale))

    @classmethod
    def parse(cls, data: Data) -> Self:
        expires_at = data.get("expires_at")
        return cls(
            template_id=reading.identity(data, "badge_template_id"),
            recipient_email=reading.text(data, "recipient_email"),
            first_name=reading.text_or_empty(data, "issued_to_first_name"),
            last_name=reading.text_or_empty(data, "issued_to_last_name"),
            issued_at=_moment(data.get("issued_at"), "issued_at"),
            issuer_earner_id=reading.text(data, "issuer_earner_id"),
            middle_name=reading.text_or_empty(data, "issued_to_middle_name"),
            locale=reading.text_or_empty(data, "locale"),
            expires_at=expires_at if expires_at is None or expires_at is False else _moment(expires_at, "expires_at"),
            evidence=tuple(Evidence.parse(item) for item in reading.objects(data, "evidence")),
            suppress_notification=reading.flag(data, "suppress_badge_notification_email", default=False),
            duplicate_behavior=reading.text_or_empty(data, "duplicate_behavior"),
        )

    def dump(self) -> dict[str, Any]:
        """Return the body of ``POST /badges``; an optional field without a value is left out, for Credly keeps ""."""
        data: dict[str, Any] = {
            "badge_template_id": str(self.template_id),
            "recipient_email": self.recipient_email,
            "issued_to_first_name": self.first_name,
            "issued_to_last_name": self.last_name,
            "issued_at": self.issued_at.strftime(_TIME_FORMAT),
            "issuer_earner_id": self.issuer_earner_id,
        }
        optional: dict[str, Any] = {
            "issued_to_middle_name": self.middle_name,
            "locale": self.locale,
            "evidence": [item.dump() for item in self.evidence],
            "suppress_badge_notification_email": self.suppress_notification,
            "duplicate_behavior": self.duplicate_behavior,
        }
        data.update((key, value) for key, value in optional.items() if value)
        if self.expires_at is not None:
            data["expires_at"] = self.expires_at.strftime(_TIME_FORMAT) if self.expires_at else False
        return data


def _to_the_second(moment: datetime, key: str) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{key} needs a time zone: without one the badge could carry the wrong day.")
    return moment.astimezone(UTC).replace(microsecond=0)


def _moment(value: object, key: str) -> datetime:
    try:
        return datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        raise reading.Malformed(key, "a time like 2026-05-01 08:00:00 +0000") from None
