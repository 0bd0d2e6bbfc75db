"""Issuing a badge by hand, to one or to many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from credly_badges import lms
from credly_badges.models import AuditEntry, BadgeAward, OutboxMessage
from credly_badges.testing.factories import AwardFactory, TemplateFactory, UserFactory
from tests.doors.admin_desk import at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_has_a_profile():
    lms.backend().clear()


@pytest.fixture
def badge():
    """A badge that Credly would issue."""
    return TemplateFactory(name="Scholar")


def order(badge, learners, **changes):
    """The form as somebody fills it in."""
    return {"template": badge.pk, "learners": learners, "reason": "Spoke at the conference", **changes}


def confirmed(badge, learners, **changes):
    """The same, with the button that issues."""
    return order(badge, learners, confirm="1", **changes)


def test_the_form_offers_only_what_credly_would_issue_and_chooses_the_one_it_was_opened_from(badge):
    TemplateFactory(name="Ancient", archived=True)
    sandbox = TemplateFactory(name="Trial", organization__name="Example College")

    page = manager().get(url("badgeaward", "issue"), {"template": badge.pk})

    content = page.content.decode()
    assert f'<option value="{badge.pk}" selected>' in content
    assert "Ancient" not in content
    assert f'<option value="{sandbox.pk}">Trial (Example College, sandbox)</option>' in content


def test_first_everybody_on_the_list_is_shown_and_nothing_is_issued(badge):
    ada = UserFactory(username="ada", email="ada@example.com")
    lms.backend().add_profile(ada.pk, "Ada King Lovelace")
    UserFactory(username="lazy", is_active=False)
    AwardFactory(learner=UserFactory(username="grace"), template=badge, offered=True)
    UserFactory(username="nameless", first_name="", last_name="")

    response = manager().post(
        url("badgeaward", "issue"), order(badge, "ada; grace\nlazy, nobody ada@example.com\r\nnameless")
    )

    rows = {row.entry: row for row in response.context["rows"]}
    assert list(rows) == ["ada", "grace", "lazy", "nobody", "ada@example.com", "nameless"]
    assert (rows["ada"].name, rows["ada"].is_good) == ("Ada King Lovelace", True)
    assert "Already has this badge (offered)" in rows["grace"].error
    assert "not active yet" in rows["lazy"].note
    assert "Nobody here has this user name" in rows["nobody"].error
    assert "The same learner as “ada” above" in rows["ada@example.com"].note
    assert "no name in their profile" in rows["nameless"].note
    assert "3 learners get the badge." in text_of(response)
    assert "2 rows have a problem." in text_of(response)
    assert BadgeAward.objects.count() == 1


def test_confirming_issues_to_everybody_and_says_so_with_links(badge):
    UserFactory(username="ada")
    UserFactory(username="grace", email="grace@example.com")
    browser = manager(username="manager")
    earned = datetime(2026, 5, 1, 12, tzinfo=UTC)

    response = browser.post(
        url("badgeaward", "issue"),
        confirmed(
            badge,
            "ada\ngrace@example.com",
            earned_at="2026-05-01T12:00",
            evidence_name="Recording",
            evidence_url="https://example.com/talk",
        ),
        follow=True,
    )

    awards = BadgeAward.objects.order_by("learner__username")
    assert [award.learner.username for award in awards] == ["ada", "grace"]
    assert {(award.source, award.reason, award.earned_at, award.granted_by.username) for award in awards} == {
        ("by_hand", "Spoke at the conference", earned, "manager")
    }
    assert awards[0].evidence == [{"name": "Recording", "url": "https://example.com/talk", "description": ""}]
    assert OutboxMessage.objects.filter(kind="issue", open=True).count() == 2
    assert AuditEntry.objects.filter(action="award.granted", actor__username="manager").count() == 2
    assert "“Scholar” was awarded to 2 learners" in text_of(response)
    assert url("badgeaward", "change", awards[0].pk) in response.content.decode()


def test_a_badge_issued_by_hand_arrives_at_credly(organization, at_credly, credly, django_capture_on_commit_callbacks):
    there = credly.add_template(at_credly, name="Scholar")
    here = TemplateFactory(organization=organization, uuid=there.uuid, name="Scholar")
    UserFactory(username="ada", email="ada@example.com")

    with django_capture_on_commit_callbacks(execute=True):
        manager().post(url("badgeaward", "issue"), confirmed(here, "ada"))

    assert credly.badges_of("ada@example.com") == [there.uuid]


def test_with_one_bad_row_nobody_is_issued_the_badge(badge):
    UserFactory(username="ada")

    response = manager().post(url("badgeaward", "issue"), confirmed(badge, "ada, nobody"))

    assert not BadgeAward.objects.exists()
    assert "Nothing was issued: take the rows with a problem off the list" in text_of(response)


def test_the_others_are_issued_the_badge_where_that_is_chosen(badge):
    UserFactory(username="ada")

    response = manager().post(url("badgeaward", "issue"), confirmed(badge, "ada, nobody", others="1"), follow=True)

    assert BadgeAward.objects.get().learner.username == "ada"
    assert "Left out: nobody" in text_of(response)


def test_pressing_the_button_twice_issues_once(badge):
    UserFactory(username="ada")
    browser = manager()

    browser.post(url("badgeaward", "issue"), confirmed(badge, "ada"))
    again = browser.post(url("badgeaward", "issue"), confirmed(badge, "ada"))

    assert BadgeAward.objects.count() == 1
    assert "Already has this badge (queued)" in text_of(again)


def test_a_list_can_be_changed_after_a_look_at_it(badge):
    UserFactory(username="ada")

    response = manager().post(url("badgeaward", "issue"), order(badge, "ada, nobody", back="1"))

    assert "ada, nobody</textarea>" in response.content.decode()
    assert not BadgeAward.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("reason", "  ", "This field is required"),
        ("learners", " ,;\n", "Enter at least one user name"),
        ("learners", "x " * 501, "at most 500"),
        ("earned_at", (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"), "in the future"),
        ("earned_at", "yesterday", "valid date"),
        ("evidence_url", "javascript:alert(1)", "begins with http"),
        ("evidence_url", "ftp://example.com/talk", "begins with http"),
        ("evidence_name", "Recording", "Enter the link of this evidence"),
        ("template", "0", "valid choice"),
    ],
)
def test_a_field_that_cannot_be_used_gets_a_sentence(badge, field, value, sentence):
    UserFactory(username="ada")

    response = manager().post(url("badgeaward", "issue"), {**confirmed(badge, "ada"), field: value})

    assert not BadgeAward.objects.exists()
    assert sentence in text_of(response)


def test_a_template_that_was_archived_in_the_meantime_is_not_issued(badge):
    UserFactory(username="ada")
    badge.credly_state = "archived"
    badge.save()

    response = manager().post(url("badgeaward", "issue"), confirmed(badge, "ada"))

    assert not BadgeAward.objects.exists()
    assert response.context["form"].errors["template"]


def test_what_was_pasted_is_shown_as_text(badge):
    response = manager().post(url("badgeaward", "issue"), order(badge, "<script>alert(1)</script>"))

    assert "<script>alert" not in response.content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in response.content.decode()


def test_looking_fifty_learners_up_takes_as_many_queries_as_looking_up_five(
    badge, django_assert_num_queries, django_assert_max_num_queries
):
    browser = manager()
    names = [UserFactory().username for _number in range(50)]
    with django_assert_max_num_queries(20) as few:
        browser.post(url("badgeaward", "issue"), order(badge, " ".join(names[:5])))

    with django_assert_num_queries(len(few.captured_queries)):
        response = browser.post(url("badgeaward", "issue"), order(badge, " ".join(names)))

    assert "50 learners get the badge." in text_of(response)


def test_who_may_issue_but_not_look_stays_on_the_form(badge):
    UserFactory(username="ada")
    browser = at_the_desk("issue_badgeaward")

    response = browser.post(url("badgeaward", "issue"), confirmed(badge, "ada"), follow=True)

    assert BadgeAward.objects.count() == 1
    assert response.redirect_chain == [(url("badgeaward", "issue"), 302)]
    assert "“Scholar” was awarded to 1 learner" in text_of(response)


def test_the_page_of_a_badge_leads_to_issuing_it_where_credly_would(badge):
    archived = TemplateFactory(archived=True)
    browser = manager()

    page = browser.get(url("badgetemplate", "change", badge.pk)).content.decode()
    page_of_the_archived = browser.get(url("badgetemplate", "change", archived.pk)).content.decode()

    assert f'href="{url("badgeaward", "issue")}?template={badge.pk}"' in page
    assert url("badgeaward", "issue") not in page_of_the_archived


@pytest.mark.parametrize(
    ("policy", "days", "number"),
    [
        ({}, 40, 1),
        ({"repeat": "always"}, 1, 2),
        ({"repeat": "period", "repeat_days": 30}, 29, 1),
        ({"repeat": "period", "repeat_days": 30}, 31, 2),
    ],
)
def test_a_further_badge_is_issued_where_the_template_says_so(policy, days, number):
    template = TemplateFactory(active=True, **policy)
    held = AwardFactory(
        template=template, learner=UserFactory(username="ada"), earned_at=timezone.now() - timedelta(days=days)
    )

    page = text_of(manager().post(url("badgeaward", "issue"), confirmed(template, "ada"), follow=True))

    assert BadgeAward.objects.filter(learner=held.learner).count() == number
    assert ("was awarded to 1 learner" in page) is (number == 2)
