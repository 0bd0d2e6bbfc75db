"""Filters in both of Credly's forms, ``filter=key::value|key::value`` and ``filter[key]=value``, and sorts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from .envelope import Call, unprocessable
from .times import write_date

Item = TypeVar("Item")
Test = Callable[[Any, str], bool]
SortKey = Callable[[Any], Any]

BRACKETED = re.compile(r"filter\[([^\[\]]+)\](?:\[([^\[\]]+)\])?$|filter\[([^\[\]]+\[[^\[\]]+\])\]$")


def asked_filters(call: Call) -> dict[str, str]:
    """The filters of a request, whichever form they came in; a misspelled parameter filters nothing."""
    found: dict[str, str] = {}
    for name, value in call.query:
        if name == "filter":
            for part in value.split("|"):
                key, separator, text = part.partition("::")
                if separator:
                    found[key.strip()] = text
        elif match := BRACKETED.match(name):
            outer, inner, whole = match.groups()
            found[whole or (f"{outer}[{inner}]" if inner else outer)] = value
    return found


def apply(call: Call, items: Iterable[Item], filters: Mapping[str, str], tests: Mapping[str, Test]) -> list[Item]:
    """The items that pass every filter."""
    return list(passing(call, items, filters, tests))


def passing(call: Call, items: Iterable[Item], filters: Mapping[str, str], tests: Mapping[str, Test]) -> Iterator[Item]:
    """The items that pass every filter, one at a time."""
    asked: list[tuple[Test, str]] = []
    for key, text in filters.items():
        if key in tests:
            asked.append((tests[key], text))
        elif call.settings.unknown_filter == "refuse":
            raise unprocessable(call.settings, f"Unknown filter: {key}")
    return (item for item in items if all(test(item, text) for test, text in asked))


def order(call: Call, items: list[Item], keys: Mapping[str, SortKey], default: str) -> list[Item]:
    """The items in the order asked (``sort=key|-key``), or in the default one."""
    for part in reversed((call.asked("sort") or default).split("|")):
        key = keys.get(part.lstrip("-"))
        if key is None:
            if call.settings.unknown_filter == "refuse":
                raise unprocessable(call.settings, f"Unknown sort: {part}")
            continue
        items = sorted(items, key=key, reverse=part.startswith("-"))
    return items


def one_of(read: Callable[[Any], str | None]) -> Test:
    """A filter whose value is a comma list."""
    return lambda item, text: read(item) in _list(text)


def any_of(read: Callable[[Any], Iterable[str]]) -> Test:
    """A filter whose value is a comma list, on an item that has several."""
    return lambda item, text: not set(_list(text)).isdisjoint(read(item))


def same_text(read: Callable[[Any], str | None]) -> Test:
    """A filter on one exact text, whatever its case."""
    return lambda item, text: (read(item) or "").casefold() == text.strip().casefold()


def part_of(*reads: Callable[[Any], str | None]) -> Test:
    """A filter on a part of any of some texts."""
    return lambda item, text: any(text.casefold() in (read(item) or "").casefold() for read in reads)


def named(item: Any, text: str) -> bool:
    """Part of a name; in double quotes the whole of it."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return bool(item.name == text[1:-1])
    return text.casefold() in item.name.casefold()


def truth(read: Callable[[Any], bool]) -> Test:
    """A filter on true or false."""
    return lambda item, text: read(item) is (text.strip().lower() == "true")


def dates(name: str, read: Callable[[Any], datetime | None]) -> dict[str, Test]:
    """The ``_min`` and ``_max`` filters of a date, both inclusive."""

    def day(item: Any) -> str:
        return write_date(read(item)) or ""

    return {
        f"{name}_min": lambda item, text: day(item) >= text.strip()[:10],
        f"{name}_max": lambda item, text: "" < day(item) <= text.strip()[:10],
    }


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
