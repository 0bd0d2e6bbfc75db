"""The life of a badge here, from a draft to a badge that learners earn and back: who may move it, and what hinders."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit, conf, lint, listening, progress, subscribers, versions
from ..events import replay as replays
from ..models import ApiKey, BadgeRequirement, BadgeTemplate

Status = BadgeTemplate.Status

SUBMIT, APPROVE = "submit_badgetemplate", "approve_badgetemplate"
ACTIVATE, PAUSE = "activate_badgetemplate", "pause_badgetemplate"

TRANSITIONS: Mapping[tuple[str, str], tuple[str, ...]] = {
    (Status.DRAFT, Status.REVIEW): (SUBMIT,),
    (Status.DRAFT, Status.SHADOW): (ACTIVATE,),
    (Status.DRAFT, Status.ACTIVE): (ACTIVATE,),
    (Status.REVIEW, Status.SHADOW): (APPROVE,),
    (Status.REVIEW, Status.ACTIVE): (APPROVE,),
    (Status.REVIEW, Status.DRAFT): (APPROVE, SUBMIT),
    (Status.SHADOW, Status.ACTIVE): (ACTIVATE, APPROVE),
    (Status.SHADOW, Status.PAUSED): (PAUSE,),
    (Status.ACTIVE, Status.PAUSED): (PAUSE,),
    (Status.PAUSED, Status.SHADOW): (PAUSE,),
    (Status.PAUSED, Status.ACTIVE): (PAUSE,),
    (Status.SHADOW, Status.RETIRED): (ACTIVATE,),
    (Status.ACTIVE, Status.RETIRED): (ACTIVATE,),
    (Status.PAUSED, Status.RETIRED): (ACTIVATE,),
    (Status.RETIRED, Status.DRAFT): (ACTIVATE,),
    (Status.RETIRED, Status.SHADOW): (ACTIVATE,),
    (Status.RETIRED, Status.ACTIVE): (ACTIVATE,),
}
"""From where a badge may go to where, and the permissions, any one of which is enough for it."""

ACTIONS = {
    (Status.REVIEW, Status.DRAFT): "template.returned",
    (Status.RETIRED, Status.DRAFT): "template.reopened",
    (Status.PAUSED, Status.ACTIVE): "template.resumed",
    (Status.PAUSED, Status.SHADOW): "template.resumed",
    Status.REVIEW: "template.submitted",
    Status.SHADOW: "template.shadowed",
    Status.ACTIVE: "template.activated",
    Status.PAUSED: "template.paused",
    Status.RETIRED: "template.deactivated",
}
"""What the audit log calls a move: by where from and where to, or by where to alone."""

RUNNING = (Status.ACTIVE, Status.SHADOW)


class CannotMove(Exception):
    """Something stands in the way of moving a badge; ``reasons`` are sentences that say what to do."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


CannotActivate = CannotMove


def move(
    template: BadgeTemplate,
    to: str,
    *,
    by: AbstractBaseUser | None,
    because: str = "",
    despite: Collection[str] = (),
    replay: bool = False,
    key: ApiKey | None = None,
) -> None:
    """Move a badge to another status, and do what comes with it. Raises CannotMove; does nothing where it is there.

    Whether ``by`` (None is the system) has the permission is for the door to ask, with :func:`may_move`. ``despite``
    are the codes of faults that are meant. ``replay`` holds against a badge that was paused what happened meanwhile.
    ``key`` is that of the system which does it, where no person does.
    """
    with transaction.atomic():
        row = BadgeTemplate.objects.select_for_update().get(pk=template.pk)
        if row.status != to:
            if reasons := reasons_not_to_move(row, to, by=by, because=because, despite=despite):
                raise CannotMove(reasons)
            _move(row, to, by=by, because=because, despite=despite, replay=replay, key=key)
    template.refresh_from_db()


def activate(template: BadgeTemplate, *, by: AbstractBaseUser | None, despite: Collection[str] = ()) -> None:
    """Let learners earn a badge from now on. Raises CannotMove; does nothing where it is active already."""
    move(template, Status.ACTIVE, by=by, despite=despite)


def deactivate(template: BadgeTemplate, *, by: AbstractBaseUser | None, because: str = "") -> None:
    """Let nobody earn a badge any more. Badges that were awarded stay; so do requirements and progress."""
    if template.is_listening:
        move(template, Status.RETIRED, by=by, because=because)


def may_move(user: Any, template: BadgeTemplate, to: str) -> bool:
    """Whether somebody has the permission to move a badge there, whatever else stands in the way."""
    wanted = TRANSITIONS.get((template.status, to), ())
    return any(user.has_perm(f"credly_badges.{permission}") for permission in wanted)


def why_not_edit(template: BadgeTemplate, by: Any | None) -> str:
    """Why somebody may not change what a badge asks for; empty where they may.

    Of a badge that learners earn, a change is valid at once: where reviews are required, it takes who may approve it.
    """
    if by is None or not template.is_listening or not conf.review_required():
        return ""
    if by.has_perm(f"credly_badges.{APPROVE}"):
        return ""
    return _(
        "On this site somebody reviews what a badge asks for, and of this badge a change would be valid at once. Have "
        "somebody change it who may approve badges; or deactivate it, make it a draft, and submit it again."
    )


def resumes_as(template: BadgeTemplate) -> str:
    """What a paused badge is once it is resumed: what it was before."""
    return Status.SHADOW if template.paused_from == Status.SHADOW else Status.ACTIVE


def reasons_not_to_activate(template: BadgeTemplate, *, despite: Collection[str] = ()) -> list[str]:
    """What is wrong with the badge itself, as sentences that say what to do; empty where nothing is."""
    return [fault.sentence for fault in lint.errors(lint.faults(template), despite=despite)]


def reasons_not_to_move(
    template: BadgeTemplate,
    to: str,
    *,
    by: AbstractBaseUser | None,
    because: str = "",
    despite: Collection[str] = (),
    faults: Sequence[lint.Fault] | None = None,
) -> list[str]:
    """What stands in the way of moving a badge there; empty where nothing does.

    ``faults`` are what the lint finds, for those who have asked it already.
    """
    if (template.status, to) not in TRANSITIONS:
        said = _("A badge that is %(from)s cannot become: %(to)s.")
        return [said % {"from": template.get_status_display(), "to": Status(to).label}]
    reasons = list(_of_the_way(template, to, by, because))
    if to in (*RUNNING, Status.REVIEW):
        # What somebody meant when the badge began is not asked again when it goes on after a pause.
        meant = lint.CAN_BE_MEANT if template.status == Status.PAUSED else despite
        found = lint.faults(template) if faults is None else faults
        reasons += [fault.sentence for fault in lint.errors(found, despite=meant)]
    return reasons


def _of_the_way(template: BadgeTemplate, to: str, by: AbstractBaseUser | None, because: str) -> Iterator[str]:
    comes_alive = to in RUNNING and template.status != Status.PAUSED
    if comes_alive and template.status in (Status.DRAFT, Status.RETIRED) and conf.review_required():
        yield _("On this site somebody reviews a badge before learners can earn it. Submit it for review.")
    if comes_alive and by is not None and conf.separate_approver() and by.pk in _authors(template):
        yield _("Somebody else has to do this, as you submitted the badge or changed its requirements last.")
    if template.status == Status.PAUSED and to in RUNNING and to != resumes_as(template):
        said = _("It was paused while it was %(status)s. Resume it as that first.")
        yield said % {"status": Status(resumes_as(template)).label}
    if template.status == Status.PAUSED and to == Status.ACTIVE and _is_at_its_limit(template):
        yield _(
            "It has come to the most badges that may be awarded, so it would be paused again at once. Raise the limit "
            "in its terms, or wait until the hour is over."
        )
    if (template.status, to) == (Status.REVIEW, Status.DRAFT) and by is not None and not because.strip():
        yield _("Say why it is sent back, so that whoever submitted it knows what to mend.")


@transaction.atomic
def _is_at_its_limit(template: BadgeTemplate) -> bool:
    return bool(progress.limits.reached(template))


def _authors(template: BadgeTemplate) -> set[int]:
    return {pk for pk in (template.submitted_by_id, template.requirements_changed_by_id) if pk is not None}


def _move(
    row: BadgeTemplate,
    to: str,
    *,
    by: AbstractBaseUser | None,
    because: str,
    despite: Collection[str],
    replay: bool,
    key: ApiKey | None,
) -> None:
    was, since, row.status = row.status, row.activation_changed_at, to
    row.activation_changed_at = timezone.now()
    row.activation_changed_by_id = getattr(by, "pk", None)
    row.deactivated_because = "" if to in RUNNING else because[:255]
    was_recorded_only = Status.SHADOW in (was, row.paused_from)
    row.paused_from = was if to == Status.PAUSED else ""
    if to in (Status.REVIEW, Status.DRAFT):
        row.submitted_by_id = getattr(by, "pk", None) if to == Status.REVIEW else None
    row.save(
        update_fields=[
            "status", "activation_changed_at", "activation_changed_by", "deactivated_because", "submitted_by",
            "paused_from", "modified",
        ]
    )  # fmt: skip
    meant = sorted(lint.CAN_BE_MEANT.intersection(despite))
    after: dict[str, Any] = {"status": to, "despite": meant} if meant else {"status": to}
    if key is not None:
        after["api_key"] = key.prefix
    action = ACTIONS.get((was, to)) or ACTIONS[Status(to)]
    audit.record(action, row, actor=by, because=because, before={"status": was}, after=after)
    subscribers.tell_of_templates([(row, {"status"})])
    if to == Status.RETIRED and was_recorded_only:
        progress.leave_withheld(row)
    if to in RUNNING:
        _run(row, was, by=by, replay_since=since if replay and was == Status.PAUSED else None)


def _run(row: BadgeTemplate, was: str, *, by: AbstractBaseUser | None, replay_since: datetime | None) -> None:
    """What comes with a badge against which events are held from now on."""
    versions.seal(row, by=by)
    # A program may have other courses than when the requirements were saved.
    listening.write(BadgeRequirement.objects.filter(group__in=row.groups.current()))
    if was in (Status.SHADOW, Status.PAUSED) and row.is_active:
        progress.release_withheld(row)
    if replay_since is not None:
        replays.begin(row, by, replay_since)
