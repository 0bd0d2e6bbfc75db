"""What the addresses have in common that ask Credly while the caller waits: no transaction, and Credly's refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from ...credly import errors
from ...sync import authoring
from .errors import ApiError, Conflict, CredlyRefused, Unavailable
from .views import ApiView

USUAL_WAIT = 60.0
"""Seconds after which to come again, where Credly names none."""


class Unsure(Unavailable):
    """Credly may have done it; nobody knows yet."""

    may_have_happened = True


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class OutwardView(ApiView):
    """One address whose methods talk to Credly. None of them runs in a transaction, however long Credly takes."""

    asks_credly = True
    """That what it does may be refused by Credly, for the description of the API."""
    begun_at: datetime | None = None
    """When the same request was made before without an answer; None for a new one."""


@contextmanager
def asking_credly() -> Iterator[None]:
    """What Credly, or the state of its organization, has against it, as a refusal of ours."""
    try:
        yield
    except authoring.CannotAuthor as refusal:
        raise _not_asked(refusal) from None
    except errors.CredlyError as error:
        raise _refusal(error) from None


def _not_asked(refusal: authoring.CannotAuthor) -> ApiError:
    details: dict[str, Any] = {}
    if isinstance(refusal, authoring.NameTaken):
        details = {"badgeId": str(refusal.template.uuid)}
    elif isinstance(refusal, authoring.HasAwards):
        details = {"awards": refusal.count}
    conflict = Conflict(str(refusal), **details)
    conflict.wait = USUAL_WAIT if isinstance(refusal, authoring.Busy) else None
    return conflict


def _refusal(error: errors.CredlyError) -> ApiError:
    said = {"said": error.message}
    if isinstance(error, errors.Unanswered):
        return _later(
            Unsure(
                _(
                    "Credly gave no answer, and may have done it. Send the same again in a minute: what was done is "
                    "not done twice. Otherwise the next sync brings it here."
                )
            )
        )
    if isinstance(error, errors.Throttled):
        wait = error.retry_after
        return _later(Unavailable(_("Credly can be asked later only: %(said)s") % said), wait)
    if isinstance(error, errors.Unavailable):
        return _later(Unavailable(_("Credly cannot be asked now, and nothing was done: %(said)s") % said))
    if isinstance(error, errors.Unauthorized):
        # Another request would meet the same key: that is a state which a person has to change, and not the caller's
        # own key, of which 401 and 403 would tell.
        sentence = _(
            "Credly does not accept the organization's API key for this: %(said)s Give the organization a key that may "
            "write, and delete if that is wanted."
        )
        return Conflict(sentence % said)
    return CredlyRefused(_("Credly refused: %(said)s") % said, said=error.said, status=error.status)


def _later(refusal: Unavailable, wait: float | None = None) -> Unavailable:
    refusal.wait = USUAL_WAIT if wait is None else wait
    return refusal
