"""Translators get every sentence of the rules."""

import ast
from pathlib import Path

from credly_badges import rules
from credly_badges.rules.wording import msgids


def test_every_text_that_people_can_see_is_marked_for_translation():
    marked = set()
    for module in Path(rules.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                marked.add(ast.literal_eval(node.args[0]))

    assert set(msgids()) == marked
