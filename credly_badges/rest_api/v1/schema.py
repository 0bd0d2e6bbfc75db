"""The API's own description, in OpenAPI, made from the code: of these addresses alone, whatever else the host has."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.urls import URLPattern, include, path
from django.utils.translation import override
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import SPECTACULAR_DEFAULTS, patched_settings
from drf_spectacular.utils import extend_schema

from ... import conf
from ...access import scopes
from . import components
from .authentication import KNOWN, PUBLIC
from .serializers import ApiSerializer

PREFIX = "/api/badges/v1"
BODIES = frozenset({"POST", "PUT", "PATCH"})
CHANGES = frozenset({"PUT", "PATCH", "DELETE"})

_kept: list[dict[str, Any]] = []
_one_at_a_time = threading.Lock()


class Described(AutoSchema):
    """One operation, with who may call it and every refusal that it may be answered with."""

    def get_tags(self) -> list[str]:
        """The first part of its address, or what of a badge it is about."""
        parts = [each for each in self.path.removeprefix(PREFIX).split("/") if each and not each.startswith("{")]
        for part in parts:
            if part in components.BESIDE:
                return [part]
        about = components.SAME.get(parts[1], parts[1]) if len(parts) > 1 and parts[0] == "badges" else ""
        return [about if about in components.TAGS else parts[0]]

    def get_summary(self) -> str:
        """The first sentence of the method's docstring."""
        return str(super().get_summary() or self._sentences()[0]).rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        """The others, and what the caller has to be allowed."""
        said = super().get_description() if super().get_summary() else self._sentences()[1]
        return f"{said}\n\n{self._who()}".strip()

    def _sentences(self) -> tuple[str, str]:
        first, stop, rest = " ".join(super().get_description().split()).partition(". ")
        return first + stop.strip(), rest

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Any of the ways of showing who asks; none is needed where it is for anybody."""
        ways: list[dict[str, list[str]]] = [{name: []} for name in components.SECURITY]
        return [*ways, {}] if self._wanted() == PUBLIC else ways

    def get_extensions(self) -> dict[str, Any]:
        """What the caller has to be allowed, for programs."""
        return {**super().get_extensions(), "x-scope": self._wanted()}

    def _wanted(self) -> str:
        return str(getattr(self.view, "scopes", {}).get(self.method, ""))

    def _who(self) -> str:
        wanted = self._wanted()
        if wanted == PUBLIC:
            return "Anybody may call it."
        if wanted == KNOWN:
            return "Any caller who has shown who they are may call it; what they see of it depends on who they are."
        words = scopes.DESCRIPTIONS[scopes.Scope(wanted)]
        return f"Needs `{wanted}` ({str(words)[:1].lower()}{str(words)[1:]})."

    def _is_list_view(self, serializer: Any = None) -> bool:
        is_list: bool = super()._is_list_view(serializer)
        return is_list or self.get_operation_id().startswith("list")

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, ApiSerializer) and schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
        return schema

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]
        return [{**each, "description": components.NAMED[each["name"]]} for each in found]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        answers = super()._get_response_bodies(direction)
        for status in sorted(self._refusals()):
            answers.setdefault(str(int(status)), components.refusal(status))
        for code, answer in answers.items():
            if "$ref" not in answer:
                answer["description"] = answer.get("description") or components.MEANINGS.get(int(code), "Done.")
                answer["headers"] = {**components.LIMIT_HEADERS, **answer.get("headers", {})}
        return dict(sorted(answers.items()))

    def _refusals(self) -> set[HTTPStatus]:
        """With which statuses any operation of this kind may be refused."""
        found = {
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.NOT_ACCEPTABLE,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.TOO_MANY_REQUESTS,
            HTTPStatus.SERVICE_UNAVAILABLE,
        }
        if self.method == "GET":
            found.add(HTTPStatus.NOT_MODIFIED)
        if "{" in self.path or self.method in BODIES:
            found.add(HTTPStatus.NOT_FOUND)
        if "badge_id" in self.path or self.method in BODIES | CHANGES:
            found.add(HTTPStatus.CONFLICT)
        if self.method in CHANGES:
            found.add(HTTPStatus.PRECONDITION_FAILED)
        if getattr(self.view, "asks_credly", False) and self.method != "GET":
            found.add(HTTPStatus.BAD_GATEWAY)
        return found


class Reordered(type):
    """A class in which what ``extend_schema`` says of one method comes before what is said of all.

    ``extend_schema`` builds on whatever the host has as DRF's DEFAULT_SCHEMA_CLASS, which in an LMS may be anything;
    that class is left out.
    """

    def mro(cls) -> list[type]:
        """The order in which methods are looked for."""
        return [cls, *cls.__bases__[:-1], *cls.__bases__[-1].__mro__]


class Generator(SchemaGenerator):
    """Whatever the host's own description is made with, ours is made in one way."""

    def _set_schema_to_view(self, view: Any, schema: Any) -> None:
        said = [each for each in type(schema).__mro__ if each.__module__ == extend_schema.__module__]
        mine = Reordered("DescribedMethod", (*said, Described), {})()
        super()._set_schema_to_view(view, mine)  # type: ignore[no-untyped-call]


def document(patterns: list[URLPattern]) -> dict[str, Any]:
    """The description of these addresses; made once in each process, in English."""
    with _one_at_a_time:
        if not _kept:
            with override("en"):
                _kept.append(generate(patterns))
    return _kept[0]


def generate(patterns: list[URLPattern]) -> dict[str, Any]:
    """The description, made anew."""
    # A slash at the end is the same address, and what answers where there is nothing is none; neither has a name.
    named = [each for each in patterns if each.name]
    with patched_settings(_settings()):
        ours = [path(PREFIX.lstrip("/") + "/", include((named, "v1")))]
        made: dict[str, Any] = Generator(patterns=ours).get_schema(public=True)  # type: ignore[no-untyped-call]
    return made


def without_empty_defaults(result: dict[str, Any], **_told: Any) -> dict[str, Any]:
    """Take out defaults that their own format does not allow: an e-mail address that is not given."""
    waiting: list[Any] = [result]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if each.get("default") == "" and isinstance(each.get("format"), str):
                del each["default"]
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return result


def with_what_is_used(result: dict[str, Any], **_told: Any) -> dict[str, Any]:
    """Take out the answers that no operation gives."""
    given = {
        answer["$ref"].rpartition("/")[2]
        for item in result["paths"].values()
        for said in item.values()
        for answer in said["responses"].values()
        if "$ref" in answer
    }
    answers = result["components"]["responses"]
    result["components"]["responses"] = {name: said for name, said in answers.items() if name in given}
    return result


def _settings() -> Mapping[str, Any]:
    """drf-spectacular's own defaults and ours, so that the host's settings for its own APIs change nothing here."""
    usual = {
        name: value
        for name, value in SPECTACULAR_DEFAULTS.items()
        if not name.startswith("SERVE_") and name != "DEFAULT_GENERATOR_CLASS"
    }
    return {
        **usual,
        "TITLE": components.TITLE,
        "DESCRIPTION": components.DESCRIPTION,
        "VERSION": components.VERSION,
        "LICENSE": {"name": "AGPL 3.0", "url": "https://www.gnu.org/licenses/agpl-3.0.html"},
        "SERVERS": [{"url": conf.site_url() or "/", "description": conf.site_name() or "This site"}],
        "TAGS": [{"name": name, "description": words} for name, words in components.TAGS.items()],
        "SCHEMA_PATH_PREFIX": PREFIX,
        "COMPONENT_SPLIT_REQUEST": True,
        "SORT_OPERATIONS": False,
        # Without the one that gives enumerations names, which would change with each one that is added.
        "POSTPROCESSING_HOOKS": [f"{__name__}.without_empty_defaults", f"{__name__}.with_what_is_used"],
        "APPEND_COMPONENTS": components.all_of_them(),
    }
