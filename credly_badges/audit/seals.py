"""Seal the audit log, and verify the seals: whoever changes what is sealed cannot make a seal that fits.

A seal is a keyed digest of some entries, in the order of their keys, and of the seal before it. The key comes from
Django's ``SECRET_KEY``, which is not in the database. Sealing is a work of its own, so that nothing waits for anything
when an entry is written.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from ..models import AuditEntry, AuditSeal

MARGIN = timedelta(minutes=10)
"""How old entries are when they are sealed: a transaction that has yet to end may have taken an earlier key."""
ENTRIES = 5_000
"""How many entries a seal holds at most."""
AT_ONCE = 1_000
"""How many entries are read into memory at a time."""
# Not the actor, whom retirement takes out of an entry.
SEALED = ("pk", "at", "action", "object_type", "object_id", "object_label", "because", "before", "after")

_SALT = "credly_badges.audit.seals"


class Fault(StrEnum):
    """What is wrong with a seal."""

    SEAL_MISSING = "seal_missing"
    SEAL_CHANGED = "seal_changed"
    KEY_UNKNOWN = "key_unknown"
    ENTRIES_MISSING = "entries_missing"
    ENTRIES_ADDED = "entries_added"
    ENTRIES_CHANGED = "entries_changed"


@dataclass(frozen=True)
class Verified:
    """How a seal stands: its number, the entries it is about, how many are there, and what is wrong, if anything."""

    number: int
    first_entry: int
    last_entry: int
    count: int
    sealed_at: datetime | None = None
    fault: Fault | None = None


def seal(*, until: float | None = None) -> int:
    """Seal every entry that is old enough; how many seals that took. Of several that do so at once, one goes on.

    ``until`` is when to leave the rest to the next time, by the clock of ``time.monotonic``.
    """
    made = 0
    while until is None or time.monotonic() < until:
        newest = AuditSeal.objects.order_by("-number").first()
        last_entry = _end(newest.last_entry if newest else 0)
        if last_entry is None or not _add(newest, last_entry):
            break
        made += 1
    return made


def verify() -> Iterator[Verified]:
    """Every seal, the oldest first, and whether the entries still are what was sealed. Memory does not grow with them.

    Entries after the last seal were not sealed yet. Nor can it be seen that the last seals were taken away together
    with what they sealed, unless somebody has kept the number of one.
    """
    keys = {_mark(key): key for key in _keys()}
    number, last_entry, digest = 0, 0, ""
    for row in AuditSeal.objects.order_by("number").iterator(AT_ONCE):
        if row.number != number + 1:
            yield Verified(number + 1, last_entry + 1, row.first_entry - 1, 0, fault=Fault.SEAL_MISSING)
            # What a seal that is gone was about is not held against the next.
            last_entry, digest = row.first_entry - 1, row.previous
        yield _verified(row, last_entry, digest, keys.get(row.key_mark))
        number, last_entry, digest = row.number, row.last_entry, row.digest


def unsealed() -> int:
    """How many entries came after the last seal."""
    newest = AuditSeal.objects.order_by("-number").first()
    return AuditEntry.objects.filter(pk__gt=newest.last_entry if newest else 0).count()


def _end(after: int) -> int | None:
    """The last entry of the next seal; None where there is nothing to seal yet."""
    keys = AuditEntry.objects.filter(pk__gt=after).order_by("pk").values_list("pk", "at")[:ENTRIES]
    # By the last that is old enough, whatever is before it: keys are given in turn, and one clock may be ahead.
    limit = timezone.now() - MARGIN
    return max((pk for pk, at in keys if at < limit), default=None)


def _add(newest: AuditSeal | None, last_entry: int) -> bool:
    """Write the next seal; False where another process was faster."""
    key = _keys()[0]
    new = AuditSeal(
        number=newest.number + 1 if newest else 1,
        previous=newest.digest if newest else "",
        key_mark=_mark(key),
        last_entry=last_entry,
        sealed_at=timezone.now(),
    )
    found = _read(new, after=newest.last_entry if newest else 0, key=key)
    new.first_entry, new.count, new.digest = found.first_entry, found.count, found.digest
    try:
        with transaction.atomic():
            new.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _verified(row: AuditSeal, after: int, previous: str, key: str | bytes | None) -> Verified:
    if key is None:
        return Verified(row.number, row.first_entry, row.last_entry, row.count, row.sealed_at, Fault.KEY_UNKNOWN)
    found = _read(row, after=after, key=key)
    fits = hmac.compare_digest(found.digest, row.digest)
    fault: Fault | None = None
    if fits and (found.first_entry, found.count, previous) != (row.first_entry, row.count, row.previous):
        fault = Fault.SEAL_CHANGED
    elif not fits and found.count < row.count:
        fault = Fault.ENTRIES_MISSING
    elif not fits and found.count > row.count:
        fault = Fault.ENTRIES_ADDED
    elif not fits:
        fault = Fault.ENTRIES_CHANGED
    return Verified(row.number, row.first_entry, row.last_entry, found.count, row.sealed_at, fault)


@dataclass(frozen=True)
class _Found:
    first_entry: int
    count: int
    digest: str


def _read(row: AuditSeal, *, after: int, key: str | bytes) -> _Found:
    """The digest of the entries ``after`` the seal before, up to this one's last, under this one's own facts."""
    head = [row.number, row.previous, row.last_entry, row.sealed_at.astimezone(UTC).isoformat()]
    digest = salted_hmac(_SALT, _canonical(head), secret=key, algorithm="sha256")
    first, last, count = 0, after, 0
    entries = AuditEntry.objects.filter(pk__lte=row.last_entry).order_by("pk").values_list(*SEALED)
    while piece := list(entries.filter(pk__gt=last)[:AT_ONCE]):
        for pk, at, *rest in piece:
            digest.update(b"\n" + _canonical([pk, at.astimezone(UTC).isoformat(), *rest]))
        first, last, count = first or piece[0][0], piece[-1][0], count + len(piece)
    return _Found(first, count, digest.hexdigest())


def _canonical(values: list[Any]) -> bytes:
    # Databases keep the order of an object's names, or do not.
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


def _keys() -> list[str | bytes]:
    """The site's secret keys, the one in force first."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _mark(key: str | bytes) -> str:
    """What tells keys apart and tells nothing of them."""
    return salted_hmac(f"{_SALT}.key", "", secret=key, algorithm="sha256").hexdigest()[:16]
