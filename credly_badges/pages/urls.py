"""The addresses of the pages, below ``/badges/``."""

from __future__ import annotations

from django.urls import path, re_path

from . import achievements, applying, claiming, courses, deeds, health, verification

urlpatterns = [
    re_path(r"^achievements/(?P<organization>[^/]+)/(?P<badge>[^/]+)/?$", achievements.achievement, name="achievement"),
    path("awards/<uuid:award_id>", verification.award, name="shared_award"),
    path("awards/<uuid:award_id>/", verification.award),
    path("apply/<int:pk>/", applying.apply, name="apply"),
    re_path(r"^health/?$", health.health, name="health"),
    path("claim/", claiming.claim, name="claim"),
    path("claim/claimed/<uuid:award_id>/", claiming.claimed, name="claimed"),
    path("claim/<str:code>/", claiming.claim, name="claim_with_code"),
    path("courses/<path:course_key>/badges/<int:pk>/runs/<int:number>/", deeds.run, name="course_badge_run"),
    path("courses/<path:course_key>/badges/<int:pk>/<slug:deed>/", deeds.deed, name="course_badge_deed"),
    # A course key may end with what looks like anything, so this one comes last.
    path("courses/<path:course_key>/", courses.badges, name="course_badges"),
]
