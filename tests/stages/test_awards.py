"""What becomes of a badge that is earned again, taken back, given back, corrected or found; and what is put on it."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from credly_badges import availability, awards, evidence, lms, terms
from credly_badges.credly import wire
from credly_badges.issuing import recipients
from credly_badges.models import AuditEntry, Availability, BadgeAward, BadgeVersion, OutboxMessage
from credly_badges.testing.factories import (
    COURSE_KEY,
    AwardFactory,
    FulfillmentFactory,
    MessageFactory,
    ProgressFactory,
    RequirementFactory,
    TemplateFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OTHER_COURSE = "course-v1:edX+OtherX+2026"
State, Kind = BadgeAward.State, OutboxMessage.Kind


@pytest.fixture(autouse=True)
def courses():
    backend = lms.backend()
    backend.clear()
    backend.add_course(COURSE_KEY, "Demonstration Course")
    yield backend
    backend.clear()


def give(learner, template, *, at=NOON, **more):
    source = BadgeAward.Source.REQUIREMENTS
    return awards.grant(learner_id=learner.pk, template=template, earned_at=at, source=source, **more)


def at_credly(award, **changes):
    """As the award is once Credly has confirmed the badge."""
    award.messages.update(open=None, state=OutboxMessage.State.DELIVERED)
    confirmed = {"state": State.ACCEPTED, "credly_id": uuid.uuid4(), "issued_at": NOON} | changes
    BadgeAward.objects.filter(pk=award.pk).update(**confirmed)
    award.refresh_from_db()
    return award


# Expiry, renewal and repetition


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"expiry": "template"}, None),
        ({"expiry": "never"}, False),
        ({"expiry": "date", "expiry_date": date(2026, 12, 31)}, datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ({"expiry": "period", "expiry_days": 30}, NOON + 30 * DAY),
        ({"expiry": "certificate", "expiry_days": 30}, NOON + 40 * DAY),
    ],
)
def test_a_badge_expires_when_its_template_says(policy, expected):
    template = TemplateFactory.build(organization=None, **policy)

    assert terms.expiry(template, NOON, certificate_at=NOON + 10 * DAY) == expected


def test_without_a_certificate_the_days_are_counted_from_when_the_badge_was_earned():
    template = TemplateFactory.build(organization=None, expiry="certificate", expiry_days=30)

    assert terms.expiry(template, NOON) == NOON + 30 * DAY


@pytest.mark.parametrize(("days_before", "renewed"), [(31, False), (30, True), (1, True), (-100, True)])
def test_a_badge_is_renewed_in_its_window_and_after_it_expired(days_before, renewed):
    template = TemplateFactory.build(organization=None, expiry="period", expiry_days=365, renewal_days=30)

    assert terms.may_renew(template, NOON, NOON - days_before * DAY) is renewed


def test_a_badge_that_would_expire_on_the_same_date_is_not_renewed_until_the_date_is_moved():
    template = TemplateFactory.build(organization=None, expiry="date", expiry_date=date(2026, 12, 31), renewal_days=400)
    expires_at = terms.expiry(template, NOON)

    assert not terms.may_renew(template, expires_at, NOON + DAY)
    template.expiry_date = date(2027, 12, 31)
    assert terms.may_renew(template, expires_at, NOON + DAY)


@pytest.mark.parametrize(
    ("policy", "word"),
    [
        ({"expiry": "date"}, "no date is given"),
        ({"expiry": "date", "expiry_date": date(2026, 4, 30)}, "would have expired"),
        ({"expiry": "period"}, "none is given. Give the days until it expires"),
        ({"expiry": "certificate"}, "none is given. Give the days until it expires"),
        ({"expiry": "never", "renewal_days": 30}, "nothing to renew"),
        ({"repeat": "period"}, "Give the days between two badges"),
    ],
)
def test_what_is_missing_from_the_terms_is_said(policy, word):
    (fault,) = terms.faults(TemplateFactory.build(organization=None, **policy), today=date(2026, 5, 1))

    assert word in fault


@pytest.mark.parametrize(
    "policy",
    [{}, {"expiry": "period", "expiry_days": 1, "renewal_days": 0}, {"repeat": "period", "repeat_days": 7}],
)
def test_sound_terms_have_no_faults(policy):
    assert terms.faults(TemplateFactory.build(organization=None, **policy), today=date(2026, 5, 1)) == []


# Earned once more


def test_who_holds_a_badge_that_is_earned_once_gets_nothing_more():
    learner, badge = UserFactory(), TemplateFactory(active=True)
    first = give(learner, badge)

    again = give(learner, badge, at=NOON + 400 * DAY)

    assert (again.award, again.created, again.renewed) == (first.award, False, False)
    assert BadgeAward.objects.count() == OutboxMessage.objects.count() == 1


@pytest.mark.parametrize("ended", [State.REVOKED, State.DELETED])
def test_who_lost_a_badge_and_qualifies_again_gets_a_new_one_that_names_the_old(ended):
    learner, badge = UserFactory(), TemplateFactory(active=True)
    old = at_credly(give(learner, badge).award, state=ended, live=None)

    again = give(learner, badge, at=NOON + DAY)

    assert again.created
    assert (again.award.previous, again.award.live, again.award.earned_at) == (old, True, NOON + DAY)


@pytest.mark.parametrize(("days", "number"), [([0, 6], 1), ([0, 7], 2), ([0, 7, 13, 14], 3), ([7, 0], 1), ([0, 0], 1)])
def test_a_badge_that_is_earned_once_in_seven_days(days, number):
    learner, badge = UserFactory(), TemplateFactory(active=True, repeat="period", repeat_days=7)

    for day in days:
        give(learner, badge, at=NOON + day * DAY)

    assert BadgeAward.objects.filter(live=True).count() == number
    assert OutboxMessage.objects.count() == number


def test_a_badge_that_is_earned_each_time_is_one_per_moment_and_names_the_one_before_it():
    learner, badge = UserFactory(), TemplateFactory(active=True, repeat="always")

    grants = [give(learner, badge, at=NOON + seconds * timedelta(seconds=1)) for seconds in (0, 1, 1, 2)]

    assert [grant.created for grant in grants] == [True, True, False, True]
    assert [grant.award.previous for grant in grants if grant.created] == [None, grants[0].award, grants[1].award]
    assert len({grant.award.occasion for grant in grants}) == 3
    assert max(len(grant.award.occasion) for grant in grants) <= 40


def test_a_renewal_is_ordered_once_in_its_window_and_not_before():
    learner = UserFactory()
    badge = TemplateFactory(active=True, expiry="period", expiry_days=365, renewal_days=30)
    held = at_credly(give(learner, badge).award, expires_at=NOON + 365 * DAY)

    early, due, twice = (give(learner, badge, at=NOON + days * DAY, version=3) for days in (300, 340, 341))

    assert [early.renewed, due.renewed, twice.renewed] == [False, True, False]
    assert not any(grant.created for grant in (early, due, twice))
    order = OutboxMessage.objects.get(kind=Kind.REPLACE)
    assert order.award == held
    assert order.details == {
        "cause": "renewal",
        "because": "",
        "earned_at": (NOON + 340 * DAY).isoformat(),
        "expires_at": (NOON + 705 * DAY).isoformat(),
        "version": 3,
    }
    assert AuditEntry.objects.filter(action="award.renewed").count() == 1


@pytest.mark.parametrize("changes", [{"state": State.DECLINED}, {"credly_id": None, "state": State.QUEUED}])
def test_what_no_renewal_could_take_the_place_of_is_left_alone(changes):
    learner = UserFactory()
    badge = TemplateFactory(active=True, expiry="period", expiry_days=365, renewal_days=30)
    at_credly(give(learner, badge).award, expires_at=NOON + DAY, **changes)

    again = give(learner, badge, at=NOON + 2 * DAY)

    assert (again.created, again.renewed) == (False, False)
    assert not OutboxMessage.objects.filter(kind=Kind.REPLACE).exists()


def test_a_renewal_goes_out_with_the_correction_that_waits():
    learner = UserFactory()
    badge = TemplateFactory(active=True, expiry="never", renewal_days=30)
    held = at_credly(give(learner, badge).award, expires_at=NOON + DAY)
    order = awards.replace(held, cause="correction", because="A typo", by=None)

    again = give(learner, badge, at=NOON + 2 * DAY)

    order.refresh_from_db()
    assert again.renewed
    assert (order.details["cause"], order.details["expires_at"]) == ("renewal", False)


# Withheld


def test_a_badge_that_is_not_available_is_refused_with_the_reason_and_the_holder_keeps_theirs():
    learner, other, badge = UserFactory(), UserFactory(), TemplateFactory(active=True)
    held = give(learner, badge).award
    Availability.objects.create(organization=badge.organization, template=badge, scope="MITx")

    with pytest.raises(awards.NotGrantable, match="MITx"):
        give(other, badge, scopes=[COURSE_KEY, "edX+DemoX", "edX", ""])
    again = give(learner, badge, at=NOON + DAY, scopes=[COURSE_KEY, "edX+DemoX", "edX", ""])

    assert again.award == held
    assert not again.created


def test_an_award_counts_against_its_availability_and_a_restored_one_does_not_count_twice():
    learner, badge = UserFactory(), TemplateFactory(active=True)
    row = Availability.objects.create(organization=badge.organization, template=badge, quota=1)
    award = at_credly(give(learner, badge, scopes=[COURSE_KEY]).award, state=State.REVOKED, live=None)

    restored = awards.restore(award, reason="A mistake", by=None).award

    assert award.availability == row
    assert availability.used([row]) == {row.pk: 1}
    with pytest.raises(awards.NotGrantable, match="quota"):
        give(UserFactory(), badge)
    assert restored.live


def test_who_qualifies_while_the_badge_is_being_taken_back_is_told_of_and_not_forgotten():
    learner, badge = UserFactory(), TemplateFactory(active=True)
    held = at_credly(give(learner, badge).award)
    awards.revoke(held, "Plagiarism", by=None)

    with pytest.raises(awards.NotGrantable, match="just being taken back"):
        give(learner, badge, at=NOON + DAY)


def test_a_badge_that_could_be_renewed_is_not_while_it_is_being_taken_back():
    learner, badge = UserFactory(), TemplateFactory(active=True, renewal_days=30)
    held = at_credly(give(learner, badge).award, expires_at=NOON + 10 * DAY)
    awards.revoke(held, "Plagiarism", by=None)

    with pytest.raises(awards.NotGrantable, match="just being taken back"):
        give(learner, badge, at=NOON + DAY)

    assert set(OutboxMessage.objects.filter(open=True).values_list("kind", flat=True)) == {"revoke"}


def test_a_badge_stays_where_the_order_to_take_it_back_was_dropped():
    learner, badge = UserFactory(), TemplateFactory(active=True)
    held = at_credly(give(learner, badge).award)
    awards.revoke(held, "Plagiarism", by=None)
    OutboxMessage.objects.filter(kind="revoke").update(state="dropped", open=None)

    again = give(learner, badge, at=NOON + DAY)

    assert (again.award, again.created) == (held, False)


# Restored


@pytest.mark.parametrize("ended", [State.REVOKED, State.DELETED, State.FAILED])
def test_a_badge_is_given_back_as_a_new_award_with_the_old_issue_date(ended):
    manager = UserFactory()
    old = AwardFactory(offered=True, state=ended, live=None, evidence=[{"name": "Essay", "url": "https://example.com"}])

    restored = awards.restore(old, reason="Revoked by mistake", by=manager).award

    assert (restored.previous, restored.earned_at, restored.evidence) == (old, old.earned_at, old.evidence)
    assert (restored.source, restored.reason) == (BadgeAward.Source.RESTORED, "Revoked by mistake")
    assert restored.messages.get().kind == Kind.ISSUE
    entry = AuditEntry.objects.get(action="award.restored")
    assert (entry.actor, entry.because) == (manager, "Revoked by mistake")


@pytest.mark.parametrize(
    ("fields", "reason", "word"),
    [
        ({"state": State.ACCEPTED}, "Why", "nothing to restore"),
        ({"state": State.REVOKED, "live": None}, " ", "Give a reason"),
        ({"state": State.REVOKED, "live": None, "learner": None}, "Why", "no account"),
        ({"state": State.REVOKED, "live": None, "template__archived": True}, "Why", "archived"),
    ],
)
def test_what_cannot_be_given_back_says_why(fields, reason, word):
    with pytest.raises(awards.NotGrantable, match=word):
        awards.restore(AwardFactory(offered=True, **fields), reason=reason, by=None)

    assert BadgeAward.objects.count() == 1


def test_a_badge_is_not_given_back_to_who_has_earned_it_again():
    old = AwardFactory(offered=True, state=State.REVOKED, live=None)
    AwardFactory(learner=old.learner, template=old.template)

    with pytest.raises(awards.NotGrantable, match="another award"):
        awards.restore(old, reason="Why", by=None)


# Replaced, revoked, sent again


def test_a_correction_is_ordered_once_with_the_expiry_as_it_is_and_the_new_evidence():
    award = AwardFactory(offered=True, expires_at=NOON)
    essay = {"name": "Essay", "url": "https://example.com/essay"}

    order = awards.replace(award, cause="correction", because="New name", by=None, evidence=[essay])

    award.refresh_from_db()
    assert (order.kind, award.evidence) == (Kind.REPLACE, [essay])
    assert order.details == {"cause": "correction", "because": "New name", "expires_at": NOON.isoformat()}
    with pytest.raises(awards.NotReplaceable, match="already being replaced"):
        awards.replace(award, cause="correction", because="Again", by=None)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"credly_id": None, "state": State.QUEUED}, "queued"),
        ({"state": State.REVOKED, "live": None}, "revoked"),
        ({"state": State.DECLINED}, "declined"),
        ({"learner": None}, "no account"),
    ],
)
def test_what_credly_cannot_replace_says_why(fields, word):
    award = AwardFactory(offered=True, **({} if "state" in fields else {"state": State.OFFERED}) | fields)

    with pytest.raises(awards.NotReplaceable, match=word):
        awards.replace(award, cause="by_hand", because="Why", by=None)


def test_revoking_drops_the_order_to_replace():
    award = AwardFactory(offered=True)
    awards.replace(award, cause="correction", because="New name", by=None)

    awards.revoke(award, "Plagiarism", by=None)

    assert dict(award.messages.values_list("kind", "state")) == {"replace": "dropped", "revoke": "waiting"}
    with pytest.raises(awards.NotReplaceable, match="being revoked"):
        awards.replace(award, cause="correction", because="New name", by=None)


def test_an_award_that_nothing_carries_to_credly_is_ordered_again():
    award = AwardFactory(state=State.FAILED)
    MessageFactory(award=award, open=None, state=OutboxMessage.State.DROPPED, look_first=True)

    assert awards.resend(award)
    assert not awards.resend(award)

    award.refresh_from_db()
    assert award.state == State.QUEUED
    assert award.messages.get(open=True).look_first  # Only the answer to the first order may have been lost.


@pytest.mark.parametrize("fields", [{"state": State.ACCEPTED, "credly_id": uuid.uuid4()}, {"live": None}])
def test_an_award_that_arrived_or_ended_is_not_ordered_again(fields):
    assert not awards.resend(AwardFactory(**fields))
    assert not OutboxMessage.objects.exists()


# Found at Credly


def a_badge(template, **fields):
    usual = {
        "id": uuid.uuid4(),
        "state": "accepted",
        "recipient_email": "ana@example.com",
        "issued_at": NOON,
        "public": False,
    }
    return wire.Badge(template_id=template.uuid, **usual | fields)


def adopt(badge, template, learner):
    return awards.adopt(badge=badge, template=template, learner_id=learner.pk, earner_id="17")


def test_a_badge_that_nobody_here_knew_of_becomes_an_award_and_nothing_is_sent():
    learner, template = UserFactory(), TemplateFactory(active=True)
    badge = a_badge(template, expires_at=NOON + DAY)

    award = adopt(badge, template, learner)

    assert (award.state, award.source, award.live) == (State.ACCEPTED, BadgeAward.Source.FOUND, True)
    assert (award.earned_at, award.expires_at, award.is_public) == (NOON, NOON + DAY, False)
    assert recipients.is_marked(award.recipient_mark, "ANA@example.com")
    assert adopt(badge, template, learner) == award
    assert not OutboxMessage.objects.exists()


def test_a_revoked_badge_that_is_found_does_not_stand():
    learner, template = UserFactory(), TemplateFactory(active=True)
    AwardFactory(learner=learner, template=template)

    award = adopt(a_badge(template, state="revoked", revocation_reason="Plagiarism"), template, learner)

    assert (award.live, award.state, award.revocation_reason) == (None, State.REVOKED, "Plagiarism")


def test_an_earlier_version_that_is_found_is_known_and_a_second_badge_is_not_taken_over():
    award = AwardFactory(offered=True)
    version = BadgeVersion.objects.create(award=award, credly_id=uuid.uuid4(), earned_at=NOON, replaced_at=NOON)

    assert adopt(a_badge(award.template, id=version.credly_id), award.template, award.learner) == award
    with pytest.raises(awards.NotGrantable, match="another award"):
        adopt(a_badge(award.template), award.template, award.learner)


# Evidence


def earned_by(template, *met, learner=None, **award):
    """An award of a badge whose requirements were met by these courses at these times."""
    progress = ProgressFactory(template=template, learner=learner or UserFactory(), percent=100)
    for course_key, at in met:
        FulfillmentFactory(progress=progress, subject=course_key, decided_at=at)
    return AwardFactory(template=template, learner=progress.learner, **{"earned_at": NOON} | award)


def shown(award, **more):
    return [
        (item.name, item.url or item.description) for item in evidence.of(award, lms.learner(award.learner_id), **more)
    ]


def test_without_a_wish_for_evidence_nothing_is_asked(django_assert_num_queries):
    award = earned_by(TemplateFactory(), (COURSE_KEY, NOON), evidence=[{"name": "Essay", "url": "https://example.com"}])
    learner = lms.learner(award.learner_id)

    with django_assert_num_queries(0):
        items = evidence.of(award, learner)
        assert evidence.certificate_at(award) is None

    assert [item.url for item in items] == ["https://example.com"]


def test_what_the_template_asks_for_is_shown_of_each_deciding_course(courses):
    template = TemplateFactory(
        evidence_certificate=True, evidence_course=True, evidence_grade=True, evidence_note="By the faculty board."
    )
    award = earned_by(template, (COURSE_KEY, NOON - DAY), (OTHER_COURSE, NOON))
    certificate = courses.add_certificate(award.learner_id, COURSE_KEY, NOON)
    courses.add_grade(award.learner_id, COURSE_KEY, 87.4)

    assert shown(award) == [
        ("Certificate: Demonstration Course", certificate),
        ("Course: Demonstration Course", f"https://lms.example.com/courses/{COURSE_KEY}/about"),
        ("Grade: Demonstration Course", "87 %"),
        ("Note", "By the faculty board."),
    ]


def test_what_was_not_decisive_is_not_shown(courses):
    courses.add_course(OTHER_COURSE, "Other Course")
    template = TemplateFactory(evidence_course=True)
    award = earned_by(template, (COURSE_KEY, NOON), ("a-program", NOON), (OTHER_COURSE, NOON + DAY))

    assert [name for name, _url in shown(award)] == ["Course: Demonstration Course"]
    assert [name for name, _url in shown(award, earned_at=NOON + DAY)] == ["Course: Other Course"]


def test_what_a_penalty_took_back_and_the_penalty_itself_are_no_evidence(courses):
    courses.add_course(OTHER_COURSE, "Other Course")
    template = TemplateFactory(evidence_course=True)
    progress = ProgressFactory(template=template, percent=100)
    anywhere = RequirementFactory(group__template=template, scope="", key="anywhere")
    penalty = RequirementFactory(
        group__template=template, group__needs="undo", event_type="rejected", scope="", undoes=["anywhere"]
    )
    for requirement, subject, hours in (
        (anywhere, COURSE_KEY, 0),
        (penalty, COURSE_KEY, 1),
        (anywhere, OTHER_COURSE, 2),
    ):
        FulfillmentFactory(
            progress=progress,
            requirement=requirement,
            subject=subject,
            course=subject,
            decided_at=NOON + timedelta(hours=hours),
        )
    award = AwardFactory(template=template, learner=progress.learner, earned_at=NOON + DAY)

    assert [name for name, _url in shown(award)] == ["Course: Other Course"]


@pytest.mark.parametrize(
    ("times", "names"), [(1, ["Demonstration Course"]), (2, ["Demonstration Course", "Other Course"])]
)
def test_as_many_courses_are_shown_as_a_requirement_needs(courses, times, names):
    courses.add_course(OTHER_COURSE, "Other Course")
    template = TemplateFactory(evidence_course=True)
    progress = ProgressFactory(template=template, percent=100)
    anywhere = RequirementFactory(group__template=template, scope="", times=times)
    for days, subject in enumerate((COURSE_KEY, COURSE_KEY + "_again", OTHER_COURSE)):
        course = subject.removesuffix("_again")
        FulfillmentFactory(
            progress=progress, requirement=anywhere, subject=subject, course=course, decided_at=NOON + days * DAY
        )
    award = AwardFactory(template=template, learner=progress.learner, earned_at=NOON + 5 * DAY)

    assert [name for name, _url in shown(award)] == [f"Course: {name}" for name in names]


def test_a_proof_that_the_lms_cannot_tell_is_left_out_and_logged(courses, caplog):
    courses.certificate = None  # An LMS whose certificates are broken.
    award = earned_by(TemplateFactory(evidence_certificate=True, evidence_course=True), (COURSE_KEY, NOON))

    try:
        items = shown(award)
    finally:
        del courses.certificate

    assert [name for name, _url in items] == ["Course: Demonstration Course"]
    assert "could not tell all the evidence" in caplog.text


def test_the_expiry_hangs_on_the_latest_certificate(courses):
    courses.add_course(OTHER_COURSE, "Other Course")
    award = earned_by(TemplateFactory(expiry="certificate", expiry_days=30), (COURSE_KEY, NOON), (OTHER_COURSE, NOON))
    courses.add_certificate(award.learner_id, COURSE_KEY, NOON + DAY)
    courses.add_certificate(award.learner_id, OTHER_COURSE, NOON + 2 * DAY)

    assert evidence.certificate_at(award) == NOON + 2 * DAY


# A new address


@pytest.mark.parametrize(("state", "ordered"), [(State.OFFERED, 1), (State.ACCEPTED, 0), (State.DECLINED, 0)])
def test_a_badge_that_waits_under_an_old_address_is_sent_to_the_new_one(state, ordered):
    learner = UserFactory(email="old@example.com")
    AwardFactory(offered=True, learner=learner, state=state, recipient_mark=recipients.mark("old@example.com"))

    learner.email = "new@example.com"
    learner.save()
    learner.save()

    orders = OutboxMessage.objects.filter(kind=Kind.REPLACE)
    assert [order.details["cause"] for order in orders] == ["address"] * ordered
    assert "example.com" not in str(list(AuditEntry.objects.values())) + str([order.details for order in orders])


@pytest.mark.parametrize("email", ["OLD@example.com", "", "retired__user_0a1b@retired.invalid"])
def test_an_address_that_is_the_same_or_none_moves_nothing(settings, email):
    settings.RETIRED_EMAIL_PREFIX = "retired__user_"
    learner = UserFactory(email="old@example.com")
    AwardFactory(offered=True, learner=learner, recipient_mark=recipients.mark("old@example.com"))

    learner.email = email
    learner.save()

    assert not OutboxMessage.objects.exists()


def test_saving_an_account_costs_one_query_more_and_none_where_the_address_is_not_saved(django_assert_num_queries):
    learner = UserFactory()

    with django_assert_num_queries(1):
        learner.save(update_fields=["last_login"])
    with django_assert_num_queries(4):  # The account, a savepoint and its release, and the badges that wait.
        learner.save(update_fields=["email"])


def test_an_account_is_saved_whatever_goes_wrong_with_its_badges(caplog):
    learner = UserFactory(email="old@example.com")
    AwardFactory(offered=True, learner=learner, recipient_mark=recipients.mark("old@example.com"))

    learner.email = 17  # No code foresees an address that is no text.
    learner.save()

    learner.refresh_from_db()
    assert learner.email == "17"
    assert "could not be told" in caplog.text
