"""The examples of requests in the documentation of the REST API are taken as they stand."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest

from credly_badges.rest_api.v1.application_bodies import ApplicationFormSerializer, ApplicationSubmissionSerializer
from credly_badges.rest_api.v1.badge_forms import NewBadgeSerializer
from credly_badges.rest_api.v1.subscriber_shapes import NewSubscriberSerializer

HOW_TOS = Path(__file__).parents[2] / "docs/how_tos"
JSON = re.compile(r"^\.\. code-block:: json\n\n(?P<text>(?:   .*\n|\n)+)", re.MULTILINE)


def example(page: str, place: int = 0):
    found = [textwrap.dedent(each["text"]) for each in JSON.finditer((HOW_TOS / page).read_text(encoding="utf-8"))]
    return json.loads(found[place])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("form", "page", "place"),
    [
        (ApplicationFormSerializer, "applications.rst", 0),
        (ApplicationSubmissionSerializer, "applications.rst", 1),
        (NewSubscriberSerializer, "subscribe_to_events.rst", 0),
        (NewBadgeSerializer, "create_badges.rst", 0),
    ],
)
def test_an_example_is_taken_as_it_stands(form, page, place):
    body = form(data=example(page, place))

    assert body.is_valid(), body.errors
