"""Another system's client, as it is in the documentation: a program of its own that talks to a running site."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.running_site import ROOT, RunningSite

EXAMPLES = ROOT / "docs" / "examples"
SCOPES = [
    *("badges:read", "awards:read", "awards:issue", "codes:read", "codes:write"),
    *("applications:read", "applications:submit", "applications:review", "applications:decide"),
    *("subscribers:read", "subscribers:write", "learners:read"),
]
# As CertDirectory's documentation shows a badge, and the page of a list (docs.credentials.certdirectory.io/api/badges).
AS_DOCUMENTED = [
    *("id", "name", "slug", "description", "criteria", "imageUrl", "expiresInDays", "tags", "isActive", "createdAt"),
    *("publicUrl", "achievementUrl"),
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Path:
    return RunningSite(tmp_path_factory.mktemp("tables")).make_tables()


@pytest.fixture
def site(tmp_path, credly, at_credly, tables) -> Iterator[RunningSite]:
    site = RunningSite(tmp_path, credly, at_credly)
    site.fill(tables, ["Data Literacy", "Open Science"], ["ada", "grace", "lea"])
    with site.serving():
        yield site


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def key_of(site, *options: str) -> dict[str, str]:
    scopes = [part for scope in SCOPES for part in ("--scope", scope)]
    issuer = ("--issuer", str(site.there.uuid))
    return json.loads(
        site.manages("credly_api_keys", "make", "--name", "Records", *issuer, *scopes, "--json", *options)
    )


class BadgeKitClient:
    """``docs/examples/badgekit_client.py``, run as a program."""

    def __init__(self, site) -> None:
        key = key_of(site, "--signing")
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")},
            "BADGES_SITE": site.address,
            "BADGES_KEY": key["prefix"],
            "BADGES_SECRET": key["secret"],
        }

    def does(self, *arguments: str):
        done = self.runs(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def runs(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(EXAMPLES / "badgekit_client.py"), *arguments],
            env={**self._environment, **environment}, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip


@contextmanager
def receiver(secret: str, port: int):
    """``docs/examples/webhook_receiver.py``, run as a program; gives what it prints."""
    with subprocess.Popen(
        [sys.executable, str(EXAMPLES / "webhook_receiver.py"), str(port)],
        env={**os.environ, "WEBHOOK_SECRET": secret}, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert "Listening" in process.stdout.readline()
            yield process.stdout
        finally:
            process.terminate()


def test_a_badgekit_client_lists_issues_makes_codes_claims_applies_and_reviews(site, credly):
    client = BadgeKitClient(site)

    badges = client.does("badges")
    literacy, science = sorted(badges, key=lambda badge: badge["name"])
    issued = client.does("issue", literacy["id"], "ada")
    code = client.does("code", literacy["id"], "--most", "2")
    claimed = client.does("claim", code["code"].lower(), "grace@example.org")
    form = {
        "isOpen": True,
        "criteria": [{"description": "Data are shared."}, {"description": "The code is.", "required": False}],
    }
    key = {"Authorization": f"Bearer {key_of(site)['key']}"}
    opened = requests.put(
        f"{site.address}/api/badges/v1/badges/{science['id']}/application-form", json=form, headers=key, timeout=30
    )
    applied = client.does("apply", science["id"], "lea", "--link", "https://example.org/lea")
    reviewed = client.does("review", applied["id"], "Prof. Hopper")

    assert [badge["name"] for badge in (literacy, science)] == ["Data Literacy", "Open Science"]
    assert issued["badgeId"] == claimed["badgeId"] == literacy["id"]
    assert opened.status_code == 200, opened.text
    assert (applied["state"], reviewed["state"]) == ("submitted", "approved")
    assert reviewed["awardId"]
    assert {(badge["recipient_email"], badge["badge_template"]["name"]) for badge in credly.badges()} == {
        ("ada@example.org", "Data Literacy"),
        ("grace@example.org", "Data Literacy"),
        ("lea@example.org", "Open Science"),
    }


def test_a_badgekit_client_is_told_why_it_is_refused(site):
    client = BadgeKitClient(site)
    (badge, _other) = client.does("badges")
    client.does("issue", badge["id"], "ada")

    again = client.runs("issue", badge["id"], "ada")
    wrong_secret = client.runs("badges", BADGES_SECRET="another secret than the key's own, of 32 bytes")

    assert (again.returncode, again.stderr) == (1, "409 CONFLICT: The learner has this badge already.\n")
    assert wrong_secret.returncode == 1
    assert wrong_secret.stderr.startswith("401 UNAUTHORIZED: The token's signature is wrong.")


def test_a_receiver_verifies_what_it_is_told_and_turns_forgeries_away(site, credly, unused_port):
    client = BadgeKitClient(site)
    key = {"Authorization": f"Bearer {key_of(site)['key']}"}
    address = f"http://127.0.0.1:{unused_port}/told?by=lms"
    body = {"name": "Records", "url": address, "events": ["award.issued"], "fields": ["email"]}
    body |= {"issuer": str(site.there.uuid), "signsLikeBadgekit": True}
    made = requests.post(f"{site.address}/api/badges/v1/subscribers", json=body, headers=key, timeout=30)
    assert made.status_code == 201, made.text

    with receiver(made.json()["secret"], unused_port) as told:
        badge = client.does("badges")[0]["id"]
        issued = client.does("issue", badge, "ada")
        message = json.loads(told.readline())
        forged = requests.post(
            address, data=json.dumps(message), timeout=30,
            headers={"webhook-id": "1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"},
        )  # fmt: skip

    assert message["type"] == "award.issued"
    assert message["data"]["awardId"] == issued["id"]
    assert message["data"]["email"] == "ada@example.org"
    assert "name" not in message["data"]
    assert forged.status_code == 401


def test_a_certdirectory_client_lists_and_gets_badges_with_curl(site):
    key = key_of(site)["key"]

    def curl(path: str) -> dict:
        command = ["curl", "--silent", "--fail-with-body", "--header", f"Authorization: Bearer {key}"]
        done = subprocess.run(
            [*command, f"{site.address}/api/badges/v1{path}"], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout
        return json.loads(done.stdout)

    listed = curl("/badges?limit=1&offset=1&active=true")
    badge = curl(f"/badges/{listed['data'][0]['id']}")

    assert list(listed) == ["data", "pagination"]
    assert list(listed["pagination"].items()) == [("limit", 1), ("offset", 1), ("total", 2)]
    assert badge == listed["data"][0]
    assert list(badge) == AS_DOCUMENTED
    assert [type(badge[name]) for name in ("tags", "isActive", "expiresInDays")] == [list, bool, type(None)]
    assert badge["publicUrl"].endswith("/badges/achievements/example-university/open-science")
