"""Where a badge is asked for: what people type, and whether it is available there."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credly_badges import lms, requirements
from credly_badges.events.catalogue import ScopeKind
from credly_badges.models import Availability, ListeningPlace
from credly_badges.testing.factories import COURSE_KEY, PASSING_STATUS, TemplateFactory

pytestmark = pytest.mark.django_db

PROGRAM = "1f301a72-f344-4a31-9e9a-e0b04d8d86b2"
SECOND, ELSEWHERE = "course-v1:edX+Second+2026", "course-v1:MITx+Other+2026"


@pytest.fixture(autouse=True)
def stand_in():
    yield lms.backend()
    lms.backend().clear()


@pytest.mark.parametrize(
    ("typed", "places"),
    [
        ("", []),
        (" \n , \n", []),
        (COURSE_KEY, [COURSE_KEY]),
        (f"{COURSE_KEY}, edX+DemoX ,edX", [COURSE_KEY, "edX+DemoX", "edX"]),
        (f"  {COURSE_KEY}\r\n{SECOND}\n\n{COURSE_KEY}", [COURSE_KEY, SECOND]),
        (f"{COURSE_KEY}+branch@draft-branch", [COURSE_KEY]),
        ("edX/DemoX/2026", ["edX/DemoX/2026"]),
        ("ccx-v1:edX+DemoX+2026+ccx@7", ["ccx-v1:edX+DemoX+2026+ccx@7"]),
        (f"{PROGRAM.upper()}\n{PROGRAM}", [PROGRAM]),
        ("Öst+Übung", ["Öst+Übung"]),
    ],
)
def test_places_of_a_course_event_stand_on_lines_or_between_commas(typed, places):
    assert requirements.read_scope(ScopeKind.COURSE, typed) == "\n".join(places)


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        (ScopeKind.COURSE, "two words", ["“two words” is not a course."]),
        (ScopeKind.COURSE, "edX\nlibrary-v1:edX+Lib\na b\n", ["This is a content library", "“a b” is not a course."]),
        (ScopeKind.COURSE, "x" * 256, ["too long to be a course key"]),
        (ScopeKind.COURSE, "\n".join(f"X+{number}" for number in range(501)), ["These are 501 places"]),
        (ScopeKind.PROGRAM, "edX, 7", ["“edX” is not a program ID.", "“7” is not a program ID."]),
        (ScopeKind.BADGE, f"{PROGRAM}\nPython", ["“Python” is not the ID", f"“{PROGRAM}” is not the ID"]),
        (ScopeKind.SITE, "edX", ["happens in no course, so it cannot be narrowed to “edX”"]),
    ],
)
def test_each_that_is_none_gets_a_sentence(kind, typed, words):
    with pytest.raises(requirements.InvalidScope) as fault:
        requirements.read_scope(kind, typed)

    assert len(fault.value.reasons) == len(words)
    for reason, word in zip(fault.value.reasons, words, strict=True):
        assert word in reason


def test_a_badge_is_one_that_is_here(django_assert_num_queries):
    first, second = TemplateFactory(), TemplateFactory()

    with django_assert_num_queries(1):
        requirements.read_scope(ScopeKind.BADGE, f"{first.uuid}, {second.uuid}")
    assert requirements.read_scope(ScopeKind.BADGE, f"{first.uuid}, {second.uuid}") == f"{first.uuid}\n{second.uuid}"


def test_an_event_of_the_site_happens_nowhere_in_particular():
    assert requirements.read_scope(ScopeKind.SITE, " \n") == ""


class TestWhatARuleIsAbout:
    """Some fields there are many of."""

    def test_a_subsection_by_its_usage_key(self):
        key = "block-v1:edX+DemoX+2026+type@sequential+block@exam"

        assert requirements.read_about("state.subsection.percent", f" {key} ") == key

    def test_a_badge_that_is_here(self):
        badge = TemplateFactory()

        assert requirements.read_about("state.badge.held", str(badge.uuid).upper()) == str(badge.uuid)

    @pytest.mark.parametrize(
        ("path", "about", "words"),
        [
            ("state.subsection.percent", "exam", "“exam” is no subsection."),
            ("state.subsection.percent", "", "Type the usage key of the subsection"),
            ("state.badge.held", PROGRAM, "is not the ID of a badge template here"),
            ("state.badge.held", "Python", "“Python” is not the ID"),
            ("grade.percent", "exam", "This field is about nothing else."),
        ],
    )
    def test_anything_else_gets_a_sentence(self, path, about, words):
        with pytest.raises(requirements.InvalidAbout, match=words):
            requirements.read_about(path, about)


class TestAvailability:
    """Every place has to lie where the badge is available, those of a program too."""

    @pytest.fixture
    def badge(self):
        made = TemplateFactory()
        Availability.objects.create(organization=made.organization, template=made, scope="edX")
        return made

    def save(self, badge, scope):
        asked = requirements.RequirementSpec(PASSING_STATUS, scope, "")
        return requirements.save(
            badge,
            [requirements.GroupSpec("", "all", 1, (asked,))],
            by=None,
            seen=requirements.fingerprint(requirements.stored(badge)),
        )

    def test_one_place_outside_is_enough_to_refuse_and_each_is_named(self, badge):
        with pytest.raises(requirements.OutsideAvailability) as refusal:
            self.save(badge, f"{COURSE_KEY}\n{ELSEWHERE}\nMITx")

        assert [reason.split("”")[0] for reason in refusal.value.reasons] == [f"“{ELSEWHERE}", "“MITx"]

    def test_a_program_whose_courses_all_lie_within_is_within(self, badge, stand_in):
        stand_in.add_program(PROGRAM, COURSE_KEY, SECOND)

        assert self.save(badge, PROGRAM)

        assert set(ListeningPlace.objects.values_list("scope", flat=True)) == {COURSE_KEY, SECOND}

    def test_a_program_with_a_course_elsewhere_is_not(self, badge, stand_in):
        stand_in.add_program(PROGRAM, COURSE_KEY, ELSEWHERE)

        with pytest.raises(requirements.OutsideAvailability, match="It is available here only: edX"):
            self.save(badge, PROGRAM)

    def test_a_program_that_the_lms_does_not_know_lies_nowhere(self, badge):
        with pytest.raises(requirements.OutsideAvailability):
            self.save(badge, PROGRAM)

    def test_many_places_take_as_many_queries_as_one(self, badge):
        runs = [f"course-v1:edX+C{number}+2026" for number in range(40)]

        with CaptureQueriesContext(connection) as for_one:
            self.save(TemplateFactory(organization=badge.organization), runs[0])
        with CaptureQueriesContext(connection) as for_many:
            self.save(TemplateFactory(organization=badge.organization), "\n".join(runs))

        assert len(for_many) == len(for_one)
