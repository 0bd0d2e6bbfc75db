"""Badges as Open Badges 3.0 Achievements, for anybody: wallets, verifiers, catalogs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ... import conf
from ...reports import achievements, criteria_in_words
from .bodies import Json
from .errors import NotFound
from .parameters import known
from .views import PUBLIC, ApiView

KEPT_FOR = 300
"""Seconds for which a copy may be shown without asking again."""

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}


def _thing(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


_IMAGE = _thing("id", "type", "caption", id=_TEXT, type=_TEXT, caption=_TEXT)
SCHEMA: Mapping[str, Any] = _thing(
    *("@context", "id", "type", "achievementType", "name", "description", "criteria", "creator"),
    **{
        "@context": _TEXTS,
        "id": {"type": "string", "format": "uri"},
        "type": _TEXTS,
        "achievementType": _TEXT,
        "name": _TEXT,
        "description": _TEXT,
        "criteria": _thing("id", "narrative", id=_TEXT, narrative=_TEXT),
        "image": _IMAGE,
        "creator": _thing(
            "id", "type", "name", id=_TEXT, type=_TEXTS, name=_TEXT, url=_TEXT, email=_TEXT, image=_IMAGE
        ),
        "tag": _TEXTS,
        "alignment": {
            "type": "array",
            "items": _thing(
                *("type", "targetName", "targetUrl"),
                type=_TEXTS,
                targetName=_TEXT,
                targetUrl=_TEXT,
                targetDescription=_TEXT,
            ),
        },
    },
)
"""The shape of the document, for the description of the API."""


class JsonLd(Json):
    """JSON-LD, which is JSON."""

    media_type = achievements.MEDIA_TYPE


class Achievement(ApiView):
    """The Open Badges document of one badge."""

    scopes = {"GET": PUBLIC}
    renderer_classes = (Json, JsonLd)

    def get_authenticators(self) -> list[Any]:
        """None: it is the same for all, whoever asks and with whatever they send."""
        return []

    @extend_schema(operation_id="getAchievement", responses={(200, achievements.MEDIA_TYPE): SCHEMA})
    def get(self, request: Request, organization: str, badge: str) -> Response:
        """Get a badge as an Open Badges 3.0 Achievement. The parts of the address are names or IDs."""
        known(request)
        template = achievements.find(organization, badge)
        if template is None:
            raise NotFound(_("There is no such badge here."))
        # In one language, so that all caches hold the same; which one its name and description are in, nobody knows.
        with override(settings.LANGUAGE_CODE):
            body = achievements.document(template, criteria_in_words(template), site=_site(request))
        answer = Response(body, content_type=achievements.MEDIA_TYPE)
        answer["Cache-Control"] = f"public, max-age={KEPT_FOR}"
        return answer

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """The answer, which scripts of other sites may read, too."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Access-Control-Allow-Origin"] = "*"
        return answer


def _site(request: Request) -> str:
    return conf.site_url() or request.build_absolute_uri("/").rstrip("/")
