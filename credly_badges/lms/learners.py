"""Who a learner is, who is asking, and who looks after a course."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crum import get_current_user
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q, QuerySet
from django.dispatch import Signal
from opaque_keys.edx.keys import CourseKey

from .backend import NoPlatform
from .chosen import backend, course_key
from .people import Learner, Profile

AT_ONCE = 1000
"""How many people are looked up in one go; a longer list takes as many goes as it needs."""
RETIRED = "retired__user_"
"""How the user names begin that edx-platform gives to those it has retired, unless its settings say otherwise."""


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


def present(user_ids: Iterable[int]) -> set[int]:
    """Those of these learners who are still here: the LMS keeps the grades of some who are gone, or retired."""
    wanted, found = sorted(set(user_ids)), set[int]()
    for start in range(0, len(wanted), AT_ONCE):
        users = get_user_model().objects.filter(pk__in=wanted[start : start + AT_ONCE])
        found.update(users.exclude(username__startswith=_retired_prefix()).values_list("pk", flat=True))
    return found


def current_user_id() -> int | None:
    """The user whose request is being answered; None in a worker, and where nobody is logged in.

    For events that do not name their learner. edx-platform keeps the request with django-crum, and so can any host
    that has crum's middleware.
    """
    user = get_current_user()
    return user.pk if user is not None and user.is_authenticated else None


def user_id_of_anonymous(anonymous_id: str, key: CourseKey | str = "") -> int | None:
    """The learner whom the LMS calls so where their name must not be seen, as in a course run; None for nobody."""
    if not anonymous_id:
        return None
    return backend().user_id_of_anonymous(anonymous_id, course_key(key) if key else None)


def is_course_staff(user: AbstractBaseUser | AnonymousUser, key: CourseKey | str) -> bool:
    """Whether the user is on the staff of a course run. Raises InvalidKeyError for a text that is no course key."""
    return backend().is_course_staff(user, course_key(key))


def may_be_course_staff(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether the user can be on the staff of any course run: to be asked before many runs are."""
    return backend().may_be_course_staff(user)


def addresses_of(user_id: int) -> set[str]:
    """The e-mail addresses that something kept here may be under: the user's, and theirs before they were retired."""
    now = get_user_model().objects.filter(pk=user_id).values_list("email", flat=True)
    return {*now, backend().address_before_retirement(user_id)} - {""}


def names_of(user_id: int) -> set[str]:
    """What a user may be called in what others sent here: their user name, and their e-mail addresses."""
    now = get_user_model().objects.filter(pk=user_id).values_list("username", flat=True)
    return {*now, *addresses_of(user_id)} - {""}


def retired_users() -> QuerySet[Any]:
    """The users whose accounts were retired: edx-platform keeps them, with user names that tell nothing."""
    return get_user_model().objects.filter(username__startswith=_retired_prefix())


def retirement_signals() -> tuple[Signal, ...]:
    """The signals by which the LMS says that it forgets a user; none on a host that has no edx-platform."""
    try:
        return tuple(backend().retirement_signals())
    except NoPlatform:
        return ()


def _retired_prefix() -> str:
    prefix: str = getattr(settings, "RETIRED_USERNAME_PREFIX", RETIRED)
    return prefix


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
