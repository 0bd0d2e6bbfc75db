"""Every stored secret encrypted anew with the newest key of the ring, while workers go on reading them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import ExpressionWrapper, F, TextField

from .. import audit
from ..models import CredlyOrganization
from ..models.encryption import Secret, ring

COLUMNS = ("api_key", "retiring_key", "successor_key")


@dataclass(frozen=True)
class Reencrypted:
    """One stored secret: which key of the ring it was encrypted with, 1 being the newest, None if with none of them.

    ``done`` is whether it is encrypted with the newest key now.
    """

    organization: str
    column: str
    position: int | None
    done: bool

    def as_data(self) -> dict[str, Any]:
        """The outcome as JSON values."""
        return asdict(self)


def reencrypt(*, dry_run: bool = False) -> Iterator[Reencrypted]:
    """Encrypt every stored secret with the newest key of the ring. ImproperlyConfigured where there is no ring."""
    ring()
    for organization in CredlyOrganization.objects.order_by("pk"):
        changed = []
        for column in COLUMNS:
            stored: Secret = getattr(organization, column)
            if not stored:
                continue
            position = stored.ring_position
            done = position == 1
            if position not in (None, 1) and not dry_run:
                done = _replace(organization.pk, column, stored)
                changed.append(column)
            yield Reencrypted(str(organization.uuid), column, position, done)
        if changed:
            audit.record("organization.key_reencrypted", organization, after={"columns": changed})


def _replace(pk: int, column: str, stored: Secret) -> bool:
    """Write one secret anew unless it was changed since it was read: whoever did that has encrypted it anew as well."""
    text = ExpressionWrapper(F(column), output_field=TextField())  # The column's own type cannot be compared.
    mine = CredlyOrganization.objects.annotate(stored=text).filter(pk=pk, stored=stored.as_token())
    if mine.update(**{column: Secret(token=stored.as_new_token())}):
        return True
    present: Secret = getattr(CredlyOrganization.objects.only(column).get(pk=pk), column)
    return not present or present.ring_position == 1
