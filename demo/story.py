"""The story: from an empty LMS to badges at Credly, through everything that can go wrong on the way."""

from __future__ import annotations

from collections import Counter

from credly_badges import activation, onboarding, reports, requirements
from credly_badges.models import BadgeAward, BadgeProgress, BadgeTemplate, CredlyOrganization, OutboxMessage
from credly_badges.requirements import GroupSpec, RequirementSpec, RuleSpec
from credly_badges.sync import organizations
from demo.cast import (
    AMINA,
    JOSE,
    KWAME,
    MEI,
    PRIYA,
    READING,
    SHARING,
    SIOBHAN,
    SUHARTI,
    TELLING,
    TOMASZ,
    Course,
    Person,
)
from demo.log import Listener
from demo.telling import Teller
from demo.world import ENVIRONMENT, World, attempts_for, award_of, command, days_ago, messages, passes, tick_until

PASSING = "org.openedx.learning.course.passing.status.updated.v1"
DATA, SOURCE = "Data Literacy", "Open Source Contributor"
SETTLING = "credly_badges.issuing.settle"
"""Who logs that a key was rejected, or that an order needs a person."""
Award, Outbox = BadgeAward.State, OutboxMessage.State


def tell(world: World, teller: Teller, log: Listener) -> None:
    """Tell all of it, and check every figure on the way."""
    teller.title("Credly badges: what happens between a passing grade and a badge")
    teller.say(
        f"The LMS is this process. Credly is a stand-in at {world.credly.origin}, which keeps its own books; no figure "
        "below is assumed, each is read from one or the other."
    )
    _connect(world, teller)
    _sync(world, teller)
    _require(world, teller)
    _activate(world, teller)
    _first_course(world, teller)
    _second_course(world, teller)
    _repeat(world, teller)
    _unavailable(world, teller)
    _lost_answer(world, teller)
    _rejected_key(world, teller, log)
    _inactive_account(world, teller)
    _archived(world, teller, log)
    _books(world, teller, log)


def _connect(world: World, teller: Teller) -> None:
    teller.chapter("The organization is connected")
    typo = world.there.key[:-1] + ("x" if world.there.key[-1] != "x" else "y")
    here = CredlyOrganization(uuid=world.there.uuid, environment=ENVIRONMENT, api_key=typo)
    teller.say(
        "A badge manager enters the organization's ID and its API key, the key with one wrong letter. The answer:"
    )
    refused = organizations.check(here)
    teller.quote([refused.sentence])
    teller.check("Connected", refused.ok, False)
    here.api_key = world.there.key
    here.save()
    teller.say("Then with the right one:")
    answer = onboarding.connect_organization(here, by=world.admin)
    teller.quote([answer.sentence])
    teller.check("Connected", answer.ok, True)
    teller.check("Its name, read from Credly", world.here.name, world.there.name)
    teller.check("Of the key, people are shown only", str(world.here.key), f"••••{world.there.key[-4:]}")


def _sync(world: World, teller: Teller) -> None:
    teller.chapter("Its badge templates are synced")
    teller.say("The operator runs the command credly_sync. It answers:")
    teller.quote(command("credly_sync"))
    teller.check("Templates here", BadgeTemplate.objects.count(), len(world.credly.store.templates))
    teller.check("Of these, active here", BadgeTemplate.objects.filter(is_active=True).count(), 0)
    teller.say("And again, as a cron job would:")
    teller.quote(command("credly_sync"))


def _require(world: World, teller: Teller) -> None:
    teller.chapter("What it takes is set")
    badge = world.template(DATA)
    teller.say(f"“{DATA}” cannot be activated yet. The reason given:")
    teller.quote(activation.reasons_not_to_activate(badge))
    _set_requirements(world, badge, READING, TELLING)
    teller.say("The badge manager asks for two courses, each a group of its own. In words, the badge now takes:")
    teller.quote(_in_words(badge))
    teller.check("Reasons left not to activate it", activation.reasons_not_to_activate(badge), [])


def _activate(world: World, teller: Teller) -> None:
    teller.chapter("The template is activated")
    activation.activate(world.template(DATA), by=world.admin)
    active = list(BadgeTemplate.objects.filter(is_active=True).values_list("name", flat=True))
    teller.check("Active templates", active, [DATA])


def _first_course(world: World, teller: Teller) -> None:
    teller.chapter(f"{AMINA.name} passes the first of two courses")
    teller.say(f"{AMINA.short} passed “{READING.title}” three days ago, and the LMS sends its signal.")
    passes(AMINA, READING, at=days_ago(3))
    progress = BadgeProgress.objects.get(template__name=DATA)
    teller.check("Progress", f"{progress.percent} %", "50 %")
    teller.check("Badges at Credly", len(world.credly.badges()), 0)
    teller.check("Orders that Credly received", world.orders(), 0)


def _second_course(world: World, teller: Teller) -> None:
    teller.chapter(f"{AMINA.name} passes the second")
    passed_at = days_ago(1, hour=16)
    passes(AMINA, TELLING, at=passed_at)
    progress = BadgeProgress.objects.get(template__name=DATA)
    teller.check("Progress", f"{progress.percent} %", "100 %")
    badges = world.badges_of(AMINA)
    teller.check("Badges at Credly", len(badges), 1)
    if not badges:
        return
    (badge,), award = badges, award_of(AMINA)
    teller.say("Credly's own record of it:")
    parts = ("issued_to_first_name", "issued_to_middle_name", "issued_to_last_name")
    teller.quote(
        [
            f"id         {badge['id']}",
            f"state      {badge['state']} (until the learner accepts it)",
            f"issued to  {' '.join(badge[part] for part in parts if badge[part])}, {badge['recipient_email']}",
            f"issued at  {badge['issued_at']}",
        ]
    )
    teller.check("The ID that the LMS stored is the same", str(award and award.credly_id), badge["id"])
    teller.check("The issue date is the moment of passing", badge["issued_at"], f"{passed_at:%Y-%m-%dT%H:%M:%S.000Z}")


def _repeat(world: World, teller: Teller) -> None:
    teller.chapter("The LMS repeats itself")
    before = len(world.credly.requests())
    teller.say(f"It does so whenever it recalculates a grade: five times more, {AMINA.short} passes “{TELLING.title}”.")
    for _ in range(5):
        passes(AMINA, TELLING, at=days_ago(0, hour=0))
    teller.check("Badges at Credly", len(world.badges_of(AMINA)), 1)
    teller.check("Requests that the repetitions cost", len(world.credly.requests()) - before, 0)


def _unavailable(world: World, teller: Teller) -> None:
    teller.chapter("Credly is away, and comes back")
    world.credly.before_acting("POST /badges", status=503, times=2)
    passes(JOSE, READING, TELLING, at=days_ago(1))
    teller.say(f"Credly will answer 503 twice. {JOSE.name} has passed both courses; at this moment:")
    award = award_of(JOSE)
    teller.check(f"{JOSE.short}'s award in the LMS", award and award.state, Award.QUEUED)
    teller.check("Badges at Credly", len(world.badges_of(JOSE)), 0)
    teller.say("Nobody does anything; the clock goes on:")
    tick_until(lambda: not messages().exists())
    _tell_attempts(teller, JOSE)
    _check_one_badge(world, teller, JOSE)


def _lost_answer(world: World, teller: Teller) -> None:
    teller.chapter("An answer is lost")
    world.credly.after_acting("POST /badges", lose_the_answer=True)
    orders = world.orders()
    teller.say(
        f"{MEI.name} has passed both courses. Credly makes the badge, and the line breaks before its answer arrives. "
        "To ask again might make a second badge; so the plugin looks first:"
    )
    passes(MEI, READING, TELLING, at=days_ago(1))
    tick_until(lambda: not messages().exists())
    _tell_attempts(teller, MEI)
    teller.check("Orders that Credly received", world.orders() - orders, 1)
    _check_one_badge(world, teller, MEI)


def _rejected_key(world: World, teller: Teller, log: Listener) -> None:
    teller.chapter("Credly rejects the key")
    world.credly.revoke_key(world.there)
    with log.expecting(SETTLING):
        for person in (PRIYA, SUHARTI):
            passes(person, READING, TELLING, at=days_ago(1))
    waiting = messages(state=Outbox.WAITING)
    teller.say(
        f"Somebody ended the key at Credly. {PRIYA.name} and {SUHARTI.name} pass; the queue waits, and says why:"
    )
    teller.quote([f"{world.here.name}: {world.here.get_paused_display()}. {world.here.pause_reason}"])
    teller.check("Badges that wait", waiting.count(), 2)
    teller.check("Attempts that this used up", sum(waiting.values_list("attempts", flat=True)), 0)
    here = world.here
    here.api_key = world.credly.new_key(world.there)
    here.save()
    answer = onboarding.connect_organization(here, by=world.admin)
    teller.say("The badge manager enters a new key, and with that the queue drains:")
    teller.quote([answer.sentence])
    tick_until(lambda: not messages().exists())
    teller.check("Badges that wait", messages().count(), 0)
    for person in (PRIYA, SUHARTI):
        _check_one_badge(world, teller, person)
    names = [f"{badge['issued_to_first_name']} {badge['issued_to_last_name']}" for badge in world.badges_of(SUHARTI)]
    teller.say("Credly insists on a last name, and Suharti has one name only. So a dash stands in for the other:")
    teller.check("The name on the badge", names, ["Suharti -"])


def _inactive_account(world: World, teller: Teller) -> None:
    teller.chapter("An account is not active yet")
    passes(TOMASZ, READING, TELLING, at=days_ago(1))
    (waits,) = messages().values_list("waiting_for", flat=True)
    teller.say(f"{TOMASZ.name} passes, and has not confirmed his e-mail address at the LMS. His badge waits:")
    teller.quote([waits])
    teller.check("Badges that wait", messages(state=Outbox.WAITING).count(), 1)
    teller.check(f"{TOMASZ.short}'s badges at Credly", len(world.badges_of(TOMASZ)), 0)


def _archived(world: World, teller: Teller, log: Listener) -> None:
    teller.chapter("A template is archived at Credly")
    badge = world.template(SOURCE)
    _set_requirements(world, badge, SHARING)
    activation.activate(badge, by=world.admin)
    world.credly.archive_template(world.template_there(SOURCE))
    teller.say(
        f"“{SOURCE}” was active here when somebody archived it at Credly. Before the next sync, {KWAME.name} earns it, "
        "and Credly refuses. That is for a person to settle, so the order is kept, with Credly's own words:"
    )
    with log.expecting(SETTLING):
        passes(KWAME, SHARING, at=days_ago(1))
    dead = messages(state=Outbox.DEAD)
    teller.quote(dead.values_list("error", flat=True))
    teller.check("Orders that need a person", dead.count(), 1)
    teller.say("The next sync hears of it:")
    teller.quote(command("credly_sync"))
    teller.check("Active here", world.template(SOURCE).is_active, False)
    orders = world.orders()
    passes(SIOBHAN, SHARING, at=days_ago(0, hour=0))
    teller.say(f"{SIOBHAN.name} passes after that. The badge is no longer awarded, and Credly is not bothered:")
    teller.check("Orders that Credly received", world.orders() - orders, 0)


def _books(world: World, teller: Teller, log: Listener) -> None:
    teller.chapter("The books are compared")
    issued = BadgeAward.objects.exclude(credly_id=None)
    in_the_lms = {str(award.credly_id): str(award.template.uuid) for award in issued.select_related("template")}
    at_credly = {badge["id"]: badge["badge_template"]["id"] for badge in world.credly.badges()}
    most = max(world.credly.counters().values(), default=0)
    states = Counter(BadgeAward.objects.values_list("state", flat=True))
    teller.check("Badges that the LMS holds for issued", len(in_the_lms), 5)
    teller.check("Badges that Credly has", len(at_credly), 5)
    teller.check("Badges that only one of them has", len(in_the_lms.items() ^ at_credly.items()), 0)
    teller.check("Most badges of one template that any one learner was ever issued", most, 1)
    teller.check("Awards that wait for an account to become active", states[Award.QUEUED], 1)
    teller.check("Awards that need a person", states[Award.FAILED], 1)
    teller.check("Warnings and errors that nobody expected", log.unexpected, [])


def _set_requirements(world: World, badge: BadgeTemplate, *courses: Course) -> None:
    """Each course a group of its own, as the form in the admin saves it."""
    groups = [
        GroupSpec(
            name="",
            needs="all",
            at_least=1,
            requirements=(
                RequirementSpec(PASSING, course.key, f"Pass “{course.title}”", (RuleSpec("is_passing", "eq", "true"),)),
            ),
        )
        for course in courses
    ]
    seen = requirements.fingerprint(requirements.stored(badge))
    requirements.save(badge, groups, by=world.admin, seen=seen)


def _in_words(badge: BadgeTemplate) -> list[str]:
    lines = []
    for group in reports.criteria_in_words(badge):
        for requirement in group.requirements:
            lines.append(f"- {requirement.description}")
            lines.append(f"    {requirement.event}, {requirement.place}. {' '.join(requirement.rules)}")
    return lines


def _tell_attempts(teller: Teller, person: Person) -> None:
    attempts = attempts_for(person)
    for number, attempt in enumerate(attempts, 1):
        after = (attempt.started_at - attempts[0].started_at).total_seconds()
        status = f" ({attempt.status})" if attempt.status else ""
        teller.quote([f"{after:4.1f} s  attempt {number}: {attempt.get_outcome_display()}{status}"])


def _check_one_badge(world: World, teller: Teller, person: Person) -> None:
    badges = world.badges_of(person)
    award = award_of(person)
    teller.check(f"{person.short}'s badges at Credly", [badge["state"] for badge in badges], ["pending"])
    teller.check(f"{person.short}'s badges ever made there", world.issued(person, world.template(DATA)), 1)
    same = award is not None and [str(award.credly_id)] == [badge["id"] for badge in badges]
    teller.check("The LMS and Credly mean the same one", same, True)
