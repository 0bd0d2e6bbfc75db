"""Read every badge template that an organization has at Credly, page by page, and live with pages that fail."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.utils.translation import gettext as _

from ..credly import wire
from ..credly.client import Client
from ..credly.errors import CredlyError, Throttled, Unavailable
from ..credly.page import Page

TRIES = 3
"""How often a page is asked for before it is passed over."""
FAILURES_IN_A_ROW = 3
"""After how many failed pages, one after the other, the rest is not asked for any more."""
MOST_PAGES = 2_000
"""Where a listing without end is given up: 100,000 templates."""
UNNAMED_WAIT = 10.0
"""Seconds to wait where Credly asks us to slow down and names no time."""

T = TypeVar("T")

OnPage = Callable[[int, int | None], None]
"""Is told after each page how many templates were read, and how many there are if Credly says so."""


@dataclass
class Patience:
    """How many seconds a sync may still spend waiting for Credly."""

    left: float = 0.0

    @classmethod
    def of(cls, longest: timedelta) -> Patience:
        """So much and no more."""
        return cls(longest.total_seconds())

    def wait(self, seconds: float) -> bool:
        """Wait, if there is the patience for it; whether there was."""
        if seconds > self.left:
            return False
        self.left -= seconds
        time.sleep(seconds)
        return True


@dataclass
class Listing:
    """What was read. ``problems`` say which pages could not be; only without any is what is missing really missing."""

    seen: dict[UUID, wire.Template] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def unreadable(self) -> set[UUID]:
        """The templates that are there, but in a form that cannot be used, as far as they have an ID."""
        return {UUID(name) for name in (broken.partition(": ")[0] for broken in self.broken) if _is_uuid(name)}


def read(client: Client, *, patience: Patience, on_page: OnPage | None = None) -> Listing:
    """Read all pages. A page that fails is passed over, and the ones after it are still read."""
    listing = Listing()
    number: int | None = 1
    last: int | None = None
    failures = 0
    while number is not None:
        page = ask(partial(client.templates, page=number), patience)
        if isinstance(page, Page):
            failures = 0
            last = page.total_pages or last
            following = page.next_page if _take(listing, page) or last is not None else None
            if on_page is not None:
                on_page(len(listing.seen), page.total_count)
        else:
            failures += 1
            listing.problems.append(_could_not_read(number, last, page))
            passes_over = isinstance(page, Unavailable) and not isinstance(page, Throttled)
            following = number + 1 if passes_over and last is not None and number < last else None
        number = _next(listing, number, following, failures)
    return listing


def ask(question: Callable[[], T], patience: Patience) -> T | CredlyError:
    """Credly's answer, asked for again where that may help; the error where it did not."""
    tried = 1
    while True:
        try:
            return question()
        except Throttled as error:
            if not patience.wait(UNNAMED_WAIT if error.retry_after is None else error.retry_after):
                return error
        except Unavailable as error:
            if tried == TRIES:
                return error
            tried += 1
            patience.wait(1.0)  # Without patience it is asked again at once: most failures are of one request only.
        except CredlyError as error:
            return error


def _take(listing: Listing, page: Page[wire.Template]) -> bool:
    """Keep what a page brought; whether that was anything new. Past its end Credly may give its last page again."""
    # Credly pages by offset, so a template created while we read shifts the rest by one. We may meet one twice.
    # One that was deleted shifts them the other way: whoever concludes that a template is gone has to look.
    before = len(listing.seen) + len(listing.broken)
    listing.seen.update({template.id: template for template in page.items})
    listing.broken.extend(broken for broken in page.broken if broken not in listing.broken)
    return len(listing.seen) + len(listing.broken) > before


def _next(listing: Listing, number: int, following: int | None, failures: int) -> int | None:
    if following is None:
        return None
    if failures >= FAILURES_IN_A_ROW:
        listing.problems.append(
            _("Too many pages failed in a row; those after page %(page)d were not asked for.") % {"page": number}
        )
        return None
    if not number < following <= MOST_PAGES:
        listing.problems.append(
            _("Credly's list of templates has no end; reading stopped after page %(page)d.") % {"page": number}
        )
        return None
    return following


def _could_not_read(number: int, last: int | None, error: CredlyError) -> str:
    if last is None:
        return _("Page %(page)d of the templates could not be read. %(error)s") % {"page": number, "error": error}
    return _("Page %(page)d of %(pages)d of the templates could not be read. %(error)s") % {
        "page": number,
        "pages": last,
        "error": error,
    }


def _is_uuid(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
