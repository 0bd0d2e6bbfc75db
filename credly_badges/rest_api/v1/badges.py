"""Badges, in the shape that CertDirectory's API made known (docs.credentials.certdirectory.io/api/badges)."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ... import conf, slugs
from ...models import BadgeTemplate
from .parameters import PAGE, UPDATED_SINCE, identifier, known, moment, truth
from .serializers import ApiSerializer
from .views import KNOWN, ApiView


class BadgeSerializer(ApiSerializer):
    """A badge, as CertDirectory shows it: these fields in this order, and no others."""

    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()
    slug = serializers.SerializerMethodField()
    description = serializers.CharField()
    criteria = serializers.SerializerMethodField()
    image_url = serializers.CharField()
    expires_in_days = serializers.SerializerMethodField()
    tags = serializers.ListField(child=serializers.CharField(), source="skills")
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField(source="created")
    public_url = serializers.SerializerMethodField()
    achievement_url = serializers.SerializerMethodField()

    def get_slug(self, template: BadgeTemplate) -> str:
        return slugs.of(template)

    def get_criteria(self, template: BadgeTemplate) -> str:
        return template.criteria_url

    def get_expires_in_days(self, template: BadgeTemplate) -> int | None:
        return template.expiry_days if template.expiry == BadgeTemplate.Expiry.PERIOD else None

    def get_public_url(self, template: BadgeTemplate) -> str:
        return self._whole(slugs.public_path(template))

    def get_achievement_url(self, template: BadgeTemplate) -> str:
        return self._whole(slugs.achievement_path(template))

    def _whole(self, path: str) -> str:
        request = self.context.get("request")
        if conf.site_url() or request is None:
            return conf.site_url() + path
        return str(request.build_absolute_uri(path))


ISSUER = OpenApiParameter("issuer", UUID, description="Only those of this issuer.")


class Badges(ApiView):
    """The badges that the caller may see."""

    scopes = {"GET": KNOWN}
    serializer_class = BadgeSerializer

    @extend_schema(
        operation_id="listBadges",
        parameters=[
            OpenApiParameter("active", bool, description="Only those that learners can earn now, or only the others."),
            ISSUER,
            UPDATED_SINCE,
        ],
    )
    def get(self, request: Request) -> Response:
        """List badges."""
        rows = BadgeTemplate.objects.filter(self.visible()).select_related("organization")
        return self.paged(_chosen(rows, request).order_by("name", "pk"))


class Badge(ApiView):
    """One badge."""

    scopes = {"GET": KNOWN}
    serializer_class = BadgeSerializer

    @extend_schema(operation_id="getBadge", parameters=[ISSUER])
    def get(self, request: Request, badge_id: UUID) -> Response:
        """Get a badge."""
        known(request, {"issuer"})
        return Response(self.get_serializer(self.badge(badge_id)).data)


def _chosen(rows: QuerySet[BadgeTemplate], request: Request) -> QuerySet[BadgeTemplate]:
    known(request, PAGE | {"active", "issuer", "updatedSince"})
    active = truth(request, "active")
    if active is not None:
        wanted = rows.filter(status=BadgeTemplate.Status.ACTIVE)
        rows = wanted if active else rows.exclude(status=BadgeTemplate.Status.ACTIVE)
    if issuer := identifier(request, "issuer"):
        rows = rows.filter(organization__uuid=issuer)
    if since := moment(request, "updatedSince"):
        rows = rows.filter(modified__gte=since)
    return rows
