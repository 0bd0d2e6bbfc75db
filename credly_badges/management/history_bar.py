"""How far a reading of history is, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Max
from tqdm import tqdm

from ..events.runs import OnChunk
from ..models import HistoryRun


@contextmanager
def bar(run: HistoryRun, stderr: Any, *shown: str) -> Iterator[OnChunk]:
    """A bar over the learners' numbers, which move on with each portion; ``shown`` are counts to show beside it."""
    last: int | None = get_user_model().objects.aggregate(last=Max("pk"))["last"]
    # ``disable=None`` leaves the bar away where nobody watches: in a pipe, under cron.
    with tqdm(
        desc=str(run.template), unit="learner", leave=False, disable=None, file=stderr, total=last, initial=run.cursor
    ) as shown_bar:

        def show(run: HistoryRun) -> None:
            counts = {name.replace("_", " "): run.counts.get(name, 0) for name in ("rows", *shown)}
            shown_bar.set_postfix(counts, refresh=False)
            shown_bar.update(min(run.cursor, last or run.cursor) - shown_bar.n)

        yield show
