"""What learners show: links, texts and pictures; what of it is taken, and where it is kept."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from ..models import Application, ApplicationEvidence
from . import pictures
from .refusals import Unfit

log = logging.getLogger(__name__)

Kind = ApplicationEvidence.Kind

MOST_EVIDENCE = 10
LONGEST_URL = 1000
LONGEST_TEXT = 10_000
LONGEST_REFLECTION = 2_000

_is_web_address = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True)
class Link:
    """A page that shows what the learner did."""

    url: str
    reflection: str = ""


@dataclass(frozen=True)
class Text:
    """What the learner wrote."""

    text: str = field(repr=False)
    reflection: str = ""


@dataclass(frozen=True)
class Picture:
    """The bytes of a picture, as they were sent."""

    content: bytes = field(repr=False)
    reflection: str = ""


Piece = Link | Text | Picture


def checked(pieces: Iterable[Piece]) -> list[ApplicationEvidence]:
    """The rows of these pieces, of no application yet; pictures are read and written anew. Raises Unfit."""
    given = list(pieces)
    if len(given) > MOST_EVIDENCE:
        said = _("At most %(most)d pieces of evidence are taken. Leave out some, or put several into one text.")
        raise Unfit(said % {"most": MOST_EVIDENCE}, field="evidence")
    return [_checked(piece) for piece in given]


def keep(rows: Sequence[ApplicationEvidence]) -> None:
    """Write the pictures to their storage, which may be at another host: outside of any transaction."""
    for row in rows:
        if row.kind == Kind.IMAGE:
            row.image.save("", row.image.file, save=False)


def store(application: Application, rows: Sequence[ApplicationEvidence]) -> None:
    """Write down what belongs to an application, once its pictures are kept."""
    for row in rows:
        row.application = application
        row.save(force_insert=True)


def names(rows: Iterable[ApplicationEvidence]) -> list[str]:
    """What the kept pictures of these rows are called in the storage."""
    return [str(row.image.name) for row in rows if row.image]


def throw_away(files: Iterable[str]) -> None:
    """Delete pictures. One that cannot be deleted is logged, and does not hold up the others."""
    storage = ApplicationEvidence._meta.get_field("image").storage
    for name in files:
        try:
            storage.delete(name)
        except Exception:
            log.exception("The file %s of an application could not be deleted. Delete it by hand.", name)


def _checked(piece: Piece) -> ApplicationEvidence:
    reflection = _short(piece.reflection, LONGEST_REFLECTION)
    if isinstance(piece, Link):
        return ApplicationEvidence(kind=Kind.LINK, url=_address(piece.url), reflection=reflection)
    if isinstance(piece, Text):
        if not piece.text.strip():
            raise Unfit(_("This text is empty. Write it, or leave it out."), field="evidence")
        return ApplicationEvidence(kind=Kind.TEXT, text=_short(piece.text, LONGEST_TEXT), reflection=reflection)
    clean = pictures.clean(piece.content)
    row = ApplicationEvidence(kind=Kind.IMAGE, media_type=clean.media_type, reflection=reflection)
    row.image = ContentFile(clean.content, name=clean.media_type)
    return row


def _address(url: str) -> str:
    try:
        _is_web_address(url)
    except ValidationError:
        said = _("A link has to be a whole web address that begins with https:// or http://.")
        raise Unfit(said, field="evidence") from None
    return _short(url, LONGEST_URL)


def _short(text: str, longest: int) -> str:
    if len(text) > longest:
        said = _("A text here is too long: at most %(longest)d characters are taken.")
        raise Unfit(said % {"longest": longest}, field="evidence")
    return text
