"""A successor for the key in force: made beside it at Credly, tested, swapped in; the old one goes after an overlap.

Each step is stored before the next one, so that a process that dies loses nothing::

    a name is stored -> Credly makes the key under that name -> the key is stored -> it is tested -> the swap

Whoever rotates next goes on where the one before stopped: a key of the stored name is found in Credly's list.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .. import audit, conf, connections, onboarding
from ..credly import errors
from ..models import CredlyOrganization
from ..models.encryption import Secret
from ..sync.organizations import CANNOT_CONNECT
from . import expiry, life, naming, retirement, successors
from .naming import OVERLAP
from .successors import Attempt, NotRotated, Successor

__all__ = ["OVERLAP", "Rotation", "retire_due", "rotate"]

retire_due = retirement.retire_due

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rotation:
    """What came of it: whether there is a new key (in a dry run: would be), and sentences for a person."""

    done: bool
    sentences: tuple[str, ...]
    retire_at: datetime | None = None

    def as_data(self) -> dict[str, Any]:
        """The outcome as JSON values."""
        return {
            "done": self.done,
            "sentences": list(self.sentences),
            "retire_at": self.retire_at.isoformat() if self.retire_at else None,
        }


def rotate(
    organization: CredlyOrganization,
    *,
    by: AbstractBaseUser | None,
    overlap: timedelta = OVERLAP,
    at_once: bool = False,
    dry_run: bool = False,
) -> Rotation:
    """Put a new key in the place of the one in force, which goes on working for ``overlap``. Not inside a transaction.

    ``at_once`` has Credly do it, which kills the old key at that moment: what is being sent waits until the new one is
    stored, and if the answer is lost a person has to make a key at Credly.
    """
    try:
        attempt = _prepare(organization)
        if dry_run:
            return _foretell(attempt, overlap, at_once=at_once)
        successors.begin(organization)
        try:
            if at_once:
                return _replace(attempt, by)
            return _swap(attempt, successors.tested(attempt, successors.make(attempt)), by, max(overlap, conf.lease()))
        finally:
            successors.end(organization)
    except (NotRotated, *CANNOT_CONNECT) as reason:
        said = str(reason)
    except errors.Unauthorized as error:
        said = _(
            "The key in force cannot make another: %(said)s Make a new key at Credly and enter it on the "
            "organization's page."
        ) % {"said": error.message}
    except errors.CredlyError as error:
        said = _("The key was not rotated, and the one in force stays. %(error)s") % {"error": error}
    log.warning("The key of organization %s was not rotated: %s", organization.uuid, said)
    return Rotation(False, (said,))


def _prepare(organization: CredlyOrganization) -> Attempt:
    """Everything that can be found out without changing anything."""
    organization.refresh_from_db()
    if organization.key_comes_from_settings:
        raise NotRotated(
            _(
                "This key comes from the setting CREDLY_BADGES_API_KEYS, where nothing can be written from here. Make "
                "a new key at Credly, put it where the setting takes it from, and some minutes later delete the old "
                "one at Credly."
            )
        )
    if organization.retiring_token_id and organization.retire_at and organization.retire_at > timezone.now():
        raise NotRotated(
            _("The key was rotated not long ago, and the one before it is kept until %(at)s. Rotate it after that.")
            % {"at": _minute(organization.retire_at)}
        )
    client = connections.connect(organization)
    client.organization()
    attempt = Attempt(organization, client)
    try:
        attempt.tokens = client.tokens()
        attempt.own = life.own_token(attempt.tokens, organization.key)
    except errors.Unauthorized:
        attempt.sentences.append(_("The key in force may not list keys, so the new one may read and write, no more."))
    if attempt.own is not None and not attempt.own.write_enabled:
        raise NotRotated(
            _("The key in force can only read, so it cannot make another. Make one at Credly and enter it.")
        )
    return attempt


def _foretell(attempt: Attempt, overlap: timedelta, *, at_once: bool) -> Rotation:
    said = [
        _("Credly would put a new key in the place of the one in force, which would stop working at that moment.")
        if at_once
        else _(
            "A new key would be made at Credly, tested and put in force. The old one would be kept for %(hours)g hours."
        )
        % {"hours": overlap / timedelta(hours=1)}
    ]
    if attempt.own is None and not at_once:
        said.append(_("The key in force cannot see itself at Credly, so a person would have to delete it there."))
    elif not attempt.may_delete and not at_once:
        said.append(_("The key may not delete, so a person would have to delete the old one at Credly."))
    return Rotation(True, (*attempt.sentences, *said))


def _swap(attempt: Attempt, successor: Successor, by: AbstractBaseUser | None, overlap: timedelta) -> Rotation:
    organization = attempt.organization
    left_behind = retirement.leave_behind(organization)
    retire_at = timezone.now() + overlap
    if not _swapped(attempt, successor, by, retire_at):
        successors.discard(attempt, successor)
        raise NotRotated(_("Another key was entered meanwhile, so that one stays in force."))
    _resume(organization, by)
    said = (
        _("A new key is in force. The old one goes on working until %(at)s; then it is deleted at Credly.")
        if attempt.may_delete
        else _(
            "A new key is in force. It may not delete the old one: delete that at Credly yourself once nothing uses it."
        )
    )
    return Rotation(True, (*attempt.sentences, *left_behind, said % {"at": _minute(retire_at)}), retire_at)


@transaction.atomic
def _swapped(attempt: Attempt, successor: Successor, by: AbstractBaseUser | None, retire_at: datetime) -> bool:
    """Put the new key in force if the old one still is; whether it was."""
    organization, own = attempt.organization, attempt.own
    row = CredlyOrganization.objects.select_for_update().get(pk=organization.pk)
    if not successors.mine(organization).exists() or not life.same(row.api_key, organization.api_key):
        return False
    retiring = naming.retiring(row.api_key, own.id if own else row.key_token_id, retire_at)
    _put_in_force(organization, successor, **retiring)
    audit.record("organization.key_rotated", organization, actor=by, after=_told(successor, retire_at))
    return True


def _replace(attempt: Attempt, by: AbstractBaseUser | None) -> Rotation:
    """Credly's own rotation, for those who ask for it."""
    organization = attempt.organization
    if left := successors.left(attempt):
        successors.discard(attempt, left)
    try:
        successor = Successor.of(attempt.client.rotate_token())
    except (errors.Unanswered, errors.Garbled):
        log.exception("The key of organization %s may be dead, and the new one is not known.", organization.uuid)
        raise NotRotated(
            _(
                "Credly's answer was lost. The old key may be dead and the new one unknown: make one at Credly and "
                "enter it."
            )
        ) from None
    with transaction.atomic():
        CredlyOrganization.objects.select_for_update().get(pk=organization.pk)
        _put_in_force(organization, successor)
        audit.record("organization.key_rotated", organization, actor=by, after=_told(successor, None))
    _resume(organization, by)
    return Rotation(True, (*attempt.sentences, _("A new key is in force, and the old one works no more.")))


def _put_in_force(organization: CredlyOrganization, successor: Successor, **retiring: Any) -> None:
    now = timezone.now()
    life.write(
        organization,
        api_key=successor.key,
        key_entered_at=now,
        key_expires_at=successor.expires_at or now + expiry.LIFE,
        key_expiry_is_known=successor.expires_at is not None,
        key_token_id=successor.id,
        key_warned_days=None,
        key_checked_at=now,
        key_mark=life.mark(organization.uuid, successor.key.reveal()),
        successor_name="",
        successor_key=Secret(),
        successor_begun_at=None,
        **retiring,
    )


def _resume(organization: CredlyOrganization, by: AbstractBaseUser | None) -> None:
    """Messages that were refused with the old key, as it died, go on."""
    if CredlyOrganization.objects.filter(pk=organization.pk, paused=CredlyOrganization.Pause.KEY_REJECTED).exists():
        onboarding.resume(organization, by=by)


def _minute(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def _told(successor: Successor, retire_at: datetime | None) -> dict[str, Any]:
    return {
        "token": str(successor.id or ""),
        "expires_at": successor.expires_at.isoformat() if successor.expires_at else None,
        "old_key_until": retire_at.isoformat() if retire_at else None,
    }
