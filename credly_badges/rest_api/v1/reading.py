"""The description of the API, laid out for reading: its operations by tag, each with what goes in and comes out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from . import examples
from .schema import PREFIX

MARKED = re.compile(r"`([^`]*)`")
POINT = re.compile(r"\s*^\* ", re.MULTILINE)
METHODS = ("get", "post", "put", "patch", "delete")
IN_PATH = re.compile(r"\{(\w+)\}")
SHOWN_HEADERS: Mapping[str, str] = {"Idempotency-Key": "$(uuidgen)"}
"""The headers that an example is sent with."""


@dataclass(frozen=True)
class Line:
    """A parameter or a field: its name, what it may hold, whether it is needed, and what it is."""

    name: str
    kind: str
    where: str
    required: bool
    words: str


@dataclass(frozen=True)
class Answer:
    """One status that an operation is answered with."""

    status: str
    words: str


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    title: str
    words: list[str]
    scope: str
    parameters: list[Line]
    fields: list[Line]
    media_types: str
    example: str
    answers: list[Answer]
    answer_fields: list[Line]
    answer_example: str


@dataclass
class Chapter:
    """The operations with one tag."""

    name: str
    words: str
    operations: list[Operation] = field(default_factory=list)


def page(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the template shows."""
    chapters = {tag["name"]: Chapter(tag["name"], tag.get("description", "")) for tag in document.get("tags", ())}
    for operation, tag in _operations(document):
        chapters.setdefault(tag, Chapter(tag, "")).operations.append(operation)
    ways = document["components"]["securitySchemes"]
    return {
        "version": document["info"]["version"],
        "paragraphs": _paragraphs(document["info"].get("description", "")),
        "ways": [(name, _marked(way.get("description", ""))) for name, way in ways.items()],
        "chapters": [each for each in chapters.values() if each.operations],
        "site": _site(document),
        "count": sum(len(each.operations) for each in chapters.values()),
    }


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[Operation, str]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield _operation(document, path, method, item[method]), item[method]["tags"][0]


def _operation(document: Mapping[str, Any], path: str, method: str, said: Mapping[str, Any]) -> Operation:
    body = said.get("requestBody", {}).get("content", {})
    schema: Mapping[str, Any] = next((each.get("schema", {}) for each in body.values()), {})
    answers = {code: _resolved(document, answer) for code, answer in said["responses"].items()}
    return Operation(
        id=said["operationId"],
        method=method.upper(),
        path=path,
        title=said.get("summary", said["operationId"]),
        words=_paragraphs(said.get("description", "")),
        scope=str(said.get("x-scope", "")),
        parameters=[_parameter(each) for each in said.get("parameters", ())],
        fields=list(_fields(document, schema)),
        media_types=", ".join(body),
        example=_asked(document, path, method, said),
        answers=[Answer(code, _marked(answer.get("description", ""))) for code, answer in answers.items()],
        answer_fields=list(_answer_fields(document, _given(answers))),
        answer_example=_shown(examples.of(document, _given(answers))) if _given(answers) else "",
    )


def _asked(document: Mapping[str, Any], path: str, method: str, said: Mapping[str, Any]) -> str:
    """The request, as it is typed into a shell."""
    address = "$API" + IN_PATH.sub(lambda found: f"${found[1].upper()}", path.removeprefix(PREFIX))
    parts = ["curl -sS" + ("" if method == "get" else f" -X {method.upper()}") + f' "{address}"']
    if {} not in said.get("security", ()):
        parts.append('-H "Authorization: Bearer $KEY"')
    needed = [each for each in said.get("parameters", ()) if each["in"] == "header" and each["name"] in SHOWN_HEADERS]
    parts += [f'-H "{each["name"]}: {SHOWN_HEADERS[each["name"]]}"' for each in needed]
    body = said.get("requestBody", {}).get("content", {})
    if "application/json" in body:
        sent = _shown(examples.of(document, body["application/json"].get("schema", {}))).replace("'", "’")
        parts += ['-H "Content-Type: application/json"', f"-d '{sent}'"]
    return " \\\n  ".join(parts)


def _site(document: Mapping[str, Any]) -> str:
    """Where all addresses begin."""
    found = next((str(each["url"]) for each in document.get("servers", ())), "")
    return found.rstrip("/") + PREFIX


def _given(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the body of the answer is, where all went well."""
    for code, answer in answers.items():
        schema: Mapping[str, Any] = answer.get("content", {}).get("application/json", {}).get("schema", {})
        if code.startswith("2") and schema:
            return schema
    return {}


def _answer_fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Line]:
    """What one thing of the answer has; of a list, what each of it has."""
    whole = _resolved(document, schema)
    listed = whole.get("properties", {}).get("data", {})
    is_list = listed.get("type") == "array"
    one = _resolved(document, listed.get("items", {})) if is_list else whole
    for name, each in one.get("properties", {}).items():
        said = examples.merged(document, each)
        yield Line(
            f"data[].{name}" if is_list else name,
            examples.kind(said),
            "body",
            False,
            _marked(said.get("description", "")),
        )


def _parameter(said: Mapping[str, Any]) -> Line:
    return Line(
        said["name"],
        examples.kind(said.get("schema", {})),
        said["in"],
        bool(said.get("required")),
        _marked(said.get("description", "")),
    )


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Line]:
    whole = _resolved(document, schema)
    for name, each in whole.get("properties", {}).items():
        field_schema = examples.merged(document, each)
        if not field_schema.get("readOnly"):
            is_needed = name in whole.get("required", ())
            yield Line(
                name, examples.kind(field_schema), "body", is_needed, _marked(field_schema.get("description", ""))
            )


def _resolved(document: Mapping[str, Any], thing: Mapping[str, Any]) -> Mapping[str, Any]:
    return examples.merged(document, thing)


def _paragraphs(text: str) -> list[str]:
    return [_marked(" ".join(each.split())) for each in text.split("\n\n") if each.strip()]


def _marked(text: str) -> SafeString:
    """A text of Markdown's, as HTML: of its marks, those for code and for points are used."""
    lines = POINT.sub("<br>", escape(text)).removeprefix("<br>")
    return mark_safe(MARKED.sub(r"<code>\1</code>", lines))  # noqa: S308 (escaped)


def _shown(example: Any) -> str:
    return json.dumps(example, indent=2, ensure_ascii=False)
