"""One page of a list at Credly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

from . import errors
from .reading import Data

T = TypeVar("T")

_ID_LENGTH = 36
_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list: what could be read, and what could not.

    ``broken`` names each item that could not be read as ``<id>: <reason>``, so that one bad
    item never spoils the others. Totals are None where Credly does not tell. ``next_page``
    is a number to ask for, None at the end.
    """

    items: tuple[T, ...]
    broken: tuple[str, ...] = ()
    total_pages: int | None = None
    total_count: int | None = None
    next_page: int | None = None

    @classmethod
    def parse(cls, data: list[Any], metadata: Data, parse_item: Callable[[Data], T], *, asked: int = 1) -> Self:
        """Read the page ``asked`` for; ``parse_item`` reads one item and raises ValueError with a sentence."""
        items, broken = read_items(data, parse_item)
        total_pages = _number(metadata.get("total_pages"))
        return cls(
            items=items,
            broken=broken,
            total_pages=total_pages,
            total_count=_number(metadata.get("total_count")),
            next_page=_next_page(metadata, total_pages, asked=asked, empty=not data),
        )

    def repeats(self, other: Page[T]) -> bool:
        """Tell whether the other page held the very same items."""
        return bool(self.items or self.broken) and (self.items, self.broken) == (other.items, other.broken)


def read_items(data: list[Any], parse_item: Callable[[Data], T]) -> tuple[tuple[T, ...], tuple[str, ...]]:
    """Return what could be read of a list, and a line on each item that could not."""
    items, broken = [], []
    for position, item in enumerate(data, start=1):
        try:
            items.append(parse_item(item if isinstance(item, dict) else {}))
        except ValueError as error:
            broken.append(f"{_name(item, position)}: {error}")
    return tuple(items), tuple(broken)


def follow(read: Callable[[int], Page[T]], first: int, most: int, request: str) -> Iterator[Page[T]]:
    """Yield page after page from number ``first`` on, at most ``most``, until the list ends.

    Raises ``Garbled`` where the pages do not lead to an end: a list cut short must not look complete.
    """
    previous: Page[T] | None = None
    number, seen = first, 0
    for _ in range(most):
        page = read(number)
        if previous is not None and page.repeats(previous):
            # Past its end Credly may give the last page again. Before its end, it may not.
            if first == 1 and page.total_count is not None and seen < page.total_count:
                raise errors.Garbled(f"Page {number} repeats the page before it.", request=request)
            return
        yield page
        seen += len(page.items) + len(page.broken)
        if page.next_page is None:
            return
        if page.next_page <= number:
            raise errors.Garbled(f"Page {number} leads back to page {page.next_page}.", request=request)
        previous, number = page, page.next_page
    raise errors.Garbled(f"The list has more than {most:,} pages.", request=request)


def _next_page(metadata: Data, total_pages: int | None, *, asked: int, empty: bool) -> int | None:
    # Credly's address of the next page may name another host or prefix and may have lost
    # our filter, so only its number is used. Some lists came with empty metadata: then the
    # page after this one is worth asking for as long as something comes back.
    if empty:
        return None
    if "next_page_url" in metadata:
        address = metadata["next_page_url"]
        return (_page_in(address) or asked + 1) if address else None
    if total_pages is not None:
        return asked + 1 if asked < total_pages else None
    return asked + 1


def _page_in(address: object) -> int | None:
    try:
        numbers = parse_qs(urlsplit(str(address)).query).get("page", [])
    except ValueError:
        return None
    return _number(numbers[0]) if numbers else None


def _number(value: object) -> int | None:
    # Bounded, because Python refuses to read, and databases to store, numbers without end.
    if isinstance(value, str) and len(value) <= _MOST_DIGITS and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**_MOST_DIGITS:
        return value
    return None


def _name(item: object, position: int) -> str:
    identity = item.get("id") if isinstance(item, dict) else None
    return identity if isinstance(identity, str) and len(identity) <= _ID_LENGTH else f"item {position}"
