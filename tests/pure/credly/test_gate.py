"""Nothing goes out to Credly past the gate, and the gate hears what became of everything that it let out."""

from __future__ import annotations

import pickle
from uuid import UUID

import pytest

from credly_badges.credly import errors
from credly_badges.credly.client import Client

ORGANIZATION = UUID("0a000000-0000-4000-8000-000000000001")
BADGE = UUID("55555555-0000-4000-8000-000000000001")
KEY = "EXAMPLEtoken_0123456789"
ROOT = f"https://api.credly.com/v1/organizations/{ORGANIZATION}"


class TimeIsUpError(Exception):
    """What a worker raises in the middle of a task that takes too long."""


class Doorkeeper:
    """A gate that writes down who went through it, and may close."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.closed: errors.CredlyError | None = None
        self.broken = False

    def enter(self) -> None:
        if self.closed is not None:
            raise self.closed
        self.heard.append("enter")

    def leave(self, error: errors.CredlyError | None) -> None:
        self.heard.append(type(error).__name__)
        if self.broken:
            raise RuntimeError("The counter is out of order.")


@pytest.fixture
def gate():
    return Doorkeeper()


@pytest.fixture
def guarded(gate):
    with Client("https://api.credly.com/v1", ORGANIZATION, KEY, gate=gate) as client:
        yield client


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        ({"status": 200, "json": {"data": "odd"}}, "Garbled"),
        ({"status": 401}, "Unauthorized"),
        ({"status": 404, "json": {}}, "NotFound"),
        ({"status": 422, "json": {}}, "Refused"),
        ({"status": 429}, "Throttled"),
        ({"status": 500}, "Unavailable"),
        ({"body": ConnectionResetError("gone")}, "Unavailable"),
    ],
)
def test_the_gate_hears_how_each_request_ended(credly, guarded, gate, answer, heard):
    credly.get(f"{ROOT}/badges/{BADGE}", **answer)

    with pytest.raises(errors.CredlyError):
        guarded.badge(BADGE)

    assert gate.heard == ["enter", heard]


def test_the_gate_is_passed_once_for_each_page(credly, guarded, gate, credly_says):
    credly.get(f"{ROOT}/authorization_tokens", json=credly_says("authorization_tokens.first_page"))
    credly.get(f"{ROOT}/authorization_tokens", json={"data": [], "metadata": {}})

    guarded.tokens()

    assert gate.heard == ["enter", "NoneType"] * 2


def test_behind_a_closed_gate_nothing_is_sent(credly, guarded, gate):
    gate.closed = errors.Throttled(request="GET /badges/{id}", retry_after=12, ours=True)

    with pytest.raises(errors.Throttled) as held:
        guarded.badge(BADGE)

    assert held.value.ours
    assert gate.heard == []
    assert len(credly.calls) == 0


def test_what_breaks_in_from_outside_is_heard_as_an_open_end(credly, guarded, gate):
    credly.get(f"{ROOT}/badges/{BADGE}", body=TimeIsUpError())

    with pytest.raises(TimeIsUpError):
        guarded.badge(BADGE)

    assert gate.heard == ["enter", "Unanswered"]


def test_a_badge_is_not_lost_over_a_gate_that_breaks(credly, guarded, gate, credly_says, caplog):
    gate.broken = True
    credly.get(f"{ROOT}/badges/{BADGE}", json=credly_says("badge.accepted"))
    credly.get(f"{ROOT}/badges/{BADGE}", status=503)

    badge = guarded.badge(BADGE)
    with pytest.raises(errors.Unavailable, match="status 503"):
        guarded.badge(BADGE)

    assert badge.id == BADGE
    assert caplog.text.count("could not be counted") == 2
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            errors.Throttled(ours=True),
            "This LMS holds back its requests to Credly. Nothing was sent, and it goes on by itself.",
        ),
        (
            errors.Throttled("Credly failed 5 times.", request="POST /badges", retry_after=7.2, ours=True),
            "This LMS holds back its requests to Credly (POST /badges): Credly failed 5 times. "
            "Nothing was sent, and it goes on by itself. The wait is 7 seconds.",
        ),
        (
            errors.Throttled(status=429, retry_after=7),
            "Credly asks for fewer requests (status 429). Ask again later, and less often. "
            "Credly names a wait of 7 seconds.",
        ),
    ],
)
def test_a_person_can_tell_who_holds_a_request_back(error, sentence):
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - as Celery does with results

    assert str(error) == str(copy) == sentence
    assert copy.ours == error.ours
