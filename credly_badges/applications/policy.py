"""When reviewers are satisfied, and when enough of them are. Computed from values alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping


def unanswered(wanted: Mapping[int, bool], found: Collection[int]) -> list[int]:
    """Which required criteria a review leaves open. ``wanted`` says of each criterion whether it is required."""
    return [criterion for criterion, required in wanted.items() if required and criterion not in found]


def is_satisfied(wanted: Mapping[int, bool], found: Mapping[int, bool]) -> bool:
    """Whether one reviewer found all required criteria satisfied. Where none is required, nobody is ever satisfied."""
    required = [criterion for criterion, is_required in wanted.items() if is_required]
    return bool(required) and all(found.get(criterion, False) for criterion in required)


def satisfied(wanted: Mapping[int, bool], reviews: Iterable[Mapping[int, bool]]) -> int:
    """How many reviewers found satisfied all that is required now; one review is of one person.

    Who reviewed before a further criterion was required has not looked at that one, and does not count until they do.
    """
    return sum(is_satisfied(wanted, found) for found in reviews)
