"""Three courses with a history, a badge at Credly, and the people of a course team."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from django.contrib.auth.models import Permission
from django.utils import timezone

from credly_badges import lms
from credly_badges.models import BadgeTemplate
from credly_badges.testing.factories import (
    COURSE_KEY,
    GroupFactory,
    OrganizationFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
)

GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
STATISTICS, LOGIC = "course-v1:edX+Stat1+2026", "course-v1:edX+Logic+2026"
COURSES = {COURSE_KEY: "Demonstration Course", STATISTICS: "Statistics", LOGIC: "Logic"}
ZONE = "Europe/Berlin"
LAST_DAY = date(2026, 6, 29)
"""The last day before 30 June; in Berlin it is over two hours before it is over in UTC."""


def next_last_day() -> date:
    """The same day of a year that is still to come."""
    return LAST_DAY.replace(year=timezone.now().year + 1)


def at(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    """A moment of that year, in UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


HISTORY = {
    "ana": [(COURSE_KEY, 91, at(3, 1)), (STATISTICS, 85, at(5, 12))],
    "bea": [(STATISTICS, 88, at(4, 2)), (LOGIC, 97, at(6, 29, 21, 30))],
    "cem": [(COURSE_KEY, 90, at(2, 3)), (LOGIC, 86, at(6, 29, 22, 10))],  # Ten minutes past midnight in Berlin.
    "dov": [(COURSE_KEY, 84.99, at(3, 1)), (STATISTICS, 99, at(3, 9))],
    "eve": [(COURSE_KEY, 100, at(3, 1))],
}
"""Grades of more than a few months ago, by learner."""
IN_TIME = {"ana": at(5, 12), "bea": at(6, 29, 21, 30)}
"""Who had 85 % in two courses before 30 June, and since when."""
SO_FAR = {**IN_TIME, "cem": at(6, 29, 22, 10)}
"""Who has it by now."""


@dataclass
class Scene:
    """What a course team finds, and what is at Credly in the end."""

    credly: object
    badge: BadgeTemplate
    learners: dict = field(default_factory=dict)

    def at_credly(self) -> dict[str, datetime]:
        """Who has which badge at Credly, and the date on it."""
        names = {learner.email: name for name, learner in self.learners.items()}
        badges = self.credly.badges()
        assert all(each["badge_template"]["id"] == str(self.badge.uuid) for each in badges)
        return {names[each["recipient_email"]]: datetime.fromisoformat(each["issued_at"]) for each in badges}

    def of_the_course_team(self):
        """Somebody of a course team, who may do with badges what course teams do and nothing else."""
        wanted = [f"{what}_badgetemplate" for what in ("view", "change", "rehearse", "activate", "backfill")]
        user = UserFactory(username="teacher", is_staff=True)
        user.user_permissions.set(
            Permission.objects.filter(
                content_type__app_label="credly_badges", codename__in=[*wanted, "view_badgeprogress"]
            )
        )
        return user

    def of_the_course_staff(self):
        """Somebody whom the LMS has on the staff of the three courses, and who is nobody in the admin."""
        user = UserFactory(username="teacher")
        for key in COURSES:
            lms.backend().add_staff(user.pk, key)
        return user

    def ask_for_two_good_grades(self, last_day: date | None = None) -> None:
        """Somebody has set the requirements already."""
        requirement = RequirementFactory(
            group=GroupFactory(template=self.badge, closes_on=last_day or next_last_day(), time_zone=ZONE),
            event_type=GRADE,
            scope="\n".join(COURSES),
            times=2,
            distinct="course",
            description="",
        )
        RuleFactory(requirement=requirement, path="grade.percent", operator="gte", value="85", field_type="number")


def a_scene(credly) -> Scene:
    """The courses, what learners did in them, and a badge that asks for nothing yet."""
    lms.backend().clear()
    for key, title in COURSES.items():
        lms.backend().add_course(key, title)
    there = credly.add_organization(name="Example University")
    here = OrganizationFactory(uuid=there.uuid, name=there.name, environment="simulator", api_key=there.key)
    remote = credly.add_template(there, name="Data scholar")
    badge = TemplateFactory(uuid=remote.uuid, name=remote.name, organization=here)
    scene = Scene(credly, badge)
    for name, grades in HISTORY.items():
        scene.learners[name] = UserFactory(username=name)
        lms.backend().add_profile(scene.learners[name].pk, name=f"{name.title()} Example")
        for course, percent, when in grades:
            lms.backend().add_grade(scene.learners[name].pk, course, percent, passed_at=when, modified=when)
    return scene
