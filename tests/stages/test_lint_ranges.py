"""What the lint takes rules for agrees with what they hold for, whatever they are asked about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from credly_badges.lint import ranges
from credly_badges.rules.evaluate import evaluate
from credly_badges.rules.fields import Field, FieldType
from credly_badges.rules.language import Condition, Rule
from credly_badges.rules.operators import Operator

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)

numbers = some.integers(-3, 105).map(Decimal)
words = some.sampled_from(["verified", "honor", "audit", "ver", "a", "v*"])
days = some.integers(-40, 40).map(lambda days: (NOW + timedelta(days=days)).date())
moments = some.integers(-90_000, 90_000).map(lambda minutes: NOW + timedelta(minutes=minutes))


def rule(operator: Operator, value: Any) -> Rule:
    return Rule("it", operator, value)


def rules(values: some.SearchStrategy[Any], *single: Operator) -> some.SearchStrategy[Rule]:
    ones = some.builds(rule, some.sampled_from(single), values)
    lists = some.lists(values, min_size=1, max_size=3, unique=True).map(tuple)
    return ones | some.builds(rule, some.sampled_from([Operator.IN, Operator.NOT_IN]), lists)


def between(values: some.SearchStrategy[Any]) -> some.SearchStrategy[Rule]:
    return some.tuples(values, values).map(sorted).map(tuple).map(lambda ends: rule(Operator.BETWEEN, ends))


about_numbers = between(numbers) | rules(
    numbers,
    Operator.EQUAL,
    Operator.NOT_EQUAL,
    Operator.LESS,
    Operator.LESS_OR_EQUAL,
    Operator.GREATER,
    Operator.GREATER_OR_EQUAL,
)
about_words = rules(words, Operator.EQUAL, Operator.NOT_EQUAL, Operator.CONTAINS, Operator.MATCHES)
about_dates = (
    between(days)
    | some.builds(
        rule,
        some.sampled_from([Operator.EQUAL, Operator.NOT_EQUAL, Operator.BEFORE, Operator.AFTER]),
        days | moments,
    )
    | some.builds(rule, some.just(Operator.WITHIN_DAYS), some.integers(1, 36_500))
)
questions = (
    some.tuples(some.lists(about_numbers, min_size=1, max_size=3), numbers)
    | some.tuples(some.lists(about_words, min_size=1, max_size=3), words)
    | some.tuples(some.lists(about_dates, min_size=1, max_size=3), moments)
)


def holds(asked: list[Rule], value: Any) -> bool:
    return evaluate(Condition(tuple(asked)), {"it": value}, now=NOW, occurred_at=NOW).holds


@given(questions)
def test_a_rule_holds_for_the_values_of_its_range_and_no_other(question):
    asked, value = question

    common = ranges.common(ranges.of_rule(each, NOW) for each in asked)

    assert common.has(value) is holds(asked, value)


@given(questions)
def test_rules_that_are_said_to_exclude_each_other_never_hold_together(question):
    asked, value = question

    said = list(ranges.excluding([ranges.of_rule(each, NOW) for each in asked]))

    assert not (said and holds(asked, value))
    for several in said:
        assert not holds([asked[number] for number in several], value)


@given(questions, questions)
def test_where_one_is_said_to_lie_within_another_the_other_holds_whenever_the_one_does(one, other):
    (narrow, value), (wide, _value) = one, other
    if narrow[0].type is not wide[0].type:
        return
    inner, outer = (ranges.common(ranges.of_rule(each, NOW) for each in asked) for asked in (narrow, wide))

    if inner.is_within(outer) and holds(narrow, value):
        assert holds(wide, value)


def test_what_a_field_can_be_at_all_is_known_of_percent_yes_or_no_and_closed_lists():
    percent = ranges.possible(Field("it", "it", FieldType.NUMBER, unit="%"))
    yes_or_no = ranges.possible(Field("it", "it", FieldType.BOOLEAN))
    listed = ranges.possible(Field("it", "it", FieldType.TEXT, choices=("a", "b")))

    assert [percent.has(Decimal(value)) for value in (-1, 0, 100, 101)] == [False, True, True, False]
    assert yes_or_no.is_within(ranges.Range(only=frozenset({True, False})))
    assert [listed.has(value) for value in "abc"] == [True, True, False]
    assert ranges.possible(Field("it", "it", FieldType.DATE)) == ranges.EVERYTHING
    assert not ranges.of_rule(rule(Operator.EQUAL, date(2026, 6, 15)), NOW).is_empty
