"""Looking a list through before anything is issued: who is who, who has the badge already, what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit, awards, lms, terms
from ..models import ApiKey, BadgeAward, BadgeTemplate, BulkIssue, BulkRow
from .reading import Given

AT_ONCE = 500
LONGEST_SAID = 500
MOST_WAITING = 100
"""How many lists of one badge may wait to be committed: each may have thousands of rows."""

State = BulkRow.State


@transaction.atomic
def preview(
    template: BadgeTemplate,
    rows: Collection[Given],
    *,
    reason: str = "",
    by: Any = None,
    key: ApiKey | None = None,
) -> BulkIssue:
    """Keep a list with what would come of each row; nothing is issued.

    Takes as many queries for one row as for five hundred. Raises NotGrantable where the badge cannot be issued.
    """
    if refusal := awards.why_not_grantable(template):
        raise awards.NotGrantable(refusal)
    if BulkIssue.objects.filter(template=template, state=BulkIssue.State.PREVIEW).count() >= MOST_WAITING:
        raise awards.NotGrantable(_("Too many lists of this badge wait. Commit or delete some of them first."))
    bulk = BulkIssue.objects.create(
        template=template, reason=reason, requested_by_id=getattr(by, "pk", None), requested_with=key
    )
    BulkRow.objects.bulk_create(_looked_through(bulk, rows, timezone.now()), batch_size=AT_ONCE)
    audit.record("list.previewed", bulk, actor=by, because=reason, after=facts(bulk, key) | {"rows": len(rows)})
    return bulk


@transaction.atomic
def discard(bulk: BulkIssue, *, by: Any = None, key: ApiKey | None = None) -> bool:
    """Remove a list that was only looked through; whether it was that."""
    if not BulkIssue.objects.select_for_update().filter(pk=bulk.pk, state=BulkIssue.State.PREVIEW).exists():
        return False
    audit.record("list.discarded", bulk, actor=by, before=facts(bulk, key))
    bulk.delete()
    return True


def facts(bulk: BulkIssue, key: ApiKey | None = None) -> dict[str, Any]:
    """What the audit log keeps of a list: nobody who is on it."""
    return {"template": str(bulk.template.uuid), "state": bulk.state} | ({"api_key": key.prefix} if key else {})


@dataclass
class _Look:
    """What is known of the learners on a list; a row is looked at after those before it."""

    template: BadgeTemplate
    now: datetime
    standing: dict[int, BadgeAward]
    first: dict[int, int] = field(default_factory=dict)

    def at(self, row: Given, learner: lms.Learner | None) -> tuple[State, str]:
        """What would come of a row, and what there is to say of it."""
        if row.error:
            return State.WRONG, row.error
        if learner is None:
            return State.WRONG, _("Nobody here has this user name or e-mail address, or more than one person has.")
        first = self.first.setdefault(learner.id, row.number)
        if first != row.number:
            return State.WRONG, _("This is the same learner as in row %(row)d.") % {"row": first}
        held, earned_at = self.standing.get(learner.id), row.earned_at or self.now
        if held is None or terms.occasion(self.template, earned_at, held.earned_at) is not None:
            return State.READY, _note(learner)
        if self._is_renewed(held, earned_at):
            return State.READY, _("The learner has this badge, and it is renewed.")
        return State.HELD, _("The learner has this badge already (%(state)s).") % {"state": held.get_state_display()}

    def _is_renewed(self, held: BadgeAward, earned_at: datetime) -> bool:
        at_credly = held.credly_id is not None and held.state in (BadgeAward.State.OFFERED, BadgeAward.State.ACCEPTED)
        is_later = earned_at > held.earned_at
        return at_credly and is_later and terms.may_renew(self.template, held.expires_at, earned_at)


def _looked_through(bulk: BulkIssue, rows: Collection[Given], now: datetime) -> Iterator[BulkRow]:
    found = lms.find_learners(row.entry for row in rows if not row.error)
    look = _Look(bulk.template, now, _standing(bulk.template, {each.id for each in found.values() if each}))
    for row in rows:
        learner = None if row.error else found[row.entry]
        state, said = look.at(row, learner)
        yield BulkRow(
            bulk=bulk,
            number=row.number,
            entry=row.entry,
            learner_id=learner.id if learner else None,
            earned_at=row.earned_at,
            evidence=list(row.evidence),
            state=state,
            said=said[:LONGEST_SAID],
        )


def _note(learner: lms.Learner) -> str:
    notes = []
    try:
        lms.name_of(learner)
    except lms.NoName as missing:
        notes.append(missing.sentence)
    if not learner.is_active:
        notes.append(_("The account is not active yet; the badge is sent once it is."))
    return " ".join(notes)


def _standing(template: BadgeTemplate, learners: Iterable[int]) -> dict[int, BadgeAward]:
    """The last of each learner's awards of this badge that stand."""
    wanted = sorted(learners)
    columns = ("learner_id", "state", "earned_at", "expires_at", "credly_id")
    found: dict[int, BadgeAward] = {}
    for start in range(0, len(wanted), lms.AT_ONCE):
        held = BadgeAward.objects.filter(template=template, live=True, learner__in=wanted[start : start + lms.AT_ONCE])
        found |= {award.learner_id: award for award in held.only(*columns).order_by("earned_at", "pk")}  # type: ignore[misc]
    return found
