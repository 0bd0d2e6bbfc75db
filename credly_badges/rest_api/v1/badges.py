"""Badges: listed and read in the shape that CertDirectory's API made known, made and changed through to Credly."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ...access import Level, Scope
from ...credly import wire
from ...models import BadgeTemplate, CredlyOrganization
from ...sync import authoring
from . import badge_shapes, idempotency
from .badge_forms import ChangeSerializer, NewBadgeSerializer, WholeChangeSerializer
from .badge_shapes import VIEW, BadgeSerializer, FullBadgeSerializer
from .errors import Forbidden, Invalid
from .outward import OutwardView, asking_credly
from .parameters import PAGE, UPDATED_SINCE, choice, identifier, known, truth, updated
from .views import KNOWN, ApiView

__all__ = ["ISSUER", "Archiving", "Badge", "BadgeSerializer", "Badges"]

ISSUER = OpenApiParameter("issuer", UUID, description="Only those of this issuer.")
LONGEST_TEXT = 255
FILTERS = [
    OpenApiParameter("active", bool, description="Only those that learners can earn now, or only the others."),
    ISSUER,
    OpenApiParameter("program", UUID, description="Only those of this program."),
    OpenApiParameter("status", str, enum=BadgeTemplate.Status.values, description="Only those with this status."),
    OpenApiParameter(
        "credlyState",
        str,
        enum=BadgeTemplate.CredlyState.values,
        description="Only those that Credly has in this state; without it, all but those that are gone from Credly.",
    ),
    OpenApiParameter("tag", str, description="Only those with this tag, in upper or lower case."),
    OpenApiParameter("q", str, description="Only those with this text in their names."),
    UPDATED_SINCE,
]
NAMES = PAGE | {each.name for each in FILTERS} | {VIEW.name}


class BadgesView(ApiView):
    """What the addresses of badges have in common."""

    serializer_class = FullBadgeSerializer

    def shown(self, template: BadgeTemplate) -> dict[str, Any]:
        """A badge in the shape that is asked for."""
        return badge_shapes.shown([template], self.request)[0]

    def by(self) -> dict[str, Any]:
        """Who does it, for the audit log."""
        return {"by": self.caller.user, "key": self.caller.key}


class Badges(BadgesView, OutwardView):
    """The badges that the caller may see."""

    scopes = {"GET": KNOWN, "POST": Scope.BADGES_WRITE}
    longest_body = 2_000_000

    @extend_schema(operation_id="listBadges", parameters=[*FILTERS, VIEW])
    def get(self, request: Request) -> Response:
        """List badges."""
        rows = BadgeTemplate.objects.filter(self.visible())
        rows = badge_shapes.columns(_chosen(rows, request), request)
        page = self.paginate_queryset(rows.order_by("name", "pk")) or []
        return self.get_paginated_response(badge_shapes.shown(page, request))

    @extend_schema(
        operation_id="createBadge",
        parameters=[VIEW, idempotency.PARAMETER],
        request=NewBadgeSerializer,
        responses={201: FullBadgeSerializer},
    )
    @idempotency.noted
    def post(self, request: Request) -> Response:
        """Make a badge at Credly. Learners cannot earn it until somebody has said what for, and activated it."""
        known(request, {VIEW.name})
        form = NewBadgeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        organization = self._organization(form.validated_data.get("issuer"))
        try:
            order = wire.TemplateOrder(**form.wanted())
        except ValueError as fault:
            raise Invalid(str(fault)) from None
        with asking_credly():
            template = authoring.create(organization, order, **self.by(), begun_at=self.begun_at)
        template = _expiring(template, form, self.by())
        path = f"/api/badges/v1/badges/{template.uuid}"
        return Response(self.shown(template), status=201, headers={"Location": request.build_absolute_uri(path)})

    def _organization(self, wanted: UUID | None) -> CredlyOrganization:
        """The organization for which the badge is to be made. Raises Invalid, Forbidden."""
        there = CredlyOrganization.objects.filter(uuid=wanted) if wanted else CredlyOrganization.objects.all()
        levels = self.caller.organizations(Scope.BADGES_WRITE)
        rows = [each for each in there.filter(levels).order_by("pk") if self._may_make_for(each)]
        if len(rows) > 1:
            raise Invalid.of("issuer", _("Say for which issuer: there are several."))
        if not rows and there.filter(self.caller.organizations(Scope.BADGES_READ)).exists():
            raise Forbidden(_("You may not make badges for this issuer."), scope=Scope.BADGES_WRITE.value)
        if not rows:
            raise Invalid.of("issuer", _("There is no such issuer here."))
        return rows[0]

    def _may_make_for(self, organization: CredlyOrganization) -> bool:
        """Who may only write a program's badges makes none for its organization."""
        return self.caller.at(Scope.BADGES_WRITE, Level(organization.pk))


class Badge(BadgesView, OutwardView):
    """One badge."""

    scopes = {
        "GET": KNOWN,
        "PUT": Scope.BADGES_WRITE,
        "PATCH": Scope.BADGES_WRITE,
        "DELETE": Scope.BADGES_WRITE,
    }
    longest_body = 2_000_000

    @extend_schema(operation_id="getBadge", parameters=[ISSUER, VIEW])
    def get(self, request: Request, badge_id: UUID) -> Response:
        """Get a badge."""
        known(request, {"issuer", VIEW.name})
        return Response(self.shown(self.badge(badge_id)))

    @extend_schema(
        operation_id="replaceBadge",
        parameters=[ISSUER, VIEW],
        request=WholeChangeSerializer,
        responses={200: FullBadgeSerializer},
    )
    def put(self, request: Request, badge_id: UUID) -> Response:
        """Change all of a badge at Credly. What is left out is emptied, except for its picture."""
        return self._change(request, badge_id, WholeChangeSerializer)

    @extend_schema(
        operation_id="changeBadge",
        parameters=[ISSUER, VIEW],
        request=ChangeSerializer,
        responses={200: FullBadgeSerializer},
    )
    def patch(self, request: Request, badge_id: UUID) -> Response:
        """Change some of a badge at Credly."""
        return self._change(request, badge_id, ChangeSerializer)

    @extend_schema(operation_id="deleteBadge", parameters=[ISSUER], responses={204: None})
    def delete(self, request: Request, badge_id: UUID) -> Response:
        """Delete a badge at Credly, unless learners hold it. Here it stays, as gone from Credly."""
        known(request, {"issuer"})
        template = self.badge(badge_id, Scope.BADGES_WRITE)
        self.check_match(request, self.shown(template))
        with asking_credly():
            authoring.delete(template, **self.by())
        return Response(status=204)

    def _change(self, request: Request, badge_id: UUID, form_class: type[ChangeSerializer]) -> Response:
        known(request, {"issuer", VIEW.name})
        template = self.badge(badge_id, Scope.BADGES_WRITE)
        self.check_match(request, self.shown(template))
        form = form_class(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = wire.TemplateChange(**form.wanted())
        if not wanted.is_empty:
            with asking_credly():
                template = authoring.change(template, wanted, **self.by())
        return self.changed(self.shown(_expiring(template, form, self.by())))


class Archiving(BadgesView, OutwardView):
    """Have Credly issue a badge no more."""

    scopes = {"POST": Scope.BADGES_WRITE}

    @extend_schema(
        operation_id="archiveBadge", parameters=[ISSUER, VIEW], request=None, responses={200: FullBadgeSerializer}
    )
    def post(self, request: Request, badge_id: UUID) -> Response:
        """Archive a badge at Credly. Nobody earns it any more; those who hold it keep it."""
        known(request, {"issuer", VIEW.name})
        template = self.badge(badge_id, Scope.BADGES_WRITE)
        self.check_match(request, self.shown(template))
        with asking_credly():
            template = authoring.archive(template, **self.by())
        return self.changed(self.shown(template))


def _expiring(template: BadgeTemplate, form: ChangeSerializer, by: dict[str, Any]) -> BadgeTemplate:
    """The badge, with badges that expire as was sent, if that was."""
    if "expires_in_days" not in form.validated_data:
        return template
    return authoring.expire_after(template, form.validated_data["expires_in_days"], **by)


def _chosen(rows: QuerySet[BadgeTemplate], request: Request) -> QuerySet[BadgeTemplate]:
    known(request, NAMES)
    active = truth(request, "active")
    if active is not None:
        wanted = rows.filter(status=BadgeTemplate.Status.ACTIVE)
        rows = wanted if active else rows.exclude(status=BadgeTemplate.Status.ACTIVE)
    if issuer := identifier(request, "issuer"):
        rows = rows.filter(organization__uuid=issuer)
    if program := identifier(request, "program"):
        rows = rows.filter(programs__uuid=program)
    if status := choice(request, "status", BadgeTemplate.Status.values):
        rows = rows.filter(status=status)
    if state := choice(request, "credlyState", BadgeTemplate.CredlyState.values):
        rows = rows.filter(credly_state=state)
    else:
        rows = rows.exclude(credly_state=BadgeTemplate.CredlyState.GONE)
    rows = updated(rows, request)
    if text := _short(request, "q"):
        rows = rows.filter(name__icontains=text)
    return _tagged(rows, _short(request, "tag"))


def _tagged(rows: QuerySet[BadgeTemplate], tag: str) -> QuerySet[BadgeTemplate]:
    if not tag:
        return rows
    # Not every database that we run on can look into a list in JSON, and none does so in any case.
    skills = rows.values_list("pk", "skills")
    found = [pk for pk, names in skills if tag.casefold() in {str(name).casefold() for name in names}]
    return rows.filter(pk__in=found)


def _short(request: Request, name: str) -> str:
    given = request.query_params.get(name, "")
    if len(given) > LONGEST_TEXT or "\0" in given:
        said = _("“%(name)s” has to be a text of at most %(longest)d characters.")
        raise Invalid(said % {"name": name, "longest": LONGEST_TEXT}, parameter=name)
    return given
