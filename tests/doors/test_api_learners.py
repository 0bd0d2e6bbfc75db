"""Learners over HTTP: what they have, how far they are, and why; to whom that is told, and to whom it is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from credly_badges import access, lms
from credly_badges.access import SITE, Level, Scope
from credly_badges.models import BadgeProgram, BadgeTemplate, DeliveryAttempt, LevelRole
from credly_badges.testing.factories import (
    COURSE_KEY,
    AwardFactory,
    FulfillmentFactory,
    MessageFactory,
    OrganizationFactory,
    ProgressFactory,
    ReceivedEventFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

API = "/api/badges/v1"
OTHER_COURSE = "course-v1:edX+Other+2026"


@pytest.fixture(autouse=True)
def course():
    stand_in = lms.backend()
    stand_in.clear()
    stand_in.add_course(COURSE_KEY, "Demonstration Course")
    stand_in.add_course(OTHER_COURSE, "Another Course")
    yield stand_in
    stand_in.clear()


@pytest.fixture
def badge():
    return a_badge_for_passing(name="Scholar")


@pytest.fixture
def elsewhere():
    """A badge of another organization."""
    return a_badge_for_passing(OTHER_COURSE, name="Stranger")


@pytest.fixture
def learner():
    return UserFactory(username="lea", email="lea@example.com")


class Asking:
    """Somebody who asks the API."""

    def __init__(self, headers: dict[str, str] | None = None, user: Any = None) -> None:
        self.browser = Client(headers=headers or {})
        if user is not None:
            self.browser.force_login(user)

    def get(self, path: str, **parameters: Any) -> Any:
        return self.browser.get(f"{API}/{path}", parameters)

    def data(self, path: str, **parameters: Any) -> list[Any]:
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.content
        return answer.json()["data"]


def key(level: Level = SITE, *scopes: Scope) -> Asking:
    made = access.make(name="A system", scopes=scopes or [Scope.LEARNERS_READ], level=level)
    return Asking({"Authorization": f"Bearer {made.shown}"})


def key_of(badge: BadgeTemplate, *scopes: Scope) -> Asking:
    return key(Level(badge.organization_id), *scopes)


class TestWhoSomebodyIs:
    """``learners?identifier=``."""

    @pytest.mark.parametrize("said", ["lea", "lea@example.com", "LEA@example.com", "  lea "])
    def test_a_learner_is_found_by_user_name_or_email(self, badge, learner, said):
        AwardFactory(template=badge, learner=learner)

        found = key_of(badge).data("learners", identifier=said)

        assert found == [{"id": learner.pk, "username": "lea"}]

    @pytest.mark.parametrize("said", ["lea", "lea@example.com", "nobody", "nobody@example.com"])
    def test_whoever_has_nothing_to_do_with_the_callers_badges_is_answered_like_nobody(
        self, badge, elsewhere, learner, said
    ):
        AwardFactory(template=elsewhere, learner=learner)

        answer = key_of(badge).get("learners", identifier=said)

        assert answer.json() == {"data": [], "pagination": {"limit": 50, "offset": 0, "total": 0}}

    def test_progress_is_enough_to_be_known(self, badge, learner):
        ProgressFactory(template=badge, learner=learner)

        assert len(key_of(badge).data("learners", identifier="lea")) == 1

    def test_who_looks_after_the_whole_site_finds_everybody_who_is_here(self, learner):
        UserFactory(username="retired__user_1", email="gone@example.com")

        assert len(key().data("learners", identifier="lea")) == 1
        assert key().data("learners", identifier="gone@example.com") == []

    @pytest.mark.parametrize("parameters", [{}, {"identifier": ""}, {"identifier": "x" * 300}, {"name": "lea"}])
    def test_without_a_name_nobody_is_listed(self, parameters):
        answer = key().get("learners", **parameters)

        assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")


class TestWhatTheyWereAwarded:
    """``learners/{id}/badges``."""

    def test_only_badges_of_ones_own_are_told(self, badge, elsewhere, learner):
        mine = AwardFactory(template=badge, learner=learner, offered=True)
        AwardFactory(template=elsewhere, learner=learner)
        AwardFactory(template=badge)

        found = key_of(badge).data(f"learners/{learner.pk}/badges")

        assert [each["id"] for each in found] == [str(mine.uuid)]
        assert (found[0]["badgeId"], found[0]["learnerId"]) == (str(badge.uuid), learner.pk)
        assert "'lea'" not in str(found)
        assert "lea@example.com" not in str(found)

    def test_a_program_has_its_own_badges_alone(self, badge, learner):
        another = a_badge_for_passing(organization=badge.organization)
        program = BadgeProgram.objects.create(organization=badge.organization, name="A program", slug="a-program")
        program.templates.add(another)
        AwardFactory(template=badge, learner=learner)
        award = AwardFactory(template=another, learner=learner)

        found = key(Level(None, program.pk)).data(f"learners/{learner.pk}/badges")

        assert [each["id"] for each in found] == [str(award.uuid)]

    @pytest.mark.parametrize("learner_id", [0, 999_999, 2**31, 2**63, 10**30])
    def test_a_learner_who_does_not_exist_has_none(self, badge, learner_id):
        for path in ("badges", "progress"):
            assert key_of(badge).data(f"learners/{learner_id}/{path}") == []

    def test_many_take_as_many_queries_as_one(self, badge, learner, django_assert_num_queries):
        asking = key_of(badge)
        asking.get(f"learners/{learner.pk}/badges")
        for _number in range(50):
            AwardFactory(template=TemplateFactory(organization=badge.organization, active=True), learner=learner)

        # The key, the count, the page, and the transaction around them.
        with django_assert_num_queries(5):
            found = asking.data(f"learners/{learner.pk}/badges")

        assert len(found) == 50


class TestHowFarTheyAre:
    """``learners/{id}/progress``."""

    def test_it_is_told_in_percent_and_in_words(self, badge, learner):
        ProgressFactory(template=badge, learner=learner, percent=50)

        (found,) = key_of(badge).data(f"learners/{learner.pk}/progress")

        assert found["badge"] == {
            "id": str(badge.uuid),
            "name": "Scholar",
            "imageUrl": "",
            "issuerId": str(badge.organization.uuid),
            "issuerName": badge.organization.name,
        }
        assert (found["percent"], found["version"], found["completedAt"]) == (50, 1, None)
        (group,) = found["groups"]
        assert group["requirements"][0]["sentence"].startswith("Pass the course – ")
        assert "Demonstration Course" in group["requirements"][0]["sentence"]

    def test_the_words_are_those_of_the_version_that_they_are_judged_by(self, badge, learner):
        ProgressFactory(template=badge, learner=learner, version=1)
        BadgeTemplate.objects.filter(pk=badge.pk).update(version=2)

        (found,) = key_of(badge).data(f"learners/{learner.pk}/progress")

        assert (found["version"], len(found["groups"])) == (1, 1)

    def test_it_can_be_asked_for_what_is_complete_or_is_not(self, badge, learner):
        another = a_badge_for_passing(organization=badge.organization)
        ProgressFactory(template=badge, learner=learner, percent=50)
        ProgressFactory(template=another, learner=learner, percent=100, completed_at=timezone.now())
        asking = key_of(badge)

        percents = [
            [each["percent"] for each in asking.data(f"learners/{learner.pk}/progress", **which)]
            for which in ({}, {"complete": "true"}, {"complete": "false"})
        ]

        assert percents == [[100, 50], [100], [50]]

    def test_many_take_as_many_queries_as_one(self, badge, learner, django_assert_num_queries):
        asking = key_of(badge)
        ProgressFactory(template=badge, learner=learner)
        asking.get(f"learners/{learner.pk}/progress")
        for number in range(30):
            another = a_badge_for_passing(organization=badge.organization)
            BadgeTemplate.objects.filter(pk=another.pk).update(version=1 + number % 3)
            ProgressFactory(template=another, learner=learner, version=1 + number % 3)

        # The key, the count, the page; groups, requirements, rules, titles; and the transaction around them.
        with django_assert_num_queries(8):
            found = asking.data(f"learners/{learner.pk}/progress")

        assert len(found) == 31


class TestWhy:
    """``learners/{id}/badges/{badgeId}/why``."""

    def path(self, learner, badge) -> str:
        return f"learners/{learner.pk}/badges/{badge.uuid}/why"

    def test_each_requirement_is_told_with_what_was_seen(self, badge, learner):
        progress = ProgressFactory(template=badge, learner=learner, percent=100, completed_at=timezone.now())
        FulfillmentFactory(progress=progress, requirement=badge.groups.get().requirements.get())
        ReceivedEventFactory(learner=learner)

        answer = key_of(badge).get(self.path(learner, badge))

        assert answer.status_code == 200
        why = answer.json()
        assert why["headline"].startswith("lea meets all requirements")
        assert (why["badgeId"], why["learnerId"], why["complete"]) == (str(badge.uuid), learner.pk, True)
        (requirement,) = why["groups"][0]["requirements"]
        assert (requirement["met"], requirement["count"], requirement["needed"]) == (True, 1, 1)
        assert requirement["occurrences"][0]["status"] == "counts"

    def test_why_not_is_told_of_who_did_something_that_concerns_the_badge(self, badge, learner):
        ReceivedEventFactory(learner=learner, attributes={"is_passing": False})

        why = key_of(badge).get(self.path(learner, badge)).json()

        assert why["complete"] is False
        assert why["groups"][0]["requirements"][0]["occurrences"][0]["status"] == "unmet"

    def test_what_they_did_in_other_courses_is_for_the_site_alone(self, badge, learner):
        ProgressFactory(template=badge, learner=learner, percent=10)
        ReceivedEventFactory(
            learner=learner,
            subject=OTHER_COURSE,
            course_key=OTHER_COURSE,
            scopes=[OTHER_COURSE, "edX+Other", "edX", ""],
        )

        of_organization = key_of(badge).get(self.path(learner, badge))
        of_site = key().get(self.path(learner, badge))

        assert "Another Course" not in of_organization.content.decode()
        assert "Another Course" in of_site.content.decode()

    def test_a_learner_of_whom_nothing_is_known_is_answered_like_nobody(self, badge, learner):
        nobody = UserFactory.build(pk=999_999)

        answers = [key_of(badge).get(self.path(who, badge)) for who in (learner, nobody)]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()

    def test_who_looks_after_the_site_is_told_why_not_of_everybody_who_is_here(self, badge, learner):
        assert key().get(self.path(learner, badge)).status_code == 200
        assert key().get(self.path(UserFactory.build(pk=999_999), badge)).status_code == 404
        assert key().get(f"learners/{10**30}/badges/{badge.uuid}/why").status_code == 404

    @pytest.mark.parametrize(
        ("scopes", "told"), [([Scope.LEARNERS_READ], False), ([Scope.LEARNERS_READ, Scope.AWARDS_ISSUE], True)]
    )
    def test_what_credly_said_of_a_try_is_for_those_who_can_do_something_about_it(self, badge, learner, scopes, told):
        message = MessageFactory(award=AwardFactory(template=badge, learner=learner))
        DeliveryAttempt.objects.create(
            message=message, started_at=timezone.now(), outcome="refused", status=422, said="No lea@example.com here."
        )

        answer = key_of(badge, *scopes).get(self.path(learner, badge))

        assert answer.status_code == 200
        assert ("lea@example.com" in answer.content.decode()) is told

    def test_a_badge_of_others_is_not_found(self, badge, elsewhere, learner):
        AwardFactory(template=elsewhere, learner=learner)

        assert key_of(badge).get(self.path(learner, elsewhere)).status_code == 404

    def test_a_log_of_much_takes_no_more_queries(self, badge, learner, django_assert_max_num_queries):
        for days in range(20):
            ReceivedEventFactory(
                learner=learner, subject=f"course-v1:edX+C{days}+1", occurred_at=timezone.now() - timedelta(days)
            )
        AwardFactory(template=badge, learner=learner)
        asking = key_of(badge)

        with django_assert_max_num_queries(22):
            assert asking.get(self.path(learner, badge)).status_code == 200


class TestWhoMayAsk:
    """Everybody else."""

    PATHS = [
        "learners?identifier=lea",
        "learners/{learner}/badges",
        "learners/{learner}/progress",
        "learners/{learner}/badges/{badge}/why",
    ]

    def path(self, path, learner, badge) -> str:
        return path.format(learner=learner.pk, badge=badge.uuid)

    @pytest.fixture(autouse=True)
    def known(self, badge, learner):
        AwardFactory(template=badge, learner=learner)
        ProgressFactory(template=badge, learner=learner)

    @pytest.mark.parametrize("path", PATHS)
    def test_nobody_without_a_name_and_no_other_learner_is_told(self, badge, learner, path):
        path = self.path(path, learner, badge)

        assert Asking().get(path).status_code == 401
        for user in (learner, UserFactory()):
            assert Asking(user=user).get(path).status_code == 403

    @pytest.mark.parametrize("path", PATHS)
    def test_a_key_for_something_else_is_not_told(self, badge, learner, path):
        others = [scope for scope in Scope if scope is not Scope.LEARNERS_READ]

        assert key_of(badge, *others).get(self.path(path, learner, badge)).status_code == 403

    @pytest.mark.parametrize("path", PATHS)
    def test_a_key_of_another_organization_is_told_nothing(self, badge, learner, path):
        answer = key(Level(OrganizationFactory().pk)).get(self.path(path, learner, badge))

        assert answer.status_code == (404 if path.endswith("why") else 200)
        assert answer.json().get("data", []) == []

    @pytest.mark.parametrize(
        ("role", "may"), [("administrator", True), ("issuer", True), ("viewer", True), ("reviewer", False)]
    )
    @pytest.mark.parametrize("path", PATHS)
    def test_roles_of_the_organization(self, badge, learner, path, role, may):
        person = UserFactory()
        LevelRole.objects.create(user=person, organization=badge.organization, role=role)

        answer = Asking(user=person).get(self.path(path, learner, badge))

        assert answer.status_code == (200 if may else 403)

    @pytest.mark.parametrize("path", PATHS)
    def test_the_staff_of_the_course_are_told_of_its_badges(self, badge, elsewhere, learner, course, path):
        AwardFactory(template=elsewhere, learner=learner)
        person = UserFactory()
        course.add_staff(person.pk, COURSE_KEY)

        answer = Asking(user=person).get(self.path(path, learner, badge))

        assert answer.status_code == 200
        assert "Stranger" not in answer.content.decode()
        assert str(elsewhere.uuid) not in answer.content.decode()
