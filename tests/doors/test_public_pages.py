"""Pages that anybody may see: a badge that learners can earn, and an award that its learner shares."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from credly_badges import lms, retirement
from credly_badges.models import BadgeAward, BadgeTemplate
from credly_badges.testing.factories import (
    COURSE_KEY,
    AwardFactory,
    OrganizationFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)
from tests.doors.admin_desk import text_of

pytestmark = pytest.mark.django_db

SITE = "https://lms.example.com"
API = "/api/badges/v1/achievements/uni/scholar"
PAGE = "/badges/achievements/uni/scholar"
State = BadgeAward.State


@pytest.fixture(autouse=True)
def course(settings):
    settings.LMS_ROOT_URL = f"{SITE}/"
    settings.PLATFORM_NAME = "Example LMS"
    stand_in = lms.backend()
    stand_in.clear()
    stand_in.add_course(COURSE_KEY, "Demonstration Course")
    yield stand_in
    stand_in.clear()


@pytest.fixture
def badge():
    organization = OrganizationFactory(
        slug="uni", name="Example University", environment="production", url="https://example.edu/"
    )
    return a_badge_for_passing(
        organization=organization,
        slug="scholar",
        name="Scholar",
        image_url="https://images.example.com/scholar.png",
        skills=["Patience", "<b>Care</b>"],
    )


@pytest.fixture
def award(badge, course):
    learner = UserFactory(username="lea", email="lea@example.com")
    course.add_profile(learner.pk, "Lea de Vries")
    return AwardFactory(
        template=badge,
        learner=learner,
        offered=True,
        state=State.ACCEPTED,
        shared_at=timezone.now(),
        reason="Kept for us.",
        badge_url="https://www.credly.com/badges/1",
    )


def page_of(award) -> str:
    return f"/badges/awards/{award.uuid}"


def metas(answer) -> dict[str, str]:
    """What a page tells those who preview it."""
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', answer.content.decode())
    return {name: html.unescape(content) for name, content in found}


class TestTheDocument:
    """``/api/badges/v1/achievements/…``."""

    def test_anybody_may_read_it_from_anywhere(self, client, badge):
        answer = client.get(API)

        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/ld+json"
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer["Cache-Control"] == "public, max-age=300"
        assert answer.json()["id"] == SITE + API
        assert answer.json()["criteria"]["id"] == SITE + PAGE

    @pytest.mark.parametrize("accept", ["application/ld+json", "application/json", "*/*", "text/html, */*;q=0.1"])
    def test_it_is_one_document_however_it_is_asked_for(self, client, badge, accept):
        answer = client.get(API, headers={"Accept": accept, "Accept-Language": "ar", "Authorization": "Bearer nothing"})

        assert (answer.status_code, answer["Content-Type"]) == (200, "application/ld+json")
        assert answer.content == client.get(API).content

    def test_names_and_ids_lead_to_the_same(self, client, badge):
        by_id = client.get(f"/api/badges/v1/achievements/{badge.organization.uuid}/{badge.uuid}/")

        assert by_id.json() == client.get(API).json()

    def test_what_was_not_changed_is_not_sent_again(self, client, badge):
        etag = client.get(API)["ETag"]

        again = client.get(API, headers={"If-None-Match": etag})
        BadgeTemplate.objects.filter(pk=badge.pk).update(description="Another.")
        changed = client.get(API, headers={"If-None-Match": etag})

        assert (again.status_code, changed.status_code) == (304, 200)

    @pytest.mark.parametrize("status", ["draft", "review", "shadow", "retired"])
    def test_what_learners_never_could_earn_is_not_there(self, client, badge, status):
        BadgeTemplate.objects.filter(pk=badge.pk).update(status=status)

        document, page = client.get(API), client.get(PAGE)

        assert (document.status_code, document.json()["error"]) == (404, "NOT_FOUND")
        assert document["Access-Control-Allow-Origin"] == "*"
        assert page.status_code == 404
        assert "Scholar" not in page.content.decode()

    def test_on_a_site_without_public_pages_there_is_none(self, client, badge, award, settings):
        settings.CREDLY_BADGES_PUBLIC_PAGES = False

        assert [client.get(path).status_code for path in (API, PAGE, page_of(award))] == [404, 404, 404]

    def test_it_takes_few_queries(self, client, badge, django_assert_num_queries):
        # The badge; its groups, requirements and rules; and the transaction around them.
        with django_assert_num_queries(6):
            client.get(API)


class TestThePageOfABadge:
    """``/badges/achievements/…``."""

    def test_it_says_what_the_badge_is_and_what_learners_do_for_it(self, client, badge):
        answer = client.get(PAGE)

        text = text_of(answer)
        for said in (
            "Scholar – Example LMS",
            "Organization Example University",
            "Shows that its earner knows examples.",
            "Pass the course – ",
            "Demonstration Course",
            "Patience",
        ):
            assert said in text, said
        assert 'alt="Badge “Scholar” of Example University"' in answer.content.decode()
        assert "Sandbox" not in text
        assert "<b>Care</b>" not in answer.content.decode()

    def test_it_leads_to_its_document_and_to_its_one_address(self, client, badge):
        for path in (PAGE, f"{PAGE}/", f"/badges/achievements/{badge.organization.uuid}/{badge.uuid}"):
            content = client.get(path).content.decode()

            assert f'<link rel="alternate" type="application/ld+json" href="{SITE}{API}">' in content
            assert f'<link rel="canonical" href="{SITE}{PAGE}">' in content

    def test_it_can_be_previewed_and_found(self, client, badge):
        found = metas(client.get(PAGE))

        assert "robots" not in found
        assert found["og:title"] == found["twitter:title"] == "Scholar"
        assert found["og:description"] == "Shows that its earner knows examples."
        assert found["og:url"] == SITE + PAGE
        assert found["og:image"] == found["twitter:image"] == "https://images.example.com/scholar.png"
        assert found["og:image:alt"] == "Badge “Scholar” of Example University"
        assert (found["og:type"], found["og:site_name"], found["twitter:card"]) == ("website", "Example LMS", "summary")

    def test_a_badge_of_the_sandbox_is_marked_and_not_to_be_found(self, client, badge):
        badge.organization.environment = "sandbox"
        badge.organization.save()

        answer = client.get(PAGE)

        assert "Sandbox: this is a badge to try things with." in text_of(answer)
        assert metas(answer)["robots"] == "noindex"

    @pytest.mark.parametrize(
        ("columns", "said"),
        [
            ({"status": "paused"}, "This badge cannot be earned at the moment."),
            ({"credly_state": "archived"}, "This badge cannot be earned any more."),
        ],
    )
    def test_it_says_what_cannot_be_earned_now(self, client, badge, columns, said):
        BadgeTemplate.objects.filter(pk=badge.pk).update(**columns)

        assert said in text_of(client.get(PAGE))

    def test_no_person_is_named_on_it(self, client, badge, award):
        content = client.get(PAGE).content.decode()

        assert not [word for word in ("lea@", "Vries", str(award.uuid)) if word in content]

    def test_nothing_runs_on_it_whatever_credly_sent(self, client, badge):
        BadgeTemplate.objects.filter(pk=badge.pk).update(
            name='"><script>alert(1)</script>',
            description="<img src=x onerror=alert(1)>",
            criteria_url="javascript:alert(1)",
            public_url="javascript:alert(1)",
            image_url="javascript:alert(1)",
        )

        answer = client.get(PAGE)

        content = answer.content.decode()
        assert "<script" not in content
        assert "<img" not in content
        assert "javascript:" not in content
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "javascript:" not in client.get(API).content.decode()

    def test_it_is_only_read(self, client, badge):
        assert client.post(PAGE).status_code == 405

    def test_it_takes_few_queries(self, client, badge, django_assert_num_queries):
        with django_assert_num_queries(7):
            client.get(PAGE)


class TestThePageOfAnAward:
    """``/badges/awards/…``."""

    def test_it_says_what_was_awarded_by_whom_and_when(self, client, award):
        answer = client.get(page_of(award))

        text = text_of(answer)
        assert answer.status_code == 200
        for said in (
            "Scholar",
            "Awarded by Example University",
            "Awarded on",
            "It does not expire.",
            "This badge is valid.",
        ):
            assert said in text, said
        assert str(award.uuid) in text
        assert f'href="{PAGE}"' in answer.content.decode()

    def test_it_names_the_learner_only_if_they_want_that(self, client, award):
        unnamed = text_of(client.get(page_of(award)))
        award.shows_name = True
        award.save()
        answer = client.get(page_of(award))

        assert "Vries" not in unnamed
        assert "Awarded to Lea de Vries" in text_of(answer)
        assert "Vries" not in str(metas(answer))
        for content in (unnamed, answer.content.decode()):
            assert not [word for word in ("lea@example.com", ">lea<", "Kept for us.") if word in content]

    def test_a_learner_with_one_name_has_one_and_without_any_none(self, client, award, course):
        BadgeAward.objects.update(shows_name=True)
        course.add_profile(award.learner_id, "Cher")
        one = text_of(client.get(page_of(award)))
        course.add_profile(award.learner_id, "")
        type(award.learner).objects.update(first_name="", last_name="")
        none = text_of(client.get(page_of(award)))

        assert "Awarded to Cher Awarded by" in one
        assert "Awarded to" not in none

    @pytest.mark.parametrize(
        ("columns", "said"),
        [
            ({"state": State.OFFERED}, "This badge is valid. It was issued, and has yet to be accepted at Credly."),
            ({"state": State.REVOKED, "revocation_reason": "Plagiarism"}, "Revoked. It is no longer valid."),
            ({"state": State.DECLINED}, "Declined."),
            ({"state": State.DELETED}, "Deleted at Credly."),
            ({"state": State.QUEUED}, "Not issued yet."),
            ({"state": State.FAILED}, "Not issued."),
        ],
    )
    def test_it_says_in_words_where_the_award_stands(self, client, award, columns, said):
        BadgeAward.objects.filter(pk=award.pk).update(**columns)

        answer = client.get(page_of(award))

        assert said in text_of(answer)
        assert said in metas(answer)["og:description"]
        assert "Plagiarism" not in answer.content.decode()

    @pytest.mark.parametrize("state", [State.OFFERED, State.ACCEPTED])
    def test_it_says_that_it_has_expired(self, client, award, state):
        BadgeAward.objects.filter(pk=award.pk).update(state=state, expires_at=timezone.now() - timedelta(minutes=1))

        assert "Expired. It is no longer valid." in text_of(client.get(page_of(award)))

    def test_it_leads_to_credlys_page_only_where_that_is_public(self, client, award):
        private = client.get(page_of(award)).content.decode()
        BadgeAward.objects.filter(pk=award.pk).update(is_public=True)
        public = client.get(page_of(award)).content.decode()

        assert (award.badge_url in private, award.badge_url in public) == (False, True)

    def test_it_is_not_to_be_found_nor_kept(self, client, award):
        answer = client.get(page_of(award))

        assert metas(answer)["robots"] == "noindex"
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "no-referrer"
        assert metas(answer)["og:url"] == SITE + page_of(award)

    def test_of_a_badge_that_has_no_page_there_is_no_link_to_one(self, client, award):
        BadgeTemplate.objects.filter(pk=award.template_id).update(status="draft")

        answer = client.get(page_of(award))

        assert answer.status_code == 200
        assert PAGE not in answer.content.decode()
        assert "Pass the course" not in answer.content.decode()

    def test_what_is_not_shared_looks_like_what_does_not_exist(self, client, award):
        not_shared = AwardFactory(template=award.template, offered=True)
        stopped = AwardFactory(template=award.template, offered=True, shows_name=True)
        left = AwardFactory(template=award.template, offered=True, shared_at=timezone.now(), shows_name=True)
        retirement.forget(left.learner_id)

        answers = [client.get(f"/badges/awards/{each}") for each in (uuid4(), not_shared.uuid, stopped.uuid, left.uuid)]

        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
        assert "Scholar" not in text_of(answers[0])

    @pytest.mark.parametrize("at_credly", [True, False])
    def test_of_a_learner_who_leaves_nothing_is_shared_any_more(self, client, award, settings, at_credly):
        settings.CREDLY_BADGES_RETIREMENT_DELETES_AT_CREDLY = at_credly
        BadgeAward.objects.filter(pk=award.pk).update(shows_name=True)

        retirement.forget(award.learner_id)

        award.refresh_from_db()
        assert (award.learner, award.shared_at, award.shows_name) == (None, None, False)
        assert client.get(page_of(award)).status_code == 404

    def test_it_takes_few_queries(self, client, award, django_assert_num_queries):
        BadgeAward.objects.update(shows_name=True)

        # The award with its badge; whether that has a page; whether the learner is here, and who they are; and the
        # transaction around them.
        with django_assert_num_queries(6):
            client.get(page_of(award))


def test_an_address_of_something_else_is_no_page(client):
    TemplateFactory(active=True)

    for path in ("/badges/awards/1", "/badges/achievements/uni", "/badges/achievements/%00/%F0%9F%92%A9"):
        assert client.get(path).status_code == 404
