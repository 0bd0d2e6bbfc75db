"""What Credly's answer means for whoever asked: one table of statuses and bodies."""

from __future__ import annotations

import json
import pickle
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credly_badges.credly import errors
from credly_badges.credly.answer import Answer

JSON = {"Content-Type": "application/json; charset=utf-8"}
HTML = {"Content-Type": "text/html"}
PLAIN = {"Content-Type": "text/plain"}
DUPLICATE = b'{"data":{"message":"Validation failed: User already has this badge"},"metadata":null}'
NO_TEMPLATE = b'{"data":{"message":"Invalid or missing Badge Template ID: 1"},"metadata":null}'
REPLACED = (
    b'{"data":{"message":"Validation failed: This badge cannot be replaced because it has already been replaced."},'
    b'"metadata":{"current_badge_id":"55555555-0000-4000-8000-000000000006"}}'
)


@pytest.mark.parametrize(
    ("status", "headers", "body", "for_a_question", "for_an_order"),
    [
        (200, JSON, b"", errors.Garbled, errors.Unanswered),
        (200, JSON, b'{"data":', errors.Garbled, errors.Unanswered),
        (200, JSON, b"[]", errors.Garbled, errors.Unanswered),
        (200, JSON, b"{}", errors.Garbled, errors.Unanswered),
        (200, JSON, b'{"data":NaN}', errors.Garbled, errors.Unanswered),
        (200, JSON, b"\xff\xfe{", errors.Garbled, errors.Unanswered),
        (200, JSON, b"[" * 100_000, errors.Garbled, errors.Unanswered),
        (200, JSON, b"9" * 50_000, errors.Garbled, errors.Unanswered),
        (200, HTML, b"<html>", errors.Garbled, errors.Unanswered),
        (200, {}, b'{"data":{}}', errors.Garbled, errors.Unanswered),
        (204, {}, b"", errors.Garbled, errors.Unanswered),
        (302, HTML, b"moved", errors.Garbled, errors.Unanswered),
        (304, {}, b"", errors.Garbled, errors.Unanswered),
        (400, JSON, NO_TEMPLATE, errors.Refused, errors.Refused),
        (400, HTML, b"<html>", errors.Refused, errors.Refused),
        (400, JSON, b'{"data', errors.Refused, errors.Unanswered),
        (401, PLAIN, b"HTTP Basic: Access denied.", errors.Unauthorized, errors.Unauthorized),
        (401, {}, b"", errors.Unauthorized, errors.Unauthorized),
        (403, JSON, b'{"data":{"message":"no"}}', errors.Unauthorized, errors.Unauthorized),
        (404, JSON, b'{"message":"resource not found"}', errors.NotFound, errors.NotFound),
        (404, HTML, b"<html>", errors.NotFound, errors.NotFound),
        (410, JSON, b'{"revoked":true}', errors.NotFound, errors.NotFound),
        (408, {}, b"", errors.Unavailable, errors.Unavailable),
        (409, JSON, b'{"data":{"message":"busy"}}', errors.Refused, errors.Refused),
        (422, JSON, DUPLICATE, errors.Duplicate, errors.Duplicate),
        (422, JSON, NO_TEMPLATE, errors.Refused, errors.Refused),
        (422, JSON, REPLACED, errors.AlreadyReplaced, errors.AlreadyReplaced),
        (422, JSON, DUPLICATE[:40], errors.Refused, errors.Unanswered),
        (422, JSON, b"null", errors.Refused, errors.Refused),
        (422, {}, b"", errors.Refused, errors.Unanswered),
        (400, JSON, DUPLICATE, errors.Refused, errors.Refused),
        (429, {}, b"", errors.Throttled, errors.Throttled),
        (500, JSON, b'{"data":{"message":"boom"}}', errors.Unavailable, errors.Unanswered),
        (502, HTML, b"<html>", errors.Unavailable, errors.Unanswered),
        (503, HTML, b"<html>", errors.Unavailable, errors.Unavailable),
        (504, HTML, b"<html>", errors.Unavailable, errors.Unanswered),
        (599, {}, b"", errors.Unavailable, errors.Unanswered),
    ],
)
def test_each_answer_says_what_to_do_next(status, headers, body, for_a_question, for_an_order):
    question = Answer("GET /badges", False, status, headers, body)
    order = Answer("POST /badges", True, status, headers, body)

    with pytest.raises(errors.CredlyError) as asked:
        question.content()
    with pytest.raises(errors.CredlyError) as ordered:
        order.content()

    assert type(asked.value) is for_a_question
    assert type(ordered.value) is for_an_order
    assert (ordered.value.status, ordered.value.request) == (status, "POST /badges")


@given(
    acts=st.booleans(),
    status=st.integers(100, 599),
    kind=st.sampled_from(["application/json", "text/plain", "text/html", ""]),
    body=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["data", "metadata", "message", "errors", "current_badge_id"]), inner)
        ),
    ).map(lambda document: json.dumps(document).encode()),
)
def test_no_answer_however_odd_ends_in_anything_but_content_or_a_credly_error(acts, status, kind, body):
    answer = Answer("PUT /badges/{id}/revoke", acts, status, {"Content-Type": kind}, body)

    failure, content = None, None
    try:
        content = answer.content()
    except errors.CredlyError as error:
        failure = error

    if content is None:
        assert str(failure)
        assert acts or not isinstance(failure, errors.Unanswered)
    else:
        assert status // 100 == 2
        assert json.loads(body)["data"] == content[0]
        assert isinstance(content[1], dict)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"data":{"message":"No such template"},"metadata":null}', "No such template"),
        (b'{"message":"resource not found"}', "resource not found"),
        (b'{"data":"plain"}', "plain"),
        (b'"bare"', "bare"),
        (b'{"data":{"errors":[{"field":"issued_at","message":"is wrong"},"odd"]}}', "issued_at is wrong; odd"),
        (b'{"errors":{"name":["is blank","is short"]}}', "name is blank is short"),
        (b'{"errors":"one"}', "one"),
        (b'{"errors":5}', ""),
        (b'{"data":{"message":["not","text"]}}', ""),
        (b'{"data":{"message":"Ask ana+x@example.org, please"}}', "Ask [e-mail], please"),
        (b'{"data":{"message":"Bad key EXAMPLEtoken"}}', "Bad key [key]"),
        (rb'{"data":{"message":"No\r\nERROR all badges are lost\u001b[2J\u0085"}}', "No ERROR all badges are lost [2J"),
    ],
)
def test_credlys_own_words_are_kept_without_secrets(body, said):
    answer = Answer("POST /badges", True, 422, JSON, body, secrets=("EXAMPLEtoken",))

    with pytest.raises(errors.Refused) as refused:
        answer.content()

    assert refused.value.said == said
    assert refused.value.message == (said or "Credly refused.")
    assert said in str(refused.value)


def test_a_message_without_end_is_cut():
    answer = Answer("POST /badges", True, 422, PLAIN, b"x" * 60_000)

    with pytest.raises(errors.Refused) as refused:
        answer.content()

    assert refused.value.said == "x" * 1_000


def test_a_page_of_html_is_not_taken_for_credlys_words():
    with pytest.raises(errors.Unavailable) as failed:
        Answer("GET /badges", False, 503, HTML, b"<html><script>").content()

    assert failed.value.said == ""
    assert str(failed.value) == "Credly did not act (GET /badges, status 503). Asking again later is safe."


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": "Fri, 01 May 2026 08:01:00 GMT", "Date": "Fri, 01 May 2026 08:00:00 GMT"}, 60.0),
        ({"Retry-After": "Fri, 01 May 2026 07:00:00 GMT", "Date": "Fri, 01 May 2026 08:00:00 GMT"}, 0.0),
        ({"Retry-After": "Fri, 01 May 2026 08:01:00 GMT"}, None),
        ({"Retry-After": "Fri, 01 May 2026 08:01:00 -0000", "Date": "Fri, 01 May 2026 08:00:00 GMT"}, None),
    ],
)
def test_a_wait_is_as_long_as_credly_says(headers, seconds):
    with pytest.raises(errors.Throttled) as throttled:
        Answer("POST /badges", True, 429, headers).content()

    assert throttled.value.retry_after == seconds


def test_the_badge_in_anothers_place_is_named():
    with pytest.raises(errors.AlreadyReplaced) as refused:
        Answer("POST /badges/{id}/replace", True, 422, JSON, REPLACED).content()

    assert refused.value.current_badge_id == UUID("55555555-0000-4000-8000-000000000006")


@pytest.mark.parametrize(
    "error",
    [
        errors.Unavailable("It is down", request="GET /badges"),
        errors.Throttled(status=429, request="POST /badges", retry_after=2.5),
        errors.AlreadyReplaced(status=422, said="no", current_badge_id=UUID(int=1)),
        errors.Unanswered("Gone", status=502, request="POST /badges", said="Bad gateway"),
    ],
)
def test_an_error_crosses_to_another_process_whole(error):
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - as Celery does with results

    assert type(copy) is type(error)
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)


def test_every_error_tells_in_a_sentence_what_to_do():
    kinds = [errors.CredlyError, *errors.CredlyError.__subclasses__()]
    kinds += [leaf for kind in kinds[1:] for leaf in kind.__subclasses__()]

    assert len(kinds) == 11
    for kind in kinds:
        assert str(kind(status=418, request="GET /x")).endswith(kind.advice)
        assert kind.advice.endswith(".")
