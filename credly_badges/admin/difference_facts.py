"""What a difference says of the two accounts, in words: what a person needs, and no addresses of pictures and pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ..credly import quirks
from ..models import BadgeAward


def in_words(facts: Mapping[str, Any]) -> str:
    """The facts that tell a person something; empty where there are none."""
    return " ".join(say(facts[name]) for name, say in SENTENCES.items() if facts.get(name))


def _state(told: list[str | None]) -> str:
    labels = dict(BadgeAward.State.choices)
    ours, theirs = (
        str(labels.get(quirks.BADGE_STATES.get(each, each), each)) if each else _("nothing") for each in told
    )
    return _("%(ours)s here, %(theirs)s at Credly.") % {"ours": ours, "theirs": theirs}


def _expiry(told: list[str | None]) -> str:
    ours, theirs = (_day(each) if each else _("never") for each in told)
    return _("Expires: %(ours)s here, %(theirs)s at Credly.") % {"ours": ours, "theirs": theirs}


def _visibility(told: list[bool | None]) -> str:
    theirs = told[1]
    return _("Credly shows it to everyone.") if theirs else _("Credly shows it to the learner alone.")


def _reason(told: list[str]) -> str:
    return _("The reason given at Credly: %(reason)s") % {"reason": told[1]}


def _successor(told: list[str]) -> str:
    return _("The new badge: %(id)s") % {"id": told[1]}


def _completed(at: str) -> str:
    return _("Qualified on %(day)s.") % {"day": _day(at)}


def _day(iso: str) -> str:
    moment = parse_datetime(iso)
    return date_format(moment) if moment else iso


SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "state": _state,
    "expires_at": _expiry,
    "is_public": _visibility,
    "revocation_reason": _reason,
    "credly_id": _successor,
    "completed_at": _completed,
    "withheld": str,
    "said": str,
}
