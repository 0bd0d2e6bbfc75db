"""A headless Chromium, and people who look at our pages with it."""

from __future__ import annotations

import os

import pytest
from django.test import Client
from playwright.sync_api import expect, sync_playwright

CHROMIUM = os.environ.get("CREDLY_TEST_CHROMIUM", "/usr/bin/chromium")


@pytest.fixture(scope="package")
def chromium():
    # Playwright's synchronous API runs an event loop in this thread, and Django takes that for asynchronous code.
    expect.set_options(timeout=20_000)  # A machine that has much else to do takes its time.
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            )
            yield browser
            browser.close()


@pytest.fixture
def browse(chromium, live_server, settings):
    """Open a page as somebody who is logged in; what goes wrong in its scripts, if any run, is in ``page.troubles``."""
    contexts = []

    def browse(user, path, **options):
        client = Client()
        client.force_login(user)
        contexts.append(chromium.new_context(**options))
        session = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}
        contexts[-1].add_cookies([{**session, "url": live_server.url}])
        page = contexts[-1].new_page()
        page.troubles, page.has_scripts = [], options.get("java_script_enabled", True)
        page.on("pageerror", lambda trouble: page.troubles.append(str(trouble)))
        page.goto(f"{live_server.url}{path}")
        return page

    yield browse
    for context in contexts:
        context.close()
