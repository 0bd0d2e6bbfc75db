"""Whatever anybody sends to the webhook: it is answered, and nothing comes of what Credly does not confirm."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.test import Client
from django.views.debug import ExceptionReporter
from hypothesis import HealthCheck, given
from hypothesis import settings as thoroughness
from hypothesis import strategies as st

from credly_badges import notices
from credly_badges.models import AuditEntry, BadgeAward, BadgeTemplate, CredlyNotice
from credly_badges.testing.factories import OrganizationFactory

pytestmark = pytest.mark.django_db(transaction=True)

WHERE = "/badges/credly/webhook/"
OURS = UUID("0a000000-0000-4000-8000-000000000001")
EVENT = "11111111-0000-4000-8000-000000000001"
NOTICE = {
    "id": EVENT,
    "organization_id": str(OURS),
    "event_type": "badge_template.deleted",
    "occurred_at": "2026-05-02",
}
POLITE = {200, 405, 429, 503}
State = CredlyNotice.State

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
almost = st.fixed_dictionaries(
    {},
    optional={
        "id": st.uuids().map(str) | st.sampled_from([EVENT.upper(), f"{EVENT} ", f"urn:uuid:{EVENT}"]) | values,
        "organization_id": st.sampled_from([str(OURS).upper(), EVENT]) | values,
        "event_type": st.sampled_from(["badge.created", "badge.deleted", "employee.created", "x" * 101]) | values,
        "occurred_at": values,
        "badge": values,
    },
).map(lambda changes: json.dumps({**NOTICE, **changes}))
tricks = st.one_of(
    # A key twice, numbers that no machine holds, depth, and encodings that Python's JSON finds out by itself.
    values.map(lambda value: json.dumps(NOTICE)[:-1] + f', "id": {json.dumps(value)}}}'),
    st.integers(1, 9_000).map(lambda digits: f'{{"id": {"9" * digits}}}'),
    st.integers(1, 9).map(lambda digits: json.dumps(NOTICE)[:-1] + f', "badge": 1e{"9" * digits}}}'),
    st.integers(1, 8_000).map(lambda depth: json.dumps(NOTICE)[:-1] + f', "badge": {"[" * depth}{"]" * depth}}}'),
    st.sampled_from(["utf-16", "utf-16-be", "utf-32", "utf-8-sig"]).map(lambda name: json.dumps(NOTICE).encode(name)),
    st.integers(0, 20_000).map(lambda spaces: json.dumps(NOTICE) + " " * spaces),
)
bodies = almost | tricks | values.map(json.dumps) | st.binary(max_size=200)
headers = st.fixed_dictionaries(
    {},
    optional={
        "CONTENT_TYPE": st.sampled_from(["application/json", "text/plain; charset=x", "multipart/form-data", ""])
        | st.text(st.characters(max_codepoint=255), max_size=40),
        "CONTENT_LENGTH": st.sampled_from(["", "-1", "0", "1", "x", "1e3", "+5", "²"]),
        "REMOTE_ADDR": st.text(max_size=300),
        "HTTP_TRANSFER_ENCODING": st.sampled_from(["chunked", "gzip, chunked"]),
        "HTTP_CONTENT_ENCODING": st.sampled_from(["gzip", "br"]),
        "HTTP_X_HTTP_METHOD_OVERRIDE": st.sampled_from(["GET", "DELETE"]),
        "HTTP_COOKIE": st.text(st.characters(max_codepoint=255), max_size=40),
    },
)
methods = st.sampled_from(["POST"] * 12 + ["GET", "PUT", "TRACE", "PROPFIND"])
endings = st.sampled_from(["", ""]) | st.text("0123456789abcdefXYZ-_", min_size=1, max_size=300)


@pytest.fixture
def ours(credly, credly_address):
    """An organization whose ID is known to whoever sends."""
    cache.clear()
    there = credly.add_organization("Example University", uuid=str(OURS))
    return OrganizationFactory(uuid=OURS, environment="simulator", api_key=there.key)


def test_any_bytes_with_any_headers_are_answered_and_change_nothing(ours):
    stored = set()

    @thoroughness(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(body=bodies, more=headers, method=methods, ending=endings)
    def send(body, more, method, ending):
        cache.clear()
        content = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
        browser = Client(enforce_csrf_checks=True)
        answer = browser.generic(method, f"{WHERE}{ending}", content, **{"CONTENT_TYPE": "application/json", **more})
        assert answer.status_code in POLITE
        assert not answer.content
        stored.update(CredlyNotice.objects.values_list("state", flat=True))

    send()

    # Some were taken for a hint, and Credly confirmed none of them.
    assert State.REJECTED in stored
    assert stored <= {State.REJECTED, State.IGNORED}
    for model in (BadgeAward, BadgeTemplate, AuditEntry):
        assert not model.objects.exists()
    ours.refresh_from_db()
    assert (ours.paused, ours.noticed_at) == ("", None)


@pytest.mark.parametrize("debug", [True, False])
def test_the_address_is_taken_with_and_without_its_last_slash(debug, ours, settings):
    settings.DEBUG = debug
    path = notices.webhook_path(ours)

    statuses = [
        Client().post(where, {**NOTICE, "id": str(uuid4())}, content_type="application/json").status_code
        for where in (WHERE, WHERE.rstrip("/"), path, path.rstrip("/"))
    ]

    assert path.endswith("/")
    assert statuses == [200] * 4
    assert CredlyNotice.objects.count() == 4


class CacheThatIsAway(LocMemCache):
    """A cache whose server does not answer."""

    def add(self, *args, **kwargs):
        raise ConnectionError("Nobody there.")


class CacheThatSaysNothing(LocMemCache):
    """A cache that passes over its server's failures, as django-redis can be told to."""

    def incr(self, *args, **kwargs):
        return None


def test_a_report_of_what_went_wrong_shows_no_secret(ours, settings, caplog):
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.CacheThatIsAway"}}
    path = notices.webhook_path(ours)

    answer = Client().post(path, NOTICE, content_type="application/json")
    failures = [record.exc_info for record in caplog.records if record.exc_info]
    # What Django mails to the administrators, with the variables of every frame.
    reports = [ExceptionReporter(None, *failure).get_traceback_html() for failure in failures]

    assert answer.status_code == 503
    assert len(reports) == 1
    assert "wait_for_a_turn" in reports[0]
    assert path.split("/")[-2] not in reports[0]


def test_a_cache_that_does_not_count_holds_up_no_notice(ours, settings):
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.CacheThatSaysNothing"}}

    answer = Client().post(WHERE, NOTICE, content_type="application/json")

    assert answer.status_code == 200
    assert CredlyNotice.objects.count() == 1
