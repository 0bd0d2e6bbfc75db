"""How badges are shown: as CertDirectory's API has them (docs.credentials.certdirectory.io/api/badges), or whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from ... import conf, reports, slugs
from ...models import ApplicationForm, BadgeTemplate
from .parameters import choice
from .serializers import ApiSerializer

FULL = "full"
VIEW = OpenApiParameter(
    "view", str, enum=[FULL], description="With “full”, all that is known of a badge; without it, the common fields."
)

WITHOUT_A_PAGE = (BadgeTemplate.Status.DRAFT, BadgeTemplate.Status.REVIEW, BadgeTemplate.Status.SHADOW)
"""In these, learners never could earn it yet, so nobody outside is told of it."""


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
        return self._whole(slugs.public_path(template)) if has_a_page(template) else None

    def get_achievement_url(self, template: BadgeTemplate) -> str | None:
        return self._whole(slugs.achievement_path(template)) if has_a_page(template) else None

    def _whole(self, path: str) -> str:
        request = self.context.get("request")
        if conf.site_url() or request is None:
            return conf.site_url() + path
        return str(request.build_absolute_uri(path))


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


class FullBadgeSerializer(BadgeSerializer):
    """A badge with all that is known of it: CertDirectory's fields first, then ours."""

    issuer = NamedSerializer(source="organization")
    programs = NamedSerializer(many=True, source="programs.all")
    status = serializers.ChoiceField(choices=BadgeTemplate.Status.choices)
    credly_state = serializers.ChoiceField(choices=BadgeTemplate.CredlyState.choices)
    sandbox = serializers.SerializerMethodField()
    level = serializers.CharField()
    cost = serializers.CharField()
    time_to_earn = serializers.CharField()
    type = serializers.CharField(source="type_category")
    skills = serializers.ListField(child=serializers.CharField())
    alignments = AlignmentShape(many=True)
    activities = ActivityShape(many=True)
    criteria_url = serializers.CharField()
    credly_url = serializers.CharField(source="public_url", help_text="The badge's page at Credly.")
    version = serializers.IntegerField(help_text="Of the requirements.")
    requirements_url = serializers.SerializerMethodField()
    updated_at = serializers.DateTimeField(source="modified")
    accepts_applications = serializers.SerializerMethodField()

    def get_sandbox(self, template: BadgeTemplate) -> bool:
        """Whether its badges are no real ones."""
        return template.organization.environment != conf.PRODUCTION

    def get_requirements_url(self, template: BadgeTemplate) -> str:
        return self._whole(f"/api/badges/v1/badges/{template.uuid}/requirements")

    def get_accepts_applications(self, template: BadgeTemplate) -> bool:
        return template.pk in self.context["accepting"] and template.is_active


def has_a_page(template: BadgeTemplate) -> bool:
    """Whether anybody at all may see the badge."""
    return template.status not in WITHOUT_A_PAGE and template.paused_from != BadgeTemplate.Status.SHADOW


def serializer_of(request: Request) -> type[BadgeSerializer]:
    """The shape that is asked for. Raises Invalid."""
    return FullBadgeSerializer if choice(request, "view", [FULL]) else BadgeSerializer


def shown(templates: Sequence[BadgeTemplate], request: Request) -> list[dict[str, Any]]:
    """Badges in the shape that is asked for. As many queries for many as for one."""
    shape = serializer_of(request)
    in_words = reports.criteria_of(templates) if templates else {}
    context: dict[str, Any] = {
        "request": request,
        "criteria": {pk: "\n".join(reports.in_sentences(groups)) for pk, groups in in_words.items()},
    }
    if shape is FullBadgeSerializer:
        forms = ApplicationForm.objects.filter(template__in=[each.pk for each in templates], is_open=True)
        context["accepting"] = set(forms.values_list("template_id", flat=True)) if templates else set()
    return list(shape(templates, many=True, context=context).data)
