"""Editing what a badge asks for, while learners are on their way to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credly_badges import activation, lms, progress, requirements, versions
from credly_badges.models import (
    AuditEntry,
    BadgeAward,
    BadgeProgress,
    BadgeRequirement,
    ListeningPlace,
    RequirementGroup,
    RequirementsVersion,
)
from credly_badges.requirements import files, form, yaml_text
from credly_badges.requirements.specs import content
from credly_badges.testing.factories import (
    COURSE_KEY,
    PASSING_STATUS,
    ProgressFactory,
    ReceivedEventFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

SECOND, THIRD = "course-v1:edX+Second+2026", "course-v1:edX+Third+2026"


@pytest.fixture(autouse=True)
def _courses():
    for key in (COURSE_KEY, SECOND, THIRD):
        lms.backend().add_course(key, "A course")
    yield
    lms.backend().clear()


def requirement(scope=COURSE_KEY, **fields):
    rule = requirements.RuleSpec("is_passing", "eq", "yes")
    return requirements.RequirementSpec(PASSING_STATUS, scope, "Pass the course", (rule,), **fields)


def group(*specs, **fields):
    return requirements.GroupSpec("", "all", 1, specs, **fields)


def save(badge, *groups, by=None):
    seen = requirements.fingerprint(requirements.stored(badge))
    changed = requirements.save(badge, groups, by=by, seen=seen)
    badge.refresh_from_db()
    return changed


def change_the_first(badge, **fields):
    """Save the badge's requirements with the first of them changed."""
    groups = requirements.stored(badge)
    first = replace(groups[0].requirements[0], **fields)
    return save(badge, replace(groups[0], requirements=(first, *groups[0].requirements[1:])), *groups[1:])


def rows(badge, version):
    return list(
        BadgeRequirement.objects.filter(group__template=badge, group__version=version).values_list("key", "scope")
    )


class TestADraft:
    """What was never valid is changed where it stands."""

    def test_everything_that_can_be_said_is_kept(self):
        draft = TemplateFactory()
        first = group(requirement(key="pass"), key="basics")
        second = replace(
            group(
                requirement(f"{COURSE_KEY}\n{SECOND}", times=None, distinct="subject", weight=3),
                key="later",
                after="basics",
            ),
            name="Later",
            needs="at_least",
            at_least=2,
            opens_on=date(2026, 1, 1),
            closes_on=date(2026, 6, 30),
            time_zone="Europe/Berlin",
            within_days=30,
            within_of="group",
            before_course_end=True,
        )
        penalties = replace(group(requirement(key="cheated", undoes=("pass",), same_course=False)), needs="undo")

        assert save(draft, first, second, penalties)

        kept = requirements.stored(draft)
        assert [each.after for each in kept] == ["", "basics", ""]
        assert (kept[1].opens_on, kept[1].closes_on) == (date(2026, 1, 1), date(2026, 6, 30))
        assert (kept[1].within_days, kept[1].within_of, kept[1].before_course_end) == (30, "group", True)
        many = kept[1].requirements[0]
        assert (many.places, many.times, many.distinct, many.weight) == ((COURSE_KEY, SECOND), None, "subject", 3)
        assert kept[2].requirements[0].undoes == ("pass",)
        assert not kept[2].requirements[0].same_course
        assert all(each.key for each in kept)

    def test_rows_keep_their_ids_and_keys(self):
        draft = a_badge_for_passing(status="draft")
        before = requirements.stored(draft)

        assert change_the_first(draft, description="Finish it")

        (after,) = requirements.stored(draft)
        assert after.requirements[0].description == "Finish it"
        assert (after.id, after.key) == (before[0].id, before[0].key)
        assert after.requirements[0].id == before[0].requirements[0].id
        assert draft.version == 1
        assert not RequirementsVersion.objects.exists()

    def test_what_has_the_key_of_a_row_is_that_row_though_it_comes_from_a_file_that_knows_no_ids(self):
        draft = a_badge_for_passing(status="draft")
        before = requirements.stored(draft)

        assert not save(draft, *_without_ids(before))

        assert requirements.stored(draft) == before

    def test_a_page_that_is_sent_twice_changes_nothing_the_second_time(self):
        draft = a_badge_for_passing(status="draft")
        seen = requirements.fingerprint(requirements.stored(draft))
        groups = [*requirements.stored(draft), group(requirement(SECOND))]

        assert requirements.save(draft, groups, by=None, seen=seen)
        assert not requirements.save(draft, groups, by=None, seen=seen)

        assert draft.groups.count() == 2

    def test_two_people_do_not_overwrite_one_another(self):
        draft = a_badge_for_passing(status="draft")
        seen = requirements.fingerprint(requirements.stored(draft))
        change_the_first(draft, description="Mine")

        with pytest.raises(requirements.ChangedMeanwhile):
            requirements.save(draft, [group(requirement(THIRD))], by=None, seen=seen)

        assert BadgeRequirement.objects.get().description == "Mine"

    def test_a_row_cannot_stand_in_two_places(self):
        draft = a_badge_for_passing(status="draft")
        (before,) = requirements.stored(draft)
        twice = (before.requirements[0], before.requirements[0])
        copied = (before.requirements[0], replace(before.requirements[0], id=None, key="copy"))

        for each in (twice, copied):
            with pytest.raises(requirements.ChangedMeanwhile):
                save(draft, replace(before, requirements=each))

        assert requirements.stored(draft) == (before,)

    def test_who_changed_it_is_written_down(self):
        draft, author = TemplateFactory(), UserFactory()

        save(draft, group(requirement()), by=author)

        assert draft.requirements_changed_by == author
        entry = AuditEntry.objects.get(action="requirements.changed")
        assert entry.actor == author
        assert entry.after["groups"][0]["requirements"][0]["scope"] == COURSE_KEY

    def test_the_places_at_which_events_find_it_follow(self):
        draft = a_badge_for_passing(status="draft")

        change_the_first(draft, scope=f"{SECOND}\nedX+DemoX")

        assert set(ListeningPlace.objects.values_list("scope", flat=True)) == {SECOND, "edX+DemoX"}


class TestAVersionThatWasValid:
    """It stays as it is: learners are judged by it."""

    def test_an_edit_makes_a_new_one_with_the_same_keys_and_is_valid_at_once(self):
        badge, author = a_badge_for_passing(), UserFactory()
        key = requirements.stored(badge)[0].requirements[0].key

        groups = requirements.stored(badge)
        moved = replace(groups[0].requirements[0], scope=SECOND)
        assert save(badge, replace(groups[0], requirements=(moved,)), by=author)

        assert badge.version == 2
        assert rows(badge, 1) == [(key, COURSE_KEY)]
        assert rows(badge, 2) == [(key, SECOND)]
        first, second = RequirementsVersion.objects.order_by("number")
        assert (first.on_change, second.on_change) == ("", "move")
        assert second.created_by == author
        assert second.data["groups"][0]["requirements"][0]["places"] == [SECOND]

    def test_the_order_of_its_groups_is_that_of_the_new_rows(self):
        badge = a_badge_for_passing()
        (first,) = requirements.stored(badge)

        save(badge, first, group(requirement(SECOND), after=first.key))

        later = badge.groups.current().get(after__isnull=False)
        assert later.after.version == 2

    def test_both_versions_hear_events(self):
        badge = a_badge_for_passing()

        change_the_first(badge, scope=SECOND)

        heard = BadgeRequirement.objects.listening_for(PASSING_STATUS, [COURSE_KEY, SECOND])
        assert sorted(heard.values_list("group__version", flat=True)) == [1, 2]

    def test_nothing_changed_is_no_version(self):
        badge = a_badge_for_passing()

        assert not save(badge, *requirements.stored(badge))

        assert badge.version == 1
        assert not RequirementsVersion.objects.exists()

    def test_learners_who_are_on_their_way_may_stay_by_theirs(self):
        badge = a_badge_for_passing(on_change="keep")

        change_the_first(badge, scope=SECOND)

        assert RequirementsVersion.objects.get(number=2).on_change == "keep"

    def test_one_that_is_no_longer_earned_waits_with_its_new_version_until_it_is_again(self):
        badge = a_badge_for_passing()
        versions.seal(badge)
        activation.deactivate(badge, by=None)

        change_the_first(badge, scope=SECOND)
        change_the_first(badge, scope=THIRD)

        assert badge.version == 2
        assert [each.number for each in RequirementsVersion.objects.all()] == [1]
        versions.seal(badge)
        assert RequirementsVersion.objects.get(number=2).on_change == "move"

    def test_an_active_badge_is_not_made_one_that_nobody_can_earn(self):
        badge = a_badge_for_passing()

        with pytest.raises(requirements.WouldStopAnActiveBadge):
            save(badge)

        badge.refresh_from_db()
        assert badge.version == 1
        assert RequirementGroup.objects.count() == 1

    def test_one_that_names_a_course_which_is_yet_to_be_made_has_to_be_meant(self):
        badge = a_badge_for_passing()
        seen = requirements.fingerprint(requirements.stored(badge))
        tomorrow = [group(requirement("course-v1:edX+New+2027"))]

        with pytest.raises(requirements.WouldStopAnActiveBadge) as refusal:
            requirements.save(badge, tomorrow, by=None, seen=seen)

        assert [fault.code for fault in refusal.value.faults] == ["course_unknown"]
        assert requirements.save(badge, tomorrow, by=None, seen=seen, despite=["course_unknown"])

    def test_what_was_wrong_before_may_be_worded_anew_and_not_be_made_wrong_elsewhere(self):
        badge = a_badge_for_passing("course-v1:edX+Gone+2020")

        assert change_the_first(badge, description="Pass the course of then")
        with pytest.raises(requirements.WouldStopAnActiveBadge):
            change_the_first(badge, scope="course-v1:edX+Typo+2026")

    def test_one_that_was_valid_before_versions_were_kept_is_sealed_in_the_night(self):
        badge = a_badge_for_passing()
        a_badge_for_passing(status="draft")

        assert versions.seal_all() == 1
        assert versions.seal_all() == 0

        sealed = RequirementsVersion.objects.get()
        assert (sealed.template, sealed.number, sealed.on_change) == (badge, 1, "")

    def test_sealing_twice_writes_one_row(self):
        badge = a_badge_for_passing()

        assert versions.seal(badge) == versions.seal(badge)

        assert RequirementsVersion.objects.get().words[0].startswith("Pass the course")


class TestLearnersOnTheirWay:
    """Whom the new version concerns."""

    def has_passed(self, badge, *courses):
        learner = UserFactory()
        for course in courses:
            event = ReceivedEventFactory(learner=learner, subject=course, scopes=[course, "edX", ""], waiting=True)
            progress.record(event.pk)
        return BadgeProgress.objects.get(learner=learner, template=badge)

    def two_courses(self, **template):
        badge = a_badge_for_passing(**template)
        RuleFactory(requirement__group=badge.groups.get(), requirement__scope=SECOND)
        return badge

    def ask_for_the_first_only(self, badge):
        (both,) = requirements.stored(badge)
        save(badge, replace(both, requirements=both.requirements[:1]))

    def test_they_are_judged_by_it_after_the_commit(self, django_capture_on_commit_callbacks):
        badge = self.two_courses()
        half = self.has_passed(badge, COURSE_KEY)

        with django_capture_on_commit_callbacks(execute=True):
            self.ask_for_the_first_only(badge)

        half.refresh_from_db()
        assert (half.version, half.percent) == (2, 100)
        assert BadgeAward.objects.get().learner == half.learner

    def test_or_stay_by_theirs(self, django_capture_on_commit_callbacks):
        badge = self.two_courses(on_change="keep")
        half = self.has_passed(badge, COURSE_KEY)

        with django_capture_on_commit_callbacks(execute=True):
            self.ask_for_the_first_only(badge)

        half.refresh_from_db()
        assert (half.version, half.percent) == (1, 50)

    def test_who_completed_it_stays_by_what_they_completed(self, django_capture_on_commit_callbacks):
        badge = a_badge_for_passing()
        through = self.has_passed(badge, COURSE_KEY)

        with django_capture_on_commit_callbacks(execute=True):
            change_the_first(badge, scope=SECOND)

        through.refresh_from_db()
        assert (through.version, through.percent) == (1, 100)


class TestEarlierVersions:
    """Their rows go once nobody is judged by them; what was asked for stays written down."""

    def a_day_later(self):
        RequirementsVersion.objects.update(created=timezone.now() - timedelta(days=2))

    def test_one_by_which_nobody_is_judged_goes(self):
        badge = a_badge_for_passing()
        change_the_first(badge, scope=SECOND)
        self.a_day_later()

        assert versions.prune() == 1

        assert rows(badge, 1) == []
        assert rows(badge, 2) != []
        assert [each.number for each in RequirementsVersion.objects.all()] == [1, 2]

    def test_one_by_which_somebody_is_judged_stays(self):
        badge = a_badge_for_passing()
        ProgressFactory(template=badge, version=1)
        change_the_first(badge, scope=SECOND)
        self.a_day_later()

        assert versions.prune() == 0

    def test_one_that_was_followed_just_now_stays(self):
        change_the_first(a_badge_for_passing(), scope=SECOND)

        assert versions.prune() == 0

    def test_one_whose_follower_is_not_valid_yet_stays(self):
        badge = a_badge_for_passing()
        versions.seal(badge)
        activation.deactivate(badge, by=None)
        change_the_first(badge, scope=SECOND)
        self.a_day_later()

        assert versions.prune() == 0

    def test_what_was_asked_for_then_can_still_be_applied_as_a_file(self):
        badge = a_badge_for_passing()
        then = requirements.stored(badge)
        change_the_first(badge, scope=SECOND)
        asked = RequirementsVersion.objects.get(number=1).data

        files.apply(files.read(yaml_text.write(form.document([asked]))), by=None)

        badge.refresh_from_db()
        assert badge.version == 3
        assert content(requirements.stored(badge)) == content(then)


class TestCost:
    """Whoever writes 200 requirements waits for their rows, and for nothing else that grows."""

    def test_reading_takes_the_same_queries_for_many_as_for_few(self, django_assert_num_queries):
        badge = TemplateFactory()
        save(badge, *(group(*(requirement(SECOND) for _number in range(20))) for _number in range(10)))

        with django_assert_num_queries(3):
            assert len(requirements.stored(badge)) == 10
        with django_assert_num_queries(4):
            assert len(versions.data(badge)["groups"]) == 10

    def test_so_does_saving_what_is_there_and_only_new_rows_cost_more(self):
        few, many = TemplateFactory(), TemplateFactory()
        save(few, group(requirement()))
        save(many, group(*(requirement(SECOND) for _number in range(100))))

        with CaptureQueriesContext(connection) as for_few:
            save(few, *requirements.stored(few))
        with CaptureQueriesContext(connection) as for_many:
            save(many, *requirements.stored(many))

        assert len(for_many) == len(for_few)


class TestKeys:
    """By which groups and requirements name one another."""

    def refused(self, *groups):
        badge = TemplateFactory()
        with pytest.raises(requirements.Inconsistent) as refusal:
            save(badge, *groups)
        assert not badge.groups.exists()
        return refusal.value.reasons

    def test_one_cannot_be_there_twice(self):
        (reason,) = self.refused(group(requirement(key="one"), requirement(SECOND, key="one")))

        assert reason == ("The key “one” is there more than once. Give each its own, or leave it out for new ones.")

    @pytest.mark.parametrize("key", ["two words", "-", "é", "x" * 51])
    def test_one_is_short_and_plain(self, key):
        (reason,) = self.refused(group(requirement(key=key)))

        assert "is no key" in reason

    def test_a_group_comes_after_one_that_there_is(self):
        (reason,) = self.refused(group(requirement(), key="a", after="b"))

        assert "comes after “b”, and there is no such group" in reason

    def test_groups_that_wait_for_one_another_could_never_begin(self):
        (reason,) = self.refused(
            group(requirement(), key="a", after="c"),
            group(requirement(SECOND), key="b", after="a"),
            group(requirement(THIRD), key="c", after="b"),
            group(requirement(), key="d", after="c"),
        )

        assert reason == (
            "These groups come after one another in a circle, so none could begin: a, c, b. Free one of them."
        )

    def test_a_penalty_undoes_what_there_is(self):
        (reason,) = self.refused(
            group(requirement(key="pass")), replace(group(requirement(key="cheat", undoes=("pas",))), needs="undo")
        )

        assert "undoes “pas”, and there is no such requirement" in reason

    def test_only_a_penalty_undoes(self):
        (reason,) = self.refused(group(requirement(key="pass"), requirement(SECOND, undoes=("pass",))))

        assert "is in no group of penalties" in reason


def _without_ids(groups):
    return tuple(
        replace(
            each,
            id=None,
            requirements=tuple(
                replace(one, id=None, rules=tuple(replace(rule, id=None) for rule in one.rules))
                for one in each.requirements
            ),
        )
        for each in groups
    )
