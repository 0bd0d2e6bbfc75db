"""A badge asks for a great deal: the page stays within what a browser may send, and within reason."""

import json

import pytest

from credly_badges import lms
from credly_badges.models import BadgeRequirement
from credly_badges.testing.factories import GroupFactory, RequirementFactory, RuleFactory, TemplateFactory

from .admin_desk import at_the_desk, manager, text_of
from .requirements_desk import GRADE, Editor

pytestmark = pytest.mark.django_db

FEW = 120
"""So that a handful of opened requirements is more than a browser may send."""


@pytest.fixture(autouse=True)
def courses(settings):
    settings.CREDLY_BADGES_LMS_BACKEND = "credly_badges.testing.lms.StandInLMS"
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = FEW
    lms.backend().clear()
    yield
    lms.backend().clear()


@pytest.fixture
def much():
    """A badge with a hundred requirements in five groups, each with a rule, and a penalty that undoes all of them."""
    template = TemplateFactory()
    keys = []
    for number in range(5):
        group = GroupFactory(template=template, name=f"Part {number}", needs="at_least", at_least=3)
        for place in range(20):
            row = RequirementFactory(
                group=group, event_type=GRADE, scope=f"edX+C{number}{place}", description="A grade"
            )
            RuleFactory(requirement=row, path="grade.percent", operator="gte", value="80", field_type="number")
            keys.append(row.key)
    undoing = GroupFactory(template=template, name="Penalties", needs="undo")
    RequirementFactory(
        group=undoing,
        event_type="org.openedx.learning.certificate.revoked.v1",
        scope="",
        undoes=keys,
        description="Lost",
    )
    return template


def as_stored():
    return list(BadgeRequirement.objects.order_by("pk").values("id", "key", "scope", "times", "undoes", "description"))


def fields_sent(editor):
    return sum(len(each) if isinstance(each, list) else 1 for each in editor.fields.values())


def test_a_hundred_requirements_are_shown_in_a_line_each_and_saved_as_they_were(much):
    before = list(
        BadgeRequirement.objects.order_by("pk").values("id", "key", "scope", "times", "undoes", "description")
    )
    editor = Editor(manager(), much)

    sent = fields_sent(editor)
    editor.press("save")

    assert sent < 20
    assert "Nothing was changed" in text_of(editor.client.get(editor.answer.url))
    assert as_stored() == before


def test_those_that_are_opened_are_edited_and_all_others_stay(much):
    rows = list(BadgeRequirement.objects.order_by("pk"))
    editor = Editor(manager(), much)

    for row in rows[:12]:
        editor.press(f"open:r{row.pk}")
    sent = fields_sent(editor)
    still_open = [row for row in rows if f"r{row.pk}-description" in editor.fields]
    editor.press("save", **{f"r{rows[11].pk}__description": "Edited"})

    assert sent < FEW
    assert still_open[-1] == rows[11]
    assert len(still_open) < 12
    assert list(BadgeRequirement.objects.order_by("pk").values_list("description", flat=True)) == [
        "Edited" if row == rows[11] else row.description for row in rows
    ]


def test_what_was_typed_before_another_one_was_opened_is_kept(much):
    rows = list(BadgeRequirement.objects.order_by("pk"))
    editor = Editor(manager(), much)

    editor.press(f"open:r{rows[0].pk}")
    editor.press(f"open:r{rows[1].pk}", **{f"r{rows[0].pk}__description": "Typed long ago"})
    for row in rows[2:12]:
        editor.press(f"open:r{row.pk}")
    is_closed = f"r{rows[0].pk}-description" not in editor.fields
    editor.press("save")

    rows[0].refresh_from_db()
    assert is_closed
    assert rows[0].description == "Typed long ago"


def test_a_mistake_in_a_line_is_opened(much):
    row = BadgeRequirement.objects.order_by("pk")[30]
    BadgeRequirement.objects.filter(pk=row.pk).update(scope="no course at all")
    editor = Editor(manager(), much)

    editor.press("save")

    assert list(editor.mistakes) == [f"id_r{row.pk}-scope"]
    assert editor.fields[f"r{row.pk}-scope"] == "no course at all"


def test_more_mistakes_than_fit_are_led_to_the_buttons_that_open_them(much):
    BadgeRequirement.objects.filter(group__name__startswith="Part").update(scope="no course at all")
    editor = Editor(manager(), much)

    editor.press("save")

    assert len(editor.mistakes) == 100
    assert all(f'id="{control}"' in editor.page for control in editor.mistakes)
    assert fields_sent(editor) < FEW


def test_a_requirement_is_added_to_a_long_page_and_is_open(much):
    group = much.groups.first()
    editor = Editor(manager(), much)

    editor.press(f"add-requirement:{group.pk}")
    editor.press("refresh", rnew1__event_type=GRADE)
    editor.press("save", rnew1__description="One more", rnew1__scope="edX+More")

    assert BadgeRequirement.objects.get(description="One more").group == group


def test_a_site_that_lets_browsers_send_less_is_heeded(much, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 80
    rows = list(BadgeRequirement.objects.order_by("pk"))
    editor = Editor(manager(), much)

    for row in rows[:9]:
        editor.press(f"open:r{row.pk}")

    assert fields_sent(editor) < 80


def test_the_page_takes_the_same_queries_however_much_a_badge_asks_for(much, django_assert_max_num_queries):
    browser = manager()

    with django_assert_max_num_queries(20):
        editor = Editor(browser, much)

    assert editor.answer.status_code == 200


def test_whoever_may_only_look_sees_all_of_it(much):
    editor = Editor(at_the_desk("view_badgetemplate"), much)

    assert len([name for name in editor.fields if name.endswith("-description")]) == 101
    assert 'name="do"' not in editor.page


@pytest.mark.parametrize("rest", ["[]", "[[1", '"text"', "7"])
def test_a_rest_that_no_page_of_ours_sends_is_refused(rest):
    template = TemplateFactory()
    editor = Editor(manager(), template)

    answer = editor.client.post(editor.url, {"seen": "", "shape": json.dumps([]), "rest": rest, "do": "save"})

    assert answer.status_code == 400


def test_what_is_too_much_for_the_page_is_read_there_and_changed_as_a_file():
    group = GroupFactory(name="Many")
    BadgeRequirement.objects.bulk_create(
        BadgeRequirement(group=group, event_type=GRADE, description=f"Grade {number}") for number in range(500)
    )

    editor = Editor(manager(), group.template)

    assert "This badge asks for more than the page can hold. Change its requirements as a file." in editor.text
    assert "Grade 499" in editor.text
    assert 'name="do"' not in editor.page


def test_a_requirement_with_more_rules_than_a_browser_may_send_stays_closed():
    requirement = RequirementFactory(event_type=GRADE, description="Many rules")
    for _rule in range(FEW // 2):
        RuleFactory(requirement=requirement, path="grade.percent", operator="gte", value="1", field_type="number")
    editor = Editor(manager(), requirement.group.template)

    editor.press(f"open:r{requirement.pk}")

    assert "This has more data rules than fit on the page. Change it as a file." in editor.text
    assert fields_sent(editor) < FEW


def test_a_requirement_is_given_no_more_rules_than_fit(settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
    requirement = RequirementFactory(event_type=GRADE)
    RuleFactory.create_batch(50, requirement=requirement, path="course.course_key", operator="exists", value="")
    editor = Editor(manager(), requirement.group.template)

    editor.press(f"add-rule:{requirement.pk}")

    assert "A requirement can have 50 data rules on this page." in editor.text
