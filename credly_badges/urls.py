"""The plugin's addresses: ``/badges/`` for people and for Credly, ``/api/badges/v1/`` for other systems."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from .rest_api.v1.urls import urlpatterns as v1
from .webhooks import views as webhooks

app_name = "credly_badges"

badges: list[URLPattern | URLResolver] = [
    path("credly/webhook/", webhooks.webhook, name="webhook"),
    path("credly/webhook/<slug:secret>/", webhooks.webhook, name="webhook_with_secret"),
    # As pasted without the last slash: what is posted cannot be sent on to the right address.
    re_path(r"^credly/webhook(?:/(?P<secret>[-\w]+))?$", webhooks.webhook),
    path("", include("credly_badges.pages.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("badges/", include(badges)),
    path("api/badges/v1/", include((v1, "v1"))),
]
