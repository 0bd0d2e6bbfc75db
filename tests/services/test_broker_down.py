"""The broker is away: the LMS does not notice, and nothing is lost."""

from __future__ import annotations

from datetime import timedelta

import psutil
import redis
from django.db.models import F

from credly_badges.models import ReceivedEvent
from credly_badges.progress import GIVE_A_WORKER

from .conftest import FIRST, offered

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def test_the_lms_goes_on_at_its_pace_without_a_broker_and_a_sweep_finds_the_work(site):
    badge = site.badge_for_passing(FIRST)
    learners = site.learners(5)
    broker = site.settings["CELERY_BROKER_URL"]
    site.set(CELERY_BROKER_URL=NOBODY_LISTENS)
    (lms,) = site.start_lms()

    lms.begin([[learner.pk, FIRST, 0, True] for learner in learners])
    took = lms.answer()

    assert took["longest"] < 1, took
    assert ReceivedEvent.objects.filter(waiting=True).count() == len(learners)

    site.set(CELERY_BROKER_URL=broker)
    site.start_workers(1)
    # As long later as a sweep leaves to the worker that was woken.
    ReceivedEvent.objects.update(received_at=F("received_at") - GIVE_A_WORKER - timedelta(seconds=1))
    site.sweep()
    site.wait_until("every badge is offered", lambda: offered() == len(learners))

    assert site.credly.counters() == {(learner.email, str(badge.uuid)): 1 for learner in learners}


def test_a_connection_to_the_broker_that_died_is_replaced_and_the_worker_woken(site):
    site.badge_for_passing(FIRST)
    learners = site.learners(2)
    site.start_workers(1)
    (lms,) = site.start_lms()
    lms.begin([[learners[0].pk, FIRST, 0, True]])
    lms.answer()

    cut_connections(lms.popen.pid, site.settings["CELERY_BROKER_URL"])
    lms.begin([[learners[1].pk, FIRST, 0, True]])
    lms.answer()
    site.wait_until("both badges are offered", lambda: offered() == 2, seconds=15)

    assert not ReceivedEvent.objects.filter(waiting=True).exists()


def cut_connections(pid: int, broker: str) -> None:
    """As a broker that was restarted, for one process of its clients."""
    own = {f"{each.laddr.ip}:{each.laddr.port}" for each in psutil.Process(pid).net_connections("tcp")}
    with redis.Redis.from_url(broker) as server:
        cut = [client["addr"] for client in server.client_list() if client["addr"] in own]
        for address in cut:
            server.client_kill(address)
    assert cut
