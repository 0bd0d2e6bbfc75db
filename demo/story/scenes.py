"""What several chapters show: requirements being set, attempts, and one badge on both sides."""

from __future__ import annotations

from credly_badges import reports, requirements
from credly_badges.models import BadgeTemplate
from credly_badges.requirements import GroupSpec, RequirementSpec, RuleSpec
from demo.cast import Person
from demo.telling import Teller
from demo.world import World, attempts_for, award_of

DATA, SOURCE, FIRST_AID = "Data Literacy", "Open Source Contributor", "First Aid"
PASSING = "org.openedx.learning.course.passing.status.updated.v1"
SETTLING = "credly_badges.issuing.settle"
"""Who logs that a key was rejected, or that an order needs a person."""


def require(world: World, badge: BadgeTemplate, *places: tuple[str, str]) -> None:
    """Each place, a course run or a course in any run, with its title: a group of its own, as the form saves it."""
    groups = [
        GroupSpec(
            name="",
            needs="all",
            at_least=1,
            requirements=(RequirementSpec(PASSING, place, f"Pass “{title}”", (RuleSpec("is_passing", "eq", "true"),)),),
        )
        for place, title in places
    ]
    seen = requirements.fingerprint(requirements.stored(badge))
    requirements.save(badge, groups, by=world.admin, seen=seen)


def in_words(badge: BadgeTemplate) -> list[str]:
    """What a badge takes, as the admin says it."""
    lines: list[str] = []
    for group in reports.criteria_in_words(badge):
        lines += group.notes
        for requirement in group.requirements:
            lines.append(f"- {requirement.description}")
            lines.append(f"    {requirement.event_and_place}. {' '.join((*requirement.rules, *requirement.notes))}")
    return lines


def tell_attempts(teller: Teller, person: Person) -> None:
    """Each try to send a learner's newest badge, and when that was."""
    attempts = attempts_for(person)
    for number, attempt in enumerate(attempts, 1):
        after = (attempt.started_at - attempts[0].started_at).total_seconds()
        status = f" ({attempt.status})" if attempt.status else ""
        teller.quote([f"{after:4.1f} s  attempt {number}: {attempt.get_outcome_display()}{status}"])


def check_one_badge(world: World, teller: Teller, person: Person, name: str = DATA) -> None:
    """That a learner has one badge of a template at Credly, was never issued another, and that it is the LMS's."""
    template = world.template(name)
    badges = world.badges_of(person, template)
    award = award_of(person)
    teller.check(f"{person.short}'s badges at Credly", [badge["state"] for badge in badges], ["pending"])
    teller.check(f"{person.short}'s badges ever made there", world.issued(person, template), 1)
    same = award is not None and [str(award.credly_id)] == [badge["id"] for badge in badges]
    teller.check("The LMS and Credly mean the same one", same, True)


def check_states(world: World, teller: Teller, person: Person, name: str, states: list[str]) -> None:
    """What Credly says of all badges of a template that a learner was ever issued, oldest first."""
    seen = [badge["state"] for badge in world.badges_of(person, world.template(name))]
    teller.check(f"{person.short}'s badges at Credly", seen, states)
