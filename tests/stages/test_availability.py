"""To whom badges are available: by place, by quota and until when; asked at each of the moments when it counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from credly_badges import activation, availability, lms, progress, requirements
from credly_badges.models import Availability, BadgeAward, BadgeProgress
from credly_badges.testing.factories import (
    COURSE_KEY,
    PASSING_STATUS,
    AwardFactory,
    OrganizationFactory,
    ReceivedEventFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

RUN = "course-v1:edX+DemoX+2026"
CCX = "ccx-v1:edX+DemoX+2026+ccx@7"
PROGRAM = "1f301a72-f344-4a31-9e9a-e0b04d8d86b2"
AROUND_RUN = (RUN, "edX+DemoX", "edX", "")
AROUND_OTHER = ("course-v1:MITx+Other+2026", "MITx+Other", "MITx", "")


@pytest.fixture
def template():
    return TemplateFactory(name="Python")


def available(template, scope="", *, to_all_of_them=False, **columns):
    return Availability.objects.create(
        organization=template.organization, template=None if to_all_of_them else template, scope=scope, **columns
    )


def claim(template, scopes=AROUND_RUN):
    with transaction.atomic():
        return availability.claim(template, scopes=scopes, now=timezone.now())


def award(template, row, **columns):
    return AwardFactory(template=template, availability=row, **columns)


@pytest.mark.parametrize(
    ("where", "scope", "lies_within"),
    [
        ("", "", True),
        ("", RUN, True),
        ("", PROGRAM, True),
        ("edX", "edX", True),
        ("edX", "edX+DemoX", True),
        ("edX", RUN, True),
        ("edX", CCX, True),
        ("edX", "", False),
        ("edX", "MITx+Other", False),
        ("edX", PROGRAM, False),
        ("edX+DemoX", RUN, True),
        ("edX+DemoX", "edX", False),
        ("edX+DemoX", "course-v1:edX+Other+2026", False),
        (RUN, RUN, True),
        (RUN, CCX, True),
        (RUN, "edX+DemoX", False),
        (CCX, RUN, False),
        (PROGRAM, PROGRAM, True),
        (PROGRAM, RUN, True),
        (PROGRAM, "course-v1:edX+Other+2026", False),
        (PROGRAM, "edX", False),
    ],
)
def test_a_place_lies_within_what_surrounds_it(template, stand_in, where, scope, lies_within):
    stand_in.add_program(PROGRAM, RUN)
    available(template, where)

    assert (availability.why_not(template, scope) == "") is lies_within


@pytest.fixture
def stand_in():
    lms.backend().clear()
    yield lms.backend()
    lms.backend().clear()


def test_without_any_availability_a_badge_is_available_to_all_for_one_query(template, django_assert_num_queries):
    available(TemplateFactory(), "edX")

    with django_assert_num_queries(1):
        assert availability.why_not(template, "MITx") == ""
    with django_assert_num_queries(1):
        assert availability.claim(template, scopes=AROUND_OTHER, now=timezone.now()) is None


def test_the_sentence_says_where_it_is_available(template):
    available(template, "edX")
    available(template, PROGRAM)

    sentence = availability.why_not(template, "MITx")

    assert sentence.startswith(f"It is available here only: the program {PROGRAM}, edX.")


def test_one_of_the_badge_s_and_one_of_its_organization_s_have_to_fit(template):
    own = available(template, "edX+DemoX")
    available(template, "edX", to_all_of_them=True)

    assert claim(template) == own
    assert "edX+DemoX" in availability.why_not(template, "edX")
    with pytest.raises(availability.NotAvailable):
        claim(template, AROUND_OTHER)


def test_what_has_ended_is_said_to_have_ended(template):
    available(template, "edX", ends_at=timezone.now() - timedelta(days=1))

    with pytest.raises(availability.NotAvailable, match="It was available there until"):
        claim(template)

    assert "until" in availability.why_not(template, RUN)


def test_by_hand_any_open_availability_will_do_and_none_that_ended(template):
    ended = available(template, "edX", ends_at=timezone.now() - timedelta(days=1))
    with pytest.raises(availability.NotAvailable):
        claim(template, None)
    open_one = available(template, "MITx")

    assert claim(template, None) == open_one
    assert ended != open_one


def test_a_quota_is_used_up_by_what_stands_and_by_what_credly_issued(template):
    row = available(template, "edX", quota=2)
    states = BadgeAward.State
    award(template, row)
    award(template, row, offered=True, state=states.REVOKED, live=None)

    with pytest.raises(availability.NotAvailable, match=r"the quota of 2 .edX. is used up"):
        claim(template)

    assert availability.used([row]) == {row.pk: 2}


def test_what_credly_never_issued_leaves_its_place_to_another(template):
    row = available(template, "edX", quota=1)
    award(template, row, state=BadgeAward.State.REVOKED, live=None)
    award(template, row, state=BadgeAward.State.FAILED, live=None)

    assert claim(template) == row
    assert availability.used([row]) == {row.pk: 0}


def test_where_one_quota_is_used_up_another_that_covers_the_place_serves(template):
    narrow = available(template, "edX+DemoX", quota=1)
    wide = available(template, "edX")
    assert claim(template) == narrow

    award(template, narrow)

    assert claim(template) == wide


def test_the_organization_s_quota_counts_all_its_badges(template):
    whole = available(template, "edX", to_all_of_them=True, quota=2)
    own = available(template, "edX+DemoX")
    other = TemplateFactory(organization=template.organization)
    assert claim(template) == own
    assert claim(other) == whole

    award(template, own)
    award(other, whole)

    assert availability.used([whole, own]) == {whole.pk: 2, own.pk: 1}
    with pytest.raises(availability.NotAvailable):
        claim(template)


def test_a_badge_s_own_quota_counts_what_was_charged_to_a_narrower_one_of_its_organization(template):
    own = available(template, "", quota=1)
    whole = available(template, "edX", to_all_of_them=True, quota=5)
    assert claim(template) == whole

    award(template, whole)
    award(TemplateFactory(organization=template.organization), whole)

    assert availability.used([whole, own]) == {whole.pk: 2, own.pk: 1}
    with pytest.raises(availability.NotAvailable, match="everywhere"):
        claim(template)


def test_a_claim_costs_as_much_for_many_availabilities_as_for_one(template, django_assert_num_queries):
    for number in range(5):
        award(template, available(template, "edX", quota=10 + number))

    with django_assert_num_queries(7):  # Two of them are the savepoint.
        claim(template)


class TestAwards:
    """An award is refused where the badge is not available, and counts where it is."""

    def passes(self, learner, course_key):
        scopes = [course_key, course_key.partition(":")[2].rpartition("+")[0], "edX", ""]
        event = ReceivedEventFactory(learner=learner, subject=course_key, scopes=scopes, waiting=True)
        progress.record(event.pk)

    def test_a_learner_at_a_course_that_has_it_is_awarded_it_and_it_is_counted(self, stand_in):
        template = a_badge_for_passing(RUN)
        stand_in.add_program(PROGRAM, RUN)
        row = available(template, PROGRAM, quota=3)

        self.passes(UserFactory(), RUN)

        assert BadgeAward.objects.get().availability == row
        assert availability.used([row]) == {row.pk: 1}

    def test_a_learner_elsewhere_is_not_awarded_it_and_their_progress_says_why(self):
        template = a_badge_for_passing("")
        available(template, "edX+Other")

        self.passes(UserFactory(), RUN)

        assert not BadgeAward.objects.exists()
        there = BadgeProgress.objects.get()
        assert there.percent == 100
        assert there.withheld.startswith("It is available here only: edX+Other.")

    def test_when_the_quota_is_used_up_the_next_learner_waits(self):
        template = a_badge_for_passing(RUN)
        available(template, "edX", quota=1)
        first, second = UserFactory.create_batch(2)

        self.passes(first, RUN)
        self.passes(second, RUN)

        assert BadgeAward.objects.get().learner == first
        assert "is used up" in BadgeProgress.objects.get(learner=second).withheld


class TestActivation:
    """A badge is activated only where all that it asks for is available."""

    @pytest.fixture(autouse=True)
    def course(self):
        stand_in = lms.backend()
        stand_in.clear()
        stand_in.add_course(COURSE_KEY, "Demonstration Course")
        yield
        stand_in.clear()

    def test_what_lies_outside_stands_in_the_way(self):
        template = a_badge_for_passing(COURSE_KEY, status="draft")
        available(template, "MITx")

        (reason,) = activation.reasons_not_to_activate(template)

        assert reason == (
            "The requirement “Pass the course” lies outside of where the badge is available. "
            "It is available here only: MITx. Choose a course there, or have the availability changed."
        )

    def test_what_lies_within_does_not(self):
        template = a_badge_for_passing(COURSE_KEY, status="draft")
        available(template, "edX")

        assert activation.reasons_not_to_activate(template) == []


class TestRequirements:
    """A requirement is saved only where the badge is available."""

    def spec(self, scope):
        return requirements.GroupSpec("", "all", 1, (requirements.RequirementSpec(PASSING_STATUS, scope, "Pass"),))

    def save(self, template, *groups):
        seen = requirements.fingerprint(requirements.stored(template))
        return requirements.save(template, groups, by=None, seen=seen)

    def test_one_outside_is_refused_with_the_reason_and_nothing_is_written(self, template):
        available(template, "MITx")

        with pytest.raises(requirements.OutsideAvailability) as refusal:
            self.save(template, self.spec(RUN))

        assert refusal.value.reasons == [
            f"“{RUN}” lies outside of where the badge is available. "
            "It is available here only: MITx. Choose a course there, or have the availability changed."
        ]
        assert not template.groups.exists()

    def test_one_within_is_saved(self, template):
        available(template, "edX")

        assert self.save(template, self.spec(RUN))

    def test_one_that_was_there_before_the_availability_may_stay(self, template):
        assert self.save(template, self.spec(RUN))
        available(template, "MITx")
        (group,) = requirements.stored(template)

        assert requirements.save(
            template,
            [replace(group, name="First part")],
            by=None,
            seen=requirements.fingerprint([group]),
        )


def test_availabilities_of_another_organization_do_not_matter(template):
    other = OrganizationFactory()
    Availability.objects.create(organization=other, scope="MITx")

    assert availability.why_not(template, RUN) == ""
