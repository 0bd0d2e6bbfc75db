"""What learners showed, piece by piece; pictures as they are kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ...applications.pictures import MEDIA_TYPES
from ...models import ApplicationEvidence
from .application_bodies import ApplicationEvidenceSerializer
from .applications import ApplicationsView
from .errors import NotFound
from .parameters import known
from .views import KNOWN

SAFE = {
    # Whatever a browser makes of it, it runs nothing and asks nobody.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "inline",
}


# Outside of a transaction: the storage of pictures may be at another host.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class Evidence(ApplicationsView):
    """One piece of evidence."""

    scopes = {"GET": KNOWN}
    serializer_class = ApplicationEvidenceSerializer

    @extend_schema(
        operation_id="getEvidence",
        responses={
            (200, "application/json"): ApplicationEvidenceSerializer,
            **{(200, media_type): OpenApiTypes.BINARY for media_type in MEDIA_TYPES.values()},
        },
    )
    def get(self, request: Request, application_id: UUID, evidence_id: UUID) -> Any:
        """Get a piece of evidence: a link or a text as JSON, a picture as it is."""
        known(request)
        found = self.application(application_id, own=True)
        row = ApplicationEvidence.objects.filter(application=found, uuid=evidence_id).first()
        if row is None:
            raise NotFound(_("There is no such evidence here."))
        if row.kind != ApplicationEvidence.Kind.IMAGE:
            return Response(self.get_serializer(row).data)
        try:
            with row.image.open("rb") as file:
                content = file.read()
        except FileNotFoundError:
            raise NotFound(_("The picture is not in its storage any more.")) from None
        return HttpResponse(content, content_type=row.media_type, headers=SAFE)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: ARG002
        """Whatever kind of picture is asked for: what is there is sent."""
        return super().perform_content_negotiation(request, force=True)
