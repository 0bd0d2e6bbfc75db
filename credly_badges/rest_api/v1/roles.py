"""Who may do what at which level. Nobody gives, or takes, more than they may do themselves."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ... import lms
from ...access import ROLES, SITE, Level, Scope, facts, level_of
from ...models import LevelRole
from .award_forms import NOBODY
from .errors import Forbidden, Invalid, NotFound
from .levels import issuer_of, program_of, record
from .parameters import PAGE, UPDATED_SINCE, choice, identifier, known, possible, updated
from .serializers import ApiSerializer
from .views import ApiView


class RoleSerializer(ApiSerializer):
    """That somebody has a role at a level: a program, an issuer, or the site."""

    id = serializers.IntegerField(read_only=True)
    user = serializers.CharField(max_length=254, source="user.username", help_text="A user name or an e-mail address.")
    role = serializers.ChoiceField(choices=LevelRole.Role.choices)
    issuer = serializers.UUIDField(
        source="organization.uuid", allow_null=True, required=False, default=None, help_text="Null for the whole site."
    )
    program = serializers.UUIDField(
        source="program.uuid", allow_null=True, required=False, default=None, help_text="Null for all of the issuer."
    )
    created_at = serializers.DateTimeField(source="created", read_only=True)


class Roles(ApiView):
    """The roles at the caller's levels."""

    scopes = {"GET": Scope.LEVELS_WRITE, "POST": Scope.LEVELS_WRITE}
    serializer_class = RoleSerializer

    @extend_schema(
        operation_id="listRoles",
        parameters=[
            OpenApiParameter("issuer", UUID, description="Only those at this issuer and its programs."),
            OpenApiParameter("program", UUID, description="Only those at this program."),
            OpenApiParameter("role", str, enum=LevelRole.Role.values, description="Only those with this role."),
            UPDATED_SINCE,
        ],
        responses=RoleSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List who has which role, at the levels that the caller administers."""
        known(request, PAGE | {"issuer", "program", "role", UPDATED_SINCE.name})
        # A role is given or taken, and never changed.
        rows = updated(_theirs(self), request, "created").select_related(
            "user", "organization", "program__organization"
        )
        if issuer := identifier(request, "issuer"):
            rows = rows.filter(Q(organization__uuid=issuer) | Q(program__organization__uuid=issuer))
        if program := identifier(request, "program"):
            rows = rows.filter(program__uuid=program)
        if role := choice(request, "role", LevelRole.Role.values):
            rows = rows.filter(role=role)
        return self.paged(rows.order_by("pk"))

    @extend_schema(operation_id="giveRole", responses={200: RoleSerializer, 201: RoleSerializer})
    def post(self, request: Request) -> Response:
        """Give somebody a role. Where they have it already, the answer is 200."""
        known(request)
        sent = self.get_serializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        level = self._level(data["organization"]["uuid"], data["program"]["uuid"])
        _check(self, level, data["role"])
        named = data["user"]["username"]
        learner = lms.find_learners([named])[named]
        if learner is None:
            raise Invalid.of("user", str(NOBODY))
        row, is_new = _kept(learner.id, data["role"], level)
        if is_new:
            record(self, "role.given", row, after=facts.of_role(row))
        return Response(self.get_serializer(row).data, status=201 if is_new else 200)

    def _level(self, issuer: UUID | None, program: UUID | None) -> Level:
        if program is not None:
            found = program_of(self, program, names="program")
            if issuer not in (None, found.organization.uuid):
                raise Invalid.of("program", _("This program is another issuer's."))
            return Level(program_id=found.pk)
        return SITE if issuer is None else Level(issuer_of(self, issuer, names="issuer").pk)


class Role(ApiView):
    """One role of somebody's."""

    scopes = {"GET": Scope.LEVELS_WRITE, "DELETE": Scope.LEVELS_WRITE}
    serializer_class = RoleSerializer

    @extend_schema(operation_id="getRole")
    def get(self, request: Request, role_id: int) -> Response:
        """Get who has a role at which level."""
        known(request)
        return Response(self.get_serializer(_role(self, role_id)).data)

    @extend_schema(operation_id="takeRole", responses={204: None})
    def delete(self, request: Request, role_id: int) -> Response:
        """Take a role from somebody."""
        known(request)
        row = _role(self, role_id)
        _check(self, level_of(row), row.role)
        self.check_match(request, self.get_serializer(row).data)
        record(self, "role.taken", row, before=facts.of_role(row))
        # Two administrators may have given it at the same moment.
        LevelRole.objects.filter(
            user=row.user_id, role=row.role, organization=row.organization_id, program=row.program_id
        ).delete()
        return Response(status=204)


def _theirs(view: ApiView) -> QuerySet[LevelRole]:
    """The roles at the levels that the caller administers, and below them."""
    caller = view.caller
    if caller.everywhere(Scope.LEVELS_WRITE):
        return LevelRole.objects.all()
    levels = caller.levels(Scope.LEVELS_WRITE)
    organizations = [each.organization_id for each in levels if each.organization_id is not None]
    programs = [each.program_id for each in levels if each.program_id is not None]
    return LevelRole.objects.filter(
        Q(organization__in=organizations, program=None)
        | Q(program__organization__in=organizations)
        | Q(program__in=programs)
    )


def _role(view: ApiView, role_id: int) -> LevelRole:
    rows = _theirs(view).select_related("user", "organization", "program__organization")
    if row := rows.filter(pk=possible(role_id)).first():
        return row
    raise NotFound(_("There is no such role here."))


def _check(view: ApiView, level: Level, role: str) -> None:
    caller = view.caller
    if not caller.at(Scope.LEVELS_WRITE, level):
        raise Forbidden(_("You do not administer this level."), scope=Scope.LEVELS_WRITE.value)
    if lacking := sorted(scope for scope in ROLES[role] if not caller.at(scope, level)):
        raise Forbidden(_("A role can be given and taken by who may do all that it allows."), scope=lacking[0].value)


def _kept(user_id: int, role: str, level: Level) -> tuple[LevelRole, bool]:
    mine = {
        "user_id": user_id, "role": role, "organization_id": level.organization_id, "program_id": level.program_id,
    }  # fmt: skip
    row = LevelRole.objects.filter(**mine).select_related("user", "organization", "program__organization").first()
    return (row, False) if row else (LevelRole.objects.create(**mine), True)
