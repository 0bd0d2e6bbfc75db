"""How far a learner is, told from the times at which requirements were met."""

from datetime import UTC, datetime, timedelta

import pytest

from credly_badges.progress import GroupStanding, Standing, standing_of
from credly_badges.rules.language import GroupNeeds

START = datetime(2026, 5, 1, tzinfo=UTC)


def day(number):
    return START + timedelta(days=number)


def group(needs, total, *met_on, at_least=1):
    return GroupStanding(needs, at_least, total, [day(number) for number in met_on])


@pytest.mark.parametrize(
    ("groups", "standing"),
    [
        ([], Standing(0, None)),
        ([group(GroupNeeds.ALL, 0)], Standing(0, None)),
        ([group(GroupNeeds.ALL, 2, 1)], Standing(50, None)),
        ([group(GroupNeeds.ALL, 1, 1), group(GroupNeeds.ALL, 1)], Standing(50, None)),
        ([group(GroupNeeds.ALL, 2, 5, 3)], Standing(100, day(5))),
        ([group(GroupNeeds.ANY, 3, 9, 4)], Standing(100, day(4))),
        ([group(GroupNeeds.AT_LEAST, 3, 9, 4, 6, at_least=2)], Standing(100, day(6))),
        ([group(GroupNeeds.AT_LEAST, 3, 9, at_least=2)], Standing(50, None)),
        ([group(GroupNeeds.AT_LEAST, 1, 9, at_least=2)], Standing(50, None)),
        ([group(GroupNeeds.ALL, 1, 2), group(GroupNeeds.ANY, 2, 8, 7)], Standing(100, day(7))),
        ([group(GroupNeeds.ALL, 1000, *range(999))], Standing(99, None)),
    ],
)
def test_a_badge_is_complete_when_its_last_group_is_and_since_then(groups, standing):
    assert standing_of(groups) == standing
