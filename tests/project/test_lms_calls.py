"""The page that lists the calls into edx-platform lists all of them."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
EDX_PLATFORM = ("common.", "edx_name_affirmation.", "lms.", "openedx.", "xmodule.")


def test_every_call_into_edx_platform_is_on_the_page():
    tree = ast.parse((ROOT / "credly_badges" / "lms" / "edx_platform.py").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "references" / "lms_calls.rst").read_text(encoding="utf-8")

    asked = [
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(EDX_PLATFORM)
        for alias in node.names
    ]

    assert len(set(asked)) == 12
    assert [name for name in asked if f"``{name}" not in page] == []
