"""Somebody edits requirements in the admin: on one page with all of them, without JavaScript."""

import json
import re

import pytest
from django.test import Client

from credly_badges import lms
from credly_badges.models import AuditEntry, BadgeRequirement, BadgeTemplate, DataRule, RequirementGroup
from credly_badges.testing.factories import (
    COURSE_KEY,
    PASSING_STATUS,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

from .admin_desk import manager, text_of, url
from .requirements_desk import GRADE, PROGRAM, Editor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def courses(settings):
    """The LMS has one course, Demonstration Course."""
    settings.CREDLY_BADGES_LMS_BACKEND = "credly_badges.testing.lms.StandInLMS"
    backend = lms.backend()
    backend.clear()
    backend.add_course(COURSE_KEY, "Demonstration Course")
    yield backend
    backend.clear()


def test_a_first_requirement_is_set_without_javascript():
    admin = UserFactory(admin=True)
    client = Client()
    client.force_login(admin)
    template = TemplateFactory()
    editor = Editor(client, template)

    editor.press("refresh", rnew2__event_type=PASSING_STATUS)
    suggested = editor.fields
    editor.press("save", gnew1__name="Courses", rnew2__scope=COURSE_KEY, rnew2__description="Pass it")

    assert (suggested["dnew3-path"], suggested["dnew3-operator"], suggested["dnew3-value"]) == (
        "is_passing",
        "eq",
        "yes",
    )
    assert editor.answer.url == url("badgetemplate", "change", template.pk)
    rule = DataRule.objects.get()
    assert (rule.path, rule.operator, rule.value, rule.field_type) == ("is_passing", "eq", "yes", "boolean")
    assert (rule.requirement.scope, rule.requirement.description) == (COURSE_KEY, "Pass it")
    assert (rule.requirement.group.name, rule.requirement.group.template) == ("Courses", template)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.before) == ("requirements.changed", admin, {"groups": []})
    assert entry.after["groups"][0]["requirements"][0]["rules"][0]["path"] == "is_passing"
    assert "Learner is passing: yes." in text_of(client.get(url("badgetemplate", "change", template.pk)))


def test_what_can_be_asked_follows_from_the_event_and_the_field():
    client = manager()
    requirement = RequirementFactory(event_type=GRADE)
    editor = Editor(client, requirement.group.template)

    editor.press(f"add-rule:{requirement.pk}")
    fields = editor.choices("dnew1-path")
    editor.press("refresh", dnew1__path="grade.percent")
    of_a_number = editor.choices("dnew1-operator")
    editor.press("refresh", dnew1__path="grade.letter_grade")
    of_a_text = editor.choices("dnew1-operator")

    assert editor.headings("dnew1-path") == ["From the event", "What the LMS knows"]
    assert fields[:6] == [
        "— choose a field —",
        "Grade, in %",
        "Letter grade",
        "First passed at",
        "Course",
        "Time of the event",
    ]
    assert {"Grade in the course now, in %", "Enrollment track now"} <= set(fields)
    assert "is at least" in of_a_number
    assert "contains" not in of_a_number
    assert "contains" in of_a_text
    assert "is at least" not in of_a_text


@pytest.mark.parametrize(
    ("event", "typed", "field", "sentence"),
    [
        (GRADE, {"d__value": "eighty"}, "value", "“eighty” is not a number."),
        (GRADE, {"d__value": "850"}, "value", "A value in percent is from 0 to 100."),
        (GRADE, {"d__value": "-5"}, "value", "A value in percent is from 0 to 100."),
        (GRADE, {"d__value": "0.85"}, "value", "“0.85” is less than one percent. For 85 percent type 85."),
        (GRADE, {"d__operator": "between", "d__value": "0, 850"}, "value", "A value in percent is from 0 to 100."),
        (GRADE, {"d__operator": "contains"}, "operator", "Grade cannot be asked whether it contains."),
        (GRADE, {"d__path": "is_passing"}, "path", "The event has no such field."),
        (GRADE, {"r__scope": "course-v1:edX"}, "scope", "“course-v1:edX” is not a course."),
        (GRADE, {"r__scope": "library-v1:edX+lib"}, "scope", "This is a content library"),
        (GRADE, {"g__needs": "at_least", "g__at_least": "3"}, "at_least", "Type a number from 1 to 1"),
        (PROGRAM, {"r__scope": "MicroMasters"}, "scope", "“MicroMasters” is not a program ID."),
        (GRADE, {"r__event_type": ""}, "event_type", "Choose what a learner has to do."),
    ],
)
def test_a_mistake_is_named_at_its_field_and_nothing_typed_is_lost(event, typed, field, sentence):
    client = manager()
    requirement = RequirementFactory(event_type=event, scope="", description="As it was")
    path = "grade.percent" if event == GRADE else "program.program_type"
    rule = RuleFactory(
        requirement=requirement, path=path, operator="eq", value="80", field_type="number" if event == GRADE else "text"
    )
    keys = {"g": requirement.group.pk, "r": requirement.pk, "d": rule.pk}
    typed = {f"{name[0]}{keys[name[0]]}{name[1:]}": value for name, value in typed.items()}
    typed[f"r{requirement.pk}__description"] = "Typed with care"
    editor = Editor(client, requirement.group.template)

    editor.press("save", **typed)

    (control,) = editor.mistakes
    assert control.endswith(f"-{field}")
    assert editor.mistakes[control].lower().startswith(sentence.lower())
    page = editor.answer.content.decode()
    described = re.search(rf'id="{control}" aria-describedby="([^"]+)" aria-invalid="true" autofocus', page).group(1)
    assert f"{control}_error" in described.split()
    assert f'id="{control}_error"' in page
    assert {name: editor.fields[name.replace("__", "-")] for name in typed} == typed
    assert BadgeRequirement.objects.get().description == "As it was"
    assert not AuditEntry.objects.exists()


def test_an_event_chosen_without_javascript_is_shown_with_its_rules_before_it_is_saved():
    client = manager()
    template = TemplateFactory()
    editor = Editor(client, template)

    editor.press("save", rnew2__event_type=PASSING_STATUS)

    assert "You chose another event. Look at its data rules below, then save." in editor.text
    assert editor.fields["dnew3-path"] == "is_passing"
    assert not BadgeRequirement.objects.exists()


def test_the_rule_that_came_with_an_event_goes_with_it_and_one_that_was_set_stays():
    client = manager()
    editor = Editor(client, TemplateFactory())

    editor.press("refresh", rnew2__event_type=PASSING_STATUS).press("refresh", rnew2__event_type=GRADE)
    untouched = editor.fields
    editor.press("refresh", rnew2__event_type=PASSING_STATUS)
    editor.press("refresh", rnew2__event_type=GRADE, dnew3__value="no")

    assert "dnew3-path" not in untouched
    assert editor.fields["dnew3-value"] == "no"
    assert "is_passing (not a field of this event)" in editor.choices("dnew3-path")


def test_an_edited_requirement_stays_the_same_row():
    client = manager()
    template = a_badge_for_passing(status="draft")
    rule = DataRule.objects.get()
    editor = Editor(client, template)

    editor.press(f"add-rule:{rule.requirement_id}")
    editor.press(
        "save",
        **{f"r{rule.requirement_id}__description": "Pass it", f"g{rule.requirement.group_id}__name": "Courses"},
        dnew1__path="course.course_key",
        dnew1__operator="exists",
    )

    assert BadgeRequirement.objects.get().description == "Pass it"
    assert BadgeRequirement.objects.get() == rule.requirement
    assert list(DataRule.objects.values_list("path", "field_type")) == [
        ("is_passing", "boolean"),
        ("course.course_key", "course_key"),
    ]
    assert DataRule.objects.first().pk == rule.pk


def test_groups_requirements_and_rules_are_added_and_removed():
    client = manager()
    template = a_badge_for_passing()
    BadgeTemplate.objects.update(status="draft")
    rule = DataRule.objects.get()
    old_group = rule.requirement.group_id
    editor = Editor(client, template)

    editor.press(f"remove-rule:{rule.pk}").press(f"add-requirement:{old_group}").press("add-group")
    still_stored = DataRule.objects.exists()
    editor.press("remove-requirement:new1")
    editor.press("refresh", rnew3__event_type=PROGRAM)
    editor.press("save", gnew2__needs="any")

    assert still_stored
    assert not DataRule.objects.exists()
    assert list(BadgeRequirement.objects.order_by("group__position").values_list("event_type", "group__needs")) == [
        (PASSING_STATUS, "all"),
        (PROGRAM, "any"),
    ]

    editor = Editor(client, template)
    editor.press(f"remove-group:{old_group}").press("save")

    assert RequirementGroup.objects.get().needs == "any"


def test_saving_what_somebody_else_changed_meanwhile_overwrites_nothing():
    client = manager()
    template = a_badge_for_passing()
    requirement = BadgeRequirement.objects.get()
    editor = Editor(client, template)
    BadgeRequirement.objects.update(description="Their words")

    editor.press("save", **{f"r{requirement.pk}__description": "My words"})

    assert "Somebody else changed these requirements" in editor.text
    assert editor.fields[f"r{requirement.pk}-description"] == "My words"
    assert BadgeRequirement.objects.get().description == "Their words"


def test_an_active_badge_is_not_saved_as_one_that_nobody_can_earn():
    client = manager()
    template = a_badge_for_passing()
    requirement = BadgeRequirement.objects.get()
    editor = Editor(client, template)

    editor.press(f"remove-requirement:{requirement.pk}").press("save")

    assert "Learners are earning this badge, and saved like this nobody could." in editor.text
    assert BadgeRequirement.objects.get() == requirement
    assert DataRule.objects.exists()


def test_a_course_that_the_lms_does_not_know_is_warned_of_and_saved():
    client = manager()
    template = a_badge_for_passing(status="draft")
    requirement = BadgeRequirement.objects.get()
    editor = Editor(client, template)
    known = editor.text

    editor.press("save", **{f"r{requirement.pk}__scope": "course-v1:edX+DemoX+2062"})

    assert "Demonstration Course" in known
    assert BadgeRequirement.objects.get().scope == "course-v1:edX+DemoX+2062"
    page = text_of(client.get(url("badgetemplate", "change", template.pk)))
    assert "This LMS has no course “course-v1:edX+DemoX+2062” so far." in page


@pytest.mark.parametrize(
    ("event", "typed", "stored"),
    [
        (GRADE, f" {COURSE_KEY} ", COURSE_KEY),
        (GRADE, "course-v1:edX+DemoX+2026+branch@draft", COURSE_KEY),
        (GRADE, "edX/DemoX/2026", "edX/DemoX/2026"),
        (GRADE, "edX+DemoX", "edX+DemoX"),
        (GRADE, "edX", "edX"),
        (GRADE, "", ""),
        (PROGRAM, "{1F301A72-F344-4A31-9E9A-E0B04D8D86B2}", "1f301a72-f344-4a31-9e9a-e0b04d8d86b2"),
    ],
)
def test_a_place_is_stored_in_the_form_that_events_carry(event, typed, stored):
    client = manager()
    requirement = RequirementFactory(event_type=event, scope="something")
    editor = Editor(client, requirement.group.template)

    editor.press("save", **{f"r{requirement.pk}__scope": typed})

    assert BadgeRequirement.objects.get().scope == stored


def test_a_double_click_on_save_is_one_save():
    client = manager()
    template = TemplateFactory()
    editor = Editor(client, template).press("refresh", rnew2__event_type=PASSING_STATUS)
    sent = {**editor.fields, "do": "save"}

    answers = [client.post(url("badgetemplate", "requirements", template.pk), sent) for _click in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert BadgeRequirement.objects.count() == 1
    assert AuditEntry.objects.count() == 1


def test_a_page_that_holds_all_it_can_says_so():
    client = manager()
    template = TemplateFactory()
    shape = json.dumps([[f"new{number}", []] for number in range(500)])

    answer = client.post(
        url("badgetemplate", "requirements", template.pk), {"seen": "", "shape": shape, "do": "add-group"}
    )

    assert "This is as much as one badge can ask for: 500 groups, requirements and rules." in text_of(answer)


def test_nothing_changed_is_nothing_written():
    client = manager()
    template = TemplateFactory()
    RuleFactory(requirement__group__template=template, value="yes")

    answer = Editor(client, template).press("save").answer

    assert "Nothing was changed" in text_of(client.get(answer.url))
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"shape": "[["},
        {"shape": '[["1 OR 1", []]]'},
        {"shape": "[]", "do": "drop-everything"},
        {"shape": "[]", "do": "remove-rule:7"},
        {"shape": json.dumps([[str(number), []] for number in range(501)])},
    ],
)
def test_what_no_page_of_ours_sends_is_refused(sent):
    client = manager()
    template = a_badge_for_passing()

    answer = client.post(url("badgetemplate", "requirements", template.pk), {"seen": "", **sent})

    assert answer.status_code == 400
    assert BadgeRequirement.objects.exists()


def test_a_requirement_of_another_badge_cannot_be_taken_over():
    client = manager()
    other = RequirementFactory()
    template = TemplateFactory()
    fields = Editor(client, template).fields
    shape = json.dumps([["new1", [[str(other.pk), PASSING_STATUS, []]]]])
    typed = {"gnew1-needs": "all", f"r{other.pk}-event_type": PASSING_STATUS}

    answer = client.post(
        url("badgetemplate", "requirements", template.pk),
        {"shape": shape, "seen": fields["seen"], "do": "save", **typed},
    )

    assert "Somebody else changed these requirements" in text_of(answer)
    assert BadgeRequirement.objects.get().group == other.group


def test_a_requirement_for_an_event_that_is_no_longer_known_is_shown_for_what_it_is():
    client = manager()
    requirement = RequirementFactory(event_type="org.example.gone.v1", description="An old thing")

    page = client.get(url("badgetemplate", "change", requirement.group.template.pk))
    editor = Editor(client, requirement.group.template)
    editor.press("save")

    assert "an event that this version does not know: org.example.gone.v1" in text_of(page)
    assert "org.example.gone.v1 (unknown to this version)" in editor.choices(f"r{requirement.pk}-event_type")
    assert editor.mistakes == {
        f"id_r{requirement.pk}-event_type": "This version does not know this event. Choose another."
    }
