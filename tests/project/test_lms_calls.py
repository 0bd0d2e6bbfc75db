"""The page that lists the calls into edx-platform lists all of them."""

import ast
from pathlib import Path

from credly_badges.lms import Backend

ROOT = Path(__file__).parents[2]
EDX_PLATFORM = ("common.", "completion.", "edx_name_affirmation.", "lms.", "openedx.", "xmodule.")


def test_every_call_into_edx_platform_is_on_the_page():
    page = (ROOT / "docs" / "references" / "lms_calls.rst").read_text(encoding="utf-8")

    asked = {
        f"{node.module}.{alias.name}"
        for module in (ROOT / "credly_badges" / "lms").glob("edx_*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(EDX_PLATFORM)
        for alias in node.names
    }

    assert len(asked) == 23
    assert sorted(name for name in asked if f"``{name}" not in page) == []


def test_every_question_to_a_backend_is_on_the_page():
    page = (ROOT / "docs" / "references" / "lms_calls.rst").read_text(encoding="utf-8")

    questions = [name for name in vars(Backend) if not name.startswith("_")]

    assert [name for name in questions if f"def {name}(self" not in page] == []
