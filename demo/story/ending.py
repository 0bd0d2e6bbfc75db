"""How everything stands in the end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from credly_badges.diagnosis import Level, diagnose
from credly_badges.models import BadgeAward, ReconcileRun
from demo.log import Listener
from demo.telling import Teller
from demo.world import World, command


def tell(world: World, teller: Teller, log: Listener) -> None:
    """Ask the doctor, and compare the books once more."""
    teller.chapter("How are things?")
    teller.say("The operator, or the site's monitoring, asks the doctor: credly_doctor")
    teller.quote(command("credly_doctor"))
    bad = [finding.id for finding in diagnose() if finding.level is Level.BAD]
    teller.check("What needs somebody", bad, ["dead_letters"])
    teller.chapter("The books are compared once more")
    command("credly_reconcile")
    run = ReconcileRun.objects.latest("pk")
    standing = [badge for badge in world.credly.badges() if _stands(badge)]
    held = Counter((badge["recipient_email"], badge["badge_template"]["id"]) for badge in standing)
    here = BadgeAward.objects.filter(live=True).exclude(credly_id=None)
    teller.check("Badges that stand here", here.count(), 18)
    teller.check("Badges that stand at Credly", len(standing), 18)
    teller.check("Badges on which the LMS and Credly differ", sum(run.counts.values()), 0)
    teller.check("Most badges of one template that any one learner holds", max(held.values(), default=0), 1)
    teller.check("Warnings and errors that nobody expected", log.unexpected, [])


def _stands(badge: dict[str, Any]) -> bool:
    return badge["state"] in ("pending", "accepted") and not badge["replacement_badge_id"]
