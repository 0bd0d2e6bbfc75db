"""How far a learner is, told from what was met, what was undone, and when."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credly_badges.rules.criteria import Criteria, Distinct, Group, Requirement
from credly_badges.rules.language import GroupNeeds
from credly_badges.rules.standing import Met, standing

START = datetime(2026, 5, 1, tzinfo=UTC)
ANY, ALL, AT_LEAST, UNDO = GroupNeeds.ANY, GroupNeeds.ALL, GroupNeeds.AT_LEAST, GroupNeeds.UNDO
KIND = "org.openedx.learning.course.passing.status.updated.v1"
quick = settings(max_examples=60, deadline=None)


def day(number):
    return START + timedelta(days=number)


def requirement(number, **columns):
    return Requirement(id=number, key=f"r{number}", event_type=KIND, **columns)


def group(number, needs, *requirements, **columns):
    return Group(number, f"g{number}", needs, requirements=requirements, **columns)


def met(number, on, subject="course-v1:edX+A+1", course=""):
    return Met(number, subject, day(on), course or subject)


def simple(needs, total, *met_on, at_least=1, first=1):
    """A group of so many requirements, of which the first were met on these days."""
    rows = [requirement(first + number) for number in range(total)]
    facts = [met(row.id, on) for row, on in zip(rows, met_on, strict=False)]
    return group(first, needs, *rows, at_least=at_least), facts


@pytest.mark.parametrize(
    ("groups", "percent", "completed_on"),
    [
        ([], 0, None),
        ([simple(ALL, 0)], 0, None),
        ([simple(ALL, 2, 1)], 50, None),
        ([simple(ALL, 1, 1), simple(ALL, 1, first=10)], 50, None),
        ([simple(ALL, 2, 5, 3)], 100, 5),
        ([simple(ANY, 3, 9, 4)], 100, 4),
        ([simple(AT_LEAST, 3, 9, 4, 6, at_least=2)], 100, 6),
        ([simple(AT_LEAST, 3, 9, at_least=2)], 50, None),
        ([simple(AT_LEAST, 1, 9, at_least=2)], 50, None),
        ([simple(AT_LEAST, 3, 9, 4, 6, at_least=0)], 0, None),
        ([simple(ALL, 1, 2), simple(ANY, 2, 8, 7, first=10)], 100, 7),
        ([simple(ALL, 4, 1, 1, 1, 1), simple(ALL, 1, first=10)], 50, None),
        ([simple(ALL, 200, *range(199))], 99, None),
    ],
)
def test_a_badge_is_complete_when_its_last_group_is_and_since_then(groups, percent, completed_on):
    criteria = Criteria(tuple(each for each, _facts in groups))

    where = standing(criteria, [fact for _group, facts in groups for fact in facts])

    assert where.percent == percent
    assert where.completed_at == (None if completed_on is None else day(completed_on))


A1, A2, B1 = ("course-v1:edX+A+1", "edX+A"), ("course-v1:edX+A+2", "edX+A"), ("course-v1:edX+B+1", "edX+B")


@pytest.mark.parametrize(
    ("columns", "met_in", "share", "met_on"),
    [
        ({"times": 2}, [A1, A2], Fraction(1, 2), None),
        ({"times": 2}, [A1, A2, B1], 1, 3),
        ({"times": 2, "distinct": Distinct.SUBJECT}, [A1, A2], 1, 2),
        ({"times": 3}, [A1, B1], Fraction(2, 3), None),
        ({"times": None, "every": frozenset({"edX+A", "edX+B"})}, [A1, A2], Fraction(1, 2), None),
        ({"times": None, "every": frozenset({"edX+A", "edX+B"})}, [A1, A2, B1], 1, 3),
        ({"times": None, "every": frozenset({"edX+A", "edX+C"})}, [A1, B1], Fraction(1, 2), None),
        ({"times": None}, [A1], 0, None),
        ({"times": 0}, [A1], 0, None),
    ],
)
def test_what_is_counted_of_one_requirement(columns, met_in, share, met_on):
    asked = requirement(1, **columns)
    facts = [Met(1, subject, day(number), course) for number, (subject, course) in enumerate(met_in, 1)]

    (of_group,) = standing(Criteria((group(1, ALL, asked),)), facts).groups

    (one,) = of_group.requirements
    assert (one.share, one.met_at) == (share, None if met_on is None else day(met_on))


def test_points_count_towards_the_number_that_is_needed():
    rows = [requirement(number, weight=weight) for number, weight in ((1, 1), (2, 1), (3, 3))]
    criteria = Criteria((group(1, AT_LEAST, *rows, at_least=4),))

    assert standing(criteria, [met(1, 1), met(2, 2)]).percent == 50
    assert standing(criteria, [met(3, 1)]).percent == 75
    assert standing(criteria, [met(1, 2), met(3, 1)]).completed_at == day(2)


def test_points_of_a_group_that_needs_all_or_any_mean_nothing():
    rows = [requirement(1, weight=5), requirement(2)]

    assert standing(Criteria((group(1, ALL, *rows),)), [met(1, 1)]).percent == 50
    assert standing(Criteria((group(1, ANY, *rows),)), [met(2, 1)]).percent == 100


@pytest.mark.parametrize(
    ("within", "first_on", "then_on", "completed_on"),
    [
        (None, 1, 2, 2),
        (None, 1, 1, 1),
        (None, 3, 2, None),
        (5, 1, 6, 6),
        (5, 1, 7, None),
    ],
)
def test_a_group_after_another_counts_what_happened_after_it_and_in_time(within, first_on, then_on, completed_on):
    first, then = group(1, ALL, requirement(1)), group(2, ALL, requirement(2), after=1, within_days=within)
    criteria = Criteria((then, first))  # In whatever order they are listed.

    where = standing(criteria, [met(1, first_on), met(2, then_on)])

    assert where.completed_at == (None if completed_on is None else day(completed_on))
    assert [each.group.id for each in where.groups] == [2, 1]


def test_a_group_waits_for_the_one_before_it():
    criteria = Criteria((group(1, ALL, requirement(1)), group(2, ALL, requirement(2), after=1)))

    where = standing(criteria, [met(2, 1)])

    assert [each.waits_for for each in where.groups] == [False, True]
    assert where.percent == 0


@pytest.mark.parametrize("after", [{1: 2, 2: 1}, {1: 1, 2: None}, {1: 77, 2: None}])
def test_groups_in_a_circle_or_after_one_that_is_gone_are_never_done_and_never_endless(after):
    criteria = Criteria(tuple(group(number, ALL, requirement(number), after=after[number]) for number in (1, 2)))

    assert standing(criteria, [met(1, 1), met(2, 2)]).completed_at is None


def penalty(*undoes, **columns):
    return group(9, UNDO, requirement(9, undoes=frozenset(undoes), **columns))


@pytest.mark.parametrize(
    ("needs", "met_on", "hit_on", "is_met"),
    [
        (ALL, (1, 2), 0, True),
        (ALL, (1, 2), 1, False),
        (ALL, (1, 2), 5, False),
        (ANY, (1, 2), 5, True),
        (ANY, (1,), 5, False),
        (AT_LEAST, (1, 2, 3), 5, True),
        (AT_LEAST, (1, 2), 5, False),
    ],
)
def test_a_penalty_takes_back_what_is_not_newer(needs, met_on, hit_on, is_met):
    total = 3 if needs is AT_LEAST else len(met_on)
    asked, facts = simple(needs, total, *met_on, at_least=2)

    where = standing(Criteria((asked, penalty(1))), [*facts, met(9, hit_on)])

    assert (where.completed_at is not None, len(where.groups)) == (is_met, 1)
    undone = where.groups[0].requirements[0].undone
    assert undone == (((facts[0], met(9, hit_on)),) if hit_on >= 1 else ())


@pytest.mark.parametrize(("same_course", "percent"), [(True, 100), (False, 0)])
def test_a_penalty_stays_in_its_course_unless_it_is_set_otherwise(same_course, percent):
    criteria = Criteria((group(1, ALL, requirement(1)), penalty(1, same_course=same_course)))

    where = standing(criteria, [met(1, 1, *A1), met(9, 2, *B1)])

    assert where.percent == percent


def test_what_belongs_to_no_course_is_taken_back_wherever_it_was():
    criteria = Criteria((group(1, ALL, requirement(1)), penalty(1)))

    assert standing(criteria, [Met(1, "thread", day(1)), met(9, 2, *B1)]).percent == 0


def test_a_penalty_in_one_run_of_a_course_is_one_in_the_course():
    criteria = Criteria((group(1, ALL, requirement(1)), penalty(1)))

    assert standing(criteria, [met(1, 1, *A1), met(9, 2, *A2)]).percent == 0


def test_facts_of_another_version_count_for_nothing():
    assert standing(Criteria((group(1, ALL, requirement(1)),)), [met(77, 1)]).percent == 0


SUBJECTS = [A1, A2, B1]
facts = st.builds(
    lambda number, where, hour: Met(number, where[0], START + timedelta(hours=hour), where[1]),
    st.integers(1, 7),
    st.sampled_from(SUBJECTS),
    st.integers(0, 60),
)


@st.composite
def criteria(draw, *, penalties=True, ordered=True):
    """Up to three groups of up to two requirements, numbered from 1, and a penalty with the number 7."""
    groups, number = [], 0
    for position in range(draw(st.integers(1, 3))):
        rows = []
        for _ in range(draw(st.integers(1, 2))):
            number += 1
            times = draw(st.sampled_from([1, 1, 2, None]))
            distinct = draw(st.sampled_from(Distinct))
            whole = {"edX+A", "edX+B"} if distinct is Distinct.COURSE else {A1[0], A2[0]}
            rows.append(
                requirement(
                    number,
                    times=times,
                    distinct=distinct,
                    weight=draw(st.integers(1, 3)),
                    every=frozenset(draw(st.sets(st.sampled_from(sorted(whole)), min_size=1))) if times is None else (),
                )
            )
        needs = draw(st.sampled_from([ANY, ALL, AT_LEAST]))
        after = draw(st.sampled_from([None, *range(1, position + 1)])) if ordered else None
        groups.append(
            group(
                position + 1,
                needs,
                *rows,
                at_least=draw(st.integers(1, 3)),
                after=after,
                within_days=draw(st.sampled_from([None, 1])) if after else None,
            )
        )
    if penalties:
        undoes = draw(st.sets(st.integers(1, number), min_size=1))
        groups.append(group(9, UNDO, requirement(7, undoes=frozenset(undoes), same_course=draw(st.booleans()))))
    return Criteria(tuple(groups))


several = st.lists(facts, max_size=12, unique_by=lambda fact: (fact.requirement, fact.subject))


@quick
@given(criteria(), several, st.data())
def test_the_order_of_facts_leaves_no_trace(asked, known, data):
    again = data.draw(st.permutations(known))

    assert standing(asked, again) == standing(asked, known)


@quick
@given(criteria(), several)
def test_a_hundred_percent_are_those_who_are_done(asked, known):
    where = standing(asked, known)

    assert 0 <= where.percent <= 100
    assert (where.percent == 100) == (where.completed_at is not None)
    assert (where.completed_at is not None) == all(each.done_at is not None for each in where.groups)
    for of_group in where.groups:
        assert (of_group.share == 1) == (of_group.done_at is not None)
        for one in of_group.requirements:
            assert (one.share == 1) == (one.met_at is not None)
            assert 0 <= one.share <= 1


@quick
@given(criteria(penalties=False), several)
def test_it_was_earned_when_the_fact_that_decided_it_happened(asked, known):
    earned_at = standing(asked, known).completed_at

    if earned_at is None:
        return
    assert standing(asked, [fact for fact in known if fact.at <= earned_at]).completed_at == earned_at
    assert standing(asked, [fact for fact in known if fact.at < earned_at]).completed_at is None


@quick
@given(criteria(penalties=False, ordered=False), several, facts)
def test_doing_more_never_takes_a_learner_back(asked, known, more):
    before, now = standing(asked, known), standing(asked, [*known, more])

    assert now.percent >= before.percent
    if before.completed_at is not None:
        assert now.completed_at <= before.completed_at


@quick
@given(criteria(ordered=False), several, st.integers(0, 60), st.sampled_from(SUBJECTS))
def test_a_penalty_never_brings_a_learner_further(asked, known, hour, where):
    hit = Met(7, where[0], START + timedelta(hours=hour), where[1])

    assert standing(asked, [*known, hit]).percent <= standing(asked, known).percent
