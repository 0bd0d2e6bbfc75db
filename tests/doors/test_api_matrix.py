"""Every operation of the REST API, rightly asked by everybody: who is let in, and who may not even know of it.

What is expected follows from two tables here, which say what was meant: which scope each operation needs of what, and
who has which scopes where. Neither is taken from the code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from credly_badges import lms
from credly_badges.rest_api.v1.description import described
from tests.receiver import receiving

from .api_requests import QUERIES, Requests
from .api_world import COURSE, Somebody, World, world

VIEWER = {"badges:read", "requirements:read", "awards:read", "applications:read", "learners:read", "levels:read"}
REVIEWER = {"badges:read", "requirements:read", "applications:read", "applications:review", "levels:read"}
ISSUER = {
    *VIEWER, "awards:issue", "awards:revoke", "codes:read", "codes:write", "applications:submit", "applications:review",
    "applications:decide",
}  # fmt: skip
ALL = {*ISSUER, "badges:write", "requirements:write", "levels:write", "subscribers:read", "subscribers:write"}
COURSE_STAFF = {"badges:read", "requirements:read", "awards:read", "learners:read"}
ROLES = {"viewer": VIEWER, "reviewer": REVIEWER, "issuer": ISSUER, "administrator": ALL, "key": ALL}

BELOW = {
    "site": {"site", "issuer", "program", "badge"},
    "issuer": {"issuer", "program", "badge"},
    "program": {"program", "badge"},
    "badge": {"badge"},
    "foreign": set[str](),
}
"""What of the things that are called about lies at each level, or below it. The badge is in the program."""

GRANTS: dict[str, tuple[str, set[str]]] = {
    **{f"{level} {role}": (level, has) for level in BELOW if level != "badge" for role, has in ROLES.items()},
    "superuser": ("site", ALL),
    "signing key": ("issuer", ALL),
    "course staff": ("badge", COURSE_STAFF),
}
"""Where each caller may do what. Who is not here may do nothing but what all may, or what is their own."""

KEYS = {"site key", "issuer key", "program key", "foreign key", "signing key", "key without scopes"}
OWNER = "learner"


@dataclass(frozen=True)
class Needs:
    """What an operation needs: a scope, for what; ``seen`` is with which scope that thing can be known of.

    ``gate`` is whether who has the scope nowhere is refused before anybody looks for the thing; ``unseen`` is how who
    may not know of it is answered.
    """

    scope: str
    of: str = ""
    seen: str = ""
    seen_at: str = ""
    gate: bool = True
    own: bool = False
    unseen: str = "404"

    def answer(self, caller: str) -> str:
        """How a caller is answered who has shown who they are."""
        if self.own and caller == OWNER:
            return "yes"
        if not self.of:
            return "yes" if may(caller, self.scope) else "403"
        if self.gate and not may(caller, self.scope):
            return "403"
        if may(caller, self.scope, self.of):
            return "yes"
        # Learners may know of what can be earned.
        is_earnable = self.of == "badge" and self.seen == "badges:read" and caller not in KEYS
        sees = is_earnable or (self.seen != "" and may(caller, self.seen, self.seen_at or self.of))
        return "403" if sees else self.unseen


def may(caller: str, scope: str, thing: str = "") -> bool:
    """Whether a caller may do something with a thing, or with anything."""
    level, scopes = GRANTS.get(caller, ("foreign", set[str]()))
    return scope in scopes and (not thing or thing in BELOW[level])


def all_of(names: str, needs: Needs) -> dict[str, Needs]:
    """The same for several operations."""
    return dict.fromkeys(names.split(), needs)


NEEDS: Mapping[str, Needs] = {
    **all_of("listAwards", Needs("awards:read")),
    **all_of("listLearners listLearnerBadges listLearnerProgress", Needs("learners:read")),
    **all_of("listIssuers listPrograms", Needs("levels:read")),
    **all_of("listRoles", Needs("levels:write")),
    **all_of("listSubscribers", Needs("subscribers:read")),
    **all_of("listBadgeAwards", Needs("awards:read", "badge", "badges:read")),
    **all_of("explainLearnerBadge", Needs("learners:read", "badge", "badges:read")),
    **all_of("getRequirements", Needs("requirements:read", "badge", "badges:read")),
    **all_of("putRequirements", Needs("requirements:write", "badge", "badges:read")),
    **all_of("replaceBadge changeBadge deleteBadge archiveBadge", Needs("badges:write", "badge", "badges:read")),
    **all_of("issueBadge previewBulkIssue", Needs("awards:issue", "badge", "badges:read")),
    **all_of("listCodes getCode listCodeClaims getCodeQr", Needs("codes:read", "badge", "badges:read")),
    **all_of("makeCode changeCode closeCode", Needs("codes:write", "badge", "badges:read")),
    **all_of("setApplicationForm", Needs("applications:decide", "badge", "badges:read")),
    **all_of("getAward", Needs("awards:read", "badge")),
    **all_of("revokeAward restoreAward resendAward", Needs("awards:revoke", "badge", "awards:read")),
    **all_of(
        "getBulkIssue deleteBulkIssue listBulkIssueRows commitBulkIssue undoBulkIssue getBulkIssueResult",
        Needs("awards:issue", "badge"),
    ),
    **all_of("getApplication listReviews getEvidence", Needs("applications:read", "badge", gate=False, own=True)),
    # Its learner sees a review once it is decided.
    **all_of("getReview", Needs("applications:read", "badge", gate=False)),
    **all_of(
        "resubmitApplication withdrawApplication",
        Needs("applications:submit", "badge", "applications:read", gate=False, own=True),
    ),
    **all_of(
        "assignApplication approveApplication denyApplication",
        Needs("applications:decide", "badge", "applications:read"),
    ),
    **all_of("submitReview changeReview", Needs("applications:review", "badge", "applications:read")),
    # Who is at a program knows whose program it is.
    **all_of("getIssuer", Needs("levels:read", "program")),
    **all_of("changeIssuer", Needs("levels:write", "issuer", "levels:read", "program")),
    **all_of("getProgram", Needs("levels:read", "program")),
    **all_of("replaceProgram changeProgram", Needs("levels:write", "program", "levels:read")),
    **all_of("deleteProgram", Needs("levels:write", "issuer", "levels:read", "program")),
    # What is named in a body and is not there for the caller is a fault of the body.
    **all_of("createProgram giveRole", Needs("levels:write", "issuer", "levels:read", "program", unseen="400")),
    **all_of("createBadge", Needs("badges:write", "issuer", "badges:read", "program", unseen="400")),
    **all_of("createSubscriber", Needs("subscribers:write", "issuer", "subscribers:read", "program", unseen="400")),
    **all_of("getRole takeRole", Needs("levels:write", "issuer")),
    **all_of("getSubscriber listSubscriberMessages getSubscriberMessage", Needs("subscribers:read", "issuer")),
    **all_of(
        "changeSubscriber deleteSubscriber rotateSubscriberSecret testSubscriber redeliverSubscriberMessage",
        Needs("subscribers:write", "issuer", "subscribers:read"),
    ),
}
"""What operations need that are for those who were given something."""

ANYBODY = ["getAchievement", "getSchema"]
ALL_WHO_ARE_KNOWN = ["listBadges", "listSystems", "getSystem"]
USERS = ["listMyBadges", "listMyProgress", "explainMyBadge"]
THEIR_OWN = ["getMyBadge", "shareMyBadge"]
USERS_AND_KEYS: Mapping[str, Needs] = {
    "getBadge": Needs("badges:read", "badge", gate=False),
    "getApplicationForm": Needs("badges:read", "badge", gate=False),
    "listApplications": Needs("applications:read"),
    "listBadgeApplications": Needs("applications:read", "badge", "badges:read", gate=False),
    "submitApplication": Needs("applications:submit", "badge", "badges:read", gate=False),
    # A code of a badge that a system may not issue is answered as one that there is not.
    "claimBadge": Needs("awards:issue", "badge", unseen="409"),
    "claimCode": Needs("awards:issue", "badge", unseen="409"),
}
"""For users, who look at what can be earned and act for themselves; and what other systems need for it."""


def expected(operation: str, caller: str) -> str:
    """How a right request of a caller is answered: “yes” for any status that says so."""
    if caller == "nobody":
        return "yes" if operation in ANYBODY else "401"
    if operation == "moveBadge":
        return to_move(caller)
    if operation in NEEDS:
        return NEEDS[operation].answer(caller)
    if caller in KEYS:
        return for_key(operation, caller)
    return "404" if operation in THEIR_OWN and caller != OWNER else "yes"


def for_key(operation: str, caller: str) -> str:
    """The same of what is for users first of all."""
    if operation in USERS_AND_KEYS:
        return USERS_AND_KEYS[operation].answer(caller)
    return "yes" if operation in ANYBODY or operation in ALL_WHO_ARE_KNOWN else "403"


def to_move(caller: str) -> str:
    """Moving a badge: people need the permission of Django's, as in the admin; of these only a superuser has it."""
    if caller in KEYS:
        return Needs("badges:write", "badge", gate=False).answer(caller)
    return "yes" if caller == "superuser" else "403"


def operations() -> list[tuple[str, str, str, str]]:
    return [
        (said["operationId"], said["tags"][0], method.upper(), path)
        for path, item in described()["paths"].items()
        for method, said in item.items()
    ]


@pytest.fixture
def there(organization, settings):
    settings.CREDLY_BADGES_API_RATES = dict.fromkeys(("key", "user", "anonymous", "claim"), 1_000_000)
    settings.CREDLY_BADGES_SUBSCRIBER_HOSTS = ["127.0.0.1"]
    cache.clear()
    lms.backend().add_course(COURSE, "Rowing")
    yield world(organization)
    lms.backend().clear()
    cache.clear()


def test_every_operation_is_in_one_of_the_tables():
    tables = [*NEEDS, *ANYBODY, *ALL_WHO_ARE_KNOWN, *USERS, *THEIR_OWN, *USERS_AND_KEYS, "moveBadge"]

    assert sorted(tables) == sorted(name for name, *_others in operations())


@pytest.mark.django_db
def test_the_tables_know_every_caller(there):
    nothing = {"nobody", "learner", "other learner", "staff of another course", "key without scopes"}

    assert set(there.callers) == set(GRANTS) | nothing


@pytest.mark.django_db
@pytest.mark.parametrize("tag", sorted({tag for _name, tag, _method, _path in operations()}))
def test_everybody_is_let_in_where_they_may_and_nowhere_else(there, credly, at_credly, tag):
    found, wanted = {}, {}
    with receiving() as receiver:
        requests = Requests(there, credly, at_credly, receiver.url())
        for operation, its_tag, method, path in operations():
            if its_tag != tag:
                continue
            for caller in there.callers.values():
                found[operation, caller.name] = answered(requests, operation, method, path, caller, there)
                wanted[operation, caller.name] = expected(operation, caller.name)

    differing = {each: (found[each], wanted[each]) for each in found if found[each].split(":")[0] != wanted[each]}
    assert differing == {}


def answered(requests: Requests, operation: str, method: str, path: str, caller: Somebody, there: World) -> str:
    """How a right request is answered; whatever it did is taken back."""
    browser = Client()
    if caller.user is not None:
        browser.force_login(caller.user)
    mark = transaction.savepoint()
    try:
        things, sent = requests.made(operation, caller)
        address = re.sub(r"{(\w+)}", lambda match: str({**there.things, **things}[match[1]]), path)
        address += QUERIES.get(operation, "")
        body = b"" if sent is None else json.dumps(sent).encode()
        answer = browser.generic(
            method, address, body, "application/json", headers=caller.headers(method, address, body)
        )
    finally:
        transaction.savepoint_rollback(mark)
    if 200 <= answer.status_code < 300:
        return "yes"
    # Why is only of interest where it is not as expected.
    return f"{answer.status_code}: {answer.content.decode()[:200]}"
