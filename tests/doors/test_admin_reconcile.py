"""Comparisons with Credly in the admin: compared, read and mended there."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credly_badges.models import BadgeAward, OutboxMessage, ReconcileDifference, ReconcileRun
from credly_badges.reconcile import causes
from credly_badges.testing.factories import (
    AwardFactory,
    OrganizationFactory,
    ProgressFactory,
    TemplateFactory,
    UserFactory,
)
from tests.doors.admin_desk import at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_grace(settings):
    settings.CREDLY_BADGES_RECONCILE_GRACE_SECONDS = 0


@pytest.fixture
def badge(credly, at_credly, organization):
    there = credly.add_template(at_credly, "Scholar")
    return TemplateFactory(uuid=there.uuid, name="Scholar", organization=organization, active=True)


def complete(badge, **learner):
    """Somebody who is through, and has no award."""
    return ProgressFactory(
        learner=UserFactory(**learner), template=badge, percent=100, completed_at=timezone.now()
    ).learner


def a_run(organization, **fields) -> ReconcileRun:
    return ReconcileRun.objects.create(organization=organization, **{"state": "done", **fields})


def a_difference(run, template, cause="not_awarded", **fields) -> ReconcileDifference:
    return ReconcileDifference.objects.create(run=run, template=template, cause=cause, **fields)


def test_somebody_compares_and_reads_what_was_found(organization, badge):
    complete(badge, username="ada")
    browser = manager(username="grace")

    response = browser.post(url("reconcilerun", "begin"), {"organization": organization.pk}, follow=True)

    page = text_of(response)
    assert "The comparison has begun." in page
    assert "qualifies, and was never awarded 1 0 0 awards the badge" in page
    assert "nothing: it only looked" in page
    assert "grace" in page
    assert not BadgeAward.objects.exists()
    listed = text_of(browser.get(url("reconciledifference"), {"run__id__exact": ReconcileRun.objects.get().pk}))
    assert "qualifies, and was never awarded ada Scholar" in listed


def test_the_button_asks_whose_badges_first(organization):
    browser = manager()

    page = browser.get(url("reconcilerun", "begin"), {"organization": organization.pk})

    assert "It only looks: nothing is changed by it." in text_of(page)
    assert not ReconcileRun.objects.exists()


def test_while_one_is_at_work_another_does_not_begin(organization, badge):
    a_run(organization, state="running", heard_at=timezone.now())

    page = text_of(manager().post(url("reconcilerun", "begin"), {"organization": organization.pk}, follow=True))

    assert "being compared at this moment" in page
    assert ReconcileRun.objects.count() == 1


def test_chosen_differences_are_mended_and_the_others_left(organization, badge):
    run = a_run(organization, counts={"not_awarded": 2, "foreign": 1})
    chosen = a_difference(run, badge, learner=complete(badge))
    not_chosen = a_difference(run, badge, learner=complete(badge))
    nobodys = a_difference(run, badge, "foreign")
    browser = manager()

    page = browser.post(
        url("reconciledifference"),
        {"action": "mend_selected", "_selected_action": [chosen.pk, nobodys.pk]},
        follow=True,
    )

    chosen.refresh_from_db()
    not_chosen.refresh_from_db()
    assert "1 difference is being mended." in text_of(page)
    assert "1 was left" in text_of(page)
    assert (chosen.fix, not_chosen.fix) == ("ordered", "")
    award = BadgeAward.objects.get()
    assert (award.learner, award.granted_by.is_superuser) == (chosen.learner, True)
    assert OutboxMessage.objects.filter(award=award).exists()


def test_what_could_not_be_mended_says_why(credly, at_credly, organization, badge):
    run = a_run(organization, counts={"deleted": 1})
    award = AwardFactory(template=badge, offered=True)
    row = a_difference(run, badge, "deleted", award=award, learner=award.learner)
    credly.revoke_key(at_credly)

    manager().post(url("reconciledifference"), {"action": "mend_selected", "_selected_action": [row.pk]}, follow=True)

    row.refresh_from_db()
    assert row.fix == ""
    assert "API key" in row.fix_said
    assert "API key" in text_of(manager().get(url("reconciledifference", "change", row.pk)))


def test_who_may_only_read_can_neither_compare_nor_mend(organization, badge):
    run = a_run(organization, counts={"not_awarded": 1})
    row = a_difference(run, badge, learner=complete(badge))
    reader = at_the_desk("view_reconcilerun", "view_reconciledifference")

    assert "Compare now" not in text_of(reader.get(url("reconcilerun")))
    assert reader.post(url("reconcilerun", "begin"), {"organization": organization.pk}).status_code == 403
    reader.post(url("reconciledifference"), {"action": "mend_selected", "_selected_action": [row.pk]})

    row.refresh_from_db()
    assert row.fix == ""
    assert ReconcileRun.objects.count() == 1


def test_a_stopped_comparison_says_why_and_how_it_goes_on(organization):
    run = a_run(organization, state="stopped", error="Credly does not accept the API key.")

    page = text_of(manager().get(url("reconcilerun", "change", run.pk)))

    assert "It stopped before its end. Credly does not accept the API key." in page
    assert "credly_reconcile --resume" in page
    assert "Nothing yet." in page


def test_a_page_says_how_many_of_very_many_are_listed(organization, badge):
    run = a_run(organization, counts={"foreign": 900_000})
    a_difference(run, badge, "foreign")

    page = text_of(manager().get(url("reconcilerun", "change", run.pk)))

    assert "900000 (1 listed)" in page


def test_an_organizations_page_says_when_it_was_compared_and_what_was_found(organization):
    browser = manager()
    never = text_of(browser.get(url("credlyorganization", "change", organization.pk)))
    a_run(organization, counts={"state": 2, "foreign": 1})

    page = text_of(browser.get(url("credlyorganization", "change", organization.pk)))

    assert "Compared with Credly: never" in never
    assert "3 differences" in page


def test_every_cause_has_words_and_advice_on_the_page(organization, badge):
    run = a_run(organization, counts=dict.fromkeys(causes.Cause.values, 1))

    page = text_of(manager().get(url("reconcilerun", "change", run.pk)))

    for cause in causes.Cause:
        assert str(cause.label) in page
        assert causes.advice(cause) in page


@pytest.mark.parametrize("model", ["reconcilerun", "reconciledifference"])
def test_a_list_takes_as_many_queries_for_fifty_rows_as_for_five(model):
    browser = manager()
    costs = []
    for more in (5, 45):
        for _ in range(more):
            badge = TemplateFactory(organization=OrganizationFactory())
            run = a_run(badge.organization, counts={"state": 1}, fixes=["state"], started_by=UserFactory())
            award = AwardFactory(template=badge, offered=True)
            a_difference(
                run, badge, "state", award=award, learner=award.learner, facts={"state": ["offered", "revoked"]}
            )
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(url(model)).status_code == 200
        costs.append(len(queries))

    assert costs[0] == costs[1]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {
                "state": ["offered", "revoked"],
                "accept_url": ["https://c.test/a", ""],
                "revocation_reason": ["", "A slip"],
            },
            "offered here, revoked at Credly. The reason given at Credly: A slip nothing yet",
        ),
        ({"state": ["offered", None]}, "offered here, nothing at Credly. nothing yet"),
        ({"state": [None, "pending"]}, "nothing here, offered at Credly. nothing yet"),
        (
            {"expires_at": ["2027-01-31T23:59:59+00:00", None], "is_public": [True, False]},
            "Expires: Jan. 31, 2027 here, never at Credly. Credly shows it to the learner alone. nothing yet",
        ),
        ({"credly_id": ["0a", "0b"]}, "The new badge: 0b nothing yet"),
        ({"completed_at": "2026-11-20T12:00:00+00:00"}, "Qualified on Nov. 20, 2026. nothing yet"),
        ({"said": "The state is a word that it never used."}, "The state is a word that it never used. nothing yet"),
        ({"image_url": ["https://c.test/a", "https://c.test/b"]}, "Scholar – nothing yet"),
    ],
)
def test_a_difference_is_told_in_words_and_without_addresses(organization, badge, facts, words):
    a_difference(a_run(organization), badge, "state", facts=facts)

    page = text_of(manager().get(url("reconciledifference")))

    assert words in page
    assert "c.test" not in page


def test_the_newest_comparison_s_differences_come_first(organization, badge):
    for cause in ("deleted", "state"):
        a_difference(a_run(organization), badge, cause)

    page = text_of(manager().get(url("reconciledifference")))

    assert page.index("Credly has it in another state – Scholar") < page.index(
        "Credly does not have it any more – Scholar"
    )
