"""Reading a list, as JSON or as a CSV file. What is wrong in a row is said of that row; no query, no clock."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from ..awards import given

MOST_ROWS = 5_000
SEPARATORS = ",;\t"

FIELDS = ("learner", "earnedAt", "evidence", "narrative")
COLUMNS = ("learner", "earned_at", "evidence_name", "evidence_url", "narrative")
LINK = ("name", "url", "description")


class NotReadable(ValueError):
    """The list as a whole cannot be read; ``sentence`` says why. ``too_long``: it has more rows than are taken."""

    def __init__(self, sentence: str, *, too_long: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.too_long = too_long


@dataclass(frozen=True)
class Given:
    """One row as it was given. ``number`` counts from 1; in a file it is the row as a spreadsheet numbers it.

    Without ``earned_at`` it is the moment at which the badge is issued. ``error`` keeps it from that.
    """

    number: int
    entry: str
    earned_at: datetime | None = None
    evidence: tuple[dict[str, str], ...] = ()
    error: str = ""


def from_json(rows: Any, *, now: datetime) -> list[Given]:
    """The rows of a body in JSON. Raises NotReadable."""
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise NotReadable(_("“rows” has to be a list of objects, each with a “learner”."))
    _see_how_many(len(rows))
    return [_read(number, row, _of_object, now) for number, row in enumerate(rows, start=1)]


def from_csv(body: bytes, *, now: datetime) -> list[Given]:
    """The rows of a CSV file in UTF-8, between commas, semicolons or tabs. Raises NotReadable."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotReadable(
            _("The file is not in UTF-8. In a spreadsheet, choose “CSV UTF-8” when you save it.")
        ) from None
    records = _records(text)
    names = _columns(next(records, (0, []))[1])
    found = []
    for number, cells in records:
        found.append(_read(number, _named(names, cells), _of_record, now))
        _see_how_many(len(found))
    _see_how_many(len(found))
    return found


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not empty, with its number."""
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise NotReadable(
            _("The file cannot be read as CSV after line %(line)d: %(error)s.") % {
                "line": reader.line_num, "error": error,
            }
        ) from None  # fmt: skip


def _columns(header: Sequence[str]) -> list[str]:
    names = [name.strip().lower() for name in header]
    known = {"known": ", ".join(COLUMNS)}
    if "learner" not in names:
        raise NotReadable(
            _("The first row has to name the columns, among them “learner”. Known are: %(known)s.") % known
        )
    for name in names:
        if name not in COLUMNS:
            raise NotReadable(_("There is no column “%(name)s”. Known are: %(known)s.") % {"name": name[:100], **known})
        if names.count(name) > 1:
            raise NotReadable(_("The column “%(name)s” is there more than once.") % {"name": name})
    return names


def _named(names: Sequence[str], cells: Sequence[str]) -> dict[str | None, Any]:
    named: dict[str | None, Any] = dict(zip(names, cells, strict=False))
    if any(cell.strip() for cell in cells[len(names) :]):
        named[None] = cells[len(names) :]
    return named


def _see_how_many(rows: int) -> None:
    if not rows:
        raise NotReadable(_("There is no row in the list."))
    if rows > MOST_ROWS:
        said = _("At most %(most)d rows are taken at once. Send it in parts.")
        raise NotReadable(said % {"most": MOST_ROWS}, too_long=True)


Reader = Callable[[Any, datetime], tuple[datetime | None, list[dict[str, str]]]]


def _read(number: int, row: Any, reader: Reader, now: datetime) -> Given:
    learner = row.get("learner") if isinstance(row, Mapping) else None
    entry = learner.strip() if isinstance(learner, str) else ""
    # As much as can be shown of what was sent, whatever it is.
    shown = entry.replace("\0", "\N{REPLACEMENT CHARACTER}")[: given.LONGEST_ENTRY]
    try:
        _see_that_it_names_somebody(row)
        earned_at, evidence = reader(row, now)
    except given.NotTaken as refusal:
        return Given(number, shown, error=refusal.sentence)
    return Given(number, entry, earned_at, tuple(evidence))


def _see_that_it_names_somebody(row: Any) -> None:
    if not isinstance(row, Mapping):
        raise given.NotTaken(_("This row is no object with a “learner”."))
    if not given.text(row.get("learner"), longest=given.LONGEST_ENTRY):
        raise given.NotTaken(_("No learner is named. Give a user name or an e-mail address."))


def _of_object(row: Mapping[str, Any], now: datetime) -> tuple[datetime | None, list[dict[str, str]]]:
    _see_what_is_known(row, FIELDS)
    links = row.get("evidence") or []
    if not isinstance(links, Sequence) or isinstance(links, str):
        raise given.NotTaken(_("“evidence” has to be a list of objects, each with a “url”."))
    if len(links) > given.MOST_LINKS:
        raise given.NotTaken(_("At most %(most)d links are taken as evidence.") % {"most": given.MOST_LINKS})
    return _earned_at(row.get("earnedAt"), now), [
        *(_link(link) for link in links),
        *given.narrative(row.get("narrative")),
    ]


def _of_record(row: Mapping[str | None, Any], now: datetime) -> tuple[datetime | None, list[dict[str, str]]]:
    if None in row:
        raise given.NotTaken(_("This row has more cells than there are columns. Put quotes around texts with commas."))
    url, name = row.get("evidence_url", "").strip(), row.get("evidence_name", "").strip()
    if name and not url:
        raise given.NotTaken(_("This evidence has a name and no link. Give its link, or clear its name."))
    links = [given.link(url=url, name=name)] if url else []
    return _earned_at(row.get("earned_at", "").strip() or None, now), [*links, *given.narrative(row.get("narrative"))]


def _earned_at(said: Any, now: datetime) -> datetime | None:
    return None if said is None else given.earned_at(said, now=now)


def _link(said: Any) -> dict[str, str]:
    if not isinstance(said, Mapping):
        raise given.NotTaken(_("“evidence” has to be a list of objects, each with a “url”."))
    _see_what_is_known(said, LINK)
    return given.link(url=said.get("url"), name=said.get("name"), description=said.get("description"))


def _see_what_is_known(said: Mapping[Any, Any], known: Sequence[str]) -> None:
    for name in said:
        if name not in known:
            sentence = _("There is no field “%(name)s”. Known are: %(known)s.")
            raise given.NotTaken(sentence % {"name": str(name)[:100], "known": ", ".join(known)})
