"""The description of the API, laid out for reading: its operations by tag, each with what goes in and comes out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import examples

MARKED = re.compile(r"`([^`]*)`")
METHODS = ("get", "post", "put", "patch", "delete")


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
    answer_example: str


@dataclass
class Chapter:
    """The operations with one tag."""

    name: str
    words: str
    operations: list[Operation] = field(default_factory=list)


def page(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the template shows."""
    chapters: dict[str, Chapter] = {}
    words = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    for operation, tag in _operations(document):
        chapters.setdefault(tag, Chapter(tag, words.get(tag, ""))).operations.append(operation)
    ways = document["components"]["securitySchemes"]
    return {
        "version": document["info"]["version"],
        "paragraphs": _paragraphs(document["info"].get("description", "")),
        "ways": [(name, _plain(way.get("description", ""))) for name, way in ways.items()],
        "chapters": list(chapters.values()),
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
        example=_shown(examples.of(document, schema)) if "application/json" in body else "",
        answers=[Answer(code, _plain(answer.get("description", ""))) for code, answer in answers.items()],
        answer_example=_answer_example(document, answers),
    )


def _answer_example(document: Mapping[str, Any], answers: Mapping[str, Any]) -> str:
    for code, answer in answers.items():
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if code.startswith("2") and schema:
            return _shown(examples.of(document, schema))
    return ""


def _parameter(said: Mapping[str, Any]) -> Line:
    return Line(
        said["name"],
        examples.kind(said.get("schema", {})),
        said["in"],
        bool(said.get("required")),
        said.get("description", ""),
    )


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Line]:
    whole = _resolved(document, schema)
    for name, each in whole.get("properties", {}).items():
        field_schema = examples.merged(document, each)
        if not field_schema.get("readOnly"):
            is_needed = name in whole.get("required", ())
            yield Line(name, examples.kind(field_schema), "body", is_needed, field_schema.get("description", ""))


def _resolved(document: Mapping[str, Any], thing: Mapping[str, Any]) -> Mapping[str, Any]:
    return examples.merged(document, thing)


def _paragraphs(text: str) -> list[str]:
    return [" ".join(_plain(each).split()) for each in text.split("\n\n") if each.strip()]


def _plain(text: str) -> str:
    """A text of Markdown's as it is read: what it marks as code stands in quotation marks."""
    return MARKED.sub(r"“\1”", text)


def _shown(example: Any) -> str:
    return json.dumps(example, indent=2, ensure_ascii=False)
