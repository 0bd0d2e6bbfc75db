"""How the story is told: numbered chapters, sentences, and figures that are checked."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable
from typing import Any, TextIO

WIDTH = 100
INDENT = "   "
RIGHT, WRONG = "✓", "✗"
BOLD, DIM, GREEN, RED, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[31m", "\x1b[0m"


class Teller:
    """Writes the story down, and remembers every figure that was not as it should be."""

    def __init__(self, stream: TextIO) -> None:
        self.failures: list[str] = []
        self.checked = 0
        self._stream = stream
        self._chapter = 0
        self._right, self._wrong = (RIGHT, WRONG) if _can_write(stream, RIGHT + WRONG) else ("ok", "BAD")
        # https://no-color.org: any value but the empty one.
        self._colors = stream.isatty() and not os.environ.get("NO_COLOR")

    def title(self, text: str) -> None:
        """What it is all about."""
        self._line(self._in(BOLD, text))

    def part(self, title: str) -> None:
        """Begin a part, which has several chapters."""
        self._line("")
        self._line(self._in(BOLD, f"── {title} ".ljust(WIDTH, "─") if self._right == RIGHT else f"== {title}"))

    def chapter(self, title: str) -> None:
        """Begin the next chapter."""
        self._chapter += 1
        self._line("")
        self._line(self._in(BOLD, f"{self._chapter}. {title}"))

    def say(self, text: str) -> None:
        """A sentence or several, indented and wrapped."""
        self._line(textwrap.fill(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT))

    def quote(self, lines: Iterable[str]) -> None:
        """What the program itself printed or answered, line by line."""
        for line in lines:
            beyond = f"{INDENT}| {' ' * (len(line) - len(line.lstrip()))}"
            wrapped = textwrap.wrap(line, WIDTH, initial_indent=f"{INDENT}| ", subsequent_indent=beyond)
            for part in wrapped:
                self._line(self._in(DIM, part))

    def table(self, rows: Iterable[tuple[str, str]]) -> None:
        """Names and what belongs to them, in two columns."""
        rows = list(rows)
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            self._line(f"{INDENT}{name.ljust(width)}   {value}")

    def check(self, claim: str, seen: Any, due: Any) -> None:
        """State a figure that was just read; it counts as a failure where it is not what it should be."""
        self.checked += 1
        if seen == due:
            self._line(f"{INDENT}{self._in(GREEN, self._right)} {claim}: {_shown(seen)}")
            return
        self.failures.append(f"{claim}: {_shown(seen)}, and it should be {_shown(due)}")
        self._line(f"{INDENT}{self._in(RED, self._wrong)} {self._in(RED, self.failures[-1])}")

    def conclude(self) -> int:
        """Say how it went, and give the exit code: 0 where every figure was as it should be, else 1."""
        self._line("")
        if not self.failures:
            self._line(self._in(BOLD, f"All {self.checked} figures that were checked are as they should be."))
            return 0
        self._line(self._in(RED, f"{len(self.failures)} of {self.checked} figures are not as they should be:"))
        for failure in self.failures:
            self._line(f"{INDENT}{self._wrong} {failure}")
        return 1

    def _in(self, style: str, text: str) -> str:
        return f"{style}{text}{PLAIN}" if self._colors else text

    def _line(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in sorted(value.items())) or "none"
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
