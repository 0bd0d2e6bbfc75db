"""How applications for a badge are taken and decided."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ... import applications
from ...access import Scope
from ...models import ApplicationForm
from .application_bodies import ApplicationFormSerializer
from .application_reading import read, refusals
from .applications import CONCERNED, ApplicationsView
from .badges import ISSUER
from .errors import NotFound
from .parameters import known
from .views import KNOWN

NAMES = (
    *("is_open", "instructions", "reviews_needed", "awards_at_once", "needs_evidence", "days_to_review"),
    "modified",
)


class BadgeApplicationForm(ApplicationsView):
    """The form of one badge."""

    scopes = {"GET": KNOWN, "PUT": Scope.APPLICATIONS_DECIDE}
    serializer_class = ApplicationFormSerializer

    @extend_schema(operation_id="getApplicationForm", parameters=[ISSUER])
    def get(self, request: Request, badge_id: UUID) -> Response:
        """Get the form of a badge: what learners read before they apply, and what reviewers look at."""
        known(request, {"issuer"})
        template = self.badge(badge_id)
        is_concerned = any(self.caller.may(scope, template) for scope in CONCERNED)
        if not is_concerned and applications.why_not_taking(template):
            raise NotFound(_("This badge takes no applications now."))
        return Response(_data(applications.form_of(template), with_notes=is_concerned))

    @extend_schema(
        operation_id="setApplicationForm",
        parameters=[ISSUER],
        request=ApplicationFormSerializer,
        responses=ApplicationFormSerializer,
    )
    def put(self, request: Request, badge_id: UUID) -> Response:
        """Say how applications are taken and decided. Criteria that are left out go; what was found of them is kept."""
        known(request, {"issuer"})
        # First of all: under REPEATABLE READ all that is read later is as it was at the first plain reading.
        list(ApplicationForm.objects.select_for_update().filter(template__uuid=badge_id))
        template = self.badge(badge_id, Scope.APPLICATIONS_DECIDE)
        said = read(ApplicationFormSerializer, request)
        self.check_match(request, _data(applications.form_of(template), with_notes=True))
        wanted = [
            applications.Criterion(each["description"], each["required"], each.get("note", ""), each.get("uuid"))
            for each in said.pop("criteria")
        ]
        with refusals():
            form = applications.set_form(template, criteria=wanted, by=self.caller.user, key=self.caller.key, **said)
        return self.changed(_data(form, with_notes=True))


def _data(form: ApplicationForm, *, with_notes: bool) -> Any:
    criteria = list(form.criteria.all()) if form.pk else []
    for each in criteria:
        each.note = each.note if with_notes else ""
    return ApplicationFormSerializer({**{name: getattr(form, name) for name in NAMES}, "criteria": criteria}).data
