"""Saving what a badge asks for: in place while it was never valid, and as a new version from then on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from .. import activation, audit, lint, listening, versions
from ..models import ApiKey, BadgeRequirement, BadgeTemplate
from . import circles, keys, places
from .errors import ChangedMeanwhile, Circle, Inconsistent, NotReviewed, OutsideAvailability, WouldStopAnActiveBadge
from .specs import Groups, GroupSpec, content, fingerprint, plain, requirements_of, specs_of
from .writing import locked, write


@transaction.atomic
def save(
    template: BadgeTemplate,
    groups: Sequence[GroupSpec],
    *,
    by: AbstractBaseUser | None,
    seen: str,
    despite: Collection[str] = (),
    key: ApiKey | None = None,
) -> bool:
    """Make ``groups`` what a badge asks for; whether that changed anything.

    ``seen`` is the fingerprint of the state that was edited. What was never valid is changed in place; what was, stays
    as it is, and a new version is made, in which everything has the keys that it had. Where learners are earning the
    badge the new version is valid at once, and they are judged by it if the badge says so. ``despite`` are the codes
    of what the lint finds and is meant. ``key`` is that of the system which does it, where no person does.

    Raises NotSaved, of which errors.py draws the kinds.
    """
    circles.take_turns(groups)
    template = BadgeTemplate.objects.select_for_update().get(pk=template.pk)
    before = specs_of(locked(template))
    if fingerprint(before) != seen:
        if content(before) == content(keys.as_sent(before, groups)):
            return False  # The same page was sent twice, by a double click or a reload.
        raise ChangedMeanwhile
    wanted = keys.complete(before, groups)
    _refuse(template, before, wanted)
    if wanted == before:
        _write(template, wanted)  # Fields may have changed their type since, and programs their courses.
        return False
    if refused := activation.why_not_edit(template, by):
        raise NotReviewed([refused])
    known = lint.faults(template) if template.is_listening else []
    _change(template, wanted, by)
    if template.is_listening:
        found = lint.errors(lint.faults(template), despite=despite)
        if new := _new(found, known, _only_worded_anew(before, wanted)):
            raise WouldStopAnActiveBadge(new)  # Takes everything back with it.
    audit.record(
        "requirements.changed",
        template,
        actor=by,
        before={"groups": plain(before)},
        after={
            "version": template.version,
            "groups": plain(specs_of(locked(template))),
            **({"api_key": key.prefix} if key is not None else {}),
        },
    )
    return True


def _refuse(template: BadgeTemplate, before: Groups, wanted: Groups) -> None:
    """Raise what can be told before anything is written."""
    if wrong := keys.faults(wanted):
        raise Inconsistent(wrong)
    if way := circles.would_circle(template, wanted):
        raise Circle(way)
    if outside := places.outside(template, before, wanted):
        raise OutsideAvailability(outside)


def _new(found: Sequence[lint.Fault], known: Sequence[lint.Fault], worded_anew: Collection[str]) -> list[lint.Fault]:
    """The faults that were not there before; another description of the same requirement is another sentence only."""
    there = {(fault.code, fault.requirement_key) for fault in known if fault.requirement_key in worded_anew}
    return [fault for fault in found if fault not in known and (fault.code, fault.requirement_key) not in there]


def _only_worded_anew(before: Groups, groups: Groups) -> set[str]:
    """The keys of the requirements that ask for what they asked for, whatever they are called."""
    was, now = (
        {each.key: replace(each, description="") for each in requirements_of(content(state))}
        for state in (before, groups)
    )
    return {key for key, each in now.items() if was.get(key) == each}


def _change(template: BadgeTemplate, groups: Groups, by: AbstractBaseUser | None) -> None:
    """Write it, into a new version where the present one was ever valid."""
    if template.is_listening or template.progress.exists():
        versions.seal(template)  # It may have been valid before versions were kept.
    if was_valid := versions.is_sealed(template, lock=True):
        template.version += 1
        groups = content(groups)  # Rows of their own; keys, and what names them, stay.
    template.requirements_changed_by_id = getattr(by, "pk", None)
    template.save(update_fields=["version", "requirements_changed_by", "modified"])
    _write(template, groups)
    if was_valid and template.is_listening:
        versions.seal(template, by=by)


def _write(template: BadgeTemplate, groups: Groups) -> None:
    write(template, groups)
    listening.write(
        BadgeRequirement.objects.filter(group__template=template, group__version=template.version).order_by("pk")
    )
