"""A small client of the simulator, so that a test is one request and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from credly_badges.testing.simulator import Organization, Simulator, Template


class Api:
    """Speaks for one organization; paths start behind its id unless they start with a slash."""

    def __init__(self, base: str, organization: Organization) -> None:
        self.base = base
        self.organization = organization
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = (organization.key, "")

    def url(self, path: str = "") -> str:
        if path.startswith("http"):
            return path
        if path.startswith("/"):
            return f"{self.base}{path}"
        return f"{self.base}/organizations/{self.organization.uuid}/{path}".rstrip("/")

    def ask(self, method: str, path: str = "", **kwargs: Any) -> requests.Response:
        return self.session.request(method, self.url(path), timeout=10, **kwargs)

    def get(self, path: str = "", **query: str) -> requests.Response:
        return self.ask("GET", path, params=query)

    def post(self, path: str, **values: Any) -> requests.Response:
        return self.ask("POST", path, json=values)

    def put(self, path: str, **values: Any) -> requests.Response:
        return self.ask("PUT", path, json=values)

    def delete(self, path: str) -> requests.Response:
        return self.ask("DELETE", path)

    def issue(self, template: Template, email: str = "ana@example.org", **values: Any) -> requests.Response:
        return self.post("badges", **order(template, email, **values))


def order(template: Template, email: str = "ana@example.org", **values: Any) -> dict[str, Any]:
    """What an issuer must send for a badge."""
    return {
        "recipient_email": email,
        "issued_to_first_name": "Ana",
        "issued_to_last_name": "Ng",
        "badge_template_id": template.uuid,
        "issued_at": "2026-05-01 09:59:58 +0200",
        **values,
    }


@pytest.fixture
def template(credly: Simulator, at_credly: Organization) -> Template:
    return credly.add_template(at_credly, "Data Literacy")


@pytest.fixture
def api(credly: Simulator, at_credly: Organization) -> Iterator[Api]:
    client = Api(credly.url, at_credly)
    yield client
    client.session.close()
