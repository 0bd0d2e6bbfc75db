"""Every operation of the REST API, called by everybody: who is let in, and who may not even know of it."""

from __future__ import annotations

import json
import re
from itertools import product

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from credly_badges import lms
from credly_badges.rest_api.v1.description import described

from .api_world import World, world

PEOPLE = ("administrator", "issuer", "reviewer", "viewer")
INSIDE = ("site", "issuer", "program")


def at(levels: tuple[str, ...], *roles: str) -> set[str]:
    """Those with one of these roles at one of these levels; the key that signs is the issuer's."""
    found = {f"{level} {role}" for level, role in product(levels, roles)}
    return found | ({"signing key", "superuser"} if "issuer" in levels and "key" in roles else set())


LEARNERS = {"learner", "other learner", "course staff", "staff of another course"}
USERS = LEARNERS | at((*INSIDE, "foreign"), *PEOPLE) | {"superuser"}
KEYS = at((*INSIDE, "foreign"), "key")
EVERYBODY = USERS | KEYS | {"key without scopes"}
ABOVE = ("site", "issuer")

# Who is let in; who is told that there is no such thing. Nobody is told to log in, the others that they may not.
KINDS: dict[str, tuple[set[str], set[str]]] = {
    "for anybody": (EVERYBODY | {"nobody"}, set()),
    "for all who are known": (EVERYBODY, set()),
    "for users": (USERS, set()),
    "their own": ({"learner"}, USERS - {"learner"}),
    "a badge": (USERS | at(INSIDE, "key"), {"foreign key", "key without scopes"}),
    "for users, and keys for them": (USERS | KEYS, set()),
    "list what was awarded": (
        at((*INSIDE, "foreign"), "administrator", "issuer", "viewer", "key") | {"course staff"}, set(),
    ),
    "read what was awarded of a badge": (
        at(INSIDE, "administrator", "issuer", "viewer", "key") | {"course staff"}, {"foreign key"},
    ),
    "read an award": (
        at(INSIDE, "administrator", "issuer", "viewer", "key") | {"course staff"},
        at(("foreign",), "administrator", "issuer", "viewer", "key"),
    ),
    "read what a badge requires": (at(INSIDE, *PEOPLE, "key") | {"course staff"}, {"foreign key"}),
    "issue a badge": (at(INSIDE, "administrator", "issuer", "key"), {"foreign key"}),
    "do something with what was issued": (
        at(INSIDE, "administrator", "issuer", "key"), at(("foreign",), "administrator", "issuer", "key"),
    ),
    "change a badge": (at(INSIDE, "administrator", "key"), {"foreign key"}),
    "make something at a level of theirs": (at((*INSIDE, "foreign"), "administrator", "key"), set()),
    "make something at the issuer": (at(ABOVE, "administrator", "key"), set()),
    "what is set up at the issuer": (
        at(ABOVE, "administrator", "key"),
        {"program administrator", "program key", "foreign administrator", "foreign key"},
    ),
    "read an application": (
        at(INSIDE, *PEOPLE, "key") | {"learner"},
        LEARNERS - {"learner"} | at(("foreign",), *PEOPLE, "key") | {"key without scopes"},
    ),
    "read a review": (
        at(INSIDE, *PEOPLE, "key"), LEARNERS | at(("foreign",), *PEOPLE, "key") | {"key without scopes"},
    ),
    "act for the applicant": (
        at(INSIDE, "administrator", "issuer", "key") | {"learner"},
        LEARNERS - {"learner"} | at(("foreign",), *PEOPLE, "key") | {"key without scopes"},
    ),
    "review": (
        at(INSIDE, "administrator", "issuer", "reviewer", "key"),
        at(("foreign",), "administrator", "issuer", "reviewer", "key"),
    ),
    "list levels": (at((*INSIDE, "foreign"), *PEOPLE, "key"), set()),
    "read a level": (at(INSIDE, *PEOPLE, "key"), at(("foreign",), *PEOPLE, "key")),
    "change an issuer": (at(ABOVE, "administrator", "key"), {"foreign administrator", "foreign key"}),
    "change a program": (at(INSIDE, "administrator", "key"), {"foreign administrator", "foreign key"}),
}  # fmt: skip

OPERATIONS: dict[str, str] = {
    name: kind
    for kind, names in {
        "for anybody": "getAchievement getSchema",
        "for all who are known": "listBadges listSystems getSystem",
        "for users": "listMyBadges listMyProgress explainMyBadge",
        "their own": "getMyBadge shareMyBadge",
        "a badge": "getBadge moveBadge getApplicationForm listBadgeApplications submitApplication",
        "for users, and keys for them": "listApplications claimBadge claimCode",
        "list what was awarded": "listAwards listLearners listLearnerBadges listLearnerProgress",
        "read what was awarded of a badge": "listBadgeAwards explainLearnerBadge",
        "read an award": "getAward",
        "read what a badge requires": "getRequirements",
        "issue a badge": "issueBadge previewBulkIssue setApplicationForm listCodes makeCode getCode changeCode "
        "closeCode listCodeClaims getCodeQr",
        "do something with what was issued": "getBulkIssue deleteBulkIssue listBulkIssueRows commitBulkIssue "
        "undoBulkIssue getBulkIssueResult revokeAward restoreAward resendAward assignApplication approveApplication "
        "denyApplication",
        "change a badge": "replaceBadge changeBadge deleteBadge archiveBadge putRequirements",
        "make something at a level of theirs": "createBadge listRoles giveRole listSubscribers createSubscriber",
        "make something at the issuer": "createProgram",
        "what is set up at the issuer": "getRole takeRole getSubscriber changeSubscriber deleteSubscriber "
        "rotateSubscriberSecret testSubscriber listSubscriberMessages getSubscriberMessage redeliverSubscriberMessage",
        "read an application": "getApplication listReviews getEvidence",
        "read a review": "getReview",
        "act for the applicant": "resubmitApplication withdrawApplication",
        "review": "submitReview changeReview",
        "list levels": "listIssuers listPrograms",
        "read a level": "getIssuer getProgram",
        "change an issuer": "changeIssuer deleteProgram",
        "change a program": "replaceProgram changeProgram",
    }.items()
    for name in names.split()
}
"""Of what kind each operation is. One that is not here fails the test: say who may call it."""

# What names a level in its body is for those at that level; where the body is empty, all get as far as its faults.
UNSEEN_IN_BODY = {"createProgram": {"foreign administrator", "foreign key"}}


def bodies(there: World) -> dict[str, dict]:
    """What is sent where an empty body would be refused before anybody looks who sends it."""
    return {"createProgram": {"issuer": str(there.things["issuer_id"]), "name": "Another"}}


def expected(operation: str, caller: str) -> str:
    allowed, missing = KINDS[OPERATIONS[operation]]
    if caller in allowed or caller in UNSEEN_IN_BODY.get(operation, ()):
        return "let in"
    if caller == "nobody":
        return "401"
    return "404" if caller in missing else "403"


def operations():
    for path, item in described()["paths"].items():
        for method, said in item.items():
            yield said["operationId"], method.upper(), path


@pytest.fixture
def there(organization, settings):
    settings.CREDLY_BADGES_API_RATES = dict.fromkeys(("key", "user", "anonymous", "claim"), 1_000_000)
    cache.clear()
    yield world(organization)
    lms.backend().clear()
    cache.clear()


def test_every_operation_has_its_row_in_the_table():
    assert {name for name, _method, _path in operations()} == set(OPERATIONS)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "tag", sorted({said["tags"][0] for item in described()["paths"].values() for said in item.values()})
)
def test_everybody_is_let_in_where_they_may_and_nowhere_else(there, tag):
    found, wanted = {}, {}
    for operation, method, path in operations():
        if described()["paths"][path][method.lower()]["tags"][0] != tag:
            continue
        address = re.sub(r"{(\w+)}", lambda match: str(there.things[match[1]]), path)
        body = b"" if method in ("GET", "DELETE") else json.dumps(bodies(there).get(operation, {})).encode()
        for caller in there.callers.values():
            status = called(caller, method, address, body)
            assert status < 500 or status in (502, 503), f"{operation} by {caller.name}: {status}"
            found[operation, caller.name] = str(status) if status in (401, 403, 404) else "let in"
            wanted[operation, caller.name] = expected(operation, caller.name)

    assert found == wanted


def called(caller, method: str, address: str, body: bytes) -> int:
    """The answer's status; whatever it did is taken back."""
    browser = Client()
    if caller.user is not None:
        browser.force_login(caller.user)
    mark = transaction.savepoint()
    try:
        answer = browser.generic(
            method, address, body, "application/json", headers=caller.headers(method, address, body)
        )
    finally:
        transaction.savepoint_rollback(mark)
    return answer.status_code
