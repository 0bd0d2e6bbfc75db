"""Saying at the admin to whom badges are available, and seeing how much of it is used."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from credly_badges.models import AuditEntry, Availability
from credly_badges.testing.factories import AwardFactory, OrganizationFactory, TemplateFactory
from tests.doors.admin_desk import at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db

PROGRAM = "1f301a72-f344-4a31-9e9a-e0b04d8d86b2"


@pytest.fixture
def template():
    return TemplateFactory(name="Python", organization__name="Example University")


def typed(template, **values):
    return {"organization": template.organization_id, "template": template.pk, "scope": "", "quota": "",
            "ends_at_0": "", "ends_at_1": "", "note": "", **values}  # fmt: skip


def test_a_badge_is_made_available_to_a_course_organization_and_that_is_written_down(template):
    page = manager().post(url("availability", "add"), typed(template, scope=" edX ", quota="20"))

    assert page.status_code == 302
    row = Availability.objects.get()
    assert (row.template, row.scope, row.quota) == (template, "edX", 20)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.before, entry.after["scope"], entry.after["quota"]) == (
        "availability.added", {}, "edX", 20,
    )  # fmt: skip


def test_a_program_is_told_by_its_uuid(template):
    manager().post(url("availability", "add"), typed(template, scope=PROGRAM.upper()))

    assert Availability.objects.get().scope == PROGRAM


def test_what_is_no_place_is_refused_with_a_word_on_what_to_type(template):
    page = manager().post(url("availability", "add"), typed(template, scope="the maths course"))

    assert "“the maths course” is not a course." in text_of(page)
    assert not Availability.objects.exists()


def test_a_badge_of_another_organization_is_refused(template):
    page = manager().post(
        url("availability", "add"), typed(template, organization=OrganizationFactory().pk, scope="edX")
    )

    assert "This badge belongs to another organization." in text_of(page)


def test_a_change_is_written_down_with_what_it_was_before_and_saving_unchanged_is_not(template):
    row = Availability.objects.create(organization=template.organization, template=template, scope="edX", quota=5)
    browser = manager()

    browser.post(url("availability", "change", row.pk), typed(template, scope="edX", quota="5"))
    browser.post(url("availability", "change", row.pk), typed(template, scope="edX", quota="9"))

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.before["quota"], entry.after["quota"]) == ("availability.changed", 5, 9)


def test_removing_one_and_removing_many_are_written_down(template):
    rows = [Availability.objects.create(organization=template.organization, scope=scope) for scope in ("A", "B", "C")]
    browser = manager()

    browser.post(url("availability", "delete", rows[0].pk), {"post": "yes"})
    browser.post(
        url("availability"),
        {"action": "delete_selected", "_selected_action": [row.pk for row in rows[1:]], "post": "yes"},
    )

    assert not Availability.objects.exists()
    assert [(each.action, each.before["scope"]) for each in AuditEntry.objects.order_by("pk")] == [
        ("availability.removed", "A"),
        ("availability.removed", "B"),
        ("availability.removed", "C"),
    ]


def test_the_list_shows_how_much_is_used_and_what_is_over(template):
    organization = template.organization
    full = Availability.objects.create(organization=organization, template=template, scope="edX", quota=1)
    Availability.objects.create(organization=organization, scope="MITx", ends_at=timezone.now() - timedelta(days=1))
    Availability.objects.create(organization=organization, scope="edX", quota=10)
    AwardFactory(template=template, availability=full)

    read = text_of(manager().get(url("availability")))

    assert "edX Example University Python 1 of 1" in read
    assert "used up" in read
    assert "all badges of the organization 1 of 10" in read
    assert "ended" in read


def test_the_list_takes_as_many_queries_for_ten_as_for_one(template, django_assert_max_num_queries):
    browser = manager()
    for number in range(10):
        row = Availability.objects.create(organization=template.organization, scope=f"edX{number}", quota=number + 1)
        AwardFactory(template=template, availability=row)

    with django_assert_max_num_queries(10):
        browser.get(url("availability"))


def test_who_may_not_change_them_may_look(template):
    row = Availability.objects.create(organization=template.organization, scope="edX", quota=3)
    reader = at_the_desk("view_availability")

    assert reader.get(url("availability", "change", row.pk)).status_code == 200
    assert reader.post(url("availability", "add"), typed(template)).status_code == 403
    assert at_the_desk().get(url("availability")).status_code == 403
