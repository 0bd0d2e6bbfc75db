"""How badges are shown: as CertDirectory's API has them (docs.credentials.certdirectory.io/api/badges), or whole."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from ... import conf, reports, slugs
from ...models import BadgeTemplate
from ...reports import achievements, learners
from .parameters import choice
from .serializers import ApiSerializer

FULL = "full"
VIEW = OpenApiParameter(
    "view", str, enum=[FULL], description="With “full”, all that is known of a badge; without it, the common fields."
)


COLUMNS = (
    *("uuid", "name", "slug", "description", "criteria_url", "image_url", "expiry", "expiry_days", "skills", "status"),
    *("credly_state", "created", "organization"),
)
"""Those of the table that the common fields are made of: of a list, no others are read."""


class BadgeSerializer(ApiSerializer):
    """A badge, as CertDirectory shows it: these fields in this order, and no others."""

    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()
    slug = serializers.SerializerMethodField()
    description = serializers.CharField()
    criteria = serializers.SerializerMethodField()
    image_url = serializers.SerializerMethodField()
    expires_in_days = serializers.SerializerMethodField()
    tags = serializers.ListField(child=serializers.CharField(), source="skills")
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField(source="created")
    public_url = serializers.SerializerMethodField()
    achievement_url = serializers.SerializerMethodField()

    def get_slug(self, template: BadgeTemplate) -> str:
        return slugs.of(template)

    def get_criteria(self, template: BadgeTemplate) -> str:
        """What it asks for in words; where nothing is asked for here, the page at Credly that says it."""
        return self.context["criteria"].get(template.pk) or template.criteria_url

    def get_image_url(self, template: BadgeTemplate) -> str | None:
        return template.image_url or None

    def get_expires_in_days(self, template: BadgeTemplate) -> int | None:
        return template.expiry_days if template.expiry == BadgeTemplate.Expiry.PERIOD else None

    def get_public_url(self, template: BadgeTemplate) -> str | None:
        return self._whole(slugs.public_path(template)) if template.pk in self.context["public"] else None

    def get_achievement_url(self, template: BadgeTemplate) -> str | None:
        return self._whole(slugs.achievement_path(template)) if template.pk in self.context["public"] else None

    @cached_property
    def _site(self) -> str:
        """What all addresses begin with; worked out once, and not twice for each badge of a list."""
        request = self.context.get("request")
        if conf.site_url() or request is None:
            return conf.site_url()
        return str(request.build_absolute_uri("/")).rstrip("/")

    def _whole(self, path: str) -> str:
        return self._site + path


class NamedSerializer(ApiSerializer):
    """An organization or a program, as a badge tells of it."""

    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()
    slug = serializers.SerializerMethodField()

    def get_slug(self, thing: Any) -> str:
        return thing.slug or str(thing.uuid)


class AlignmentShape(ApiSerializer):
    """A standard that the badge is aligned with."""

    name = serializers.CharField()
    url = serializers.CharField()
    description = serializers.CharField()


class ActivityShape(ApiSerializer):
    """What learners do for it, as Credly shows it."""

    title = serializers.CharField()
    type = serializers.CharField()
    url = serializers.CharField()


class Told(serializers.BooleanField):
    """What the serializer says of the badge. Of a method field, the description would say that it is always there."""

    def to_representation(self, value: Any) -> Any:
        """What is told under the field's name."""
        serializer: Any = self.parent
        return serializer.told[self.field_name](serializer, value)


class ToldAddress(serializers.CharField):
    """The same for an address."""

    to_representation = Told.to_representation


class FullBadgeSerializer(BadgeSerializer):
    """A badge: CertDirectory's fields first, then, with ``view=full``, ours."""

    # Not required, as without ``view=full`` none of them is there.
    issuer = NamedSerializer(source="organization", required=False)
    programs = NamedSerializer(many=True, source="programs.all", required=False)
    status = serializers.ChoiceField(choices=BadgeTemplate.Status.choices, required=False)
    credly_state = serializers.ChoiceField(choices=BadgeTemplate.CredlyState.choices, required=False)
    sandbox = Told(source="*", required=False, help_text="Whether its badges are no real ones.")
    level = serializers.CharField(required=False)
    cost = serializers.CharField(required=False)
    time_to_earn = serializers.CharField(required=False)
    type = serializers.CharField(source="type_category", required=False)
    skills = serializers.ListField(child=serializers.CharField(), required=False)
    alignments = AlignmentShape(many=True, required=False)
    activities = ActivityShape(many=True, required=False)
    criteria_url = serializers.CharField(required=False)
    credly_url = serializers.CharField(source="public_url", required=False, help_text="The badge's page at Credly.")
    version = serializers.IntegerField(required=False, help_text="Of the requirements.")
    requirements_url = ToldAddress(source="*", required=False)
    updated_at = serializers.DateTimeField(source="modified", required=False)
    accepts_applications = Told(source="*", required=False)

    def get_sandbox(self, template: BadgeTemplate) -> bool:
        return achievements.is_sandbox(template)

    def get_requirements_url(self, template: BadgeTemplate) -> str:
        return self._whole(f"/api/badges/v1/badges/{template.uuid}/requirements")

    def get_accepts_applications(self, template: BadgeTemplate) -> bool:
        return template.pk in self.context["accepting"] and template.is_active

    told = {
        "sandbox": get_sandbox,
        "requirementsUrl": get_requirements_url,
        "acceptsApplications": get_accepts_applications,
    }


def serializer_of(request: Request) -> type[BadgeSerializer]:
    """The shape that is asked for. Raises Invalid."""
    return FullBadgeSerializer if choice(request, "view", [FULL]) else BadgeSerializer


def columns(rows: QuerySet[BadgeTemplate], request: Request) -> QuerySet[BadgeTemplate]:
    """The rows, with as much of each as the shape that is asked for shows. Raises Invalid."""
    return rows if serializer_of(request) is FullBadgeSerializer else rows.only(*COLUMNS)


def shown(templates: Sequence[BadgeTemplate], request: Request) -> list[dict[str, Any]]:
    """Badges in the shape that is asked for, each with its organization. As many queries for many as for one."""
    shape = serializer_of(request)
    if not templates:
        return []
    # Few organizations, of many badges: each is read once.
    prefetch_related_objects(templates, "organization")
    context: dict[str, Any] = {
        "request": request,
        "criteria": {pk: "\n".join(said) for pk, said in reports.sentences_of(templates).items()},
        "public": _public(templates) if conf.public_pages() else set(),
    }
    if shape is FullBadgeSerializer:
        prefetch_related_objects(templates, "programs")
        rows = BadgeTemplate.objects.filter(pk__in=[each.pk for each in templates])
        context["accepting"] = _numbers(rows.filter(application_form__is_open=True))
    return list(shape(templates, many=True, context=context).data)


def _public(templates: Sequence[BadgeTemplate]) -> set[int]:
    """Those of the badges that have a public page. One query, and none where learners can earn all of them."""
    found = {each.pk for each in templates if each.is_active}
    others = [each.pk for each in templates if not each.is_active]
    if others:
        found |= _numbers(BadgeTemplate.objects.filter(learners.ever_open(), pk__in=others))
    return found


def _numbers(rows: QuerySet[BadgeTemplate]) -> set[int]:
    return set(rows.order_by().values_list("pk", flat=True))
