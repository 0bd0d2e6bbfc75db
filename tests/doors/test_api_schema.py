"""The API's description of itself: complete, valid, and readable without scripts."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from django.core.cache import cache
from django.urls import URLPattern
from drf_spectacular.drainage import GENERATOR_STATS
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate

from credly_badges.rest_api.v1 import examples, schema, urls
from credly_badges.rest_api.v1.description import described

pytestmark = pytest.mark.django_db

SCHEMA = "/api/badges/v1/schema"
DOCS = "/api/badges/v1/docs"
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(autouse=True)
def nobody_was_counted():
    cache.clear()


@pytest.fixture(scope="module")
def document() -> dict:
    return json.loads(json.dumps(described(), default=str))


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS & set(item):
            yield path, method, item[method]


def address(pattern: URLPattern) -> str:
    return "/api/badges/v1/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))


def test_the_description_is_openapi_and_made_without_a_warning(document):
    GENERATOR_STATS.reset()

    schema.generate(urls.urlpatterns)

    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache
    validate(document)


def test_every_address_is_described_with_each_of_its_methods(document):
    described_here = {path: METHODS & set(item) for path, item in document["paths"].items()}
    there = {
        address(each): {name for name in METHODS if hasattr(each.callback.cls, name)}
        for each in urls.urlpatterns
        if each.name and getattr(each.callback.cls, "schema", None)
    }

    assert described_here == there
    without = {each.name for each in urls.urlpatterns if each.name and not getattr(each.callback.cls, "schema", None)}
    assert without == {"docs"}


def test_every_address_is_taken_with_a_slash_at_its_end_too():
    paths = {address(each) for each in urls.urlpatterns}

    assert {f"{address(each)}/" for each in urls.urlpatterns if each.name} <= paths


def test_every_operation_says_what_it_is_and_how_it_is_answered(document):
    names = [said["operationId"] for _path, _method, said in operations(document)]
    assert len(names) == len(set(names))
    for path, method, said in operations(document):
        where = f"{method} {path}"
        assert re.fullmatch(r"[a-z][A-Za-z]+", said["operationId"]), where
        assert 3 < len(said["summary"]) < 120, where
        assert said["description"], where
        assert said["x-scope"], where
        assert said["security"], where
        assert said["tags"][0] in {tag["name"] for tag in document["tags"]}, where
        codes = set(said["responses"])
        assert any(code.startswith("2") for code in codes), where
        assert {"400", "401", "403", "406", "413", "415", "429", "503"} <= codes, where
        assert "404" in codes or "{" not in path, where


def test_nothing_is_described_that_is_not_used_and_nothing_used_is_missing(document):
    used = set(re.findall(r'"#/components/(\w+)/([^"]+)"', json.dumps(document)))
    there = {(kind, name) for kind, named in document["components"].items() for name in named}

    assert used == {each for each in there if each[0] != "securitySchemes"}
    ways = {name for _path, _method, said in operations(document) for way in said["security"] for name in way}
    assert ways == set(document["components"]["securitySchemes"])


def test_every_parameter_and_every_shape_says_what_it_is(document):
    for path, method, said in operations(document):
        for parameter in said.get("parameters", ()):
            assert len(parameter["description"]) > 5, f"{method} {path}: {parameter['name']}"
        if method in {"post", "put", "patch"} and "requestBody" in said:
            for content in said["requestBody"]["content"].values():
                assert content["schema"], f"{method} {path}"
    for name, shape in document["components"]["schemas"].items():
        assert shape.get("description"), name


def test_an_example_of_everything_that_travels_is_as_described(document):
    checked = 0
    for path, method, said in operations(document):
        bodies = [said.get("requestBody", {}), *said["responses"].values()]
        for content in [each.get("content", {}).get("application/json") for each in bodies]:
            if content and content["schema"].get("$ref"):
                example = examples.of(document, content["schema"])
                faults = list(
                    OAS30Validator({**content["schema"], "components": document["components"]}).iter_errors(example)
                )
                assert not faults, f"{method} {path}: {faults[:2]}"
                checked += 1
    assert checked > 80


def test_what_credly_may_refuse_says_so(document):
    refused = {said["operationId"] for _path, _method, said in operations(document) if "502" in said["responses"]}

    assert refused == {"createBadge", "replaceBadge", "changeBadge", "deleteBadge", "archiveBadge"}


def test_every_method_says_who_may_call_it():
    for each in urls.urlpatterns:
        view = each.callback.cls
        if each.name:
            assert {name.upper() for name in METHODS if hasattr(view, name)} == set(view.scopes), each.name


def test_anybody_may_read_it_in_either_form(client):
    as_json = client.get(SCHEMA)
    by_parameter = client.get(f"{SCHEMA}?format=yaml")
    by_header = client.get(SCHEMA, headers={"Accept": "application/yaml"})

    assert as_json["Content-Type"] == "application/json"
    assert as_json["Cache-Control"] == "public, max-age=300"
    assert by_parameter["Content-Type"] == by_header["Content-Type"] == "application/yaml"
    assert yaml.safe_load(by_parameter.content) == yaml.safe_load(by_header.content) == as_json.json()
    assert client.get(SCHEMA, headers={"If-None-Match": as_json["ETag"]}).status_code == 304


@pytest.mark.parametrize("query", ["format=xml", "format=", "lang=de", "x=1"])
def test_what_it_cannot_be_asked_for_is_refused(client, query):
    answer = client.get(f"{SCHEMA}?{query}")

    assert answer.status_code == 400
    assert answer.json()["error"] == "VALIDATION_ERROR"


def test_it_is_refused_in_json_also_to_those_who_want_yaml(client):
    by_parameter = client.get(f"{SCHEMA}?format=yaml&lang=de")
    by_header = client.get(f"{SCHEMA}?lang=de", headers={"Accept": "application/yaml"})

    assert by_parameter.status_code == by_header.status_code == 400
    assert by_parameter["Content-Type"] == by_header["Content-Type"] == "application/json"
    assert by_parameter.json()["error"] == by_header.json()["error"] == "VALIDATION_ERROR"


def test_the_page_shows_every_operation_with_what_goes_in_and_comes_out(client, document):
    answer = client.get(DOCS, headers={"Accept": "text/html"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")
    assert "<script" not in page
    for path, method, said in operations(document):
        assert f'id="{said["operationId"]}"' in page
        assert f'href="#{said["operationId"]}"' in page
        assert f'<span class="method">{method.upper()}</span> <code>{path}</code>' in page
        asked = f"$API{re.sub(r'{(.*?)}', lambda found: '$' + found[1].upper(), path.removeprefix('/api/badges/v1'))}"
        assert f"{asked}&quot;" in page
        for parameter in said.get("parameters", ()):
            assert f"<code>{parameter['name']}</code>" in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_page_and_its_refusals(client):
    assert client.get(f"{DOCS}?x=1").json()["error"] == "VALIDATION_ERROR"
    assert client.post(DOCS).json()["error"] == "METHOD_NOT_ALLOWED"


def test_the_hosts_own_settings_change_nothing_of_it(settings, document):
    settings.SPECTACULAR_SETTINGS = {"TITLE": "The LMS", "SCHEMA_PATH_PREFIX": "/x", "PREPROCESSING_HOOKS": []}

    made = json.loads(json.dumps(schema.generate(urls.urlpatterns), default=str))

    assert made["info"] == document["info"]
    assert made["paths"].keys() == document["paths"].keys()
