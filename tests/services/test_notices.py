"""Credly's webhook, a web server, Redis and real workers: what happens at Credly is true here within moments."""

from __future__ import annotations

from credly_badges import notices
from credly_badges.models import BadgeAward, CredlyNotice

from .conftest import FIRST, offered

LEARNERS = 60
DEEDS = ("accept_badge", "reject_badge", "revoke_badge", "delete_badge")
END = {"accept_badge": "accepted", "reject_badge": "declined", "revoke_badge": "revoked", "delete_badge": "deleted"}


def test_what_learners_and_staff_do_at_credly_is_known_here_and_each_event_is_asked_for_once(site, live_server):
    site.badge_for_passing(FIRST)
    learners = site.learners(LEARNERS)
    site.start_workers(2)
    (lms,) = site.start_lms()
    lms.begin([[learner.pk, FIRST, 0, True] for learner in learners])
    lms.answer()
    site.wait_until("every badge is offered", lambda: offered() == LEARNERS)
    site.credly.set_webhook(site.there, live_server.url + notices.webhook_path(site.here))

    done = {}
    for number, badge in enumerate(site.credly.badges()):
        deed = DEEDS[number % len(DEEDS)]
        getattr(site.credly, deed)(badge["id"])
        done[badge["id"]] = END[deed]

    assert site.credly.wait_for_webhooks(30)
    site.wait_until("every word of Credly's has arrived", lambda: states() == done)
    assert {delivery.status for delivery in site.credly.deliveries()} == {200}
    asked = [request.path for request in site.credly.requests("GET", "/events/")]
    assert len(asked) == len(set(asked)) == LEARNERS
    site.wait_until("every notice is done with", lambda: notice_states() == {CredlyNotice.State.DONE})


def states() -> dict[str, str]:
    """What is recorded here of each badge at Credly."""
    return {str(credly_id): state for credly_id, state in BadgeAward.objects.values_list("credly_id", "state")}


def notice_states() -> set[str]:
    """How far the notices have come."""
    return set(CredlyNotice.objects.values_list("state", flat=True))
