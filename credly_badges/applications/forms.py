"""That learners may apply for a badge, by what rules that is decided, and what reviewers look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from .. import audit
from ..models import ApiKey, ApplicationCriterion, ApplicationForm, BadgeTemplate
from .refusals import Unfit
from .telling import with_key

MOST_CRITERIA = 50
STOPPED = (BadgeTemplate.Status.PAUSED, BadgeTemplate.Status.RETIRED)

TAKING = Q(
    application_form__is_open=True, credly_state=BadgeTemplate.CredlyState.ACTIVE
) & ~Q(status__in=STOPPED)  # fmt: skip
"""Badge templates that learners may apply for now."""


@dataclass(frozen=True)
class Criterion:
    """One thing that reviewers look at; ``id`` is that of the one it takes the place of, None for a new one."""

    description: str
    required: bool = True
    note: str = ""
    id: UUID | None = None


def form_of(template: BadgeTemplate) -> ApplicationForm:
    """A badge's form; where nobody has made one, a closed one that is not stored."""
    return ApplicationForm.objects.filter(template=template).first() or ApplicationForm(template=template)


def why_not_taking(template: BadgeTemplate) -> str:
    """Why nobody can apply for a badge now, or an empty text."""
    if not form_of(template).is_open:
        return _("This badge takes no applications now.")
    if template.status in STOPPED:
        return _("This badge is %(state)s, and takes no applications.") % {"state": template.get_status_display()}
    if template.credly_state != BadgeTemplate.CredlyState.ACTIVE:
        return _("This badge is not published at Credly, so nobody can be awarded it now.")
    return ""


@transaction.atomic
def set_form(
    template: BadgeTemplate,
    *,
    is_open: bool,
    criteria: Sequence[Criterion],
    instructions: str = "",
    reviews_needed: int = 1,
    awards_at_once: bool = True,
    needs_evidence: bool = True,
    days_to_review: int = 14,
    by: AbstractBaseUser | None = None,
    key: ApiKey | None = None,
) -> ApplicationForm:
    """Say how applications for a badge are taken and decided. Raises Unfit.

    A criterion that is sent with its ID stays the same one; those that are left out go. What reviewers found of them
    is kept, in the words that they had then.
    """
    if is_open and not any(each.required for each in criteria):
        raise Unfit(_("Reviewers need something to decide by: add a criterion that is required."), field="criteria")
    if len(criteria) > MOST_CRITERIA:
        said = _("At most %(most)d criteria are taken.") % {"most": MOST_CRITERIA}
        raise Unfit(said, field="criteria")
    # Whoever reviews at this moment holds it as well, so that nobody answers a criterion that just goes.
    form, created = ApplicationForm.objects.select_for_update().get_or_create(template=template)
    before = {} if created else facts(form)
    form.is_open, form.instructions = is_open, instructions
    form.reviews_needed, form.days_to_review = reviews_needed, days_to_review
    form.awards_at_once, form.needs_evidence = awards_at_once, needs_evidence
    form.save()
    _replace(form, criteria)
    note_change(form, before, by=by, key=key)
    return form


def note_change(
    form: ApplicationForm,
    before: dict[str, Any],
    *,
    by: AbstractBaseUser | None,
    key: ApiKey | None = None,
) -> None:
    """Write down what is different now, if anything is."""
    after = facts(form)
    if before != after:
        audit.record("application_form.changed", form, actor=by, before=before, after=after | with_key(key))


def facts(form: ApplicationForm) -> dict[str, Any]:
    """What the audit log keeps of a form."""
    return {
        "template": str(form.template.uuid),
        "is_open": form.is_open,
        "instructions": form.instructions,
        "reviews_needed": form.reviews_needed,
        "awards_at_once": form.awards_at_once,
        "needs_evidence": form.needs_evidence,
        "days_to_review": form.days_to_review,
        "criteria": [
            {"id": str(each.uuid), "description": each.description, "required": each.required, "note": each.note}
            for each in form.criteria.all()
        ],
    }


def _replace(form: ApplicationForm, criteria: Sequence[Criterion]) -> None:
    there = {row.uuid: row for row in form.criteria.select_for_update()}
    wanted = [each.id for each in criteria if each.id is not None]
    if len(set(wanted)) < len(wanted):
        raise Unfit(_("A criterion is named twice. Leave out “id” for a new one."), field="criteria")
    for uuid in wanted:
        if uuid not in there:
            said = _("This badge has no criterion %(id)s. Leave out “id” for a new one.") % {"id": uuid}
            raise Unfit(said, field="criteria")
    form.criteria.exclude(uuid__in=wanted).delete()
    for position, each in enumerate(criteria):
        row = there[each.id] if each.id else ApplicationCriterion(form=form)
        row.position, row.description = position, each.description
        row.required, row.note = each.required, each.note
        row.save()
