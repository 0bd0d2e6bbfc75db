"""The keys by which groups and requirements name one another, and are known again in later versions and in files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from django.utils.translation import gettext as _

from ..models.requirements import new_key
from ..rules.language import GroupNeeds
from .errors import ChangedMeanwhile
from .specs import Groups, GroupSpec, RequirementSpec, RuleSpec, requirements_of

LONGEST_KEY = 50
KEY = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{LONGEST_KEY - 1}}}", re.ASCII)

_Spec = TypeVar("_Spec", GroupSpec, RequirementSpec)


def complete(before: Groups, groups: Sequence[GroupSpec]) -> Groups:
    """The groups with every key and id that they have or need: what has the key of a stored row is that row.

    Raises ChangedMeanwhile where an id is that of no stored row.
    """
    requirements = tuple(requirements_of(before))
    rules = {rule.id for requirement in requirements for rule in requirement.rules}
    mine = _Known(requirements)
    known_groups = _Known(before)
    mine.claim(requirements_of(groups))
    known_groups.claim(groups)
    return tuple(
        replace(
            known_groups.complete(group),
            requirements=tuple(_with_rules(mine.complete(each), mine, rules) for each in group.requirements),
        )
        for group in groups
    )


def as_sent(before: Groups, groups: Sequence[GroupSpec]) -> Groups:
    """What was sent without a key, with the key of what stands in the same place: is it the same thing, sent twice?"""
    keys = {(place, 0): group.key for place, group in enumerate(before)} | {
        (place, inner): each.key
        for place, group in enumerate(before)
        for inner, each in enumerate(group.requirements, 1)
    }
    return tuple(
        replace(
            group,
            key=group.key or keys.get((place, 0), ""),
            requirements=tuple(
                replace(each, key=each.key or keys.get((place, inner), ""))
                for inner, each in enumerate(group.requirements, 1)
            ),
        )
        for place, group in enumerate(groups)
    )


def faults(groups: Groups) -> list[str]:
    """What is wrong with the keys and with what they name, in sentences that say what to do.

    A key that is yet to be chosen is empty.
    """
    return [*_of_keys(groups), *_of_order(groups), *_of_penalties(groups)]


class _Known:
    """The stored rows of one kind, and which of them the specs that are saved have taken."""

    def __init__(self, rows: Sequence[GroupSpec] | Sequence[RequirementSpec]) -> None:
        self.by_id = {row.id: row for row in rows}
        self._by_key = {row.key: row for row in rows}
        self._taken: set[int | None] = set()
        self._keys = set(self._by_key)

    def claim(self, specs: Iterable[GroupSpec] | Iterable[RequirementSpec]) -> None:
        for spec in specs:
            if spec.id is not None and (spec.id not in self.by_id or spec.id in self._taken):
                raise ChangedMeanwhile  # It belongs to no row of this badge any more.
            self._taken |= {spec.id} - {None}
            self._keys.add(spec.key)

    def complete(self, spec: _Spec) -> _Spec:
        if spec.id is not None:
            return replace(spec, key=spec.key or self.by_id[spec.id].key)
        row = self._by_key.get(spec.key)
        if row is not None and row.id not in self._taken:
            self._taken.add(row.id)
            return replace(spec, id=row.id)
        return spec if spec.key else replace(spec, key=self._a_new_key())

    def _a_new_key(self) -> str:
        key = new_key()
        while key in self._keys:
            key = new_key()
        self._keys.add(key)
        return key


def _with_rules(spec: RequirementSpec, known: _Known, ids: set[int | None]) -> RequirementSpec:
    """A requirement whose rules without an id are the stored ones that say the same."""
    if any(rule.id is not None and rule.id not in ids for rule in spec.rules):
        raise ChangedMeanwhile
    row = known.by_id.get(spec.id)
    there = list(row.rules) if isinstance(row, RequirementSpec) else []
    named = {rule.id for rule in spec.rules}
    free = [rule for rule in there if rule.id not in named]
    return replace(spec, rules=tuple(_the_same(rule, free) for rule in spec.rules))


def _the_same(rule: RuleSpec, free: list[RuleSpec]) -> RuleSpec:
    if rule.id is None:
        for each in free:
            if replace(each, id=None) == rule:
                free.remove(each)
                return each
    return rule


def _of_keys(groups: Groups) -> Iterator[str]:
    twice = _("The key “%(key)s” is there more than once. Give each its own, or leave it out for new ones.")
    none = _(
        "“%(key)s” is no key. Use up to 50 letters (a-z), digits, hyphens, dots and underscores, and begin with a "
        "letter or digit."
    )
    for keys in ([group.key for group in groups], [each.key for each in requirements_of(groups)]):
        for key, times in Counter(filter(None, keys)).items():
            if times > 1:
                yield twice % {"key": key}
            if not KEY.fullmatch(key):
                yield none % {"key": key[:100]}


def _of_order(groups: Groups) -> Iterator[str]:
    after = {group.key: group.after for group in groups if group.key}
    missing = _("The group “%(group)s” comes after “%(after)s”, and there is no such group. Name one of: %(keys)s.")
    for group in groups:
        if group.after and group.after not in after:
            yield missing % {
                "group": group.name or group.key,
                "after": group.after[:100],
                "keys": ", ".join(key for key in after if key != group.key),
            }
    circle = _("These groups come after one another in a circle, so none could begin: %(groups)s. Free one of them.")
    names = {group.key: group.name or group.key for group in groups}
    for way in sorted({_circle(after, start) for start in after} - {()}):
        yield circle % {"groups": ", ".join(names[key] for key in way)}


def _circle(after: dict[str, str], start: str) -> tuple[str, ...]:
    """The groups of the circle that one of them lies in, from the first by its key; empty where it lies in none."""
    way = [start]
    while (here := after.get(way[-1], "")) and here not in way:
        way.append(here)
    if here != start:
        return ()
    first = way.index(min(way))
    return (*way[first:], *way[:first])


def _of_penalties(groups: Groups) -> Iterator[str]:
    known = {each.key for group in groups if group.needs != GroupNeeds.UNDO for each in group.requirements}
    for group in groups:
        for each in group.requirements:
            if each.undoes and group.needs != GroupNeeds.UNDO:
                yield _("“%(requirement)s” undoes others, and is in no group of penalties. Move it to one.") % {
                    "requirement": each.description or each.key
                }
            for key in each.undoes:
                if key not in known:
                    yield _(
                        "The penalty “%(penalty)s” undoes “%(key)s”, and there is no such requirement. "
                        "Name the key of one that can be met."
                    ) % {"penalty": each.description or each.key, "key": key[:100]}
