"""What people read: criteria before, explanations after."""

import string
from datetime import UTC, datetime

import pytest

from credly_badges.rules import wording
from credly_badges.rules.evaluate import evaluate
from credly_badges.rules.explain import describe, explain
from credly_badges.rules.fields import Field, FieldType
from credly_badges.rules.language import Condition, compile_rule

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
FIELDS = {
    field.path: field
    for field in [
        Field("grade", "Grade", FieldType.NUMBER, unit="%"),
        Field("passing", "Passes the course", FieldType.BOOLEAN),
        Field("enrolled", "Enrollment date", FieldType.DATE),
        Field("course", "Course", FieldType.COURSE_KEY),
        Field("mode", "Mode", FieldType.TEXT),
    ]
}


def words_for(path, operator, typed, attributes, *, fields=None, translate=str):
    condition = Condition((compile_rule(FIELDS[path], operator, typed),))
    verdict = evaluate(condition, attributes, now=NOW, occurred_at=NOW)
    return explain(verdict, FIELDS if fields is None else fields, translate)[0]


@pytest.mark.parametrize(
    ("path", "operator", "typed", "seen", "sentence"),
    [
        ("grade", "gte", "80", 74, "Grade is 74 %, needs 80 % or more."),
        ("grade", "gte", "80", "79.990", "Grade is 79.99 %, needs 80 % or more."),
        ("grade", "gte", "80", 92.0, "Grade is 92 %, which is 80 % or more."),
        ("grade", "between", "70, 90", 95, "Grade is 95 %, needs 70 % to 90 %."),
        ("grade", "in", "70, 90", 90, "Grade is 90 %, which is one of: 70 %, 90 %."),
        ("grade", "gte", "80", None, "Grade is empty. Needed: Grade is 80 % or more."),
        (
            "grade",
            "gte",
            "80",
            "A",
            "Grade arrived as “A”, which is not a number. Needed: Grade is 80 % or more.",
        ),
        (
            "grade",
            "gte",
            "80",
            {"percent": 80},
            "Grade arrived as something else, which is not a number. Needed: Grade is 80 % or more.",
        ),
        ("grade", "exists", "", 74, "Grade has a value: 74 %."),
        ("grade", "exists", "", None, "Grade is empty. Needed: Grade has a value."),
        ("passing", "eq", "yes", False, "Passes the course: no, needs yes."),
        ("passing", "ne", "yes", True, "Passes the course: yes, needs no."),
        ("passing", "eq", "yes", True, "Passes the course: yes, as needed."),
        (
            "passing",
            "eq",
            "yes",
            1,
            "Passes the course arrived as 1, which is neither yes nor no. Needed: Passes the course: yes.",
        ),
        (
            "enrolled",
            "before",
            "2026-07-01",
            "2026-07-01T14:30:00+02:00",
            "Enrollment date is 2026-07-01 12:30 UTC, needs a date before 2026-07-01.",
        ),
        (
            "enrolled",
            "within_days",
            "14",
            "2026-06-01",
            "Enrollment date is 2026-06-01, needs to be past and no more than this many days ago: 14.",
        ),
        (
            "course",
            "eq",
            "course-v1:edX+A+1",
            "course-v1:edX+B+1",
            "Course is course-v1:edX+B+1, needs course-v1:edX+A+1.",
        ),
        ("mode", "ne", "audit", "audit", "Mode is “audit”, needs anything else."),
        ("mode", "eq", "{seen}", "{label}", "Mode is “{label}”, needs “{seen}”."),
    ],
)
def test_a_person_reads_why(path, operator, typed, seen, sentence):
    assert words_for(path, operator, typed, {path: seen}) == sentence


def test_a_person_reads_that_a_fact_was_not_there():
    sentence = words_for("grade", "gte", "80", {})

    assert sentence == "Grade is not known. Needed: Grade is 80 % or more."


def test_a_long_value_is_cut_where_it_is_shown():
    sentence = words_for("mode", "eq", "audit", {"mode": "x" * 500})

    assert sentence == f"Mode is “{'x' * 99}…”, needs “audit”."


def test_a_rule_about_a_field_that_the_catalogue_lost_keeps_its_path_as_its_name():
    sentence = words_for("grade", "gte", "80", {"grade": 74}, fields={})

    assert sentence == "grade is 74, needs 80 or more."


def test_a_rule_set_when_the_field_had_another_type_is_explained_as_it_is_asked():
    now_text = {"grade": Field("grade", "Grade", FieldType.TEXT)}

    sentence = words_for("grade", "gte", "80", {"grade": "B"}, fields=now_text)

    assert sentence == "Grade arrived as “B”, which is not a number. Needed: Grade is 80 or more."


def test_the_criteria_are_told_without_data():
    rules = (compile_rule(FIELDS["grade"], "gte", "80"), compile_rule(FIELDS["passing"], "eq", "yes"))

    assert describe(Condition(rules), FIELDS) == ["Grade is 80 % or more.", "Passes the course: yes."]
    assert describe(Condition(), FIELDS) == []


def test_a_reader_of_another_language_gets_whole_sentences_and_her_own_labels():
    class Lazy:
        def __str__(self):
            return "Note"

    german = {
        "{label} is {seen}, needs {value} or more.": "{label} beträgt {seen}, nötig sind mindestens {value}.",
        "{number} {unit}": "{number}\u00a0{unit}",
    }
    fields = {"grade": Field("grade", Lazy(), FieldType.NUMBER, unit="%")}

    sentence = words_for("grade", "gte", "80", {"grade": 74}, fields=fields, translate=lambda msgid: german[msgid])

    assert sentence == "Note beträgt 74\u00a0%, nötig sind mindestens 80\u00a0%."


def test_every_sentence_has_named_places_so_that_it_can_be_translated_in_any_order():
    places = [place for text in wording.msgids() for _text, place, _spec, _flag in string.Formatter().parse(text)]

    assert all(place is None or place.isidentifier() for place in places)
    assert len(set(wording.msgids())) == len(wording.msgids())
