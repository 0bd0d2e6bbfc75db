"""What is known of a learner beside the event: read only where a rule asks, at the same cost for one as for many."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from credly_badges import lms, state
from credly_badges.models import BadgeAward
from credly_badges.rules.evaluate import evaluate
from credly_badges.rules.fields import FieldType
from credly_badges.rules.language import Condition, compile_rule
from credly_badges.rules.windows import window_rules
from credly_badges.state import Question
from credly_badges.testing.factories import AwardFactory, TemplateFactory, UserFactory
from credly_badges.testing.lms import StandInLMS

DEMO = "course-v1:edX+DemoX+2026"
OTHER = "course-v1:edX+OtherX+2026"
HOMEWORK = "block-v1:edX+DemoX+2026+type@sequential+block@homework"
EXAM = "block-v1:edX+DemoX+2026+type@sequential+block@exam"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ANA, BEN = 101, 102


@pytest.fixture(autouse=True)
def edx():
    lms.backend().clear()
    yield lms.backend()
    lms.backend().clear()


def facts(*paths, learner=ANA, course=DEMO, at=NOON):
    """What is found for one question about these paths."""
    question = Question(learner, course, at)
    asked = [path if isinstance(path, tuple) else (path, "") for path in paths]
    return state.read([question], asked)[question]["state"]


def rule(path, operator, value, about=""):
    return compile_rule(state.field(path), operator, value, about)


def test_what_no_rule_asks_for_is_not_read():
    field = state.field("state.grade.percent")
    about_the_event = compile_rule(type(field)("is_passing", "passing", FieldType.BOOLEAN), "eq", "true")
    question = Question(ANA, DEMO, NOON)

    asked = state.asked([Condition((about_the_event,)), Condition()])

    assert asked == frozenset()
    assert state.read([question], asked) == {question: {"state": {}}}
    assert state.read([], {("state.badge.held", str(uuid4()))}) == {}  # The database may not be used in this test.


def test_what_several_rules_ask_for_is_asked_once():
    conditions = [
        Condition((rule("state.grade.percent", "gte", "80"), rule("state.subsection.percent", "gte", "70", EXAM))),
        Condition((rule("state.grade.percent", "lt", "95"), rule("state.subsection.percent", "gte", "50", HOMEWORK))),
        Condition(window_rules(days_from_enrollment=30, before_course_end=True)),
    ]

    assert state.asked(conditions) == {
        ("state.grade.percent", ""),
        ("state.subsection.percent", EXAM),
        ("state.subsection.percent", HOMEWORK),
        ("state.enrollment.days", ""),
        ("state.course.has_ended", ""),
    }


def test_the_grade_is_the_one_in_the_course_of_the_event(edx):
    edx.add_grade(ANA, DEMO, 85, letter="B")
    edx.add_grade(ANA, OTHER, 20)

    assert facts("state.grade.percent", "state.grade.letter") == {"grade": {"percent": 85, "letter": "B"}}
    assert facts("state.grade.percent", "state.grade.letter", course=OTHER) == {"grade": {"percent": 20}}
    assert facts("state.grade.percent", learner=BEN) == {}
    assert facts("state.grade.percent", course="") == {}


def test_subsections_are_told_apart_by_what_a_rule_is_about(edx):
    edx.add_subsection_grade(ANA, HOMEWORK, 90)
    edx.add_subsection_grade(ANA, EXAM, 40)
    path = "state.subsection.percent"

    found = facts((path, HOMEWORK), (path, EXAM), (path, "the exam"), course=OTHER)

    assert found == {"subsection": {"percent": {HOMEWORK: 90, EXAM: 40}}}
    passed, failed = rule(path, "gte", "50", HOMEWORK), rule(path, "gte", "50", EXAM)
    verdict = evaluate(Condition((passed, failed)), {"state": found}, now=NOON, occurred_at=NOON)
    assert [finding.holds for finding in verdict.findings] == [True, False]


def test_completion_is_nothing_for_who_has_not_begun(edx):
    edx.add_completion(ANA, DEMO, 62.5)

    assert facts("state.completion.percent") == {"completion": {"percent": 62.5}}
    assert facts("state.completion.percent", learner=BEN) == {"completion": {"percent": 0}}


def test_the_certificate_is_told_in_whatever_status_it_is(edx):
    edx.add_certificate(ANA, DEMO, NOON, status="unavailable", mode="verified")

    found = facts("state.certificate.status", "state.certificate.mode")

    assert found == {"certificate": {"status": "unavailable", "mode": "verified"}}


@pytest.mark.parametrize(
    ("at", "days"),
    [
        (NOON, 0),
        (NOON + DAY - timedelta(seconds=1), 0),
        (NOON + DAY, 1),
        (NOON + 30 * DAY + timedelta(hours=23), 30),
        (NOON - timedelta(seconds=1), -1),
    ],
)
def test_days_are_counted_from_the_enrollment_to_the_event(edx, at, days):
    edx.add_enrollment(ANA, DEMO, mode="verified", created=NOON)

    found = facts("state.enrollment.days", "state.enrollment.mode", "state.enrollment.is_active", at=at)

    assert found == {"enrollment": {"days": days, "mode": "verified", "is_active": True}}


def test_the_enrollment_s_date_is_text_in_utc(edx):
    zone = datetime.fromisoformat("2026-05-01T14:00:00+02:00")
    edx.add_enrollment(ANA, DEMO, created=zone)

    assert facts("state.enrollment.created") == {"enrollment": {"created": "2026-05-01T12:00:00+00:00"}}


def test_cohort_and_teams_are_told_by_name(edx):
    edx.add_cohort(ANA, DEMO, "Evening class")
    edx.add_team(ANA, DEMO, "Red")
    edx.add_team(ANA, DEMO, "Blue")

    assert facts("state.cohort", "state.team") == {"cohort": "Evening class", "team": "Blue, Red"}
    assert facts("state.cohort", "state.team", learner=BEN) == {}


def test_a_course_ends_after_its_last_moment_and_never_without_an_end(edx):
    edx.add_course(DEMO, "Demonstration", start=NOON - 60 * DAY, end=NOON)
    edx.add_course(OTHER, "Without an end")
    path = "state.course.has_ended"

    assert facts(path, at=NOON) == {"course": {"has_ended": False}}
    assert facts(path, at=NOON + timedelta(seconds=1)) == {"course": {"has_ended": True}}
    assert facts(path, course=OTHER) == {"course": {"has_ended": False}}
    assert facts(path, course="course-v1:edX+Gone+2020") == {"course": {"has_ended": False}}
    assert facts(path, course="") == {}
    assert facts("state.course.start", "state.course.end") == {
        "course": {"start": (NOON - 60 * DAY).isoformat(), "end": NOON.isoformat()}
    }
    assert facts("state.course.start", "state.course.end", course=OTHER) == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("award", "held", "accepted"),
    [
        ({"state": "queued"}, True, False),
        ({"state": "offered"}, True, False),
        ({"state": "accepted"}, True, True),
        ({"state": "accepted", "source": "found"}, False, True),
        ({"state": "offered", "source": "found"}, False, False),
        ({"state": "declined"}, False, False),
        ({"state": "revoked", "live": None}, False, False),
        ({"state": "failed", "live": None}, False, False),
        (None, False, False),
    ],
)
def test_a_badge_is_held_while_an_award_of_ours_stands_and_accepted_whoever_awarded_it(award, held, accepted):
    learner, badge = UserFactory(), TemplateFactory(active=True)
    if award is not None:
        AwardFactory(learner=learner, template=badge, **award)
    AwardFactory(template=badge, state=BadgeAward.State.ACCEPTED)  # Somebody else's.
    about = str(badge.uuid)

    found = facts(("state.badge.held", about), ("state.badge.accepted", about), learner=learner.pk, course="")

    assert found == {"badge": {"held": {about: held}, "accepted": {about: accepted}}}


def test_a_rule_about_a_badge_that_is_none_finds_nothing():
    assert facts(("state.badge.accepted", "the first badge"), ("state.badge.held", "")) == {}


DIFFERENT = {
    FieldType.NUMBER: "12345",
    FieldType.TEXT: "something else",
    FieldType.DATE: "1999-01-01",
    FieldType.BOOLEAN: "false",
}
EVERYTHING = [
    (path, {"subsection": EXAM, "badge": "1f301a72-f344-4a31-9e9a-e0b04d8d86b2"}.get(each.about, ""))
    for path, each in state.STATE.items()
]


@pytest.mark.django_db
@pytest.mark.parametrize("learners", [1, 40])
def test_each_kind_of_fact_is_one_question_however_many_learners_and_paths(
    learners, monkeypatch, django_assert_num_queries
):
    asked = Counter()
    for name in ("rows_of", "subsection_grades", "completions", "cohorts", "teams", "courses"):
        whole = getattr(StandInLMS, name)
        monkeypatch.setattr(StandInLMS, name, lambda *given, n=name, w=whole: asked.update([n]) or w(*given))
    questions = [Question(number, course, NOON) for number in range(learners) for course in (DEMO, OTHER)]

    with django_assert_num_queries(1):
        found = state.read(questions, EVERYTHING)

    assert asked == {
        "rows_of": 3,
        "subsection_grades": 1,
        "completions": 1,
        "cohorts": 1,
        "teams": 1,
        "courses": 1,
    }
    assert set(found) == set(questions)


@pytest.mark.django_db
def test_every_fact_is_of_the_type_that_its_field_says_and_can_be_kept_as_json(edx):
    learner, badge = UserFactory(), TemplateFactory(uuid="1f301a72-f344-4a31-9e9a-e0b04d8d86b2")
    AwardFactory(learner=learner, template=badge, state="accepted")
    edx.add_course(DEMO, "Demonstration", start=NOON - DAY, end=NOON - timedelta(hours=1))
    edx.add_grade(learner.pk, DEMO, 85, letter="B")
    edx.add_subsection_grade(learner.pk, EXAM, 90)
    edx.add_completion(learner.pk, DEMO, 100)
    edx.add_certificate(learner.pk, DEMO, NOON)
    edx.add_enrollment(learner.pk, DEMO, created=NOON)
    edx.add_cohort(learner.pk, DEMO, "Evening class")
    edx.add_team(learner.pk, DEMO, "Blue")
    question = Question(learner.pk, DEMO, NOON)

    found = state.read([question], EVERYTHING)[question]

    assert json.loads(json.dumps(found)) == found
    for path, about in EVERYTHING:
        there = compile_rule(state.field(path), "exists", "", about)
        typed = compile_rule(state.field(path), "ne", DIFFERENT[state.field(path).type], about)
        verdict = evaluate(Condition((there, typed)), found, now=NOON, occurred_at=NOON)
        assert [finding.reason for finding in verdict.findings] == ["held", "held"], path


def test_every_field_has_its_own_path_a_label_and_a_sample_of_its_type():
    for path, each in state.STATE.items():
        assert path == each.field.path
        assert path.startswith("state.")
        assert str(each.field.label)
        assert state.field(path) is each.field
        attributes = {"state": {}}
        here = attributes
        for folder in path.split(".")[:-1]:
            here = here.setdefault(folder, {})
        here[path.split(".")[-1]] = each.field.sample
        there = Condition((compile_rule(each.field, "exists", ""),))
        assert evaluate(there, attributes, now=NOON, occurred_at=NOON).holds
    assert len({str(each.field.label) for each in state.STATE.values()}) == len(state.STATE)
    assert state.field("state.nothing") is None


def test_days_may_be_typed_with_their_unit():
    assert rule("state.enrollment.days", "lte", "30 days").value == Decimal(30)


def test_a_path_that_is_none_is_left_out():
    assert facts("state.weather", "state.grade.weather", ("state.subsection.percent", "")) == {}


def test_windows_ask_for_facts_that_there_are():
    rules = window_rules(days_from_enrollment=30, before_course_end=True)

    assert {each.path for each in rules} <= set(state.STATE)
