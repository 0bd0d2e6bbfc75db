"""Settings, the command, and how much one simulator can take."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

import pytest
import requests

from credly_badges.testing.simulator import SettingsError, Simulator, SimulatorSettings
from tests.simulator.conftest import Api, order

DOCS = Path(__file__).parents[2] / "docs" / "how_tos" / "simulator.rst"


def test_settings_come_from_variables():
    settings = SimulatorSettings.from_environment(
        {
            "CREDLY_SIMULATOR_PAGE_SIZE": "10",
            "CREDLY_SIMULATOR_LENIENT_BASIC": "false",
            "CREDLY_SIMULATOR_PAGE_PAST_END": "404",
            "CREDLY_SIMULATOR_BULK_LAG": "2",
            "HOME": "/root",
        }
    )

    assert (settings.page_size, settings.lenient_basic, settings.page_past_end) == (10, False, "404")
    assert settings.bulk_lag == 2.0


def test_settings_come_from_a_file(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text('{"rate_limit": 60}')

    assert SimulatorSettings.from_file(path).rate_limit == 60


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("color", "red", "There is no simulator setting 'color'"),
        ("page_size", "ten", "page_size takes a int"),
        ("page_size", True, "page_size takes a int"),
        ("lenient_basic", 1, "lenient_basic takes a bool"),
        ("foreign_org_status", 500, "foreign_org_status is one of 401, 403, 404"),
    ],
)
def test_a_wrong_setting_is_refused_and_changes_nothing(name, value, words):
    settings = SimulatorSettings()

    with pytest.raises(SettingsError, match=words):
        settings.change(bulk_lag=5.0, **{name: value})

    assert settings == SimulatorSettings()


def test_a_settings_file_must_hold_one_object(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text("[]")

    with pytest.raises(SettingsError, match="one JSON object"):
        SimulatorSettings.from_file(path)


def test_every_setting_stands_in_the_documentation_with_its_default():
    documented = dict(re.findall(r"^   \* - ``(\w+)``\n     - ``(.*)``$", DOCS.read_text(), re.MULTILINE))

    expected = {field.name: json.dumps(field.default) for field in dataclasses.fields(SimulatorSettings)}
    assert documented == expected


@pytest.fixture
def command(tmp_path):
    """Starts the command as a person would, and ends it with Ctrl+C; gives the lines it printed."""
    started = []

    def start(*arguments: str) -> list[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "credly_badges.testing.simulator", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "CREDLY_SIMULATOR_PAGE_SIZE": "2"},
        )
        started.append(process)
        lines: list[str] = []
        while not lines or "Ctrl+C" not in lines[-1]:
            line = process.stdout.readline()
            assert line, "The command ended early."
            lines.append(line.strip())
        return lines

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        process.stdout.close()


def test_the_command_serves_a_seeded_simulator_and_prints_what_is_needed(command):
    lines = command("--seed", "demo")
    page, api = (line.split()[1] for line in lines[:2])
    key = next(line.split()[2] for line in lines if line.startswith("API key"))
    identity = next(line.split()[1] for line in lines if line.startswith("Id"))

    answer = requests.get(f"{api}/organizations/{identity}/badge_templates", auth=(key, ""), timeout=10)
    shown = requests.get(page, timeout=10).text

    assert answer.json()["metadata"]["per"] == 2
    assert answer.json()["data"][0]["url"].startswith(page.rstrip("/"))
    assert "Example University" in shown
    assert key not in shown


@pytest.mark.parametrize(("arguments", "status"), [(["--settings", "/nowhere.json"], 2), (["--port", "{taken}"], 1)])
def test_the_command_says_why_it_cannot_start(credly, arguments, status):
    taken = credly.origin.rsplit(":", 1)[1]
    command = [
        sys.executable,
        "-m",
        "credly_badges.testing.simulator",
        *(each.format(taken=taken) for each in arguments),
    ]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert ended.returncode == status
    assert re.match(r"(Cannot listen|The settings cannot be used)", ended.stderr)
    assert "Traceback" not in ended.stderr


def test_a_simulator_can_be_started_stopped_and_started_again():
    simulator = Simulator()
    simulator.start()
    first = simulator.url
    organization = simulator.add_organization()
    simulator.stop()

    with pytest.raises(RuntimeError, match="not serving"):
        _ = simulator.url
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{first}/organizations", timeout=10)
    with simulator.serve() as again:
        answer = requests.get(f"{again.url}/organizations", auth=(organization.key, ""), timeout=10)
    assert answer.json()["data"][0]["id"] == organization.uuid


def test_stopping_lets_go_of_requests_that_are_held():
    with Simulator().serve() as simulator:
        organization = simulator.add_organization()
        api = Api(simulator.url, organization)
        template = simulator.add_template(organization)
        simulator.after_acting("POST /badges", lose_the_answer="timeout", timeout_seconds=60)
        with ThreadPoolExecutor(1) as pool, api.session:
            held = pool.submit(api.issue, template)
            while not simulator.badges():
                sleep(0.01)
            start = monotonic()
            simulator.stop()

            with pytest.raises(requests.ConnectionError):
                held.result(timeout=10)

    assert monotonic() - start < 5
    assert simulator.badges_of("ana@example.org") == [template.uuid]


def test_urls_read_from_python_lead_to_the_running_simulator(credly, api, template):
    badge = credly.badge(api.issue(template).json()["data"]["id"])

    assert requests.get(badge["image_url"], timeout=10).status_code == 200


def test_ten_clients_at_once_never_make_a_duplicate(credly, at_credly, template):
    def ask(place: int) -> int:
        api = Api(credly.url, at_credly)
        with api.session:
            return api.issue(template, f"e{place % 20}@example.org", issuer_earner_id=f"u-{place % 20}").status_code

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(ask, range(200)))

    assert (statuses.count(201), statuses.count(422)) == (20, 180)
    assert set(credly.counters().values()) == {1}


def test_a_badge_takes_little_memory_and_what_is_remembered_of_the_past_is_bounded():
    simulator = Simulator(SimulatorSettings(event_retention=100, request_log_size=100))
    organization = simulator.add_organization()
    template = simulator.add_template(organization)
    tracemalloc.start()

    for place in range(2_000):
        simulator.issue_badge(organization, **order(template, f"e{place}@example.org"))
    after_two_thousand, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert after_two_thousand / 2_000 < 4_000, "bytes per badge: 100,000 badges stay under 400 MB"
    assert len(simulator.events()) == 100
