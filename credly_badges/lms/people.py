"""A learner as the LMS knows them, and the name that goes on their badge."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

NO_LAST_NAME = "-"
"""The last name of a person who has only one name: Credly requires a last name, and passports do it like this."""

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md", "dds", "esq", "rn", "cpa", "pe", "mba"})
# Joiners that Persian and the languages of India spell names with; other invisible characters are taken out.
_JOINERS = "\u200c\u200d"


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


def is_address(email: str) -> bool:
    """Whether somebody can be reached there; an account that is being retired has an address of nobody's.

    edx-platform makes that of its setting RETIRED_EMAIL_PREFIX.
    """
    retired = getattr(settings, "RETIRED_EMAIL_PREFIX", "")
    return bool(email) and not (retired and email.startswith(retired))


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
