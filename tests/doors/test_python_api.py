"""What other plugins of the LMS ask of this one, in the same process."""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from credly_badges import api, data, lms
from credly_badges.models import AuditEntry, BadgeAward, BadgeTemplate, OutboxMessage
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


@pytest.fixture(autouse=True)
def course():
    lms.backend().clear()
    lms.backend().add_course(COURSE_KEY, "Demonstration Course")
    yield
    lms.backend().clear()


@pytest.fixture
def badge():
    return a_badge_for_passing(name="Scholar", skills=["Patience"])


@pytest.fixture
def learner():
    return UserFactory()


class TestAwarding:
    """``award``."""

    def test_a_plugin_awards_a_badge(self, badge, learner):
        earned_at = datetime(2026, 1, 31, 12, tzinfo=UTC)
        who = UserFactory()

        given = api.award(
            learner,
            badge.uuid,
            reason="Won the contest.",
            earned_at=earned_at,
            evidence=[api.Evidence("The entry", "https://example.com/entry")],
            by=who,
        )

        row = BadgeAward.objects.get(uuid=given.id)
        assert given == api.AwardData(
            id=row.uuid,
            badge_id=badge.uuid,
            learner_id=learner.pk,
            state="queued",
            stands=True,
            earned_at=earned_at,
            issued_at=None,
            expires_at=None,
            revoked_at=None,
            badge_url="",
            image_url="",
            created=True,
        )
        assert (row.source, row.reason, row.granted_by) == (BadgeAward.Source.SYSTEM, "Won the contest.", who)
        assert row.evidence == [{"name": "The entry", "url": "https://example.com/entry", "description": ""}]
        assert OutboxMessage.objects.get(award=row).kind == OutboxMessage.Kind.ISSUE
        assert AuditEntry.objects.get(action="award.granted").actor == who

    def test_a_learner_may_be_named_by_their_number_and_a_badge_by_its_text(self, badge, learner):
        given = api.award(learner.pk, str(badge.uuid), reason="Won.")

        assert given.learner_id == learner.pk
        assert timezone.now() - given.earned_at < timedelta(minutes=1)

    def test_who_has_the_badge_keeps_it(self, badge, learner):
        first = api.award(learner, badge.uuid, reason="Won.")
        second = api.award(learner, badge.uuid, reason="Won again.")

        assert (first.id, first.created, second.created) == (second.id, True, False)

    def test_what_is_rolled_back_was_never_awarded(self, badge, learner):
        with transaction.atomic():
            api.award(learner, badge.uuid, reason="Won.")
            transaction.set_rollback(True)

        assert api.badges_of(learner) == ()
        assert not OutboxMessage.objects.exists()

    def test_what_cannot_be_awarded_now_says_why(self, learner):
        archived = TemplateFactory(archived=True)

        with pytest.raises(api.NotGrantable, match="archived at Credly"):
            api.award(learner, archived.uuid, reason="Won.")

    @pytest.mark.parametrize(
        "said",
        [
            {"earned_at": datetime(2999, 1, 1, tzinfo=UTC)},
            {"reason": "x" * 501},
            {"evidence": [api.Evidence("A script", "javascript:alert(1)")]},
        ],
    )
    def test_what_no_badge_can_say_is_refused(self, badge, learner, said):
        with pytest.raises(api.NotTaken):
            api.award(learner, badge.uuid, **{"reason": "Won.", **said})

        assert not BadgeAward.objects.exists()

    def test_nobody_and_nothing_are_unknown(self, badge, learner):
        retired = UserFactory(username="retired__user_1")

        for who, what in ((learner, uuid4()), (learner, "scholar"), (999_999, badge.uuid), (retired, badge.uuid)):
            with pytest.raises(api.Unknown):
                api.award(who, what, reason="Won.")
        with pytest.raises(TypeError):
            api.award("lea", badge.uuid, reason="Won.")

    def test_of_two_organizations_with_the_same_badge_one_is_named(self, badge, learner):
        other = TemplateFactory(uuid=badge.uuid, active=True)

        with pytest.raises(api.Unknown, match="issuer_id"):
            api.award(learner, badge.uuid, reason="Won.")
        api.award(learner, badge.uuid, reason="Won.", issuer_id=other.organization.uuid)

        assert BadgeAward.objects.get().template == other


class TestTakingBack:
    """``revoke`` and ``restore``."""

    def test_a_badge_is_taken_back_and_given_again(self, badge, learner):
        award = AwardFactory(template=badge, learner=learner, offered=True)

        revoked = api.revoke(award.uuid, reason="A mistake.")
        under_way = OutboxMessage.objects.get(award=award).kind
        BadgeAward.objects.filter(pk=award.pk).update(state=BadgeAward.State.REVOKED, live=None)
        restored = api.restore(str(award.uuid), reason="No mistake.")

        assert (revoked.id, revoked.state, under_way) == (award.uuid, "offered", OutboxMessage.Kind.REVOKE)
        assert (restored.created, restored.earned_at, restored.state) == (True, award.earned_at, "queued")

    def test_what_cannot_be_done_says_why(self, badge, learner):
        award = AwardFactory(template=badge, learner=learner, offered=True)

        with pytest.raises(api.NotRevocable, match="Give a reason"):
            api.revoke(award.uuid, reason=" ")
        with pytest.raises(api.NotGrantable):
            api.restore(award.uuid, reason="It stands.")
        with pytest.raises(api.Unknown):
            api.revoke(uuid4(), reason="A mistake.")


class TestAsking:
    """``badges``, ``badges_of``, ``progress`` and ``why``."""

    def test_badges_that_learners_earn_now_or_all(self, badge, django_assert_num_queries):
        TemplateFactory(name="A draft")
        TemplateFactory(name="Old", active=True, archived=True)

        with django_assert_num_queries(1):
            (found,) = api.badges()

        assert found == api.BadgeData(
            id=badge.uuid,
            issuer_id=badge.organization.uuid,
            issuer_name=badge.organization.name,
            name="Scholar",
            description=badge.description,
            image_url="",
            skills=("Patience",),
            is_active=True,
            is_sandbox=True,
        )
        assert [each.name for each in api.badges(active=False)] == ["A draft", "Old"]
        assert len(api.badges(active=None)) == 3

    def test_what_a_learner_has(self, badge, learner, django_assert_num_queries):
        for _number in range(5):
            AwardFactory(learner=learner)
        AwardFactory()

        with django_assert_num_queries(1):
            found = api.badges_of(learner.pk)

        assert {each.learner_id for each in found} == {learner.pk}
        assert len(found) == 5

    def test_how_far_a_learner_is(self, badge, learner):
        before = api.progress(learner, badge.uuid)
        ProgressFactory(template=badge, learner=learner, percent=50)

        found = api.progress(learner, badge.uuid)

        assert before is None
        assert (found.percent, found.completed_at, found.version) == (50, None, 1)
        assert found.requirements[0].startswith("Pass the course – ")

    def test_why_a_learner_does_not_have_it(self, badge, learner):
        ReceivedEventFactory(learner=learner, attributes={"is_passing": False})

        found = api.why(learner, badge.uuid)

        assert found.headline == "You do not have the badge “Scholar” yet: nothing that it asks for is done."
        (requirement,) = found.requirements
        assert (requirement.met, found.complete, found.path) == (False, False, ())
        assert api.why(learner, badge.uuid, for_learner=False).headline.startswith(learner.username)


class TestThePromise:
    """What other plugins can rely on."""

    def test_all_that_is_given_is_frozen_and_holds_no_row(self):
        classes = [each for _name, each in inspect.getmembers(data, dataclasses.is_dataclass)]

        assert len(classes) == 6
        for each in classes:
            assert each.__dataclass_params__.frozen
            assert each.__name__ in api.__all__
            assert not any("Badge" in str(field.type) for field in dataclasses.fields(each))

    def test_the_signatures(self):
        functions = {name: getattr(api, name) for name in api.__all__ if inspect.isfunction(getattr(api, name))}

        assert {name: list(inspect.signature(each).parameters) for name, each in functions.items()} == {
            "award": ["learner", "badge_id", "reason", "earned_at", "evidence", "issuer_id", "by"],
            "badges": ["active"],
            "badges_of": ["learner"],
            "progress": ["learner", "badge_id", "issuer_id"],
            "restore": ["award_id", "reason", "by"],
            "revoke": ["award_id", "reason", "by"],
            "why": ["learner", "badge_id", "for_learner", "issuer_id"],
        }

    def test_the_reference_names_all_of_it(self):
        reference = (Path(__file__).parents[2] / "docs" / "references" / "python_api.rst").read_text()

        for name in api.__all__:
            assert f"``{name}" in reference, name
        for each in (getattr(api, name) for name in api.__all__):
            if dataclasses.is_dataclass(each):
                assert not [name for name in each.__dataclass_fields__ if f"``{name}``" not in reference], each

    def test_the_example_of_the_reference_runs(self, badge, learner):
        reference = (Path(__file__).parents[2] / "docs" / "references" / "python_api.rst").read_text()
        lines = reference.partition(".. code-block:: python")[2].partition("\nA learner")[0]
        example = textwrap.dedent(lines)
        names = {"user": learner, "badge_id": badge.uuid}

        exec(compile(example, "python_api.rst", "exec"), names)  # noqa: S102 (our own documentation)

        assert names["award"].learner_id == learner.pk
        assert names["award"].created

    def test_a_badge_can_be_activated_after_it_was_asked_for(self, badge):
        (before,) = api.badges()
        BadgeTemplate.objects.update(status=BadgeTemplate.Status.PAUSED)

        assert before.is_active
        assert api.badges() == ()
