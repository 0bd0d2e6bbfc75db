"""Requirements in a course team's own words: seen beforehand, explained afterwards, and what comes of lost ground."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.utils import timezone

from credly_badges import activation, lms, progress, requirements
from credly_badges.models import BadgeAward, BadgeProgress, BadgeTemplate, ReceivedEvent, Regression
from credly_badges.requirements import GroupSpec, RequirementSpec, RuleSpec
from demo.cast import (
    AMINA,
    CHARTS,
    COUNTING,
    JOSE,
    KWAME,
    MAPS,
    NGOZI,
    PRIYA,
    SUHARTI,
    WANJIRU,
    Course,
    Person,
    retire,
    tell_grade,
    user_of,
)
from demo.story.scenes import in_words
from demo.telling import Teller
from demo.world import World, command, days_ago, messages, moments_ago, tick_until

EXPLORER = "Data Explorer"
GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
NEEDED, CHANGED_TO = 85, 80
MISTYPED = COUNTING.key.replace("2026", "2062")

GRADES: dict[Person, dict[Course, int]] = {
    AMINA: {COUNTING: 91, CHARTS: 88},
    JOSE: {COUNTING: 86, CHARTS: 79, MAPS: 93},
    WANJIRU: {COUNTING: 97, CHARTS: 95, MAPS: 99},
    PRIYA: {CHARTS: 85, MAPS: 85},
    KWAME: {COUNTING: 90, CHARTS: 84},
    SUHARTI: {MAPS: 88},
    NGOZI: {COUNTING: 60, CHARTS: 71, MAPS: 66},
}
"""What learners achieved before anybody thought of the badge."""
QUALIFIED = [person for person, grades in GRADES.items() if sum(each >= NEEDED for each in grades.values()) > 1]


def tell(world: World, teller: Teller) -> None:
    """Tell of a badge from its first draft to what is left of a learner who goes."""
    _in_their_own_words(world, teller)
    _rehearsed(world, teller)
    _backfilled(world, teller)
    _explained(teller)
    _losing_ground(world, teller)
    _changed(world, teller)
    _as_files(teller)
    _somebody_leaves(world, teller)


def _in_their_own_words(world: World, teller: Teller) -> None:
    teller.chapter("A course team says it in its own words")
    badge = world.template(EXPLORER)
    teller.say(
        f"“{NEEDED} % in any two of these three courses, before the end of next June.” With a mistake in a course key:"
    )
    _require(world, badge, NEEDED, MISTYPED, CHARTS.key, MAPS.key)
    teller.quote(activation.reasons_not_to_activate(badge))
    teller.check("It can be activated", not activation.reasons_not_to_activate(badge), False)
    _require(world, badge, NEEDED, COUNTING.key, CHARTS.key, MAPS.key)
    teller.say("Corrected, the badge takes, as learners read it:")
    teller.quote(in_words(badge))
    teller.check("Reasons left not to activate it", activation.reasons_not_to_activate(badge), [])


def _rehearsed(world: World, teller: Teller) -> None:
    teller.chapter("It is rehearsed on what learners did before")
    for person, grades in GRADES.items():
        for number, (course, percent) in enumerate(grades.items()):
            _graded_before(person, course, percent, days_ago(60 - 10 * number))
    before = _rows()
    teller.quote(command("credly_rehearse", str(world.template(EXPLORER).uuid)))
    found = json.loads("\n".join(command("credly_rehearse", str(world.template(EXPLORER).uuid), "--json")))
    teller.check("Learners who would get it", found["counts"]["would_get"], len(QUALIFIED))
    teller.check("Rows of events, progress and awards that this wrote", _rows() - before, 0)


def _backfilled(world: World, teller: Teller) -> None:
    teller.chapter("It is activated, and awarded for what was done before")
    badge = world.template(EXPLORER)
    activation.activate(badge, by=world.admin)
    teller.quote(command("credly_backfill", str(badge.uuid)))
    tick_until(lambda: not messages().filter(state="waiting", award__template=badge).exists())
    teller.check(f"Badges of “{EXPLORER}” at Credly", len(_at_credly(world)), len(QUALIFIED))
    first = BadgeAward.objects.get(learner=user_of(AMINA), template=badge)
    teller.check(
        f"The issue date of {AMINA.short}'s is the day of the second course",
        first.earned_at.date(),
        days_ago(50).date(),
    )
    command("credly_backfill", str(badge.uuid))
    teller.check("Badges after a second backfill", len(_at_credly(world)), len(QUALIFIED))


def _explained(teller: Teller) -> None:
    teller.chapter("Why did somebody not get it?")
    teller.say(f"{KWAME.short} writes to the help desk. Somebody there runs credly_why:")
    teller.quote(command("credly_why", KWAME.username, EXPLORER))


def _losing_ground(world: World, teller: Teller) -> None:
    teller.chapter("Grades fall, and one of them rises again")
    badge = world.template(EXPLORER)
    BadgeTemplate.objects.filter(pk=badge.pk).update(on_loss=BadgeTemplate.OnLoss.HOLD, hold_days=14)
    teller.say(
        "Who no longer meets the requirements keeps the badge for two weeks, in which a person may decide. A problem "
        f"is regraded by mistake: {JOSE.short} and {PRIYA.short} fall below {NEEDED} % in “{MAPS.title}”."
    )
    for person in (JOSE, PRIYA):
        _graded(person, MAPS, 70, moments_ago(9))
    held = Regression.objects.filter(state=Regression.State.HELD)
    teller.check("Badges that are held", held.count(), 2)
    teller.say(
        f"The mistake is mended for {JOSE.short}; {PRIYA.short}'s grade was wrong indeed, and somebody confirms that."
    )
    _graded(JOSE, MAPS, 93, moments_ago(5))
    progress.regressions.revoke(held.get(), by=world.admin, note="The exam was repeated by somebody else.")
    tick_until(lambda: not messages().filter(state="waiting", award__template=badge).exists())
    states = Regression.objects.order_by("progress__learner__username").values_list("state", flat=True)
    teller.check("What became of the two", list(states), ["recovered", "revoked"])
    teller.check(f"{JOSE.short}'s badge at Credly", _states(world, JOSE), ["pending"])
    teller.check(f"{PRIYA.short}'s badge at Credly", _states(world, PRIYA), ["revoked"])


def _changed(world: World, teller: Teller) -> None:
    teller.chapter("The requirements are changed while learners are on their way")
    badge = world.template(EXPLORER)
    _graded(KWAME, COUNTING, 90, moments_ago(4))
    _graded(KWAME, CHARTS, 84, moments_ago(4))
    teller.say(f"{CHANGED_TO} % shall be enough. {KWAME.short}, who has 90 and 84 %, is on the way.")
    _require(world, badge, CHANGED_TO, COUNTING.key, CHARTS.key, MAPS.key)
    tick_until(lambda: bool(_states(world, KWAME)))
    teller.check("Version of the requirements", world.template(EXPLORER).version, 2)
    teller.check(f"{KWAME.short}'s badge at Credly", _states(world, KWAME), ["pending"])
    versions = {
        person.short: BadgeAward.objects.get(learner=user_of(person), template=badge).version
        for person in (AMINA, KWAME)
    }
    teller.check("Version that each badge was earned by", versions, {AMINA.short: 1, KWAME.short: 2})


def _as_files(teller: Teller) -> None:
    teller.chapter("Requirements as a file")
    teller.say("What a badge asks for can be kept in git, reviewed there, and copied to another site:")
    badge = BadgeTemplate.objects.get(name=EXPLORER)
    teller.quote(command("credly_requirements", "export", "--template", str(badge.uuid)))


def _somebody_leaves(world: World, teller: Teller) -> None:
    teller.chapter("A learner leaves")
    user = user_of(WANJIRU)
    teller.say(f"{WANJIRU.name} has her account deleted, and the LMS's retirement pipeline sends its signals.")
    retire(WANJIRU)
    tick_until(lambda: not world.badges_of(WANJIRU))
    teller.check(f"{WANJIRU.short}'s badges at Credly", len(world.badges_of(WANJIRU)), 0)
    kept = ReceivedEvent.objects.filter(learner=user).count() + BadgeProgress.objects.filter(learner=user).count()
    kept += BadgeAward.objects.filter(learner=user).count()
    teller.check("Rows here that tell of her", kept, 0)


def _require(world: World, badge: BadgeTemplate, percent: int, *places: str) -> None:
    """The grade in two different ones of these places, until the end of next year's June, in the site's time zone."""
    closes_on = timezone.now().date().replace(year=timezone.now().year + 1, month=6, day=30)
    needed = RequirementSpec(
        GRADE,
        "\n".join(places),
        f"Reach {percent} % in two of these courses",
        (RuleSpec("grade.percent", "gte", str(percent)),),
        key="two-of-three",
        times=2,
    )
    group = GroupSpec("", "all", 1, (needed,), key="courses", closes_on=closes_on, time_zone="Europe/Berlin")
    stored = requirements.stored(badge)
    requirements.save(badge, [group], by=world.admin, seen=requirements.fingerprint(stored))


def _graded_before(person: Person, course: Course, percent: int, at: datetime) -> None:
    """A grade in the LMS's own tables, of which no signal is sent any more."""
    backend: Any = lms.backend()
    backend.add_grade(user_of(person).pk, course.key, percent, passed_at=at, modified=at)


def _graded(person: Person, course: Course, percent: int, at: datetime) -> None:
    _graded_before(person, course, percent, at)
    tell_grade(user_of(person), course.key, at=at, percent=percent, is_passing=True)


def _at_credly(world: World) -> list[dict[str, Any]]:
    uuid = str(world.template(EXPLORER).uuid)
    return [badge for badge in world.credly.badges() if badge["badge_template"]["id"] == uuid]


def _states(world: World, person: Person) -> list[str]:
    return [badge["state"] for badge in world.badges_of(person, world.template(EXPLORER))]


def _rows() -> int:
    return sum(table.objects.count() for table in (ReceivedEvent, BadgeProgress, BadgeAward))
