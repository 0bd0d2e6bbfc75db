"""What the program logs while a story is told: the expected is left to the story, everything else is shown."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Listener(logging.Handler):
    """Shows every warning and error on the error stream, but for those that the story announced and tells itself."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        self.unexpected: list[str] = []
        self._expected: tuple[str, ...] = ()

    def install(self) -> None:
        """Listen to everything that is logged in this process."""
        logging.getLogger().addHandler(self)
        # Of requests, only those that failed: browsers ask for pages that no host has.
        logging.getLogger("django.request").setLevel(logging.ERROR)

    @contextmanager
    def expecting(self, *loggers: str) -> Iterator[None]:
        """Leave what these loggers, and those below them, say to the story."""
        self._expected = loggers
        try:
            yield
        finally:
            self._expected = ()

    def emit(self, record: logging.LogRecord) -> None:
        """Show a message, with its stack trace if it has one."""
        is_expected = any(f"{record.name}.".startswith(f"{name}.") for name in self._expected)
        if is_expected and not record.exc_info:
            return
        self.unexpected.append(record.getMessage())
        sys.stderr.write(f"{self.format(record)}\n")
        sys.stderr.flush()
