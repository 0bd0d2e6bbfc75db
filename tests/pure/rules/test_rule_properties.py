"""What is true of every rule and every event, whatever they are."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from credly_badges.rules import wording
from credly_badges.rules.evaluate import evaluate
from credly_badges.rules.explain import describe, explain
from credly_badges.rules.fields import Field, FieldType
from credly_badges.rules.language import (
    Condition,
    InvalidRule,
    Rule,
    canonical_text,
    compile_rule,
)
from credly_badges.rules.operators import LABELS, Operator
from credly_badges.rules.paths import MISSING, look_up

from .strategies import NOW, events_for, fields, fields_and_rules, fitting, json_values, odd_values, typed, words

quick = settings(max_examples=60, deadline=None, database=None)

HELD = {words.held for words in (*wording.WORDINGS.values(), wording.YES_OR_NO)}
NOT_HELD = {
    *(words.unmet for words in (*wording.WORDINGS.values(), wording.YES_OR_NO)),
    wording.ABSENT,
    wording.EMPTY,
    *wording.WRONG_TYPE.values(),
}


def ask(rule, attributes):
    verdict = evaluate(Condition((rule,)), attributes, now=NOW, occurred_at=NOW)
    return verdict.findings[0]


def compiled_or_refused(field, operator, text):
    try:
        return compile_rule(field, operator, text)
    except InvalidRule as refusal:
        return refusal


@quick
@given(fields, st.sampled_from(list(Operator)) | words, typed)
def test_whatever_is_typed_becomes_a_rule_or_a_sentence(field, operator, text):
    outcome = compiled_or_refused(field, operator, text)

    if isinstance(outcome, Rule):
        assert (outcome.path, outcome.operator) == (field.path, operator)
    else:
        assert outcome.code in wording.REFUSALS
        assert outcome.sentence.endswith(".")


@quick
@given(fields_and_rules())
def test_a_rule_shown_and_saved_again_is_the_same_rule(field_and_rule):
    field, rule = field_and_rule

    again = compile_rule(field, rule.operator, canonical_text(rule))

    assert again == rule
    assert canonical_text(again) == canonical_text(rule)


@quick
@given(st.data(), fields_and_rules())
def test_the_explanation_agrees_with_the_verdict(data, field_and_rule):
    field, rule = field_and_rule
    attributes = data.draw(events_for(field))
    used = []

    verdict = evaluate(Condition((rule,)), attributes, now=NOW, occurred_at=NOW)
    sentences = explain(verdict, {field.path: field}, lambda msgid: used.append(msgid) or msgid)

    assert len(sentences) == 1
    assert len(HELD.intersection(used)) == (1 if verdict.holds else 0)
    assert len(NOT_HELD.intersection(used)) == (0 if verdict.holds else 1)
    assert set(used) <= set(wording.msgids())


@quick
@given(st.lists(fields_and_rules(), max_size=4), st.data())
def test_a_condition_holds_exactly_when_each_of_its_rules_does(pairs, data):
    attributes = {}
    for field, _rule in pairs:
        attributes.update(data.draw(events_for(field)))
    condition = Condition(tuple(rule for _field, rule in pairs))

    verdict = evaluate(condition, attributes, now=NOW, occurred_at=NOW)

    assert verdict.holds == all(ask(rule, attributes).holds for rule in condition.rules)
    assert [finding.rule for finding in verdict.findings] == list(condition.rules)
    assert len(describe(condition, {})) == len(condition.rules)


@quick
@given(fields_and_rules(), st.dictionaries(words, odd_values, max_size=3))
def test_a_path_that_does_not_exist_never_fulfills(field_and_rule, attributes):
    _field, rule = field_and_rule

    finding = ask(rule, attributes)

    assert (finding.holds, finding.seen, finding.reason) == (False, MISSING, "absent")


@quick
@given(fields_and_rules(), odd_values)
def test_odd_data_is_judged_and_explained_and_never_an_error(field_and_rule, value):
    field, rule = field_and_rule

    verdict = evaluate(Condition((rule,)), {field.path: value}, now=NOW, occurred_at=NOW)
    sentences = explain(verdict, {field.path: field}) + explain(verdict, {})

    assert [sentence.endswith(".") for sentence in sentences] == [True, True]
    assert not (verdict.holds and value in (None, ""))


@quick
@given(st.data(), fields_and_rules())
def test_of_a_question_and_its_opposite_one_holds_when_the_field_is_known(data, field_and_rule):
    field, _rule = field_and_rule
    text = data.draw(fitting[field.type].filter(lambda text: text.strip()))
    attributes = data.draw(events_for(field))

    there, not_there = (ask(compile_rule(field, name, text), attributes) for name in ("eq", "ne"))

    assert there.reason == not_there.reason or {there.reason, not_there.reason} == {"held", "unmet"}
    assert not (there.holds and not_there.holds)


@quick
@given(fitting[FieldType.NUMBER], fitting[FieldType.NUMBER])
def test_a_number_is_less_equal_or_more(seen, text):
    grade = Field("grade", "Grade", FieldType.NUMBER)

    held = [name for name in ("lt", "eq", "gt") if ask(compile_rule(grade, name, text), {"grade": seen}).holds]

    assert len(held) == 1
    assert ask(compile_rule(grade, "lte", text), {"grade": seen}).holds == (held[0] != "gt")
    assert ask(compile_rule(grade, "gte", text), {"grade": seen}).holds == (held[0] != "lt")


@quick
@given(st.integers(-200_000, 200_000), st.integers(-2, 2))
def test_a_moment_is_before_a_day_on_it_or_after_it(seconds, days):
    seen, day = NOW + timedelta(seconds=seconds), NOW.date() + timedelta(days)
    enrolled = Field("enrolled", "Enrolled", FieldType.DATE)

    held = [
        name
        for name in ("before", "eq", "after")
        if ask(compile_rule(enrolled, name, str(day)), {"enrolled": seen.isoformat()}).holds
    ]

    assert len(held) == 1
    assert ask(compile_rule(enrolled, "between", f"{day}, {day}"), {"enrolled": seen.isoformat()}).holds == (
        held == ["eq"]
    )


@quick
@given(json_values, st.text("ab.0__class", max_size=12))
def test_any_path_into_any_data_gives_the_data_or_nothing(data, path):
    found = look_up({"a": data}, path)

    assert found is MISSING or found is data or isinstance(found, (str, int, float, list, dict, bool, type(None)))


def test_every_operator_has_a_name_and_a_wording():
    assert set(LABELS) == set(wording.WORDINGS) == set(Operator)
    assert len(set(LABELS.values())) == len(Operator)
