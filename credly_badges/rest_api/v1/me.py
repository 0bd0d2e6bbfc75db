"""What learners see of themselves, and whether a badge of theirs has a page here that anybody may see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ... import reports
from ...awards import sharing
from ...models import BadgeAward, BadgeTemplate
from ...reports import learners
from .awards import AwardSerializer
from .badges import ISSUER
from .errors import Conflict, Forbidden, Invalid, NotFound
from .explanations import BadgeInShortSerializer, ProgressSerializer, WhySerializer, shown
from .learners import COMPLETE, progress_page
from .parameters import PAGE, UPDATED_SINCE, known, updated
from .serializers import ApiSerializer
from .views import EARNABLE, KNOWN, ApiView, the_one

FOR_OTHERS = ("learnerId", "reason", "badgeId")
"""What an award tells its issuers, and is of no use to its learner."""


class MyBadgeSerializer(AwardSerializer):
    """A badge of the learner who asks, and whether it has a page here that anybody may see."""

    badge = BadgeInShortSerializer(source="template")
    shared = serializers.SerializerMethodField()
    show_name = serializers.BooleanField(source="shows_name")

    def get_fields(self) -> dict[str, Any]:
        """All fields but those that are for others."""
        return {name: field for name, field in super().get_fields().items() if name not in FOR_OTHERS}

    def get_shared(self, award: BadgeAward) -> bool:
        return award.shared_at is not None


class SharingSerializer(ApiSerializer):
    """Whether anybody may see the badge on a page of this site, and whether that page names its learner."""

    shared = serializers.BooleanField(required=False)
    show_name = serializers.BooleanField(required=False)


class MyView(ApiView):
    """What all addresses of one's own have in common."""

    scopes = {"GET": KNOWN}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse who is no person."""
        super().initial(request, *args, **kwargs)
        if self.caller.user is None:
            raise Forbidden(_("This is for learners themselves, with their session or token. A key has no badges."))

    @property
    def me(self) -> int:
        """The number of whoever asks."""
        learner_id: int = self.caller.user.pk
        return learner_id


class MyBadges(MyView):
    """What the learner was awarded."""

    serializer_class = MyBadgeSerializer

    @extend_schema(operation_id="listMyBadges", parameters=[UPDATED_SINCE])
    def get(self, request: Request) -> Response:
        """List your badges; the newest come first."""
        known(request, PAGE | {UPDATED_SINCE.name})
        return self.paged(updated(learners.badges_of(self.me, Q()), request))


class MyBadge(MyView):
    """One badge of the learner's."""

    scopes = {"GET": KNOWN, "PATCH": KNOWN}
    serializer_class = MyBadgeSerializer

    @extend_schema(operation_id="getMyBadge")
    def get(self, request: Request, award_id: UUID) -> Response:
        """Get a badge of yours."""
        known(request)
        return Response(self.get_serializer(self._award(award_id)).data)

    @extend_schema(operation_id="shareMyBadge", request=SharingSerializer, responses=MyBadgeSerializer)
    def patch(self, request: Request, award_id: UUID) -> Response:
        """Let anybody see a badge of yours on a page of this site, or nobody any more."""
        known(request)
        award = self._award(award_id)
        self.check_match(request, self.get_serializer(award).data)
        wanted = SharingSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        if not wanted.validated_data:
            raise Invalid(_("Say what to change: “shared” or “showName”, each true or false."))
        try:
            award = sharing.share(
                award,
                shared=wanted.validated_data.get("shared"),
                shows_name=wanted.validated_data.get("show_name"),
                by=self.caller.user,
            )
        except sharing.NotShareable as refusal:
            raise Conflict(refusal.sentence) from None
        return self.changed(self.get_serializer(award).data)

    def _award(self, award_id: UUID) -> BadgeAward:
        award = learners.badges_of(self.me, Q()).filter(uuid=award_id).first()
        if award is None:
            raise NotFound(_("You have no such badge."))
        return award


class MyProgress(MyView):
    """How far the learner is."""

    serializer_class = ProgressSerializer

    @extend_schema(operation_id="listMyProgress", parameters=[COMPLETE, UPDATED_SINCE])
    def get(self, request: Request) -> Response:
        """List how far you are towards each badge; what you came nearest to comes first."""
        return progress_page(self, request, learners.progress_of(self.me, learners.ever_open()))


class MyWhy(MyView):
    """Why the learner has a badge, or not."""

    serializer_class = WhySerializer

    @extend_schema(operation_id="explainMyBadge", parameters=[ISSUER])
    def get(self, request: Request, badge_id: UUID) -> Response:
        """Explain why you have a badge, or not."""
        known(request, {"issuer"})
        template = the_one(self._those(badge_id), request)
        if template is None:
            raise NotFound(_("There is no such badge here."))
        why = reports.why(self.me, template, for_learner=True)
        if not BadgeTemplate.objects.filter(learners.ever_open(), pk=template.pk).exists():
            # It was issued by hand. What it asks for is a draft, or is tried out, and may yet change.
            why = replace(why, groups=(), penalties=())
        return Response(shown(why))

    def _those(self, badge_id: UUID) -> Any:
        """What can be earned, what could be earned and this learner began, and what they hold or held."""
        begun = learners.progress_of(self.me, learners.ever_open()).values("template")
        held = learners.badges_of(self.me, Q()).values("template").order_by()
        rows = BadgeTemplate.objects.select_related("organization").filter(uuid=badge_id)
        return rows.filter(EARNABLE | Q(pk__in=begun.order_by()) | Q(pk__in=held))
