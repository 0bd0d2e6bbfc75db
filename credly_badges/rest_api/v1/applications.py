"""Applications: who applies for which badge, how far that has come, and what was decided."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from ... import applications, conf, lms
from ...access import Scope
from ...models import Application, BadgeTemplate
from . import application_bodies as forms
from . import throttling
from .application_reading import MULTIPART, pieces, read, refusals
from .awards import id_of_learner
from .badges import ISSUER
from .bodies import JsonParser
from .errors import Conflict, Forbidden, Invalid, NotFound
from .parameters import LARGEST_ID, PAGE, UPDATED_SINCE, choice, identifier, known, updated
from .views import KNOWN, ApiView

State = Application.State
CONCERNED = (Scope.APPLICATIONS_READ, Scope.APPLICATIONS_REVIEW, Scope.APPLICATIONS_DECIDE)
"""Who has any of these for a badge has to do with its applications."""
ME = "me"
MOST_A_MINUTE = 5
"""How many applications a user may send in a minute: ten large pictures are seconds of work, whatever comes of them."""

BADGE = OpenApiParameter("badge", UUID, description="Only those for this badge.")
FILTERS = [
    OpenApiParameter("state", str, enum=State.values, description="Only those in this state."),
    OpenApiParameter(
        "assignedTo", str, description="Only those that are assigned to this user now: “me”, or a user's ID."
    ),
    OpenApiParameter("learner", str, description="Only those of this learner: a user name or an e-mail address."),
    UPDATED_SINCE,
]
NAMES = frozenset({"state", "assignedTo", "learner", "updatedSince"})
SUBMISSION = {
    "application/json": forms.ApplicationSubmissionSerializer,
    MULTIPART: forms.SubmissionWithPicturesSerializer,
}
AGAIN = {"application/json": forms.ResubmissionSerializer, MULTIPART: forms.SubmissionWithPicturesSerializer}


class ApplicationsView(ApiView):
    """What all addresses of applications have in common."""

    serializer_class: Any = forms.ApplicationSerializer
    concerns: int | None = None
    """The learner whom the answer names, for ``idempotency``."""

    def get_serializer_context(self) -> dict[str, Any]:
        """With who asks: of their own application they are told less."""
        return {**super().get_serializer_context(), "asked_by": getattr(self.caller.user, "pk", None)}

    def visible(self, scope: Scope = Scope.BADGES_READ) -> Q:
        """Which badges the caller may see: also those whose applications they see, and as a user what takes some."""
        found = super().visible(scope)
        if scope is Scope.BADGES_READ:
            for each in CONCERNED:
                found |= self.caller.templates(each)
            if self.caller.user is not None:
                found |= applications.TAKING
        return found

    def is_own(self, application: Application) -> bool:
        """Whether it is the caller's own."""
        return forms.is_own(self.get_serializer_context(), application)

    def application(
        self, application_id: UUID, scope: Scope = Scope.APPLICATIONS_READ, *, own: bool = False
    ) -> Application:
        """The application with this ID, with which the caller may do this; where ``own``, as its learner, too.

        Raises NotFound where they may not know of it, Forbidden where they may see it and not do this.
        """
        found = with_all(Application.objects.filter(uuid=application_id)).first()
        if found is None:
            raise NotFound(_("There is no such application here."))
        is_own = self.is_own(found)
        if (own and is_own) or self.caller.may(scope, found.template):
            return found
        if is_own or self.caller.may(Scope.APPLICATIONS_READ, found.template):
            raise Forbidden(_("You may see this application, and not do this with it."), scope=scope.value)
        raise NotFound(_("There is no such application here."))

    def shown(self, application: Application, status: int = 200) -> Response:
        """An application, as it is now."""
        fresh = with_all(Application.objects.filter(pk=application.pk)).get()
        data = forms.ApplicationSerializer(fresh, context=self.get_serializer_context()).data
        return Response(data, status=status) if status != 200 else self.changed(data)  # noqa: PLR2004

    def seen(self, rows: QuerySet[Application]) -> QuerySet[Application]:
        """Those of the applications that the caller may see: of their levels, and as a user their own."""
        user, allowed = self.caller.user, self.caller.has(Scope.APPLICATIONS_READ)
        if user is None and not allowed:
            said = _("Your log-in or key does not allow “%(scope)s”.") % {"scope": Scope.APPLICATIONS_READ.value}
            raise Forbidden(said, scope=Scope.APPLICATIONS_READ.value)
        if self.caller.everywhere(Scope.APPLICATIONS_READ):
            return rows
        seen = Q(learner=user.pk) if user is not None else Q(pk__in=())
        if allowed:
            seen |= Q(template__in=BadgeTemplate.objects.filter(self.caller.templates(Scope.APPLICATIONS_READ)))
        return rows.filter(seen)

    def chosen(self, rows: QuerySet[Application], request: Request) -> QuerySet[Application]:
        """Those that the request asks for; the newest come first. Raises Invalid."""
        if state := choice(request, "state", State.values):
            rows = rows.filter(state=state)
        if (assigned := request.query_params.get("assignedTo")) is not None:
            rows = rows.filter(self._assigned(assigned))
        if (learner := request.query_params.get("learner")) is not None:
            learner_id = id_of_learner(learner)
            rows = rows.filter(learner=learner_id) if learner_id else rows.none()
        return with_all(updated(rows, request)).order_by("-pk")

    def _assigned(self, said: str) -> Q:
        user = self.caller.user
        if said == ME and user is not None:
            user_id = user.pk
        elif said.isascii() and said.isdigit() and len(said) <= len(str(LARGEST_ID)) and int(said) <= LARGEST_ID:
            user_id = int(said)
        else:
            raise Invalid(_("“assignedTo” has to be “me” or the ID of a user."), parameter="assignedTo")
        # Of their own application, nobody is told who looks at it.
        mine = Q(learner=user.pk) if user is not None else Q(pk__in=())
        return applications.assigned_now(user_id) & ~mine


class Applications(ApplicationsView):
    """All applications that the caller may see."""

    scopes = {"GET": KNOWN}

    @extend_schema(operation_id="listApplications", parameters=[BADGE, *FILTERS])
    def get(self, request: Request) -> Response:
        """List applications: those that the caller may see, and their own; the newest come first."""
        known(request, PAGE | NAMES | {"badge"})
        rows = self.seen(Application.objects.all())
        if badge := identifier(request, "badge"):
            rows = rows.filter(template__uuid=badge)
        return self.paged(self.chosen(rows, request))


class SubmittingView(ApplicationsView):
    """Where applications are sent to, with pictures where there are any."""

    parser_classes = (JsonParser, MultiPartParser)

    def submit(self, template: BadgeTemplate, learner: lms.Learner, said: dict[str, Any], request: Request) -> Response:
        """Take an application."""
        if self.caller.user is not None:
            counted = throttling.count(f"submit:{self.caller.name}", MOST_A_MINUTE)
            if counted.is_one_too_many:
                raise exceptions.Throttled(wait=counted.wait)
        with refusals():
            made = applications.submit(
                template,
                learner=learner,
                statement=said["statement"],
                evidence=pieces(said["evidence"], request),
                by=self.caller.user,
                key=self.caller.key,
            )
        return self.shown(made, 201)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """What is sent in parts may be larger, by as many pictures as are taken."""
        in_parts = request.content_type.startswith(MULTIPART)
        pictures = applications.MOST_EVIDENCE * conf.evidence_max_bytes() if in_parts else 0
        # What is in parts is written to files while it comes in.
        self.longest_body = ApiView.longest_body + pictures  # type: ignore[misc]
        super().initial(request, *args, **kwargs)


# No transaction around the whole: the storage of pictures may be at another host.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class BadgeApplications(SubmittingView):
    """The applications for one badge."""

    scopes = {"GET": KNOWN, "POST": KNOWN}

    @extend_schema(operation_id="listBadgeApplications", parameters=[ISSUER, *FILTERS])
    def get(self, request: Request, badge_id: UUID) -> Response:
        """List the applications for a badge; a learner sees their own. The newest come first."""
        known(request, PAGE | NAMES | {"issuer"})
        if self.caller.user is None:
            return self._list(self.badge(badge_id, Scope.APPLICATIONS_READ), request)
        own = Application.objects.filter(learner=self.caller.user.pk, template__uuid=badge_id)
        template = own[0].template if own[:1] and "issuer" not in request.query_params else self.badge(badge_id)
        return self._list(template, request)

    @extend_schema(
        operation_id="submitApplication",
        parameters=[ISSUER],
        request=SUBMISSION,
        responses={201: forms.ApplicationSerializer},
    )
    def post(self, request: Request, badge_id: UUID) -> Response:
        """Apply for a badge. Learners do it for themselves; who may submit applications, for any learner."""
        known(request, {"issuer"})
        self.badge(badge_id, Scope.BADGES_READ if self.caller.user is not None else Scope.APPLICATIONS_SUBMIT)
        said = read(forms.ApplicationSubmissionSerializer, request)
        learner = said.get("learner") or self._caller_as_learner()
        is_own = self.caller.user is not None and learner.id == self.caller.user.pk
        template = self.badge(badge_id, Scope.BADGES_READ if is_own else Scope.APPLICATIONS_SUBMIT)
        return self.submit(template, learner, said, request)

    def _caller_as_learner(self) -> lms.Learner:
        user = self.caller.user
        found = lms.learner(user.pk) if user is not None else None
        if found is None:
            raise Invalid.of("learner", _("Say in “learner” who applies."))
        return found

    def _list(self, template: BadgeTemplate, request: Request) -> Response:
        rows = self.seen(Application.objects.filter(template=template))
        return self.paged(self.chosen(rows, request))


class OneApplication(ApplicationsView):
    """One application."""

    scopes = {"GET": KNOWN}

    @extend_schema(operation_id="getApplication")
    def get(self, request: Request, application_id: UUID) -> Response:
        """Get an application. Learners get their own."""
        known(request)
        found = self.application(application_id, own=True)
        return Response(self.get_serializer(found).data)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class Resubmission(SubmittingView):
    """Applying once more."""

    scopes = {"POST": KNOWN}

    @extend_schema(operation_id="resubmitApplication", request=AGAIN, responses={201: forms.ApplicationSerializer})
    def post(self, request: Request, application_id: UUID) -> Response:
        """Apply again after a denial: a new application, which names the one before it."""
        known(request)
        found = self.application(application_id, Scope.APPLICATIONS_SUBMIT, own=True)
        said = read(forms.ResubmissionSerializer, request)
        if found.state != State.DENIED:
            raise Conflict(_("This application was not denied, so it is not sent again."), state=found.state)
        learner = lms.learner(found.learner_id)
        if learner is None:
            raise NotFound(_("There is no such application here."))
        return self.submit(found.template, learner, said, request)


def with_all(rows: QuerySet[Application]) -> QuerySet[Application]:
    """With what an answer shows of them: one query more, however many there are."""
    return rows.select_related("template", "previous", "award").prefetch_related("evidence")
