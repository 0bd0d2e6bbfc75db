"""Activating a badge template: when it may be, why not, and what is written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from credly_badges import activation, lms, progress, requirements
from credly_badges.admin.audit import ACTIONS
from credly_badges.models import (
    AuditEntry,
    BadgeAward,
    BadgeTemplate,
    CredlyOrganization,
    HistoryRun,
    ListeningPlace,
    RequirementGroup,
    RequirementsVersion,
)
from credly_badges.testing.factories import (
    COURSE_KEY,
    AwardFactory,
    GroupFactory,
    ProgressFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)

Needs, Status = RequirementGroup.Needs, BadgeTemplate.Status

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


MOVES = sorted((str(was), str(to)) for was, to in activation.TRANSITIONS)
ALL_PAIRS = [(was, to) for was in Status.values for to in Status.values if was != to]


def put(template, status, **columns):
    """Have a badge be somewhere, however it came there."""
    BadgeTemplate.objects.filter(pk=template.pk).update(status=status, **columns)
    template.refresh_from_db()


def actions():
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


class TestMoves:
    """From where a badge may go to where, and what is written down."""

    @pytest.mark.parametrize(("was", "to"), ALL_PAIRS)
    def test_a_badge_goes_where_the_table_says_and_nowhere_else(self, template, was, to):
        put(template, was, paused_from=to if to == "shadow" else "")

        if (was, to) in activation.TRANSITIONS:
            activation.move(template, to, by=None)
            assert template.status == to
            entry = AuditEntry.objects.get()
            assert (entry.before, entry.after) == ({"status": was}, {"status": to})
            assert entry.action in ACTIONS
        else:
            with pytest.raises(activation.CannotMove):
                activation.move(template, to, by=None)
            template.refresh_from_db()
            assert template.status == was

    @pytest.mark.parametrize(("was", "to"), MOVES)
    def test_just_the_permissions_that_the_table_names_are_enough(self, template, was, to):
        put(template, was)

        for permission in Permission.objects.filter(content_type__app_label="credly_badges"):
            somebody = UserFactory()
            somebody.user_permissions.add(permission)
            enough = permission.codename in activation.TRANSITIONS[was, to]
            assert activation.may_move(somebody, template, to) is enough, permission.codename

    @pytest.mark.parametrize("to", ["active", "shadow", "review"])
    def test_what_has_an_error_goes_to_nobody(self, template, to):
        GroupFactory(template=template, name="Second half")

        with pytest.raises(activation.CannotMove) as refusal:
            activation.move(template, to, by=UserFactory())

        assert refusal.value.reasons == [
            "“Second half” has no requirement, so it could never be met. Add one, or remove the group."
        ]

    @pytest.mark.parametrize(("was", "to"), [("active", "paused"), ("active", "retired"), ("shadow", "retired")])
    def test_an_error_keeps_no_badge_from_being_stopped(self, template, was, to):
        put(template, was)
        GroupFactory(template=template)

        activation.move(template, to, by=None)

        assert template.status == to

    def test_what_is_meant_can_be_activated_and_that_is_written_down(self, template):
        template.groups.get().requirements.update(scope="course-v1:edX+Tomorrow+2027")
        with pytest.raises(activation.CannotMove):
            activation.activate(template, by=None)

        activation.activate(template, by=None, despite=["course_unknown"])

        assert AuditEntry.objects.get().after == {"status": "active", "despite": ["course_unknown"]}

    def test_a_badge_that_learners_can_earn_is_asked_for_in_a_version_that_stays(self, template):
        activation.move(template, "shadow", by=None)

        sealed = RequirementsVersion.objects.get()
        assert (sealed.template, sealed.number) == (template, 1)
        assert "Learner is passing: yes." in sealed.words[0]

    def test_a_program_that_has_other_courses_by_now_is_listened_to_in_these(self, template, courses):
        program = "1f301a72-f344-4a31-9e9a-e0b04d8d86b2"
        courses.add_program(program, COURSE_KEY)
        requirement = template.groups.get().requirements.get()
        requirement.scope = program
        requirement.save()

        activation.activate(template, by=None)

        assert list(ListeningPlace.objects.values_list("scope", flat=True)) == [COURSE_KEY]


class TestReview:
    """Somebody asks for a badge to be activated, somebody else does it, or says why not."""

    def test_it_is_submitted_and_approved(self, template):
        author, approver = UserFactory.create_batch(2)

        activation.move(template, "review", by=author)
        assert template.submitted_by == author
        activation.move(template, "active", by=approver)

        assert actions() == ["template.submitted", "template.activated"]
        assert template.submitted_by == author

    def test_who_sends_it_back_says_why(self, template):
        activation.move(template, "review", by=UserFactory())

        with pytest.raises(activation.CannotMove) as refusal:
            activation.move(template, "draft", by=UserFactory(), because=" ")
        activation.move(template, "draft", by=UserFactory(), because="The exam is missing.")

        assert "Say why it is sent back" in refusal.value.reasons[0]
        assert template.deactivated_because == "The exam is missing."
        assert template.submitted_by is None
        assert actions()[-1] == "template.returned"

    @pytest.mark.parametrize("was", ["draft", "retired"])
    @pytest.mark.parametrize("to", ["active", "shadow"])
    def test_where_a_review_is_required_there_is_no_way_around_it(self, template, settings, was, to):
        settings.CREDLY_BADGES_REVIEW_REQUIRED = True
        put(template, was)

        with pytest.raises(activation.CannotMove) as refusal:
            activation.move(template, to, by=UserFactory())

        assert refusal.value.reasons == [
            "On this site somebody reviews a badge before learners can earn it. Submit it for review."
        ]

    @pytest.mark.parametrize("who", ["submitted_by", "requirements_changed_by"])
    @pytest.mark.parametrize("was", ["draft", "review", "shadow", "retired"])
    def test_an_author_does_not_approve_their_own_badge_where_the_site_says_so(self, template, settings, who, was):
        settings.CREDLY_BADGES_SEPARATE_APPROVER = True
        author = UserFactory()
        put(template, was, **{who: author})

        with pytest.raises(activation.CannotMove) as refusal:
            activation.move(template, "active", by=author)
        activation.move(template, "active", by=UserFactory())

        assert refusal.value.reasons == [
            "Somebody else has to do this, as you submitted the badge or changed its requirements last."
        ]
        assert template.is_active

    @pytest.mark.parametrize("status", ["active", "shadow", "paused", "draft", "review"])
    @pytest.mark.parametrize("is_approver", [True, False])
    def test_what_learners_are_judged_by_is_changed_only_by_who_may_approve_it(
        self, template, settings, status, is_approver
    ):
        settings.CREDLY_BADGES_REVIEW_REQUIRED = True
        put(template, status)
        somebody = UserFactory()
        if is_approver:
            somebody.user_permissions.add(Permission.objects.get(codename="approve_badgetemplate"))
        before = requirements.stored(template)
        changed = [replace(group, name="Another name") for group in before]

        def save():
            requirements.save(template, changed, by=somebody, seen=requirements.fingerprint(before))

        if is_approver or status in {"draft", "review"}:
            save()
            assert template.groups.filter(name="Another name").exists()
        else:
            with pytest.raises(requirements.NotReviewed, match="Have somebody change it who may approve badges"):
                save()
            assert not template.groups.filter(name="Another name").exists()

    def test_elsewhere_an_author_may(self, template):
        author = UserFactory()
        put(template, "review", submitted_by=author, requirements_changed_by=author)

        activation.move(template, "active", by=author)

        assert template.is_active


class TestPause:
    """A badge is paused, by a person or at its limit, and goes on as what it was."""

    @pytest.mark.parametrize("was", ["active", "shadow"])
    def test_it_goes_on_as_what_it_was(self, template, was):
        put(template, was)
        activation.move(template, "paused", by=None, because="Exam week.")
        assert template.deactivated_because == "Exam week."
        (other,) = {"active", "shadow"} - {was}

        with pytest.raises(activation.CannotMove) as refusal:
            activation.move(template, other, by=None)
        activation.move(template, activation.resumes_as(template), by=None)

        assert "Resume it as that first." in refusal.value.reasons[0]
        assert template.status == was
        assert template.deactivated_because == ""
        assert actions() == ["template.paused", "template.resumed"]

    @pytest.mark.parametrize("replay", [True, False])
    def test_what_happened_meanwhile_is_replayed_if_somebody_wants_that(self, template, replay):
        put(template, "active")
        activation.move(template, "paused", by=None)
        paused_at = template.activation_changed_at

        activation.move(template, "active", by=UserFactory(), replay=replay)

        runs = list(HistoryRun.objects.values_list("kind", "counts__from"))
        assert runs == ([("replay", paused_at.isoformat())] if replay else [])

    def test_a_badge_at_its_limit_is_not_resumed_before_that_is_raised(self, template):
        put(template, "paused", limit_total=1)
        AwardFactory(template=template, source="requirements")

        with pytest.raises(activation.CannotMove) as refusal:
            activation.move(template, "active", by=None)
        put(template, "paused", limit_total=2)
        activation.move(template, "active", by=None)

        assert "Raise the limit in its terms" in refusal.value.reasons[0]
        assert template.is_active

    def test_a_course_that_ended_meanwhile_does_not_keep_it_paused(self, template, courses):
        put(template, "paused")
        courses.add_course(COURSE_KEY, "Demonstration Course", end=timezone.now() - timedelta(days=1))

        activation.move(template, "active", by=None)

        assert template.is_active


@pytest.mark.parametrize("was", ["shadow", "paused"])
def test_what_was_recorded_and_not_awarded_is_due_once_the_badge_is_active(template, was):
    put(template, was)
    now = timezone.now()
    waiting = ProgressFactory(
        template=template, percent=100, completed_at=now, withheld="It waits.", try_again_at=now + timedelta(hours=1)
    )

    activation.move(template, "active", by=None)

    waiting.refresh_from_db()
    assert waiting.withheld == "" or waiting.try_again_at <= timezone.now()


@pytest.mark.parametrize("on_the_way", [["shadow"], ["shadow", "paused"]])
def test_who_was_only_recorded_is_not_awarded_a_badge_that_was_retired_since(template, on_the_way):
    for status in on_the_way:
        activation.move(template, status, by=None)
    now = timezone.now()
    ProgressFactory(template=template, percent=100, completed_at=now, withheld="It is in shadow.", try_again_at=now)

    activation.move(template, "retired", by=None)
    activation.move(template, "active", by=None)
    progress.sweep()

    assert not BadgeAward.objects.exists()
