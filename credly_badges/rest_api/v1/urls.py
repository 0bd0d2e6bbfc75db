"""The addresses below ``/api/badges/v1/``. Each is taken with a slash at its end, too."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path, re_path
from django.utils.translation import gettext as _

from . import (
    achievements,
    application_decisions,
    application_evidence,
    application_forms,
    applications,
    award_changes,
    awards,
    badge_status,
    badges,
    bulk,
    claiming,
    codes,
    description,
    learners,
    levels,
    me,
    programs,
    requirements,
    reviews,
    roles,
    subscribers,
)
from .errors import NotFound
from .views import ApiView


class Nothing(ApiView):
    """Where there is nothing."""

    schema = None

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        """Whatever is asked."""
        raise NotFound(
            _(
                "There is nothing at this address. Those that there are, and how their IDs look, are described at "
                "/api/badges/v1/docs."
            )
        )


def at(route: str, view: type[ApiView], name: str) -> list[URLPattern]:
    """An address, and the same with a slash."""
    answer = view.as_view()
    return [path(route, answer, name=name), path(f"{route}/", answer)]


urlpatterns: list[URLPattern] = [
    *at("badges", badges.Badges, "badges"),
    *at("badges/<uuid:badge_id>", badges.Badge, "badge"),
    *at("badges/<uuid:badge_id>/archive", badges.Archiving, "badge_archive"),
    *at("badges/<uuid:badge_id>/status", badge_status.Moving, "badge_status"),
    *at("badges/<uuid:badge_id>/requirements", requirements.Requirements, "badge_requirements"),
    *at("badges/<uuid:badge_id>/awards", awards.BadgeAwards, "badge_awards"),
    *at("badges/<uuid:badge_id>/awards/bulk", bulk.BulkIssues, "badge_awards_bulk"),
    *at("bulk/<uuid:bulk_id>", bulk.Bulk, "bulk"),
    *at("bulk/<uuid:bulk_id>/rows", bulk.BulkRows, "bulk_rows"),
    *at("bulk/<uuid:bulk_id>/commit", bulk.BulkCommit, "bulk_commit"),
    *at("bulk/<uuid:bulk_id>/undo", bulk.BulkUndo, "bulk_undo"),
    *at("bulk/<uuid:bulk_id>/result", bulk.BulkResult, "bulk_result"),
    *at("awards", awards.Awards, "awards"),
    *at("awards/<uuid:award_id>", awards.Award, "award"),
    *at("awards/<uuid:award_id>/revoke", award_changes.Revocation, "award_revoke"),
    *at("awards/<uuid:award_id>/restore", award_changes.Restoration, "award_restore"),
    *at("awards/<uuid:award_id>/resend", award_changes.Resending, "award_resend"),
    *at("learners", learners.Learners, "learners"),
    *at("learners/<int:learner_id>/badges", learners.LearnerBadges, "learner_badges"),
    *at("learners/<int:learner_id>/badges/<uuid:badge_id>/why", learners.LearnerWhy, "learner_why"),
    *at("learners/<int:learner_id>/progress", learners.LearnerProgress, "learner_progress"),
    *at("me/badges", me.MyBadges, "my_badges"),
    *at("me/badges/<uuid:award_id>", me.MyBadge, "my_badge"),
    *at("me/progress", me.MyProgress, "my_progress"),
    *at("me/progress/<uuid:badge_id>/why", me.MyWhy, "my_why"),
    *at("achievements/<str:organization>/<str:badge>", achievements.Achievement, "achievement"),
    *at("badges/<uuid:badge_id>/application-form", application_forms.BadgeApplicationForm, "application_form"),
    *at("badges/<uuid:badge_id>/applications", applications.BadgeApplications, "badge_applications"),
    *at("applications", applications.Applications, "applications"),
    *at("applications/<uuid:application_id>", applications.OneApplication, "application"),
    *at("applications/<uuid:application_id>/resubmit", applications.Resubmission, "application_resubmit"),
    *at("applications/<uuid:application_id>/withdraw", application_decisions.Withdrawal, "application_withdraw"),
    *at("applications/<uuid:application_id>/assign", application_decisions.Assignment, "application_assign"),
    *at("applications/<uuid:application_id>/approve", application_decisions.Approval, "application_approve"),
    *at("applications/<uuid:application_id>/deny", application_decisions.Denial, "application_deny"),
    *at("applications/<uuid:application_id>/reviews", reviews.Reviews, "reviews"),
    *at("applications/<uuid:application_id>/reviews/<uuid:review_id>", reviews.Review, "review"),
    *at("applications/<uuid:application_id>/evidence/<uuid:evidence_id>", application_evidence.Evidence, "evidence"),
    *at("systems", levels.Systems, "systems"),
    *at("systems/<slug:system>", levels.System, "system"),
    *at("issuers", levels.Issuers, "issuers"),
    *at("issuers/<uuid:issuer_id>", levels.Issuer, "issuer"),
    *at("programs", programs.Programs, "programs"),
    *at("programs/<uuid:program_id>", programs.Program, "program"),
    *at("roles", roles.Roles, "roles"),
    *at("roles/<int:role_id>", roles.Role, "role"),
    *at("schema", description.Schema, "schema"),
    *at("docs", description.Page, "docs"),
    *at("badges/<uuid:badge_id>/codes", codes.Codes, "badge_codes"),
    *at("badges/<uuid:badge_id>/codes/claim", claiming.BadgeClaim, "badge_claim"),
    *at("badges/<uuid:badge_id>/codes/<uuid:code_id>", codes.Code, "badge_code"),
    *at("badges/<uuid:badge_id>/codes/<uuid:code_id>/claims", codes.CodeClaims, "badge_code_claims"),
    *at("badges/<uuid:badge_id>/codes/<uuid:code_id>/qr", codes.CodeQr, "badge_code_qr"),
    *at("codes/claim", claiming.Claim, "claim"),
    *at("subscribers", subscribers.Subscribers, "subscribers"),
    *at("subscribers/<uuid:subscriber_id>", subscribers.OneSubscriber, "subscriber"),
    *at("subscribers/<uuid:subscriber_id>/rotate-secret", subscribers.Rotation, "subscriber_rotate_secret"),
    *at("subscribers/<uuid:subscriber_id>/test", subscribers.Trial, "subscriber_test"),
    *at("subscribers/<uuid:subscriber_id>/messages", subscribers.Messages, "subscriber_messages"),
    *at("subscribers/<uuid:subscriber_id>/messages/<uuid:message_id>", subscribers.Message, "subscriber_message"),
    *at(
        "subscribers/<uuid:subscriber_id>/messages/<uuid:message_id>/redeliver",
        subscribers.Redelivery,
        "subscriber_message_redeliver",
    ),
    re_path(r"", Nothing.as_view()),
]
