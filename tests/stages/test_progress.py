"""From stored events to progress, and from complete progress to an award."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credly_badges import progress
from credly_badges.events import intake
from credly_badges.learning_event import LearningEvent
from credly_badges.models import (
    AuditEntry,
    Availability,
    BadgeAward,
    BadgeProgress,
    BadgeRequirement,
    BadgeTemplate,
    DataRule,
    Fulfillment,
    OutboxMessage,
    ReceivedEvent,
    RequirementGroup,
)
from credly_badges.progress import trying
from credly_badges.testing.factories import (
    COURSE_KEY,
    PASSING_STATUS,
    GroupFactory,
    OrganizationFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
OTHER_COURSE = "course-v1:edX+OtherX+2026"


def happens(learner, course_key=COURSE_KEY, at=NOON, kind=PASSING_STATUS, **attributes):
    """Something happens to a learner, and the worker that is woken by it does its work."""
    org, course = course_key.removeprefix("course-v1:").split("+")[:2]
    event = LearningEvent(
        learner.pk,
        kind,
        course_key,
        at,
        attributes or {"is_passing": True},
        (course_key, f"{org}+{course}", org, ""),
    )
    intake.receive(event)
    for event_id in ReceivedEvent.objects.filter(waiting=True).values_list("pk", flat=True):
        progress.record(event_id)


def test_one_of_two_groups_met_is_half_the_way_and_no_badge():
    learner = UserFactory()
    badge = a_badge_for_passing()
    RuleFactory(requirement__group__template=badge, requirement__scope=OTHER_COURSE)

    happens(learner)

    assert BadgeProgress.objects.get().percent == 50
    assert not BadgeAward.objects.exists()


def test_the_last_group_met_awards_the_badge_with_the_time_of_the_deciding_event():
    learner = UserFactory()
    badge = a_badge_for_passing()
    RuleFactory(requirement__group__template=badge, requirement__scope=OTHER_COURSE)

    happens(learner, OTHER_COURSE, at=NOON + timedelta(days=3))
    happens(learner, COURSE_KEY, at=NOON)

    award = BadgeAward.objects.get()
    assert (award.learner, award.template, award.earned_at) == (learner, badge, NOON + timedelta(days=3))
    assert (award.state, award.source) == (BadgeAward.State.QUEUED, BadgeAward.Source.REQUIREMENTS)
    assert OutboxMessage.objects.get().award == award
    assert AuditEntry.objects.get().action == "award.granted"


def test_a_requirement_without_rules_is_fulfilled_by_the_event_alone():
    learner = UserFactory()
    RequirementFactory(group__template=TemplateFactory(active=True))

    happens(learner, is_passing=False)

    assert BadgeAward.objects.count() == 1


def test_a_rule_about_something_the_event_does_not_have_never_fulfills():
    learner = UserFactory()
    RuleFactory(
        requirement__group__template=TemplateFactory(active=True), path="no.such.path", operator="ne", value="no"
    )

    happens(learner)

    assert not BadgeProgress.objects.exists()


@pytest.mark.parametrize("scope", [COURSE_KEY, "edX+DemoX", "edX", ""])
def test_a_requirement_listens_to_a_run_a_course_an_organization_or_anywhere(scope):
    learner = UserFactory()
    a_badge_for_passing(scope)

    happens(learner)

    assert BadgeAward.objects.count() == 1


@pytest.mark.parametrize("scope", [OTHER_COURSE, "edX+OtherX", "MITx"])
def test_what_happens_elsewhere_does_not_concern_it(scope):
    learner = UserFactory()
    a_badge_for_passing(scope)

    happens(learner)

    assert not BadgeProgress.objects.exists()


def test_failing_one_course_does_not_undo_having_passed_another():
    learner = UserFactory()
    badge = a_badge_for_passing("edX")
    RuleFactory(requirement__group__template=badge, requirement__scope="MITx")

    happens(learner, COURSE_KEY)
    happens(learner, OTHER_COURSE, is_passing=False)

    assert BadgeProgress.objects.get().percent == 50


def test_failing_after_passing_takes_the_progress_back_and_passing_again_restores_it():
    learner = UserFactory()
    badge = a_badge_for_passing()
    RuleFactory(requirement__group__template=badge, requirement__scope=OTHER_COURSE)

    percents = []
    for hours, is_passing in enumerate([True, False, True]):
        happens(learner, at=NOON + timedelta(hours=hours), is_passing=is_passing)
        percents.append(BadgeProgress.objects.get().percent)

    assert percents == [50, 0, 50]
    assert Fulfillment.objects.get().decided_at == NOON + timedelta(hours=2)


def test_any_and_at_least_groups():
    learner = UserFactory()
    badge = TemplateFactory(active=True)
    any_of, two_of = (
        GroupFactory(template=badge, needs="any"),
        GroupFactory(template=badge, needs="at_least", at_least=2),
    )
    for group, names in ((any_of, "AB"), (two_of, "CDE")):
        for name in names:
            RuleFactory(requirement__group=group, requirement__scope=f"course-v1:edX+{name}+1")

    percents = []
    for name in "ACE":
        happens(learner, f"course-v1:edX+{name}+1")
        percents.append(BadgeProgress.objects.get().percent)

    assert percents == [50, 75, 100]
    assert BadgeAward.objects.count() == 1


def test_a_rule_that_cannot_be_read_fulfills_nothing_and_stops_nothing_else(caplog):
    learner = UserFactory()
    broken = RuleFactory(requirement__group__template=TemplateFactory(active=True))
    DataRule.objects.filter(pk=broken.pk).update(operator="nonsense")
    sound = a_badge_for_passing()

    happens(learner)

    assert BadgeAward.objects.get().template == sound
    assert "cannot be read" in caplog.text


def test_a_badge_that_is_not_available_is_withheld_with_the_reason_and_awarded_once_it_is():
    learner = UserFactory()
    badge = a_badge_for_passing("edX")
    row = Availability.objects.create(organization=badge.organization, template=badge, scope="MITx")

    happens(learner)

    held_back = BadgeProgress.objects.get()
    assert (held_back.percent, held_back.completed_at) == (100, NOON)
    assert "MITx" in held_back.withheld
    assert not BadgeAward.objects.exists()
    assert not ReceivedEvent.objects.filter(waiting=True).exists()

    row.delete()
    happens(learner, OTHER_COURSE, at=NOON + timedelta(days=1))

    assert BadgeProgress.objects.get().withheld == ""
    assert BadgeAward.objects.get().earned_at == NOON


def test_what_is_withheld_is_forgotten_with_the_progress():
    learner = UserFactory()
    badge = a_badge_for_passing()
    Availability.objects.create(organization=badge.organization, template=badge, scope="MITx")

    happens(learner)
    happens(learner, at=NOON + timedelta(days=1), is_passing=False)

    progress_now = BadgeProgress.objects.get()
    assert (progress_now.percent, progress_now.withheld) == (0, "")


def time_passes(hours=2):
    """As if it had all been so much earlier."""
    passed = timedelta(hours=hours)
    BadgeProgress.objects.update(try_again_at=F("try_again_at") - passed, modified=F("modified") - passed)


def test_what_was_withheld_is_awarded_by_itself_once_the_quota_is_raised():
    badge = a_badge_for_passing()
    row = Availability.objects.create(organization=badge.organization, template=badge, scope="edX", quota=1)
    first, second = UserFactory.create_batch(2)
    happens(first)
    happens(second)
    time_passes()
    progress.sweep()
    assert not BadgeAward.objects.filter(learner=second).exists()

    Availability.objects.update(quota=2)
    progress.sweep()
    assert not BadgeAward.objects.filter(learner=second).exists()  # Its next turn is yet to come.
    time_passes()
    progress.sweep()

    award = BadgeAward.objects.get(learner=second)
    assert (award.earned_at, award.availability) == (NOON, row)
    held = BadgeProgress.objects.get(learner=second)
    assert (held.withheld, held.earned_at, held.try_again_at) == ("", None, None)


def test_what_was_withheld_counts_at_the_place_at_which_it_was_earned():
    badge = a_badge_for_passing("")
    Availability.objects.create(organization=badge.organization, template=badge, scope="MITx")
    learner = UserFactory()
    happens(learner)
    happens(learner, "course-v1:edX+Later+2026", at=NOON + timedelta(days=1))
    time_passes()
    progress.sweep()
    assert not BadgeAward.objects.exists()

    own = Availability.objects.create(organization=badge.organization, template=badge, scope=COURSE_KEY)
    time_passes()
    progress.sweep()

    assert BadgeAward.objects.get().availability == own


def test_a_further_badge_that_was_withheld_is_awarded_as_of_when_it_was_earned():
    badge = a_badge_for_passing("edX", repeat="always")
    row = Availability.objects.create(organization=badge.organization, template=badge, scope="edX", quota=1)
    learner = UserFactory()
    happens(learner)
    happens(learner, OTHER_COURSE, at=NOON + timedelta(days=1))
    assert BadgeAward.objects.count() == 1

    row.delete()
    time_passes()
    progress.sweep()

    assert set(BadgeAward.objects.values_list("earned_at", flat=True)) == {NOON, NOON + timedelta(days=1)}


def test_a_badge_earned_again_while_it_was_being_taken_back_is_awarded_after_that():
    learner = UserFactory()
    a_badge_for_passing()
    happens(learner)
    BadgeAward.objects.update(state=BadgeAward.State.ACCEPTED, credly_id=uuid4(), revocation_reason="Plagiarism")
    OutboxMessage.objects.update(kind=OutboxMessage.Kind.REVOKE)
    happens(learner, at=NOON + timedelta(days=1), is_passing=False)
    happens(learner, at=NOON + timedelta(days=2))
    time_passes()
    progress.sweep()
    assert "being taken back" in BadgeProgress.objects.get().withheld

    OutboxMessage.objects.update(open=None, state=OutboxMessage.State.DELIVERED)
    BadgeAward.objects.update(live=None, state=BadgeAward.State.REVOKED)
    time_passes()
    progress.sweep()

    assert BadgeAward.objects.get(live=True).earned_at == NOON + timedelta(days=2)


def test_what_is_withheld_from_an_inactive_badge_waits_until_it_is_active_again():
    badge = a_badge_for_passing()
    Availability.objects.create(organization=badge.organization, template=badge, scope="MITx")
    happens(UserFactory())
    Availability.objects.all().delete()
    BadgeTemplate.objects.update(status="draft")
    time_passes()

    with CaptureQueriesContext(connection) as looking:
        progress.sweep()
    BadgeTemplate.objects.update(status="active")
    progress.sweep()

    # Events that nobody was woken for, what was withheld, and who is behind the requirements.
    assert len(looking.captured_queries) == 3
    assert BadgeAward.objects.count() == 1


def test_who_was_tried_comes_last_and_none_costs_more_than_another():
    badge = a_badge_for_passing()
    Availability.objects.create(organization=badge.organization, template=badge, scope="MITx")
    learners = UserFactory.create_batch(6)
    for learner in learners:
        happens(learner)
    time_passes()

    costs, tried = [], []
    for _round in range(3):
        before = set(BadgeProgress.objects.values_list("learner", "try_again_at"))
        with CaptureQueriesContext(connection) as trial:
            assert trying.try_again(2) == 2
        after = set(BadgeProgress.objects.values_list("learner", "try_again_at"))
        tried += [learner for learner, _at in after - before]
        sent = [query["sql"] for query in trial.captured_queries]
        costs.append(len([sql for sql in sent if "SAVEPOINT" not in sql]))

    assert sorted(tried) == sorted(learner.pk for learner in learners)
    assert trying.try_again(2) == 0
    # Of which badges somebody is due, and who; then of each the progress, the template, what was met and by which
    # event, whether an award ended, where it is available, whether an award stands, and the next turn.
    assert costs == [2 + 2 * 8] * 3


def test_one_that_cannot_be_tried_does_not_hold_up_the_others(caplog):
    badge = a_badge_for_passing()
    row = Availability.objects.create(organization=badge.organization, template=badge, scope="MITx")
    broken, sound = UserFactory.create_batch(2)
    happens(broken)
    happens(sound)
    row.delete()
    ReceivedEvent.objects.filter(learner=broken).update(scopes=7)
    Availability.objects.create(organization=badge.organization, template=badge, scope="edX")
    time_passes()

    progress.sweep()

    assert BadgeAward.objects.get().learner == sound
    assert "could not be awarded" in caplog.text
    assert BadgeProgress.objects.get(learner=broken).try_again_at > timezone.now()


def test_a_badge_counts_against_the_availability_of_the_place_it_was_earned_at():
    learner = UserFactory()
    badge = a_badge_for_passing("edX")
    rows = [
        Availability.objects.create(organization=badge.organization, template=badge, scope=scope)
        for scope in ("MITx", "edX")
    ]

    happens(learner)

    assert BadgeAward.objects.get().availability == rows[1]


def test_all_of_it_has_to_be_met_again_for_a_further_badge():
    learner = UserFactory()
    badge = a_badge_for_passing("edX", repeat="always")
    RuleFactory(requirement__group__template=badge, requirement__scope="MITx")
    earned = []

    for hours, course in enumerate(("edX+A+1", "MITx+A+1", "edX+B+1", "edX+C+1", "MITx+B+1", "MITx+C+1")):
        happens(learner, f"course-v1:{course}", at=NOON + timedelta(hours=hours))
        earned.append(BadgeAward.objects.count())

    assert earned == [0, 1, 1, 1, 2, 2]
    assert BadgeAward.objects.latest("earned_at").earned_at == NOON + timedelta(hours=4)


def test_an_award_that_was_revoked_is_followed_by_another_once_the_learner_qualifies_again():
    learner = UserFactory()
    a_badge_for_passing()
    happens(learner)
    BadgeAward.objects.update(live=None, state=BadgeAward.State.REVOKED)
    revoked = BadgeAward.objects.get()

    happens(learner, at=NOON + timedelta(days=1), is_passing=False)
    happens(learner, at=NOON + timedelta(days=2))

    assert BadgeAward.objects.get(live=True).previous == revoked


def test_an_event_that_nobody_was_woken_for_is_found_by_the_sweep():
    learner = UserFactory()
    a_badge_for_passing()
    intake.receive(LearningEvent(learner.pk, PASSING_STATUS, COURSE_KEY, NOON, {"is_passing": True}, (COURSE_KEY,)))
    ReceivedEvent.objects.update(received_at=NOON)

    found = progress.sweep()

    assert found == 1
    assert BadgeAward.objects.count() == 1


def told(learner, course_key=COURSE_KEY, hours=0, **attributes):
    """What the LMS says, as the receiver hands it on."""
    scopes = (course_key, course_key.removeprefix("course-v1:").rpartition("+")[0], "edX", "")
    return LearningEvent(learner.pk, PASSING_STATUS, course_key, NOON + timedelta(hours=hours), attributes, scopes)


def queries_of(event):
    """How many queries an event costs up to and including the stored order, transaction statements not counted."""
    with CaptureQueriesContext(connection) as storing:
        intake.receive(event)
    waiting = ReceivedEvent.objects.filter(learner=event.learner_id, waiting=True).first()
    with CaptureQueriesContext(connection) as recording:
        if waiting:
            progress.record(waiting.pk)
    statements = [query["sql"] for query in storing.captured_queries + recording.captured_queries]
    return len([sql for sql in statements if not sql.startswith(("SAVEPOINT", "RELEASE SAVEPOINT"))])


@pytest.mark.parametrize("others", [10, 10_000])
def test_the_cost_of_an_event_does_not_grow_with_the_number_of_templates(others):
    ana, ben, cleo = UserFactory.create_batch(3)
    badge = a_badge_for_passing()
    RuleFactory(requirement__group__template=badge, requirement__scope=OTHER_COURSE)
    a_badge_for_passing("course-v1:edX+Single+2026")
    other_badges(others)

    costs = {
        "nothing listens": queries_of(told(ana, "course-v1:edX+Unknown+2026", is_passing=True)),
        "heard, not matching": queries_of(told(ana, is_passing=False)),
        "a repetition": queries_of(told(ana, hours=1, is_passing=False)),
        "the first of two": queries_of(told(ben, is_passing=True)),
        "completing, with the second": queries_of(told(ben, OTHER_COURSE, is_passing=True)),
        "completing at once": queries_of(told(cleo, "course-v1:edX+Single+2026", is_passing=True)),
    }

    assert costs == {
        "nothing listens": 1,
        "heard, not matching": 6,
        "a repetition": 2,
        "the first of two": 11,
        "completing, with the second": 15,
        "completing at once": 15,
    }
    assert OutboxMessage.objects.count() == 2


def test_only_a_badge_that_can_be_earned_again_costs_a_look_at_the_last_award():
    learner = UserFactory()
    a_badge_for_passing("edX")
    a_badge_for_passing("MITx", repeat="period", repeat_days=30)
    happens(learner, "course-v1:edX+A+1")
    happens(learner, "course-v1:MITx+A+1")

    costs = [queries_of(told_at(learner, org)) for org in ("edX", "MITx")]

    # When it was last earned, then the decision: whether one stands, and that one, locked.
    assert costs == [11, 11 + 3]
    assert BadgeAward.objects.count() == 2


@pytest.mark.parametrize("count", [2, 200])
def test_an_event_costs_the_same_however_much_its_badge_asks_for(count):
    """Of two and of two hundred requirements: one that it meets among others, and all met by it at once."""
    elsewhere, here = TemplateFactory(active=True), TemplateFactory(active=True)
    apart, together = GroupFactory(template=elsewhere), GroupFactory(template=here)
    for number in range(count):
        RuleFactory(requirement__group=apart, requirement__scope=f"course-v1:edX+C{number}+1")
        RuleFactory(requirement__group=together, requirement__scope="MITx")
    ana, ben = UserFactory.create_batch(2)

    costs = {
        "not matching": queries_of(told(ana, "course-v1:edX+C1+1", is_passing=False)),
        "meeting one": queries_of(told(ana, "course-v1:edX+C1+1", hours=1, is_passing=True)),
        "not meeting it any more": queries_of(told(ana, "course-v1:edX+C1+1", hours=2, is_passing=False)),
        "completing at once": queries_of(told_at(ben, "MITx")),
    }

    assert costs == {
        "not matching": 6,
        "meeting one": 11,
        "not meeting it any more": 11,
        "completing at once": 14 + statements_to_write(count),
    }


def statements_to_write(count):
    """One, but SQLite takes so many values at a time."""
    columns = [field for field in Fulfillment._meta.concrete_fields if not field.primary_key]
    return -(-count // connection.ops.bulk_batch_size(columns, range(count)))


def test_a_badge_that_holds_on_loss_costs_a_look_at_what_is_held_only_to_who_was_on_the_way():
    at_once, on_the_way = UserFactory.create_batch(2)
    badge = a_badge_for_passing("edX", on_loss="hold")
    course = "course-v1:edX+A+1"
    happens(on_the_way, course)
    happens(on_the_way, course, at=NOON + timedelta(hours=1), is_passing=False)

    costs = [queries_of(told(learner, course, hours=2, is_passing=True)) for learner in (at_once, on_the_way)]

    # The second one's loss is written off: the open regression is looked for, closed, and that is written down; and
    # what becomes of the badge need not be asked.
    assert costs == [15, 11 + 3]
    assert BadgeAward.objects.filter(template=badge).count() == 2


def test_a_penalty_costs_a_look_at_what_was_stated_since_only_where_it_took_something_back():
    badge = a_badge_for_passing("edX")
    RuleFactory(requirement__group__template=badge, requirement__scope="MITx")
    requirement = BadgeRequirement.objects.filter(scope="edX").get()
    rejected = "org.example.exam.rejected.v1"
    RequirementFactory(
        group=GroupFactory(template=badge, needs="undo"), event_type=rejected, scope="", undoes=[requirement.key]
    )
    learner = UserFactory()

    costs = {
        "met": queries_of(told(learner, "course-v1:edX+A+1", is_passing=True)),
        "taken back": queries_of(replace(told(learner, "course-v1:edX+A+1", hours=1), kind=rejected)),
        "met elsewhere": queries_of(told(learner, "course-v1:edX+B+1", hours=2, is_passing=True)),
    }

    assert costs == {"met": 11, "taken back": 11 + 1, "met elsewhere": 11 + 1}


def told_at(learner, org):
    """Another course of an organization, passed a day later."""
    key = f"course-v1:{org}+B+1"
    scopes = (key, f"{org}+B", org, "")
    return LearningEvent(learner.pk, PASSING_STATUS, key, NOON + timedelta(days=1), {"is_passing": True}, scopes)


def other_badges(count):
    """That many active badges, each for passing a course of its own."""
    organization = OrganizationFactory()
    badges = BadgeTemplate.objects.bulk_create(
        [TemplateFactory.build(organization=organization, status="active") for _ in range(count)], batch_size=500
    )
    groups = RequirementGroup.objects.bulk_create(
        [GroupFactory.build(template=badge) for badge in badges], batch_size=500
    )
    requirements = BadgeRequirement.objects.bulk_create(
        [
            RequirementFactory.build(group=group, scope=f"course-v1:edX+C{number}+1")
            for number, group in enumerate(groups)
        ],
        batch_size=500,
    )
    DataRule.objects.bulk_create(
        [RuleFactory.build(requirement=requirement) for requirement in requirements], batch_size=500
    )
