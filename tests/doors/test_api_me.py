"""What learners see of themselves over HTTP, and how they share a badge."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from credly_badges import access, lms
from credly_badges.access import Scope
from credly_badges.models import AuditEntry, BadgeAward, BadgeTemplate
from credly_badges.testing.factories import (
    COURSE_KEY,
    AwardFactory,
    ProgressFactory,
    ReceivedEventFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

ME = "/api/badges/v1/me"
Status = BadgeTemplate.Status
State = BadgeAward.State


@pytest.fixture(autouse=True)
def course():
    stand_in = lms.backend()
    stand_in.clear()
    stand_in.add_course(COURSE_KEY, "Demonstration Course")
    yield stand_in
    stand_in.clear()


@pytest.fixture
def learner():
    return UserFactory(username="lea")


@pytest.fixture
def mine(learner):
    """The learner's browser."""
    browser = Client()
    browser.force_login(learner)
    return browser


@pytest.fixture
def award(learner):
    return AwardFactory(learner=learner, template=a_badge_for_passing(name="Scholar"), offered=True, reason="Our note.")


def change(browser, award, body):
    return browser.patch(f"{ME}/badges/{award.uuid}", body, content_type="application/json")


class TestMyBadges:
    """``me/badges``."""

    def test_learners_see_their_own_alone_and_nothing_that_is_for_staff(self, mine, award):
        AwardFactory(template=award.template)

        (found,) = mine.get(f"{ME}/badges").json()["data"]

        assert found["id"] == str(award.uuid)
        assert found["badge"]["name"] == "Scholar"
        assert (found["shared"], found["showName"], found["verificationUrl"]) == (False, False, None)
        assert not {"reason", "learnerId", "attempts"} & set(found)
        assert "Our note." not in str(found)
        assert mine.get(f"{ME}/badges/{award.uuid}").json() == found

    def test_what_they_hold_is_theirs_whatever_the_badge_became(self, mine, learner):
        for status in Status:
            AwardFactory(learner=learner, template=TemplateFactory(status=status), offered=True)

        assert mine.get(f"{ME}/badges").json()["pagination"]["total"] == len(Status)

    def test_many_take_as_many_queries_as_one(self, mine, award, learner, django_assert_num_queries):
        mine.get(f"{ME}/badges")
        for _number in range(40):
            AwardFactory(learner=learner)

        # The session, the user, their roles, the count, the page, and the transaction around them.
        with django_assert_num_queries(7):
            found = mine.get(f"{ME}/badges").json()["data"]

        assert len(found) == 41


class TestSharing:
    """``PATCH me/badges/{id}``."""

    def test_a_learner_shares_a_badge_and_takes_that_back(self, mine, award, learner):
        shared = change(mine, award, {"shared": True})
        named = change(mine, award, {"showName": True})
        award.refresh_from_db()
        was_named = award.shows_name
        unshared = change(mine, award, {"shared": False})
        award.refresh_from_db()

        assert (shared.status_code, named.status_code, unshared.status_code) == (200, 200, 200)
        assert shared.json()["verificationUrl"].endswith(f"/badges/awards/{award.uuid}")
        assert (shared.json()["shared"], shared.json()["showName"], named.json()["showName"]) == (True, False, True)
        assert was_named
        assert (award.shared_at, award.shows_name, unshared.json()["shared"]) == (None, False, False)
        entries = AuditEntry.objects.filter(object_id=str(award.pk)).order_by("pk").values_list("action", "actor")
        assert list(entries) == [
            ("award.shared", learner.pk),
            ("award.shared", learner.pk),
            ("award.unshared", learner.pk),
        ]

    def test_the_same_wish_twice_changes_nothing(self, mine, award):
        change(mine, award, {"shared": True})
        award.refresh_from_db()
        since = award.shared_at

        change(mine, award, {"shared": True})

        award.refresh_from_db()
        assert award.shared_at == since
        assert AuditEntry.objects.filter(action="award.shared").count() == 1

    @pytest.mark.parametrize("state", [State.QUEUED, State.DECLINED, State.REVOKED, State.DELETED, State.FAILED])
    def test_what_a_learner_does_not_hold_they_do_not_begin_to_share_and_can_stop_to(self, mine, award, state):
        BadgeAward.objects.filter(pk=award.pk).update(state=state)

        refused = change(mine, award, {"shared": True})
        BadgeAward.objects.filter(pk=award.pk).update(shared_at=timezone.now())
        stopped = change(mine, award, {"shared": False})

        assert (refused.status_code, refused.json()["error"]) == (409, "CONFLICT")
        assert (stopped.status_code, stopped.json()["shared"]) == (200, False)

    def test_where_the_site_has_no_public_pages_nothing_is_shared(self, mine, award, settings):
        settings.CREDLY_BADGES_PUBLIC_PAGES = False

        assert change(mine, award, {"shared": True}).status_code == 409

    def test_a_wish_that_rests_on_what_is_no_longer_so_is_not_followed(self, mine, award):
        etag = mine.get(f"{ME}/badges/{award.uuid}")["ETag"]
        change(mine, award, {"shared": True})

        late = mine.patch(
            f"{ME}/badges/{award.uuid}",
            {"showName": True},
            content_type="application/json",
            headers={"If-Match": etag},
        )

        assert (late.status_code, late.json()["error"]) == (412, "PRECONDITION_FAILED")
        award.refresh_from_db()
        assert not award.shows_name

    def test_a_name_is_not_shown_of_what_is_not_shared(self, mine, award):
        assert change(mine, award, {"showName": True}).status_code == 409
        assert change(mine, award, {"shared": True, "showName": True}).json()["showName"] is True

    @pytest.mark.parametrize(
        "body",
        [{}, [], "yes", {"shared": "perhaps"}, {"shared": None}, {"shared": True, "state": "accepted"}, {"learner": 1}],
    )
    def test_what_is_no_wish_is_refused_and_changes_nothing(self, mine, award, body):
        answer = change(mine, award, body)

        award.refresh_from_db()
        assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")
        assert award.shared_at is None

    def test_nobody_shares_the_badge_of_another(self, award):
        other = Client()
        other.force_login(UserFactory(admin=True))

        answers = [change(other, award, {"shared": True}), other.get(f"{ME}/badges/{award.uuid}")]

        award.refresh_from_db()
        assert [answer.status_code for answer in answers] == [404, 404]
        assert award.shared_at is None

    def test_another_site_cannot_make_a_browser_do_it(self, award, learner):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(learner)

        assert change(browser, award, {"shared": True}).status_code == 403


class TestMyProgress:
    """``me/progress`` and ``me/progress/{badgeId}/why``."""

    @pytest.mark.parametrize(
        ("status", "before", "told"),
        [
            (Status.ACTIVE, "", True),
            (Status.PAUSED, "", True),
            (Status.PAUSED, Status.ACTIVE, True),
            (Status.PAUSED, Status.SHADOW, False),
            (Status.SHADOW, "", False),
            (Status.REVIEW, "", False),
            (Status.DRAFT, "", False),
            (Status.RETIRED, "", False),
        ],
    )
    def test_of_what_is_not_open_to_learners_nothing_is_told(self, mine, learner, status, before, told):
        badge = a_badge_for_passing(name="Scholar")
        BadgeTemplate.objects.filter(pk=badge.pk).update(status=status, paused_from=before)
        ProgressFactory(learner=learner, template=badge, percent=50)
        ReceivedEventFactory(learner=learner)

        progress = mine.get(f"{ME}/progress")
        why = mine.get(f"{ME}/progress/{badge.uuid}/why")

        assert ("Scholar" in progress.content.decode()) is told
        assert why.status_code == (200 if told else 404)
        assert ("Scholar" in why.content.decode()) is told

    def test_a_badge_that_was_open_once_is_still_told_of_to_those_who_began_it(self, mine, learner):
        badge = a_badge_for_passing(name="Scholar")
        BadgeTemplate.objects.filter(pk=badge.pk).update(status=Status.RETIRED)
        AuditEntry.objects.create(action="template.activated", object_type="badgetemplate", object_id=str(badge.pk))
        not_begun = mine.get(f"{ME}/progress/{badge.uuid}/why")
        ProgressFactory(learner=learner, template=badge, percent=50)

        assert not_begun.status_code == 404
        assert mine.get(f"{ME}/progress/{badge.uuid}/why").status_code == 200
        assert len(mine.get(f"{ME}/progress").json()["data"]) == 1

    @pytest.mark.parametrize("status", [Status.DRAFT, Status.REVIEW, Status.SHADOW])
    def test_of_a_badge_that_was_issued_by_hand_a_draft_of_what_it_asks_for_is_not_told(self, mine, learner, status):
        badge = a_badge_for_passing(name="Scholar")
        BadgeTemplate.objects.filter(pk=badge.pk).update(status=status)
        AwardFactory(learner=learner, template=badge, offered=True)

        why = mine.get(f"{ME}/progress/{badge.uuid}/why")

        assert why.status_code == 200
        assert (why.json()["groups"], why.json()["penalties"]) == ([], [])
        assert why.json()["headline"] == "You have the badge “Scholar”. Accept it at Credly."
        assert "Pass the course" not in why.content.decode()

    def test_the_learner_is_spared_what_is_for_staff(self, mine, learner):
        badge = a_badge_for_passing()
        ReceivedEventFactory(learner=learner, attributes={"is_passing": False})

        why = mine.get(f"{ME}/progress/{badge.uuid}/why").json()

        assert why["hints"] == []
        assert "is_passing" not in str(why)
        assert why["headline"].startswith("You do not have the badge")

    def test_a_draft_is_not_told_from_what_does_not_exist(self, mine):
        draft = TemplateFactory(status=Status.DRAFT)
        answers = [
            mine.get(f"{ME}/progress/{each}/why") for each in (draft.uuid, "11111111-0000-4000-8000-000000000001")
        ]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()


PATHS = ["badges", "badges/{award}", "progress", "progress/{badge}/why"]


@pytest.mark.parametrize("path", PATHS)
class TestWhoMayAsk:
    """A person."""

    def path(self, path, award):
        return f"{ME}/{path.format(award=award.uuid, badge=award.template.uuid)}"

    def test_a_key_has_no_badges_and_is_told_so(self, award, path):
        made = access.make(name="A system", scopes=list(Scope))

        answer = Client().get(self.path(path, award), headers={"Authorization": f"Bearer {made.shown}"})

        assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")
        assert "A key has no badges" in answer.json()["message"]

    def test_nobody_is_asked_to_log_in(self, award, path):
        assert Client().get(self.path(path, award)).status_code == 401

    def test_another_learner_sees_nothing_of_it(self, award, path):
        other = Client()
        other.force_login(UserFactory())

        answer = other.get(self.path(path, award))

        assert str(award.uuid) not in answer.content.decode()
        assert answer.json().get("data", []) == []
        assert "You have the badge" not in answer.content.decode()

    def test_an_unknown_parameter_is_refused(self, mine, award, path):
        assert mine.get(self.path(path, award), {"learner": "1"}).status_code == 400
