"""What Credly says of a badge, and what becomes of the award that it belongs to."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from openedx_events.learning.signals import BADGE_REVOKED

from credly_badges.credly import wire
from credly_badges.issuing import mirror, recipients
from credly_badges.models import AuditEntry, BadgeAward, BadgeVersion, EarnerIdentifier
from credly_badges.testing.factories import AwardFactory, MessageFactory, OrganizationFactory, TemplateFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OTHER = uuid.UUID("55555555-0000-4000-8000-000000000002")
State = BadgeAward.State


@pytest.fixture
def award():
    """An award that was offered, and of which Credly last said something at noon."""
    return AwardFactory(offered=True, credly_updated_at=NOON, is_public=True, accept_url="https://credly.test/accept")


def badge_of(award, state="pending", **fields):
    """The badge of an award as Credly gives it, an hour after noon unless said otherwise."""
    given = {
        "id": award.credly_id,
        "template_id": award.template.uuid,
        "recipient_email": "ana@example.org",
        "accept_url": "https://credly.test/accept" if state == "pending" else "",
        "updated_at": NOON + HOUR,
        **fields,
    }
    return wire.Badge(state=state, **given)


def follow(award, badge, *, as_of=NOON + HOUR):
    return mirror.follow(badge, as_of=as_of, organization=award.template.organization)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"state": "accepted", "badge_url": "https://credly.test/b"}, {"state": "accepted", "accept_url": ""}),
        ({"state": "rejected"}, {"state": "declined", "live": True}),
        ({"public": False}, {"is_public": False, "state": "offered"}),
        ({"expires_at": NOON + 9 * HOUR}, {"expires_at": NOON + 9 * HOUR}),
        ({"image_url": "https://credly.test/i.png"}, {"image_url": "https://credly.test/i.png"}),
        (
            {"state": "revoked", "revocation_reason": "Plagiarism", "state_updated_at": NOON},
            {"state": "revoked", "live": None, "revoked_at": NOON, "revocation_reason": "Plagiarism"},
        ),
    ],
)
def test_an_award_becomes_what_credly_says_of_its_badge(award, said, expected):
    badge = badge_of(award, **said)
    assert mirror.differs(award, badge)

    followed = follow(award, badge)

    award = BadgeAward.objects.get()
    assert (followed.changed, followed.award) == (True, award)
    assert {name: getattr(award, name) for name in expected} == expected
    assert award.credly_updated_at == NOON + HOUR
    assert not mirror.differs(award, badge)
    assert AuditEntry.objects.get().action == "award.followed"


@pytest.mark.parametrize(
    ("times", "as_of", "changed"),
    [
        ({"updated_at": NOON - HOUR}, NOON + HOUR, False),
        ({"updated_at": NOON}, NOON - HOUR, True),
        ({"updated_at": None, "state_updated_at": NOON - HOUR}, NOON + HOUR, False),
        ({"updated_at": None, "state_updated_at": NOON + HOUR}, NOON - HOUR, True),
        ({"updated_at": None}, NOON - HOUR, False),
        ({"updated_at": None}, NOON + HOUR, True),
    ],
)
def test_an_older_word_never_overturns_a_newer_one(award, times, as_of, changed):
    followed = follow(award, badge_of(award, "accepted", **times), as_of=as_of)

    assert followed.changed is changed
    assert BadgeAward.objects.get().state == (State.ACCEPTED if changed else State.OFFERED)


def test_the_same_word_twice_changes_once_and_keeps_the_newest_time(award):
    assert follow(award, badge_of(award, "accepted")).changed
    assert not follow(award, badge_of(award, "accepted")).changed
    assert not follow(award, badge_of(award, "accepted", updated_at=NOON + 3 * HOUR)).changed
    assert not follow(award, badge_of(award, "rejected", updated_at=NOON + 2 * HOUR)).changed

    assert BadgeAward.objects.get().state == State.ACCEPTED
    assert AuditEntry.objects.count() == 1


def test_what_was_revoked_at_credly_may_stand_again(award):
    follow(award, badge_of(award, "revoked"))
    follow(award, badge_of(award, "revoked", updated_at=NOON + 2 * HOUR))
    follow(award, badge_of(award, "accepted", updated_at=NOON + 3 * HOUR))

    award = BadgeAward.objects.get()
    assert (award.state, award.live, award.revoked_at, award.revocation_reason) == (State.ACCEPTED, True, None, "")
    assert award.to_announce == "awarded"


def test_the_rest_of_open_edx_hears_of_a_badge_revoked_at_credly(award, django_capture_on_commit_callbacks):
    heard = []

    def hear(signal, badge, **kwargs):
        heard.append(badge.uuid)

    BADGE_REVOKED.connect(hear)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            follow(award, badge_of(award, "revoked"))
    BADGE_REVOKED.disconnect(hear)

    assert heard == [str(award.uuid)]
    assert BadgeAward.objects.get().to_announce == ""


def test_a_badge_being_revoked_from_here_does_not_stand_again_by_an_older_answer(award):
    follow(award, badge_of(award, "revoked"))
    MessageFactory(award=award, kind="revoke")

    followed = follow(award, badge_of(award, "accepted", updated_at=NOON + 2 * HOUR))

    assert not followed.changed
    assert BadgeAward.objects.get().state == State.REVOKED


def test_a_badge_does_not_stand_again_beside_the_one_that_was_issued_instead(award):
    follow(award, badge_of(award, "revoked"))
    AwardFactory(offered=True, learner=award.learner, template=award.template)

    followed = follow(award, badge_of(award, "accepted", updated_at=NOON + 2 * HOUR))

    assert not followed.changed
    assert "Revoke one of the two" in followed.sentence
    award.refresh_from_db()
    assert (award.state, award.live) == (State.REVOKED, None)


def test_somebody_replaced_the_badge_and_the_award_stands_for_the_new_one(award):
    replaced = badge_of(award, "revoked", replacement_badge_id=OTHER)
    assert mirror.differs(award, replaced) == {"credly_id": [str(award.credly_id), str(OTHER)]}

    followed = follow(award, replaced)

    assert (followed.changed, followed.fetch) == (True, OTHER)
    now = BadgeAward.objects.get()
    assert (now.credly_id, now.state, now.live) == (OTHER, State.OFFERED, True)
    assert BadgeVersion.objects.get().credly_id == award.credly_id

    follow(award, badge_of(now, "accepted", updated_at=NOON - HOUR))  # It was made before the old one was changed.
    assert BadgeAward.objects.get().state == State.ACCEPTED


def test_the_new_badge_itself_says_whose_place_it_took(award):
    followed = follow(award, badge_of(award, "accepted", id=OTHER, replaces_badge_id=award.credly_id))

    assert (followed.changed, followed.fetch) == (True, None)
    now = BadgeAward.objects.get()
    assert (now.credly_id, now.state) == (OTHER, State.ACCEPTED)

    late = follow(award, badge_of(award, "revoked", updated_at=NOON + 2 * HOUR))
    assert (late.award, late.changed) == (now, False)
    gone = mirror.deleted(award.credly_id, as_of=NOON + 3 * HOUR, organization=award.template.organization)
    assert (gone.award, gone.changed) == (now, False)
    assert BadgeAward.objects.get().state == State.ACCEPTED


def test_a_replacement_that_is_another_awards_badge_is_left_to_a_person(award):
    other = AwardFactory(offered=True, template=award.template)

    followed = follow(award, badge_of(award, "accepted", replacement_badge_id=other.credly_id))

    assert not followed.changed
    assert not BadgeVersion.objects.exists()


def test_a_badge_deleted_at_credly_ends_the_award(award):
    organization = award.template.organization

    followed = mirror.deleted(award.credly_id, as_of=NOON + HOUR, organization=organization)
    again = mirror.deleted(award.credly_id, as_of=NOON + HOUR, organization=organization)

    award = BadgeAward.objects.get()
    assert (followed.changed, again.changed) == (True, False)
    assert (award.state, award.live, award.to_announce) == (State.DELETED, None, "revoked")


def test_a_badge_that_nobody_here_knows_changes_nothing(award):
    followed = follow(award, badge_of(award, "accepted", id=OTHER))
    gone = mirror.deleted(OTHER, as_of=NOON, organization=award.template.organization)

    assert {(each.award, each.changed) for each in (followed, gone)} == {(None, False)}


def test_another_organizations_word_counts_for_nothing(award):
    stranger = OrganizationFactory()

    followed = mirror.follow(badge_of(award, "revoked"), as_of=NOON + HOUR, organization=stranger)
    gone = mirror.deleted(award.credly_id, as_of=NOON + HOUR, organization=stranger)

    assert {(each.award, each.changed) for each in (followed, gone)} == {(None, False)}
    assert BadgeAward.objects.get().state == State.OFFERED


def test_a_badge_whose_order_is_still_open_is_left_to_its_delivery():
    award = AwardFactory(template=TemplateFactory(active=True))
    MessageFactory(award=award, look_first=True)
    earner = EarnerIdentifier.objects.create(learner=award.learner)

    followed = follow(award, badge_of(award, id=OTHER, issuer_earner_id=str(earner.value)))

    assert (followed.award, followed.changed) == (award, False)
    assert "delivery" in followed.sentence


def test_an_address_is_known_again_in_any_case_and_after_the_sites_key_was_rotated(settings):
    settings.SECRET_KEY = "the-older-key"
    kept = recipients.mark("Ana@example.org")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the-newer-key", ["the-older-key"]

    assert len(kept) == 64
    assert recipients.is_marked(kept, "ana@EXAMPLE.org")
    assert not recipients.is_marked(kept, "ben@example.org")
    assert recipients.mark("") == ""


@pytest.mark.parametrize(
    ("details", "sent", "because"),
    [
        ({"cause": "renewal", "because": ""}, True, "Renewed."),
        ({"cause": "correction", "because": "A typo"}, True, "A typo"),
        ({"cause": "renewal", "because": ""}, False, "Replaced at Credly."),
    ],
)
def test_a_notice_that_is_faster_than_the_answer_to_our_order_says_why_it_was_given(award, details, sent, because):
    MessageFactory(award=award, kind="replace", state="delivering", details=details, look_first=sent)
    old = award.credly_id

    follow(award, badge_of(award, replacement_badge_id=OTHER))

    version = BadgeVersion.objects.get()
    assert (version.credly_id, version.because) == (old, because)
