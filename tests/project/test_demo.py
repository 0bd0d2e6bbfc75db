"""The demonstration, as somebody sees it who runs it."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
import requests

from demo.log import Listener
from demo.telling import Teller

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-u", "-m", "demo"]
SECONDS = 120
READING, TELLING = "course-v1:ExampleU+DL101+2026", "course-v1:ExampleU+DL102+2026"


@pytest.fixture
def surroundings(tmp_path):
    """What the demonstration finds around it: a folder for what it must not leave behind, and no terminal."""
    return _surroundings(tmp_path)


def _surroundings(folder):
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "CREDLY_"))}
    return {**ours, "TMPDIR": str(folder), "PYTHONUTF8": "1"}


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What the demonstration printed that was left running; in the end it is stopped, as by Ctrl-C."""
    folder = tmp_path_factory.mktemp("served")
    with serving(_surroundings(folder)) as text:
        yield text
    assert not list(folder.iterdir())


@contextmanager
def serving(surroundings):
    """The demonstration, for as long as the block runs."""
    process = subprocess.Popen(
        [*COMMAND, "--serve", "--port", "0"],
        cwd=ROOT, env=surroundings, text=True, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        printed = ""
        for line in process.stdout:
            printed += line
            if "Press Ctrl-C" in line:
                break
        else:
            pytest.fail(f"It ended with {process.wait()}:\n{printed}")
        yield printed
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
        assert (process.returncode, rest.strip()) == (0, "Stopped. Nothing is left behind.")
    finally:
        process.kill()
        process.wait()


def run(*arguments, surroundings):
    """The demonstration, to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT, env=surroundings, capture_output=True, encoding="utf-8", timeout=SECONDS, check=False,
    )  # fmt: skip


class Visitor:
    """Somebody with a browser."""

    def __init__(self, printed):
        self.home = re.search(r"Start here\s+(\S+)", printed)[1]
        self.credly = re.search(r"Credly's side\s+(\S+)", printed)[1]
        self.passwords = dict(re.findall(r"(admin|viewer|trainer) / (\S+)", printed))
        self.session = requests.Session()

    def asks_for(self, path):
        return self.session.get(self.home + path, timeout=30)

    def sees(self, path=""):
        answer = self.asks_for(path)
        assert answer.status_code == 200
        return answer.text

    def presses(self, form, /, page="", **values):
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.sees(page))[1]
        data = {"csrfmiddlewaretoken": token, **values}
        return self.session.post(self.home + form, data=data, timeout=30)

    def logs_in_as(self, name):
        return self.presses("login/", "login/", username=name, password=self.passwords[name])

    def badges_at_credly(self, email):
        found = requests.get(f"{self.credly}_simulator/badges", {"email": email}, timeout=30).json()
        return [(badge["badge_template"]["name"], badge["state"]) for badge in found]


def test_the_demonstration_tells_a_story_in_which_every_figure_is_right(surroundings, tmp_path):
    done = run(surroundings=surroundings)

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    figures = [line.strip() for line in done.stdout.splitlines() if line.startswith("   ✓")]
    chapters = [line for line in done.stdout.splitlines() if re.match(r"\d+\. ", line)]
    assert not [line for line in done.stdout.splitlines() if line.startswith("   ✗")]
    assert f"All {len(figures)} figures that were checked are as they should be." in done.stdout
    assert [int(chapter.split(".")[0]) for chapter in chapters] == list(range(1, len(chapters) + 1))
    assert {
        "✓ Templates here: 7",
        "✓ Progress: 50 %",
        "✓ Progress: 100 %",
        "✓ Requests that the repetitions cost: 0",
        "✓ Badges that the LMS holds for issued: 5",
        "✓ Badges that Credly has: 5",
        "✓ Most badges of one template that any one learner was ever issued: 1",
        "✓ Her award in the LMS: accepted",
        "✓ Awards that it changed: 0",
        "✓ José's badges at Credly: revoked, pending",
        "✓ Suharti's, as the admin shows it: expired (offered)",
        "✓ Differences found: deleted 1, state 1, unknown_here 1",
        "✓ Differences found: none",
        "✓ Requests in the next second and a half: 0",
        "✓ Without a key: UNAUTHORIZED",
        "✓ Different answers: 1",
        "✓ Messages: award.issued",
        "✓ Messages that name her: 0",
        "✓ The answers: 201, 409",
        "✓ Both are; his application: approved",
        "✓ Learners whom the page names: none",
        "✓ What needs somebody: dead_letters",
        "✓ Badges on which the LMS and Credly differ: 0",
    } <= set(figures)
    assert "\x1b" not in done.stdout  # No colors where no terminal is.
    assert not list(tmp_path.iterdir())


def test_a_visitor_lets_a_learner_pass_and_finds_the_badge_at_credly(printed):
    visitor = Visitor(printed)

    for course in (READING, TELLING):
        visitor.presses("learner/", learner="siobhan", course=course, outcome="passes")

    assert visitor.badges_at_credly("siobhan@example.org") == [("Data Literacy", "pending")]
    assert (
        "The LMS said: Siobhán Kelly fails"
        in visitor.presses("learner/", learner="siobhan", course=READING, outcome="fails").text
    )


def test_a_visitor_accepts_a_badge_at_credly_and_sees_it_in_the_admin(printed):
    visitor = Visitor(printed)
    visitor.logs_in_as("admin")
    offered = re.search(r'href="([^"]+)/accept">accept', visitor.sees().partition('row">Lars Bakke')[2])[1]
    waits = visitor.sees("admin/credly_badges/badgeaward/?q=lars")

    requests.post(f"{offered}/accept", headers={"Origin": visitor.credly.rstrip("/")}, timeout=30)

    assert 'field-state_shown">accepted<' not in waits
    assert eventually(lambda: 'field-state_shown">accepted<' in visitor.sees("admin/credly_badges/badgeaward/?q=lars"))
    assert "The award was brought to what Credly says." in visitor.sees("admin/credly_badges/credlynotice/")


def test_what_was_done_at_credly_unheard_is_found_by_comparing(printed):
    visitor = Visitor(printed)
    visitor.logs_in_as("admin")
    page = "admin/credly_badges/reconcilerun/begin/"
    organization = re.search(r'<option value="(\d+)"[^>]*>Example University', visitor.sees(page))[1]

    told = visitor.presses("credly/", mood="tidy").text
    visitor.presses(page, page, organization=organization)

    assert "was revoked and" in told
    found = visitor.sees("admin/credly_badges/reconciledifference/")
    assert "Credly has it in another state" in found
    assert "Credly does not have it any more" in found


def test_the_staff_of_a_course_see_its_badges_and_the_staff_of_the_site_how_it_is(printed):
    trainer, viewer = Visitor(printed), Visitor(printed)
    links = dict(re.findall(r'class="button" href="/([^"]*)">([^<]+)<', viewer.sees()))

    trainer.logs_in_as("trainer")
    viewer.logs_in_as("viewer")

    course, health = (next(link for link, text in links.items() if word in text) for word in ("staff", "Health"))
    assert "Badges of “First Aid at Work”" in trainer.sees(course)
    assert trainer.asks_for(health).status_code == 404
    assert "1 message needs a person." in viewer.asks_for(health).text


def test_a_visitor_may_say_the_grade(printed):
    visitor = Visitor(printed)

    told = visitor.presses("learner/", learner="siobhan", course=TELLING, outcome="passes", grade="85").text
    refused = visitor.presses("learner/", learner="siobhan", course=TELLING, outcome="passes", grade="101").text

    assert "The LMS said: Siobhán Kelly passes “Telling Stories with Data” with 85 %." in told
    assert "a grade from 0 to 100" in refused
    visitor.logs_in_as("admin")
    assert "Course grade" in visitor.sees("admin/credly_badges/receivedevent/")


def test_a_visitor_connects_another_organization(printed):
    visitor = Visitor(printed)
    visitor.logs_in_as("admin")
    there = re.search(r"its ID is (\S+), .* its API key ([\w-]+)", visitor.presses("credly/", mood="another").text)
    page = "admin/credly_badges/credlyorganization/add/"

    connected = visitor.presses(
        page, page, uuid=there[1], environment="simulator", new_api_key=there[2], description=""
    )

    assert "it belongs to Evening School" in connected.text


def test_the_host_left_running_tries_again_by_itself(printed):
    visitor = Visitor(printed)
    visitor.presses("credly/", mood="away")

    for course in (READING, TELLING):
        visitor.presses("learner/", learner="kwame", course=course, outcome="passes")
    assert "Data Literacy" not in dict(visitor.badges_at_credly("kwame@example.org"))

    assert eventually(lambda: dict(visitor.badges_at_credly("kwame@example.org")).get("Data Literacy")) == "pending"


def test_the_host_left_running_has_an_admin_with_its_styles_and_something_to_look_at(printed):
    admin, viewer = Visitor(printed), Visitor(printed)

    admin.logs_in_as("admin")
    viewer.logs_in_as("viewer")

    dead = admin.sees("admin/credly_badges/outboxmessage/?state__exact=dead")
    assert "Badge template is archived" in dead
    assert "1 outbox message" in dead
    assert admin.sees("static/credly_badges/admin/subject.css")
    assert admin.sees("admin/credly_badges/credlyorganization/add/")
    assert viewer.sees("admin/credly_badges/credlyorganization/")
    assert viewer.asks_for("admin/credly_badges/credlyorganization/add/").status_code == 403


def test_a_taken_port_is_said_in_a_sentence(surroundings, printed):
    taken = re.search(r"Start here\s+\S+:(\d+)/", printed)[1]

    done = run("--serve", "--port", taken, surroundings=surroundings)

    assert (done.returncode, done.stderr) == (2, "")
    assert f"Cannot listen on port {taken}" in done.stdout


def test_a_wrong_figure_is_named_and_ends_the_story_with_1():
    written = StringIO()
    teller = Teller(written)

    teller.check("Badges at Credly", 1, 1)
    teller.check("Badges at Credly", 2, 1)

    assert teller.conclude() == 1
    assert "1 of 2 figures are not as they should be:" in written.getvalue()
    assert written.getvalue().endswith("✗ Badges at Credly: 2, and it should be 1\n")


def test_an_error_that_the_story_did_not_announce_is_shown_with_its_trace(capsys):
    listener, log = Listener(), logging.getLogger("somebody")
    log.addHandler(listener)

    with listener.expecting("somebody"):
        log.error("The key was rejected.")
    log.error("Something went wrong.", exc_info=ValueError("a surprise"))
    log.removeHandler(listener)

    shown = capsys.readouterr().err
    assert listener.unexpected == ["Something went wrong."]
    assert "ValueError: a surprise" in shown
    assert "The key was rejected." not in shown


def eventually(look, seconds=30):
    """What there is to see, as soon as there is anything."""
    end = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(0.2)
    return seen
