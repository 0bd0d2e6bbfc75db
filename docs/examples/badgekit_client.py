"""A client of the REST API that signs each request, as clients of Mozilla's BadgeKit did.

It needs Python 3.11 and PyJWT, and nothing of this project:

    export BADGES_SITE=https://lms.example.org BADGES_KEY=cbk_abcdefgh BADGES_SECRET=…
    python badgekit_client.py badges
    python badgekit_client.py issue BADGE ada
    python badgekit_client.py code BADGE --most 30
    python badgekit_client.py claim CODE ada
    python badgekit_client.py apply BADGE ada --link https://example.org/portfolio
    python badgekit_client.py review APPLICATION grace

Each prints what the site answers, as JSON, and ends with 1 where it was refused.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
import uuid
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import jwt

API = "/api/badges/v1"
VALID_SECONDS = 60


class Refused(Exception):
    """The site said no; ``said`` has the code and the sentence."""

    def __init__(self, status: int, said: dict[str, Any]) -> None:
        super().__init__(f"{status} {said['error']}: {said['message']}")
        self.said = said


class Client:
    """The badges of a site, for whoever has a key that signs."""

    def __init__(self, site: str, key: str, secret: str) -> None:
        self.site, self.key, self.secret = site.rstrip("/"), key, secret

    def badges(self) -> list[dict[str, Any]]:
        """All badges that the key may see, page after page."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.ask("GET", f"/badges?limit=100&offset={len(found)}")
            found += page["data"]
            if len(found) >= page["pagination"]["total"] or not page["data"]:
                return found

    def issue(self, badge: str, learner: str) -> dict[str, Any]:
        """Issue a badge. Where no answer comes, it is asked once more, and not issued twice."""
        once = str(uuid.uuid4())
        try:
            return self.ask("POST", f"/badges/{badge}/awards", {"learner": learner}, once=once)
        except OSError:
            return self.ask("POST", f"/badges/{badge}/awards", {"learner": learner}, once=once)

    def code(self, badge: str, most: int) -> dict[str, Any]:
        """Make a code that so many learners can claim a badge with."""
        return self.ask("POST", f"/badges/{badge}/codes", {"most": most})

    def claim(self, code: str, learner: str) -> dict[str, Any]:
        """Claim a badge for a learner. With BadgeKit this took an award beside it; here it is the award."""
        return self.ask("POST", "/codes/claim", {"code": code, "learner": learner})

    def apply(self, badge: str, learner: str, link: str) -> dict[str, Any]:
        """Apply for a badge in a learner's name."""
        evidence = [{"kind": "link", "url": link}]
        return self.ask("POST", f"/badges/{badge}/applications", {"learner": learner, "evidence": evidence})

    def review(self, application: str, author: str) -> dict[str, Any]:
        """Say that somebody found every criterion satisfied."""
        badge = self.ask("GET", f"/applications/{application}")["badgeId"]
        criteria = self.ask("GET", f"/badges/{badge}/application-form")["criteria"]
        items = [{"criterionId": each["id"], "satisfied": True} for each in criteria]
        self.ask("POST", f"/applications/{application}/reviews", {"author": author, "items": items})
        return self.ask("GET", f"/applications/{application}")

    def ask(self, method: str, path: str, body: Any = None, *, once: str = "") -> Any:
        """Send a signed request; what the site answers. Raises Refused."""
        sent = b"" if body is None else json.dumps(body).encode()
        request = Request(self.site + API + path, data=sent or None, method=method)  # noqa: S310
        request.add_header("Authorization", f'JWT token="{self._token(method, API + path, sent)}"')
        if sent:
            request.add_header("Content-Type", "application/json")
        if once:
            request.add_header("Idempotency-Key", once)
        try:
            with urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer)
        except HTTPError as error:
            raise Refused(error.code, json.load(error)) from None

    def _token(self, method: str, path: str, body: bytes) -> str:
        """A token for one request, which the site takes once: ``path`` is as it is sent, with its query."""
        claims: dict[str, Any] = {
            "key": self.key,
            "exp": int(time.time()) + VALID_SECONDS,
            "jti": str(uuid.uuid4()),
            "method": method,
            "path": path,
        }
        if body:
            claims["body"] = {"alg": "sha256", "hash": hashlib.sha256(body).hexdigest()}
        return jwt.encode(claims, self.secret, algorithm="HS256")


def main() -> int:
    """Do what was asked for."""
    options = vars(_parser().parse_args())
    client = Client(*(os.environ[name] for name in ("BADGES_SITE", "BADGES_KEY", "BADGES_SECRET")))
    try:
        answer = getattr(client, options.pop("do"))(**options)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Badges of an Open edX site, by signed requests.")
    deeds = parser.add_subparsers(dest="do", required=True)
    deeds.add_parser("badges", help="list the badges")
    for name, arguments, said in (
        ("issue", ("badge", "learner"), "issue a badge to a learner"),
        ("code", ("badge",), "make a claim code"),
        ("claim", ("code", "learner"), "claim a badge for a learner"),
        ("apply", ("badge", "learner"), "apply for a badge in a learner's name"),
        ("review", ("application", "author"), "find every criterion of an application satisfied"),
    ):
        deed = deeds.add_parser(name, help=said)
        for argument in arguments:
            deed.add_argument(argument)
    deeds.choices["code"].add_argument("--most", type=int, default=1, help="how many learners can claim it")
    deeds.choices["apply"].add_argument("--link", required=True, help="what the learner shows")
    return parser


if __name__ == "__main__":
    sys.exit(main())
