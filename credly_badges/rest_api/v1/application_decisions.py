"""What is done with an application: withdrawn, assigned, approved, denied."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth import get_user_model
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ... import applications
from ...access import Scope
from . import application_bodies as forms
from . import idempotency
from .application_reading import read, refusals
from .applications import ApplicationsView
from .parameters import known
from .views import KNOWN


class Withdrawal(ApplicationsView):
    """Taking an application back."""

    scopes = {"POST": KNOWN}

    @extend_schema(operation_id="withdrawApplication", request=None, responses=forms.ApplicationSerializer)
    def post(self, request: Request, application_id: UUID) -> Response:
        """Withdraw an application, while nobody has decided."""
        known(request)
        found = self.application(application_id, Scope.APPLICATIONS_SUBMIT, own=True)
        with refusals():
            done = applications.withdraw(found, by=self.caller.user, key=self.caller.key)
        return self.shown(done)


class Assignment(ApplicationsView):
    """Who reviews an application."""

    scopes = {"POST": Scope.APPLICATIONS_DECIDE}

    @extend_schema(
        operation_id="assignApplication", request=forms.AssignmentSerializer, responses=forms.ApplicationSerializer
    )
    def post(self, request: Request, application_id: UUID) -> Response:
        """Assign an application to one reviewer until a time, or to nobody; it is free again by itself."""
        known(request)
        found = self.application(application_id, Scope.APPLICATIONS_DECIDE)
        said = read(forms.AssignmentSerializer, request)
        user = get_user_model().objects.filter(pk=said["to"].id).first() if said["to"] else None
        with refusals():
            done = applications.assign(
                found, to=user, until=said.get("until"), by=self.caller.user, key=self.caller.key
            )
        return self.shown(done)


class Approval(ApplicationsView):
    """Saying yes."""

    scopes = {"POST": Scope.APPLICATIONS_DECIDE}

    @extend_schema(
        operation_id="approveApplication",
        parameters=[idempotency.PARAMETER],
        request=forms.ApprovalSerializer,
        responses=forms.ApplicationSerializer,
    )
    @idempotency.idempotent
    def post(self, request: Request, application_id: UUID) -> Response:
        """Approve an application that enough reviewers found satisfied, and award the badge."""
        known(request)
        found = self.application(application_id, Scope.APPLICATIONS_DECIDE)
        said = read(forms.ApprovalSerializer, request)
        self.concerns = found.learner_id
        with refusals():
            done = applications.approve(found, by=self.caller.user, feedback=said["feedback"], key=self.caller.key)
        return self.shown(done)


class Denial(ApplicationsView):
    """Saying no."""

    scopes = {"POST": Scope.APPLICATIONS_DECIDE}

    @extend_schema(
        operation_id="denyApplication", request=forms.DenialSerializer, responses=forms.ApplicationSerializer
    )
    def post(self, request: Request, application_id: UUID) -> Response:
        """Deny an application, with words for the learner, who may apply again."""
        known(request)
        found = self.application(application_id, Scope.APPLICATIONS_DECIDE)
        said = read(forms.DenialSerializer, request)
        with refusals():
            done = applications.deny(found, by=self.caller.user, feedback=said["feedback"], key=self.caller.key)
        return self.shown(done)
