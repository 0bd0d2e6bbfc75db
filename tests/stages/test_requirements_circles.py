"""Badges that are earned by badges: a circle is refused when it is saved, and the refusal names the way round."""

from __future__ import annotations

import pytest

from credly_badges import requirements
from credly_badges.testing.factories import GroupFactory, RequirementFactory, RuleFactory, TemplateFactory

pytestmark = pytest.mark.django_db

AWARDED = "org.openedx.learning.badge.awarded.v1"


def takes(*badges):
    """One group that asks for these badges."""
    scope = "\n".join(str(badge.uuid) for badge in badges)
    return [requirements.GroupSpec("", "all", 1, (requirements.RequirementSpec(AWARDED, scope, "Earn them"),))]


def save(badge, groups):
    seen = requirements.fingerprint(requirements.stored(badge))
    return requirements.save(badge, groups, by=None, seen=seen)


def a_chain(length):
    """Badges of as many organizations, each of which takes the one before it."""
    badges = [TemplateFactory(name="Level 1")]
    for level in range(2, length + 1):
        badges.append(TemplateFactory(name=f"Level {level}"))
        save(badges[-1], takes(badges[-2]))
    return badges


def test_badges_may_lead_up_to_a_badge():
    first, second, third = a_chain(3)

    assert save(third, takes(first, second))


@pytest.mark.parametrize("length", [2, 3, 7])
def test_a_circle_of_any_length_is_refused_with_the_way_round(length):
    first, *others = a_chain(length)

    with pytest.raises(requirements.Circle) as refusal:
        save(first, takes(others[-1]))

    names = ["Level 1", *(each.name for each in reversed(others)), "Level 1"]
    assert refusal.value.way == names
    assert str(refusal.value) == (
        f"“Level 1” takes {', which takes '.join(f'“{name}”' for name in names[1:])} again, so nobody could earn any "
        "of them. Take one of these badges out of the circle."
    )
    assert not first.groups.exists()


def test_a_badge_cannot_take_itself():
    badge = TemplateFactory(name="Python")

    with pytest.raises(requirements.Circle) as refusal:
        save(badge, takes(badge))

    assert refusal.value.reasons == ["“Python” would take itself, so nobody could earn it. Ask for another badge."]


def test_a_rule_about_a_badge_that_is_held_is_a_way_too():
    first, second = TemplateFactory(name="First"), TemplateFactory(name="Second")
    RuleFactory(
        requirement__group__template=second, path="state.badge.held", operator="eq", value="yes", about=str(first.uuid)
    )

    assert requirements.would_circle(first, takes(second)) == ["First", "Second", "First"]


def test_a_circle_that_was_taken_apart_may_be_joined_elsewhere():
    first, second = a_chain(2)

    save(second, takes(TemplateFactory()))

    assert save(first, takes(second))


def test_an_earlier_version_does_not_close_a_circle():
    first, second = TemplateFactory(), TemplateFactory(version=2)
    old = GroupFactory(template=second, version=1)
    RequirementFactory(group=old, event_type=AWARDED, scope=str(first.uuid))

    assert requirements.would_circle(first, takes(second)) == []


def test_any_badge_is_none_by_name():
    assert requirements.would_circle(TemplateFactory(), takes()) == []


def test_it_takes_as_many_queries_for_a_long_way_as_for_a_short_one(django_assert_num_queries):
    badges, other = a_chain(12), TemplateFactory()

    with django_assert_num_queries(3):
        assert requirements.would_circle(badges[0], takes(badges[-1]))
    with django_assert_num_queries(2):
        assert not requirements.would_circle(other, takes(badges[-1]))
    with django_assert_num_queries(0):
        assert not requirements.would_circle(badges[0], ())
