"""The only place that asks the LMS: who a learner is, what a course is called, who looks after it.

Users are Django's, so they are read here. What only edx-platform knows is asked of a *backend*, by default
``EdxPlatform``. Each call into edx-platform is listed, with its file and release, in ``docs/references/lms_calls.rst``.
"""

# ruff: noqa: PLC0415
# Importing edx-platform is left until something is asked of it: tests, demos and tools run without it.

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, Protocol

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from opaque_keys.edx.keys import CourseKey

from . import conf

NO_LAST_NAME = "-"
"""The last name of a person who has only one name: Credly requires a last name, and passports do it like this."""

AT_ONCE = 1000
"""How many people are looked up in one go; a longer list takes as many goes as it needs."""

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md", "dds", "esq", "rn", "cpa", "pe", "mba"})
# Joiners that Persian and the languages of India spell names with; other invisible characters are taken out.
_JOINERS = "\u200c\u200d"


class NoPlatform(ImproperlyConfigured):
    """edx-platform was asked, and is not here, or no longer has what was asked for."""


class NoName(ValueError):
    """Nothing in the learner's account can go on a badge. It waits until the learner fills in a name."""

    @property
    def sentence(self) -> str:
        """What to tell the person who can mend it."""
        return _(
            "The learner has no name in their profile, and Credly issues no badge without one. "
            "Ask the learner to fill in “Full name” in their account settings; the badge waits for it."
        )

    def __str__(self) -> str:
        return self.sentence


class Name(NamedTuple):
    """A name in the three parts that Credly asks for. ``middle`` is always empty: the LMS does not tell it apart."""

    first: str
    middle: str
    last: str


@dataclass(frozen=True)
class Profile:
    """What the LMS knows of a person beside the Django user. ``verified_name`` only where it is the one to be used."""

    name: str = field(default="", repr=False)
    verified_name: str = field(default="", repr=False)
    language: str = ""


@dataclass(frozen=True)
class Learner:
    """A learner as the LMS knows them now. Never stored; only the id may be written into a log.

    ``language`` is the language they read the LMS in (``es-419``), empty where they chose none.
    """

    id: int
    username: str = field(repr=False)
    email: str = field(repr=False)
    profile_name: str = field(repr=False)
    verified_name: str = field(repr=False)
    is_active: bool
    language: str
    first_name: str = field(default="", repr=False)
    last_name: str = field(default="", repr=False)


class Backend(Protocol):
    """What the plugin needs of the LMS. Name another class with these methods in CREDLY_BADGES_LMS_BACKEND."""

    def profiles(self, user_ids: Collection[int]) -> Mapping[int, Profile]:
        """The profiles of these users, in a constant number of queries; users without one are left out."""

    def course_titles(self, keys: Collection[CourseKey]) -> Mapping[str, str]:
        """The titles of those course runs that exist, by the text of their key."""

    def is_course_staff(self, user: AbstractBaseUser, course_key: CourseKey) -> bool:
        """Whether the user is on the staff of the course run, of its organization, or of the whole site."""


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
    parsed = {CourseKey.from_string(key) if isinstance(key, str) else key for key in keys}
    return dict(backend().course_titles(parsed)) if parsed else {}


def is_course_staff(user: AbstractBaseUser, course_key: CourseKey | str) -> bool:
    """Whether the user is on the staff of a course run. Raises InvalidKeyError for a text that is no course key."""
    key = CourseKey.from_string(course_key) if isinstance(course_key, str) else course_key
    return backend().is_course_staff(user, key)


def name_of(learner: Learner) -> Name:
    """The name that goes on the badge: the verified name where the learner uses it, else the profile name.

    Only where both are empty it is the first and last name of the account. The last word is the last name, all others
    are the first. “Family, Given” is turned round; “, Jr.” and the like stay with the last name. Who has one name gets
    “-” for the other. Raises NoName where there is none at all; the user name is never put in its place.
    """
    for whole in (learner.verified_name, learner.profile_name):
        if cleaned := _cleaned(whole):
            return Name(*_split(cleaned))
    first, last = _cleaned(learner.first_name), _cleaned(learner.last_name)
    if not first and not last:
        raise NoName
    if not first or not last or first == last == learner.username:
        return Name(*_split(first or last))
    return Name(first, "", last)


def backend() -> Backend:
    """The backend that the settings name, one per process."""
    return _backend(conf.lms_backend())


class EdxPlatform:
    """Open edX's own edx-platform, in whose LMS the plugin runs.

    On a host that is no LMS every method raises NoPlatform, whose message says which setting to give. There is no
    falling back on what Django knows: badges would go out in names that learners did not choose, and staff would be
    judged by other rules, and nobody would notice that an upgrade of the LMS had moved a module.
    """

    def profiles(self, user_ids: Collection[int]) -> Mapping[int, Profile]:
        """Names and languages; four queries at most."""
        with _asking_edx_platform():
            from common.djangoapps.student.models import UserProfile
            from openedx.core.djangoapps.user_api.models import UserPreference

        names = dict(UserProfile.objects.filter(user_id__in=user_ids).values_list("user_id", "name"))
        preferences = UserPreference.objects.filter(user_id__in=user_ids, key="pref-lang")
        languages = dict(preferences.values_list("user_id", "value"))
        verified = self._verified_names(user_ids)
        return {
            user_id: Profile(names.get(user_id) or "", verified.get(user_id, ""), languages.get(user_id) or "")
            for user_id in names.keys() | languages.keys() | verified.keys()
        }

    def course_titles(self, keys: Collection[CourseKey]) -> Mapping[str, str]:
        """Titles from the course overviews; a course without a title is called by its key."""
        with _asking_edx_platform():
            from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

        rows = CourseOverview.objects.filter(id__in=keys).values_list("id", "display_name")
        return {str(key): title or str(key) for key, title in rows}

    def is_course_staff(self, user: AbstractBaseUser, course_key: CourseKey) -> bool:
        """What edx-platform's own pages ask before they let somebody see a course's staff pages."""
        with _asking_edx_platform():
            from lms.djangoapps.courseware.access import has_access

        return bool(has_access(user, "staff", course_key))

    def _verified_names(self, user_ids: Collection[int]) -> dict[int, str]:
        """The approved names of those who chose to have them on certificates; none where the site has no such app.

        The package's own ``get_verified_name`` and ``should_use_verified_name_for_certs`` answer for one user at a
        time; this is what they read.
        """
        if not apps.is_installed("edx_name_affirmation"):
            return {}
        with _asking_edx_platform():
            from edx_name_affirmation.models import VerifiedName, VerifiedNameConfig

        choices = VerifiedNameConfig.objects.filter(user_id__in=user_ids).order_by("change_date", "pk")
        latest = dict(choices.values_list("user_id", "use_verified_name_for_certs"))
        using = [user_id for user_id, uses in latest.items() if uses]
        if not using:
            return {}
        approved = VerifiedName.objects.filter(user_id__in=using, status="approved").order_by("created", "pk")
        return dict(approved.values_list("user_id", "verified_name"))


@contextmanager
def _asking_edx_platform() -> Iterator[None]:
    try:
        yield
    except ImportError as missing:
        raise NoPlatform(
            f"edx-platform is not here, or has moved what this plugin asks of it ({missing}). On a host that is no "
            "Open edX LMS, name a class that answers in its place in CREDLY_BADGES_LMS_BACKEND."
        ) from missing


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


def _cleaned(text: str) -> str:
    """The text as it can be printed on a badge, or nothing where it holds no letter and no digit."""
    kept = []
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if category in ("Cc", "Zs", "Zl", "Zp"):
            kept.append(" ")
        elif not category.startswith("C") or character in _JOINERS:
            kept.append(character)
    cleaned = " ".join("".join(kept).split())
    return cleaned if any(character.isalnum() for character in cleaned) else ""


def _split(whole: str) -> tuple[str, str, str]:
    parts = [part.strip() for part in whole.split(",") if part.strip()]
    suffixes: list[str] = []
    while len(parts) > 1 and parts[-1].replace(".", "").lower() in _SUFFIXES:
        suffixes.insert(0, parts.pop())
    if len(parts) > 1:
        first, last = " ".join(parts[1:]), parts[0]
    else:
        first, _space, last = parts[0].rpartition(" ")
    if not first:
        return last, "", ", ".join(suffixes) or NO_LAST_NAME
    return first, "", ", ".join([last, *suffixes])
