"""Somebody looks for badge templates by skill in the admin."""

from __future__ import annotations

import re

import pytest

from credly_badges.testing.factories import OrganizationFactory, TemplateFactory
from tests.doors.admin_desk import at_the_desk, manager, url

pytestmark = pytest.mark.django_db

LIST = url("badgetemplate")


@pytest.fixture
def templates():
    """Three templates with skills, and one without."""
    university = OrganizationFactory()
    return [
        TemplateFactory(organization=university, name="Analyst", skills=["Data analysis", "Python"]),
        TemplateFactory(organization=university, name="Leader", skills=["Führung", "C++", 'The "soft" ones']),
        TemplateFactory(name="Snake keeper", description="About a python.", skills=["Reptiles", "Ökologie"]),
        TemplateFactory(name="Novice", skills=[]),
    ]


def found(**asked):
    """The names of the templates that the list shows."""
    return sorted(each.name for each in manager().get(LIST, asked).context["cl"].queryset)


def offered(**asked):
    """The skills that the filter offers."""
    page = manager().get(LIST, asked).context["cl"]
    return [label for spec in page.filter_specs if spec.title == "skill" for _skill, label in spec.lookup_choices]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("python", ["Analyst", "Snake keeper"]),
        ("analysis", ["Analyst"]),
        ("ANALYSIS python", ["Analyst"]),
        ('"data analysis"', ["Analyst"]),
        ('"analysis data"', []),
        ("keeper reptiles", ["Snake keeper"]),
        ("Führung", ["Leader"]),
        ("führung", ["Leader"]),
        ("ökologie", ["Snake keeper"]),
        ("c++", ["Leader"]),
        ("100%", []),
        ("nothing", []),
        ("", ["Analyst", "Leader", "Novice", "Snake keeper"]),
    ],
)
def test_the_search_finds_words_of_skills_too(templates, words, names):
    assert found(q=words) == names


@pytest.mark.parametrize(
    ("skill", "names"),
    [
        ("Python", ["Analyst"]),  # Not the one that has it in its description alone.
        ("Data analysis", ["Analyst"]),
        ("Data", []),
        ("Führung", ["Leader"]),
        ('The "soft" ones', ["Leader"]),
        ("soft", []),
    ],
)
def test_the_filter_finds_those_with_the_skill(templates, skill, names):
    assert found(skill=skill) == names


def test_the_filter_offers_the_skills_of_the_organization_that_is_shown(templates):
    analyst, _leader, keeper, _novice = templates

    assert offered(organization__id__exact=keeper.organization_id) == ["Reptiles", "Ökologie"]
    assert offered(organization__id__exact=analyst.organization_id) == [
        "C++", "Data analysis", "Führung", "Python", 'The "soft" ones',
    ]  # fmt: skip
    assert len(offered()) == 7


def test_the_filter_offers_the_most_frequent_ones_and_the_one_that_is_chosen():
    TemplateFactory(skills=["Rare"])
    for number in range(30):
        TemplateFactory(skills=["Frequent", f"Skill {number}", f"Other skill {number}"])

    assert len(offered()) == 50
    assert "Frequent" in offered()
    assert "Chosen" in offered(skill="Chosen")


def test_search_and_filter_work_together_and_keep_the_number_of_queries(templates, django_assert_num_queries):
    browser = manager()
    browser.get(LIST)

    with django_assert_num_queries(9):
        answer = browser.get(LIST, {"q": "analysis python", "skill": "Python"})

    assert answer.context["cl"].result_count == 1


def test_whoever_may_only_read_can_search(templates):
    page = at_the_desk("view_badgetemplate").get(LIST, {"q": "Führung"}).content.decode()

    assert re.search(r">Leader</a>", page)
    assert "Snake keeper" not in page
