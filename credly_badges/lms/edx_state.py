"""What edx-platform knows of learners in courses beside their grades, certificates and enrollments."""

# ruff: noqa: PLC0415
# Importing edx-platform is left until something is asked of it: tests, demos and tools run without it.

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.contrib.auth import get_user_model
from opaque_keys.edx.keys import CourseKey, UsageKey

from ..rules.shares import percent_of
from .edx_asking import asking_edx_platform


class PlatformState:
    """Subsection grades, completion, cohorts and teams."""

    def subsection_grades(
        self, user_ids: Collection[int], usage_keys: Collection[UsageKey]
    ) -> Mapping[tuple[int, str], float]:
        """What was kept, and what staff put in its place; of points that count, where any do. One query."""
        with asking_edx_platform():
            from lms.djangoapps.grades.models import PersistentSubsectionGrade

        # The index begins with the course.
        courses = {key.course_key for key in usage_keys}
        kept = PersistentSubsectionGrade.objects.filter(
            course_id__in=courses, user_id__in=user_ids, usage_key__in=usage_keys
        )
        columns = ("earned_graded", "possible_graded", "earned_all", "possible_all")
        instead = (f"override__{column}_override" for column in columns)
        found = {}
        for user_id, usage_key, *points in kept.values_list("user_id", "usage_key", *columns, *instead):
            counted = [points[at] if points[at + 4] is None else points[at + 4] for at in range(4)]
            share = percent_of(*counted[:2]) if counted[1] else percent_of(*counted[2:])
            if share is not None:
                found[user_id, str(usage_key)] = share
        return found

    def completions(self, learners: Collection[tuple[int, CourseKey]]) -> Mapping[tuple[int, str], float]:
        """As on the progress page: units completed, of those that the learner can see.

        One query for all tells who has completed anything in which course, and one the users. For each of these
        learners edx-platform then goes through the outline of the course, of which it keeps a copy in its cache.
        """
        with asking_edx_platform():
            from completion.models import BlockCompletion
            from lms.djangoapps.courseware.courses import get_course_blocks_completion_summary
            from xmodule.modulestore.exceptions import ItemNotFoundError

        user_ids, courses = {user_id for user_id, _key in learners}, {key for _user_id, key in learners}
        # Nothing but these two columns: an index has both, and a learner may have a thousand rows.
        kept = BlockCompletion.objects.filter(user_id__in=user_ids, context_key__in=courses)
        begun = set(kept.order_by().values_list("user_id", "context_key").distinct()) & set(learners)
        users = get_user_model().objects.in_bulk({user_id for user_id, _key in begun})
        found: dict[tuple[int, str], float] = {(user_id, str(key)): 0 for user_id, key in learners}
        for user_id, key in begun:
            try:
                summary = get_course_blocks_completion_summary(key, users[user_id])
            except ItemNotFoundError:  # The course is gone; what was completed in it is still kept.
                summary = {}
            counts = [summary.get(name, 0) for name in ("complete_count", "incomplete_count", "locked_count")]
            share = percent_of(counts[0], sum(counts))
            if share is None:
                del found[user_id, str(key)]
            else:
                found[user_id, str(key)] = share
        return found

    def cohorts(self, user_ids: Collection[int], courses: Collection[CourseKey]) -> Mapping[tuple[int, str], str]:
        """From the memberships: ``get_cohort`` answers for one learner, and puts them into a cohort. One query."""
        with asking_edx_platform():
            from openedx.core.djangoapps.course_groups.models import CohortMembership

        rows = CohortMembership.objects.filter(user_id__in=user_ids, course_id__in=courses)
        named = rows.values_list("user_id", "course_id", "course_user_group__name")
        return {(user_id, str(key)): name for user_id, key, name in named}

    def teams(
        self, user_ids: Collection[int], courses: Collection[CourseKey]
    ) -> Mapping[tuple[int, str], Collection[str]]:
        """A learner is in one team of each set of teams that the course has. One query."""
        with asking_edx_platform():
            from lms.djangoapps.teams.models import CourseTeamMembership

        rows = CourseTeamMembership.objects.filter(user_id__in=user_ids, team__course_id__in=courses)
        found: dict[tuple[int, str], list[str]] = {}
        for user_id, key, name in rows.values_list("user_id", "team__course_id", "team__name"):
            found.setdefault((user_id, str(key)), []).append(name)
        return found
