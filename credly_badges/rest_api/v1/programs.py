"""Programs: groups of an issuer's badges."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ...access import Level, Scope, facts
from ...models import BadgeProgram, BadgeTemplate, CredlyOrganization
from .errors import Conflict, Forbidden, Invalid
from .levels import issuer_of, program_of, record, seen_programs
from .parameters import PAGE, UPDATED_SINCE, identifier, known, updated
from .serializers import ApiSerializer
from .views import ApiView

MOST_BADGES = 1000


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
        record(self, "program.added", program, after=facts.of_program(program))
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
        record(self, "program.removed", program, before=facts.of_program(program))
        program.delete()
        return Response(status=204)

    def _change(self, request: Request, program_id: UUID, *, partial: bool) -> Response:
        known(request)
        program = program_of(self, program_id, to_change=True)
        self.check_match(request, self.get_serializer(program).data)
        sent = self.get_serializer(data=request.data, partial=partial)
        sent.is_valid(raise_exception=True)
        data, before = dict(sent.validated_data), facts.of_program(program)
        if data.pop("organization", {"uuid": program.organization.uuid})["uuid"] != program.organization.uuid:
            raise Invalid.of("issuer", _("A program stays with its issuer. Make another one there."))
        if "badges" in data or not partial:
            self._set_badges(program, data.pop("badges", []))
        for name, value in data.items():
            setattr(program, name, value)
        _stored(program)
        after = facts.of_program(program)
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
