"""The published schema of requirement files, and what it says of a file, in sentences.

The schema itself is ``schema.json``. Imported only by who reads files, as it needs the extra ``files``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from jsonschema import Draft202012Validator, ValidationError

from .yaml_text import Path

_LONGEST_SHOWN = 60
_UNKNOWN = "additionalProperties"


@dataclass(frozen=True)
class Mistake:
    """Something that is wrong with a file: where, and a sentence that says what to do."""

    path: Path
    sentence: str


@cache
def schema() -> Mapping[str, Any]:
    """The schema, as JSON has it."""
    found: Mapping[str, Any] = json.loads(files(__package__).joinpath("schema.json").read_text(encoding="utf-8"))
    return found


def mistakes(data: Any) -> Iterator[Mistake]:
    """What the schema says against a file; a name that nobody knows comes before what is missed for it."""
    errors = Draft202012Validator(schema()).iter_errors(data)
    for error in sorted(errors, key=lambda error: error.validator != _UNKNOWN):
        yield from _in_words(error)


def _in_words(error: ValidationError) -> Iterator[Mistake]:
    path = tuple(error.absolute_path)
    kind = str(error.validator)
    if kind == _UNKNOWN:
        known = ", ".join(error.schema["properties"])  # type: ignore[index]  # a schema with properties is a mapping
        for name in error.instance.keys() - error.schema["properties"].keys():  # type: ignore[union-attr,index]
            sentence = _("There is no field “%(name)s” here. Known are: %(known)s.")
            yield Mistake((*path, name), sentence % {"name": _short(name), "known": known})
    elif kind == "required":
        missing = [name for name in error.validator_value if name not in error.instance]  # type: ignore[union-attr,operator]
        yield Mistake(path, _("“%(name)s” is missing here.") % {"name": missing[0]})
    else:
        yield Mistake(path, _SENTENCES.get(kind, _else)(error) % {"value": _short(error.instance)})


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _type(error: ValidationError) -> str:
    wanted = error.validator_value if isinstance(error.validator_value, str) else "string"
    return {
        "object": _("Fields with names belong here, and not “%(value)s”."),
        "array": _("A list belongs here, and not “%(value)s”. Begin each entry with a hyphen."),
        "integer": _("A whole number belongs here, and not “%(value)s”."),
        "boolean": _("“true” or “false” belongs here, and not “%(value)s”."),
    }.get(wanted, _("A text belongs here, and not “%(value)s”. Put it in quotation marks."))


def _pattern(error: ValidationError) -> str:
    names = {each.get("pattern"): name for name, each in schema()["$defs"].items()}
    return {
        "uuid": _("“%(value)s” is not an ID of Credly's. It is a UUID, as credly_requirements export writes it."),
        "day": _("“%(value)s” is no day. Write it like 2026-06-30."),
    }.get(
        names.get(error.validator_value, ""),
        _("“%(value)s” is no key. Use up to 50 letters, digits, hyphens, dots and underscores."),
    )


def _choice(error: ValidationError) -> str:
    value = error.validator_value
    choices = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    return _("“%(value)s” does not belong here. Choose: {choices}.").replace("{choices}", ", ".join(choices))


def _number(_error: ValidationError) -> str:
    return _("%(value)s does not belong here. Use a number from 1 to 32767.")


def _size(error: ValidationError) -> str:
    limit = int(str(error.validator_value))
    if str(error.validator).startswith("min"):
        return _("Nothing is here. Fill it in, or leave the field out.")
    sentence = (
        ngettext("This is longer than %(limit)d character.", "This is longer than %(limit)d characters.", limit)
        if error.validator == "maxLength"
        else ngettext("This is more than %(limit)d entry.", "These are more than %(limit)d entries.", limit)
    )
    return sentence % {"limit": limit}


def _twice(_error: ValidationError) -> str:
    return _("Something is in this list twice. Leave one of them.")


def _times(_error: ValidationError) -> str:
    return _("“%(value)s” does not belong here. Use a number from 1 to 32767, or “every”.")


def _else(error: ValidationError) -> str:
    return error.message.replace("%", "%%")


_SENTENCES: Mapping[str, Callable[[ValidationError], str]] = {
    "type": _type,
    "pattern": _pattern,
    "enum": _choice,
    "const": _choice,
    "minimum": _number,
    "maximum": _number,
    "minLength": _size,
    "maxLength": _size,
    "minItems": _size,
    "maxItems": _size,
    "uniqueItems": _twice,
    "anyOf": _times,
}
