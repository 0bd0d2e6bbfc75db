"""The quickstart of the REST API, run line by line against a site that runs."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.running_site import ROOT, RunningSite

PAGE = ROOT / "docs/quickstarts/rest_api.rst"
BLOCK = re.compile(r"^\.\. code-block:: (?P<kind>bash|json)\n\n(?P<text>(?:   .*\n|\n)+)", re.MULTILINE)
BLOCKS = [(found["kind"], textwrap.dedent(found["text"])) for found in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]
MARK = "=-=-=-="

# In an LMS the command is "./manage.py lms …"; the host of the tests knows no "lms".
MANAGE = """#!/bin/sh
shift
exec {python} -m django "$@"
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory, module_credly) -> RunningSite:
    folder = tmp_path_factory.mktemp("site")
    site = RunningSite(folder, module_credly, module_credly.add_organization("Example University"))
    site.make_tables()
    site.fill(None, ["Data Literacy"], ["lea"])
    manage = folder / "manage.py"
    manage.write_text(MANAGE.format(python=sys.executable))
    manage.chmod(0o755)
    (folder / "docs").symlink_to(ROOT / "docs")
    with site.serving():
        yield site


@pytest.fixture(scope="module")
def module_credly():
    from credly_badges.testing.simulator import Simulator

    simulator = Simulator()
    with simulator.serve():
        yield simulator


@pytest.fixture(scope="module")
def answers(site) -> list[str]:
    """What each of the page's blocks of commands printed, run one after the other in one shell."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    script = f"\necho '{MARK}'\n".join(text for kind, text in BLOCKS if kind == "bash")
    script = script.replace("http://localhost:8000", site.address).replace("8900", port)
    environment = {**site.environment, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", f"trap 'kill $(jobs -p)' EXIT\n{script}"], cwd=site.folder,
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split(f"{MARK}\n")


def test_every_line_of_the_quickstart_does_what_the_page_says(site, answers):
    _begun, _key, badges, badge, issued, state, code, claimed, subscribed, told, revoked = answers

    award = json.loads(issued)["id"]
    assert json.loads(badge) == json.loads(badges)["data"][0]
    assert state == "offered\n"
    assert claimed.strip() == award
    assert f"}}{site.address}/badges/claim/" in code
    assert (site.folder / "code.svg").read_text().startswith("<svg")
    assert json.loads(subscribed)["secret"].startswith("whsec_")
    assert told.splitlines()[0] == "True"
    assert '"type": "test"' in told
    assert "opens nothing any more" in revoked
    assert [each["recipient_email"] for each in site.credly.badges()] == ["lea@example.org"]


def test_the_answers_that_the_quickstart_shows_have_the_shape_of_the_real_ones(answers):
    shown = next(json.loads(text) for kind, text in BLOCKS if kind == "json")

    assert shape(json.loads(answers[2])) == shape(shown)


def shape(value):
    """The names in a JSON value, in order, and what is within each."""
    if isinstance(value, dict):
        return [(name, shape(inner)) for name, inner in value.items()]
    return [shape(value[0])] if isinstance(value, list) and value else None
