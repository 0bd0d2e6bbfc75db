"""Whether what happened fulfills a condition."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum

import pytest

from credly_badges.rules.evaluate import Reason, evaluate
from credly_badges.rules.fields import Field, FieldType
from credly_badges.rules.language import Condition, compile_rule
from credly_badges.rules.paths import DEEPEST, MISSING, look_up

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)


class Level(IntEnum):
    TOP = 80


def asked(field_type, operator, typed, seen):
    rule = compile_rule(Field("fact", "Fact", field_type), operator, typed)
    verdict = evaluate(Condition((rule,)), {"fact": seen}, now=NOW, occurred_at=YESTERDAY)
    return verdict.findings[0].reason


def test_a_condition_without_rules_is_fulfilled_by_the_event_alone():
    verdict = evaluate(Condition(), {}, now=NOW, occurred_at=YESTERDAY)

    assert verdict.holds
    assert verdict.findings == ()


def test_one_rule_that_does_not_hold_spoils_the_condition_and_the_others_are_still_answered():
    grade = Field("grade", "Grade", FieldType.NUMBER)
    mode = Field("mode", "Mode", FieldType.TEXT)
    condition = Condition((compile_rule(grade, "gte", "80"), compile_rule(mode, "eq", "verified")))

    verdict = evaluate(condition, {"grade": 74, "mode": "verified"}, now=NOW, occurred_at=YESTERDAY)

    assert not verdict.holds
    assert [(finding.seen, finding.holds) for finding in verdict.findings] == [(74, False), ("verified", True)]


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (80, Reason.HELD),
        (80.0, Reason.HELD),
        (Decimal("80.00"), Reason.HELD),
        ("80", Reason.HELD),
        (" 80.0 ", Reason.HELD),
        (Level.TOP, Reason.HELD),
        (80.00001, Reason.UNMET),
        (-80, Reason.UNMET),
        (True, Reason.WRONG_TYPE),
        (float("nan"), Reason.WRONG_TYPE),
        (float("inf"), Reason.WRONG_TYPE),
        (Decimal("sNaN"), Reason.WRONG_TYPE),
        (Decimal("1E+999999"), Reason.WRONG_TYPE),
        (10**4000, Reason.WRONG_TYPE),
        ("8e1", Reason.WRONG_TYPE),
        ("٨٠", Reason.WRONG_TYPE),
        ("eighty", Reason.WRONG_TYPE),
        ([80], Reason.WRONG_TYPE),
        ({"value": 80}, Reason.WRONG_TYPE),
        (None, Reason.EMPTY),
        ("", Reason.EMPTY),
    ],
)
def test_a_number_is_compared_as_a_number_and_nothing_else_is(seen, reason):
    assert asked(FieldType.NUMBER, "eq", "80", seen) == reason


def test_a_tenth_is_a_tenth():
    assert asked(FieldType.NUMBER, "eq", "0.1", 0.1) == Reason.HELD
    assert asked(FieldType.NUMBER, "between", "0.1, 0.3", 0.1 + 0.2) == Reason.UNMET


@pytest.mark.parametrize("seen", [1, 0, "yes", "true", "false"])
def test_only_true_and_false_are_yes_and_no(seen):
    assert asked(FieldType.BOOLEAN, "eq", "yes", seen) == Reason.WRONG_TYPE


@pytest.mark.parametrize(
    ("operator", "typed", "seen", "reason"),
    [
        ("before", "2026-07-01", "2026-06-30", Reason.HELD),
        ("before", "2026-07-01", "2026-07-01", Reason.UNMET),
        ("before", "2026-07-01", datetime(2026, 7, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))), Reason.HELD),
        ("before", "2026-07-01T12:00Z", "2026-07-01", Reason.UNMET),
        ("after", "2026-06-30", "2026-06-30T23:59:59.999999Z", Reason.UNMET),
        ("after", "2026-06-30", "2026-07-01T00:00:00", Reason.HELD),
        ("after", "2026-06-30T12:00Z", "2026-06-30", Reason.UNMET),
        ("eq", "2026-06-30", date(2026, 6, 30), Reason.HELD),
        ("eq", "2026-06-30T12:00Z", "2026-06-30", Reason.UNMET),
        ("eq", "2026-06-30T12:00Z", "2026-06-30T14:00:00+02:00", Reason.HELD),
        ("between", "2026-06-01, 2026-06-30", "2026-06-30T23:59:59.999999+00:00", Reason.HELD),
        ("between", "2026-06-30, 2026-06-30T12:00Z", "2026-06-30", Reason.UNMET),
        ("within_days", "1", NOW, Reason.HELD),
        ("within_days", "1", YESTERDAY, Reason.HELD),
        ("within_days", "1", YESTERDAY - timedelta(seconds=1), Reason.UNMET),
        ("within_days", "1", NOW + timedelta(seconds=1), Reason.UNMET),
        ("within_days", "1", "2026-07-01", Reason.HELD),
        ("within_days", "1", "2026-07-02", Reason.UNMET),
        ("eq", "2026-06-30", "30 June", Reason.WRONG_TYPE),
        ("eq", "2026-06-30", 1782777600, Reason.WRONG_TYPE),
        ("eq", "2026-06-30", datetime.min.replace(tzinfo=timezone(timedelta(hours=9))), Reason.WRONG_TYPE),
    ],
)
def test_days_are_whole_days_in_utc_and_moments_are_moments(operator, typed, seen, reason):
    assert asked(FieldType.DATE, operator, typed, seen) == reason


def test_days_are_counted_back_even_from_the_beginning_of_time():
    rule = compile_rule(Field("fact", "Fact", FieldType.DATE), "within_days", "36500")
    dawn = datetime(1, 1, 2)

    verdict = evaluate(Condition((rule,)), {"fact": "0001-01-01"}, now=dawn, occurred_at=dawn)

    assert verdict.holds


def test_the_time_of_the_event_itself_can_be_asked():
    rule = compile_rule(Field("occurred_at", "When it happened", FieldType.DATE), "eq", "2026-06-30")

    verdict = evaluate(Condition((rule,)), {}, now=NOW, occurred_at=YESTERDAY)

    assert verdict.holds
    assert verdict.findings[0].seen == YESTERDAY


@pytest.mark.parametrize(
    ("operator", "typed", "seen", "reason"),
    [
        ("eq", "verified", " verified\n", Reason.HELD),
        ("eq", "verified", "Verified", Reason.UNMET),
        ("contains", "fi", "verified", Reason.HELD),
        ("contains", "FI", "verified", Reason.UNMET),
        ("matches", "v*d", "verified", Reason.HELD),
        ("matches", "V*", "verified", Reason.UNMET),
        ("matches", "veri", "verified", Reason.UNMET),
        ("matches", "[uv]erifie?", "verified", Reason.HELD),
        ("matches", "[z-a]*", "verified", Reason.UNMET),
        ("matches", "[verified", "[verified", Reason.HELD),
        ("matches", "*a" * 20, "a" * 5_000 + "b", Reason.UNMET),
        ("contains", "a", "a" * 10_001, Reason.WRONG_TYPE),
        ("eq", "80", 80, Reason.WRONG_TYPE),
        ("eq", "verified", ["verified"], Reason.WRONG_TYPE),
    ],
)
def test_text_is_compared_letter_by_letter(operator, typed, seen, reason):
    assert asked(FieldType.TEXT, operator, typed, seen) == reason


@pytest.mark.parametrize("seen", [None, "", "  \n"])
@pytest.mark.parametrize("operator", ["ne", "not_in"])
def test_what_the_lms_does_not_know_is_not_something_else_either(operator, seen):
    assert asked(FieldType.TEXT, operator, "audit", seen) == Reason.EMPTY


@pytest.mark.parametrize(
    ("attributes", "path", "found"),
    [
        ({"grade": 80}, "grade", 80),
        ({"course": {"org": "edX"}}, "course.org", "edX"),
        ({"course.org": "MITx", "course": {"org": "edX"}}, "course.org", "MITx"),
        ({"course": {"run.start": "2026"}}, "course.run.start", "2026"),
        ({"skills": [{"name": "a"}, {"name": "b"}]}, "skills.1.name", "b"),
        ({"course": None}, "course", None),
        ({"course": None}, "course.org", MISSING),
        ({"skills": ["a"]}, "skills.1", MISSING),
        ({"skills": ["a"]}, "skills.-1", MISSING),
        ({"skills": ["a"]}, "skills.\N{ARABIC-INDIC DIGIT ZERO}", MISSING),
        ({"skills": ["a"]}, "skills." + "9" * 5000, MISSING),
        ({"mode": "audit"}, "mode.upper", MISSING),
        ({"mode": "audit"}, "mode.0", MISSING),
        ({"course": {}}, "course.__class__", MISSING),
        ({"grade": 80}, "", MISSING),
        ({"grade": 80}, "grade.", MISSING),
        ({"grade": 80}, ".grade", MISSING),
    ],
)
def test_a_path_reaches_the_data_of_the_event_and_nothing_else(attributes, path, found):
    assert look_up(attributes, path) is found


def test_a_path_ends_somewhere():
    bottomless = {}
    bottomless["down"] = bottomless

    assert look_up(bottomless, ".".join(["down"] * DEEPEST)) is bottomless
    assert look_up(bottomless, ".".join(["down"] * (DEEPEST + 1))) is MISSING


def test_finding_nothing_is_false_and_says_so():
    assert not MISSING
    assert repr(MISSING) == "MISSING"
