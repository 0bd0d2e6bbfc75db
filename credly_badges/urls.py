"""The plugin's addresses below ``/badges/``."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from .webhooks import views as webhooks

app_name = "credly_badges"

urlpatterns: list[URLPattern | URLResolver] = [
    path("credly/webhook/", webhooks.webhook, name="webhook"),
    path("credly/webhook/<slug:secret>/", webhooks.webhook, name="webhook_with_secret"),
    path("", include("credly_badges.pages.urls")),
]
