"""The levels: the site, its issuers (Credly organizations), and their programs (groups of badges)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ... import audit, conf, slugs
from ...access import Level, Scope
from ...models import BadgeProgram, CredlyOrganization
from .errors import Forbidden, Invalid, NotFound
from .parameters import PAGE, UPDATED_SINCE, known, updated
from .serializers import ApiSerializer
from .views import KNOWN, ApiView


class SystemSerializer(ApiSerializer):
    """The site: what BadgeKit calls a system."""

    id = serializers.CharField()
    slug = serializers.CharField()
    name = serializers.CharField()
    url = serializers.CharField()
    description = serializers.CharField()


class IssuerSerializer(ApiSerializer):
    """An issuer: an organization at Credly."""

    id = serializers.UUIDField(source="uuid", read_only=True)
    slug = serializers.SerializerMethodField()
    name = serializers.CharField(read_only=True)
    url = serializers.URLField(max_length=500, allow_blank=True, required=False, help_text="Its own web site.")
    email = serializers.EmailField(max_length=254, allow_blank=True, required=False, help_text="Whom to ask.")
    image_url = serializers.URLField(max_length=500, allow_blank=True, required=False, help_text="Its logo.")

    def get_slug(self, organization: CredlyOrganization) -> str:
        return slugs.of(organization)


class Systems(ApiView):
    """The systems, of which there is one."""

    scopes = {"GET": KNOWN}
    serializer_class = SystemSerializer

    @extend_schema(operation_id="listSystems", responses=SystemSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the systems: this site, and no other."""
        known(request, PAGE)
        return self.paged([_system(request)])  # type: ignore[arg-type]


class System(ApiView):
    """The site."""

    scopes = {"GET": KNOWN}
    serializer_class = SystemSerializer

    @extend_schema(operation_id="getSystem")
    def get(self, request: Request, system: str) -> Response:
        """Get the system by its slug."""
        known(request)
        found = _system(request)
        if system != found["slug"]:
            raise NotFound(_("There is no such system here."))
        return Response(self.get_serializer(found).data)


class Issuers(ApiView):
    """The issuers that the caller may see."""

    scopes = {"GET": Scope.LEVELS_READ}
    serializer_class = IssuerSerializer

    @extend_schema(operation_id="listIssuers", parameters=[UPDATED_SINCE], responses=IssuerSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List issuers."""
        known(request, PAGE | {UPDATED_SINCE.name})
        return self.paged(updated(seen_issuers(self), request).order_by("name", "pk"))


class Issuer(ApiView):
    """One issuer."""

    scopes = {"GET": Scope.LEVELS_READ, "PATCH": Scope.LEVELS_WRITE}
    serializer_class = IssuerSerializer

    @extend_schema(operation_id="getIssuer")
    def get(self, request: Request, issuer_id: UUID) -> Response:
        """Get an issuer."""
        known(request)
        return Response(self.get_serializer(issuer_of(self, issuer_id)).data)

    @extend_schema(operation_id="changeIssuer")
    def patch(self, request: Request, issuer_id: UUID) -> Response:
        """Change how an issuer is reached and shown. Its name is Credly's."""
        known(request)
        organization = issuer_of(self, issuer_id, to_change=True)
        self.check_match(request, self.get_serializer(organization).data)
        sent = self.get_serializer(data=request.data, partial=True)
        sent.is_valid(raise_exception=True)
        before = {name: getattr(organization, name) for name in sent.validated_data}
        for name, value in sent.validated_data.items():
            setattr(organization, name, value)
        if changed := [name for name, value in sent.validated_data.items() if before[name] != value]:
            organization.save(update_fields=[*changed, "modified"])
            after = {name: getattr(organization, name) for name in changed}
            record(
                self, "organization.changed", organization, before=_told(before, changed), after=_told(after, changed)
            )
        return self.changed(self.get_serializer(organization).data)


def seen_issuers(view: ApiView) -> QuerySet[CredlyOrganization]:
    """The organizations that the caller of a view may see."""
    return CredlyOrganization.objects.filter(view.caller.organizations(Scope.LEVELS_READ))


def seen_programs(view: ApiView) -> QuerySet[BadgeProgram]:
    """The programs that the caller of a view may see, with what is shown of them."""
    rows = BadgeProgram.objects.filter(view.caller.programs(Scope.LEVELS_READ))
    return rows.select_related("organization").prefetch_related("templates")


def issuer_of(view: ApiView, issuer_id: UUID, *, to_change: bool = False, names: str = "") -> CredlyOrganization:
    """An organization that the caller may see, or may change; locked then. Raises NotFound, Forbidden.

    Where the body ``names`` it, one that there is not is a fault of the body.
    """
    if to_change:
        # Before anything is read, so that what is read then is what there is now.
        list(CredlyOrganization.objects.select_for_update().filter(uuid=issuer_id).values_list("pk"))
    found = seen_issuers(view).filter(uuid=issuer_id).first()
    if found is None and names:
        raise Invalid.of(names, _("There is no such issuer here."))
    if found is None:
        raise NotFound(_("There is no such issuer here."))
    if to_change and not view.caller.at(Scope.LEVELS_WRITE, Level(found.pk)):
        raise Forbidden(_("You may see this issuer, and not change it."), scope=Scope.LEVELS_WRITE.value)
    return found


def program_of(view: ApiView, program_id: UUID, *, to_change: bool = False, names: str = "") -> BadgeProgram:
    """The same of a program."""
    if to_change:
        list(BadgeProgram.objects.select_for_update().filter(uuid=program_id).values_list("pk"))
    found = seen_programs(view).filter(uuid=program_id).first()
    if found is None and names:
        raise Invalid.of(names, _("There is no such program here."))
    if found is None:
        raise NotFound(_("There is no such program here."))
    if to_change and not view.caller.at(Scope.LEVELS_WRITE, Level(program_id=found.pk)):
        raise Forbidden(_("You may see this program, and not change it."), scope=Scope.LEVELS_WRITE.value)
    return found


def record(
    view: ApiView,
    action: str,
    thing: Any,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write into the audit log what a caller did, and with which key."""
    caller = view.caller
    if caller.key is not None:
        after = {**(after or {}), "api_key": caller.key.prefix}
    audit.record(action, thing, actor=caller.user, before=before, after=after)


def _system(request: Request) -> dict[str, str]:
    address = conf.site_url() or request.build_absolute_uri("/").rstrip("/")
    name = conf.site_name() or address.partition("://")[2]
    slug = slugify(name) or "system"
    said = str(getattr(settings, "PLATFORM_DESCRIPTION", "") or "")
    return {"id": slug, "slug": slug, "name": name, "url": address, "description": said}


def _told(values: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    # Whom to ask may be a person, so of the address it is only kept that it was changed.
    return {name: "…" if name == "email" else values[name] for name in names}
