"""Learners: what they have earned, how far they are, and why they have a badge or not.

Who may ask sees what concerns the badges of their levels and courses. A learner of whom nothing is known there is
answered like one who does not exist, so nobody finds out here who has an account.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ... import lms, reports
from ...access import Scope
from ...awards import given
from ...models import BadgeProgress
from ...reports import learners
from ...reports.answer import Status
from .awards import AwardSerializer
from .badges import ISSUER
from .errors import Invalid, NotFound
from .explanations import ProgressSerializer, WhySerializer, shown
from .parameters import PAGE, UPDATED_SINCE, known, possible, truth, updated
from .serializers import ApiSerializer
from .views import ApiView

IDENTIFIER = OpenApiParameter("identifier", str, required=True, description="A user name, or an e-mail address.")
COMPLETE = OpenApiParameter("complete", bool, description="Only those whose requirements are all met, or the others.")


class LearnerSerializer(ApiSerializer):
    """Who it is. Nothing else is told of them here."""

    id = serializers.IntegerField()
    username = serializers.CharField()


class LearnersView(ApiView):
    """What all addresses of learners have in common."""

    scopes = {"GET": Scope.LEARNERS_READ}

    @property
    def mine(self) -> Q:
        """The badges that the caller may speak of."""
        return self.caller.templates(Scope.LEARNERS_READ)

    @property
    def sees_all(self) -> bool:
        """Whether the caller may speak of all badges."""
        return self.caller.everywhere(Scope.LEARNERS_READ)


class Learners(LearnersView):
    """Who somebody is that the caller knows by name."""

    serializer_class = LearnerSerializer

    @extend_schema(operation_id="listLearners", parameters=[IDENTIFIER])
    def get(self, request: Request) -> Response:
        """Find a learner. Nobody is found of whom nothing is known in the caller's badges."""
        known(request, PAGE | {"identifier"})
        found = lms.find_learners([said])[said] if (said := _identifier(request)) else None
        if found is not None and not self._is_known(found.id):
            found = None
        return self.paged([found] if found else [])  # type: ignore[arg-type]

    def _is_known(self, learner_id: int) -> bool:
        if self.sees_all:
            return bool(lms.present([learner_id]))
        rows = (learners.badges_of(learner_id, self.mine), learners.progress_of(learner_id, self.mine))
        return any(row.exists() for row in rows)


class LearnerBadges(LearnersView):
    """What a learner was awarded."""

    serializer_class = AwardSerializer

    @extend_schema(operation_id="listLearnerBadges", parameters=[UPDATED_SINCE])
    def get(self, request: Request, learner_id: int) -> Response:
        """List the badges of a learner; the newest come first."""
        known(request, PAGE | {UPDATED_SINCE.name})
        return self.paged(updated(learners.badges_of(possible(learner_id), self.mine), request))


class LearnerProgress(LearnersView):
    """How far a learner is."""

    serializer_class = ProgressSerializer

    @extend_schema(operation_id="listLearnerProgress", parameters=[COMPLETE, UPDATED_SINCE])
    def get(self, request: Request, learner_id: int) -> Response:
        """List how far a learner is towards each badge; what they came nearest to comes first."""
        return progress_page(self, request, learners.progress_of(possible(learner_id), self.mine))


class LearnerWhy(LearnersView):
    """Why a learner has a badge, or not."""

    serializer_class = WhySerializer

    @extend_schema(operation_id="explainLearnerBadge", parameters=[ISSUER])
    def get(self, request: Request, learner_id: int, badge_id: UUID) -> Response:
        """Explain why a learner has a badge, or not: each requirement with what was seen, and the badge's way."""
        known(request, {"issuer"})
        template = self.badge(badge_id, Scope.LEARNERS_READ)
        why = reports.why(possible(learner_id), template)
        if not self.sees_all:
            why = _of_this_badge_alone(why)
            if not _says_anything(why):
                raise NotFound(_("Nothing is known of this learner that concerns this badge."))
        elif not lms.present([possible(learner_id)]):
            raise NotFound(_("There is no such learner."))
        if not self.caller.may(Scope.AWARDS_ISSUE, template):
            # What Credly said of a try may repeat a name or an address; it is for those who can do something about it.
            why = replace(why, path=tuple(replace(step, details=()) for step in why.path))
        return Response(shown(why))


def progress_page(view: ApiView, request: Request, rows: Any) -> Response:
    """A page of progress, each with what the badge asks for in words. As many queries for many as for one."""
    known(request, PAGE | {"complete", UPDATED_SINCE.name})
    rows = updated(rows, request)
    complete = truth(request, "complete")
    if complete is not None:
        rows = rows.filter(completed_at__isnull=not complete)
    page: list[BadgeProgress] = view.paginate_queryset(rows) or []
    context = {**view.get_serializer_context(), "groups": learners.groups_of(page)}
    return view.get_paginated_response(ProgressSerializer(page, many=True, context=context).data)


def _identifier(request: Request) -> str:
    said = request.query_params.get("identifier", "")
    if not said.strip():
        raise Invalid(
            _("Say who is meant: “?identifier=” takes a user name or an e-mail address."), parameter="identifier"
        )
    try:
        return given.text(said, longest=given.LONGEST_ENTRY)
    except given.NotTaken as refusal:
        raise Invalid(refusal.sentence, parameter="identifier") from None


def _of_this_badge_alone(why: reports.Why) -> reports.Why:
    """Without what the learner did in other courses than the badge asks for."""

    def here(requirement: reports.RequirementWhy) -> reports.RequirementWhy:
        kept = tuple(each for each in requirement.occurrences if each.status is not Status.ELSEWHERE)
        return replace(requirement, occurrences=kept)

    groups = tuple(replace(group, requirements=tuple(map(here, group.requirements))) for group in why.groups)
    return replace(why, groups=groups, penalties=tuple(map(here, why.penalties)))


def _says_anything(why: reports.Why) -> bool:
    requirements = [each for group in why.groups for each in group.requirements]
    return bool(why.path or why.percent) or any(each.occurrences for each in (*requirements, *why.penalties))
