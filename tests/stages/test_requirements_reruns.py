"""A course is run again, and badges ask for the new run as they did for the old one."""

from __future__ import annotations

import pytest

from credly_badges import lms, requirements
from credly_badges.models import Availability, BadgeRequirement
from credly_badges.requirements.specs import GroupSpec, RequirementSpec, RuleSpec
from credly_badges.testing.factories import (
    COURSE_KEY,
    PASSING_STATUS,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
OTHER, NEW = "course-v1:edX+Other+2026", "course-v1:edX+DemoX+2027"
EXAM = "block-v1:edX+DemoX+2026+type@sequential+block@exam"


@pytest.fixture(autouse=True)
def _courses():
    for key in (COURSE_KEY, OTHER, NEW):
        lms.backend().add_course(key, "A course")
    yield
    lms.backend().clear()


def a_draft(*specs):
    badge = TemplateFactory()
    groups = [GroupSpec("", "all", 1, specs)]
    requirements.save(badge, groups, by=None, seen=requirements.fingerprint(()))
    return badge


def carry(**options):
    return requirements.carry_over(COURSE_KEY, NEW, by=None, **options)


def the_only_one(badge):
    ((requirement,),) = (group.requirements for group in requirements.stored(badge))
    return requirement


def rules(badge):
    return [(rule.operator, rule.value) for rule in the_only_one(badge).rules]


def test_the_new_run_comes_beside_the_old_one_at_its_place():
    badge = a_draft(RequirementSpec(PASSING_STATUS, f"{COURSE_KEY}\n{OTHER}", ""))

    carry()

    assert the_only_one(badge).places == (COURSE_KEY, NEW, OTHER)


def test_or_in_its_place():
    badge = a_draft(RequirementSpec(PASSING_STATUS, f"{COURSE_KEY}\n{OTHER}", ""))

    carry(replace_old=True)

    assert the_only_one(badge).places == (NEW, OTHER)


def test_a_badge_for_the_whole_course_has_the_new_run_already():
    a_draft(RequirementSpec(PASSING_STATUS, "edX+DemoX", ""), RequirementSpec(PASSING_STATUS, f"{COURSE_KEY}x", ""))

    assert carry() == []


def test_a_badge_that_learners_earn_gets_a_version_by_whoever_carried_it_over():
    badge, author = a_badge_for_passing(), UserFactory()

    (carried,) = requirements.carry_over(COURSE_KEY, NEW, by=author)

    assert carried.template == badge
    badge.refresh_from_db()
    assert (badge.version, badge.requirements_changed_by) == (2, author)


@pytest.mark.parametrize(
    ("operator", "value", "beside", "instead"),
    [
        ("eq", COURSE_KEY, ("in", f"{COURSE_KEY}, {NEW}"), ("eq", NEW)),
        ("in", f"{COURSE_KEY}, {OTHER}", ("in", f"{COURSE_KEY}, {NEW}, {OTHER}"), ("in", f"{NEW}, {OTHER}")),
        ("ne", COURSE_KEY, ("not_in", f"{COURSE_KEY}, {NEW}"), ("ne", NEW)),
        ("not_in", OTHER, ("not_in", OTHER), ("not_in", OTHER)),
        ("contains", "DemoX+2026", ("contains", "DemoX+2026"), ("contains", "DemoX+2026")),
    ],
)
def test_rules_that_name_the_old_run_name_the_new_one(operator, value, beside, instead):
    rule = RuleSpec("course.course_key", operator, value)
    one, other = (a_draft(RequirementSpec(PASSING_STATUS, "", "", (rule,))) for _number in range(2))

    carry(templates=[one])
    carry(templates=[other], replace_old=True)

    assert (rules(one), rules(other)) == ([beside], [instead])


def test_a_subsection_is_the_same_one_in_the_new_run():
    rule = RuleSpec("state.subsection.percent", "gte", "80", about=EXAM)
    badge = a_draft(RequirementSpec(GRADE, COURSE_KEY, "Pass the exam", (rule,)))

    (beside,) = carry()
    assert beside.lines == ()
    assert beside.left == (
        "“Pass the exam” asks about a subsection of the old run. Add a requirement for the new one, or put the new run "
        "in the place of the old one.",
    )

    carry(replace_old=True)
    assert the_only_one(badge).rules[0].about == EXAM.replace("2026", "2027")
    assert the_only_one(badge).places == (NEW,)


def test_where_every_run_is_asked_for_a_person_has_to_decide():
    badge = a_draft(RequirementSpec(PASSING_STATUS, COURSE_KEY, "All", times=None, distinct="subject"))

    (carried,) = carry()

    assert "so both would be asked for" in carried.left[0]
    assert the_only_one(badge).places == (COURSE_KEY,)


def test_one_that_cannot_be_saved_does_not_hold_up_the_others():
    outside = a_badge_for_passing(name="Outside")
    fine = a_badge_for_passing(name="Fine", organization=outside.organization)
    Availability.objects.create(organization=outside.organization, template=outside, scope=COURSE_KEY)

    carried = {each.template: each for each in carry()}

    assert "lies outside of where the badge is available" in carried[outside].refused[0]
    assert (carried[fine].refused, carried[fine].version, carried[outside].version) == ((), 2, 0)
    assert sorted(BadgeRequirement.objects.filter(group__version=2).values_list("group__template__name")) == [("Fine",)]


def test_to_see_what_would_happen_writes_nothing():
    badge = a_badge_for_passing()

    (carried,) = carry(dry_run=True)

    assert carried.lines
    badge.refresh_from_db()
    assert badge.version == 1


def test_it_takes_the_same_queries_however_many_badges_do_not_ask_for_it(django_assert_num_queries):
    for _number in range(5):
        a_badge_for_passing(OTHER)

    with django_assert_num_queries(1):
        assert carry() == []


def test_a_run_that_is_yet_to_be_made_is_refused_with_the_code_that_accepts_it():
    a_badge_for_passing()
    lms.backend().clear()

    (carried,) = carry()
    assert carried.refused[0].endswith("(If it is meant: --despite course_unknown.)")

    (carried,) = carry(despite=["course_unknown"])
    assert (carried.refused, carried.version) == ((), 2)
