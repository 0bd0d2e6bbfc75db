"""One signed request, sent again and again at the same moment, by many and to several processes."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from typing import Any

import jwt
import pytest

from credly_badges import access
from credly_badges.access import Level, Scope
from credly_badges.access.signed import USED_BEFORE
from credly_badges.models import ApiKey, BadgeAward, SpentSignature

from .test_api_races import MANY, Api


@pytest.fixture
def doors(site) -> list[Api]:
    """The REST API of the site, in two processes."""
    site.set(CREDLY_BADGES_API_RATES=MANY)
    return [Api(site.start_web().address) for _process in range(2)]


def signed(site: Any, path: str, body: Any) -> dict[str, str]:
    """The header by which a system has signed one request to issue a badge."""
    level = Level(site.here.pk)
    made = access.make(name="A signer", scopes=[Scope.AWARDS_ISSUE], level=level, kind=ApiKey.Kind.SIGNING)
    digest = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    said = {
        "key": made.key.prefix, "exp": int(time.time()) + 120, "method": "POST", "path": f"/api/badges/v1{path}",
        "body": {"alg": "sha256", "hash": digest},
    }  # fmt: skip
    return {"Authorization": f'JWT token="{jwt.encode(said, made.shown)}"'}


@pytest.mark.parametrize("processes", [1, 2])
def test_a_signed_request_is_taken_once_however_many_send_it_at_one_moment(site, doors, processes):
    badge = site.badge_for_passing("course-v1:edX+First+2026")
    (learner,) = site.learners(1)
    path, body = f"/badges/{badge.uuid}/awards", {"learner": learner.username}
    header = signed(site, path, body)

    answers = doors[0].at_once(10, lambda place: doors[place % processes].post(path, body, header))

    assert Counter(status for status, _headers, _said in answers) == {201: 1, 401: 9}
    refusals = {said["message"] for status, _headers, said in answers if status == 401}
    assert refusals == {USED_BEFORE}
    assert BadgeAward.objects.count() == SpentSignature.objects.count() == 1
