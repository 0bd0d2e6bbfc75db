"""How many requests a second the REST API answers behind a web server, and how long each takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from statistics import quantiles
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone

from credly_badges import access, claims, versions
from credly_badges.access import Level, Scope
from credly_badges.models import BadgeAward, BadgeTemplate
from credly_badges.testing.factories import OrganizationFactory

from . import world
from .web import WORKERS, Web, serving

BADGES, LEARNERS, AWARDS_EACH, KEYS = 1_000, 10_000, 10, 20
THREADS = int(os.environ.get("CREDLY_BENCHMARK_THREADS", "1"))
"""Of each web process."""
AT_ONCE, AT_RANDOM = 8, 64
"""How many callers there are who ask again at once, and how many whose requests come at random."""
DEEDS = ("list", "get", "issue", "claim")


def measure(*, quick: bool) -> dict[str, Any]:
    """Requests per second at most, and milliseconds per request then and at half that load."""
    seconds = 2 if quick else 15
    badges, learners = (BADGES // 10, LEARNERS // 10) if quick else (BADGES, LEARNERS)
    plan = _fill(badges, learners)
    figures: dict[str, Any] = {}
    with serving(threads=THREADS) as web:
        for deed in DEEDS:
            each = {**plan, "host": web.address, "deed": deed, "seconds": seconds, "warm_up": seconds / 5, "first": 0}
            most, then = _asked(web, {**each, "users": AT_ONCE, "rate": None})
            half, _then = _asked(web, {**each, "users": AT_RANDOM, "rate": most["per_second"] / 2, "first": then})
            figures[deed] = {"most": most, "half": half}
    return {
        "processes": WORKERS,
        "threads": THREADS,
        "badges": badges,
        "awards": learners * AWARDS_EACH,
        "deeds": figures,
    }


def _asked(web: Web, plan: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """What a load came to, and where in the plan the next one begins."""
    command, before = [sys.executable, "-m", "benchmarks.load"], web.computing()
    done = subprocess.run(command, input=json.dumps(plan), stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    found = json.loads(done.stdout.splitlines()[-1])
    if found["refused"]:
        said = f"{len(found['refused'])} requests were refused, such as: {found['refused'][0]}"
        raise RuntimeError(f"{said}\n{web.tail()}")
    parts = quantiles(found["milliseconds"], n=100)
    return {
        "per_second": round(len(found["milliseconds"]) / found["seconds"], 1),
        "p50": round(parts[49], 1),
        "p99": round(parts[98], 1),
        "computing": round((web.computing() - before) / found["answered"] * 1000, 1),
    }, found["next"]


def _fill(badges: int, learners: int) -> dict[str, Any]:
    """A site that has been used for a while; what its callers have to know of it."""
    organization = OrganizationFactory()
    world.badges(organization, [f"course-v1:edX+C{place}+1" for place in range(badges)])
    while versions.seal_all():  # As every night.
        pass
    *templates, claimed = BadgeTemplate.objects.order_by("pk")
    people = world.learners(learners)
    BadgeAward.objects.bulk_create(_awards(templates, people), batch_size=world.BATCH)
    level = Level(organization.pk)
    scopes = [Scope.BADGES_READ, Scope.AWARDS_READ, Scope.AWARDS_ISSUE]
    keys = [access.make(name=f"System {number}", scopes=scopes, level=level).shown for number in range(KEYS)]
    return {
        "keys": keys,
        "badges": [str(each.uuid) for each in [*templates, claimed]],
        "free": list(_free(templates, people)),
        "sessions": _sessions(people),
        "code": claims.make(claimed, by=None, most=len(people)).code,
    }


def _awards(templates: list[BadgeTemplate], people: list[Any]) -> Iterator[BadgeAward]:
    for place, person in enumerate(people):
        for number in range(AWARDS_EACH):
            template = templates[(place * AWARDS_EACH + number) % len(templates)]
            yield BadgeAward(
                learner=person, template=template, state=BadgeAward.State.ACCEPTED, earned_at=timezone.now()
            )


def _free(templates: list[BadgeTemplate], people: list[Any]) -> Iterator[tuple[str, str]]:
    """Badges that learners do not have."""
    for further in range(2):
        for place, person in enumerate(people):
            template = templates[((place + 1) * AWARDS_EACH + further) % len(templates)]
            yield str(template.uuid), person.username


def _sessions(people: list[Any]) -> list[str]:
    """Learners who are logged in."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    backend = settings.AUTHENTICATION_BACKENDS[0]
    model, expires_at = store.get_model_class(), timezone.now() + timedelta(days=1)
    rows = [
        model(
            session_key=store._get_new_session_key(),  # noqa: SLF001 (Django has no way to make many)
            session_data=store.encode(
                {
                    SESSION_KEY: str(person.pk),
                    BACKEND_SESSION_KEY: backend,
                    HASH_SESSION_KEY: person.get_session_auth_hash(),
                }
            ),
            expire_date=expires_at,
        )
        for person in people
    ]
    model.objects.bulk_create(rows, batch_size=world.BATCH)
    return [row.session_key for row in rows]
