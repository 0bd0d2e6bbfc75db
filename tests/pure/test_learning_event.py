"""What makes two statements about a learner the same."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credly_badges.learning_event import LearningEvent, canonical_json

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def passing(**attributes):
    return LearningEvent(7, "passing", "course-v1:edX+DemoX+2026", NOON, attributes)


def test_a_repeated_statement_has_the_same_fingerprint_whatever_its_time():
    earlier = passing(is_passing=True)
    later = LearningEvent(7, "passing", "course-v1:edX+DemoX+2026", NOON.replace(hour=13), {"is_passing": True})

    assert earlier.identity == later.identity
    assert earlier.fingerprint == later.fingerprint


def test_pass_and_fail_are_two_statements_about_one_thing():
    assert passing(is_passing=True).identity == passing(is_passing=False).identity
    assert passing(is_passing=True).fingerprint != passing(is_passing=False).fingerprint


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        LearningEvent(7, "passing", "", datetime(2026, 5, 1))  # that is the point


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_the_order_of_attributes_is_no_difference(attributes):
    turned = dict(reversed(attributes.items()))

    assert canonical_json(turned) == canonical_json(attributes)
