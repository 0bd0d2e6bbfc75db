"""Files for spreadsheets: where a command writes them, and what is written into their cells, which the doors share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from ..reports.spreadsheets import cell

__all__ = ["cell", "opened"]


@contextmanager
def opened(name: str, stdout: Any) -> Iterator[TextIO]:
    """A file to write CSV to; “-” is the standard output. Raises CommandError where it cannot be written."""
    if name == "-":
        yield _Lines(stdout)  # type: ignore[misc]  # as far as the csv module needs it
        return
    try:
        with Path(name).open("w", newline="", encoding="utf-8") as file:
            yield file
    except OSError as error:
        raise CommandError(_("The CSV file could not be written: %(error)s") % {"error": error}) from None


class _Lines:
    """Django's standard output, which would end each text with a line break of its own."""

    def __init__(self, out: Any) -> None:
        self._out = out

    def write(self, text: str) -> None:
        """As it is."""
        self._out.write(text, ending="")
