"""Every code of the REST API's refusals is explained, with the status that it comes with, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from credly_badges.rest_api.v1.errors import CODES

PAGE = Path(__file__).parents[2] / "docs/references/api_errors.rst"
ROW = re.compile(
    r"^   \* - ``(?P<code>[A-Z_]+)``\n     - (?P<status>\d{3})\n"
    r"     - (?P<means>.+?)\n     - (?P<do>.+?)(?=\n   \* -|\n\n)",
    re.MULTILINE | re.DOTALL,
)
ROWS = {row["code"]: row for row in ROW.finditer(PAGE.read_text(encoding="utf-8"))}


def test_the_page_explains_each_code_with_its_status():
    assert {code: int(row["status"]) for code, row in ROWS.items()} == {
        code: int(status) for status, code in CODES.items()
    }


@pytest.mark.parametrize("code", CODES.values())
def test_each_code_says_what_it_means_and_what_to_do(code):
    assert len(ROWS[code]["means"].split()) > 5
    assert len(ROWS[code]["do"].split()) >= 3
