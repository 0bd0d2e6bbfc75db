"""Read-only questions that the doors share: what a badge asks for, and why somebody did or did not get it."""

from .answer import GroupWhy, Occurrence, RequirementWhy, RuleSeen, Status, Step, Why
from .criteria import GroupInWords, RequirementInWords, criteria_in_words, criteria_of
from .explaining import why
from .places import place_in_words, places_in_words, titles_of_scopes
from .sentences import in_sentences, sentences, sentences_of

__all__ = [
    "GroupInWords",
    "GroupWhy",
    "Occurrence",
    "RequirementInWords",
    "RequirementWhy",
    "RuleSeen",
    "Status",
    "Step",
    "Why",
    "criteria_in_words",
    "criteria_of",
    "in_sentences",
    "place_in_words",
    "places_in_words",
    "sentences",
    "sentences_of",
    "titles_of_scopes",
    "why",
]
