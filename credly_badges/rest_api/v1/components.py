"""What the description of the API says once for all operations: refusals, headers, and how to show who asks."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from .errors import CODES

TITLE = "Badges"
VERSION = "1.0.0"
DESCRIPTION = """\
List and issue Credly badges, hand out claim codes, and review applications.

Fields are in camelCase, times in UTC (`2026-01-31T12:00:00Z`), IDs are UUIDs. A list is
`{"data": […], "pagination": {"limit", "offset", "total"}}`. A refusal is `{"error", "message", "details"}`:
a code for programs, a sentence for people, details for both. Fields and parameters that are not known are refused.
Every answer has an ETag for conditional requests; a change with `If-Match` is refused where somebody else came first.
"""
TAGS: Mapping[str, str] = {
    "badges": "Badges, as they are at Credly.",
    "requirements": "What learners have to do for a badge.",
    "awards": "What learners were awarded: issue, revoke, restore, resend.",
    "bulk": "Lists of learners to issue a badge to, looked through before anything is issued.",
    "codes": "Claim codes, with which learners claim a badge.",
    "applications": "Applications for badges, with their evidence.",
    "reviews": "What reviewers found of an application.",
    "learners": "Learners, their badges and their progress.",
    "me": "The caller's own badges and progress.",
    "achievements": "Badges as Open Badges 3.0 achievements.",
    "subscribers": "Addresses of other systems that are told what happens.",
    "systems": "The site as a whole.",
    "issuers": "The Credly organizations.",
    "programs": "Groups of an organization's badges.",
    "roles": "Who may do what at which level.",
    "schema": "This description.",
}
SAME: Mapping[str, str] = {"application-form": "applications"}
"""What is described along with something else."""
BESIDE = frozenset({"bulk", "reviews"})
"""What is described by itself, although its address begins with something else."""

SECURITY: Mapping[str, Mapping[str, Any]] = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "The API key of another system: `Authorization: Bearer cbk_…`.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": 'Requests signed as BadgeKit\'s: `Authorization: JWT token="…"`, HS256, with the claims `key`, '
        "`exp` (five minutes from now at most), `method`, `path` (with its query) and `body` with `alg` (`sha256`) and "
        "`hash`. Each token is taken once.",
    },
    "jwt": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "A JSON Web Token of the LMS: `Authorization: JWT …`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "A log-in at the LMS. What changes something needs the header `X-CSRFToken`, too.",
    },
}

MEANINGS: Mapping[int, str] = {
    HTTPStatus.OK: "Done.",
    HTTPStatus.CREATED: "Made.",
    HTTPStatus.ACCEPTED: "Taken in; it is being done.",
    HTTPStatus.NO_CONTENT: "Done; there is nothing to say.",
    HTTPStatus.NOT_MODIFIED: "It is still as the ETag of the request has it.",
    HTTPStatus.BAD_REQUEST: "What was sent cannot be taken; `details` says what to change.",
    HTTPStatus.UNAUTHORIZED: "The request does not show who sends it, or shows it wrongly.",
    HTTPStatus.FORBIDDEN: "The caller may not do this.",
    HTTPStatus.NOT_FOUND: "There is no such thing, or the caller may not know of it.",
    HTTPStatus.NOT_ACCEPTABLE: "There is no answer in the form that the header Accept asks for.",
    HTTPStatus.CONFLICT: "It stands against something that is there already.",
    HTTPStatus.PRECONDITION_FAILED: "It was changed since the ETag of the request was read.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "More was sent than is taken at once.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is in a form that is not taken here.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests; come again after `Retry-After` seconds.",
    HTTPStatus.BAD_GATEWAY: "Credly understood, and said no.",
    HTTPStatus.SERVICE_UNAVAILABLE: "It cannot be done now; the same request may succeed later.",
}

_NUMBER = {"type": "integer"}
LIMIT_HEADERS: Mapping[str, Any] = {
    name: {"$ref": f"#/components/headers/{name}"}
    for name in ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
}
_HEADERS: Mapping[str, Any] = {
    "X-RateLimit-Limit": {"description": "How many requests are taken in a minute.", "schema": _NUMBER},
    "X-RateLimit-Remaining": {"description": "How many of them are left.", "schema": _NUMBER},
    "X-RateLimit-Reset": {"description": "When the next minute begins, in seconds since 1970.", "schema": _NUMBER},
    "Retry-After": {"description": "After how many seconds to come again.", "schema": _NUMBER},
}
_ERROR: Mapping[str, Any] = {
    "type": "object",
    "description": "A refusal.",
    "required": ["error", "message", "details"],
    "additionalProperties": False,
    "properties": {
        "error": {"type": "string", "enum": sorted(CODES.values()), "description": "What it is, for programs."},
        "message": {"type": "string", "description": "What it is and what to do, for people."},
        "details": {"type": "object", "additionalProperties": True, "description": "Such as sentences by field."},
    },
}


NAMED: Mapping[str, str] = {
    "application_id": "The application's ID.",
    "award_id": "The award's ID.",
    "badge": "The badge's slug.",
    "badge_id": "The badge's ID.",
    "bulk_id": "The list's ID.",
    "code_id": "The claim code's ID.",
    "evidence_id": "The ID of the piece of evidence.",
    "issuer_id": "The issuer's ID.",
    "learner_id": "The learner's user ID.",
    "message_id": "The message's ID.",
    "organization": "The organization's slug.",
    "program_id": "The program's ID.",
    "review_id": "The review's ID.",
    "role_id": "The ID of the role that somebody has.",
    "subscriber_id": "The subscriber's ID.",
    "system": "The system's slug.",
}
"""What the parts of addresses are."""


def refusal(status: HTTPStatus) -> dict[str, Any]:
    """The answer with this status, by reference."""
    return {"$ref": f"#/components/responses/{_name(status)}"}


def all_of_them() -> dict[str, Any]:
    """Everything that operations refer to."""
    statuses = (*map(HTTPStatus, CODES), HTTPStatus.NOT_MODIFIED)
    return {
        "schemas": {"Error": dict(_ERROR)},
        "headers": dict(_HEADERS),
        "responses": {_name(status): _response(status) for status in statuses},
        "securitySchemes": dict(SECURITY),
    }


def _response(status: HTTPStatus) -> dict[str, Any]:
    found: dict[str, Any] = {
        "description": MEANINGS.get(status, "Something went wrong here."),
        "headers": dict(LIMIT_HEADERS),
    }
    if status is HTTPStatus.NOT_MODIFIED:
        return found
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        found["headers"]["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    example = {"error": CODES[status], "message": MEANINGS.get(status, "").replace("`", ""), "details": {}}
    found["content"] = {
        "application/json": {"schema": {"$ref": "#/components/schemas/Error"}, "example": example},
    }
    return found


def _name(status: HTTPStatus) -> str:
    return status.phrase.title().replace(" ", "").replace("-", "")
