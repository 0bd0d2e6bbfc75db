"""docs/references/operators.rst says what the code does: each row of its tables is one test."""

import csv
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from credly_badges.rules.evaluate import evaluate
from credly_badges.rules.explain import describe
from credly_badges.rules.fields import Field, FieldType
from credly_badges.rules.language import Condition, compile_rule
from credly_badges.rules.operators import operators_for

PAGE = Path(__file__).parents[3] / "docs" / "references" / "operators.rst"
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
FIELDS = {
    FieldType.NUMBER: Field("fact", "Grade", FieldType.NUMBER, unit="%"),
    FieldType.BOOLEAN: Field("fact", "Passes the course", FieldType.BOOLEAN),
    FieldType.DATE: Field("fact", "Enrollment date", FieldType.DATE),
    FieldType.COURSE_KEY: Field("fact", "Course", FieldType.COURSE_KEY),
    FieldType.TEXT: Field("fact", "Mode", FieldType.TEXT),
}


def rows_of(field_type):
    """The rows of one type's table: label, stored name, typed text, words, a value that fulfills, one that does not."""
    table = re.search(
        rf":name: operators-{field_type}\n   :header: [^\n]*\n\n((?:   [^\n]*\n)+)", PAGE.read_text("utf-8")
    )
    lines = [line.strip() for line in table[1].splitlines()]
    return [[cell.strip("`") for cell in row] for row in csv.reader(lines, skipinitialspace=True)]


def holds(rule, value):
    return evaluate(Condition((rule,)), {"fact": value}, now=NOW, occurred_at=NOW).holds


ROWS = [(field_type, *row) for field_type in FieldType for row in rows_of(field_type)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[2]}")
def test_the_reference_of_operators_is_true(row):
    field_type, label, stored, typed, words, fulfilling, failing = row
    field = FIELDS[field_type]

    rule = compile_rule(field, stored, typed)

    assert rule.operator.label == label
    assert describe(Condition((rule,)), {"fact": field}) == [words.replace("\\*", "*")]
    assert holds(rule, json.loads(fulfilling))
    assert not holds(rule, json.loads(failing))


@pytest.mark.parametrize("field_type", FieldType)
def test_the_reference_of_operators_leaves_none_out(field_type):
    documented = [row[1] for row in rows_of(field_type)]

    assert documented == [operator.value for operator in operators_for(field_type)]
