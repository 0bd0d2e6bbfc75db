"""Other systems and learners that ask, in a process of their own: ``python -m benchmarks.load < plan`` prints JSON.

``rate`` requests come in a second, at moments that have nothing to do with each other; without one, each of the
callers asks again as soon as it was answered. How long each answer took is kept as it was, not in classes.
"""

# ruff: noqa: E402
from gevent import monkey

monkey.patch_all()

import json
import random
import sys
import time
from collections.abc import Iterator
from itertools import count
from typing import Any, ClassVar

import gevent
from locust import constant, task
from locust.contrib.fasthttp import FastHttpUser
from locust.env import Environment
from locust.exception import StopUser

API = "/api/badges/v1"


class Caller(FastHttpUser):
    """One who asks."""

    plan: ClassVar[dict[str, Any]]
    numbers: ClassVar[Iterator[int]]

    def wait_time(self) -> float:
        """Seconds until the next request; such waits make the requests of all callers together come at random."""
        rate = self.plan["rate"]
        return random.expovariate(rate / self.plan["users"]) if rate else constant(0)(self)

    @task
    def ask(self) -> None:
        """Ask once."""
        {"list": self.list, "get": self.get, "issue": self.issue, "claim": self.claim}[self.plan["deed"]]()

    def list(self) -> None:
        """Fifty badges, of any page."""
        offset = random.randrange(0, len(self.plan["badges"]) - 49, 50)
        self.client.get(f"{API}/badges?limit=50&offset={offset}", headers=self._key())

    def get(self) -> None:
        """One badge."""
        self.client.get(f"{API}/badges/{random.choice(self.plan['badges'])}", headers=self._key())

    def issue(self) -> None:
        """Issue a badge to a learner who does not have it."""
        number = next(self.numbers)
        badge, learner = self.plan["free"][number % len(self.plan["free"])]
        self.client.post(
            f"{API}/badges/{badge}/awards",
            json={"learner": learner},
            headers={**self._key(), "Idempotency-Key": f"{self.plan['first']}-{number}"},
        )

    def claim(self) -> None:
        """Claim a code as a learner who has not yet."""
        place = next(self.numbers)
        if place >= len(self.plan["sessions"]):
            raise StopUser
        token = "a" * 32
        headers = {
            "Cookie": f"sessionid={self.plan['sessions'][place]}; csrftoken={token}",
            "X-CSRFToken": token,
        }
        self.client.post(f"{API}/codes/claim", json={"code": self.plan["code"]}, headers=headers)

    def _key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {random.choice(self.plan['keys'])}"}


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Ask for so many seconds; how many answers there were, how long they took, and what was refused."""
    Caller.plan, Caller.numbers = plan, count(plan["first"])
    environment = Environment(user_classes=[Caller], host=plan["host"])
    milliseconds: list[float] = []
    all_of_them = count()
    refused: list[str] = []
    begins = time.monotonic() + plan["warm_up"]

    def note(response_time: float, exception: Any, response: Any, **_others: Any) -> None:
        if exception or not response.ok:
            refused.append(f"{exception} {getattr(response, 'text', '')[:300]}")
            return
        next(all_of_them)
        if time.monotonic() >= begins:
            milliseconds.append(response_time)

    environment.events.request.add_listener(note)
    runner = environment.create_local_runner()
    runner.start(plan["users"], spawn_rate=plan["users"])
    gevent.sleep(plan["warm_up"] + plan["seconds"])
    ended = time.monotonic()
    kept = list(milliseconds)
    runner.quit()
    return {
        "milliseconds": kept,
        "seconds": ended - begins,
        "answered": next(all_of_them),
        "next": next(Caller.numbers),
        "refused": refused,
    }


if __name__ == "__main__":
    print(json.dumps(run(json.load(sys.stdin))))
