"""The levels: the site, its issuers (Credly organizations), and their programs (groups of badges)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ... import audit, conf, slugs
from ...access import Level, Scope
from ...models import BadgeProgram, BadgeTemplate, CredlyOrganization
from .errors import Conflict, Forbidden, Invalid, NotFound
from .parameters import PAGE, UPDATED_SINCE, identifier, known, updated
from .serializers import ApiSerializer
from .views import KNOWN, ApiView

MOST_BADGES = 1000


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


class BadgeIds(serializers.ListField):
    """The IDs of a program's badges."""

    child = serializers.UUIDField()

    def __init__(self, **told: Any) -> None:
        super().__init__(max_length=MOST_BADGES, **told)

    def get_attribute(self, program: BadgeProgram) -> list[UUID]:
        """In the order in which they were imported."""
        return [each.uuid for each in sorted(program.templates.all(), key=lambda each: each.pk)]


class ProgramSerializer(ApiSerializer):
    """A program: a group of an issuer's badges."""

    id = serializers.UUIDField(source="uuid", read_only=True)
    issuer = serializers.UUIDField(source="organization.uuid", help_text="It cannot be changed later.")
    slug = serializers.SlugField(max_length=255, required=False, help_text="From its name, where it is left out.")
    name = serializers.CharField(max_length=255)
    url = serializers.URLField(max_length=500, allow_blank=True, required=False, default="")
    description = serializers.CharField(max_length=5000, allow_blank=True, required=False, default="")
    email = serializers.EmailField(max_length=254, allow_blank=True, required=False, default="")
    image_url = serializers.URLField(max_length=500, allow_blank=True, required=False, default="")
    lms_program = serializers.UUIDField(
        allow_null=True, required=False, default=None, help_text="The program of the LMS that it is for."
    )
    badges = BadgeIds(required=False, help_text="The IDs of its badges.")
    created_at = serializers.DateTimeField(source="created", read_only=True)
    updated_at = serializers.DateTimeField(source="modified", read_only=True)


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


BY_ISSUER = OpenApiParameter("issuer", UUID, description="Only those of this issuer.")


class Programs(ApiView):
    """The programs that the caller may see."""

    scopes = {"GET": Scope.LEVELS_READ, "POST": Scope.LEVELS_WRITE}
    serializer_class = ProgramSerializer

    @extend_schema(
        operation_id="listPrograms", parameters=[BY_ISSUER, UPDATED_SINCE], responses=ProgramSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List programs."""
        known(request, PAGE | {"issuer", UPDATED_SINCE.name})
        rows = updated(seen_programs(self), request)
        if issuer := identifier(request, "issuer"):
            rows = rows.filter(organization__uuid=issuer)
        return self.paged(rows.order_by("name", "pk"))

    @extend_schema(operation_id="createProgram", responses={201: ProgramSerializer})
    def post(self, request: Request) -> Response:
        """Make a program of an issuer's badges."""
        known(request)
        sent = self.get_serializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = dict(sent.validated_data)
        organization = issuer_of(self, data.pop("organization")["uuid"], to_change=True, names="issuer")
        badges = _badges(organization, data.pop("badges", []))
        data.setdefault("slug", slugify(data["name"])[:200] or "program")
        program = _stored(BadgeProgram(organization=organization, **data))
        program.templates.set(badges)
        record(self, "program.added", program, after=program_facts(program))
        return Response(self.get_serializer(program).data, status=201)


class Program(ApiView):
    """One program."""

    scopes = {
        "GET": Scope.LEVELS_READ,
        "PUT": Scope.LEVELS_WRITE,
        "PATCH": Scope.LEVELS_WRITE,
        "DELETE": Scope.LEVELS_WRITE,
    }
    serializer_class = ProgramSerializer

    @extend_schema(operation_id="getProgram")
    def get(self, request: Request, program_id: UUID) -> Response:
        """Get a program."""
        known(request)
        return Response(self.get_serializer(program_of(self, program_id)).data)

    @extend_schema(operation_id="replaceProgram")
    def put(self, request: Request, program_id: UUID) -> Response:
        """Change all of a program. What is left out is emptied, its slug excepted."""
        return self._change(request, program_id, partial=False)

    @extend_schema(operation_id="changeProgram")
    def patch(self, request: Request, program_id: UUID) -> Response:
        """Change some of a program."""
        return self._change(request, program_id, partial=True)

    @extend_schema(operation_id="deleteProgram", responses={204: None})
    def delete(self, request: Request, program_id: UUID) -> Response:
        """Delete a program, with the roles, keys and subscribers at it. Its badges stay."""
        known(request)
        program = program_of(self, program_id, to_change=True)
        self._own_issuer(program)
        self.check_match(request, self.get_serializer(program).data)
        record(self, "program.removed", program, before=program_facts(program))
        program.delete()
        return Response(status=204)

    def _change(self, request: Request, program_id: UUID, *, partial: bool) -> Response:
        known(request)
        program = program_of(self, program_id, to_change=True)
        self.check_match(request, self.get_serializer(program).data)
        sent = self.get_serializer(data=request.data, partial=partial)
        sent.is_valid(raise_exception=True)
        data, before = dict(sent.validated_data), program_facts(program)
        if data.pop("organization", {"uuid": program.organization.uuid})["uuid"] != program.organization.uuid:
            raise Invalid.of("issuer", _("A program stays with its issuer. Make another one there."))
        if "badges" in data or not partial:
            self._set_badges(program, data.pop("badges", []))
        for name, value in data.items():
            setattr(program, name, value)
        _stored(program)
        after = program_facts(program)
        if before != after:
            record(self, "program.changed", program, before=before, after=after)
        return self.changed(self.get_serializer(_with_badges(program.pk)).data)

    def _set_badges(self, program: BadgeProgram, wanted: list[UUID]) -> None:
        if set(wanted) != {each.uuid for each in program.templates.all()}:
            # Who looks after a program alone could give themselves any badge of the issuer's by adding it.
            self._own_issuer(program)
            program.templates.set(_badges(program.organization, wanted))

    def _own_issuer(self, program: BadgeProgram) -> None:
        if not self.caller.at(Scope.LEVELS_WRITE, Level(program.organization_id)):
            raise Forbidden(
                _("Only who may change the issuer may delete its programs, or choose their badges."),
                scope=Scope.LEVELS_WRITE.value,
            )


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


def program_facts(program: BadgeProgram) -> dict[str, Any]:
    """What the audit log keeps of a program; its contact may be a person, and is left out."""
    return {
        "organization": str(program.organization.uuid),
        "slug": program.slug,
        "name": program.name,
        "url": program.url,
        "lms_program": str(program.lms_program or ""),
        "badges": sorted(str(each) for each in program.templates.order_by().values_list("uuid", flat=True)),
    }


def _system(request: Request) -> dict[str, str]:
    address = conf.site_url() or request.build_absolute_uri("/").rstrip("/")
    name = conf.site_name() or address.partition("://")[2]
    slug = slugify(name) or "system"
    said = str(getattr(settings, "PLATFORM_DESCRIPTION", "") or "")
    return {"id": slug, "slug": slug, "name": name, "url": address, "description": said}


def _with_badges(pk: int) -> BadgeProgram:
    return BadgeProgram.objects.select_related("organization").prefetch_related("templates").get(pk=pk)


def _badges(organization: CredlyOrganization, wanted: list[UUID]) -> list[BadgeTemplate]:
    rows = BadgeTemplate.objects.filter(organization=organization, uuid__in=wanted)
    found = {each.uuid: each for each in rows}
    if missing := [str(each) for each in wanted if each not in found]:
        said = _("These are no badges of the issuer: %(missing)s.") % {"missing": ", ".join(missing[:100])}
        raise Invalid.of("badges", said)
    return list(found.values())


def _stored(program: BadgeProgram) -> BadgeProgram:
    try:
        with transaction.atomic():
            program.save()
    except IntegrityError:
        raise Conflict(
            _("This issuer has a program with the slug “%(slug)s” already.") % {"slug": program.slug}, slug=program.slug
        ) from None
    return program


def _told(values: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    # Whom to ask may be a person, so of the address it is only kept that it was changed.
    return {name: "…" if name == "email" else values[name] for name in names}
