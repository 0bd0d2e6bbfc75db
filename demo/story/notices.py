"""What happens at Credly is heard of here: by a webhook, and by the events feed where that was lost."""

from __future__ import annotations

from http import HTTPStatus
from uuid import uuid4

import requests

from credly_badges import notices
from credly_badges.models import BadgeAward, CredlyNotice
from demo.cast import AMINA, JOSE
from demo.story.scenes import DATA
from demo.telling import Teller
from demo.world import World, command, the_award_of

SECONDS = 10


def tell(world: World, teller: Teller) -> None:
    """Tell of a notice, a forged one, and one that was lost."""
    _accepted(world, teller)
    _forged(world, teller)
    _lost(world, teller)


def _accepted(world: World, teller: Teller) -> None:
    teller.chapter(f"{AMINA.name} accepts her badge")
    path = notices.webhook_path(world.here)
    said = notices.set_at_credly(world.here, f"{world.address}{path}", by=world.admin)
    teller.say("The badge manager presses “Set webhook at Credly”. From now on Credly tells what happens there, at:")
    teller.quote([f"{world.address}{path[: path.rindex('/', 0, -1)]}/••••/", *([said] if said else [])])
    award = the_award_of(AMINA, DATA)
    teller.check("Her award in the LMS", award.state, BadgeAward.State.OFFERED)
    teller.say(
        "She accepts on Credly's page, and Credly sends a notice. The LMS asks Credly whether it is true, and then:"
    )
    world.credly.accept_badge(str(award.credly_id))
    world.credly.wait_for_webhooks(SECONDS)
    teller.check("Her award in the LMS", the_award_of(AMINA, DATA).state, BadgeAward.State.ACCEPTED)
    teller.quote([f"{notice.event_type}: {notice.outcome}" for notice in CredlyNotice.objects.order_by("-pk")[:1]])


def _forged(world: World, teller: Teller) -> None:
    teller.chapter("Somebody forges a notice")
    forged = {"id": str(uuid4()), "organization_id": world.there.uuid, "event_type": "badge.state.changed"}
    forged["occurred_at"] = "2026-01-01T00:00:00.000Z"
    awards = list(BadgeAward.objects.order_by("pk").values())
    asked = world.requests()
    teller.say(
        "They know even the secret address, and send what looks like one, three times. The answer tells them nothing:"
    )
    address = f"{world.address}{notices.webhook_path(world.here)}"
    answers = [requests.post(address, json=forged, timeout=SECONDS).status_code for _ in range(3)]
    teller.check("The LMS answers", answers, [HTTPStatus.OK.value] * 3)
    teller.check("Requests that this cost, to ask Credly whether it is true", world.requests() - asked, 1)
    notice = CredlyNotice.objects.get(event_id=forged["id"])
    teller.quote([f"{notice.get_state_display()}: {notice.outcome}"])
    changed = [row for row in BadgeAward.objects.order_by("pk").values() if row not in awards]
    teller.check("Awards that it changed", len(changed), 0)


def _lost(world: World, teller: Teller) -> None:
    teller.chapter("A notice is lost")
    address, award = world.there.webhook_url, the_award_of(JOSE, DATA)
    world.tell_webhook(None)
    world.credly.accept_badge(str(award.credly_id))
    world.tell_webhook(address)
    teller.say(f"{JOSE.name} accepts his badge too, and the notice of it never arrives:")
    teller.check("His award in the LMS", the_award_of(JOSE, DATA).state, BadgeAward.State.OFFERED)
    teller.say("Every quarter of an hour the LMS reads Credly's feed of events; by hand, that is credly_sync --events:")
    teller.quote(command("credly_sync", "--events"))
    teller.check("His award in the LMS", the_award_of(JOSE, DATA).state, BadgeAward.State.ACCEPTED)
