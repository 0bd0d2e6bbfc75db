"""Examples of what travels, made up from its schema where the description has none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

DEEPEST = 12
BY_FORMAT: Mapping[str, Any] = {
    "uuid": "11111111-0000-4000-8000-000000000001",
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "uri": "https://lms.example.com/",
    "email": "ada@example.com",
    "binary": "…",
}
BY_TYPE: Mapping[str, Any] = {"string": "…", "integer": 1, "number": 1.5, "boolean": True, "null": None}

SPELLED = ("arts", BY_FORMAT["uri"])
"""What texts may be that have to be spelled in some way."""


def of(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Any:
    """An example of a value with this schema."""
    whole = merged(document, schema)
    choices = [each for each in whole.get("enum", ()) if each not in ("", None)]
    given = [whole[name] for name in ("example", "default") if name in whole] + choices
    if given:
        return given[0]
    either = whole.get("oneOf") or whole.get("anyOf")
    if depth > DEEPEST or either:
        return of(document, either[0], depth + 1) if either and depth <= DEEPEST else None
    return _made_up(document, whole, depth)


def _made_up(document: Mapping[str, Any], whole: Mapping[str, Any], depth: int) -> Any:
    name = _type(whole)
    if name == "array":
        return [of(document, whole.get("items", {}), depth + 1)] * max(1, whole.get("minItems", 1))
    if name == "object" or "properties" in whole:
        return {each: of(document, inner, depth + 1) for each, inner in whole.get("properties", {}).items()}
    usual = BY_FORMAT.get(whole.get("format", ""), BY_TYPE.get(name))
    if "pattern" in whole and not re.search(whole["pattern"], str(usual)):
        return next((each for each in SPELLED if re.search(whole["pattern"], each)), usual)
    return usual


def kind(schema: Mapping[str, Any]) -> str:
    """What a value may be, in a few words."""
    if choices := [str(each) for each in schema.get("enum", ()) if each not in ("", None)]:
        return " | ".join(choices)
    name = _type(schema)
    if name == "array":
        inner = schema.get("items", {})
        return f"list of {kind(inner)}" if "$ref" not in inner else "list of objects"
    said = schema.get("format") or name or "any"
    limits = [f"{word} {schema[key]}" for key, word in LIMITS.items() if key in schema]
    return ", ".join([said, *limits])


LIMITS: Mapping[str, str] = {"minimum": "from", "maximum": "to", "maxLength": "at most", "default": "else"}


def merged(document: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema with what it refers to."""
    found: dict[str, Any] = {}
    if ref := schema.get("$ref"):
        target: Any = document
        for part in ref.removeprefix("#/").split("/"):
            target = target[part]
        found |= merged(document, target)
    for part in schema.get("allOf", ()):
        found |= merged(document, part)
    return found | {name: value for name, value in schema.items() if name not in {"$ref", "allOf"}}


def _type(schema: Mapping[str, Any]) -> str:
    said = schema.get("type", "")
    if isinstance(said, list):
        said = next((each for each in said if each != "null"), "null")
    return str(said)
