"""From when a key is entered: what Credly says of it, when it ends, and what happens once it works again."""

from __future__ import annotations

import hmac
import logging
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit, connections, onboarding
from ..conf.given_keys import KeyNotFetched
from ..credly import errors, wire
from ..models import CredlyOrganization
from ..models.encryption import Secret, UndecryptableSecret
from ..sync import organizations
from . import expiry, naming

log = logging.getLogger(__name__)

CHECK_EVERY = timedelta(days=1)

Pause = CredlyOrganization.Pause


@dataclass(frozen=True)
class Found:
    """What Credly says of a key: whether it works, and its entry in the list of tokens if the key may see that.

    ``earlier`` is the entry of the key before it, where there is one.
    """

    answer: organizations.Check
    token: wire.Token | None = None
    earlier: wire.Token | None = None

    @property
    def can_only_read(self) -> bool:
        """Whether nothing can be issued with the key. Unknown counts as no: the first badge will tell."""
        return self.token is not None and not self.token.write_enabled

    def permissions(self) -> str:
        """What the key may do, as a sentence."""
        if self.token is None:
            return _("Credly does not show this key what it may do, so whether it may write is not known.")
        if not self.token.write_enabled:
            return _("This key can only read, so no badge can be issued with it. Make one at Credly that may write.")
        if not self.token.delete_enabled:
            return _("It may read and write, but not delete: neither badges nor, once they are replaced, keys.")
        return _("It may read, write and delete.")


def look(organization: CredlyOrganization, *, earlier: Secret | None = None) -> Found:
    """Ask Credly about the key in force. Saves nothing and never raises; an unsaved organization will do."""
    answer = organizations.check(organization)
    if not answer.ok:
        return Found(answer)
    try:
        tokens = connections.connect(organization).tokens()
    except (*organizations.CANNOT_CONNECT, errors.CredlyError) as error:
        # Many keys may not list keys. The kind is all that is logged: a list of keys was asked for.
        log.info("Organization %s: its key cannot list keys (%s).", organization.uuid, type(error).__name__)
        return Found(answer)
    return Found(answer, own_token(tokens, organization.key), own_token(tokens, earlier or Secret()))


def own_token(tokens: Iterable[wire.Token], key: Secret) -> wire.Token | None:
    """The entry of a key in the list that shows every key."""
    plain = _plain(key).encode()
    # All are compared, and each in the same time, so that nothing can be read from how long it takes.
    same = [token for token in tokens if hmac.compare_digest(token.value.encode(), plain) and plain]
    return same[0] if same else None


def check(organization: CredlyOrganization, *, by: AbstractBaseUser | None = None) -> Found:
    """Ask Credly about the key in force and write down what it says; a key that works ends the pause for one that
    did not. Not for inside a transaction.
    """
    organization.fetch_key_anew()
    found = look(organization)
    if found.answer.ok:
        onboarding.accept(organization, found.answer, by=by)
    note(organization, found)
    return found


def entered(organization: CredlyOrganization, by: AbstractBaseUser | None, *, found: Found | None = None) -> bool:
    """Put in force the key that somebody has entered, which is the organization's ``api_key`` in memory.

    ``found`` is what Credly said of it; without it Credly is asked, so not inside a transaction then. Returns whether
    the key before it will be deleted at Credly: only one that this plugin made, for a person's may serve others too.
    """
    if found is None:
        row = CredlyOrganization.objects.get(pk=organization.pk)
        found = look(organization, earlier=row.api_key)
    retires = _succeed(organization, found)
    if found.answer.ok:
        onboarding.accept(organization, found.answer, by=by)
    note(organization, found)
    return retires


@transaction.atomic
def _succeed(organization: CredlyOrganization, found: Found) -> bool:
    row = CredlyOrganization.objects.select_for_update().get(pk=organization.pk)
    changes: dict[str, Any] = {
        "api_key": organization.api_key,
        "key_entered_at": timezone.now(),
        "key_expires_at": None,
        "key_expiry_is_known": False,
        "key_token_id": None,
        "key_warned_days": None,
    }
    earlier = found.earlier
    another = not same(row.api_key, organization.api_key)
    retires = earlier is not None and another and naming.is_ours(earlier.description) and not row.retiring_key
    if retires and earlier is not None:
        changes |= naming.retiring(row.api_key, earlier.id, timezone.now() + naming.OVERLAP)
    write(organization, **changes)
    return retires


@transaction.atomic
def note(organization: CredlyOrganization, found: Found) -> None:
    """Write down what Credly said of a key, unless another one was stored meanwhile."""
    if not found.answer.ok and not found.answer.wrong:
        return  # Credly could not be asked.
    row = CredlyOrganization.objects.select_for_update().get(pk=organization.pk)
    if not same(row.api_key, organization.api_key):
        return
    now, present = timezone.now(), mark_of(organization)
    changes: dict[str, Any] = {"key_mark": present, "key_checked_at": now}
    if found.answer.ok:
        changes |= _life(row, found, now, is_new=bool(row.key_mark) and row.key_mark != present)
    write(organization, **changes)
    # Neither is enough by itself: the date may be a guess, and a passing refusal is for a delivery to judge.
    is_over = row.key_expires_at is not None and row.key_expires_at <= now
    if is_over and not found.answer.ok and found.answer.wrong == "api_key":
        onboarding.hold(organization, because=found.answer.sentence)


def _life(row: CredlyOrganization, found: Found, now: datetime, *, is_new: bool) -> dict[str, Any]:
    token = found.token
    entered_at = row.key_entered_at
    if entered_at is None or (is_new and row.key_checked_at is not None and entered_at <= row.key_checked_at):
        entered_at = token.created_at if token else now  # It came in force without a word to us.
    if token:
        expires_at, is_known = token.expires_at, True
    elif row.key_expiry_is_known and not is_new:
        expires_at, is_known = row.key_expires_at, True  # Credly named it when it made the key, or while it listed it.
    else:
        expires_at, is_known = entered_at + expiry.LIFE, False
    return {
        "key_entered_at": entered_at,
        "key_expires_at": expires_at,
        "key_expiry_is_known": is_known,
        "key_token_id": token.id if token else None if is_new else row.key_token_id,
        "key_warned_days": row.key_warned_days if expires_at == row.key_expires_at else None,
    }


def check_all(*, until: float = math.inf) -> int:
    """The daily look at every key, and at once at one that has changed in the settings; how many were looked at.

    It is how an organization whose key was rejected goes on by itself once its key works. Logs what expires soon. What
    is not begun by ``until``, a time of the monotonic clock, is left for the next round.
    """
    looked_at = 0
    for organization in CredlyOrganization.objects.order_by("pk"):
        if time.monotonic() >= until:
            log.warning("Not every key could be looked at in this round.")
            break
        present, before = mark_of(organization), organization.key_checked_at
        claimed = _claim(organization, present) if present else None
        if claimed is None:
            continue
        looked_at += 1
        if organization.key_mark not in ("", present) and organization.key_comes_from_settings:
            audit.record("organization.key_changed", organization, because=_("The settings give another key."))
        answer = check(organization).answer
        if not answer.ok and not answer.wrong:
            # Credly could not be asked, so it is for the next round, and not for tomorrow's.
            mine = CredlyOrganization.objects.filter(pk=organization.pk, key_checked_at=claimed)
            mine.update(key_checked_at=before)
    expiry.log_new(timezone.now())
    expiry.tell_of_api_keys(timezone.now())
    return looked_at


def _claim(organization: CredlyOrganization, present: str) -> datetime | None:
    """The time of this look at a key, if one is due and this process is the one to take it."""
    now = timezone.now()
    due = Q(key_checked_at__isnull=True) | Q(key_checked_at__lte=now - CHECK_EVERY) | ~Q(key_mark=present)
    mine = CredlyOrganization.objects.filter(due, pk=organization.pk, key_checked_at=organization.key_checked_at)
    return now if mine.update(key_checked_at=now) else None


def mark_of(organization: CredlyOrganization) -> str:
    """A one-way mark of the key in force, the same for the same key; "" where there is none that could be read."""
    return mark(organization.uuid, _plain(organization.key))


def mark(organization_id: UUID, plain: str) -> str:
    """A one-way mark of a key. Credly's keys are long and random, so nobody finds one by trying."""
    return hmac.new(organization_id.bytes, plain.encode(), "sha256").hexdigest() if plain else ""


def write(organization: CredlyOrganization, **changes: Any) -> None:
    """Store some columns, and have the row in memory say the same."""
    for name, value in changes.items():
        setattr(organization, name, value)
    organization.save(update_fields=[*changes, "modified"])


def same(one: Secret | str, other: Secret | str) -> bool:
    return hmac.compare_digest(_plain(one).encode(), _plain(other).encode())


def _plain(key: Secret | str) -> str:
    try:
        return key.reveal() if isinstance(key, Secret) else key
    except (UndecryptableSecret, KeyNotFetched):
        return ""
