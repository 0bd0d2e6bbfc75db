"""Two people save the requirements of one badge at one moment, on a site at REPEATABLE READ."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection, transaction

from credly_badges import lms, requirements, versions
from credly_badges.models import BadgeRequirement, RequirementsVersion
from credly_badges.testing.factories import COURSE_KEY, TemplateFactory, a_badge_for_passing

from .test_repeatable_read import elsewhere

BADGE_AWARDED = "org.openedx.learning.badge.awarded.v1"


@pytest.fixture(autouse=True)
def _repeatable_read(transactional_db, _broker, monkeypatch) -> Iterator[None]:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "isolation_level", "repeatable read")
    connection.close()
    lms.backend().add_course(COURSE_KEY, "A course")
    yield
    lms.backend().clear()
    connection.close()


def reword(badge, groups, words):
    first = replace(groups[0].requirements[0], description=words)
    changed = [replace(groups[0], requirements=(first,))]
    return requirements.save(badge, changed, by=None, seen=requirements.fingerprint(groups))


def a_request_that_began_before(badge, groups, meanwhile):
    """A request, which is one transaction in an LMS, saves after somebody else did ``meanwhile``."""
    with transaction.atomic():
        assert requirements.stored(badge) == groups
        elsewhere(meanwhile)
        reword(badge, groups, "Mine")


def test_who_saves_second_is_told_though_their_request_began_first():
    badge = a_badge_for_passing(status="draft")
    groups = requirements.stored(badge)

    with pytest.raises(requirements.ChangedMeanwhile):
        a_request_that_began_before(badge, groups, lambda: reword(badge, groups, "Theirs"))

    assert BadgeRequirement.objects.get().description == "Theirs"


def test_a_version_that_somebody_else_made_meanwhile_is_not_overwritten():
    badge = a_badge_for_passing()
    groups = requirements.stored(badge)

    with pytest.raises(requirements.ChangedMeanwhile):
        a_request_that_began_before(badge, groups, lambda: reword(badge, groups, "Theirs"))

    badge.refresh_from_db()
    assert badge.version == 2
    assert requirements.stored(badge)[0].requirements[0].description == "Theirs"


def test_what_became_valid_meanwhile_is_not_changed_in_place():
    badge = a_badge_for_passing(status="draft")
    groups = requirements.stored(badge)

    a_request_that_began_before(badge, groups, lambda: versions.seal(badge))

    badge.refresh_from_db()
    assert badge.version == 2
    assert requirements.stored(badge, 1) == groups
    assert RequirementsVersion.objects.get().number == 1


def test_two_badges_do_not_come_to_take_each_other_at_one_moment():
    first, second = TemplateFactory(name="First"), TemplateFactory(name="Second")

    def takes(badge, other):
        asked = requirements.RequirementSpec(BADGE_AWARDED, str(other.uuid), "Earn it")
        groups = [requirements.GroupSpec("", "all", 1, (asked,))]
        requirements.save(badge, groups, by=None, seen=requirements.fingerprint(()))

    def takes_elsewhere(badge, other):
        try:
            takes(badge, other)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            takes(first, second)
            other_way = pool.submit(takes_elsewhere, second, first)
            with pytest.raises(TimeoutError):
                other_way.result(timeout=1)
        with pytest.raises(requirements.Circle):
            other_way.result(timeout=20)

    assert not second.groups.exists()
