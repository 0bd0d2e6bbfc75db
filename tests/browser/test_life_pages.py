"""Pauses, held badges, answers and people who leave, as they are seen and done in a real browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from credly_badges import activation, lms
from credly_badges.events import rehearsal
from credly_badges.models import BadgeAward, HistoryRun, Regression, RequirementsVersion
from credly_badges.progress import record
from credly_badges.testing.factories import (
    COURSE_KEY,
    AwardFactory,
    ProgressFactory,
    ReceivedEventFactory,
    UserFactory,
    a_badge_for_passing,
)
from credly_badges.testing.lms import USER_RETIRE_LMS_CRITICAL, USER_RETIRE_LMS_MISC

from .looks import LOOKS, follow, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADMIN = "/admin/credly_badges"
STAFF_PAGE = f"/badges/courses/{COURSE_KEY}/"
DUMMY = "شارة البيانات"
"""Words that are read from the right."""


@pytest.fixture(autouse=True)
def course():
    lms.backend().clear()
    lms.backend().add_course(COURSE_KEY, "Demonstration Course")
    yield lms.backend()
    lms.backend().clear()


@pytest.fixture
def badge():
    return a_badge_for_passing(name="Scholar", status="draft")


@pytest.fixture
def paused(badge):
    """Activated, then paused; Cem passed the course meanwhile."""
    activation.activate(badge, by=None)
    activation.move(badge, "paused", by=None, because="Exam week.")
    ReceivedEventFactory(learner=UserFactory(username="cem"), occurred_at=timezone.now())
    return badge


@pytest.fixture
def held(badge):
    """Two learners who have the badge and no longer meet its requirements."""
    rows = []
    for name in ("ana", "bea"):
        award = AwardFactory(template=badge, learner__username=name, offered=True)
        rows.append(
            Regression.objects.create(
                progress=ProgressFactory(template=badge, learner=award.learner, percent=50),
                award=award,
                happened_at=timezone.now() - timedelta(days=1),
                until=timezone.now() + timedelta(days=3),
                because="“Pass the course” is no longer met.",
            )
        )
    return rows


@pytest.fixture
def teacher(course):
    user = UserFactory(username="teacher")
    course.add_staff(user.pk, COURSE_KEY)
    return user


@pytest.mark.parametrize("scripts", [True, False], ids=["with-javascript", "without"])
def test_a_badge_is_resumed_once_it_is_said_what_the_pause_counts_for(browse, paused, scripts):
    page = browse(UserFactory(admin=True), f"{ADMIN}/badgetemplate/{paused.pk}/change/", java_script_enabled=scripts)
    expect(page.get_by_role("heading", name="Paused: what learners do is kept")).to_be_visible()
    expect(page.get_by_text("Reason: Exam week.")).to_be_visible()

    follow(page, "link", "Resume")
    expect(page.get_by_text("Events that were kept: 1. Learners whom they are about: 1.")).to_be_visible()
    look(page, "life-resume")
    page.get_by_role("group", name="What happened during the pause").get_by_label("It counts").check()
    follow(page, "button", "Yes: Resume")

    look(page, "life-resumed")
    paused.refresh_from_db()
    assert paused.is_active
    assert BadgeAward.objects.get().learner.username == "cem"


@pytest.mark.parametrize("scripts", [True, False], ids=["with-javascript", "without"])
def test_staff_of_the_course_resume_it_as_well(browse, paused, teacher, scripts):
    page = browse(teacher, STAFF_PAGE, java_script_enabled=scripts, **LOOKS["phone"])

    follow(page, "link", "Resume “Scholar”")
    look(page, "life-staff-resume")
    page.get_by_role("group", name="What happened during the pause").get_by_label("It does not count").check()
    follow(page, "button", "Resume")

    expect(page.get_by_role("status")).to_contain_text("“Scholar” is active")
    assert not BadgeAward.objects.exists()


@pytest.mark.parametrize("scripts", [True, False], ids=["with-javascript", "without"])
@pytest.mark.parametrize(
    ("button", "yes", "said", "states"),
    [
        ("Keep the badge", "Keep", "1 badge is kept.", ("dismissed", "held")),
        ("Revoke the badge", "Revoke", "1 badge was revoked.", ("revoked", "held")),
    ],
    ids=["keep", "revoke"],
)
def test_somebody_decides_who_keeps_a_badge(browse, held, scripts, button, yes, said, states):
    page = browse(UserFactory(admin=True), f"{ADMIN}/regression/", java_script_enabled=scripts)
    expect(page.get_by_text("“Pass the course” is no longer met.")).to_have_count(2)
    look(page, "life-queue")

    follow(page, "link", "ana")
    look(page, "life-held")
    follow(page, "link", button)
    look(page, f"life-{yes.lower()}")
    page.get_by_label("Note").fill("The exam was graded wrongly.")
    follow(page, "button", yes)

    expect(page.get_by_text(said)).to_be_visible()
    assert tuple(row.state for row in Regression.objects.order_by("pk")) == states


def test_several_are_decided_at_once(browse, held):
    page = browse(UserFactory(admin=True), f"{ADMIN}/regression/", java_script_enabled=False)

    for box in page.locator("input[name=_selected_action]").all():
        box.check()
    page.get_by_label("Action:").select_option(label="Let learners keep the selected badges…")
    follow(page, "button", "Go")
    expect(page.get_by_text("2 learners keep their badges")).to_be_visible()
    follow(page, "button", "Keep")

    expect(page.get_by_text("2 badges are kept.")).to_be_visible()


@pytest.fixture
def shown(badge, paused, held):
    """The pages of everything that can become of a badge, with words that are read from the right."""
    ana = held[0].progress.learner
    running = HistoryRun.objects.create(kind="backfill", template=badge, cursor=5, counts={"rows": 900, "awarded": 3})
    sealed = RequirementsVersion.objects.get()
    sealed.words = ["Pass the course.", DUMMY]
    sealed.save()
    type(badge).objects.filter(pk=badge.pk).update(name=f"Scholar {DUMMY}")
    rehearsal.begin(badge)
    return (
        f"{ADMIN}/badgetemplate/{badge.pk}/change/",
        f"{ADMIN}/badgetemplate/{badge.pk}/requirements/",
        f"{ADMIN}/badgetemplate/{badge.pk}/move/active/",
        f"{ADMIN}/badgetemplate/{badge.pk}/move/retired/",
        f"{ADMIN}/badgetemplate/{badge.pk}/backfill/",
        f"{ADMIN}/badgeprogress/",
        f"{ADMIN}/badgeprogress/{held[0].progress_id}/change/",
        f"{ADMIN}/badgeprogress/why/?template={badge.pk}&learner={ana.pk}",
        f"{ADMIN}/badgeaward/",
        f"{ADMIN}/badgeaward/{held[0].award_id}/change/",
        f"{ADMIN}/historyrun/",
        f"{ADMIN}/historyrun/{running.pk}/change/",
        f"{ADMIN}/historyrun/{HistoryRun.objects.get(kind='rehearsal').pk}/change/",
        f"{ADMIN}/requirementsversion/",
        f"{ADMIN}/requirementsversion/{sealed.pk}/change/",
        f"{ADMIN}/regression/",
        f"{ADMIN}/regression/{held[0].pk}/change/",
        f"{ADMIN}/regression/decide/?verdict=keep&regression={held[0].pk}",
        STAFF_PAGE,
        f"{STAFF_PAGE}badges/{badge.pk}/resume/",
        f"{STAFF_PAGE}badges/{badge.pk}/runs/{running.pk}/",
    )


@pytest.mark.parametrize("how", [how for how in LOOKS if how != "wide"])
def test_whatever_they_are_read_with(browse, shown, how):
    page = browse(UserFactory(admin=True), ADMIN, **LOOKS[how])
    origin = page.url.split("/admin")[0]

    for number, path in enumerate(shown):
        page.goto(origin + path)
        assert page.locator("html").get_attribute("dir") == ("rtl" if how == "right-to-left" else "ltr")
        look(page, f"all-{how}-{number:02}-{path.strip('/').replace('/', '-')[:60]}")


def test_a_learner_who_leaves_leaves_no_broken_page(browse, shown, held):
    leaving = held[0].progress.learner
    record(ReceivedEventFactory(learner=leaving, waiting=True).pk)

    USER_RETIRE_LMS_MISC.send(sender=None, user=leaving)
    USER_RETIRE_LMS_CRITICAL.send(sender=None, user=leaving)

    page = browse(UserFactory(admin=True), ADMIN)
    origin = page.url.split("/admin")[0]
    gone = (f"/badgeprogress/{held[0].progress_id}/", f"/regression/{held[0].pk}/")
    for path in shown:
        answer = page.goto(origin + path)
        if any(each in path for each in gone):
            # Django leads from a row that is no more to its first page, and says so.
            expect(page.get_by_text("Perhaps it was deleted?")).to_be_visible()
            continue
        assert answer.status == 200, path
        look(page, "left-" + path.strip("/").replace("/", "-")[:60])
    expect(page.get_by_text(leaving.username, exact=True)).to_have_count(0)
