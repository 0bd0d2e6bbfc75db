"""Badges that are earned by badges: whether one would take itself, however many others lie between."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from .. import state
from ..events.catalogue import CATALOGUE, ScopeKind
from ..models import BadgeRequirement, BadgeTemplate, DataRule, RequirementGroup
from .specs import GroupSpec, requirements_of

_PATHS = [path for path, each in state.STATE.items() if each.about == state.BADGE]
"""Where rules look that ask whether the learner holds a badge."""


def would_circle(template: BadgeTemplate, groups: Sequence[GroupSpec]) -> list[str]:
    """The names of the badges on the way round, from this one to itself; empty where ``groups`` would close no circle.

    Penalties count as well: what a badge is taken back by is no way to earn it. "Any badge" names none. Three queries
    where a badge is named at all, however many there are.
    """
    named = set(_named(groups))
    if not named:
        return []
    start = str(template.uuid)
    way = _way(start, {**_takes(template), start: named})
    return _names(way, template) if way else []


def take_turns(groups: Iterable[GroupSpec]) -> None:
    """Where badges are named, wait for whoever else is saving such requirements; called before any lock is taken.

    Two badges that come to take each other at one moment would else both be saved, as neither is seen by the other.
    """
    if any(_named(tuple(groups))):
        BadgeTemplate.objects.select_for_update().order_by("pk").values_list("pk").first()


def _named(groups: Sequence[GroupSpec]) -> Iterator[str]:
    kinds = _kinds()
    for requirement in requirements_of(groups):
        if requirement.event_type in kinds:
            yield from filter(None, requirement.places)
        for rule in requirement.rules:
            if rule.path in _PATHS and rule.about:
                yield rule.about


def _takes(template: BadgeTemplate) -> dict[str, set[str]]:
    """Which badges each of the others takes now."""
    takes: dict[str, set[str]] = defaultdict(set)
    current = RequirementGroup.objects.current().exclude(template=template)
    asked = BadgeRequirement.objects.filter(group__in=current, event_type__in=_kinds()).exclude(scope="")
    for number, scope in asked.order_by().values_list("group__template__uuid", "scope"):
        takes[str(number)].update(scope.splitlines())
    rules = DataRule.objects.filter(requirement__group__in=current, path__in=_PATHS)
    of_rules = rules.exclude(about="").order_by()
    for number, about in of_rules.values_list("requirement__group__template__uuid", "about"):
        takes[str(number)].add(about)
    return takes


def _way(start: str, takes: Mapping[str, Iterable[str]]) -> list[str]:
    """The shortest way from a badge to itself."""
    came_from: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for following in sorted(takes.get(here, ())):
            if following == start:
                return [*_back(here, came_from, start), start]
            if following not in came_from:
                came_from[following] = here
                waiting.append(following)
    return []


def _back(here: str, came_from: Mapping[str, str], start: str) -> list[str]:
    way = [here]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]


def _names(way: Sequence[str], template: BadgeTemplate) -> list[str]:
    names = {str(template.uuid): template.name}
    others = BadgeTemplate.objects.filter(uuid__in=[UUID(number) for number in way if number not in names])
    names |= {str(number): name for number, name in others.values_list("uuid", "name")}
    return [names.get(number, number) for number in way]


def _kinds() -> list[str]:
    return [kind for kind, event in CATALOGUE.items() if event.scope_kind is ScopeKind.BADGE]
