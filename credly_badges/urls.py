"""The plugin's addresses below ``/badges/``."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "credly_badges"

urlpatterns: list[URLPattern | URLResolver] = []
