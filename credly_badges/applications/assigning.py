"""An application is given to one reviewer, for so long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import access, audit
from ..models import ApiKey, Application
from . import telling, turns
from .forms import form_of
from .refusals import Unfit

LONGEST = timedelta(days=3660)


@transaction.atomic
def assign(
    application: Application,
    *,
    to: Any,
    until: datetime | None = None,
    by: AbstractBaseUser | None,
    key: ApiKey | None = None,
) -> Application:
    """Have only this user review an application until then, or let it go where ``to`` is None.

    It is free again by itself. Without ``until`` it is for the days that the badge's form says. Raises Unfit and
    InTheWay.
    """
    row = turns.open_one(application)
    before = _facts(row)
    if to is None:
        row.assigned_to, row.assigned_until = None, None
    else:
        _check(row, to)
        row.assigned_to, row.assigned_until = to, _end(row, until)
    row.save()
    after = _facts(row)
    if before != after:
        audit.record("application.assigned", row, actor=by, before=before, after=after | telling.with_key(key))
    return row


def is_with_somebody(application: Application, now: datetime) -> bool:
    """Whether an application is assigned, and that has not expired."""
    return bool(application.assigned_to_id and application.assigned_until and application.assigned_until > now)


def assigned_now(user_id: int) -> Q:
    """Which applications are this user's to review now."""
    return Q(assigned_to=user_id, assigned_until__gt=timezone.now())


def _check(application: Application, to: Any) -> None:
    if to.pk == application.learner_id:
        raise Unfit(_("Nobody reviews their own application. Assign it to somebody else."), field="to")
    if not to.is_active or not access.of_user(to).may(access.Scope.APPLICATIONS_REVIEW, application.template):
        said = _("This user may not review applications for this badge. Give them the role first, or choose another.")
        raise Unfit(said, field="to")


def _end(application: Application, until: datetime | None) -> datetime:
    now = timezone.now()
    if until is None:
        return now + timedelta(days=form_of(application.template).days_to_review)
    if not now < until <= now + LONGEST:
        raise Unfit(_("“until” has to be a time to come, at most ten years from now."), field="until")
    return until


def _facts(application: Application) -> dict[str, Any]:
    until = application.assigned_until
    return telling.facts(application) | {
        "assigned_to_id": application.assigned_to_id,
        "assigned_until": until.isoformat() if until else None,
    }
