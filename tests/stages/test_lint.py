"""What the lint finds wrong with a badge, each with the sentence that says what to do."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
from django.utils import timezone

from credly_badges import lint, lms
from credly_badges.models import Availability, BadgeTemplate, CredlyOrganization, RequirementGroup
from credly_badges.testing.factories import (
    COURSE_KEY,
    GroupFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

Needs, Within = RequirementGroup.Needs, RequirementGroup.Within

GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
CERTIFICATE = "org.openedx.learning.certificate.created.v1"
PROGRAM_CERTIFICATE = "org.openedx.learning.program.certificate.awarded.v1"
BADGE_AWARDED = "org.openedx.learning.badge.awarded.v1"
CCX_PASSING = "org.openedx.learning.ccx.course.passing.status.updated.v1"

OTHER = "course-v1:edX+Other+2026"
OVER = "course-v1:edX+Over+2020"
NOWHERE = "course-v1:edX+Nowhere+2026"
PROGRAM, EMPTY_PROGRAM, NO_PROGRAM = (f"1f301a72-f344-4a31-9e9a-e0b04d8d86b{number}" for number in range(3))


@pytest.fixture(autouse=True)
def courses():
    """The LMS has two courses that go on, one that ended in 2020, a program of the first two and one of none."""
    stand_in = lms.backend()
    stand_in.clear()
    stand_in.add_course(COURSE_KEY, "Demonstration Course")
    stand_in.add_course(OTHER, "Another Course", end=timezone.now() + timedelta(days=30))
    stand_in.add_course(OVER, "A Course of the Past", end=timezone.now().replace(year=2020, month=6, day=15))
    stand_in.add_program(PROGRAM, COURSE_KEY, OTHER)
    stand_in.add_program(EMPTY_PROGRAM)
    yield stand_in
    stand_in.clear()


@pytest.fixture
def badge():
    """A badge with nothing wrong: it asks to pass one course."""
    made = TemplateFactory(name="Python", organization__name="Example University")
    RuleFactory(
        requirement__group=GroupFactory(template=made, name="First part", key="first"),
        requirement__description="Pass the course",
        requirement__key="pass",
    )
    return made


def part(badge, **columns):
    """A further group."""
    return GroupFactory(template=badge, **{"name": "Second part", "key": "second", **columns})


def thing(badge, *rules, group=None, **columns):
    """A further requirement, by default that somebody has a certificate; rules are path, operator, value."""
    columns = {"event_type": CERTIFICATE, "scope": COURSE_KEY, "description": "Do it", "key": "it", **columns}
    row = RequirementFactory(group=group or part(badge), **columns)
    for path, operator, value in rules:
        field_type = {
            "grade.percent": "number",
            "state.badge.held": "boolean",
            "occurred_at": "date",
            "course.course_key": "course_key",
        }.get(path, "text")
        RuleFactory(requirement=row, path=path, operator=operator, value=value, field_type=field_type)
    return row


def graded(badge, *rules, **columns):
    """A further requirement about the grade in a course."""
    told = [("grade.percent", operator, value) for operator, value in rules]
    return thing(badge, *told, event_type=GRADE, **columns)


def first(badge, **columns):
    """Change the requirement that is there."""
    badge.groups.get(key="first").requirements.update(**columns)


def penalty(badge, *rules, **columns):
    """A penalty: of those who fail, unless rules say something else, what is named in ``undoes``."""
    columns = {"event_type": columns.pop("event_type", None) or CCX_PASSING, "key": "fine", **columns}
    return thing(badge, *rules, group=part(badge, needs=Needs.UNDO), description="Fail", **columns)


def limited(badge, scope):
    Availability.objects.create(organization=badge.organization, template=badge, scope=scope)


def changed(badge, **columns):
    BadgeTemplate.objects.filter(pk=badge.pk).update(**columns)


def organization(badge, **columns):
    for name, value in columns.items():
        setattr(badge.organization, name, value)
    badge.organization.save()


def in_a_circle(badge):
    second = part(badge, after=badge.groups.get(key="first"))
    thing(badge, group=second)
    badge.groups.filter(key="first").update(after=second)


def after_penalties(badge):
    fine = penalty(badge, event_type=CERTIFICATE, undoes=["pass"])
    thing(badge, group=part(badge, name="Third part", key="third", after=fine.group), key="later")


def both_in_one_course(badge):
    graded(badge, ("gte", "80"), group=badge.groups.get(key="first"), description="Do well", key="well")
    graded(badge, ("lt", "50"), group=badge.groups.get(key="first"), description="Do badly", key="badly")


ERRORS = [
    # Of the badge itself.
    (lambda badge: changed(badge, credly_state="archived"), "not_at_credly", "At Credly the template is archived"),
    (lambda badge: organization(badge, api_key=""), "no_key", "Example University, has no API key."),
    (lambda badge: organization(badge, environment="elsewhere"), "no_address", "elsewhere"),
    (
        lambda badge: organization(badge, paused=CredlyOrganization.Pause.KEY_REJECTED),
        "organization_paused",
        "is paused: the API key does not work.",
    ),
    (lambda badge: changed(badge, expiry="period"), "terms", "expire after a number of days, and none is given."),
    # Nothing to do, or too much.
    (
        lambda badge: badge.groups.all().delete(),
        "no_requirement",
        "It has no requirement, so nobody could earn it. Add at least one.",
    ),
    (
        lambda badge: badge.groups.update(needs=Needs.UNDO),
        "no_requirement",
        "It has no requirement, so nobody could earn it. Add at least one.",
    ),
    (part, "empty_group", "“Second part” has no requirement, so it could never be met."),
    (
        lambda badge: thing(badge, group=part(badge, needs=Needs.AT_LEAST, at_least=2)),
        "asks_for_too_much",
        "“Second part” asks for 2 of its requirements and has 1. Ask for a number from 1 to 1.",
    ),
    (
        lambda badge: thing(badge, group=part(badge, needs=Needs.AT_LEAST, at_least=0)),
        "asks_for_too_much",
        "“Second part” asks for 0 of its requirements and has 1.",
    ),
    (
        lambda badge: thing(badge, group=part(badge, needs=Needs.AT_LEAST, at_least=4), weight=3),
        "asks_for_too_much",
        "“Second part” asks for 4 points, and all of its requirements together give 3.",
    ),
    (
        in_a_circle,
        "circle",
        "Groups wait for each other in a circle, so none of them could ever be met: “First part”, “Second part”.",
    ),
    (after_penalties, "after_nothing", "“Third part” comes after a group that nobody can meet"),
    (
        lambda badge: thing(badge, group=part(badge, within_days=5, within_of=Within.GROUP)),
        "within_of_nothing",
        "“Second part” has to be met within days of the group before it, and comes after no group.",
    ),
    (
        lambda badge: thing(badge, group=part(badge, within_days=5)),
        "within_half",
        "“Second part” has half of a time limit.",
    ),
    # Windows.
    (
        lambda badge: thing(badge, group=part(badge, time_zone="Mars/Olympus")),
        "time_zone",
        "“Second part” has the time zone “Mars/Olympus”, which does not exist.",
    ),
    (
        lambda badge: thing(badge, group=part(badge, opens_on=date(2030, 7, 1), closes_on=date(2030, 6, 30))),
        "window_empty",
        "“Second part” counts from July 1, 2030 until June 30, 2030, which is no day at all.",
    ),
    (
        lambda badge: thing(badge, group=part(badge, closes_on=date(2020, 6, 30))),
        "window_over",
        "“Second part” counts until June 30, 2020 only, and that is over",
    ),
    (
        lambda badge: thing(badge, ("occurred_at", "before", "2020-06-30")),
        "window_over",
        "The time that the requirement “Do it” asks for is over",
    ),
    # Events, fields and values.
    (
        lambda badge: thing(badge, event_type="org.example.dance.v1"),
        "unknown_event",
        "“Do it” waits for the event org.example.dance.v1, which this version does not know.",
    ),
    (
        lambda badge: thing(badge, ("dances", "eq", "yes")),
        "rule",
        "The event “Certificate awarded” has no field “dances”. Choose another field.",
    ),
    (lambda badge: graded(badge, ("gte", "many")), "rule", "A data rule of the requirement “Do it” cannot be used:"),
    (lambda badge: graded(badge, ("contains", "8")), "rule", "A data rule of the requirement “Do it” cannot be used:"),
    (
        lambda badge: thing(badge, ("grade.letter_grade", "eq", "A"), event_type=GRADE).data_rules.update(
            field_type="number"
        ),
        "rule",
        "It was saved for another type of field.",
    ),
    (
        lambda badge: thing(badge, ("state.badge.held", "eq", "yes")),
        "rule",
        "“holds the badge” needs to be told which badge.",
    ),
    (
        lambda badge: RuleFactory(
            requirement=thing(badge), path="state.badge.held", about="5a1c3e6a-0b52-4a3a-8d1e-000000000001"
        ),
        "rule",
        "The badge 5a1c3e6a-0b52-4a3a-8d1e-000000000001 is not here.",
    ),
    (
        lambda badge: RuleFactory(
            requirement=thing(badge),
            path="state.subsection.percent",
            about="week 1",
            operator="gte",
            value="50",
            field_type="number",
        ),
        "rule",
        "“week 1” is no subsection.",
    ),
    (
        lambda badge: RuleFactory(
            requirement=thing(badge, event_type=PROGRAM_CERTIFICATE, scope=""),
            path="state.enrollment.is_active",
        ),
        "rule",
        "is about a course, and “Program certificate awarded” happens in none.",
    ),
    (
        lambda badge: thing(badge, event_type=PROGRAM_CERTIFICATE, scope="", group=part(badge, before_course_end=True)),
        "window_without_course",
        "“Do it” happens in no course, and the time limit of its group asks for one.",
    ),
    # Always, and never.
    (
        graded,
        "always_true",
        "Everybody to whom the event “Course grade” happens meets the requirement “Do it”, whatever it says.",
    ),
    (lambda badge: graded(badge, ("gte", "0")), "always_true", "Everybody to whom the event “Course grade” happens"),
    (
        lambda badge: graded(badge, ("gt", "100")),
        "never_true",
        "“Grade is more than 100 %” can never be true, so nobody could meet the requirement “Do it”.",
    ),
    (
        lambda badge: graded(badge, ("gte", "80"), ("lt", "70")),
        "exclude",
        "“Grade is 80 % or more”, “Grade is less than 70 %” exclude each other, so nobody could meet",
    ),
    (
        lambda badge: thing(badge, ("certificate.mode", "eq", "verified"), ("certificate.mode", "eq", "honor")),
        "exclude",
        "exclude each other, so nobody could meet the requirement “Do it”. Change one of them.",
    ),
    (
        lambda badge: thing(badge, ("occurred_at", "before", "2030-01-01"), ("occurred_at", "after", "2031-01-01")),
        "exclude",
        "exclude each other",
    ),
    (
        lambda badge: RuleFactory(
            requirement=thing(badge, group=part(badge, before_course_end=True)), path="state.course.has_ended"
        ),
        "exclude",
        "“Course has ended: yes”, “the time limit of its group” exclude each other",
    ),
    (
        both_in_one_course,
        "exclude",
        "“Do well” and “Do badly” exclude each other, and the badge asks for both: Grade is 80 % or more; "
        "Grade is less than 50 %.",
    ),
    (
        lambda badge: thing(badge, ("course.course_key", "eq", OTHER)),
        "elsewhere",
        "The requirement “Do it” listens in one course and asks for another",
    ),
    # Places.
    (
        lambda badge: first(badge, scope=NOWHERE),
        "course_unknown",
        f"“Pass the course” names the course {NOWHERE}, which this LMS does not have.",
    ),
    (
        lambda badge: first(badge, scope=OVER),
        "course_ended",
        f"“Pass the course” needs courses that have ended: {OVER} (June 15, 2020).",
    ),
    (
        lambda badge: first(badge, scope=f"{OVER}\n{COURSE_KEY}", times=None),
        "course_ended",
        "“Pass the course” needs courses that have ended",
    ),
    (
        lambda badge: first(badge, scope=NO_PROGRAM),
        "program_unknown",
        f"names the program {NO_PROGRAM}, which this LMS does not know.",
    ),
    (
        lambda badge: first(badge, scope=EMPTY_PROGRAM),
        "program_empty",
        f"names the program {EMPTY_PROGRAM}, which has no course runs.",
    ),
    (
        lambda badge: thing(badge, event_type=PROGRAM_CERTIFICATE, scope=COURSE_KEY),
        "wrong_place",
        f"“Do it” names “{COURSE_KEY}”, where its event cannot happen.",
    ),
    (
        lambda badge: thing(badge, scope=f"{COURSE_KEY}\n{OTHER}", times=3),
        "too_few_places",
        "“Do it” has to be met in 3 different places and names 2. Name more, or ask for fewer.",
    ),
    (
        lambda badge: thing(badge, scope=f"{COURSE_KEY}\ncourse-v1:edX+DemoX+2025", times=2),
        "too_few_places",
        "“Do it” has to be met in 2 different places and names 1.",
    ),
    (lambda badge: thing(badge, scope=PROGRAM, times=3), "too_few_places", "in 3 different places and names 2."),
    (
        lambda badge: thing(badge, scope="edX", times=None),
        "every_of_any",
        "“Do it” has to be met in every one of its places, and “edX” is not one place but any number.",
    ),
    (lambda badge: thing(badge, scope="", times=None), "every_of_any", "and “anywhere” is not one place"),
    (
        lambda badge: thing(badge, event_type="org.openedx.learning.student.registration.completed.v1", scope="edX"),
        "wrong_place",
        "“Do it” names “edX”, where its event cannot happen.",
    ),
    (
        lambda badge: thing(
            badge, event_type="org.openedx.learning.student.registration.completed.v1", scope="", times=2
        ),
        "too_few_places",
        "“Do it” has to be met 2 times, and its event happens once.",
    ),
    (
        lambda badge: thing(badge, event_type=BADGE_AWARDED, scope="5a1c3e6a-0b52-4a3a-8d1e-000000000001"),
        "badge_unknown",
        "names the badge 5a1c3e6a-0b52-4a3a-8d1e-000000000001, which is not here.",
    ),
    (
        lambda badge: thing(badge, event_type=BADGE_AWARDED, scope=str(badge.uuid)),
        "badge_of_itself",
        "“Do it” asks for this very badge, so nobody could earn a first one.",
    ),
    (
        lambda badge: limited(badge, "MITx"),
        "not_available",
        "The requirement “Pass the course” lies outside of where the badge is available.",
    ),
    # Penalties.
    (
        lambda badge: penalty(badge, event_type=CERTIFICATE, undoes=["gone"]),
        "undoes_nothing",
        "The penalty “Fail” takes nothing back. Say which requirements it takes back.",
    ),
    (
        lambda badge: penalty(
            badge, event_type="org.openedx.learning.course.passing.status.updated.v1", undoes=["pass"]
        ),
        "undoes_everything",
        "Whatever meets the requirement “Pass the course” is also the penalty “Fail”",
    ),
]

HINTS = [
    (
        lambda badge: thing(badge, ("course.course_key", "matches", "*")),
        "rule_always_true",
        "is always true, so the requirement “Do it” is no stricter with it.",
    ),
    (
        lambda badge: first(badge, scope=f"{OVER}\n{COURSE_KEY}"),
        "some_courses_ended",
        f"“Pass the course” names courses that have ended: {OVER}",
    ),
    (
        lambda badge: thing(badge, event_type=BADGE_AWARDED, scope=str(TemplateFactory(name="A first step").uuid)),
        "badge_inactive",
        "“Do it” asks for “A first step”, which learners cannot earn at present.",
    ),
    (
        lambda badge: penalty(badge, event_type=CERTIFICATE, undoes=["pass", "gone"]),
        "undoes_what_is_gone",
        "The penalty “Fail” also takes back a requirement that is no longer there.",
    ),
]


def names(cases):
    return [f"{number}-{code}" for number, (_deed, code, _words) in enumerate(cases)]


@pytest.mark.parametrize(("deed", "code", "words"), ERRORS, ids=names(ERRORS))
def test_an_error_is_found_and_says_what_to_do(badge, deed, code, words):
    deed(badge)
    badge.refresh_from_db()

    found = [fault for fault in lint.faults(badge) if fault.is_error]

    assert code in [fault.code for fault in found]
    assert any(words in fault.sentence for fault in found if fault.code == code), found


@pytest.mark.parametrize(("deed", "code", "words"), HINTS, ids=names(HINTS))
def test_a_hint_is_given_and_stands_in_nobodys_way(badge, deed, code, words):
    deed(badge)

    found = lint.faults(badge)

    assert code in [fault.code for fault in found]
    assert any(words in fault.sentence for fault in found)
    assert not lint.errors(found)


FINE = [
    lambda badge: None,
    lambda badge: graded(badge, ("gte", "80"), ("lt", "90")),
    lambda badge: graded(badge, ("between", "70, 80"), ("ne", "75")),
    lambda badge: thing(badge, scope=PROGRAM, times=None),
    lambda badge: thing(badge, scope="edX", times=5),
    lambda badge: thing(badge, group=part(badge, needs=Needs.AT_LEAST, at_least=3), weight=3),
    lambda badge: thing(badge, group=part(badge, after=badge.groups.get(), within_days=30, within_of=Within.GROUP)),
    lambda badge: thing(badge, group=part(badge, closes_on=date(2999, 6, 30), time_zone="Europe/Berlin")),
    lambda badge: thing(badge, ("occurred_at", "within_days", "30")),
    lambda badge: thing(badge, ("course.course_key", "eq", COURSE_KEY)),
    lambda badge: thing(badge, event_type=PROGRAM_CERTIFICATE, scope=NO_PROGRAM),
    lambda badge: limited(badge, "edX"),
    lambda badge: penalty(badge, ("grade.percent", "lt", "50"), event_type=GRADE, undoes=["pass"], same_course=False),
]


@pytest.mark.parametrize("deed", FINE)
def test_what_is_right_has_no_fault(badge, deed):
    deed(badge)

    assert lint.faults(badge) == []


def test_a_requirement_without_a_description_is_called_by_its_event(badge):
    first(badge, scope=NOWHERE, description="")

    (fault,) = (each for each in lint.faults(badge) if each.code == "course_unknown")

    assert fault.sentence.startswith("The requirement “Course passing status” names the course")


def test_a_penalty_for_what_the_requirement_leaves_out_is_none_for_everything(badge):
    first(badge, event_type=GRADE)
    rule = badge.groups.get().requirements.get().data_rules
    rule.update(path="grade.percent", operator="gte", value="80", field_type="number")
    fine = penalty(badge, ("grade.percent", "lt", "60"), event_type=GRADE, scope="", undoes=["pass"])
    assert lint.faults(badge) == []

    fine.data_rules.update(value="100", operator="lte")

    (fault,) = lint.errors(lint.faults(badge))
    assert (fault.code, fault.group_key, fault.requirement_key) == ("undoes_everything", "second", "fine")


def test_somebody_may_mean_what_looks_wrong_but_not_what_is_impossible(badge):
    first(badge, scope=OVER)
    part(badge)

    left = lint.errors(lint.faults(badge), despite={"course_ended", "empty_group"})

    assert [fault.code for fault in left] == ["empty_group"]


def test_two_hundred_requirements_cost_no_more_questions_than_two(badge, django_assert_num_queries):
    stored = BadgeTemplate.objects.select_related("organization").get(pk=badge.pk)
    with django_assert_num_queries(4):
        lint.faults(stored)
    group = part(badge)
    for number in range(200):
        graded(badge, ("gte", str(number % 90 + 1)), group=group, scope=f"{COURSE_KEY}\n{OTHER}", key=f"{number}")

    with django_assert_num_queries(4):
        assert lint.faults(stored) == []


def test_the_nightly_check_keeps_what_it_finds_of_badges_that_learners_earn_or_that_wait(badge):
    earned, waiting, draft = (
        a_badge_for_passing(OVER, name=name, status=status)
        for name, status in (("Earned", "active"), ("Waiting", "review"), ("Draft", "draft"))
    )
    modified = earned.modified

    assert lint.check_all() == 2

    for template in (earned, waiting, draft, badge):
        template.refresh_from_db()
    assert [fault["code"] for fault in earned.faults] == ["course_ended"]
    assert earned.checked_at is not None
    assert earned.modified == modified
    assert waiting.faults[0]["sentence"].startswith("The requirement “Pass the course” needs courses that have ended")
    assert draft.checked_at is badge.checked_at is None


def test_the_nightly_check_begins_with_the_badge_that_was_checked_longest_ago():
    now = timezone.now()
    lately, long_ago = (a_badge_for_passing(checked_at=now - timedelta(days=days), name=str(days)) for days in (1, 9))

    assert lint.check_all(until=time.monotonic()) == 0
    lint.check(long_ago)

    long_ago.refresh_from_db()
    assert long_ago.checked_at > now
    lately.refresh_from_db()
    assert lately.checked_at < now


def test_a_badge_that_cannot_be_checked_does_not_keep_the_others_from_it(courses, monkeypatch):
    broken, fine = a_badge_for_passing(NOWHERE), a_badge_for_passing(COURSE_KEY)
    answer = courses.courses

    def answers_or_fails(keys):
        if NOWHERE in map(str, keys):
            raise RuntimeError("The course overviews are gone.")
        return answer(keys)

    monkeypatch.setattr(courses, "courses", answers_or_fails)

    assert lint.check_all() == 1

    for template in (broken, fine):
        template.refresh_from_db()
    assert fine.checked_at is not None
    assert broken.checked_at is None
