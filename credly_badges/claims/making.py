"""Making, changing and closing claim codes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from .. import audit
from ..models import ApiKey, BadgeTemplate, ClaimCode
from . import spelling

KEEP: Any = object()
"""In ``change``: this stays as it is."""


class CannotMake(Exception):
    """A code cannot be so; ``sentence`` says why and what to do, ``field`` which part of it that is about."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


class CodeTaken(CannotMake):
    """There is a code that is spelled like this."""


def make(
    template: BadgeTemplate,
    *,
    by: AbstractBaseUser | None = None,
    key: ApiKey | None = None,
    code: str = "",
    most: int | None = 1,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    email: str = "",
    course: str = "",
    cohort: str = "",
    note: str = "",
) -> ClaimCode:
    """Make a code for a badge; without ``code`` a random one. ``most`` is for how many learners, None for any number.

    Raises CannotMake, and CodeTaken where another code is spelled alike.
    """
    own = " ".join(code.split())
    check(code=own, most=most, starts_at=starts_at, ends_at=ends_at, course=course, cohort=cohort)
    chosen = own or spelling.random_code()
    row = ClaimCode(
        template=template,
        code=chosen,
        digest=spelling.digest_of(chosen),
        note=note,
        most=most,
        starts_at=starts_at,
        ends_at=ends_at,
        email=email,
        course=course,
        cohort=cohort,
        created_by_id=getattr(by, "pk", None),
    )
    try:
        with transaction.atomic():
            row.save()
            audit.record("claim_code.made", row, actor=by, after=facts(row) | with_key(key))
    except IntegrityError:
        if not ClaimCode.objects.filter(digest=row.digest).exists():
            raise
        raise _taken() from None  # Made at the same moment.
    return row


def locked(code: ClaimCode) -> ClaimCode:
    """A code as it is now, which nobody else changes or claims before this transaction ends."""
    row = ClaimCode.objects.select_for_update().get(pk=code.pk)
    row.template = code.template
    return row


@transaction.atomic
def change(
    code: ClaimCode,
    *,
    by: AbstractBaseUser | None = None,
    key: ApiKey | None = None,
    note: str = KEEP,
    ends_at: datetime | None = KEEP,
    most: int | None = KEEP,
) -> ClaimCode:
    """Change what may be changed of a code once it is given out. Raises CannotMake."""
    row = locked(code)
    before, old_note = facts(row), row.note
    row.note = row.note if note is KEEP else note
    row.ends_at = row.ends_at if ends_at is KEEP else ends_at
    row.most = row.most if most is KEEP else most
    check_change(row)
    if facts(row) != before or row.note != old_note:
        row.save(update_fields=["note", "ends_at", "most", "modified"])
        audit.record("claim_code.changed", row, actor=by, before=before, after=facts(row) | with_key(key))
    return row


@transaction.atomic
def close(code: ClaimCode, *, by: AbstractBaseUser | None = None, key: ApiKey | None = None) -> bool:
    """Have a code be of no use any more; whether it was. What was claimed with it stays."""
    now = timezone.now()
    if not ClaimCode.objects.filter(pk=code.pk, closed_at=None).update(closed_at=now, modified=now):
        return False
    code.closed_at = now
    audit.record("claim_code.closed", code, actor=by, before=facts(code), after=with_key(key))
    return True


def facts(code: ClaimCode) -> dict[str, Any]:
    """What the audit log keeps of a code: neither the code nor for whom it is nor what somebody wrote on it."""
    return {
        "template": str(code.template.uuid),
        "most": code.most,
        "starts_at": code.starts_at.isoformat() if code.starts_at else None,
        "ends_at": code.ends_at.isoformat() if code.ends_at else None,
        "for_one_address": bool(code.email),
        "course": code.course,
        "cohort": code.cohort,
    }


def with_key(key: ApiKey | None) -> dict[str, str]:
    """What the audit log adds where another system did it."""
    return {"api_key": key.prefix} if key else {}


def open_at(now: datetime) -> Q:
    """The codes that somebody can claim at a moment, as ClaimCode.is_open has it of one."""
    begun = Q(starts_at=None) | Q(starts_at__lte=now)
    lasting = Q(ends_at=None) | Q(ends_at__gt=now)
    left = Q(most=None) | Q(claimed__lt=F("most"))
    return begun & lasting & left & Q(closed_at=None)


def check(
    *, code: str, most: int | None, starts_at: datetime | None, ends_at: datetime | None, course: str, cohort: str
) -> None:
    """See whether there can be such a code; an empty ``code`` is one that is made up. Raises CannotMake."""
    if code:
        _check_spelling(code)
        if ClaimCode.objects.filter(digest=spelling.digest_of(code)).exists():
            raise _taken()
    _check_most(most, claimed=0)
    _check_times(starts_at, ends_at)
    _check_course(course, cohort)


def check_change(code: ClaimCode) -> None:
    """See whether a code can be as it was changed to be. Raises CannotMake."""
    _check_most(code.most, claimed=code.claimed)
    _check_times(code.starts_at, code.ends_at)


def _check_spelling(code: str) -> None:
    if len(code) > spelling.LONGEST or len(spelling.normalized(code)) < spelling.SHORTEST:
        said = _("A code has to have at least %(shortest)d letters and digits, and at most %(longest)d characters.")
        raise CannotMake("code", said % {"shortest": spelling.SHORTEST, "longest": spelling.LONGEST})
    if not spelling.is_spelled_well(code):
        raise CannotMake("code", _("A code can have letters, digits, dashes, dots, underscores and spaces only."))


def _check_most(most: int | None, *, claimed: int) -> None:
    if most is not None and most < 1:
        raise CannotMake("most", _("At least one learner has to be able to claim it."))
    if most is not None and most < claimed:
        said = _("%(claimed)d learners have claimed it already, so it cannot be for fewer.")
        raise CannotMake("most", said % {"claimed": claimed})


def _check_times(starts_at: datetime | None, ends_at: datetime | None) -> None:
    if starts_at and ends_at and ends_at <= starts_at:
        raise CannotMake("ends_at", _("It has to end after it begins."))


def _check_course(course: str, cohort: str) -> None:
    if cohort and not course:
        raise CannotMake("course", _("Say in which course run the cohort is."))
    if course:
        try:
            CourseKey.from_string(course)
        except InvalidKeyError:
            said = _("“%(course)s” is not the key of a course run. One looks like course-v1:edX+DemoX+2026.")
            raise CannotMake("course", said % {"course": course}) from None


def _taken() -> CodeTaken:
    return CodeTaken("code", _("This code cannot be used, as there is one like it. Choose another one."))
