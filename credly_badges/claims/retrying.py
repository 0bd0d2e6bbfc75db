"""Doing a thing once more where another transaction got in its way."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection

TRIES = 5
LONGEST_PAUSE = 0.05

# A deadlock, and MariaDB's word for a row that was changed since the transaction first read it (11.6.2 and later).
_DISTURBED = frozenset({1213, 1020})

T = TypeVar("T")


def undisturbed(do: Callable[[], T]) -> T:
    """Do something that is one transaction; where the database took it back for another one's sake, do it again.

    Inside of somebody else's transaction there is one try: it is all of it that would have to be done again.
    """
    tries = 1 if connection.in_atomic_block else TRIES
    while True:
        tries -= 1
        try:
            return do()
        except OperationalError as error:
            if not tries or not error.args or error.args[0] not in _DISTURBED:
                raise
        time.sleep(random.uniform(0, LONGEST_PAUSE))  # noqa: S311 (no secret)
