"""What reviewers found of an application."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ... import applications
from ...access import Scope
from ...models import Application, ApplicationReview
from . import application_bodies as forms
from . import idempotency
from .application_reading import read, refusals
from .applications import ApplicationsView
from .errors import Forbidden, Invalid, NotFound
from .parameters import PAGE, UPDATED_SINCE, known, updated
from .views import KNOWN

DECIDED = (Application.State.APPROVED, Application.State.DENIED)


class ReviewsView(ApplicationsView):
    """What all addresses of reviews have in common."""

    serializer_class = forms.ReviewSerializer

    def reviews(self, application: Application) -> QuerySet[ApplicationReview]:
        """Those that the caller may see; the learner sees them once it is decided."""
        rows = ApplicationReview.objects.filter(application=application)
        if self.is_own(application) and application.state not in DECIDED:
            return rows.none()
        return rows.select_related("application").prefetch_related("items__criterion").order_by("created", "pk")

    def keep(self, application: Application, said: dict[str, Any], **who: Any) -> applications.Reviewed:
        """Keep what was found."""
        findings = [
            applications.Finding(each["criterion_id"], each["satisfied"], each["comment"]) for each in said["items"]
        ]
        with refusals():
            return applications.review(
                application, findings=findings, comment=said["comment"], key=self.caller.key, **who
            )

    def data(self, review: ApplicationReview) -> Any:
        """A review, as it is now."""
        fresh = ApplicationReview.objects.select_related("application").prefetch_related("items__criterion")
        return forms.ReviewSerializer(fresh.get(pk=review.pk), context=self.get_serializer_context()).data


class Reviews(ReviewsView):
    """The reviews of one application."""

    scopes = {"GET": KNOWN, "POST": Scope.APPLICATIONS_REVIEW}

    @extend_schema(operation_id="listReviews", parameters=[UPDATED_SINCE])
    def get(self, request: Request, application_id: UUID) -> Response:
        """List the reviews of an application. Its learner sees them once it is decided, without who reviewed."""
        known(request, PAGE | {UPDATED_SINCE.name})
        return self.paged(updated(self.reviews(self.application(application_id, own=True)), request))

    @extend_schema(
        operation_id="submitReview",
        parameters=[idempotency.PARAMETER],
        request=forms.GivenReviewSerializer,
        responses={201: forms.ReviewSerializer, 200: forms.ReviewSerializer},
    )
    @idempotency.idempotent
    def post(self, request: Request, application_id: UUID) -> Response:
        """Review an application. A second review of the same person takes the place of the first, and is answered 200.

        Where the badge says so, it is awarded as soon as enough reviewers found all required criteria satisfied.
        """
        known(request)
        application = self.application(application_id, Scope.APPLICATIONS_REVIEW)
        said = read(forms.GivenReviewSerializer, request)
        self.concerns = application.learner_id
        user, author = self.caller.user, said.get("author", "")
        if user is not None and author:
            raise Invalid.of("author", _("You review as yourself: leave out “author”."))
        made = self.keep(application, said, reviewer=user, author=author)
        return Response(self.data(made.review), status=201 if made.created else 200)


class Review(ReviewsView):
    """One review."""

    scopes = {"GET": KNOWN, "PUT": Scope.APPLICATIONS_REVIEW}

    @extend_schema(operation_id="getReview")
    def get(self, request: Request, application_id: UUID, review_id: UUID) -> Response:
        """Get a review."""
        known(request)
        found = self._review(self.application(application_id, own=True), review_id)
        return Response(self.data(found))

    @extend_schema(operation_id="changeReview", request=forms.ChangedReviewSerializer, responses=forms.ReviewSerializer)
    def put(self, request: Request, application_id: UUID, review_id: UUID) -> Response:
        """Change a review while nothing is decided: its reviewer may, or the system that sent it."""
        known(request)
        # First of all: under REPEATABLE READ all that is read later is as it was at the first plain reading.
        list(Application.objects.select_for_update().filter(uuid=application_id))
        application = self.application(application_id, Scope.APPLICATIONS_REVIEW)
        found = self._review(application, review_id)
        said = read(forms.ChangedReviewSerializer, request)
        user, key = self.caller.user, self.caller.key
        is_theirs = found.reviewer_id == user.pk if user is not None else key is None or found.api_key_id == key.pk
        if not is_theirs:
            raise Forbidden(_("Only who has reviewed changes it. Send a review of your own."))
        self.check_match(request, self.data(found))
        author = found.author or (found.reviewer.get_username() if found.reviewer else "")
        made = self.keep(application, said, reviewer=user, author="" if user is not None else author)
        return self.changed(self.data(made.review))

    def _review(self, application: Application, review_id: UUID) -> ApplicationReview:
        found = self.reviews(application).filter(uuid=review_id).first()
        if found is None:
            raise NotFound(_("There is no such review here."))
        return found
