"""The addresses below ``/api/badges/v1/``. Each is taken with a slash at its end, too."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path, re_path

from . import badges
from .errors import NotFound
from .views import PUBLIC, ApiView


class Nothing(ApiView):
    """Where there is nothing."""

    scopes = dict.fromkeys(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), PUBLIC)
    schema = None  # type: ignore[assignment]

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        """Whatever is asked."""
        raise NotFound("There is nothing at this address. The addresses are described at /api/badges/v1/schema.")


def at(route: str, view: type[ApiView], name: str) -> list[URLPattern]:
    """An address, and the same with a slash."""
    answer = view.as_view()
    return [path(route, answer, name=name), path(f"{route}/", answer)]


urlpatterns: list[URLPattern] = [
    *at("badges", badges.Badges, "badges"),
    *at("badges/<uuid:badge_id>", badges.Badge, "badge"),
    re_path(r"^.*$", Nothing.as_view()),
]
