"""What one reviewer finds, criterion by criterion; where enough of them agree, the badge is awarded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit, lms
from ..models import ApiKey, Application, ApplicationCriterion, ApplicationForm, ApplicationReview, ReviewItem
from . import agreement, assigning, deciding, policy, telling, turns
from .refusals import InTheWay, NotAllowed, Unfit

LONGEST_COMMENT = 5_000


@dataclass(frozen=True)
class Finding:
    """What a reviewer found of one criterion, which is named by its ID."""

    criterion: UUID
    satisfied: bool
    comment: str = ""


@dataclass(frozen=True)
class Reviewed:
    """The review as it is kept, the application after it, and whether this was the reviewer's first word on it."""

    review: ApplicationReview
    application: Application
    created: bool


@dataclass(frozen=True)
class Reviewer:
    """Who reviews: a user, or somebody whom another system names in its own words; one counts once."""

    user_id: int | None
    author: str
    counted_as: str


@transaction.atomic
def review(
    application: Application,
    *,
    findings: Sequence[Finding],
    comment: str = "",
    reviewer: Any = None,
    author: str = "",
    key: ApiKey | None = None,
) -> Reviewed:
    """Keep what a reviewer found, in the place of what they found before, and award the badge where enough agree.

    Another system names the ``author``. One who is a user here is counted as that user. While an application is
    assigned to somebody, only they review it. Raises Unfit, NotAllowed and InTheWay; then nothing is kept.
    """
    row = turns.open_one(application)
    who = _who(reviewer, author, key)
    _check_reviewer(row, who)
    form, criteria = _form(row)
    kept, created = _keep(row, who, key)
    found = _found(criteria, findings)
    before = {} if created else _facts(kept)
    wanted = {each.pk: each.required for each in criteria.values()}
    kept.satisfied = policy.is_satisfied(wanted, {each.criterion_id or 0: each.satisfied for each in found})
    kept.comment = _short(comment)
    kept.save()
    kept.items.all().delete()
    for item in found:
        item.review = kept
        item.save(force_insert=True)
    after = _facts(kept) | telling.with_key(key)
    audit.record(
        "application.reviewed" if created else "application.review_changed",
        row,
        actor=reviewer,
        before=before,
        after=after,
    )
    row.save(update_fields=["modified"])
    if form.awards_at_once and agreement.satisfied(row, wanted) >= form.reviews_needed:
        row = deciding.award(row, by=reviewer, key=key, feedback="")
    telling.reviewed(row, kept)
    return Reviewed(kept, row, created)


def counted_as(author: str, key: ApiKey | None) -> str:
    """What tells somebody of whom only another system knows from its others."""
    digest = hashlib.sha256(author.strip().casefold().encode()).hexdigest()
    return f"{f'key:{key.pk}' if key is not None else 'master'}:{digest}"


def _who(reviewer: Any, author: str, key: ApiKey | None) -> Reviewer:
    if reviewer is not None:
        return Reviewer(reviewer.pk, "", f"user:{reviewer.pk}")
    if not author.strip():
        raise Unfit(_("Say in “author” who has reviewed."), field="author")
    if (user := lms.find_learners([author])[author]) is not None:
        return Reviewer(user.id, "", f"user:{user.id}")
    return Reviewer(None, author.strip(), counted_as(author, key))


def _check_reviewer(application: Application, who: Reviewer) -> None:
    if who.user_id == application.learner_id:
        raise NotAllowed(_("Nobody reviews their own application. Somebody else has to."))
    if not assigning.is_with_somebody(application, timezone.now()):
        return
    if who.user_id != application.assigned_to_id:
        said = _("This application is assigned to somebody else. Have it assigned to you, or wait until that expires.")
        raise NotAllowed(said)


def _form(application: Application) -> tuple[ApplicationForm, dict[UUID, ApplicationCriterion]]:
    form = ApplicationForm.objects.select_for_update().filter(template=application.template_id).first()
    if form is None:
        raise InTheWay(_("This badge has no criteria any more. Have them set, then review."))
    criteria = {each.uuid: each for each in form.criteria.select_for_update()}
    if not any(each.required for each in criteria.values()):
        raise InTheWay(_("This badge has no criterion that is required. Have one set, then review."))
    return form, criteria


def _keep(application: Application, who: Reviewer, key: ApiKey | None) -> tuple[ApplicationReview, bool]:
    reviews = application.reviews.select_for_update()
    there = reviews.filter(reviewed_as=who.counted_as).first()
    if there is None:
        row = ApplicationReview(application=application, reviewed_as=who.counted_as)
    elif key is not None and there.api_key_id != key.pk:
        raise NotAllowed(_("This person has reviewed it in another way. Only in that way it is changed."))
    else:
        row = there
    row.reviewer_id, row.author, row.api_key = who.user_id, who.author, key
    return row, there is None


def _found(criteria: Mapping[UUID, ApplicationCriterion], findings: Sequence[Finding]) -> list[ReviewItem]:
    found: dict[int, ReviewItem] = {}
    for each in findings:
        criterion = criteria.get(each.criterion)
        if criterion is None:
            said = _("This badge has no criterion %(id)s. Read the form of the badge for those that it has.")
            raise Unfit(said % {"id": each.criterion}, field="items")
        if criterion.pk in found:
            raise Unfit(_("The criterion %(id)s is answered twice.") % {"id": each.criterion}, field="items")
        found[criterion.pk] = ReviewItem(
            criterion=criterion,
            description=criterion.description,
            required=criterion.required,
            satisfied=each.satisfied,
            comment=_short(each.comment),
        )
    missing = policy.unanswered({each.pk: each.required for each in criteria.values()}, found)
    if missing:
        left = [each for each in criteria.values() if each.pk in missing]
        said = _("Say of each required criterion whether it is satisfied. Missing: %(missing)s.")
        names = "; ".join(f"“{each.description}”" for each in left)
        raise Unfit(said % {"missing": names}, field="items", criteria=[str(each.uuid) for each in left])
    return [found[each.pk] for each in criteria.values() if each.pk in found]


def _short(text: str) -> str:
    if len(text) > LONGEST_COMMENT:
        said = _("A comment is too long: at most %(longest)d characters are taken.")
        raise Unfit(said % {"longest": LONGEST_COMMENT}, field="comment")
    return text


def _facts(kept: ApplicationReview) -> dict[str, Any]:
    """What the audit log keeps of a review: what was found, and not the words."""
    return {
        "review": str(kept.uuid),
        "satisfied": kept.satisfied,
        "criteria": {item.description: item.satisfied for item in kept.items.all()},
    }
