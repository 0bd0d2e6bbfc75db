"""SQLite whose transactions take the right to write when they begin, so that the next one waits for it.

Otherwise SQLite gives up at once where a transaction that has read wants to write and another was faster. Django has
an option for this from 5.1 on, ``transaction_mode``; this serves the releases before it too.
"""

from __future__ import annotations

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, but for how a transaction begins."""

    def _start_transaction_under_autocommit(self) -> None:
        self.cursor().execute("BEGIN IMMEDIATE")
