"""How many requirements of a group it takes, and how far along a learner is."""

from fractions import Fraction

import pytest

from credly_badges.rules.language import GroupNeeds, GroupStanding, group_is_met, share_met

ANY, AT_LEAST, ALL = GroupNeeds.ANY, GroupNeeds.AT_LEAST, GroupNeeds.ALL


@pytest.mark.parametrize(
    ("needs", "k", "met", "total", "answer"),
    [
        (ANY, None, 0, 3, False),
        (ANY, None, 1, 3, True),
        (ALL, None, 2, 3, False),
        (ALL, None, 3, 3, True),
        (AT_LEAST, 2, 1, 3, False),
        (AT_LEAST, 2, 2, 3, True),
        (AT_LEAST, 2, 3, 3, True),
        (AT_LEAST, 4, 3, 3, False),
        (AT_LEAST, 4, 4, 3, False),
        (AT_LEAST, 0, 0, 3, False),
        (AT_LEAST, None, 3, 3, False),
        (ANY, None, 0, 0, False),
        (ALL, None, 0, 0, False),
        (AT_LEAST, 1, 0, 0, False),
    ],
)
def test_a_group_is_met_when_enough_of_its_requirements_are(needs, k, met, total, answer):
    assert group_is_met(needs, k, met, total) is answer


@pytest.mark.parametrize(
    ("groups", "share"),
    [
        ([], 0),
        ([(ALL, None, 1, 1), (ALL, None, 0, 1)], Fraction(1, 2)),
        ([(ALL, None, 4, 4), (ALL, None, 0, 1)], Fraction(1, 2)),
        ([(ALL, None, 1, 4)], Fraction(1, 4)),
        ([(ANY, None, 1, 4)], 1),
        ([(AT_LEAST, 2, 1, 4)], Fraction(1, 2)),
        ([(AT_LEAST, 2, 4, 4)], 1),
        ([(AT_LEAST, 4, 3, 3)], Fraction(3, 4)),
        ([(ALL, None, 1, 1), (ALL, None, 0, 0)], Fraction(1, 2)),
    ],
)
def test_progress_is_the_average_over_groups(groups, share):
    assert share_met(GroupStanding(*group) for group in groups) == share


@pytest.mark.parametrize("needs", GroupNeeds)
def test_a_group_read_from_a_column_counts_the_same(needs):
    as_stored = str(needs.value)

    assert group_is_met(as_stored, 2, 2, 2)
    assert share_met([(as_stored, 2, 2, 2)]) == 1


def test_a_way_of_counting_that_nobody_knows_is_stopped():
    with pytest.raises(ValueError, match="most"):
        group_is_met("most", 2, 2, 2)
