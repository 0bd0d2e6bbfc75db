"""The addresses of the pages, below ``/badges/``."""

from __future__ import annotations

from django.urls import path, re_path

from . import courses, health

urlpatterns = [
    re_path(r"^health/?$", health.health, name="health"),
    path("courses/<path:course_key>/badges/<int:pk>/activate/", courses.activate, name="course_badge_activate"),
    path("courses/<path:course_key>/badges/<int:pk>/deactivate/", courses.deactivate, name="course_badge_deactivate"),
    # A course key may end with what looks like anything, so this one comes last.
    path("courses/<path:course_key>/", courses.badges, name="course_badges"),
]
