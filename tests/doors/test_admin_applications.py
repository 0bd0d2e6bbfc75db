"""Application forms and applications at the admin: what is taken, reviewed and decided there, and by whom."""

from __future__ import annotations

import pytest

from credly_badges import applications, lms
from credly_badges.applications import Link, Picture, Text
from credly_badges.models import (
    Application,
    ApplicationForm,
    ApplicationReview,
    AuditEntry,
    BadgeAward,
    BadgeTemplate,
)
from credly_badges.testing.factories import TemplateFactory, UserFactory
from tests.doors.admin_desk import at_the_desk, manager, text_of, url
from tests.stages.applications_desk import a_badge, a_picture, applied, criteria_of, found

pytestmark = pytest.mark.django_db

State = Application.State
LOOKS, REVIEWS, DECIDES = "view_application", "review_application", "decide_application"
HTML = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    lms.backend().clear()
    settings.MEDIA_ROOT = str(tmp_path)


def typed(badge, *criteria, **values):
    """What a person sends from the page of a form; each criterion is a description and what else is said of it."""
    body = {
        "template": badge.pk, "instructions": "", "needs_evidence": "on", "reviews_needed": "1",
        "awards_at_once": "on", "days_to_review": "14",
        "criteria-TOTAL_FORMS": len(criteria), "criteria-INITIAL_FORMS": sum("id" in each for _said, each in criteria),
        "criteria-MIN_NUM_FORMS": 0, "criteria-MAX_NUM_FORMS": 50, **values,
    }  # fmt: skip
    for number, (description, said) in enumerate(criteria):
        body |= {f"criteria-{number}-{name}": value for name, value in said.items()}
        body |= {f"criteria-{number}-description": description, f"criteria-{number}-position": number}
    return body


def do(application, deed):
    return url("application", "do", application.pk, deed)


def test_a_form_is_made_and_opened_with_its_criteria_and_that_is_written_down():
    badge = TemplateFactory(active=True)

    page = manager().post(
        url("applicationform", "add"),
        typed(badge, ("It runs", {"required": "on", "note": "Try it"}), ("It is nice", {}), is_open="on"),
    )

    assert page.status_code == 302, text_of(page)
    form = ApplicationForm.objects.get(template=badge)
    assert list(form.criteria.values_list("description", "note", "required")) == [
        ("It runs", "Try it", True),
        ("It is nice", "", False),
    ]
    entry = AuditEntry.objects.get(action="application_form.changed")
    assert (entry.before, len(entry.after["criteria"])) == ({}, 2)


def test_a_change_is_written_down_once_and_criteria_stay_the_same_ones():
    badge = a_badge(True)
    form, browser = ApplicationForm.objects.get(), manager()
    row, before = form.criteria.get(), criteria_of(badge)
    kept = {"id": row.pk, "form": form.pk, "required": "on"}
    AuditEntry.objects.filter(object_type="applicationform").count()

    same = typed(badge, ("Criterion 0", kept), is_open="on")
    browser.post(url("applicationform", "change", form.pk), same)
    browser.post(url("applicationform", "change", form.pk), {**same, "criteria-0-description": "Reworded"})

    assert criteria_of(badge) == before
    entries = AuditEntry.objects.filter(action="application_form.changed")
    assert entries.count() == 2  # How it was made, and the one change.
    assert entries.first().after["criteria"][0]["description"] == "Reworded"


@pytest.mark.parametrize("criteria", [(), (("Optional", {}),), (("Deleted", {"required": "on", "DELETE": "on"}),)])
def test_a_form_is_not_opened_without_anything_to_decide_by(criteria):
    badge = TemplateFactory(active=True)

    page = manager().post(url("applicationform", "add"), typed(badge, *criteria, is_open="on"))

    assert "add a criterion that is required" in text_of(page)
    assert not ApplicationForm.objects.exists()


def test_an_application_shows_what_was_sent_and_found():
    badge = a_badge(True, awards_at_once=False)
    evidence = [Link("https://example.com/work", "My page"), Text(HTML), Picture(a_picture())]
    application = applied(badge, UserFactory(username="lea"), statement=HTML, evidence=evidence)
    applications.review(application, findings=found(badge, True), reviewer=UserFactory(username="rosa"), comment=HTML)

    page = manager().get(url("application", "change", application.pk))

    assert HTML not in page.content.decode()
    said = text_of(page)
    for words in ("lea", HTML, "https://example.com/work", "My page", "Picture (image/png)", "rosa", "satisfied"):
        assert words in said
    assert f"/api/badges/v1/applications/{application.uuid}/evidence/" in page.content.decode()


def test_an_application_is_reviewed_and_the_badge_awarded():
    badge = a_badge(True, False)
    application = applied(badge)
    first, second = ApplicationForm.objects.get().criteria.all()
    browser = at_the_desk(LOOKS, REVIEWS)

    asked = browser.get(do(application, "review"))
    empty = browser.post(do(application, "review"), {})
    done = browser.post(
        do(application, "review"),
        {f"answer_{first.pk}": "yes", f"comment_{first.pk}": "Fine", f"answer_{second.pk}": "", "comment": "Good"},
        follow=True,
    )

    assert "Criterion 0" in text_of(asked)
    assert "This field is required." in text_of(empty)
    assert "Your review was kept." in text_of(done)
    review = ApplicationReview.objects.get()
    assert (review.comment, [(item.satisfied, item.comment) for item in review.items.all()]) == (
        "Good", [(True, "Fine")],
    )  # fmt: skip
    assert BadgeAward.objects.get().learner_id == application.learner_id


def test_a_review_is_shown_again_to_who_made_it():
    badge = a_badge(reviews_needed=2)
    application = applied(badge)
    criterion = ApplicationForm.objects.get().criteria.get()
    browser = at_the_desk(LOOKS, REVIEWS)
    browser.post(do(application, "review"), {f"answer_{criterion.pk}": "no", "comment": "Not yet there"})

    page = browser.get(do(application, "review")).content.decode()
    browser.post(do(application, "review"), {f"answer_{criterion.pk}": "yes", "comment": "Now it is"})

    assert "Not yet there" in page
    assert ApplicationReview.objects.get().satisfied


def test_an_application_is_approved_denied_and_assigned():
    badge = a_badge(True, awards_at_once=False)
    approved, denied, assigned = applied(badge), applied(badge), applied(badge)
    applications.review(approved, findings=found(badge, True), reviewer=UserFactory())
    boss = UserFactory(admin=True, username="boss")
    browser = manager()

    browser.post(do(approved, "approve"), {"feedback": "Congratulations"})
    nothing_said = browser.post(do(denied, "deny"), {"feedback": ""})
    browser.post(do(denied, "deny"), {"feedback": "Show more."})
    unknown = browser.post(do(assigned, "assign"), {"to": "nobody"})
    browser.post(do(assigned, "assign"), {"to": "boss", "until": "2027-01-31"})

    for row in (approved, denied, assigned):
        row.refresh_from_db()
    assert "This field is required." in text_of(nothing_said)
    assert "Nobody here has this user name" in text_of(unknown)
    assert (approved.state, approved.feedback, approved.award) == (
        State.APPROVED, "Congratulations", BadgeAward.objects.get(),
    )  # fmt: skip
    assert (denied.state, denied.feedback) == (State.DENIED, "Show more.")
    assert (assigned.assigned_to, f"{assigned.assigned_until:%Y-%m-%d %H:%M}") == (boss, "2027-01-31 23:59")


def test_what_cannot_be_done_is_said():
    badge = a_badge(True, awards_at_once=False)
    application = applied(badge)

    too_early = manager().post(do(application, "approve"), {}, follow=True)
    applications.review(application, findings=found(badge, True), reviewer=UserFactory())
    BadgeTemplate.objects.update(credly_state=BadgeTemplate.CredlyState.ARCHIVED)
    archived = manager().post(do(application, "approve"), {}, follow=True)

    assert "1 reviewer has to find all required criteria satisfied first; so far 0 has." in text_of(too_early)
    assert "Publish it there, then sync." in text_of(archived)
    assert Application.objects.get().open


def test_one_s_own_application_has_no_buttons_and_is_not_decided():
    me = UserFactory(admin=True)
    application = applied(a_badge(), me)
    browser = manager()
    browser.force_login(me)

    page = browser.get(url("application", "change", application.pk))
    tried = browser.post(do(application, "deny"), {"feedback": "No."}, follow=True)

    assert "/do/" not in page.content.decode()
    assert "Nobody decides on their own application." in text_of(tried)
    assert Application.objects.get().open


# Which buttons somebody has, and which of the pages behind them.
PERMISSIONS = [
    ((LOOKS,), set()),
    ((LOOKS, REVIEWS), {"review"}),
    ((LOOKS, DECIDES), {"approve", "deny", "assign"}),
    ((LOOKS, REVIEWS, DECIDES), {"review", "approve", "deny", "assign"}),
    ((DECIDES,), set()),
    ((), set()),
]


@pytest.mark.parametrize(("permissions", "deeds"), PERMISSIONS)
def test_each_does_what_their_permissions_say(permissions, deeds):
    application = applied(a_badge())
    browser = at_the_desk(*permissions)

    page = browser.get(url("application", "change", application.pk))
    statuses = {
        deed: browser.get(do(application, deed)).status_code for deed in ("review", "approve", "deny", "assign")
    }

    assert page.status_code == (200 if LOOKS in permissions else 403)
    assert {deed for deed, status in statuses.items() if status == 200} == deeds
    assert {deed for deed in statuses if f"/do/{deed}/" in page.content.decode()} == deeds
    assert browser.get(do(application, "delete")).status_code == 404


@pytest.mark.parametrize(("permission", "status"), [(LOOKS, 403), (DECIDES, 200)])
def test_a_form_is_changed_by_who_decides(permission, status):
    a_badge()
    browser = at_the_desk(permission)

    assert browser.get(url("applicationform", "add")).status_code == status
    assert browser.get(url("applicationform", "change", ApplicationForm.objects.get().pk)).status_code == 200


def test_the_lists_take_as_many_queries_for_many_as_for_one(django_assert_num_queries, django_assert_max_num_queries):
    browser = manager()
    badge = a_badge()
    applied(badge)
    browser.get(url("application"))
    for number in (1, 30):
        while Application.objects.count() < number:
            applied(badge)
        with django_assert_num_queries(7):
            page = browser.get(url("application") + "?assigned=free")
        assert f"{number} application" in text_of(page)
    with django_assert_max_num_queries(8):
        assert browser.get(url("applicationform")).status_code == 200
