"""What someone types into the one box of a data rule, and what they are told when it is no rule."""

import pickle
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from credly_badges.rules import wording
from credly_badges.rules.fields import Field, FieldType
from credly_badges.rules.language import InvalidRule, Rule, canonical_text, compile_rule
from credly_badges.rules.operators import Operator
from credly_badges.rules.values import example

GRADE = Field("grade", "Grade", FieldType.NUMBER, unit="%")
PASSING = Field("passing", "Passing", FieldType.BOOLEAN)
ENROLLED = Field("enrolled", "Enrolled", FieldType.DATE)
COURSE = Field("course", "Course", FieldType.COURSE_KEY)
MODE = Field("mode", "Mode", FieldType.TEXT, sample="verified")
STATUS = Field("status", "Status", FieldType.TEXT, choices=("downloadable", "notpassing"))

NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "operator", "typed", "value"),
    [
        (GRADE, "gte", " 80 ", Decimal(80)),
        (GRADE, "gte", "80 %", Decimal(80)),
        (GRADE, "gte", "80%", Decimal(80)),
        (GRADE, "eq", "-0", Decimal(0)),
        (GRADE, "between", "70, 90", (Decimal(70), Decimal(90))),
        (GRADE, "in", "80, 80.0, 90", (Decimal(80), Decimal(90))),
        (PASSING, "eq", "Yes", True),
        (PASSING, "eq", "false", False),
        (ENROLLED, "before", "2026-06-30", date(2026, 6, 30)),
        (ENROLLED, "before", "2026-06-30T14:00+02:00", NOON),
        (ENROLLED, "before", "2026-06-30 12:00", NOON),
        (ENROLLED, "before", "2026-06-30T12:00:00Z", NOON),
        (ENROLLED, "within_days", "14", 14),
        (COURSE, "eq", "course-v1:edX+DemoX+2026", "course-v1:edX+DemoX+2026"),
        (COURSE, "eq", "ccx-v1:edX+DemoX+2026+ccx@1", "ccx-v1:edX+DemoX+2026+ccx@1"),
        (COURSE, "eq", "edX/DemoX/2013", "edX/DemoX/2013"),
        (MODE, "in", "a,, b,", ("a", "b")),
        (MODE, "in", "a\nb\r\n", ("a", "b")),
        (MODE, "in", '"Physics, advanced", Chemistry', ("Physics, advanced", "Chemistry")),
        (MODE, "eq", 'say "hi", you', 'say "hi", you'),
        (MODE, "exists", "  ", None),
    ],
)
def test_what_is_typed_becomes_a_typed_value(field, operator, typed, value):
    rule = compile_rule(field, operator, typed)

    assert rule == Rule(field.path, Operator(operator), value)


@pytest.mark.parametrize(
    ("field", "operator", "typed", "shown"),
    [
        (GRADE, "gte", "080.50 %", "80.5"),
        (GRADE, "between", "70,90", "70, 90"),
        (PASSING, "eq", "TRUE", "yes"),
        (ENROLLED, "after", "2026-06-30 12:00", "2026-06-30T12:00:00Z"),
        (ENROLLED, "after", "2026-06-30T12:00+02:00", "2026-06-30T12:00:00+02:00"),
        (MODE, "in", '"a, b" ,c', '"a, b", c'),
        (MODE, "exists", "", ""),
    ],
)
def test_a_saved_rule_is_shown_in_one_agreed_form(field, operator, typed, shown):
    rule = compile_rule(field, operator, typed)

    assert canonical_text(rule) == shown


@pytest.mark.parametrize(
    ("field", "operator", "typed", "code", "sentence"),
    [
        (
            PASSING,
            "like",
            "yes",
            "unknown_operator",
            "There is no operator “like”. Choose one of these: is equal to, is not equal to, has a value.",
        ),
        (
            PASSING,
            "gte",
            "yes",
            "operator_not_for_type",
            "Passing cannot be asked whether it is at least. Choose one of these: "
            "is equal to, is not equal to, has a value.",
        ),
        (GRADE, "gte", " ", "value_needed", "Type a value for Grade, for example 80."),
        (MODE, "in", ", ,", "value_needed", "Type a value for Mode, for example verified."),
        (MODE, "exists", "yes", "value_not_needed", "“has a value” compares Mode with nothing. Leave the value empty."),
        (MODE, "eq", "x" * 1001, "too_long", "This value is too long. Keep it to 1000 characters."),
        (
            MODE,
            "in",
            ",".join("ab"[i % 2] * (i // 2 + 1) for i in range(60)),
            "too_long",
            "This value is too long. Keep it to 1000 characters.",
        ),
        (
            MODE,
            "eq",
            "a\x00b",
            "control_character",
            "The value has an invisible control character in it. Delete it all and type it again by hand.",
        ),
        (
            GRADE,
            "gte",
            "80,5",
            "not_a_number",
            "“80,5” is not a number. Type digits, with a point before decimals, for example 80.",
        ),
        (
            GRADE,
            "gte",
            "nan",
            "not_a_number",
            "“nan” is not a number. Type digits, with a point before decimals, for example 80.",
        ),
        (PASSING, "eq", "maybe", "not_yes_or_no", "“maybe” is neither yes nor no. Type yes or no."),
        (
            ENROLLED,
            "before",
            "30/6/2026",
            "not_a_date",
            "“30/6/2026” is not a date. Type year-month-day, for example 2026-06-30 or 2026-06-30T12:00+02:00.",
        ),
        (
            ENROLLED,
            "before",
            "2026-02-30",
            "not_a_date",
            "“2026-02-30” is not a date. Type year-month-day, for example 2026-06-30 or 2026-06-30T12:00+02:00.",
        ),
        (
            ENROLLED,
            "before",
            "0001-01-01T00:00+10:00",
            "not_a_date",
            "“0001-01-01T00:00+10:00” is not a date. "
            "Type year-month-day, for example 2026-06-30 or 2026-06-30T12:00+02:00.",
        ),
        (
            COURSE,
            "eq",
            "course-v1:edX DemoX 2026",
            "not_a_course_key",
            "“course-v1:edX DemoX 2026” is not a course key. "
            "Copy it from the address of the course, for example course-v1:edX+DemoX+2026.",
        ),
        (
            STATUS,
            "in",
            "downloadable, done",
            "not_a_choice",
            "“done” is nothing Status can be. Type one of these: downloadable, notpassing.",
        ),
        (
            GRADE,
            "between",
            "70",
            "not_two_values",
            "Type two values with a comma between them, the lower first, for example 70, 90.",
        ),
        (GRADE, "between", "90, 70", "reversed", "“90” comes after “70”. Type the lower value first: 70, 90."),
        (
            ENROLLED,
            "between",
            "2026-06-30T12:00Z, 2026-06-29",
            "reversed",
            "“2026-06-30T12:00Z” comes after “2026-06-29”. Type the lower value first: 2026-06-29, 2026-06-30T12:00Z.",
        ),
        (
            ENROLLED,
            "within_days",
            "1.5",
            "not_whole_days",
            "“1.5” is not a number of days. Type a whole number from 1 to 36500, for example 30.",
        ),
        (
            MODE,
            "in",
            '"a, b',
            "open_quote",
            "The quotation marks do not pair up. Put one before and one after each value that has a comma in it.",
        ),
        (MODE, "matches", "*a" * 21, "too_many_stars", "The pattern has too many stars. Use 20 or fewer."),
    ],
)
def test_what_is_no_rule_is_answered_with_what_to_type_instead(field, operator, typed, code, sentence):
    with pytest.raises(InvalidRule) as refused:
        compile_rule(field, operator, typed)

    assert refused.value.code == code
    assert refused.value.sentence == sentence == str(refused.value)


def test_every_refusal_has_a_test_here():
    tested = next(mark for mark in test_what_is_no_rule_is_answered_with_what_to_type_instead.pytestmark).args[1]

    assert {code for _field, _operator, _typed, code, _sentence in tested} == set(wording.REFUSALS)


def test_a_refusal_is_translated_with_its_operators_and_survives_a_trip_between_processes():
    with pytest.raises(InvalidRule) as refused:
        compile_rule(PASSING, "like", "yes")

    arrived = pickle.loads(pickle.dumps(refused.value))  # noqa: S301

    assert arrived.sentence == refused.value.sentence
    assert arrived.sentence_in(lambda msgid: f"<{msgid}>") == (
        "<There is no operator “like”. Choose one of these: <is equal to>, <is not equal to>, <has a value>.>"
    )


def test_a_long_mistake_is_repeated_only_as_far_as_it_takes_to_recognize_it():
    with pytest.raises(InvalidRule) as refused:
        compile_rule(GRADE, "gte", "x" * 900)

    assert len(refused.value.sentence) < 200


@pytest.mark.parametrize("field", [GRADE, PASSING, ENROLLED, COURSE, MODE, STATUS])
@pytest.mark.parametrize("operator", Operator)
def test_the_example_a_form_shows_can_be_typed(field, operator):
    offered = example(field, operator)

    try:
        rule = compile_rule(field, operator, offered)
    except InvalidRule as refusal:
        rule = refusal

    assert isinstance(rule, Rule) or rule.code == "operator_not_for_type"


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        (Operator.EQUAL, None),
        (Operator.EQUAL, 80),
        (Operator.LESS, "80"),
        (Operator.BETWEEN, (Decimal(1),)),
        (Operator.IN, ()),
        (Operator.IN, (Decimal(1), "1")),
        (Operator.WITHIN_DAYS, True),
        (Operator.EXISTS, "yes"),
    ],
)
def test_a_rule_that_cannot_be_asked_cannot_be_made(operator, value):
    with pytest.raises(ValueError, match="is no rule"):
        Rule("grade", operator, value)
