"""The closed list of Credly's habits that this plugin has to know by heart.

Remote words become ours through these tables only. A word that is not in its
table is stopped and shown, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

BADGE_STATES: Final[Mapping[str, str]] = {
    "pending": "offered",
    "accepted": "accepted",
    "rejected": "declined",
    "revoked": "revoked",
}
"""Credly's states of an issued badge, and the word for each on our side. Expiry is a date at Credly, not a state."""

TEMPLATE_STATES: Final = frozenset({"draft", "active", "archived"})

DUPLICATE_BEHAVIORS: Final = frozenset({"replace", "allow", "deny"})

# A 422 stands for a duplicate, a bad template id, an archived template and a bad
# field alike. Only the words tell them apart, and some answers put "Validation
# failed: " in front of them.
_DUPLICATE_WORDS: Final = "already has this badge"
_REPLACED_WORDS: Final = "already been replaced"

LOCALES: Final = ("en", "fr", "de", "ko", "ja", "zh-CN", "pt", "es-ES", "es-US", "fr-CA", "pt-BR")
"""The languages in which Credly writes to a learner."""

_LOCALE_OF: Final[Mapping[str, str]] = {
    **{locale.lower(): locale for locale in LOCALES},
    "zh": "zh-CN",
    "zh-hans": "zh-CN",
    "zh-hans-cn": "zh-CN",
    "zh-sg": "zh-CN",
    # Credly has no Traditional Chinese. Simplified is another script, so its own default is the lesser wrong.
    "zh-hant": "",
    "zh-hk": "",
    "zh-mo": "",
    "zh-tw": "",
    "es": "es-ES",
}
_LOCALE_OF_LANGUAGE: Final[Mapping[str, str]] = {
    "en": "en",
    "fr": "fr",
    "de": "de",
    "ko": "ko",
    "ja": "ja",
    "pt": "pt",
    # Of Credly's two kinds of Spanish, the one for the Americas serves es-419, es-mx, es-ar and the like.
    "es": "es-US",
}


class UnknownState(ValueError):
    """Credly used a state that this plugin does not know, so nothing was concluded from it."""

    def __init__(self, thing: str, state: object) -> None:
        super().__init__(
            f"Credly says the {thing} is in the state {str(state)[:60]!r}, which this plugin does not know."
        )
        self.thing = thing
        self.state = state


def badge_state(state: object) -> str:
    """Return the state of an issued badge as Credly wrote it, or raise ``UnknownState``."""
    if not isinstance(state, str) or state not in BADGE_STATES:
        raise UnknownState("badge", state)
    return state


def template_state(state: object) -> str:
    """Return the state of a badge template as Credly wrote it, or raise ``UnknownState``."""
    if not isinstance(state, str) or state not in TEMPLATE_STATES:
        raise UnknownState("badge template", state)
    return state


def says_duplicate(said: str) -> bool:
    """Tell whether Credly refused because the learner holds this badge already."""
    return _DUPLICATE_WORDS in said.lower()


def says_replaced(said: str) -> bool:
    """Tell whether Credly refused because another badge stands in this one's place."""
    return _REPLACED_WORDS in said.lower()


def credly_locale(language: str) -> str:
    """Return the language Credly should write to a learner in, or "" where it has none that fits.

    ``language`` is a code as Open edX keeps it (``es-419``, ``pt-br``, ``zh_CN``). Credly
    takes eleven (developer docs, "Issued badges"); left out, it writes English.
    """
    code = language.strip().replace("_", "-").lower()
    if code in _LOCALE_OF:
        return _LOCALE_OF[code]
    return _LOCALE_OF_LANGUAGE.get(code.partition("-")[0], "")


def subject_key(event_type: str) -> str:
    """Return the key under which an event carries what it is about, or "" for an event about something else."""
    family = event_type.partition(".")[0]
    return family if family in {"badge", "badge_template"} else ""
