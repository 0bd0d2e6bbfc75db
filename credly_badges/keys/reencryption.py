"""Every stored secret encrypted anew with the newest key of the ring, while workers go on reading them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import ExpressionWrapper, F, TextField

from .. import audit
from ..models import ApiKey, CredlyOrganization, Subscriber
from ..models.encryption import Secret, ring

COLUMNS: Mapping[type[Any], tuple[str, ...]] = {
    CredlyOrganization: ("api_key", "retiring_key", "successor_key"),
    ApiKey: ("secret",),
    Subscriber: ("secret", "previous_secret"),
}
"""Every column that is encrypted; a test holds it against the models."""
ACTIONS: Mapping[type[Any], str] = {
    CredlyOrganization: "organization.key_reencrypted",
    ApiKey: "api_key.reencrypted",
    Subscriber: "subscriber.reencrypted",
}


@dataclass(frozen=True)
class Reencrypted:
    """One stored secret: which key of the ring it was encrypted with, 1 being the newest, None if with none of them.

    ``id`` is the UUID of what ``kind`` it is of; ``done`` is whether it is encrypted with the newest key now.
    """

    kind: str
    id: str
    column: str
    position: int | None
    done: bool

    def as_data(self) -> dict[str, Any]:
        """The outcome as JSON values."""
        return asdict(self)


def reencrypt(*, dry_run: bool = False) -> Iterator[Reencrypted]:
    """Encrypt every stored secret with the newest key of the ring. ImproperlyConfigured where there is no ring."""
    ring()
    for model, columns in COLUMNS.items():
        for row in model.objects.order_by("pk"):
            yield from _reencrypt(row, columns, dry_run=dry_run)


def _reencrypt(row: Any, columns: Iterable[str], *, dry_run: bool) -> Iterator[Reencrypted]:
    changed = []
    for column in columns:
        stored: Secret = getattr(row, column)
        if not stored:
            continue
        position = stored.ring_position
        done = position == 1
        if position not in (None, 1) and not dry_run:
            done = _replace(row, column, stored)
            changed.append(column)
        yield Reencrypted(str(row._meta.model_name), str(row.uuid), column, position, done)
    if changed:
        audit.record(ACTIONS[type(row)], row, after={"columns": changed})


def _replace(row: Any, column: str, stored: Secret) -> bool:
    """Write one secret anew unless it was changed since it was read: whoever did that has encrypted it anew as well."""
    rows = type(row).objects
    text = ExpressionWrapper(F(column), output_field=TextField())  # The column's own type cannot be compared.
    mine = rows.annotate(stored=text).filter(pk=row.pk, stored=stored.as_token())
    if mine.update(**{column: Secret(token=stored.as_new_token())}):
        return True
    present: Secret = getattr(rows.only(column).get(pk=row.pk), column)
    return not present or present.ring_position == 1
