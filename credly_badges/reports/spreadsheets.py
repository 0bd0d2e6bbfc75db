"""What is written into the cells of a CSV file that somebody will open in a spreadsheet."""

from __future__ import annotations

import json
from typing import Any

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet takes a cell that begins like this for a formula, and runs it."""


def cell(value: Any) -> str:
    """A value as text that no spreadsheet runs."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return f"'{text}" if text.startswith(FORMULAS) else text
