"""What may go wrong on the way, and what becomes of it."""

from __future__ import annotations

from collections import Counter

from credly_badges import activation, keys
from credly_badges.models import BadgeAward, OutboxMessage
from demo.cast import JOSE, KWAME, MEI, PRIYA, READING, SHARING, SIOBHAN, SUHARTI, TELLING, TOMASZ
from demo.log import Listener
from demo.story.scenes import SETTLING, SOURCE, check_one_badge, require, tell_attempts
from demo.telling import Teller
from demo.world import World, award_of, command, days_ago, messages, passes, tick_until

Award, Outbox = BadgeAward.State, OutboxMessage.State


def tell(world: World, teller: Teller, log: Listener) -> None:
    """Tell of a bad day, and compare the books at its end."""
    teller.part("When something goes wrong")
    _unavailable(world, teller)
    _lost_answer(world, teller)
    _expired_key(world, teller, log)
    _inactive_account(world, teller)
    _archived(world, teller, log)
    _books(world, teller)


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
    tell_attempts(teller, JOSE)
    check_one_badge(world, teller, JOSE)


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
    tell_attempts(teller, MEI)
    teller.check("Orders that Credly received", world.orders() - orders, 1)
    check_one_badge(world, teller, MEI)


def _expired_key(world: World, teller: Teller, log: Listener) -> None:
    teller.chapter("The key expires")
    world.credly.expire_key(world.there)
    with log.expecting(SETTLING):
        for person in (PRIYA, SUHARTI):
            passes(person, READING, TELLING, at=days_ago(1))
    waiting = messages(state=Outbox.WAITING)
    teller.say(
        f"Its 180 days are over, and nobody minded. {PRIYA.name} and {SUHARTI.name} pass; the queue "
        "waits, and says why:"
    )
    teller.quote([f"{world.here.name}: {world.here.get_paused_display()}. {world.here.pause_reason}"])
    teller.check("Badges that wait", waiting.count(), 2)
    teller.check("Attempts that this used up", sum(waiting.values_list("attempts", flat=True)), 0)
    here = world.here
    here.api_key = world.credly.new_key(world.there)
    found = keys.look(here)
    keys.entered(here, world.admin, found=found)
    teller.say("The badge manager enters a new key, and with that the queue drains:")
    teller.quote([found.answer.sentence])
    tick_until(lambda: not messages().exists())
    teller.check("Badges that wait", messages().count(), 0)
    for person in (PRIYA, SUHARTI):
        check_one_badge(world, teller, person)
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
    require(world, badge, (SHARING.key, SHARING.title))
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


def _books(world: World, teller: Teller) -> None:
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
