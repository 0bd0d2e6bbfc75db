"""Pictures that learners send: told by what they hold, not by their names, and kept as nothing but a picture."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from .. import conf
from .refusals import Unfit

log = logging.getLogger(__name__)

MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
"""What is taken, by Pillow's names."""
MOST_PIXELS = 16_000_000
"""A photograph of 4,000 by 3,000 has twelve million. Unpacked, a pixel takes four bytes, however small the file is."""
JPEG_QUALITY = 90


@dataclass(frozen=True)
class Clean:
    """A picture as it is kept."""

    content: bytes = field(repr=False)
    media_type: str


def read(file: UploadedFile[Any]) -> bytes:
    """What a file holds that was sent; one that is too large is not read at all. Raises Unfit."""
    if (file.size or 0) > conf.evidence_max_bytes():
        raise _too_large()
    content: bytes = file.read()
    return content


def clean(content: bytes) -> Clean:
    """The same picture, written anew: without where and with what it was taken, and without what was hidden behind it.

    Of an animation the first picture is kept. Raises Unfit.
    """
    if len(content) > conf.evidence_max_bytes():
        raise _too_large()
    try:
        with Image.open(io.BytesIO(content), formats=list(MEDIA_TYPES)) as picture:
            kind = str(picture.format)
            _check_size(picture.size)
            return Clean(_written(picture, kind), MEDIA_TYPES[kind])
    except Unfit:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except Exception as error:  # noqa: BLE001  # Pillow's readers raise all kinds of errors at broken files.
        log.info("A picture could not be read: %s.", type(error).__name__)
        raise Unfit(
            _("This is no picture that can be read. Send a PNG, JPEG, WebP or GIF."), field="evidence"
        ) from None


def _check_size(size: tuple[int, int]) -> None:
    # Known from the first bytes, before anything is unpacked.
    width, height = size
    if width * height > MOST_PIXELS:
        raise _too_many_pixels()


def _too_large() -> Unfit:
    most = conf.evidence_max_bytes()
    said = _("The picture is too large: at most %(most)s KB are taken. Make it smaller, and send it again.")
    return Unfit(said % {"most": most // 1024}, field="evidence")


def _too_many_pixels() -> Unfit:
    said = _("The picture has too many pixels: at most %(most)d million are taken. Make it smaller, and send it again.")
    return Unfit(said % {"most": MOST_PIXELS // 1_000_000}, field="evidence")


def _written(picture: Image.Image, kind: str) -> bytes:
    picture.load()
    # Which way is up is told beside the picture, and that goes.
    upright = ImageOps.exif_transpose(picture)
    bare = upright.convert("RGBA" if _is_transparent(upright) and kind != "JPEG" else "RGB")
    # What Pillow keeps of the file would be written again: comments, colour profiles, text.
    bare.info = {}
    kept = io.BytesIO()
    bare.save(kept, format=kind, **({"quality": JPEG_QUALITY} if kind in ("JPEG", "WEBP") else {}))
    return kept.getvalue()


def _is_transparent(picture: Image.Image) -> bool:
    return "A" in picture.getbands() or "a" in picture.getbands() or "transparency" in picture.info
