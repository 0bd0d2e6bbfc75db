"""A learner applies for a badge, and may take that back while nobody has decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit, lms, terms
from ..models import ApiKey, Application, ApplicationEvidence, BadgeAward, BadgeTemplate
from . import evidence as showing
from . import telling, turns
from .forms import form_of, why_not_taking
from .refusals import InTheWay, Unfit

LONGEST_STATEMENT = 10_000
MOST_A_DAY = 5
"""How often a learner may apply for one badge in 24 hours: what they sent is kept, also once it is withdrawn."""
DAY = timedelta(hours=24)


def submit(
    template: BadgeTemplate,
    *,
    learner: lms.Learner,
    statement: str = "",
    evidence: Iterable[showing.Piece] = (),
    by: AbstractBaseUser | None = None,
    key: ApiKey | None = None,
) -> Application:
    """Take a learner's application. Raises Unfit and InTheWay.

    Pictures go to their storage first, which may be at another host, so call it outside of a transaction.
    """
    if len(statement) > LONGEST_STATEMENT:
        said = _("The statement is too long: at most %(longest)d characters are taken.")
        raise Unfit(said % {"longest": LONGEST_STATEMENT}, field="statement")
    _check(template, learner)
    rows = showing.checked(evidence)
    if not rows and form_of(template).needs_evidence:
        raise Unfit(_("Show what you did: this badge asks for at least one piece of evidence."), field="evidence")
    showing.keep(rows)
    try:
        return _store(template, learner, statement, rows, by, key)
    except BaseException:
        showing.throw_away(showing.names(rows))
        raise


@transaction.atomic
def withdraw(application: Application, *, by: AbstractBaseUser | None, key: ApiKey | None = None) -> Application:
    """Take an application back. What was sent and found is kept. Raises InTheWay."""
    row = turns.open_one(application)
    before = telling.facts(row)
    row.state, row.open, row.decided_at = Application.State.WITHDRAWN, None, timezone.now()
    row.assigned_to, row.assigned_until = None, None
    row.save()
    after = telling.facts(row) | telling.with_key(key)
    audit.record("application.withdrawn", row, actor=by, before=before, after=after)
    return row


@transaction.atomic
def _store(  # noqa: PLR0917
    template: BadgeTemplate,
    learner: lms.Learner,
    statement: str,
    rows: Sequence[ApplicationEvidence],
    by: AbstractBaseUser | None,
    key: ApiKey | None,
) -> Application:
    earlier = Application.objects.filter(template=template, learner_id=learner.id, open=None)
    try:
        with transaction.atomic():
            application = Application.objects.create(
                template=template,
                learner_id=learner.id,
                statement=statement,
                previous=earlier.filter(state=Application.State.DENIED).order_by("-pk").first(),
            )
    except IntegrityError:
        # Sent twice at one moment.
        raise _is_open_already() from None
    showing.store(application, rows)
    after = telling.facts(application) | {"evidence": [row.kind for row in rows]} | telling.with_key(key)
    audit.record("application.submitted", application, actor=by, after=after)
    telling.submitted(application)
    return application


def _check(template: BadgeTemplate, learner: lms.Learner) -> None:
    if refusal := why_not_taking(template):
        raise InTheWay(refusal)
    if not learner.is_active or not lms.present([learner.id]):
        raise Unfit(_("This learner's account is not active."), field="learner")
    there = Application.objects.filter(template=template, learner_id=learner.id, open=True).first()
    if there is not None:
        raise _is_open_already(applicationId=str(there.uuid))
    now = timezone.now()
    today = Application.objects.filter(template=template, learner_id=learner.id, created__gt=now - DAY)
    if today.count() >= MOST_A_DAY:
        raise InTheWay(_("The learner has applied for this badge very often today. Apply again tomorrow."))
    held = BadgeAward.objects.filter(template=template, learner_id=learner.id, live=True)
    last = held.order_by("-earned_at", "-pk").first()
    if last is None or terms.may_renew(template, last.expires_at, now):
        return
    if terms.occasion(template, now, last.earned_at) is None:
        raise InTheWay(_("The learner holds this badge already, or it is on its way to them."))


def _is_open_already(**details: str) -> InTheWay:
    said = _("The learner has applied for this badge already. Withdraw that first, or wait for the decision.")
    return InTheWay(said, **details)
