"""The plugin's addresses below ``/badges/``."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from .webhooks import views as webhooks

app_name = "credly_badges"

urlpatterns: list[URLPattern | URLResolver] = [
    path("credly/webhook/", webhooks.webhook, name="webhook"),
    path("credly/webhook/<slug:secret>/", webhooks.webhook, name="webhook_with_secret"),
    # As pasted without the last slash: what is posted cannot be sent on to the right address.
    re_path(r"^credly/webhook(?:/(?P<secret>[-\w]+))?$", webhooks.webhook),
    path("", include("credly_badges.pages.urls")),
]
