"""What an operator looks after: both sides compared, keys, a Credly that is down, and badges that are counted."""

from __future__ import annotations

from django.utils import timezone

from credly_badges import keys, pacing
from credly_badges.models import (
    Availability,
    BadgeAward,
    BadgeProgress,
    CredlyOrganization,
    ReconcileRun,
)
from demo.cast import AMINA, FIRST_AID, HASSAN, JOSE, LARS, MEI, NGOZI, OLENA, SUHARTI, user_of
from demo.log import Listener
from demo.story import scenes
from demo.story.scenes import DATA, check_states
from demo.telling import Teller
from demo.world import World, command, days_ago, messages, passes, the_award_of, tick_for, tick_until

BREAKER, PROGRESS = "credly_badges.pacing.breaker", "credly_badges.progress"
OF_FIRST_AID = {"award__template__name": scenes.FIRST_AID}


def tell(world: World, teller: Teller, log: Listener) -> None:
    """Tell of everything that nobody would notice for a while."""
    _drifted(world, teller)
    _rotated(world, teller)
    _down(world, teller, log)
    _counted(world, teller, log)


def _drifted(world: World, teller: Teller) -> None:
    teller.chapter("Somebody tidies up at Credly, and nobody hears of it")
    address, credly = world.there.webhook_url, world.credly
    world.tell_webhook(None)
    credly.revoke_badge(str(the_award_of(MEI, DATA).credly_id), "By mistake")
    credly.delete_badge(str(the_award_of(SUHARTI, DATA).credly_id))
    first_aid = str(world.template(scenes.FIRST_AID).uuid)
    name = {"issued_to_first_name": "Amina", "issued_to_last_name": "Diallo"}
    earned_at = f"{days_ago(1):%Y-%m-%d %H:%M:%S +0000}"
    credly.issue_badge(
        world.there, badge_template_id=first_aid, recipient_email=AMINA.email, issued_at=earned_at, **name
    )
    world.tell_webhook(address)
    teller.say(
        f"On Credly's own site {MEI.short}'s badge is revoked, {SUHARTI.short}'s is deleted, and a "
        f"“{scenes.FIRST_AID}” is issued to {AMINA.short}; and the webhook is off. Once a day, or when asked, the LMS "
        "compares:"
    )
    teller.quote(command("credly_reconcile"))
    teller.check("Differences found", _differences(), {"deleted": 1, "state": 1, "unknown_here": 1})
    teller.say("The operator reads that, and has all of it mended: credly_reconcile --fix-all-safe")
    teller.quote(command("credly_reconcile", "--fix-all-safe"))
    teller.say("A second look:")
    teller.quote(command("credly_reconcile"))
    teller.check("Differences found", _differences(), {})
    states = [the_award_of(person, DATA).state for person in (MEI, SUHARTI)]
    teller.check(f"{MEI.short}'s and {SUHARTI.short}'s awards", states, ["revoked", "deleted"])
    found = the_award_of(AMINA, scenes.FIRST_AID)
    teller.check(f"Where {AMINA.short}'s further award comes from", found.get_source_display(), "found at Credly")


def _rotated(world: World, teller: Teller) -> None:
    teller.chapter("The key is rotated before it expires")
    teller.say("The operator runs credly_keys rotate, with the organization's ID. It answers:")
    teller.quote(command("credly_keys", "rotate", str(world.there.uuid)))
    working = world.keys()
    teller.check("Keys that work at Credly", len(working), 2)
    teller.check("In force here is the newest", str(world.here.key), f"••••{working[-1][-4:]}")
    passes(JOSE, FIRST_AID, at=days_ago(1))
    tick_until(lambda: not messages(**OF_FIRST_AID).exists())
    teller.say(f"{JOSE.short} earns “{scenes.FIRST_AID}” meanwhile:")
    check_states(world, teller, JOSE, scenes.FIRST_AID, ["pending"])
    teller.say("A day later (the story sets its clock), the old key is deleted at Credly:")
    CredlyOrganization.objects.update(retire_at=timezone.now())
    keys.retire_due()
    teller.check("Keys that work at Credly", len(world.keys()), 1)


def _down(world: World, teller: Teller, log: Listener) -> None:
    teller.chapter("Credly is down for longer")
    learners = (MEI, NGOZI, LARS)
    world.credly.wait_for_webhooks()  # What they ask Credly is not to be counted below.
    world.credly.before_acting("*", status=503, times=None)
    before = world.requests()
    with log.expecting(BREAKER):
        for learner in learners:
            passes(learner, FIRST_AID, at=days_ago(1))
        tick_until(lambda: pacing.state(world.here).open)
    teller.say(f"{MEI.short}, {NGOZI.short} and {LARS.short} earn a badge. Credly answers everything with 503:")
    teller.check("Requests until the LMS stopped sending", world.requests() - before, 5)
    before = world.requests()
    tick_for(seconds=1.5)
    teller.check("Requests in the next second and a half", world.requests() - before, 0)
    world.credly.clear_faults()
    teller.say("Credly comes back. A single request finds that out, and the rest follows:")
    with log.expecting(BREAKER):
        tick_until(lambda: not messages(**OF_FIRST_AID).exists())
    teller.check("Is sending still stopped", pacing.state(world.here).open, False)
    made = [world.issued(each, world.template(scenes.FIRST_AID)) for each in learners]
    teller.check("Badges ever made at Credly, for each of them", made, [1, 1, 1])


def _counted(world: World, teller: Teller, log: Listener) -> None:
    teller.chapter("The badges run out")
    template = world.template(scenes.FIRST_AID)
    place = Availability.objects.create(organization=world.here, template=template, scope="ExampleU", quota=1)
    teller.say(f"From now on, “{template}” is for ExampleU's courses alone, and one is left. Two pass:")
    with log.expecting(PROGRESS):
        passes(OLENA, FIRST_AID, at=days_ago(1))
        passes(HASSAN, FIRST_AID, at=days_ago(1))
    tick_until(lambda: not messages(**OF_FIRST_AID).exists())
    check_states(world, teller, OLENA, scenes.FIRST_AID, ["pending"])
    withheld = BadgeProgress.objects.get(learner=user_of(HASSAN), template=template)
    teller.check(f"{HASSAN.short} has done", f"{withheld.percent} %", "100 %")
    teller.check(f"{HASSAN.short}'s awards", BadgeAward.objects.filter(learner=user_of(HASSAN)).count(), 0)
    teller.say("His progress says why he was not awarded the badge:")
    teller.quote([withheld.withheld])
    Availability.objects.filter(pk=place.pk).update(quota=5)
    teller.say("The quota is raised to five, and the comparison finds who has earned it meanwhile:")
    teller.quote(command("credly_reconcile", "--fix", "not_awarded"))
    tick_until(lambda: not messages(**OF_FIRST_AID).exists())
    check_states(world, teller, HASSAN, scenes.FIRST_AID, ["pending"])


def _differences() -> dict[str, int]:
    return dict(ReconcileRun.objects.latest("pk").counts)
