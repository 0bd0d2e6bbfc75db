"""What can happen to a badge: issued, replaced, accepted, rejected, shown, hidden, revoked, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import duplicates, recipients
from .envelope import ApiError, unprocessable
from .events import announce
from .recipients import Wanted
from .records import Badge, Organization, User
from .store import Store, new_id

OPTIONAL = [
    "middle_name",
    "group",
    "country",
    "country_code",
    "state_or_province",
    "issuer_earner_id",
    "evidence",
    "expires_at",
    "first_name",
    "last_name",
    "recipient_email",
]


@dataclass(slots=True)
class Prepared:
    """A badge that will be created, or the changes to one that stands; nothing has happened yet."""

    badge: Badge
    is_new: bool = True
    changes: dict[str, Any] = field(default_factory=dict)


def prepare(
    store: Store, organization: Organization, values: Mapping[str, Any], ahead: Iterable[Badge] = ()
) -> Prepared:
    """Check one order to issue; raises ApiError 422."""
    wanted = recipients.read_wanted(store, organization, values)
    template = wanted.template
    if not template.allow_duplicate_badges and wanted.duplicate_behavior != "allow":
        twin = duplicates.find(store, template, wanted.recipient_email, wanted.issuer_earner_id, ahead)
        if twin is not None:
            return _replace_data(store, twin, wanted)
    return Prepared(_new_badge(store, organization, wanted))


def commit(store: Store, prepared: Prepared) -> Badge:
    """Do what was prepared."""
    badge = prepared.badge
    if prepared.is_new:
        known = store.user_of(badge.recipient_email) is not None
        store.add_badge(badge)
        announce(store, "badge.created", badge)
        if store.settings.auto_accept == "everyone" or (store.settings.auto_accept == "known_users" and known):
            accept(store, badge, by_earner=False)
    elif prepared.changes:
        _change(store, badge, prepared.changes)
    return badge


def replace(store: Store, organization: Organization, old: Badge, values: Mapping[str, Any]) -> Badge:
    """Put a new badge in the place of one; the earner's acceptance carries over. Raises ApiError 422."""
    if old.replacement is not None:
        message = "Validation failed: This badge cannot be replaced because it has already been replaced."
        raise ApiError(422, message, metadata={"current_badge_id": current(store, old).uuid})
    if old.state == "revoked":
        raise unprocessable(store.settings, "A revoked badge cannot be replaced.")
    carried: dict[str, Any] = {
        "recipient_email": old.recipient_email,
        "issued_to_first_name": old.first_name,
        "issued_to_last_name": old.last_name,
        "locale": old.locale,
    }
    if store.settings.replace_omitted == "keep":
        carried |= {
            "issued_to_middle_name": old.middle_name,
            "issuer_earner_id": old.issuer_earner_id,
            "country_name": old.country,
            "state_or_province": old.state_or_province,
            "evidence": old.evidence,
        }
    sent = {key: value for key, value in values.items() if value is not None and key != "recipient_email"}
    badge = _new_badge(store, organization, recipients.read_wanted(store, organization, carried | sent))
    badge.replaces, badge.state, badge.public = old.uuid, old.state, old.public
    store.add_badge(badge)
    old.replacement, old.updated_at = badge.uuid, store.now()
    if store.settings.replaced_state == "revoked":
        _move(store, old, "revoked")
    announce(store, "badge.created", badge)
    return badge


def revoke(store: Store, badge: Badge, reason: str | None) -> Badge:
    """Take a badge away, saying why; raises ApiError 422."""
    settings = store.settings
    if badge.replacement is not None:
        raise unprocessable(settings, "A replaced badge cannot be revoked.")
    if not reason and settings.revoke_without_reason == "refuse":
        raise unprocessable(settings, "Reason can't be blank", field_name="reason")
    refused = {
        "revoked": settings.revoke_twice,
        "pending": settings.revoke_pending,
        "rejected": settings.revoke_rejected,
    }
    if refused.get(badge.state) == "refuse":
        raise unprocessable(settings, f"A {badge.state} badge cannot be revoked.")
    if badge.state != "revoked":
        badge.revocation_reason = reason
        _move(store, badge, "revoked")
    return badge


def delete(store: Store, badge: Badge) -> None:
    """Erase a badge, as for a privacy request."""
    store.drop_badge(badge)
    announce(store, "badge.deleted", badge)


def accept(store: Store, badge: Badge, *, by_earner: bool = True) -> Badge:
    """The earner takes the badge, which gives them an account if they had none. Raises ApiError 422."""
    allowed = ("pending", "rejected") if store.settings.accept_after_reject == "allow" else ("pending",)
    if by_earner:
        _refuse_unless(store, badge, allowed, "accepted")
    if store.user_of(badge.recipient_email) is None:
        address = badge.recipient_email.casefold()
        store.users[address] = User(new_id(), badge.first_name, badge.last_name, {address})
    return _move(store, badge, "accepted")


def reject(store: Store, badge: Badge) -> Badge:
    """The earner does not want the badge. Raises ApiError 422."""
    _refuse_unless(store, badge, ("pending",), "rejected")
    return _move(store, badge, "rejected")


def toggle_public(store: Store, badge: Badge) -> Badge:
    """The earner shows or hides the badge."""
    badge.public = not badge.public
    badge.updated_at = store.now()
    announce(store, "badge.privacy.changed", badge)
    return badge


def change_email(store: Store, badge: Badge, email: str) -> Badge:
    """Send a badge to another address, as Credly's own site allows until it is claimed. Raises ApiError 422."""
    if badge.state != "pending" and store.settings.email_of_claimed_badge == "refuse":
        raise unprocessable(store.settings, f"The recipient of a badge that is {badge.state} cannot be changed.")
    _change(store, badge, {"recipient_email": recipients.email(store, email)})
    return badge


def current(store: Store, badge: Badge) -> Badge:
    """The badge at the end of a chain of replacements."""
    while badge.replacement is not None and badge.replacement in store.badges:
        badge = store.badges[badge.replacement]
    return badge


def _new_badge(store: Store, organization: Organization, wanted: Wanted) -> Badge:
    now = store.now()
    return Badge(
        uuid=new_id(),
        sequence=store.number(),
        organization=organization,
        template=wanted.template,
        recipient_email=wanted.recipient_email,
        first_name=wanted.first_name,
        middle_name=wanted.middle_name,
        last_name=wanted.last_name,
        issued_at=wanted.issued_at,
        created_at=now,
        updated_at=now,
        issuer_earner_id=wanted.issuer_earner_id,
        locale=wanted.locale,
        expires_at=wanted.expires_at,
        evidence=[{"id": new_id(), **item} for item in wanted.evidence],
        group=wanted.group,
        country=wanted.country,
        country_code=wanted.country_code,
        state_or_province=wanted.state_or_province,
        suppress_notification=wanted.suppress_notification,
    )


def _replace_data(store: Store, twin: Badge, wanted: Wanted) -> Prepared:
    """What ``duplicate_behavior: replace`` does: new data in the old badge, which keeps its issue date.

    An optional field that is left out is removed. The address changes only while the badge is pending and the earner
    id is the same one.
    """
    if wanted.duplicate_behavior != "replace":
        raise unprocessable(store.settings, store.settings.duplicate_message)
    moved = twin.recipient_email.casefold() != wanted.recipient_email.casefold()
    if moved and (twin.state != "pending" or twin.issuer_earner_id != wanted.issuer_earner_id):
        raise unprocessable(store.settings, store.settings.duplicate_message)
    changes = {name: getattr(wanted, name) for name in OPTIONAL if getattr(wanted, name) != getattr(twin, name)}
    if "evidence" in changes:
        if [{**item, "id": None} for item in twin.evidence] == [{**item, "id": None} for item in wanted.evidence]:
            del changes["evidence"]
        else:
            changes["evidence"] = [{"id": new_id(), **item} for item in wanted.evidence]
    return Prepared(twin, is_new=False, changes=changes)


def _change(store: Store, badge: Badge, changes: Mapping[str, Any]) -> None:
    store.unindex(badge)
    for name, value in changes.items():
        setattr(badge, name, value)
    store.index(badge)
    badge.updated_at = store.now()
    if store.settings.event_badge_changed:
        announce(store, store.settings.event_badge_changed, badge)


def _refuse_unless(store: Store, badge: Badge, states: tuple[str, ...], target: str) -> None:
    locked = badge.template.fields.get("lock_badge_state") and store.settings.locked_state == "refuse"
    if badge.state not in states or locked:
        raise unprocessable(store.settings, f"A {badge.state} badge cannot be {target}.")


def _move(store: Store, badge: Badge, state: str) -> Badge:
    badge.state = state
    badge.state_updated_at = badge.updated_at = store.now()
    announce(store, store.settings.event_state_changed, badge)
    return badge
