"""Activating a badge template: when it may be, why not, and what is written down."""

from __future__ import annotations

import pytest

from credly_badges import activation, lms
from credly_badges.models import AuditEntry, CredlyOrganization, RequirementGroup
from credly_badges.testing.factories import (
    COURSE_KEY,
    GroupFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)

Needs = RequirementGroup.Needs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def courses():
    """The LMS has the course that badges ask for."""
    stand_in = lms.backend()
    stand_in.clear()
    stand_in.add_course(COURSE_KEY, "Demonstration Course")
    yield stand_in
    stand_in.clear()


@pytest.fixture
def template():
    """A template that could be activated: it asks to pass one course."""
    made = TemplateFactory(name="Python", organization__name="Example University")
    RuleFactory(requirement__group__template=made, requirement__description="Pass the course")
    return made


def test_a_template_with_a_requirement_is_activated_by_somebody(template):
    manager = UserFactory()

    activation.activate(template, by=manager)

    assert template.is_active
    assert template.activation_changed_by == manager
    assert template.activation_changed_at is not None
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.before, entry.after) == (
        "template.activated",
        manager,
        {"status": "draft"},
        {"status": "active"},
    )


def test_deactivating_keeps_the_reason_and_the_requirements(template):
    manager = UserFactory()
    activation.activate(template, by=manager)

    activation.deactivate(template, by=manager, because="The course is being rewritten.")

    assert not template.is_active
    assert template.deactivated_because == "The course is being rewritten."
    assert template.groups.get().requirements.count() == 1
    assert AuditEntry.objects.first().action == "template.deactivated"
    assert AuditEntry.objects.first().because == "The course is being rewritten."


def test_activating_again_clears_the_reason_of_the_deactivation(template):
    activation.activate(template, by=None)
    activation.deactivate(template, by=None, because="Exam week.")

    activation.activate(template, by=None)

    assert template.deactivated_because == ""


def test_activating_what_is_active_changes_nothing(template):
    activation.activate(template, by=UserFactory())
    first = template.activation_changed_at

    activation.activate(template, by=UserFactory())

    assert template.activation_changed_at == first
    assert AuditEntry.objects.count() == 1


def test_what_cannot_be_earned_stays_inactive_and_nothing_is_written_down():
    template = TemplateFactory()

    with pytest.raises(activation.CannotActivate) as refusal:
        activation.activate(template, by=UserFactory())

    assert refusal.value.reasons == ["It has no requirement, so nobody could earn it. Add at least one."]
    template.refresh_from_db()
    assert not template.is_active
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("state", ["draft", "archived", "gone"])
def test_a_template_that_credly_would_not_issue_stays_inactive(template, state):
    template.credly_state = state
    template.save()

    (reason,) = activation.reasons_not_to_activate(template)

    assert "so Credly would refuse to issue it" in reason


def test_the_activation_looks_at_the_template_as_it_is_stored_not_as_a_page_showed_it(template):
    stale = type(template).objects.get(pk=template.pk)
    template.credly_state = "archived"
    template.save()

    with pytest.raises(activation.CannotActivate):
        activation.activate(stale, by=None)


def test_a_paused_organization_without_a_key_gives_two_reasons(template):
    template.organization.paused = CredlyOrganization.Pause.KEY_REJECTED
    template.organization.api_key = ""
    template.organization.save()

    no_key, paused = activation.reasons_not_to_activate(template)

    assert no_key == ("Its organization, Example University, has no API key. Enter one on the organization's page.")
    assert "is paused: the API key does not work." in paused


def test_an_environment_that_the_settings_do_not_name_is_a_reason(template):
    template.organization.environment = "elsewhere"
    template.organization.save()

    (reason,) = activation.reasons_not_to_activate(template)

    assert "“elsewhere”" in reason or "'elsewhere'" in reason


def test_an_empty_group_is_a_reason(template):
    GroupFactory(template=template, name="Second half")

    reasons = activation.reasons_not_to_activate(template)

    assert reasons == ["“Second half” has no requirement, so it could never be met. Add one, or remove the group."]


@pytest.mark.parametrize("needed", [0, 3])
def test_a_group_that_asks_for_more_than_it_has_or_for_nothing_is_a_reason(template, needed):
    group = GroupFactory(template=template, name="Electives", needs=Needs.AT_LEAST, at_least=needed)
    for _number in range(2):
        RuleFactory(requirement__group=group)

    reasons = activation.reasons_not_to_activate(template)

    assert reasons == [f"“Electives” asks for {needed} of its requirements and has 2. Ask for a number from 1 to 2."]


def test_an_event_that_nobody_sends_is_a_reason(template):
    RequirementFactory(group=template.groups.get(), event_type="org.example.dance.v1", description="Dance")

    (reason,) = activation.reasons_not_to_activate(template)

    assert "“Dance” waits for the event org.example.dance.v1" in reason


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"path": "is_dancing"}, "has no field “is_dancing”"),
        ({"operator": "contains"}, "contains"),
        ({"value": "perhaps"}, "perhaps"),
        ({"field_type": "text"}, "saved for another type of field"),
    ],
)
def test_a_rule_that_cannot_be_used_is_a_reason(template, rule, words):
    requirement = RequirementFactory(group=template.groups.get(), description="Pass the exam")
    RuleFactory(requirement=requirement, **rule)

    (reason,) = activation.reasons_not_to_activate(template)

    assert reason.startswith("A data rule of the requirement “Pass the exam” cannot be used:")
    assert words in reason


def test_the_reasons_cost_as_many_queries_for_ten_groups_as_for_one(template, django_assert_num_queries):
    for _ in range(9):
        RuleFactory.create_batch(3, requirement__group__template=template)
    stored = type(template).objects.select_related("organization").get(pk=template.pk)

    with django_assert_num_queries(4):
        reasons = activation.reasons_not_to_activate(stored)

    assert reasons == []
