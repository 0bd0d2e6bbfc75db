"""Requirements in the form of a file, as plain values: read into specs, with every mistake and where it is.

The other direction is ``versions.data``. Imported only by who reads files, as it needs the extra ``files``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ..events.catalogue import CATALOGUE
from ..rules.language import InvalidRule, compile_rule
from ..versions import EVERY, GROUP_FIELDS, REQUIREMENT_FIELDS, RULE_FIELDS
from . import keys, schema
from .errors import InvalidScope
from .fields import InvalidAbout, field_of, paths_of, read_about
from .places import read_place
from .schema import Mistake
from .specs import Groups, GroupSpec, RequirementSpec, RuleSpec
from .yaml_text import Path

FORMAT = 1


@dataclass(frozen=True)
class Wanted:
    """What a file wants one badge to ask for; ``path`` is where it says so."""

    organization: UUID
    template: UUID
    groups: Groups
    path: Path


def document(badges: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Badges, each as ``versions.data`` has it, as one file."""
    return {"format": FORMAT, "badges": list(badges)}


def read(data: Any) -> tuple[list[Wanted], list[Mistake]]:
    """What a file wants, and what is wrong with it; where anything is, what it wants is not to be used."""
    if wrong := list(schema.mistakes(data)):
        return [], wrong
    reader = _Reader()
    wanted = [reader.badge(entry, ("badges", place)) for place, entry in enumerate(data["badges"])]
    seen: set[tuple[UUID, UUID]] = set()
    for each in wanted:
        if (each.organization, each.template) in seen:
            reader.note(each.path, _("This badge is in the file a second time. Put all of it in one place."))
        seen.add((each.organization, each.template))
    return wanted, reader.mistakes


class _Reader:
    """Reads what fits the schema, and keeps what is wrong all the same."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def note(self, path: Path, sentence: str) -> None:
        self.mistakes.append(Mistake(path, sentence))

    def badge(self, entry: Mapping[str, Any], path: Path) -> Wanted:
        groups = tuple(self.group(each, (*path, "groups", place)) for place, each in enumerate(entry["groups"]))
        for sentence in keys.faults(groups):
            self.note(path, sentence)
        return Wanted(UUID(entry["organization"].strip()), UUID(entry["template"].strip()), groups, path)

    def group(self, entry: Mapping[str, Any], path: Path) -> GroupSpec:
        values = {column: entry[name] for name, column in GROUP_FIELDS.items() if name in entry}
        self.words(entry, "name", path)
        for name in ("opens_on", "closes_on"):
            if name in values:
                values[name] = self.attempt(date.fromisoformat, values[name], (*path, name), _NO_DAY)
        if "time_zone" in values:
            self.attempt(_zone, values["time_zone"], (*path, "time_zone"), _NO_ZONE)
        if ("within_days" in values) != ("within_of" in values):
            self.note(path, _("“within_days” and “within_of” belong together. Give both, or neither."))
        requirements = tuple(
            self.requirement(each, (*path, "requirements", place)) for place, each in enumerate(entry["requirements"])
        )
        defaults = {"name": "", "needs": "all", "at_least": 1}
        return GroupSpec(**{**defaults, **values}, after=entry.get("after", ""), requirements=requirements)

    def requirement(self, entry: Mapping[str, Any], path: Path) -> RequirementSpec:
        values = {column: entry[name] for name, column in REQUIREMENT_FIELDS.items() if name in entry}
        if values.get("times") == EVERY:
            values["times"] = None
        values["undoes"] = tuple(values.get("undoes", ()))
        self.words(entry, "description", path)
        kind = values["event_type"]
        if kind not in CATALOGUE:
            self.note((*path, "event"), _unknown(_("This version knows no event “%(name)s”."), kind, CATALOGUE))
        places = [
            self.place(kind, place, (*path, "places", number)) for number, place in enumerate(entry.get("places", ()))
        ]
        rules = tuple(
            self.rule(kind, each, (*path, "rules", place)) for place, each in enumerate(entry.get("rules", ()))
        )
        scope = "\n".join(dict.fromkeys(filter(None, places)))
        return RequirementSpec(**{"description": "", **values}, scope=scope, rules=rules)

    def place(self, kind: str, text: str, path: Path) -> str:
        event = CATALOGUE.get(kind)
        try:
            return read_place(event.scope_kind, text) if event else text
        except InvalidScope as fault:
            self.note(path, str(fault))
            return ""

    def rule(self, kind: str, entry: Mapping[str, Any], path: Path) -> RuleSpec:
        values = {column: entry[name] for name, column in RULE_FIELDS.items() if name in entry}
        spec = RuleSpec(**{**values, "value": _text(values.get("value", ""))})
        field = field_of(kind, spec.path)
        if field is None:
            event = CATALOGUE.get(kind)
            if event is not None:
                sentence = _("This event has no field “%(name)s”.")
                self.note((*path, "field"), _unknown(sentence, spec.path, paths_of(event)))
            return spec
        try:
            read_about(spec.path, spec.about)
            compile_rule(field, spec.operator, spec.value, spec.about)
        except InvalidAbout as fault:
            self.note((*path, "about"), str(fault))
        except InvalidRule as fault:
            self.note((*path, "value"), fault.sentence_in(_))
        return spec

    def words(self, entry: Mapping[str, Any], name: str, path: Path) -> None:
        """What learners read is one line, as in the admin."""
        if not all(unicodedata.category(each) not in _UNSEEN for each in entry.get(name, "")):
            self.note((*path, name), _("There is a line break or a character here that cannot be seen. Leave it out."))

    def attempt(self, read: Callable[[str], Any], text: str, path: Path, sentence: str) -> Any:
        try:
            return read(text)
        except (ValueError, KeyError, OSError):  # A zone that is none is a KeyError; one that is a folder, an OSError.
            self.note(path, _(sentence) % {"text": text[:100]})
            return None


_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
_NO_DAY = gettext_noop("There is no day “%(text)s” in the calendar.")
_NO_ZONE = gettext_noop("“%(text)s” is no time zone. Use a name such as Europe/Berlin.")


def _zone(text: str) -> ZoneInfo | None:
    return ZoneInfo(text) if text else None


def _text(value: Any) -> str:
    """A value as it would be typed: people leave out quotation marks."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _unknown(sentence: str, name: str, known: Iterable[str]) -> str:
    """A sentence on a name that nobody knows, with the one that looks like it."""
    said = sentence % {"name": name[:100]}
    if alike := get_close_matches(name, list(known), n=1, cutoff=0.7):
        return said + " " + _("Do you mean %(name)s?") % {"name": alike[0]}
    return said
