"""What becomes of badges over the years: revoked and earned again, renewed, expired."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from credly_badges import activation, awards
from credly_badges.admin.award_life import state_in_words
from credly_badges.models import BadgeAward, BadgeTemplate
from demo.cast import FIRST_AID, FIRST_AID_IN_ANY_RUN, FIRST_AID_LAST_YEAR, JOSE, PRIYA, SUHARTI, TELLING
from demo.story import scenes
from demo.story.scenes import DATA, check_states, require
from demo.telling import Teller
from demo.world import World, days_ago, fails, messages, moments_ago, passes, the_award_of, tick_until

YEAR, WINDOW = 365, 30


def tell(world: World, teller: Teller) -> None:
    """Tell of a badge that was revoked, and of badges that expire."""
    _revoked(world, teller)
    _renewed(world, teller)


def _revoked(world: World, teller: Teller) -> None:
    teller.chapter("A badge is revoked, and earned again")
    old = the_award_of(JOSE, DATA)
    awards.revoke(old, "Somebody else sat the exam.", by=world.admin)
    tick_until(lambda: not _on_their_way(JOSE))
    teller.say(f"{JOSE.short}'s badge is revoked in the admin, with a reason. Credly's own record of it:")
    badge = world.credly.badge(str(old.credly_id))
    teller.quote([f"{badge['state']}: {badge['revocation_reason'] or 'no reason'}"])
    teller.check(f"{JOSE.short}'s award in the LMS", the_award_of(JOSE, DATA).state, BadgeAward.State.REVOKED)
    teller.say(
        "He fails the course, repeats the exam and passes. Credly cannot undo a revocation, so he gets a new badge:"
    )
    fails(JOSE, TELLING, at=moments_ago(2))
    passes(JOSE, TELLING, at=moments_ago(1))
    tick_until(lambda: not _on_their_way(JOSE))
    check_states(world, teller, JOSE, DATA, ["revoked", "pending"])
    teller.check("The new award names the one before it", the_award_of(JOSE, DATA).previous_id == old.pk, True)


def _renewed(world: World, teller: Teller) -> None:
    teller.chapter("A badge is renewed before it expires")
    template = world.template(scenes.FIRST_AID)
    require(world, template, (FIRST_AID_IN_ANY_RUN, FIRST_AID.title))
    terms = {"expiry": BadgeTemplate.Expiry.PERIOD, "expiry_days": YEAR, "renewal_days": WINDOW}
    BadgeTemplate.objects.filter(pk=template.pk).update(**terms)
    activation.activate(world.template(scenes.FIRST_AID), by=world.admin)
    teller.say(
        f"“{template}” is good for a year; who takes the course again in its last {WINDOW} days has it renewed. "
        f"{PRIYA.name} earned it 345 days ago, and {SUHARTI.name} 400 days ago."
    )
    passes(PRIYA, FIRST_AID_LAST_YEAR, at=days_ago(345))
    passes(SUHARTI, FIRST_AID_LAST_YEAR, at=days_ago(400))
    tick_until(lambda: not _on_their_way(PRIYA, SUHARTI))
    first = the_award_of(PRIYA, scenes.FIRST_AID)
    expires = world.credly.badge(str(first.credly_id))["expires_at"]
    teller.check(f"{PRIYA.short}'s expires, as Credly has it", expires, _in_wire(days_ago(345) + timedelta(days=YEAR)))
    words = state_in_words(the_award_of(SUHARTI, scenes.FIRST_AID))
    teller.check(f"{SUHARTI.short}'s, as the admin shows it", words, "expired (offered)")
    teller.say(f"{PRIYA.short} passes this year's course. Credly puts a new badge in the place of the old:")
    passes(PRIYA, FIRST_AID, at=days_ago(1))
    tick_until(lambda: not _on_their_way(PRIYA))
    award = the_award_of(PRIYA, scenes.FIRST_AID)
    old = world.credly.badge(str(first.credly_id))
    new = world.credly.badge(str(award.credly_id))
    teller.check("The old badge leads to the new one, which the LMS has", old["replacement_badge_id"], new["id"])
    teller.check("It expires, as Credly has it", new["expires_at"], _in_wire(days_ago(1) + timedelta(days=YEAR)))
    versions = [str(version.credly_id) == old["id"] for version in award.versions.all()]
    teller.check(
        "Her award is the same, with its earlier version", (award.pk == first.pk, versions) == (True, [True]), True
    )


def _on_their_way(*people: Any) -> bool:
    return bool(messages(award__learner__username__in=[person.username for person in people]).exists())


def _in_wire(when: Any) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S.000Z}"
