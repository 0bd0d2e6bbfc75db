"""What a sync did, or would do, in words for people and as data for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .plans import Fate, Item, Plan

MOST_NAMES = 10
"""How many templates are named in one sentence before the rest is only counted."""
MOST_SHOWN = 60
"""How many characters of a value a line of the diff shows."""


@dataclass
class Result:
    """What came of applying a plan: ``deactivated`` are names, ``refused`` sentences on rows the database rejected."""

    plan: Plan
    deactivated: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything at Credly was read and everything that was read is stored."""
        return self.plan.is_complete and not self.plan.broken and not self.refused

    def sentences(self) -> list[str]:
        """What a person is told, the most pressing first."""
        return [*self._failures(), *self._changes()]

    def as_data(self) -> dict[str, Any]:
        """The plan's data, with what became of it."""
        return {
            **plan_data(self.plan),
            "ok": self.ok,
            "deactivated": self.deactivated,
            "refused": self.refused,
        }

    def _failures(self) -> Iterator[str]:
        yield from self.plan.problems
        if self.plan.broken:
            yield _("Credly sent templates in a form that cannot be used: %(names)s") % {
                "names": names(self.plan.broken)
            }
        yield from self.refused

    def _changes(self) -> Iterator[str]:
        plan = self.plan
        counts = {fate: len(plan.of(fate)) for fate in Fate}
        if count := counts[Fate.ADDED]:
            yield ngettext(
                "%(count)d template added. It stays inactive until you activate it.",
                "%(count)d templates added. They stay inactive until you activate them.",
                count,
            ) % {"count": count}
        for fate, sentence in (
            (Fate.CHANGED, _("Changed at Credly: %(names)s")),
            (Fate.ARCHIVED, _("Archived at Credly: %(names)s")),
            (Fate.GONE, _("Gone from Credly: %(names)s")),
            (Fate.BACK, _("Back at Credly, and inactive until you activate them again: %(names)s")),
        ):
            if counts[fate]:
                yield sentence % {"names": names([item.name for item in plan.of(fate)])}
        if self.deactivated:
            yield _("Deactivated here, as Credly would refuse to issue them (their requirements stay): %(names)s") % {
                "names": names(self.deactivated)
            }
        if plan.unchanged:
            yield ngettext("%(count)d template unchanged.", "%(count)d templates unchanged.", plan.unchanged) % {
                "count": plan.unchanged
            }
        elif plan.is_complete and not plan.items:
            yield _("The organization has no badge templates at Credly yet.")
        yield from plan.notes


def names(all_of_them: list[str]) -> str:
    """The first few in quotation marks, and how many more there are."""
    shown = ", ".join(f"“{name}”" for name in all_of_them[:MOST_NAMES])
    more = len(all_of_them) - MOST_NAMES
    return _("%(names)s and %(count)d more") % {"names": shown, "count": more} if more > 0 else shown


SIGNS = {Fate.ADDED: "+", Fate.CHANGED: "~", Fate.ARCHIVED: "-", Fate.GONE: "-", Fate.BACK: "+"}


def diff(plan: Plan) -> Iterator[str]:
    """The plan line by line: each template with a sign and its fate, and below it the fields with old and new value."""
    for item in plan.items:
        yield f"{SIGNS[item.fate]} {item.name} ({item.uuid}): {fate_words(item)}"
        for change in item.changes:
            yield f"    {change.field}: {_shown(change.old)} -> {_shown(change.new)}"
        for note in item.notes:
            yield f"    {note}"
    for broken in plan.broken:
        yield f"! {broken}"
    for problem in plan.problems:
        yield f"! {problem}"


def fate_words(item: Item) -> str:
    """What happens to a template, in words."""
    words = {
        Fate.ADDED: _("new, stays inactive"),
        Fate.CHANGED: _("changed"),
        Fate.ARCHIVED: _("archived at Credly"),
        Fate.GONE: _("gone from Credly"),
        Fate.BACK: _("back at Credly, stays inactive"),
    }[item.fate]
    return _("%(words)s, is deactivated") % {"words": words} if item.closes and item.was_active else words


def plan_data(plan: Plan) -> dict[str, Any]:
    """A plan as JSON values."""
    return {
        "organization": str(plan.organization.uuid),
        "name": plan.organization.name,
        "complete": plan.is_complete,
        "unchanged": plan.unchanged,
        **{fate.value: [_item_data(item) for item in plan.of(fate)] for fate in Fate},
        "notes": list(plan.notes),
        "broken": plan.broken,
        "problems": plan.problems,
    }


def _item_data(item: Item) -> dict[str, Any]:
    data: dict[str, Any] = {"uuid": str(item.uuid), "name": item.name}
    if item.closes and item.was_active:
        data["deactivates"] = True
    if item.changes:
        data["changes"] = {change.field: {"old": change.old, "new": change.new} for change in item.changes}
    return data


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"
