"""Lists in pages: ``{"data": […], "pagination": {"limit", "offset", "total"}}``, as CertDirectory has it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .errors import Invalid

USUAL, MOST = 50, 100
FURTHEST = 10_000_000


class Pages(BasePagination):
    """Pages by ``limit`` and ``offset``."""

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:  # noqa: ARG002
        """One page. Two queries, however long the list is."""
        self.limit = _number(request, "limit", USUAL, least=1, most=MOST)
        self.offset = _number(request, "offset", 0, least=0, most=FURTHEST)
        self.total = queryset.count() if isinstance(queryset, QuerySet) else len(queryset)
        return list(queryset[self.offset : self.offset + self.limit])

    def get_paginated_response(self, data: Any) -> Response:
        """The page, and where it is in the list."""
        return Response({"data": data, "pagination": {"limit": self.limit, "offset": self.offset, "total": self.total}})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """How the description of the API has it."""
        number = {"type": "integer", "minimum": 0}
        return {
            "type": "object",
            "description": "A page of a list, and where it is in the list.",
            "required": ["data", "pagination"],
            "additionalProperties": False,
            "properties": {
                "data": schema,
                "pagination": {
                    "type": "object",
                    "required": ["limit", "offset", "total"],
                    "additionalProperties": False,
                    "properties": {"limit": number, "offset": number, "total": number},
                },
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:  # noqa: ARG002
        """The two parameters."""
        return [
            {
                "name": "limit",
                "in": "query",
                "description": "How many to return.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
            },
            {
                "name": "offset",
                "in": "query",
                "description": "How many to leave out from the beginning.",
                "schema": {"type": "integer", "minimum": 0, "maximum": FURTHEST, "default": 0},
            },
        ]


def _number(request: Request, name: str, usual: int, *, least: int, most: int) -> int:
    given = request.query_params.get(name)
    if given is None:
        return usual
    if not (given.isascii() and given.isdigit() and len(given) <= len(str(most)) and least <= int(given) <= most):
        sentence = _("“%(name)s” has to be a whole number from %(least)d to %(most)d.")
        raise Invalid(sentence % {"name": name, "least": least, "most": most}, parameter=name)
    return int(given)
