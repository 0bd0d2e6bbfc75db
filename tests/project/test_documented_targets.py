"""Whoever reads of a ``make`` target finds it in the Makefile."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.rst", *sorted((ROOT / "docs").rglob("*.rst"))]
# In literal text or at the start of an example's line; "make one with" in a sentence is no command.
COMMAND = re.compile(r"(?:``|^ {2,}\$? ?)make ([a-z][a-z_-]*)", re.MULTILINE)


def targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z_-]*):(?!=)", makefile, re.MULTILINE))


def test_the_readme_shows_both_commands_on_its_first_screen():
    first_screen = "\n".join((ROOT / "README.rst").read_text(encoding="utf-8").splitlines()[:24])

    assert {"demo", "test"} <= set(COMMAND.findall(first_screen))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_target_that_is_named_exists(page):
    named = set(COMMAND.findall(page.read_text(encoding="utf-8")))

    assert named <= targets()
