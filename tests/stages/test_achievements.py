"""A badge as an Open Badges 3.0 Achievement: the document, and which badges have one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ddt
import jsonschema
import pytest
from django.test import TestCase, override_settings
from hypothesis import given
from hypothesis import strategies as st

from credly_badges import activation, lms, reports
from credly_badges.models import BadgeTemplate
from credly_badges.reports import achievements
from credly_badges.reports.criteria import GroupInWords, RequirementInWords
from credly_badges.testing.factories import (
    COURSE_KEY,
    AwardFactory,
    OrganizationFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

PUBLISHED = Path(__file__).parent.parent / "fixtures" / "openbadges"
SCHEMA = json.loads((PUBLISHED / "achievement.schema.json").read_text())
TERMS = json.loads((PUBLISHED / "context-3.0.3.json").read_text())["@context"]
VALIDATOR = jsonschema.Draft201909Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
SITE = "https://lms.example.com"
Status = BadgeTemplate.Status


@pytest.fixture(autouse=True)
def course():
    lms.backend().clear()
    lms.backend().add_course(COURSE_KEY, "Demonstration Course")
    yield
    lms.backend().clear()


def document(template: BadgeTemplate, groups=()) -> dict[str, Any]:
    return achievements.document(template, groups, site=SITE)


def faults(found: dict[str, Any]) -> list[str]:
    """What 1EdTech's schema finds; and where that is nothing, which terms its context does not define there."""
    return [error.message for error in VALIDATOR.iter_errors(found)] or unknown_terms(found, "Achievement")


PARTS = {
    "Achievement": {"criteria": "Criteria", "image": "Image", "creator": "Profile", "alignment": "Alignment"},
    "Profile": {"image": "Image"},
}


def unknown_terms(thing: dict[str, Any], kind: str) -> list[str]:
    known = {"@context", *TERMS, *TERMS[kind].get("@context", {})}
    found = [f"{kind}: {name}" for name in thing if name not in known]
    for name, inner in PARTS.get(kind, {}).items():
        parts = thing.get(name, [])
        for part in parts if isinstance(parts, list) else [parts]:
            found += unknown_terms(part, inner)
    return found


def template(**columns: Any) -> BadgeTemplate:
    """One that is stored nowhere."""
    organization = columns.pop("organization", None) or OrganizationFactory.build(slug="example-university")
    return TemplateFactory.build(organization=organization, slug="example-badge", **columns)


class TestTheDocument:
    """Built from values alone."""

    def test_it_says_what_the_badge_is_and_who_gives_it(self):
        organization = OrganizationFactory.build(
            name="Example University",
            slug="example-university",
            url="https://example.edu/",
            email="badges@example.edu",
            image_url="https://example.edu/logo.png",
            environment="production",
        )
        badge = template(
            organization=organization,
            name="Example badge",
            image_url="https://images.example.com/badge.png",
            criteria_url="https://example.edu/criteria",
            skills=["Examples", "Patience"],
            type_category="Certification",
            alignments=[
                {"name": "ESCO 1", "url": "https://example.eu/esco/1", "description": "Exemplify"},
                {"name": "Without an address", "url": "", "description": ""},
            ],
        )
        groups = [
            GroupInWords(
                "Basics", "all of these", (RequirementInWords("Pass", "Course passed", "Demo", ()),), ("Soon.",)
            )
        ]

        found = document(badge, groups)

        assert faults(found) == []
        assert found == {
            "@context": [
                "https://www.w3.org/ns/credentials/v2",
                "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            ],
            "id": f"{SITE}/api/badges/v1/achievements/example-university/example-badge",
            "type": ["Achievement"],
            "achievementType": "Certification",
            "name": "Example badge",
            "description": "Shows that its earner knows examples.",
            "criteria": {
                "id": "https://example.edu/criteria",
                "narrative": "Basics: all of these:\nSoon.\n- Pass – Course passed, in Demo.",
            },
            "image": {
                "id": "https://images.example.com/badge.png",
                "type": "Image",
                "caption": "Badge “Example badge” of Example University",
            },
            "creator": {
                "id": organization.uuid.urn,
                "type": ["Profile"],
                "name": "Example University",
                "url": "https://example.edu/",
                "email": "badges@example.edu",
                "image": {"id": "https://example.edu/logo.png", "type": "Image", "caption": "Example University"},
            },
            "tag": ["Examples", "Patience"],
            "alignment": [
                {
                    "type": ["Alignment"],
                    "targetName": "ESCO 1",
                    "targetUrl": "https://example.eu/esco/1",
                    "targetDescription": "Exemplify",
                }
            ],
        }

    def test_of_a_badge_of_which_little_is_known_it_says_little(self):
        badge = template(description="", organization=OrganizationFactory.build(name="", slug=None))

        found = document(badge)

        assert faults(found) == []
        assert found["description"] == badge.name
        assert found["criteria"]["id"].startswith(f"{SITE}/badges/achievements/")
        assert found["achievementType"] == "Badge"
        assert not {"image", "alignment", "inLanguage"} & set(found)

    def test_a_badge_of_the_sandbox_is_marked(self):
        assert document(template(skills=["Examples"]))["tag"] == ["Examples", "sandbox"]

    TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)

    @given(
        name=TEXTS,
        description=TEXTS,
        image_url=TEXTS,
        criteria_url=TEXTS,
        type_category=TEXTS,
        skills=st.lists(TEXTS, max_size=3),
        alignments=st.lists(st.fixed_dictionaries({"name": TEXTS, "url": TEXTS, "description": TEXTS}), max_size=3),
        of=TEXTS,
        sentence=TEXTS,
        name_of_group=TEXTS,
    )
    def test_it_is_valid_whatever_the_texts_say(self, of, sentence, name_of_group, **columns):
        badge = template(organization=OrganizationFactory.build(name=of, email=of, url=of, image_url=of), **columns)
        groups = [GroupInWords(name_of_group, "", (RequirementInWords(sentence, sentence, sentence, (sentence,)),))]

        found = json.loads(json.dumps(document(badge, groups)))

        assert faults(found) == []

    def test_the_schema_of_the_test_is_not_satisfied_by_anything(self):
        found = document(template())

        assert faults({**found, "criteria": "Pass"}) != []
        assert faults({**found, "achievementType": "Medal"}) != []
        assert faults({**found, "medal": True}) == ["Achievement: medal"]
        assert faults({**found, "image": {"id": "x", "type": "Image", "alt": "y"}}) != []


def activated(status: str, **columns: Any) -> BadgeTemplate:
    """A badge that learners could earn before it came to be what it is."""
    badge = a_badge_for_passing(**columns)
    BadgeTemplate.objects.filter(pk=badge.pk).update(status=Status.DRAFT)
    badge.refresh_from_db()
    activation.move(badge, Status.ACTIVE, by=None)
    if status != Status.ACTIVE:
        activation.move(badge, status, by=None)
    return badge


def recorded_only(status: str) -> BadgeTemplate:
    """A badge that was in shadow before it came to be what it is."""
    badge = a_badge_for_passing()
    BadgeTemplate.objects.filter(pk=badge.pk).update(status=Status.DRAFT)
    badge.refresh_from_db()
    activation.move(badge, Status.SHADOW, by=None)
    if status != Status.SHADOW:
        activation.move(badge, status, by=None)
    return badge


@ddt.ddt
class TestWhichBadgesHaveOne(TestCase):
    """Those that learners can earn, or could once."""

    def found(self, badge: BadgeTemplate) -> BadgeTemplate | None:
        return achievements.find(str(badge.organization.uuid), str(badge.uuid))

    @ddt.data(Status.ACTIVE, Status.PAUSED, Status.RETIRED)
    def test_one_that_was_open_to_learners_has(self, status):
        badge = activated(status)

        assert self.found(badge) == badge

    @ddt.data(Status.SHADOW, Status.PAUSED, Status.RETIRED)
    def test_one_that_was_only_recorded_has_not(self, status):
        badge = recorded_only(status)

        assert (badge.status, self.found(badge)) == (status, None)

    @ddt.data(Status.DRAFT, Status.REVIEW)
    def test_one_that_is_written_has_not(self, status):
        badge = TemplateFactory(status=status)
        AwardFactory(template=badge)

        assert self.found(badge) is None

    def test_one_that_is_written_anew_has_it_no_more_until_it_is_open_again(self):
        badge = activated(Status.RETIRED)
        activation.move(badge, Status.DRAFT, by=UserFactory())

        assert self.found(badge) is None

    def test_none_has_on_a_site_without_public_pages(self):
        badge = activated(Status.ACTIVE)

        with override_settings(CREDLY_BADGES_PUBLIC_PAGES=False):
            assert self.found(badge) is None

    def test_it_is_found_by_names_and_by_ids(self):
        badge = a_badge_for_passing(slug="one", organization=OrganizationFactory(slug="uni"))
        a_badge_for_passing(slug="one", organization=OrganizationFactory(slug="other"))

        for organization in ("uni", str(badge.organization.uuid)):
            for name in ("one", str(badge.uuid), badge.uuid.hex):
                assert achievements.find(organization, name) == badge
        assert achievements.find("uni", "two") is None
        assert achievements.find("nobody", "one") is None

    def test_a_name_that_looks_like_the_id_of_another_is_the_name(self):
        organization = OrganizationFactory(slug="uni")
        other = a_badge_for_passing(organization=organization, slug="other")
        named = a_badge_for_passing(organization=organization, slug=str(other.uuid))

        assert achievements.find("uni", str(other.uuid)) == named


@pytest.mark.django_db
def test_what_a_real_badge_asks_for_is_told_in_words(django_assert_max_num_queries):
    badge = activated(Status.ACTIVE, image_url="https://images.example.com/1.png")

    with django_assert_max_num_queries(6):
        found = document(badge, reports.criteria_in_words(badge))

    assert faults(found) == []
    assert found["criteria"]["narrative"].startswith("- Pass the course – ")
