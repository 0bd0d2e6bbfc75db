"""The description of the API, for programs and, as a page, for people."""

from __future__ import annotations

import functools
import json
from typing import Any

import yaml
from django.template.response import TemplateResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from . import bodies, reading, schema
from .parameters import choice, known
from .views import PUBLIC, ApiView

FORMATS = ("json", "yaml")
FOR_A_WHILE = "public, max-age=300"
"""It changes with the software alone."""


class Yaml(BaseRenderer):
    """As YAML, which people read more easily."""

    media_type = "application/yaml"
    format = "yaml"
    charset = None  # It has none: it is in UTF-8 (RFC 9512, 2.1).

    def render(self, data: Any, media_type: Any = None, context: Any = None) -> bytes:  # noqa: ARG002
        """The text."""
        return _whole() if data is described() else self.written(data)

    @staticmethod
    def written(data: Any) -> bytes:
        """Anything as YAML."""
        # The safe writer knows plain values alone, and a description holds texts that are subclasses of str.
        plain = json.loads(bodies.Json().render(data))
        return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120).encode()


class ByFormat(DefaultContentNegotiation):
    """By the parameter ``format`` where it is given, else by the header Accept."""

    class settings:  # noqa: N801 (as DRF calls it)
        """Instead of the host's."""

        URL_FORMAT_OVERRIDE = "format"

    def filter_renderers(self, renderers: Any, format: str) -> Any:  # noqa: A002 (as DRF calls it)
        """Those of this format; what is none is for the view to refuse."""
        return [each for each in renderers if each.format == format] or renderers


class Schema(ApiView):
    """The description."""

    scopes = {"GET": PUBLIC}
    renderer_classes = (bodies.Json, Yaml)
    content_negotiation_class = ByFormat

    @extend_schema(
        operation_id="getSchema",
        tags=["schema"],
        parameters=[
            OpenApiParameter("format", str, enum=["json", "yaml"], description="Instead of the header Accept.")
        ],
        responses={200: OpenApiResponse({"type": "object"}, description="The description in OpenAPI.")},
    )
    def get(self, request: Request) -> Response:
        """Get this description."""
        known(request, {"format"})
        choice(request, "format", FORMATS)
        return Response(described(), headers={"Cache-Control": FOR_A_WHILE})

    def handle_exception(self, exc: Exception) -> Response:
        """Refuse in JSON, in whatever form the description was asked for."""
        self.request.accepted_renderer, self.request.accepted_media_type = bodies.Json(), bodies.Json.media_type
        return super().handle_exception(exc)


class AsJson(DefaultContentNegotiation):
    """What is refused is refused in JSON, whatever a browser accepts."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:  # noqa: ARG002
        """The first."""
        return renderers[0], renderers[0].media_type


class Page(ApiView):
    """The description, as a page without scripts."""

    scopes = {"GET": PUBLIC}
    content_negotiation_class = AsJson
    schema = None

    def get(self, request: Request) -> TemplateResponse:
        """Read it."""
        known(request)
        context = {"title": _("The badges API"), **_laid_out()}
        return TemplateResponse(request._request, "credly_badges/api.html", context)  # noqa: SLF001 (Django's)


@functools.cache
def _whole() -> bytes:
    """The description in YAML. It takes seconds to write, and anybody may ask for it."""
    return Yaml.written(described())


@functools.cache
def _laid_out() -> dict[str, Any]:
    return reading.page(described())


def described() -> dict[str, Any]:
    """The description of all addresses of this version."""
    # By name, as these views are themselves among them.
    return schema.document(import_string("credly_badges.rest_api.v1.urls.urlpatterns"))
