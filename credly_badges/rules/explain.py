"""Rules in words: what a badge asks for, and why an event did or did not fulfill it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from . import wording
from .dates import Span, as_utc
from .evaluate import Finding, Reason, Verdict, read_seen
from .fields import Field, FieldType
from .language import Condition, Rule
from .operators import Operator
from .values import LONGEST_SHOWN, plain

Translate = Callable[[str], str]


@dataclass(frozen=True)
class Reader:
    """Who reads: their language, the time zone in which they are told moments, and what they call things by."""

    translate: Translate = str
    zone: tzinfo = UTC
    names: Mapping[str, str] = field(default_factory=dict)


def describe(
    condition: Condition,
    fields: Mapping[str, Field],
    translate: Translate = str,
    *,
    zone: tzinfo = UTC,
    names: Mapping[str, str] | None = None,
) -> list[str]:
    """The criteria in words, one sentence per rule: "Grade is 80 % or more." Empty if the event alone is enough.

    ``fields`` are the event's fields by path; ``translate`` gets one of ``wording.msgids()`` at a time. Moments are
    told in ``zone``; ``names`` are those of what rules are about: badges, subsections.
    """
    reader = Reader(translate, zone, names or {})
    return [_criterion(rule, _field(rule, fields), reader) for rule in condition.rules]


def explain(
    verdict: Verdict,
    fields: Mapping[str, Field],
    translate: Translate = str,
    *,
    zone: tzinfo = UTC,
    names: Mapping[str, str] | None = None,
) -> list[str]:
    """Why an event did or did not fulfill a condition, one sentence per rule: "Grade is 74 %, needs 80 % or more."."""
    reader = Reader(translate, zone, names or {})
    return [_explanation(finding, _field(finding.rule, fields), reader) for finding in verdict.findings]


def _field(rule: Rule, fields: Mapping[str, Field]) -> Field:
    """The rule's field. One that the catalogue no longer has keeps its path as its name.

    A rule that was set while the field had another type goes on asking as that type, and is shown as it asks.
    """
    field = fields.get(rule.path) or Field(rule.path, rule.path, rule.type or FieldType.TEXT)
    if rule.type is None or rule.type is field.type:
        return field
    both_words = rule.type is FieldType.TEXT and field.type is FieldType.COURSE_KEY
    return field if both_words else replace(field, type=rule.type)


def _criterion(rule: Rule, field: Field, reader: Reader) -> str:
    return reader.translate(_wording(rule).criterion).format_map(_needed(rule, field, reader))


def _explanation(finding: Finding, field: Field, reader: Reader) -> str:
    rule = finding.rule
    places = {"seen": _seen(finding.seen, field, reader), **_needed(rule, field, reader)}
    if finding.reason in (Reason.HELD, Reason.UNMET):
        words = _wording(rule)
        return reader.translate(words.held if finding.holds else words.unmet).format_map(places)
    words_for = {Reason.ABSENT: wording.ABSENT, Reason.EMPTY: wording.EMPTY}
    sentence = words_for.get(Reason(finding.reason)) or wording.WRONG_TYPE[field.type]
    return reader.translate(sentence).format_map({**places, "criterion": _criterion(rule, field, reader)})


def _wording(rule: Rule) -> wording.Wording:
    if isinstance(rule.value, bool):
        return wording.YES_OR_NO
    return wording.WORDINGS[rule.operator]


def _needed(rule: Rule, field: Field, reader: Reader) -> dict[str, str]:
    """What fills the places of a sentence about a rule."""
    value = rule.value
    places = {"label": _label(rule, field, reader)}
    if isinstance(value, bool):
        return places | {"value": _yes_or_no(value is (rule.operator is not Operator.NOT_EQUAL), reader)}
    if isinstance(value, tuple):
        shown = [_show(item, field, reader) for item in value]
        return places | {"values": ", ".join(shown), "low": shown[0], "high": shown[-1]}
    return places | {"value": _show(value, field, reader), "count": str(value)}


def _label(rule: Rule, field: Field, reader: Reader) -> str:
    if not rule.about:
        return str(field.label)
    about = reader.names.get(rule.about, rule.about)
    return reader.translate(wording.ABOUT).format_map({"label": str(field.label), "about": about})


def _seen(seen: Any, field: Field, reader: Reader) -> str:
    known = None if isinstance(seen, date) else read_seen(field.type, seen)
    if isinstance(known, Span):
        whole_day = known.first != known.last
        return _show(known.first.date() if whole_day else known.first, field, reader)
    return _show(seen if known is None else known, field, reader)


def _show(value: Any, field: Field, reader: Reader) -> str:
    if isinstance(value, bool):
        return _yes_or_no(value, reader)
    if isinstance(value, date):
        return _show_date(value, reader)
    if isinstance(value, str):
        text = value if len(value) <= LONGEST_SHOWN else value[: LONGEST_SHOWN - 1] + "…"
        return (
            text if field.type is FieldType.COURSE_KEY else reader.translate(wording.QUOTED).format_map({"text": text})
        )
    number = read_seen(FieldType.NUMBER, value)
    return _show_number(number, field, reader) if number is not None else reader.translate(wording.SOMETHING_ELSE)


def _show_number(number: Decimal, field: Field, reader: Reader) -> str:
    if not field.unit or field.type is not FieldType.NUMBER:
        return plain(number)
    return reader.translate(wording.AMOUNT).format_map({"number": plain(number), "unit": str(field.unit)})


def _show_date(when: date, reader: Reader) -> str:
    if not isinstance(when, datetime):
        return when.isoformat()
    try:
        moment = as_utc(when).astimezone(reader.zone)
    except OverflowError:  # At the ends of time, some zones have no such moment.
        moment = as_utc(when)
    clock = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    places = {"date": moment.date().isoformat(), "time": clock, "zone": str(moment.tzinfo)}
    return reader.translate(wording.MOMENT).format_map(places)


def _yes_or_no(value: bool, reader: Reader) -> str:
    return reader.translate(wording.YES if value else wording.NO)
