"""The only place that asks the LMS: who a learner is, what a course is called, who looks after it, what was achieved.

Users are Django's, so they are read here. What only edx-platform knows is asked of a *backend*, by default
``EdxPlatform``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.utils.module_loading import import_string
from opaque_keys.edx.keys import CourseKey

from .. import conf
from .backend import Backend, Certificate, NoPlatform
from .edx_platform import EdxPlatform
from .people import NO_LAST_NAME, Learner, Name, NoName, Profile, is_address, name_of

__all__ = [
    "AT_ONCE",
    "NO_LAST_NAME",
    "Backend",
    "Certificate",
    "EdxPlatform",
    "Learner",
    "Name",
    "NoName",
    "NoPlatform",
    "Profile",
    "backend",
    "certificate",
    "course_titles",
    "course_url",
    "find_learners",
    "grade",
    "is_address",
    "is_course_staff",
    "learner",
    "name_of",
    "runs_of_programs",
]

AT_ONCE = 1000
"""How many people are looked up in one go; a longer list takes as many goes as it needs."""


def learner(user_id: int) -> Learner | None:
    """A learner by their user id, or None where the LMS has no such user. Inactive ones are found too."""
    return _learners(Q(pk=user_id)).get(user_id)


def find_learners(identifiers: Iterable[str]) -> dict[str, Learner | None]:
    """Who is meant by each user name or e-mail address; None where it is nobody, or more than one.

    User names must be exact, e-mail addresses may be in any case. (Where the database itself minds the case, as SQLite
    does and MySQL does not, an address has to be stored as it was typed or in lower case to be found.)
    Takes the same few queries for one as for a thousand.
    """
    wanted = list(dict.fromkeys(identifiers))
    found: dict[str, Learner | None] = {}
    for start in range(0, len(wanted), AT_ONCE):
        found |= _find_some(wanted[start : start + AT_ONCE])
    return found


def course_titles(keys: Iterable[CourseKey | str]) -> dict[str, str]:
    """The titles of course runs by the text of their key, in one query; runs that do not exist are left out.

    Raises InvalidKeyError for a text that is no course key.
    """
    parsed = {_key(key) for key in keys}
    return dict(backend().course_titles(parsed)) if parsed else {}


def course_url(course_key: CourseKey | str) -> str:
    """The public page of a course run, with its host; empty where there is no such course."""
    return backend().course_url(_key(course_key))


def certificate(user_id: int, course_key: CourseKey | str) -> Certificate | None:
    """The certificate that a learner has of a course run, or None where they have none that can be seen."""
    return backend().certificate(user_id, _key(course_key))


def grade(user_id: int, course_key: CourseKey | str) -> float | None:
    """The learner's grade in a course run in percent, or None where there is none."""
    return backend().grade(user_id, _key(course_key))


def is_course_staff(user: AbstractBaseUser, course_key: CourseKey | str) -> bool:
    """Whether the user is on the staff of a course run. Raises InvalidKeyError for a text that is no course key."""
    return backend().is_course_staff(user, _key(course_key))


def runs_of_programs(uuids: Iterable[str]) -> dict[str, frozenset[str]]:
    """The keys of the course runs of programs, by the program's UUID; programs that are not known are left out."""
    wanted = set(uuids)
    found = backend().runs_of_programs(wanted) if wanted else {}
    return {uuid: frozenset(runs) for uuid, runs in found.items()}


def backend() -> Backend:
    """The backend that the settings name, one per process."""
    return _backend(conf.lms_backend())


def _key(course_key: CourseKey | str) -> CourseKey:
    return CourseKey.from_string(course_key) if isinstance(course_key, str) else course_key


@cache
def _backend(path: str) -> Backend:
    made: Backend = import_string(path)()
    return made


def _learners(which: Q) -> dict[int, Learner]:
    columns = ("pk", "username", "email", "is_active", "first_name", "last_name")
    users: list[Any] = list(get_user_model().objects.filter(which).only(*columns))
    if not users:
        return {}
    profiles = backend().profiles([user.pk for user in users])
    return {user.pk: _learner(user, profiles.get(user.pk, Profile())) for user in users}


def _learner(user: Any, profile: Profile) -> Learner:
    return Learner(
        id=user.pk,
        username=user.username,
        email=user.email,
        profile_name=profile.name,
        verified_name=profile.verified_name,
        is_active=user.is_active,
        language=profile.language,
        first_name=user.first_name,
        last_name=user.last_name,
    )


def _find_some(identifiers: list[str]) -> dict[str, Learner | None]:
    texts = {identifier.strip() for identifier in identifiers} - {""}
    emails = texts | {text.lower() for text in texts}
    by_name: dict[str, Learner] = {}
    by_email: dict[str, list[Learner]] = {}
    for each in _learners(Q(username__in=texts) | Q(email__in=emails)).values():
        by_name[each.username] = each
        by_email.setdefault(each.email.lower(), []).append(each)

    def find(text: str) -> Learner | None:
        if text in by_name or not text:
            return by_name.get(text)
        matches = by_email.get(text.lower(), [])
        return matches[0] if len(matches) == 1 else None

    return {identifier: find(identifier.strip()) for identifier in identifiers}
