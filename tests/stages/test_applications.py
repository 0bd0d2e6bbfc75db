"""Learners apply for badges, reviewers look at it, and somebody decides."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from PIL import Image

from credly_badges import access, applications, lms, retirement
from credly_badges.applications import Criterion, InTheWay, Link, NotAllowed, Picture, Text, Unfit
from credly_badges.applications.pictures import MOST_PIXELS
from credly_badges.models import (
    Application,
    ApplicationEvidence,
    ApplicationReview,
    AuditEntry,
    BadgeAward,
    BadgeTemplate,
    LevelRole,
    OutboxMessage,
    ReviewItem,
    Subscriber,
    SubscriberMessage,
)
from credly_badges.testing.factories import AwardFactory, TemplateFactory, UserFactory

from .applications_desk import PAGE, a_badge, a_picture, applied, criteria_of, found

pytestmark = pytest.mark.django_db

State = Application.State


@pytest.fixture(autouse=True)
def pictures(settings, tmp_path) -> Path:
    """Where pictures are kept during a test."""
    lms.backend().clear()
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def reviewed(application, *answers, by=None, **said):
    findings = found(application.template, *answers)
    return applications.review(application, findings=findings, reviewer=by or UserFactory(), **said)


def a_reviewer(badge):
    user = UserFactory()
    LevelRole.objects.create(user=user, role=LevelRole.Role.REVIEWER, organization=badge.organization)
    return user


# Which criteria are required, how many reviewers have to agree, what each reviewer finds, and whether that is enough.
POLICY = [
    pytest.param([True], 1, [[True]], True, id="one finds the only one satisfied"),
    pytest.param([True], 1, [[False]], False, id="one finds it not satisfied"),
    pytest.param([True], 2, [[True]], False, id="a second has to agree"),
    pytest.param([True], 2, [[True], [True]], True, id="two agree"),
    pytest.param([True], 2, [[True], [False]], False, id="one of two does not"),
    pytest.param([True], 2, [[True], [False], [True]], True, id="two of three do"),
    pytest.param([True, False], 1, [[True, False]], True, id="an optional one is not satisfied"),
    pytest.param([True, False], 1, [[True, None]], True, id="an optional one is left out"),
    pytest.param([True, False], 1, [[False, True]], False, id="only the optional one is satisfied"),
    pytest.param([True, True], 1, [[True, False]], False, id="one of two required ones is not satisfied"),
    pytest.param([True, True], 2, [[True, False], [False, True]], False, id="each finds another one satisfied"),
    pytest.param([True, True, False], 3, [[True, True, None]] * 3, True, id="three agree"),
]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(("required", "needed", "reviews", "is_enough"), POLICY)
def test_a_badge_is_awarded_when_as_many_people_agree_as_it_needs(required, needed, reviews, is_enough, at_once):
    badge = a_badge(*required, reviews_needed=needed, awards_at_once=at_once)
    application = applied(badge)

    for answers in reviews:
        reviewed(application, *answers)
    waiting = Application.objects.get().open
    if waiting and is_enough:
        applications.approve(application, by=UserFactory())
    elif waiting:
        with pytest.raises(InTheWay):
            applications.approve(application, by=UserFactory())

    application.refresh_from_db()
    assert bool(waiting) is not (is_enough and at_once)
    assert application.state == (State.APPROVED if is_enough else State.SUBMITTED)
    assert BadgeAward.objects.count() == OutboxMessage.objects.count() == int(is_enough)
    assert application.award == BadgeAward.objects.first()


def test_an_award_says_that_it_was_applied_for_and_shows_nothing_that_reviewers_saw():
    badge = a_badge()
    application = applied(badge)
    reviewer = UserFactory()

    reviewed(application, True, by=reviewer)

    award = BadgeAward.objects.get()
    assert award.learner_id == application.learner_id
    assert (award.source, award.granted_by) == (BadgeAward.Source.APPLICATION, reviewer)
    assert award.evidence == []


def test_one_person_counts_once_however_often_they_review():
    badge = a_badge(reviews_needed=2)
    application = applied(badge)
    reviewer = UserFactory()

    first = reviewed(application, True, by=reviewer)
    again = reviewed(application, True, by=reviewer, comment="Once more")

    assert (first.created, again.created) == (True, False)
    assert ApplicationReview.objects.get().comment == "Once more"
    assert Application.objects.get().open


def test_a_system_and_the_person_it_names_count_once():
    badge = a_badge(reviews_needed=2)
    application = applied(badge)
    key = access.make(name="A portal", scopes=[access.Scope.APPLICATIONS_REVIEW]).key
    person = UserFactory()

    for author in (person.email, person.username, person.email.upper()):
        applications.review(application, findings=found(badge, True), author=author, key=key)

    review = ApplicationReview.objects.get()
    assert (review.reviewer, review.author) == (person, "")
    assert Application.objects.get().open


def test_whom_only_a_system_knows_counts_by_what_it_calls_them():
    badge = a_badge(reviews_needed=2)
    application = applied(badge)
    key = access.make(name="A portal", scopes=[access.Scope.APPLICATIONS_REVIEW]).key

    applications.review(application, findings=found(badge, True), author="Rosa@example.org", key=key)
    applications.review(application, findings=found(badge, True), author="rosa@example.org ", key=key)
    assert Application.objects.get().open
    applications.review(application, findings=found(badge, True), author="max@example.org", key=key)

    assert Application.objects.get().state == State.APPROVED
    assert BadgeAward.objects.get().granted_with == key


def test_what_a_person_found_is_not_changed_by_a_system():
    badge = a_badge()
    application = applied(badge)
    person = UserFactory()
    reviewed(application, False, by=person)
    key = access.make(name="A portal", scopes=[access.Scope.APPLICATIONS_REVIEW]).key

    with pytest.raises(NotAllowed):
        applications.review(application, findings=found(badge, True), author=person.username, key=key)

    assert not ApplicationReview.objects.get().satisfied


@pytest.mark.parametrize("how", ["as a user", "by name", "by address", "as who decides"])
def test_nobody_reviews_or_decides_their_own_application(how):
    badge = a_badge()
    learner = UserFactory()
    application = applied(badge, learner)
    findings = found(badge, True)

    tries = {
        "as a user": lambda: applications.review(application, findings=findings, reviewer=learner),
        "by name": lambda: applications.review(application, findings=findings, author=learner.username),
        "by address": lambda: applications.review(application, findings=findings, author=learner.email.upper()),
        "as who decides": lambda: applications.deny(application, by=learner, feedback="No"),
    }

    with pytest.raises(NotAllowed):
        tries[how]()

    assert not ApplicationReview.objects.exists()


def test_while_it_is_assigned_only_that_one_reviews_and_then_anybody():
    badge = a_badge(reviews_needed=2)
    application = applied(badge)
    chosen = a_reviewer(badge)
    applications.assign(application, to=chosen, by=UserFactory())

    with pytest.raises(NotAllowed, match="assigned"):
        reviewed(application, True)
    reviewed(application, True, by=chosen)
    Application.objects.update(assigned_until=timezone.now() - timedelta(seconds=1))
    reviewed(application, True)

    assert Application.objects.get().state == State.APPROVED


def test_an_assignment_lasts_as_the_form_says_and_can_be_taken_back():
    badge = a_badge(days_to_review=3)
    application = applied(badge)

    assigned = applications.assign(application, to=a_reviewer(badge), by=UserFactory())
    assert timedelta(days=2) < assigned.assigned_until - timezone.now() <= timedelta(days=3)
    freed = applications.assign(application, to=None, by=UserFactory())

    assert (freed.assigned_to, freed.assigned_until) == (None, None)
    assert AuditEntry.objects.filter(action="application.assigned").count() == 2


@pytest.mark.parametrize("whom", ["the learner", "somebody without the role", "somebody inactive", "too late", "never"])
def test_an_application_is_assigned_to_nobody_who_may_not_review_it(whom):
    badge = a_badge()
    learner = UserFactory()
    application = applied(badge, learner)
    to, until = a_reviewer(badge), None
    if whom == "the learner":
        to = learner
    elif whom == "somebody without the role":
        to = UserFactory()
    elif whom == "somebody inactive":
        to.is_active = False
    else:
        until = timezone.now() + timedelta(days=-1 if whom == "too late" else 5000)

    with pytest.raises(Unfit):
        applications.assign(application, to=to, until=until, by=UserFactory())

    assert Application.objects.get().assigned_to is None


def test_a_review_answers_every_required_criterion():
    badge = a_badge(True, True, False)
    application = applied(badge)

    with pytest.raises(Unfit, match="Criterion 1") as refusal:
        reviewed(application, True, None, True)

    assert refusal.value.details["criteria"] == [str(criteria_of(badge)[1])]
    assert not ApplicationReview.objects.exists()


def test_a_review_answers_only_criteria_of_its_badge_each_once():
    badge, other = a_badge(), a_badge()
    application = applied(badge)

    for findings in (found(other, True), found(badge, True) * 2):
        with pytest.raises(Unfit):
            applications.review(application, findings=findings, reviewer=UserFactory())

    assert not ApplicationReview.objects.exists()


def test_the_words_of_a_criterion_are_kept_as_they_were_reviewed():
    badge = a_badge(reviews_needed=2)
    application = applied(badge)
    reviewed(application, True)

    applications.set_form(badge, is_open=True, criteria=[Criterion("Something else")])

    item = ReviewItem.objects.get()
    assert (item.criterion, item.description) == (None, "Criterion 0")


def test_a_criterion_that_is_sent_with_its_id_stays_the_same_one():
    badge = a_badge(True, True)
    first, second = criteria_of(badge)

    form = applications.set_form(
        badge, is_open=True, criteria=[Criterion("New"), Criterion("Second, reworded", id=second)]
    )

    assert [each.description for each in form.criteria.all()] == ["New", "Second, reworded"]
    assert criteria_of(badge)[1] == second
    assert first not in criteria_of(badge)


@pytest.mark.parametrize("criteria", [[], [Criterion("Only optional", required=False)]])
def test_a_form_is_not_opened_without_anything_to_decide_by(criteria):
    badge = TemplateFactory(active=True)

    with pytest.raises(Unfit):
        applications.set_form(badge, is_open=True, criteria=criteria)
    applications.set_form(badge, is_open=False, criteria=criteria)

    assert not applications.form_of(badge).is_open


def test_who_reviewed_before_more_was_required_does_not_count_until_they_look_again():
    badge = a_badge(reviews_needed=2)
    application = applied(badge)
    early = UserFactory()
    reviewed(application, True, by=early)
    kept = Criterion("Criterion 0", id=criteria_of(badge)[0])
    applications.set_form(badge, is_open=True, criteria=[kept, Criterion("One more")], reviews_needed=2)

    reviewed(application, True, True)
    assert Application.objects.get().open
    reviewed(application, True, True, by=early)

    assert Application.objects.get().state == State.APPROVED


def test_a_learner_has_one_open_application_for_a_badge():
    badge = a_badge()
    learner = UserFactory()
    first = applied(badge, learner)

    with pytest.raises(InTheWay) as refusal:
        applied(badge, learner)

    assert refusal.value.details == {"applicationId": str(first.uuid)}
    assert Application.objects.count() == 1


def test_an_application_after_a_denial_names_the_one_before_it():
    badge = a_badge()
    learner = UserFactory()
    denied = applied(badge, learner)
    applications.deny(denied, by=UserFactory(), feedback="Show your code.")

    again = applied(badge, learner)

    assert again.previous == denied
    denied.refresh_from_db()
    assert (denied.state, denied.feedback, denied.open) == (State.DENIED, "Show your code.", None)


def test_a_withdrawn_application_can_be_sent_anew():
    badge = a_badge()
    learner = UserFactory()
    applications.withdraw(applied(badge, learner), by=learner)

    again = applied(badge, learner)

    assert again.previous is None
    assert Application.objects.filter(state=State.WITHDRAWN).count() == 1


@pytest.mark.parametrize("what", ["review", "approve", "deny", "withdraw", "assign"])
@pytest.mark.parametrize("state", [State.APPROVED, State.DENIED, State.WITHDRAWN])
def test_what_is_closed_changes_no_more(what, state):
    badge = a_badge()
    learner = UserFactory()
    application = applied(badge, learner)
    if state == State.APPROVED:
        reviewed(application, True)
    elif state == State.DENIED:
        applications.deny(application, by=UserFactory(), feedback="No.")
    else:
        applications.withdraw(application, by=learner)
    entries = AuditEntry.objects.count()

    with pytest.raises(InTheWay):
        {
            "review": lambda: reviewed(application, True),
            "approve": lambda: applications.approve(application, by=UserFactory()),
            "deny": lambda: applications.deny(application, by=UserFactory(), feedback="No."),
            "withdraw": lambda: applications.withdraw(application, by=learner),
            "assign": lambda: applications.assign(application, to=a_reviewer(badge), by=UserFactory()),
        }[what]()

    assert Application.objects.get().state == state
    assert AuditEntry.objects.count() == entries


@pytest.mark.parametrize("feedback", ["", "   ", "x" * 5001])
def test_a_denial_says_why(feedback):
    application = applied(a_badge())

    with pytest.raises(Unfit):
        applications.deny(application, by=UserFactory(), feedback=feedback)

    assert Application.objects.get().open


# What keeps a learner from applying.
STANDS_IN_THE_WAY = [
    ("no form", lambda: TemplateFactory(active=True)),
    ("closed", lambda: _changed(a_badge(), is_open=False)),
    ("archived at Credly", lambda: a_badge(template=TemplateFactory(active=True, archived=True))),
    ("paused", lambda: a_badge(template=TemplateFactory(status=BadgeTemplate.Status.PAUSED))),
    ("retired", lambda: a_badge(template=TemplateFactory(status=BadgeTemplate.Status.RETIRED))),
]


def _changed(badge, **form):
    applications.set_form(badge, criteria=[Criterion("One")], **form)
    return badge


@pytest.mark.parametrize("make", [make for _name, make in STANDS_IN_THE_WAY], ids=[n for n, _m in STANDS_IN_THE_WAY])
def test_a_badge_that_takes_no_applications_says_so(make):
    badge = make()

    with pytest.raises(InTheWay) as refusal:
        applied(badge)

    assert refusal.value.sentence
    assert not Application.objects.exists()


def test_who_holds_a_badge_does_not_apply_for_it():
    badge = a_badge()
    learner = UserFactory()
    AwardFactory(template=badge, learner=learner)

    with pytest.raises(InTheWay, match="holds this badge"):
        applied(badge, learner)


def test_who_may_earn_it_again_may_apply_again():
    badge = a_badge(template=TemplateFactory(active=True, repeat=BadgeTemplate.Repeat.ALWAYS))
    learner = UserFactory()
    AwardFactory(template=badge, learner=learner, earned_at=timezone.now() - timedelta(days=1))

    application = applied(badge, learner)
    reviewed(application, True)

    assert BadgeAward.objects.filter(learner=learner).count() == 2


@pytest.mark.parametrize("account", [{"is_active": False}, {"username": "retired__user_abc"}])
def test_nobody_applies_for_who_is_gone(account):
    badge = a_badge()

    with pytest.raises(Unfit):
        applied(badge, UserFactory(**account))


def test_what_cannot_be_awarded_is_not_approved_and_nothing_of_it_is_kept():
    badge = a_badge()
    application = applied(badge)
    BadgeTemplate.objects.update(credly_state=BadgeTemplate.CredlyState.ARCHIVED)

    with pytest.raises(InTheWay, match="at Credly"):
        reviewed(application, True)

    assert Application.objects.get().open
    assert not ApplicationReview.objects.exists()
    assert not BadgeAward.objects.exists()


def test_who_was_awarded_it_in_the_meantime_is_not_awarded_it_twice():
    badge = a_badge()
    learner = UserFactory()
    application = applied(badge, learner)
    standing = AwardFactory(template=badge, learner=learner)

    reviewed(application, True)

    application.refresh_from_db()
    assert (application.state, application.award) == (State.APPROVED, standing)
    assert BadgeAward.objects.count() == 1


# Evidence that is not taken.
UNFIT = [
    ("no web address", [Link("javascript:alert(1)")]),
    ("a file", [Link("file:///etc/passwd")]),
    ("another protocol", [Link("ftp://example.com/x")]),
    ("no address at all", [Link("my work")]),
    ("a line break", [Link("https://example.com/\r\nX: y")]),
    ("a long address", [Link("https://example.com/" + "a" * 1000)]),
    ("an empty text", [Text("  \n ")]),
    ("a long text", [Text("x" * 10_001)]),
    ("a long reflection", [Link("https://example.com", "x" * 2_001)]),
    ("too many", [PAGE] * 11),
    ("none", []),
    ("a page named as a picture", [Picture(b"<!DOCTYPE html><script>alert(1)</script>")]),
    ("an SVG", [Picture(b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')]),
    ("a program", [Picture(b"MZ\x90\x00" + b"\x00" * 500)]),
    ("nothing", [Picture(b"")]),
    ("half a picture", [Picture(a_picture("PNG", (300, 300))[:60])]),
    ("a broken picture", [Picture(a_picture("JPEG", (300, 300))[:300])]),
    ("another kind of picture", [Picture(a_picture("BMP"))]),
    ("a TIFF", [Picture(a_picture("TIFF"))]),
    ("only the first bytes of one", [Picture(b"\x89PNG\r\n\x1a\n<script>")]),
    ("a large one", [Picture(a_picture() + b"\0" * 5 * 1024 * 1024)]),
    ("a bomb of 20 megapixels", [Picture(a_picture("PNG", (5000, 4000), "1"))]),
    ("a bomb of 100 megapixels", [Picture(a_picture("PNG", (10_000, 10_000), "1"))]),
    ("a bomb of 400 megapixels", [Picture(a_picture("GIF", (20_000, 20_000), "1"))]),
]


@pytest.mark.parametrize("evidence", [pieces for _name, pieces in UNFIT], ids=[name for name, _pieces in UNFIT])
def test_evidence_that_is_not_fit_is_refused_and_nothing_is_kept(evidence, pictures):
    badge = a_badge()

    with pytest.raises(Unfit) as refusal:
        applied(badge, evidence=[Picture(a_picture()), *evidence][-11:] if evidence else [])

    assert refusal.value.sentence
    assert not Application.objects.exists()
    assert _kept(pictures) == []


@pytest.mark.parametrize(
    ("kind", "mode", "media_type"),
    [
        ("PNG", "RGB", "image/png"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "1", "image/png"),
        ("PNG", "LA", "image/png"),
        ("PNG", "I;16", "image/png"),
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("WEBP", "RGBA", "image/webp"),
        ("GIF", "P", "image/gif"),
    ],
)
def test_a_picture_is_told_by_what_it_holds_and_kept_under_a_name_that_tells_nothing(kind, mode, media_type, pictures):
    kept = io.BytesIO()
    Image.new(mode, (20, 10)).save(kept, kind)

    applied(a_badge(), evidence=[Picture(kept.getvalue(), "My desk")])

    row = ApplicationEvidence.objects.get()
    assert (row.media_type, row.reflection) == (media_type, "My desk")
    assert len(row.image.name.rpartition("/")[2]) == 32
    with Image.open(io.BytesIO(_content(row))) as picture:
        assert (picture.format, picture.size) == (kind, (20, 10))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_where_a_picture_was_taken_is_not_kept_and_it_stays_upright(kind, pictures):
    about = Image.Exif()
    about[0x0112] = 6  # It lies on its side.
    about[0x010E] = "SECRET-DESCRIPTION"
    about.get_ifd(0x8825)[1] = "N-SECRET"  # GPS
    picture = a_picture(kind, (20, 10), exif=about.tobytes())
    assert b"SECRET" in picture

    applied(a_badge(), evidence=[Picture(picture + b"<?php SECRET ?>")])

    row = ApplicationEvidence.objects.get()
    assert b"SECRET" not in _content(row)
    with Image.open(io.BytesIO(_content(row))) as kept:
        assert kept.size == (10, 20)
        assert dict(kept.getexif()) == {}


def test_comments_profiles_and_further_pictures_of_a_file_are_not_kept(pictures):
    frames = [Image.new("RGB", (9, 9), color) for color in ("red", "blue", "green")]
    animated = io.BytesIO()
    frames[0].save(animated, "GIF", save_all=True, append_images=frames[1:], comment=b"SECRET")
    noted = a_picture("PNG", icc_profile=b"SECRET-PROFILE")

    applied(a_badge(), evidence=[Picture(animated.getvalue()), Picture(noted)])

    for row in ApplicationEvidence.objects.all():
        assert b"SECRET" not in _content(row)
        with Image.open(io.BytesIO(_content(row))) as kept:
            assert getattr(kept, "n_frames", 1) == 1
            assert "icc_profile" not in kept.info


def test_a_photograph_of_twelve_megapixels_is_taken():
    assert 4000 * 3000 < MOST_PIXELS < 5000 * 4000

    applied(a_badge(), evidence=[Picture(a_picture("JPEG", (4000, 3000)))])

    assert ApplicationEvidence.objects.get().media_type == "image/jpeg"


def test_pictures_of_an_application_that_fails_are_thrown_away(pictures):
    badge = a_badge()
    learner = UserFactory()
    known = lms.learner(learner.pk)
    learner.delete()

    with pytest.raises(Unfit):
        applications.submit(badge, learner=known, evidence=[Picture(a_picture())])

    assert _kept(pictures) == []


def test_evidence_can_be_left_out_where_the_form_says_so():
    application = applied(a_badge(needs_evidence=False), evidence=[], statement="I did it.")

    assert application.statement == "I did it."


def test_what_was_done_is_in_the_audit_log_without_what_was_written():
    badge = a_badge()
    learner, reviewer = UserFactory(), UserFactory()
    application = applied(badge, learner, statement="SECRET", evidence=[Text("SECRET")])
    reviewed(application, False, by=reviewer, comment="SECRET")
    reviewed(application, False, by=reviewer, comment="SECRET again")
    applications.deny(application, by=reviewer, feedback="SECRET")

    entries = AuditEntry.objects.filter(object_type="application").order_by("pk")
    assert [entry.action for entry in entries] == [
        "application.submitted",
        "application.reviewed",
        "application.review_changed",
        "application.denied",
    ]
    assert not [entry for entry in entries if "SECRET" in f"{entry.before}{entry.after}{entry.because}"]


def test_subscribers_are_told_of_each_step_and_not_of_whom():
    badge = a_badge(awards_at_once=False)
    Subscriber.objects.create(name="Portal", url="https://example.com/hook", organization=badge.organization)
    application = applied(badge, UserFactory(username="lea"), statement="SECRET")

    reviewed(application, True)
    applications.approve(application, by=UserFactory(), feedback="SECRET")

    told = SubscriberMessage.objects.filter(subject=f"application:{application.pk}").order_by("pk")
    assert [(each.event, each.payload["state"], each.payload.get("satisfied")) for each in told] == [
        ("application.submitted", "submitted", None),
        ("application.reviewed", "submitted", True),
        ("application.reviewed", "approved", None),
    ]
    assert not [each for each in told if "SECRET" in str(each.payload) or each.learner_id]


def test_a_learner_who_leaves_takes_their_applications_along(pictures, django_capture_on_commit_callbacks):
    badge = a_badge()
    learner, other = UserFactory(), UserFactory()
    applied(badge, other, evidence=[Picture(a_picture())])
    mine = applied(badge, learner, evidence=[Picture(a_picture()), Text("Mine")])
    reviewed(mine, False)
    assert len(_kept(pictures)) == 2

    with django_capture_on_commit_callbacks(execute=True):
        retirement.forget(learner.pk)
        assert len(_kept(pictures)) == 2

    assert Application.objects.get().learner == other
    assert len(_kept(pictures)) == 1
    assert not ReviewItem.objects.exists()


def test_a_reviewer_who_leaves_takes_their_name_off_what_they_found():
    badge = a_badge(True, awards_at_once=False)
    reviewer = a_reviewer(badge)
    first, second = applied(badge), applied(badge)
    for each in (first, second):
        reviewed(each, True, by=reviewer, comment="Good")
    applications.assign(first, to=reviewer, by=UserFactory())
    applications.approve(second, by=reviewer)

    retirement.forget(reviewer.pk)
    retirement.forget(reviewer.pk)

    reviews = ApplicationReview.objects.all()
    assert [(each.reviewer, each.author, each.comment) for each in reviews] == [(None, "", "Good")] * 2
    assert not reviews.filter(reviewed_as__contains=f"user:{reviewer.pk}").exists()
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.assigned_to, second.decided_by) == (None, None)
    applications.approve(first, by=UserFactory())


def _kept(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


def _content(row: ApplicationEvidence) -> bytes:
    with row.image.open("rb") as file:
        return file.read()
