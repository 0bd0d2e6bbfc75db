"""Looking at a page as a person would: is anything in the way, and what does it look like."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

from .test_pages import obstacles, overflow

PICTURES = os.environ.get("CREDLY_TEST_PICTURES", "")
"""A folder for pictures of the pages; without one none are taken.

Chromium changes the size of its window for a picture of a whole page, and may lose the next click: for looking only.
"""

LOOKS = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 800}},
    "dark-phone": {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark"},
    "right-to-left": {"viewport": {"width": 390, "height": 800}, "locale": "ar"},
}
"""On what, and how, people read."""


def follow(page, role: str, name: str) -> None:
    """Click, and wait until the page that it leads to is there."""
    with page.expect_navigation():
        page.get_by_role(role, name=name, exact=name in {"Save", "Keep", "Revoke", "Go"}).click()


def look(page, name: str) -> None:
    """See that nothing on a page stands in anybody's way, nothing runs over its edge, and no script went wrong."""
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)
    with _with_scripts(page) as seen:
        found = obstacles(seen, of_django=("#changelist-search", "#changelist-filter"))
        assert not found, f"{name}: {found}"
        assert overflow(seen) <= 0, name
    assert page.troubles == [], name


@contextmanager
def _with_scripts(page):
    """The page; or, where scripts do not run, the same words where axe-core does and the page's own do not."""
    if page.has_scripts:
        yield page
        return
    context = page.context.browser.new_context(viewport=page.viewport_size)
    copy, words, where = context.new_page(), page.content(), page.url
    copy.route(lambda url: url.split("?")[0].endswith(".js"), lambda route: route.abort())
    copy.route(lambda url: url == where, lambda route: route.fulfill(body=words, content_type="text/html"))
    copy.goto(where)
    yield copy
    context.close()
