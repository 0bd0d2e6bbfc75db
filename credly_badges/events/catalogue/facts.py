"""The usual fields of events, so that an entry says of each only where it is and what people call it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from ...rules.fields import Field, FieldType
from .. import readings
from .entry import Fact

COURSE = "course-v1:edX+DemoX+2026"
THE_COURSE = _("course")
MOMENT = "2026-03-01T12:00:00+00:00"


def yes_no(path: str, source: str, label: Any) -> Fact:
    """True or false."""
    return Fact(Field(path, label, FieldType.BOOLEAN, sample=True), source, readings.boolean)


def text(path: str, source: str, label: Any, sample: str) -> Fact:
    """A text, exactly as the LMS has it."""
    return Fact(Field(path, label, FieldType.TEXT, sample=sample), source, readings.text)


def number(path: str, source: str, label: Any, sample: float) -> Fact:
    """A number without a unit."""
    return Fact(Field(path, label, FieldType.NUMBER, sample=sample), source, readings.number)


def count(path: str, source: str, label: Any, sample: int) -> Fact:
    """How many entries a list has."""
    return Fact(Field(path, label, FieldType.NUMBER, sample=sample), source, readings.count)


def percent(path: str, source: str, label: Any) -> Fact:
    """A share of one, told in percent."""
    return Fact(Field(path, label, FieldType.NUMBER, unit="%", sample=85), source, readings.percent)


def moment(path: str, source: str, label: Any) -> Fact:
    """A time."""
    return Fact(Field(path, label, FieldType.DATE, sample=MOMENT), source, readings.moment)


def course_key(source: str, path: str = "course.course_key", label: Any = THE_COURSE, sample: str = COURSE) -> Fact:
    """A course run."""
    return Fact(Field(path, label, FieldType.COURSE_KEY, sample=sample), source, readings.course_key)


def uuid(path: str, source: str, label: Any, sample: str) -> Fact:
    """A UUID in its usual spelling."""
    return Fact(Field(path, label, FieldType.TEXT, sample=sample), source, readings.uuid)
