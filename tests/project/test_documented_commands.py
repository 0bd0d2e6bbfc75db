"""What the documentation says of commands and checks is what they are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import load_command_class

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.rst", *(path for path in (ROOT / "docs").rglob("*.rst") if "_build" not in path.parts)]


def in_whole_lines(path: Path) -> str:
    """A document in which a command that goes on in the next line is one line, as a shell reads it."""
    return re.sub(r"\\\n\s*", "", path.read_text(encoding="utf-8"))


CALLS = sorted(
    {
        (str(path.relative_to(ROOT)), call)
        for path in DOCUMENTS
        for call in re.findall(r"manage\.py lms (credly_\w+[^`\n“”>]*)", in_whole_lines(path))
    }
)


def test_the_documentation_shows_every_command():
    shown = {call.split()[0] for _path, call in CALLS}

    assert shown >= {"credly_sync", "credly_outbox", "credly_doctor"}


@pytest.mark.parametrize(("path", "call"), CALLS)
def test_each_command_in_the_documentation_can_be_run_as_it_is_written(path, call):
    name, *arguments = shlex.split(call.strip().rstrip("."))

    parsed = load_command_class("credly_badges", name).create_parser("manage.py", name).parse_args(arguments)

    assert parsed.json is False or "--json" in arguments


def test_every_number_of_a_check_is_explained_and_no_other():
    given = set(re.findall(r"credly_badges\.[EW]\d{3}", (ROOT / "credly_badges/checks.py").read_text(encoding="utf-8")))
    explained = re.findall(
        r"\* - ``(credly_badges\.[EW]\d{3})``", (ROOT / "docs/references/checks.rst").read_text(encoding="utf-8")
    )

    assert sorted(explained) == sorted(given)
