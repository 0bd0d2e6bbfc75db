"""Somebody asks for more than one event in one course: each control of the page, without JavaScript."""

from datetime import date

import pytest

from credly_badges import lms
from credly_badges.models import BadgeRequirement, DataRule, RequirementGroup
from credly_badges.testing.factories import (
    COURSE_KEY,
    FulfillmentFactory,
    GroupFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    a_badge_for_passing,
)

from .admin_desk import at_the_desk, manager, text_of
from .requirements_desk import BADGE, GRADE, LOGIN, PROGRAM, Editor

pytestmark = pytest.mark.django_db

REVOKED = "org.openedx.learning.certificate.revoked.v1"
SUBSECTION = "block-v1:edX+DemoX+2026+type@sequential+block@exam"
PROGRAM_ID = "1f301a72-f344-4a31-9e9a-e0b04d8d86b2"


@pytest.fixture(autouse=True)
def courses(settings):
    """The LMS has two courses, and a program of these."""
    settings.CREDLY_BADGES_LMS_BACKEND = "credly_badges.testing.lms.StandInLMS"
    backend = lms.backend()
    backend.clear()
    backend.add_course(COURSE_KEY, "Demonstration Course")
    backend.add_course("course-v1:edX+Stat1+2026", "Statistics")
    backend.add_program(PROGRAM_ID, COURSE_KEY, "course-v1:edX+Stat1+2026")
    yield backend
    backend.clear()


@pytest.fixture
def requirement():
    """A requirement of a draft: a grade of 80 in any course."""
    row = RequirementFactory(event_type=GRADE, scope="", description="A good grade", group__name="Courses")
    RuleFactory(requirement=row, path="grade.percent", operator="gte", value="80", field_type="number")
    return row


@pytest.fixture
def editor(requirement):
    """The page on which it is edited."""
    return Editor(manager(), requirement.group.template)


def typed(row, **values):
    """Values for the fields of a requirement, a group or a rule."""
    letter = {BadgeRequirement: "r", RequirementGroup: "g", DataRule: "d"}[type(row)]
    return {f"{letter}{row.pk}__{name}": value for name, value in values.items()}


def as_sent(**values):
    """Values for the only requirement that there is, as a browser sends them."""
    pk = BadgeRequirement.objects.get().pk
    return {f"r{pk}-{name}": value for name, value in values.items()}


def saved(row):
    """The row, as it is stored now."""
    return type(row).objects.get(pk=row.pk)


# Events


def test_events_are_offered_under_headings_and_say_what_they_are(editor, requirement):
    headings = editor.headings(f"r{requirement.pk}-event_type")

    assert headings[:3] == ["Grades", "Certificates", "Enrollment and cohorts"]
    assert {"Exams and assignments", "Discussions", "Identity and account", "Badges"} <= set(headings)
    assert "A learner's grade in a course was calculated and saved." in editor.text.replace("’", "'")


# Where


def test_several_places_are_typed_one_a_line_and_are_called_by_their_titles(editor, requirement):
    places = f"{COURSE_KEY}\r\n course-v1:edX+Stat1+2026, edX+DemoX\r\n\r\n{PROGRAM_ID}\r\n"

    editor.press("refresh", **typed(requirement, scope=places))
    page = editor.text
    editor.press("save")

    assert f"{COURSE_KEY}: Demonstration Course" in page
    assert "course-v1:edX+Stat1+2026: Statistics" in page
    assert f"{PROGRAM_ID}: A program with 2 course runs." in page
    assert saved(requirement).places == (COURSE_KEY, "course-v1:edX+Stat1+2026", "edX+DemoX", PROGRAM_ID)


def test_each_place_that_is_none_is_named_and_the_others_stay(editor, requirement):
    places = f"{COURSE_KEY}\nDemoX 2026\ncourse-v1:edX"

    editor.press("save", **typed(requirement, scope=places))

    assert "“DemoX 2026” is not a course." in editor.text
    assert "“course-v1:edX” is not a course." in editor.text
    assert editor.fields[f"r{requirement.pk}-scope"] == places
    assert saved(requirement).scope == ""


def test_a_program_that_the_lms_does_not_know_is_said_to_be_unknown(editor, requirement):
    editor.press("refresh", **typed(requirement, scope="2f301a72-f344-4a31-9e9a-e0b04d8d86b2"))

    assert "This LMS knows no program with this ID, so far." in editor.text


def test_badges_are_chosen_from_those_of_the_site_one_after_another(requirement):
    first, second = TemplateFactory(name="Reader"), TemplateFactory(name="Writer")
    editor = Editor(manager(), requirement.group.template)
    rule = requirement.data_rules.get()

    editor.press(f"remove-rule:{rule.pk}").press("refresh", **typed(requirement, event_type=BADGE))
    offered = editor.choices(f"r{requirement.pk}-add_place")
    editor.press("refresh", **typed(requirement, add_place=str(first.uuid)))
    editor.press("save", **typed(requirement, add_place=str(second.uuid)))

    assert [each.partition(" (")[0] for each in offered] == ["— choose a badge —", "Reader", "Writer"]
    assert saved(requirement).places == (str(first.uuid), str(second.uuid))


def test_an_event_of_the_whole_site_has_no_place_and_what_was_typed_is_not_lost(editor, requirement):
    rule = requirement.data_rules.get()
    editor.press(f"remove-rule:{rule.pk}", **typed(requirement, scope=COURSE_KEY))

    editor.press("refresh", **typed(requirement, event_type=LOGIN))
    without = f"r{requirement.pk}-scope" in editor.fields
    editor.press("refresh", **typed(requirement, event_type=GRADE))

    assert not without
    assert editor.fields[f"r{requirement.pk}-scope"] == COURSE_KEY


# How often


def test_a_number_of_different_courses_is_asked_for(editor, requirement):
    editor.press("save", **typed(requirement, often="several", times="2", distinct="subject"))

    assert (saved(requirement).times, saved(requirement).distinct) == (2, "subject")
    assert "in 2 different ones" in Editor(editor.client, requirement.group.template).text


def test_every_one_of_the_listed_courses_is_asked_for(editor, requirement):
    editor.press("save", **typed(requirement, often="every", scope=f"{COURSE_KEY}\nedX+Stat1"))

    assert saved(requirement).times is None


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"often": "several", "times": ""}, "times", "Type how many: 2 or more."),
        ({"often": "several", "times": "1"}, "times", "greater than or equal to 2"),
        ({"often": "several", "times": "two"}, "times", "Enter a whole number."),
        ({"often": "every"}, "often", "Say above in which: without a list, “every one” has no end."),
        ({"often": "every", "scope": f"{COURSE_KEY}\nedX"}, "often", "“edX” is an organization"),
    ],
)
def test_a_mistake_in_how_often_is_named_where_it_was_made(editor, requirement, values, field, sentence):
    editor.press("save", **typed(requirement, **values))

    ((control, said),) = editor.mistakes.items()
    assert control == f"id_r{requirement.pk}-{field}"
    assert sentence in said
    assert f'data-keep="often-{requirement.pk}" open' in editor.page
    assert {name: editor.fields[f"r{requirement.pk}-{name}"] for name in values} == values


def test_points_are_asked_for_where_the_group_counts_them(editor, requirement):
    other = RequirementFactory(group=requirement.group, event_type=GRADE, scope="")
    editor = Editor(editor.client, requirement.group.template)
    without = f"r{other.pk}-weight" in editor.fields

    editor.press("refresh", **typed(requirement.group, needs="at_least", at_least="4"))
    editor.press("save", **typed(other, weight="2"))
    too_many = editor.mistakes[f"id_g{requirement.group_id}-at_least"]
    editor.press("save", **typed(other, weight="3"))

    assert not without
    assert too_many == "Type a number from 1 to 3: its requirements count 3 together."
    assert (saved(other).weight, saved(requirement.group).at_least) == (3, 4)


# Data rules


def test_a_rule_may_ask_what_the_lms_knows_of_a_subsection(editor, requirement):
    rule = requirement.data_rules.get()

    editor.press("refresh", **typed(rule, path="state.subsection.percent"))
    editor.press("save", **typed(rule, about="the exam"))
    refused = editor.mistakes
    editor.press("save", **typed(rule, about=""))
    missing = editor.mistakes
    editor.press("save", **typed(rule, about=f" {SUBSECTION} "))

    assert "“the exam” is no subsection. Copy its usage key" in refused[f"id_d{rule.pk}-about"]
    assert "Type the usage key of the subsection" in missing[f"id_d{rule.pk}-about"]
    stored = saved(rule)
    assert (stored.path, stored.about, stored.field_type) == ("state.subsection.percent", SUBSECTION, "number")


def test_a_rule_may_ask_for_another_badge(requirement):
    other = TemplateFactory(name="Reader")
    editor = Editor(manager(), requirement.group.template)
    rule = requirement.data_rules.get()

    editor.press("refresh", **typed(rule, path="state.badge.held", operator="eq", value="yes"))
    editor.press("save")
    missing = editor.mistakes
    editor.press("save", **typed(rule, about=str(other.uuid)))

    assert missing == {f"id_d{rule.pk}-about": "Choose a badge."}
    assert saved(rule).about == str(other.uuid)


def test_which_one_is_asked_only_of_fields_that_need_it(editor, requirement):
    assert f"d{requirement.data_rules.get().pk}-about" not in editor.fields


def test_what_is_known_of_a_course_is_not_asked_where_there_is_no_course(requirement):
    BadgeRequirement.objects.update(event_type=LOGIN)
    DataRule.objects.all().delete()
    editor = Editor(manager(), requirement.group.template)

    editor.press(f"add-rule:{requirement.pk}")

    assert "Holds the badge" in editor.choices("dnew1-path")
    assert "Cohort" not in editor.choices("dnew1-path")


# When it counts


def test_a_group_counts_between_two_days_of_a_time_zone(editor, requirement):
    days = {"opens_on": "2027-01-01", "closes_on": "2027-06-30", "time_zone": "Europe/Berlin"}

    editor.press("save", **typed(requirement.group, **days, before_course_end="on"))

    group = saved(requirement.group)
    assert (group.opens_on, group.closes_on) == (date(2027, 1, 1), date(2027, 6, 30))
    assert (group.time_zone, group.before_course_end) == ("Europe/Berlin", True)
    again = Editor(editor.client, group.template)
    assert "from Jan. 1, 2027, until June 30, 2027, Europe/Berlin, before the course ends" in again.text
    again.press("save", **typed(group, before_course_end=None, closes_on=""))
    assert (saved(group).closes_on, saved(group).before_course_end) == (None, False)


def test_a_group_comes_after_another_and_within_days_of_it(editor, requirement):
    editor.press("add-group").press("refresh", rnew2__event_type=PROGRAM)
    first = editor.draft.groups[0].lasting

    editor.press("save", gnew1__after=first, gnew1__within_days="30", gnew1__within_of="group")

    group = RequirementGroup.objects.get(position=1)
    assert (group.after, group.within_days, group.within_of) == (requirement.group, 30, "group")


def test_within_days_of_the_enrollment(editor, requirement):
    editor.press("save", **typed(requirement.group, within_days="14", within_of="enrollment"))

    group = saved(requirement.group)
    assert (group.within_days, group.within_of) == (14, "enrollment")


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"opens_on": "soon"}, "opens_on", "This is not a day. Type year-month-day, for example 2027-06-30."),
        ({"opens_on": "2027-06-30", "closes_on": "2027-06-01"}, "closes_on", "before the first one"),
        ({"closes_on": "2027-06-30", "time_zone": "berlin"}, "time_zone", "Did you mean Europe/Berlin?"),
        ({"time_zone": "Nowhere"}, "time_zone", "Type a continent and a city, such as Europe/Berlin."),
        ({"time_zone": "../../etc/passwd"}, "time_zone", "is no time zone"),
        ({"within_days": "14"}, "within_of", "Choose what the days are counted from."),
        ({"within_of": "enrollment"}, "within_days", "Type how many days."),
        ({"within_days": "0", "within_of": "enrollment"}, "within_days", "greater than or equal to 1"),
    ],
)
def test_a_mistake_in_when_it_counts_is_named_where_it_was_made(editor, requirement, values, field, sentence):
    editor.press("save", **typed(requirement.group, **values))

    ((control, said),) = editor.mistakes.items()
    assert control == f"id_g{requirement.group_id}-{field}"
    assert sentence in said
    assert f'data-keep="when-{requirement.group_id}" open' in editor.page
    assert {name: editor.fields[f"g{requirement.group_id}-{name}"] for name in values} == values


def test_days_from_the_group_before_need_a_group_before(requirement):
    second = GroupFactory(template=requirement.group.template, name="Later")
    RequirementFactory(group=second, event_type=GRADE)
    editor = Editor(manager(), requirement.group.template)

    editor.press("save", **typed(second, within_days="5", within_of="group"))

    assert editor.mistakes == {f"id_g{second.pk}-within_of": "Choose also which group this one comes after."}


def test_groups_that_come_after_one_another_in_a_circle_are_not_saved(requirement):
    second = GroupFactory(template=requirement.group.template, name="Later", after=requirement.group)
    RequirementFactory(group=second, event_type=GRADE)
    editor = Editor(manager(), requirement.group.template)

    editor.press("save", **typed(requirement.group, after=second.key))

    assert "These groups come after one another in a circle" in editor.text
    assert saved(requirement.group).after is None


def test_what_came_after_a_group_that_is_removed_comes_after_none(requirement):
    second = GroupFactory(template=requirement.group.template, name="Later", after=requirement.group)
    RequirementFactory(group=second, event_type=GRADE)
    editor = Editor(manager(), requirement.group.template)

    editor.press(f"remove-group:{requirement.group_id}").press("save")

    assert RequirementGroup.objects.get().after is None


# Penalties


def test_a_penalty_says_what_it_takes_back(editor, requirement):
    editor.press("add-group")
    editor.press("refresh", gnew1__needs="undo", rnew2__event_type=REVOKED)
    offered = editor.text
    often = "rnew2-often" in editor.fields
    editor.press("save")
    missing = editor.mistakes
    editor.press("save", rnew2__undoes=[requirement.key], rnew2__same_course=None)

    assert "Takes back A good grade" in offered
    assert not often
    assert missing == {"id_rnew2-undoes": "Tick what it takes back: one requirement at least."}
    penalty = BadgeRequirement.objects.get(event_type=REVOKED)
    assert (penalty.undoes, penalty.same_course) == ([requirement.key], False)
    again = Editor(editor.client, requirement.group.template)
    assert again.fields[f"r{penalty.pk}-undoes"] == [requirement.key]
    assert f"r{penalty.pk}-same_course" not in again.fields


def test_a_penalty_can_take_back_what_is_not_saved_yet():
    template = TemplateFactory()
    editor = Editor(manager(), template)
    editor.press("refresh", rnew2__event_type=GRADE).press("add-group")
    editor.press("refresh", gnew3__needs="undo", rnew4__event_type=REVOKED)

    editor.press("save", rnew4__undoes=[editor.draft.requirements[0].lasting])

    kept, penalty = BadgeRequirement.objects.order_by("group__position")
    assert penalty.undoes == [kept.key]


def test_a_penalty_alone_has_nothing_to_take_back():
    editor = Editor(manager(), TemplateFactory())

    editor.press("refresh", gnew1__needs="undo", rnew2__event_type=REVOKED).press("save")

    assert "There is nothing yet that it could take back." in editor.mistakes["id_rnew2-undoes"]


def test_a_penalty_that_took_back_what_is_gone_says_so(requirement):
    other = RequirementFactory(group=requirement.group, event_type=GRADE)
    group = GroupFactory(template=requirement.group.template, needs="undo")
    penalty = RequirementFactory(group=group, event_type=REVOKED, undoes=[other.key])
    editor = Editor(manager(), requirement.group.template)

    editor.press(f"remove-requirement:{other.pk}").press("save")

    assert editor.mistakes == {f"id_r{penalty.pk}-undoes": "Tick what it takes back: one requirement at least."}


# Patterns


@pytest.mark.parametrize(
    ("pattern", "typing", "stored"),
    [
        ("course", {"scope": COURSE_KEY}, (1, [("is_passing", "eq", "yes")])),
        ("grades", {"scope": "edX", "times": "3"}, (3, [("grade.percent", "gte", "80")])),
        ("certificate", {"scope": "edX"}, (1, [])),
        ("program", {"scope": PROGRAM_ID}, (None, [("is_passing", "eq", "yes")])),
    ],
)
def test_an_empty_page_offers_what_badges_often_ask_for(pattern, typing, stored):
    editor = Editor(manager(), TemplateFactory())

    editor.press(f"pattern:{pattern}")
    key = editor.draft.requirements[0].key
    offered_again = f'value="pattern:{pattern}"' in editor.page
    editor.press("save", **{f"r{key}__{name}": value for name, value in typing.items()})

    requirement = BadgeRequirement.objects.get()
    rules = list(requirement.data_rules.values_list("path", "operator", "value"))
    assert not offered_again
    assert (requirement.scope, requirement.times, rules) == (typing["scope"], *stored)


def test_several_badges_are_asked_for_from_an_empty_page():
    reader = TemplateFactory(name="Reader")
    editor = Editor(manager(), TemplateFactory())

    editor.press("pattern:badges")
    key = editor.draft.requirements[0].key
    editor.press("save", **{f"r{key}__add_place": str(reader.uuid)})

    assert (BadgeRequirement.objects.get().scope, BadgeRequirement.objects.get().times) == (str(reader.uuid), None)


def test_a_page_on_which_something_was_set_offers_no_patterns(editor):
    assert "pattern:" not in editor.page


# What saving does


def test_saving_what_was_valid_makes_a_version_and_says_so_before():
    template = a_badge_for_passing()
    requirement = BadgeRequirement.objects.get()
    editor = Editor(manager(), template)

    before = editor.text
    editor.press("save", **typed(requirement, description="Pass it"))

    assert "judged by these requirements, which are version 1. What you save becomes version 2" in before
    assert "judged by the new ones" in before
    assert "Save as a new version" in before
    template.refresh_from_db()
    assert template.version == 2
    assert [(each.group.version, each.description) for each in BadgeRequirement.objects.order_by("pk")] == [
        (1, requirement.description),
        (2, "Pass it"),
    ]
    page = text_of(editor.client.get(editor.answer.url))
    assert f"The requirements of “{template}” were saved as version 2." in page


def test_learners_who_keep_their_requirements_are_told_of():
    editor = Editor(manager(), a_badge_for_passing(on_change="keep"))

    assert "go on with the requirements that they began with" in editor.text


def test_what_a_learner_met_stays_with_the_version_that_it_was_met_in():
    template = a_badge_for_passing(status="draft")
    requirement = BadgeRequirement.objects.get()
    fulfillment = FulfillmentFactory(progress__template=template, requirement=requirement)
    editor = Editor(manager(), template)

    before = editor.text
    editor.press("save", **typed(requirement, description="Pass it"))

    assert "What you save becomes version 2" in before
    assert saved(requirement).fulfillments.get() == fulfillment
    assert BadgeRequirement.objects.get(group__version=2).key == requirement.key


def test_what_was_never_valid_is_saved_in_place(editor):
    assert "new version" not in editor.text


def test_what_can_be_meant_is_saved_once_somebody_says_so():
    template = a_badge_for_passing()
    requirement = BadgeRequirement.objects.get()
    editor = Editor(manager(), template)

    editor.press("save", **typed(requirement, scope="course-v1:edX+DemoX+2062"))
    asked = editor.text
    untouched = BadgeRequirement.objects.get() == requirement
    editor.press("save-all-the-same")

    assert "nothing was saved before you say that it is meant like this" in asked
    assert untouched
    assert set(BadgeRequirement.objects.values_list("scope", flat=True)) == {COURSE_KEY, "course-v1:edX+DemoX+2062"}


def test_where_badges_are_reviewed_what_learners_earn_is_changed_by_who_may_approve(settings):
    settings.CREDLY_BADGES_REVIEW_REQUIRED = True
    template = a_badge_for_passing()

    author = Editor(at_the_desk("view_badgetemplate", "change_badgetemplate"), template)
    posted = author.client.post(author.url, {**author.fields, "do": "save", **as_sent(description="Mine")})
    approver = Editor(at_the_desk("view_badgetemplate", "change_badgetemplate", "approve_badgetemplate"), template)
    approver.press("save", **typed(BadgeRequirement.objects.get(), description="Ours"))

    assert "somebody reviews what a badge asks for" in author.text
    assert 'name="do"' not in author.page
    assert "Nothing was saved." in text_of(posted)
    assert list(BadgeRequirement.objects.order_by("pk").values_list("description", flat=True)) == [
        "Pass the course",
        "Ours",
    ]


def test_a_badge_that_would_take_itself_is_not_saved(requirement):
    template = requirement.group.template
    RuleFactory(requirement=requirement, path="state.badge.held", about=str(template.uuid), operator="eq", value="yes")
    editor = Editor(manager(), template)

    editor.press("save", **typed(requirement, description="Mine"))

    assert "would take itself, so nobody could earn it" in editor.text
    assert saved(requirement).description == "A good grade"
    assert editor.fields[f"r{requirement.pk}-description"] == "Mine"


# In words, and what is wrong


def test_the_page_says_in_words_what_is_typed_so_far(editor, requirement):
    until = {"closes_on": "2027-06-30", "time_zone": "Europe/Berlin"}
    rule = requirement.data_rules.get()
    three = f"{COURSE_KEY}\ncourse-v1:edX+Stat1+2026\nedX+Third"

    editor.press(
        "refresh",
        **typed(requirement.group, **until),
        **typed(requirement, often="several", times="2", scope=three),
        **typed(rule, value="85"),
    )

    assert "Until June 30, 2027 (Europe/Berlin)." in editor.preview
    assert "Grade is 85 % or more." in editor.preview
    assert "In at least 2 different courses." in editor.preview
    assert "Statistics (course-v1:edX+Stat1+2026)" in editor.preview
    assert saved(requirement).scope == ""


def test_what_cannot_be_said_yet_is_said_to_be_missing(editor, requirement):
    editor.press(f"add-requirement:{requirement.group_id}", **typed(requirement.group, closes_on="soon"))

    assert "Of requirement 2 in group 1, something is missing or cannot be right yet." in editor.preview
    assert "Of group 1, something is missing or cannot be right yet." in editor.preview
    assert "Grade is 80 % or more." in editor.preview
    assert editor.mistakes == {}


def test_what_is_wrong_with_what_is_stored_is_shown_beside_it(requirement):
    BadgeRequirement.objects.update(scope="course-v1:edX+DemoX+2062")

    editor = Editor(manager(), requirement.group.template)

    (fault,) = [each for each in editor.draft.requirements[0].faults if each.code == "course_unknown"]
    assert f"To mend: {fault.sentence}" in editor.text
