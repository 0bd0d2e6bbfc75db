"""The page for people and the endpoints for other processes."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
import requests

from tests.simulator.conftest import Api, order

PAGES = ["/", "/organizations", "/templates", "/badges", "/events", "/requests"]
VOID = {"meta", "img", "link", "br", "input"}


class Page(HTMLParser):
    """What a browser would make of a page: its tags in order, its text, and tags that were never closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def busy(credly, api, template) -> str:
    """A simulator in which everything has happened once; gives the id of a badge."""
    credly.add_oauth_application(api.organization)
    badge = api.issue(template, issued_to_first_name="<script>alert(1)</script>").json()["data"]["id"]
    credly.before_acting("GET *", status=503)
    api.get("badges", filter='query::"><img src=x>')
    return badge


def see(credly, path: str) -> Page:
    answer = requests.get(f"{credly.origin}{path}", timeout=10)
    assert answer.status_code == 200
    return Page(answer.text)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_and_can_be_read_by_everyone(credly, busy, path):
    page = see(credly, path)

    assert page.open == []
    assert page.named("html") == [{"lang": "en"}]
    assert len(page.named("h1")) == len(page.named("main")) == 1
    assert page.named("a")[0]["href"] == "#main"
    assert [link["href"] for link in page.named("a") if link.get("aria-current")] == [path]
    assert all(head["scope"] == "col" for head in page.named("th"))
    assert len(page.named("caption")) == len(page.named("table")) > 0
    assert page.named("script") == []


@pytest.mark.parametrize("path", PAGES)
def test_what_others_wrote_is_shown_and_never_run(credly, busy, path):
    page = see(credly, path)

    assert page.named("img") == []
    assert ("<script>alert(1)</script>" in page.text) is (path in ("/", "/badges"))


def test_no_page_and_no_control_answer_shows_a_token(credly, api, busy):
    paths = [
        *PAGES,
        f"/badges/{busy}",
        *(f"/_simulator/{name}" for name in ("state", "requests", "badges", "settings")),
    ]

    everything = "".join(requests.get(f"{credly.origin}{path}", timeout=10).text for path in paths)

    assert not [token for token in credly.store.tokens if token in everything]
    assert not [each for each in credly.store.applications.values() if each.client_secret in everything]


def test_the_pages_show_what_there_is(credly, busy, template):
    assert "Data Literacy" in see(credly, "/templates").text
    assert template.uuid in see(credly, "/templates").text
    assert "badge.created" in see(credly, "/events").text
    assert "503 before acting" in see(credly, "/requests").text


def test_long_lists_have_pages(credly, at_credly):
    credly.add_templates(at_credly, 120)

    first, second, last = (see(credly, f"/templates?page={number}") for number in ("1", "2", "999"))

    assert "1 to 50 of 120" in first.text
    assert [link["rel"] for link in second.named("a") if "rel" in link] == ["prev", "next"]
    assert "101 to 120 of 120" in last.text


def test_an_empty_simulator_says_how_to_begin(credly):
    page = see(credly, "/")

    assert "No organization yet" in page.text
    assert page.named("table") == []


@pytest.mark.parametrize(("deed", "state"), [("accept", "accepted"), ("reject", "rejected")])
def test_an_earner_decides_with_a_button(credly, busy, deed, state):
    page = see(credly, f"/badges/{busy}/accept")
    action = f"/badges/{busy}/{deed}"
    assert action in [form["action"] for form in page.named("form")]

    requests.post(credly.origin + action, headers={"Origin": credly.origin}, timeout=10)

    assert credly.badge(busy)["state"] == state
    assert see(credly, f"/badges/{busy}").named("form") == []


def test_another_site_cannot_press_the_button(credly, busy):
    answer = requests.post(
        f"{credly.origin}/badges/{busy}/accept", headers={"Origin": "https://elsewhere.example"}, timeout=10
    )

    assert answer.status_code == 403
    assert credly.badge(busy)["state"] == "pending"


def test_an_unknown_badge_has_a_page_that_says_so(credly):
    answer = requests.get(f"{credly.origin}/badges/5555", timeout=10)

    assert answer.status_code == 404
    assert "There is no badge with this id" in answer.text


def test_a_template_has_a_picture(credly, api, template):
    url = api.get(f"badge_templates/{template.uuid}").json()["data"]["image_url"]

    answer = requests.get(url, timeout=10)

    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert ">DL</text>" in answer.text


class Control:
    """Another process that knows no more than an address."""

    def __init__(self, origin: str) -> None:
        self.base = f"{origin}/_simulator/"

    def get(self, path: str, **query: str):
        return requests.get(self.base + path, params=query, timeout=10).json()

    def post(self, path: str, **values):
        answer = requests.post(self.base + path, json=values, timeout=10)
        return answer.status_code, answer.json()


@pytest.fixture
def control(credly) -> Control:
    return Control(credly.origin)


def test_another_process_seeds_issues_and_counts(credly, control):
    _, made = control.post("organizations", name="Elsewhere")
    _, templates = control.post("templates", organization_id=made["id"], number=300)
    api = Api(credly.url, credly.store.organizations[made["id"]])
    api.session.auth = (made["key"], "")
    template = credly.store.templates[templates[0]["id"]]
    api.post("badges", **order(template))
    api.session.close()

    assert len(templates) == 300
    assert control.get("counters") == [{"email": "ana@example.org", "badge_template_id": template.uuid, "count": 1}]
    assert [badge["state"] for badge in control.get("badges", email="ANA@example.org")] == ["pending"]
    assert control.get("state")["badges"] == 1
    assert [record["status"] for record in control.get("requests", method="POST", path_contains="badges")] == [201]


def test_another_process_schedules_faults_and_ends_them(credly, control, api):
    control.post("faults", fault="before_acting", where="GET *", status=429, times=None, headers={"Retry-After": "3"})
    during = api.get()
    waiting = control.get("faults")
    requests.delete(control.base + "faults", timeout=10)

    assert (during.status_code, during.headers["Retry-After"]) == (429, "3")
    assert waiting == {
        "waiting": [{"where": "GET *", "what": "429 before acting", "times": None}],
        "happened": {"429 before acting": 1},
    }
    assert api.get().status_code == 200


@pytest.mark.parametrize(
    "values",
    [
        {"fault": "after_acting", "where": "*", "lose_the_answer": True},
        {"fault": "fail_randomly", "share": 0.5, "kinds": ["500"]},
        {"fault": "always", "latency": 0.01},
        {"fault": "repeat_page_item"},
    ],
)
def test_every_fault_can_be_had_over_http(control, values):
    assert control.post("faults", **values)[0] == 200


def test_another_process_changes_keys_templates_badges_and_settings(credly, control, api, template):
    badge = api.issue(template).json()["data"]["id"]
    control.post(f"badges/{badge}/accept_badge")
    control.post(f"templates/{template.uuid}/archive_template")
    control.post(f"templates/{template.uuid}/update_template", name="Renamed")
    control.post("settings", page_size=7)
    _, given = control.post(f"organizations/{api.organization.uuid}/new_key")
    control.post(f"organizations/{api.organization.uuid}/revoke_key")

    assert credly.badge(badge)["state"] == "accepted"
    assert (template.state, template.name) == ("archived", "Renamed")
    assert credly.settings.page_size == 7
    assert requests.get(api.url(), auth=(given["key"], ""), timeout=10).status_code == 401


def test_another_process_resets_everything(credly, control, api, template):
    api.issue(template)
    control.post("settings", page_size=7)

    status, state = control.post("reset")

    assert status == 200
    assert (state["organizations"], state["templates"], state["badges"], state["requests"]) == ([], 0, 0, 0)
    assert credly.settings.page_size == 50


@pytest.mark.parametrize(
    ("path", "values", "status"),
    [
        ("faults", {"fault": "explode"}, 400),
        ("faults", {"fault": "before_acting"}, 400),
        ("faults", {"fault": "after_acting", "where": "*"}, 400),
        ("settings", {"color": "red"}, 400),
        ("settings", {"page_size": "many"}, 400),
        ("templates", {"organization_id": "0a00"}, 404),
        ("templates/1111/archive_template", {}, 404),
        ("badges/5555/accept_badge", {}, 404),
        ("badges/5555/explode", {}, 404),
    ],
)
def test_a_wrong_wish_is_refused_in_a_sentence(control, path, values, status):
    answer = control.post(path, **values)

    assert answer[0] == status
    assert " " in answer[1]["error"]


@pytest.mark.parametrize(("kind", "body", "status"), [
    ("text/plain", b"{}", 415), ("application/json", b"{", 400), ("application/json", b"[]", 400),
])  # fmt: skip
def test_control_takes_json_objects_only(control, kind, body, status):
    answer = requests.post(control.base + "reset", data=body, headers={"Content-Type": kind}, timeout=10)

    assert answer.status_code == status


def test_looking_and_controlling_do_not_count_as_requests(credly, control):
    see(credly, "/")
    control.get("state")

    assert credly.requests() == []
