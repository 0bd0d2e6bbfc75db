"""API keys that the settings give: written there, or fetched by a function of the site's from wherever it keeps them.

``CREDLY_BADGES_API_KEYS`` is a function, its dotted path, or a mapping of organization IDs to keys, functions or dotted
paths. A function takes the organization's UUID and returns its key, or "" for none.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.utils.module_loading import import_string

from ..credly.errors import Throttled
from . import api_key_cache, api_keys

log = logging.getLogger(__name__)

DOTTED_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
"""Credly's keys have no dots, so a text like this names a function."""
AGAIN_AFTER = 30.0
"""Seconds until a function that failed is asked again for a message."""
FAILURE_KEPT = 5.0
"""Seconds for which a failure counts: a full queue must not wait for a dead secrets manager message by message."""


class KeyNotFetched(Throttled):
    """The site's own function did not give the API key. Nothing was sent, and it goes on by itself."""

    def __init__(self, kind: str) -> None:
        # Of the failure only its kind: its message may quote what it was given.
        sentence = f"What CREDLY_BADGES_API_KEYS names did not give the organization's API key ({kind})"
        super().__init__(sentence, ours=True, retry_after=AGAIN_AFTER)
        self.kind = kind


@dataclass(frozen=True)
class _Kept:
    source: Any
    answer: str | KeyNotFetched
    until: float


_kept: dict[UUID, _Kept] = {}


def key_for(organization_id: UUID) -> str:
    """The API key that the settings give for an organization, or an empty string. Raises KeyNotFetched.

    A function is asked once in CREDLY_BADGES_API_KEY_CACHE_SECONDS by each process.
    """
    source = source_for(organization_id)
    if not source or _is_key(source):
        return source or ""
    kept = _kept.get(organization_id)
    if kept is None or kept.source is not source or kept.until <= time.monotonic():
        kept = _ask(source, organization_id)
        _kept[organization_id] = kept
    if isinstance(kept.answer, KeyNotFetched):
        raise KeyNotFetched(kept.answer.kind)
    return kept.answer


def forget(organization_id: UUID) -> None:
    """Ask anew next time: Credly refused the key that was fetched, so there may be another one by now."""
    _kept.pop(organization_id, None)


def source_for(organization_id: UUID) -> Any:
    """What the settings say of an organization: a key, a function or its dotted path, or an empty string."""
    given = api_keys()
    if not isinstance(given, Mapping):
        return given
    return next((source for owner, source in given.items() if str(owner).lower() == str(organization_id)), "")


def functions() -> Iterator[Any]:
    """Every function and dotted path that the settings name."""
    given = api_keys()
    every = given.values() if isinstance(given, Mapping) else [given]
    yield from (source for source in every if source and not _is_key(source))


def function_of(source: Any) -> Callable[[UUID], str]:
    """The function that a source is or names; ImportError or TypeError where there is none."""
    found = import_string(source) if isinstance(source, str) else source
    if not callable(found):
        raise TypeError("It cannot be called.")
    function: Callable[[UUID], str] = found
    return function


def _is_key(source: Any) -> bool:
    """Whether it is a key itself, which nothing can be but an entry of a mapping."""
    return isinstance(source, str) and isinstance(api_keys(), Mapping) and not DOTTED_PATH.fullmatch(source)


def _ask(source: Any, organization_id: UUID) -> _Kept:
    keep = api_key_cache().total_seconds()
    answer: str | KeyNotFetched
    try:
        answer = _text(function_of(source)(organization_id))
    except SoftTimeLimitExceeded:
        raise
    except Exception as failure:  # noqa: BLE001  # It is the site's code, and whatever it raises means the same.
        kind = type(failure).__name__
        log.error("The API key of organization %s could not be fetched (%s).", organization_id, kind)  # noqa: TRY400  # The trace may show the key.
        answer, keep = KeyNotFetched(kind), min(keep, FAILURE_KEPT)
    return _Kept(source, answer, time.monotonic() + keep)


def _text(answer: Any) -> str:
    if answer is None:
        return ""
    if not isinstance(answer, str):
        raise TypeError("It is no text.")
    return answer
