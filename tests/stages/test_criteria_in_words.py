"""What a badge asks for, in sentences that a learner can read."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils.translation import override

from credly_badges import lms, reports, versions
from credly_badges.models import RequirementGroup
from credly_badges.testing.factories import (
    COURSE_KEY,
    GroupFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
)

pytestmark = pytest.mark.django_db

Needs, Within = RequirementGroup.Needs, RequirementGroup.Within

PASSING = "org.openedx.learning.course.passing.status.updated.v1"
GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
CERTIFICATE = "org.openedx.learning.certificate.created.v1"
REVOKED = "org.openedx.learning.certificate.revoked.v1"
BADGE = "org.openedx.learning.badge.awarded.v1"
PROGRAM_CERTIFICATE = "org.openedx.learning.program.certificate.awarded.v1"
LOGIN = "org.openedx.learning.auth.session.login.completed.v1"
THREAD = "org.openedx.learning.forum.thread.created.v1"
OTHER = "course-v1:edX+Other+2026"
PROGRAM = "1f301a72-f344-4a31-9e9a-e0b04d8d86b2"
TITLED = "1f301a72-f344-4a31-9e9a-e0b04d8d86b3"
SUBSECTION = "block-v1:edX+DemoX+2026+type@sequential+block@exam"


@pytest.fixture(autouse=True)
def courses():
    stand_in = lms.backend()
    stand_in.clear()
    stand_in.add_course(COURSE_KEY, "Basics")
    stand_in.add_course(OTHER, "Advanced")
    stand_in.add_program(TITLED, COURSE_KEY, title="Data")
    yield stand_in
    stand_in.clear()


@pytest.fixture
def badge():
    return TemplateFactory(name="Python")


def words(badge) -> list[str]:
    return reports.sentences(badge)


def asks(badge, *rules, group=None, **columns):
    """The badge asks for one thing; rules are path, operator, value and what it is about."""
    columns = {"event_type": GRADE, "scope": COURSE_KEY, "description": "", **columns}
    made = RequirementFactory(group=group or GroupFactory(template=badge), **columns)
    for path, operator, value, *about in rules:
        RuleFactory(requirement=made, path=path, operator=operator, value=value, about="".join(about))
    return made


PLACES = [
    (GRADE, "", "Course grade, in any course."),
    (GRADE, COURSE_KEY, f"Course grade, in Basics ({COURSE_KEY})."),
    (GRADE, "edX+DemoX", "Course grade, in any run of the course edX+DemoX."),
    (GRADE, "edX", "Course grade, in any course of the organization edX."),
    (GRADE, PROGRAM, f"Course grade, in any course of the program {PROGRAM}."),
    (GRADE, TITLED, "Course grade, in any course of the program “Data”."),
    (PROGRAM_CERTIFICATE, TITLED, "Program certificate awarded, in the program “Data”."),
    (
        GRADE,
        f"{COURSE_KEY}\n{OTHER}",
        f"Course grade, in any of these: Basics ({COURSE_KEY}); Advanced ({OTHER}).",
    ),
    (PROGRAM_CERTIFICATE, "", "Program certificate awarded, in any program."),
]


@pytest.mark.parametrize(("event", "scope", "sentence"), PLACES)
def test_a_place_is_called_by_its_title(badge, event, scope, sentence):
    asks(badge, event_type=event, scope=scope)

    assert words(badge) == [sentence]


def test_an_event_of_the_site_has_no_place(badge):
    asks(badge, event_type=LOGIN, scope="")

    assert words(badge) == ["Login."]


def test_a_badge_is_called_by_its_name(badge):
    basics = TemplateFactory(name="Basics of everything")
    asks(badge, event_type=BADGE, scope=str(basics.uuid))

    assert words(badge) == ["Badge awarded: the badge “Basics of everything”."]


COUNTS = [
    (GRADE, {"times": 2}, "In at least 2 different courses."),
    (GRADE, {"times": 2, "distinct": "subject"}, "In at least 2 different course runs."),
    (GRADE, {"times": None}, "In every one of these courses."),
    (THREAD, {"times": 3, "distinct": "subject"}, "At least 3 times, for something else each time."),
    (PROGRAM_CERTIFICATE, {"times": 2}, "For at least 2 different programs."),
    (PROGRAM_CERTIFICATE, {"times": None}, "For every one of these programs."),
    (BADGE, {"times": 3}, "For at least 3 different badges."),
    (LOGIN, {"times": 3}, "On at least 3 different days."),
]


@pytest.mark.parametrize(("event", "columns", "sentence"), COUNTS)
def test_how_often_something_has_to_happen_is_said(badge, event, columns, sentence):
    asks(badge, event_type=event, scope="", **columns)

    [requirement] = reports.criteria_in_words(badge)[0].requirements

    assert requirement.notes == (sentence,)


def test_points_are_said_with_how_many_are_needed(badge):
    group = GroupFactory(template=badge, name="Choice", needs=Needs.AT_LEAST, at_least=5)
    asks(badge, group=group, weight=3)
    asks(badge, group=group, weight=1, scope=OTHER)

    assert words(badge) == [
        "Choice: 5 points from these.",
        f"Course grade, in Basics ({COURSE_KEY}). 3 points; 5 are needed.",
        f"Course grade, in Advanced ({OTHER}). 1 point; 5 are needed.",
    ]


def test_order_and_windows_are_said(badge):
    basics = GroupFactory(template=badge, name="Basics", opens_on=date(2027, 3, 1), closes_on=date(2027, 6, 30))
    basics.time_zone = "Europe/Berlin"
    basics.save()
    asks(badge, group=basics)
    then = GroupFactory(template=badge, name="Then", after=basics, within_days=90, within_of=Within.GROUP)
    asks(badge, group=then)
    last = GroupFactory(
        template=badge, after=then, within_days=1, within_of=Within.ENROLLMENT, before_course_end=True, name="Last"
    )
    asks(badge, group=last)

    assert words(badge)[::2] == [
        "Basics. From March 1, 2027 until June 30, 2027 (Europe/Berlin).",
        "Then. Counts only after “Basics” is met. Within 90 days of meeting “Basics”.",
        "Last. Counts only after “Then” is met. Within 1 day of the enrollment in the course. Before the course ends.",
    ]


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ({"opens_on": date(2027, 3, 1)}, "From March 1, 2027 on (UTC)."),
        ({"closes_on": date(2027, 3, 1), "time_zone": "Asia/Tokyo"}, "Until March 1, 2027 (Asia/Tokyo)."),
    ],
)
def test_a_window_may_be_open_on_one_side(badge, days, sentence):
    asks(badge, group=GroupFactory(template=badge, **days))

    assert words(badge)[0] == sentence


def test_what_the_lms_knows_is_said_with_what_it_is_about(badge):
    basics = TemplateFactory(name="Basics of everything")
    asks(
        badge,
        ("state.grade.percent", "gte", "85"),
        ("state.subsection.percent", "gte", "50", SUBSECTION),
        ("state.badge.held", "eq", "true", str(basics.uuid)),
        event_type=PASSING,
    )

    [requirement] = reports.criteria_in_words(badge)[0].requirements

    assert requirement.rules == (
        "Grade in the course now is 85 % or more.",
        f"Grade in the subsection ({SUBSECTION}) is 50 % or more.",
        "Holds the badge (Basics of everything): yes.",
    )


def test_a_penalty_says_what_it_takes_back(badge):
    asks(badge, description="Get a certificate", event_type=CERTIFICATE, key="get")
    penalties = GroupFactory(template=badge, needs=Needs.UNDO, name="Penalties")
    asks(badge, event_type=REVOKED, scope="", undoes=["get"], group=penalties)

    group = reports.criteria_in_words(badge)[1]

    assert group.takes_back
    assert words(badge)[1:] == [
        "Penalties: what takes something back.",
        "Certificate revoked, in any course. Takes back what was met before: “Get a certificate”. "
        "Only in the same course.",
    ]


def test_a_group_without_a_name_has_its_number_where_something_is_said_of_it(badge):
    asks(badge, group=GroupFactory(template=badge))
    asks(badge, group=GroupFactory(template=badge, before_course_end=True))

    assert words(badge)[1] == "Group 2. Before the course ends."


def test_the_words_of_an_older_version_stay_to_be_read(badge):
    asks(badge)
    badge.version = 2
    badge.save()
    asks(badge, group=GroupFactory(template=badge, version=2), event_type=PASSING)

    assert reports.sentences(badge, 1) == [f"Course grade, in Basics ({COURSE_KEY})."]
    assert reports.sentences(badge) == [f"Course passing status, in Basics ({COURSE_KEY})."]


def test_more_requirements_cost_no_more_questions(badge, django_assert_max_num_queries):
    for number in range(20):
        asks(badge, ("grade.percent", "gte", "50"), times=number + 1, scope=f"{COURSE_KEY}\n{PROGRAM}")

    with django_assert_max_num_queries(4):
        reports.criteria_in_words(badge)


def test_of_many_badges_what_is_valid_is_read_as_it_was_written_down(badge, courses, django_assert_num_queries):
    valid, draft, empty = badge, TemplateFactory(), TemplateFactory()
    for each in (valid, draft):
        asks(each, ("grade.percent", "gte", "50"))
    versions.seal(valid)
    courses.add_course(COURSE_KEY, "Basics, second edition")

    said = reports.sentences_of([valid, draft, empty])

    assert said[valid.pk] == [f"Course grade, in Basics ({COURSE_KEY}). Grade is 50 % or more."]
    assert said[draft.pk] == [f"Course grade, in Basics, second edition ({COURSE_KEY}). Grade is 50 % or more."]
    assert said[empty.pk] == []
    with override("de"):
        assert reports.sentences_of([valid])[valid.pk] == reports.sentences(valid)
    with django_assert_num_queries(1):
        reports.sentences_of([valid])


def test_what_was_written_down_of_an_earlier_version_is_not_what_the_badge_asks_for(badge):
    asks(badge)
    versions.seal(badge)
    badge.version = 2
    badge.save()
    asks(badge, group=GroupFactory(template=badge, version=2), event_type=PASSING)

    assert reports.sentences_of([badge])[badge.pk] == [f"Course passing status, in Basics ({COURSE_KEY})."]
