"""The figures as Prometheus reads them: its text format, version 0.0.4."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from .. import conf
from ..diagnosis import Figure, figures

FORMAT = "prometheus"
PREFIX = "credly_badges_"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def answer(request: HttpRequest) -> HttpResponse:
    """Every figure. Always 200: what is wrong is for the monitoring system to say."""
    if not _has_token(request):
        if not request.user.is_authenticated:
            refusal = HttpResponse(_("Log in as staff, or send the token."), status=401, content_type="text/plain")
            refusal["WWW-Authenticate"] = "Bearer"
            return refusal
        if not is_staff(request):
            raise Http404(_("There is no such page."))
    return HttpResponse("".join(exposition(figures())), content_type=CONTENT_TYPE)


def is_staff(request: HttpRequest) -> bool:
    """Whether somebody may see how the plugin is."""
    return request.user.is_active and (request.user.is_staff or request.user.is_superuser)


def exposition(told: Iterable[Figure]) -> Iterator[str]:
    """Figures, line by line. All are gauges: each says how it is now."""
    for figure in told:
        name = PREFIX + figure.name
        meaning = figure.meaning.replace("\\", "\\\\").replace("\n", "\\n")
        yield f"# HELP {name} {meaning}\n# TYPE {name} gauge\n"
        for labels, value in figure.values:
            shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
            yield f"{name}{{{shown}}} {value!r}\n" if shown else f"{name} {value!r}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _has_token(request: HttpRequest) -> bool:
    token = conf.metrics_token()
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    # Compared in constant time, as bytes: an answer's delay must not tell how much of a guess was right.
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())
