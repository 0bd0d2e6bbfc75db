"""Other systems and learners take part over HTTP: a badge issued, claimed and applied for, told to whoever asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import requests
from standardwebhooks import Webhook, WebhookVerificationError

from credly_badges import access
from credly_badges.access import Level, Scope
from credly_badges.models import BadgeAward
from demo.cast import HASSAN, NGOZI, OLENA, Person
from demo.story.scenes import DATA, check_states
from demo.telling import Teller
from demo.world import World, tick_until

SECONDS = 10
SCOPES = [
    *(Scope.BADGES_READ, Scope.AWARDS_READ, Scope.AWARDS_ISSUE, Scope.CODES_READ, Scope.CODES_WRITE),
    *(Scope.APPLICATIONS_READ, Scope.APPLICATIONS_SUBMIT, Scope.APPLICATIONS_REVIEW, Scope.APPLICATIONS_DECIDE),
    *(Scope.SUBSCRIBERS_READ, Scope.SUBSCRIBERS_WRITE),
]


class System:
    """Another system, with its key."""

    def __init__(self, address: str, key: str) -> None:
        self._api = f"{address}/api/badges/v1"
        self._headers = {"Authorization": f"Bearer {key}"}

    def asks(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """What the LMS answers."""
        sent = {**self._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return requests.request(method, self._api + path, json=body, headers=sent, timeout=SECONDS)


class Receiver:
    """A subscriber: it keeps what is really the LMS's, and turns away all else."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.secret = ""

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Take messages for as long as the block runs; gives the address."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                try:
                    receiver.told.append(Webhook(receiver.secret).verify(body, headers))
                except WebhookVerificationError:
                    self.send_response(HTTPStatus.UNAUTHORIZED)
                else:
                    self.send_response(HTTPStatus.NO_CONTENT)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/badges"
            finally:
                server.shutdown()


def tell(world: World, teller: Teller) -> None:
    """Tell of a key, a badge that was issued, a code, an application, a message and a page."""
    receiver = Receiver()
    with receiver.listening() as address:
        system, badge = _listed(world, teller)
        subscriber = _subscribed(teller, system, receiver, address)
        _issued(world, teller, system, badge)
        _told(teller, receiver, address)
        _claimed(world, teller, system, badge)
        _applied(world, teller, system, badge)
        _seen(teller, badge)
        system.asks("DELETE", subscriber)  # Its receiver ends with the story.


def _listed(world: World, teller: Teller) -> tuple[System, dict[str, Any]]:
    teller.chapter("Another system asks which badges there are")
    made = access.make(name="Student records", scopes=SCOPES, level=Level(world.here.pk), by=world.admin)
    teller.say(
        "The university's student records get a key in the admin: for the badges of this organization, and for what "
        "they need. Without it they are told nothing; with it, they list what learners can earn:"
    )
    nobody = requests.get(f"{world.address}/api/badges/v1/badges", timeout=SECONDS)
    teller.check("Without a key", nobody.json()["error"], "UNAUTHORIZED")
    system = System(world.address, made.shown)
    listed = system.asks("GET", "/badges?active=true").json()
    active = world.here.templates.filter(status="active").count()
    teller.check("Badges listed", listed["pagination"]["total"], active)
    badge = next(each for each in listed["data"] if each["name"] == DATA)
    teller.quote([f"{name}: {badge[name]}" for name in ("id", "name", "isActive", "publicUrl")])
    return system, badge


def _subscribed(teller: Teller, system: System, receiver: Receiver, address: str) -> str:
    teller.chapter("It wants to be told of badges")
    teller.say("It subscribes, and gets a secret with which messages to it are signed. A message to try it:")
    issuer = system.asks("GET", "/badges?view=full&limit=1").json()["data"][0]["issuer"]["id"]
    wanted = {"name": "Student records", "url": address, "issuer": issuer, "events": ["award.issued"]}
    made = system.asks("POST", "/subscribers", wanted).json()
    receiver.secret = made["secret"]
    subscriber = f"/subscribers/{made['id']}"
    teller.check("The message was taken", system.asks("POST", f"{subscriber}/test").json()["succeeded"], True)
    receiver.told.clear()
    return subscriber


def _issued(world: World, teller: Teller, system: System, badge: dict[str, Any]) -> None:
    teller.chapter(f"It issues a badge to {NGOZI.name}")
    teller.say(
        f"{NGOZI.short} learned it elsewhere. The answer is slow to come, so the system sends the same request twice "
        "more, with the same Idempotency-Key:"
    )
    path, wanted = f"/badges/{badge['id']}/awards", {"learner": NGOZI.username, "narrative": "Earned at Example Town."}
    answers = [system.asks("POST", path, wanted, Idempotency_Key="transfer-17") for _ in range(3)]
    teller.check("Different answers", len({answer.text for answer in answers}), 1)
    award = answers[0].json()["id"]
    tick_until(lambda: bool(world.badges_of(NGOZI, world.template(DATA))))
    check_states(world, teller, NGOZI, DATA, ["pending"])
    teller.check("Its state, as the system reads it", system.asks("GET", f"/awards/{award}").json()["state"], "offered")


def _told(teller: Teller, receiver: Receiver, address: str) -> None:
    teller.chapter("It is told, and can tell who it is that tells")
    tick_until(lambda: bool(receiver.told))
    teller.say("Once Credly has confirmed the badge, the message arrives. Its signature is right:")
    teller.quote(json.dumps(message, ensure_ascii=False) for message in receiver.told)
    teller.check("Messages", [message["type"] for message in receiver.told], ["award.issued"])
    teller.check("Messages that name her", sum(NGOZI.username in json.dumps(each) for each in receiver.told), 0)
    forged = {"webhook-id": "1", "webhook-timestamp": "1790000000", "webhook-signature": "v1,Zm9yZ2Vk"}
    teller.say("Somebody else sends the same words, and cannot sign them:")
    answer = requests.post(address, json=receiver.told[:1], headers=forged, timeout=SECONDS)
    teller.check("The receiver answers", answer.status_code, HTTPStatus.UNAUTHORIZED.value)


def _claimed(world: World, teller: Teller, system: System, badge: dict[str, Any]) -> None:
    teller.chapter(f"{OLENA.name} claims hers with a code")
    code = system.asks("POST", f"/badges/{badge['id']}/codes", {"most": 1, "note": "Workshop"}).json()
    teller.say(f"At a workshop there is a code on the wall, for one. {OLENA.short} is first, {HASSAN.short} second:")

    def claims(person: Person) -> int:
        return system.asks("POST", "/codes/claim", {"code": code["code"], "learner": person.email}).status_code

    teller.check("The answers", [claims(OLENA), claims(HASSAN)], [HTTPStatus.CREATED.value, HTTPStatus.CONFLICT.value])
    tick_until(lambda: bool(world.badges_of(OLENA, world.template(DATA))))
    check_states(world, teller, OLENA, DATA, ["pending"])


def _applied(world: World, teller: Teller, system: System, badge: dict[str, Any]) -> None:
    teller.chapter(f"{HASSAN.name} applies, and is reviewed")
    criteria = [{"description": "The data are described."}, {"description": "The chart is honest."}]
    form = {"isOpen": True, "criteria": criteria, "awardsAtOnce": False}
    criteria = system.asks("PUT", f"/badges/{badge['id']}/application-form", form).json()["criteria"]
    evidence = [{"kind": "link", "url": "https://example.org/hassan"}]
    wanted = {"learner": HASSAN.username, "evidence": evidence}
    sent = system.asks("POST", f"/badges/{badge['id']}/applications", wanted)
    applied = f"/applications/{sent.json()['id']}"
    teller.say("He shows what he has done. A reviewer looks at each criterion, and somebody else decides:")

    def finds(*satisfied: bool) -> str:
        items = [
            {"criterionId": each["id"], "satisfied": is_so} for each, is_so in zip(criteria, satisfied, strict=True)
        ]
        system.asks("POST", f"{applied}/reviews", {"author": "Prof. Karimi", "items": items})
        return str(system.asks("POST", f"{applied}/approve", {}).json().get("state"))

    teller.check("One criterion is not satisfied; approved all the same", finds(True, False) == "approved", False)
    teller.check("Both are; his application", finds(True, True), "approved")
    tick_until(lambda: bool(world.badges_of(HASSAN, world.template(DATA))))
    check_states(world, teller, HASSAN, DATA, ["pending"])
    sources = BadgeAward.objects.filter(template__name=DATA).values_list("source", flat=True)
    teller.check("Where badges come from, by now", sorted({*sources} & _BY_OTHERS), sorted(_BY_OTHERS))


_BY_OTHERS = {BadgeAward.Source.SYSTEM.value, BadgeAward.Source.CLAIM.value, BadgeAward.Source.APPLICATION.value}


def _seen(teller: Teller, badge: dict[str, Any]) -> None:
    teller.chapter("Anybody may see what the badge is")
    page = requests.get(badge["publicUrl"], timeout=SECONDS)
    achievement = requests.get(badge["achievementUrl"], timeout=SECONDS).json()
    teller.say("Its page needs no log-in, and beside it there is the Achievement of Open Badges 3.0 for programs:")
    teller.quote([badge["publicUrl"], badge["achievementUrl"]])
    teller.check("The page names the badge", DATA in page.text, True)
    teller.check("The Achievement's name", achievement["name"], DATA)
    teller.check("Learners whom the page names", [each.short for each in _WITH_BADGES if each.name in page.text], [])


_WITH_BADGES = (NGOZI, OLENA, HASSAN)
