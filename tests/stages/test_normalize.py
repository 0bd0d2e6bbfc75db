"""What the LMS sends, and the learning event it becomes: a pair of files per kind of event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attr
import pytest
from crum import impersonate
from opaque_keys.edx.keys import CourseKey
from openedx_events.event_bus.avro.deserializer import deserialize_bytes_to_event_data
from openedx_events.event_bus.avro.serializer import serialize_event_data_to_bytes
from openedx_events.tooling import KNOWN_UNSERIALIZABLE_SIGNALS

from credly_badges import lms
from credly_badges.events import catalogue, readings
from credly_badges.events.catalogue import CATALOGUE, NamedBy
from credly_badges.events.normalize import Unusable, normalize
from credly_badges.rules import paths
from credly_badges.rules.fields import FieldType
from tests.lms_events import KINDS, expected, received, signal_of, the_learner_asking

GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
PROGRAM = "org.openedx.learning.program.certificate.awarded.v1"
PASSING = "org.openedx.learning.course.passing.status.updated.v1"
ORA = "org.openedx.learning.ora.submission.created.v1"
SKILL = "org.openedx.learning.xblock.skill.verified.v1"
EXAM = "org.openedx.learning.exam.attempt.submitted.v1"
GRADER = "org.openedx.learning.external_grader.score.submitted.v1"
BADGE = "org.openedx.learning.badge.awarded.v1"
LOGIN = "org.openedx.learning.auth.session.login.completed.v1"
ON_A_BUS = [
    kind
    for kind in KINDS
    if kind not in KNOWN_UNSERIALIZABLE_SIGNALS and CATALOGUE[kind].named_by is not NamedBy.REQUEST
]
PYTHON_TYPES = {
    FieldType.BOOLEAN: bool,
    FieldType.NUMBER: (int, float),
    FieldType.DATE: str,
    FieldType.COURSE_KEY: str,
    FieldType.TEXT: str,
}


@pytest.fixture(autouse=True)
def _within_a_request() -> Iterator[None]:
    with the_learner_asking():
        yield
    lms.backend().clear()


def leaves(value: Any, path: str = "") -> Iterator[str]:
    if not isinstance(value, dict):
        yield path
        return
    for name, each in value.items():
        yield from leaves(each, f"{path}.{name}".strip("."))


def test_every_event_of_the_catalogue_has_its_pair_of_fixtures() -> None:
    assert set(CATALOGUE) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_lms_sends_becomes_a_learning_event(kind: str) -> None:
    payload, told_at = received(kind)

    event = normalize(kind, payload, told_at)

    assert event == expected(kind)


@pytest.mark.parametrize("kind", ON_A_BUS)
def test_the_same_event_from_an_event_bus_says_the_same(kind: str) -> None:
    payload, told_at = received(kind)
    signal = signal_of(kind)

    carried = deserialize_bytes_to_event_data(serialize_event_data_to_bytes(payload, signal), signal)

    in_process, from_bus = normalize(kind, payload, told_at), normalize(kind, carried, told_at)
    assert from_bus == in_process
    assert from_bus.fingerprint == in_process.fingerprint


@pytest.mark.parametrize("kind", KINDS)
def test_a_learning_event_never_names_a_person(kind: str) -> None:
    payload, told_at = received(kind)

    kept = json.dumps(normalize(kind, payload, told_at).attributes).lower()

    assert not [word for word in ("ana", "ng@", "@example", "coach", "http", "pii") if word in kept]


@pytest.mark.parametrize("kind", KINDS)
def test_each_field_of_the_catalogue_is_one_that_the_event_carries(kind: str) -> None:
    fields = {each.path: each for each in CATALOGUE[kind].fields}

    attributes = expected(kind).attributes

    assert set(leaves(attributes)) <= set(fields)
    for path in leaves(attributes):
        assert isinstance(paths.look_up(attributes, path), PYTHON_TYPES[fields[path].type])


def test_every_field_is_shown_by_at_least_one_fixture() -> None:
    offered = {fact.field.path for event_type in CATALOGUE.values() for fact in event_type.facts}

    shown = {path for kind in KINDS for path in leaves(expected(kind).attributes)}

    assert offered == shown


@pytest.mark.parametrize("kind", KINDS)
def test_the_sample_of_a_field_is_a_value_of_its_type(kind: str) -> None:
    for each in CATALOGUE[kind].fields:
        assert isinstance(each.sample, PYTHON_TYPES[each.type])


@pytest.mark.parametrize("kind", KINDS)
def test_the_sample_of_an_event_is_one_that_rules_can_read(kind: str) -> None:
    event_type = CATALOGUE[kind]

    assert set(leaves(event_type.sample)) - {""} == {fact.field.path for fact in event_type.facts}
    assert set(leaves(expected(kind).attributes)) <= set(leaves(event_type.sample))


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_names_the_signal_that_has_its_kind(kind: str) -> None:
    signal = signal_of(kind)

    assert signal.event_type == kind


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_reads_only_what_the_signal_can_carry(kind: str) -> None:
    event_type = CATALOGUE[kind]
    signal = signal_of(kind)

    paths_of = (event_type.learner, event_type.subject, event_type.place, event_type.time)
    sources = [*paths_of, *(fact.source for fact in event_type.facts)]

    for source in filter(None, sources):
        first, *rest = source.split(".")
        cls = signal.init_data[first]
        for name in rest:
            assert name in attr.fields_dict(cls), f"{source} is nothing that {kind} carries"
            cls = attr.fields_dict(cls)[name].type


def test_a_field_is_found_by_its_event_and_path() -> None:
    assert catalogue.field(GRADE, "grade.percent").unit == "%"
    assert catalogue.field(GRADE, "grade.colour") is None
    assert catalogue.field("org.example.unheard.of.v1", "grade.percent") is None


@pytest.mark.parametrize(
    ("share", "percent"),
    [
        (0.57, 57),
        (0.7, 70),
        (0.29, 29),
        (0.0, 0),
        (1, 100),
        (0.8349999, 83.5),
        (0.69994, 69.99),
        (0.1 + 0.2, 30),
        ("0.87", 87),
        ("1.0", 100),
        (" 0.5 ", 50),
        ("", None),
        ("B+", None),
        (None, None),
        (float("nan"), None),
        ("Infinity", None),
        (True, None),
    ],
)
def test_a_grade_is_told_in_percent_without_a_float_s_dust(share: Any, percent: float | None) -> None:
    assert readings.percent(share) == percent


def test_a_time_without_a_zone_is_taken_as_utc() -> None:
    assert readings.moment(datetime(2026, 3, 1, 12)) == "2026-03-01T12:00:00+00:00"


def test_a_grade_that_was_never_passed_has_no_first_pass() -> None:
    payload, told_at = received(GRADE, passed_timestamp=None, letter_grade="")

    event = normalize(GRADE, payload, told_at)

    assert event.attributes["grade"] == {"percent": 57}


def test_a_regrade_after_a_course_edit_says_nothing_new_if_the_grade_is_the_same() -> None:
    before, told_at = received(GRADE)
    after, _ = received(GRADE, course_version="later", course_edited_timestamp="2026-03-02T08:00:00+00:00")

    first, second = normalize(GRADE, before, told_at), normalize(GRADE, after, told_at)

    assert second.fingerprint == first.fingerprint


def test_an_event_without_an_lms_user_id_cannot_be_used() -> None:
    payload, told_at = received(PROGRAM)
    certificate = payload["program_certificate"]
    stranger = attr.evolve(certificate, user=attr.evolve(certificate.user, id=None))

    with pytest.raises(Unusable, match="without an LMS user id"):
        normalize(PROGRAM, {"program_certificate": stranger}, told_at)


def test_a_program_without_a_uuid_cannot_be_used() -> None:
    payload, told_at = received(PROGRAM)
    certificate = payload["program_certificate"]
    nameless = attr.evolve(certificate, program=attr.evolve(certificate.program, uuid="data-science"))

    with pytest.raises(Unusable, match="without a valid program UUID"):
        normalize(PROGRAM, {"program_certificate": nameless}, told_at)


def test_a_program_is_the_same_however_its_uuid_is_written() -> None:
    payload, told_at = received(PROGRAM)
    certificate = payload["program_certificate"]
    other = certificate.program.uuid.upper().replace("-", "")
    shouted = attr.evolve(certificate, program=attr.evolve(certificate.program, uuid=other))

    event = normalize(PROGRAM, {"program_certificate": shouted}, told_at)

    assert event == expected(PROGRAM)


def test_an_event_without_a_course_cannot_be_used() -> None:
    with pytest.raises(Unusable, match="without a valid course key"):
        normalize(PASSING, {}, datetime(2026, 3, 1, tzinfo=UTC))


def test_an_event_of_something_within_a_course_is_about_that_and_happens_in_the_course() -> None:
    payload, told_at = received(EXAM)

    event = normalize(EXAM, payload, told_at)

    assert event.subject == "block-v1:edX+DemoX+2026+type@sequential+block@final_exam"
    assert event.course_key == "course-v1:edX+DemoX+2026"
    assert event.scopes == ("course-v1:edX+DemoX+2026", "edX+DemoX", "edX", "")


def test_what_a_submission_lies_in_tells_the_course() -> None:
    payload, told_at = received(ORA, location="")

    with pytest.raises(Unusable, match="without a valid course key"):
        normalize(ORA, payload, told_at)


def test_a_block_of_a_library_lies_in_no_course() -> None:
    payload, told_at = received(ORA, location="lb:edX:library:openassessment:essay")

    with pytest.raises(Unusable, match="without a valid course key"):
        normalize(ORA, payload, told_at)


def test_an_event_that_does_not_say_what_it_is_about_cannot_be_used() -> None:
    payload, told_at = received(ORA, uuid="")

    with pytest.raises(Unusable, match=r"without saying what it is about at submission\.uuid"):
        normalize(ORA, payload, told_at)


def test_an_event_about_something_with_an_endless_name_cannot_be_used() -> None:
    payload, told_at = received(ORA, uuid="0" * 256)

    with pytest.raises(Unusable, match="more than 255 characters"):
        normalize(ORA, payload, told_at)


def test_a_badge_without_a_template_cannot_be_used() -> None:
    payload, told_at = received(BADGE)
    badge = payload["badge"]
    nameless = attr.evolve(badge, template=attr.evolve(badge.template, uuid="scholar"))

    with pytest.raises(Unusable, match="without a valid badge template UUID"):
        normalize(BADGE, {"badge": nameless}, told_at)


@pytest.mark.parametrize("anonymous", ["", None, "somebody-else"])
def test_an_anonymous_id_that_is_nobody_s_cannot_be_used(anonymous: str | None) -> None:
    payload, told_at = received(ORA, anonymous_user_id=anonymous)

    with pytest.raises(Unusable, match="has not given to anybody"):
        normalize(ORA, payload, told_at)


def test_an_event_that_names_nobody_cannot_be_used_outside_a_request() -> None:
    payload, told_at = received(SKILL)

    with impersonate(None), pytest.raises(Unusable, match="outside a learner's request"):
        normalize(SKILL, payload, told_at)


def test_two_logins_of_one_day_are_one_and_the_next_day_is_another() -> None:
    payload, _ = received(LOGIN)
    berlin = timezone(timedelta(hours=2))
    times = [
        datetime(2026, 3, 1, 0, 1, tzinfo=UTC),
        datetime(2026, 3, 2, 1, 59, tzinfo=berlin),
        datetime(2026, 3, 2, tzinfo=UTC),
    ]

    subjects = [normalize(LOGIN, payload, at).subject for at in times]

    assert subjects == ["2026-03-01", "2026-03-01", "2026-03-02"]


@pytest.mark.parametrize(
    ("earned", "possible", "percent"),
    [(17, 20, 85), (2, 3, 66.67), (0, 5, 0), (3, 0, None), (None, 5, None), (1, None, None), (float("nan"), 5, None)],
)
def test_points_are_told_in_percent_too(earned: Any, possible: Any, percent: float | None) -> None:
    payload, told_at = received(GRADER, points_earned=earned, points_possible=possible)

    event = normalize(GRADER, payload, told_at)

    assert event.attributes["score"].get("percent") == percent


def test_a_course_with_a_key_of_the_old_form_has_the_same_scopes() -> None:
    payload, told_at = received(PASSING)
    old = CourseKey.from_string("edX/DemoX/2012")
    status = payload["course_passing_status"]
    status = attr.evolve(status, course=attr.evolve(status.course, course_key=old))

    event = normalize(PASSING, {"course_passing_status": status}, told_at)

    assert event.scopes == ("edX/DemoX/2012", "edX+DemoX", "edX", "")


def test_an_event_that_is_not_in_the_catalogue_is_no_learning_event() -> None:
    assert normalize("org.example.unheard.of.v1", {}, datetime(2026, 3, 1, tzinfo=UTC)) is None
