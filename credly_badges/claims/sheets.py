"""Where a code leads, and the picture of it that a telephone reads."""

from __future__ import annotations

import io
from urllib.parse import quote

import segno
from django.http import HttpRequest
from django.utils.translation import gettext as _

from .. import conf
from ..models import ClaimCode


def path_of(code: ClaimCode) -> str:
    """The page on which a code is claimed, below the site's address."""
    # Spaces make no difference, and look bad in an address.
    return f"/badges/claim/{quote(code.code.replace(' ', '-'), safe='')}/"


def url_of(code: ClaimCode, request: HttpRequest | None = None) -> str:
    """The same with the site's address, or the one that the request came to where the site does not say its own."""
    if conf.site_url() or request is None:
        return conf.site_url() + path_of(code)
    return str(request.build_absolute_uri(path_of(code)))


def typed_at(request: HttpRequest) -> str:
    """The page on which somebody types a code, as it is said to people: without “https://”."""
    whole = conf.site_url() or request.build_absolute_uri("/").rstrip("/")
    return f"{whole.partition('://')[2]}/badges/claim"


def qr(code: ClaimCode, request: HttpRequest | None = None) -> str:
    """The code's address as an SVG, dark on light whatever the page is: telephones do not read it otherwise."""
    drawn = io.BytesIO()
    url = url_of(code, request)
    segno.make(url, error="m", micro=False).save(
        drawn,
        kind="svg",
        xmldecl=False,
        omitsize=True,
        svgclass=None,
        lineclass=None,
        dark="#000",
        light="#fff",
        title=_("QR code to claim the badge “%(badge)s”") % {"badge": code.template.name},
        desc=_("It leads to %(url)s") % {"url": url},
    )
    return drawn.getvalue().decode().replace("<svg ", '<svg role="img" ', 1)
