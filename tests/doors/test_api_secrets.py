"""What nobody is to learn through the REST API who has no business with it, and what nobody is to do."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from credly_badges import access, claims, lms, retirement
from credly_badges.access import Level, Scope
from credly_badges.models import BadgeAward, BadgeTemplate, BulkRow, ClaimCode, LevelRole
from credly_badges.rest_api.v1 import badge_status
from credly_badges.testing.factories import (
    AwardFactory,
    OrganizationFactory,
    SubscriberFactory,
    TemplateFactory,
    UserFactory,
)
from tests.stages.applications_desk import a_badge

pytestmark = pytest.mark.django_db

API = "/api/badges/v1/"
ACCEPT = "https://www.credly.com/go/private-link"
Role = LevelRole.Role
State = BadgeAward.State


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    lms.backend().clear()
    cache.clear()
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def award():
    """One whose learner has yet to accept it at Credly, by a link that is theirs alone."""
    return AwardFactory(template=TemplateFactory(active=True), state=State.OFFERED, accept_url=ACCEPT)


def key_of(level, *scopes) -> dict[str, str]:
    made = access.make(name="A system", scopes=scopes, level=level)
    return {"Authorization": f"Bearer {made.shown}"}


def logged_in(client, user, role=None, organization=None):
    if role is not None:
        LevelRole.objects.create(user=user, role=role, organization=organization)
    client.force_login(user)
    return client


class TestTheLinkByWhichABadgeIsAccepted:
    """Whoever has it accepts the badge in the learner's place."""

    @pytest.mark.parametrize(
        ("role", "shown"), [(Role.VIEWER, ""), (Role.ISSUER, ACCEPT), (Role.ADMINISTRATOR, ACCEPT)]
    )
    @pytest.mark.parametrize("path", ["awards", "awards/{award}", "badges/{badge}/awards", "learners/{learner}/badges"])
    def test_it_is_shown_to_those_who_may_issue_the_badge(self, client, award, role, shown, path):
        logged_in(client, UserFactory(), role, award.template.organization)
        names = {"award": award.uuid, "badge": award.template.uuid, "learner": award.learner_id}

        found = client.get(API + path.format(**names)).json()

        for each in found.get("data", [found]):
            assert each["acceptUrl"] == shown

    def test_it_is_shown_to_the_learner(self, client, award):
        logged_in(client, award.learner)

        assert client.get(f"{API}me/badges").json()["data"][0]["acceptUrl"] == ACCEPT
        assert client.get(f"{API}me/badges/{award.uuid}").json()["acceptUrl"] == ACCEPT

    def test_a_learner_who_also_looks_after_badges_sees_their_own_alone(self, client, award):
        other = AwardFactory(template=award.template, state=State.OFFERED, accept_url=ACCEPT)
        logged_in(client, award.learner, Role.VIEWER, award.template.organization)

        found = {each["id"]: each["acceptUrl"] for each in client.get(f"{API}awards").json()["data"]}

        assert found == {str(award.uuid): ACCEPT, str(other.uuid): ""}

    def test_who_issues_the_badges_of_one_program_sees_those_links_alone(self, client, award):
        organization = award.template.organization
        other = AwardFactory(
            template=TemplateFactory(active=True, organization=organization), state=State.OFFERED, accept_url=ACCEPT
        )
        program = organization.programs.create(name="Data", slug="data")
        program.templates.add(other.template)
        user = UserFactory()
        LevelRole.objects.create(user=user, role=Role.ISSUER, program=program)
        logged_in(client, user, Role.VIEWER, organization)

        found = {each["id"]: each["acceptUrl"] for each in client.get(f"{API}awards").json()["data"]}

        assert found == {str(award.uuid): "", str(other.uuid): ACCEPT}

    def test_lists_take_no_more_queries_for_many_badges(self, client, award, django_assert_max_num_queries):
        organization = award.template.organization
        for _ in range(5):
            AwardFactory(template=TemplateFactory(organization=organization), state=State.OFFERED, accept_url=ACCEPT)
        headers = key_of(Level(organization.pk), Scope.AWARDS_READ, Scope.AWARDS_ISSUE)
        client.get(f"{API}awards", headers=headers)

        with django_assert_max_num_queries(7):
            assert len(client.get(f"{API}awards", headers=headers).json()["data"]) == 6


def test_where_there_are_no_public_pages_no_address_of_one_is_told(client, award, settings):
    BadgeAward.objects.filter(pk=award.pk).update(shared_at=award.created)
    logged_in(client, award.learner)
    assert client.get(f"{API}me/badges/{award.uuid}").json()["verificationUrl"]

    settings.CREDLY_BADGES_PUBLIC_PAGES = False

    assert client.get(f"{API}me/badges/{award.uuid}").json()["verificationUrl"] is None


def test_a_code_is_guessed_no_more_often_by_two_doors_than_by_one(client, settings):
    settings.CREDLY_BADGES_API_RATES = {"claim": 3}
    for number in range(3):
        client.force_login(UserFactory())
        client.post("/badges/claim/", {"code": f"GUESS-NUMBER-{number}"})
    client.force_login(UserFactory())

    answer = client.post(f"{API}codes/claim", {"code": "GUESS-NUMBER-4"}, content_type="application/json")

    assert answer.status_code == 429


class TestMovingABadge:
    """Whoever may not pause or resume a badge does not, whatever others do at that moment."""

    @pytest.fixture
    def paused_meanwhile(self, monkeypatch):
        """A badge that somebody else pauses once its request was looked at."""
        badge = TemplateFactory(active=True)
        read = badge_status.Moving.badge

        def then_paused(view, *told):
            found = read(view, *told)
            BadgeTemplate.objects.filter(pk=badge.pk, status="active").update(status="paused")
            return found

        monkeypatch.setattr(badge_status.Moving, "badge", then_paused)
        return badge

    def test_a_badge_that_is_paused_meanwhile_is_not_resumed_by_a_learner(self, client, paused_meanwhile):
        logged_in(client, UserFactory())

        self.move(client, paused_meanwhile, "active")

        assert BadgeTemplate.objects.get().status == "paused"

    def test_who_may_move_it_is_told_that_somebody_else_has(self, client, paused_meanwhile):
        logged_in(client, UserFactory(admin=True))

        assert self.move(client, paused_meanwhile, "retired").status_code == 409

    def move(self, client, badge, to):
        return client.post(f"{API}badges/{badge.uuid}/status", {"to": to}, content_type="application/json")


class TestApplyingOften:
    """Nobody fills the disks, or keeps the processors busy."""

    BODY = {"evidence": [{"kind": "text", "text": "I did it."}]}

    def apply(self, client, badge, evidence=BODY):
        return client.post(f"{API}badges/{badge.uuid}/applications", evidence, content_type="application/json")

    def test_nobody_applies_and_withdraws_all_day(self, client):
        badge = a_badge(True)
        logged_in(client, UserFactory())
        for _ in range(5):
            cache.clear()  # The next minute.
            made = self.apply(client, badge)
            assert made.status_code == 201
            client.post(f"{API}applications/{made.json()['id']}/withdraw")
        cache.clear()

        assert self.apply(client, badge).status_code == 409
        assert self.apply(client, a_badge(True)).status_code == 201

    def test_what_is_refused_counts_as_well(self, client):
        badge = a_badge(True)
        logged_in(client, UserFactory())
        nothing = {"evidence": [{"kind": "text", "text": " "}]}

        answers = [self.apply(client, badge, nothing) for _ in range(6)]

        assert [each.status_code for each in answers] == [400] * 5 + [429]
        assert int(answers[-1]["Retry-After"]) > 0


def test_a_body_that_says_one_thing_twice_is_refused(client):
    badge = a_badge(True)
    headers = key_of(Level(badge.organization_id), Scope.BADGES_READ, Scope.AWARDS_ISSUE)

    answer = client.post(
        f"{API}badges/{badge.uuid}/awards",
        '{"learner": "ada", "learner": "bob"}',
        content_type="application/json",
        headers=headers,
    )

    assert answer.status_code == 400
    assert "learner" in answer.json()["message"]


class TestRetirement:
    """Who leaves is named nowhere."""

    def test_who_made_a_code_is_forgotten(self):
        teacher = UserFactory()
        code = claims.make(TemplateFactory(active=True), by=teacher)

        retirement.forget(teacher.pk)

        assert ClaimCode.objects.get(pk=code.pk).created_by_id is None

    def test_also_a_row_of_a_list_that_was_wrong_about_them(self, client):
        ada = UserFactory(username="ada", email="ada@example.com")
        badge = TemplateFactory(active=True)
        headers = key_of(Level(badge.organization_id), Scope.BADGES_READ, Scope.AWARDS_ISSUE)
        rows = [
            {"learner": "ada@example.com", "earnedAt": "never"},
            {"learner": "ada", "earnedAt": "never"},
            {"learner": "bob", "earnedAt": "never"},
        ]
        client.post(
            f"{API}badges/{badge.uuid}/awards/bulk", {"rows": rows}, content_type="application/json", headers=headers
        )
        assert BulkRow.objects.filter(state=BulkRow.State.WRONG).count() == 3

        retirement.forget(ada.pk)

        assert list(BulkRow.objects.values_list("entry", flat=True)) == ["", "", "bob"]


def test_the_description_is_written_in_yaml_once_however_often_it_is_asked_for(client, monkeypatch):
    first = client.get(f"{API}schema?format=yaml").content
    monkeypatch.delattr("yaml.safe_dump")  # Which takes seconds.

    assert client.get(f"{API}schema", headers={"Accept": "application/yaml"}).content == first


def test_what_cannot_be_in_yaml_as_it_is_is_refused_all_the_same(client):
    answer = client.get(f"{API}schema?format=yaml&%C2%84%18=1")

    assert answer.status_code == 400


class TestAddressesOfSubscribers:
    """Some receivers have a secret in theirs."""

    @pytest.mark.parametrize(
        ("scopes", "shown"),
        [
            ([Scope.SUBSCRIBERS_READ], "https://hooks.example.com/…"),
            ([Scope.SUBSCRIBERS_READ, Scope.SUBSCRIBERS_WRITE], "https://hooks.example.com/T0/secret?token=x"),
        ],
    )
    @pytest.mark.parametrize("place", ["site", "organization", "program"])
    def test_they_are_shown_whole_to_those_who_may_change_them(self, client, scopes, shown, place):
        organization = OrganizationFactory()
        program = organization.programs.create(name="Data", slug="data")
        levels = {"site": Level(), "organization": Level(organization.pk), "program": Level(program_id=program.pk)}
        row = SubscriberFactory(url="https://hooks.example.com/T0/secret?token=x", program=program)
        headers = key_of(levels[place], *scopes)

        assert client.get(f"{API}subscribers/{row.uuid}", headers=headers).json()["url"] == shown
        assert [each["url"] for each in client.get(f"{API}subscribers", headers=headers).json()["data"]] == [shown]


def test_nobody_finds_the_codes_of_others_by_making_the_same(client, settings):
    settings.CREDLY_BADGES_API_RATES = {"claim": 3}
    claims.make(TemplateFactory(active=True), code="WELCOME-2026")
    badge = TemplateFactory(active=True)
    headers = key_of(Level(badge.organization_id), Scope.BADGES_READ, Scope.CODES_READ, Scope.CODES_WRITE)

    def make(code):
        where = f"{API}badges/{badge.uuid}/codes"
        return client.post(where, {"code": code}, content_type="application/json", headers=headers).status_code

    assert make("OUR-OWN-CODE") == 201
    assert [make("welcome 2026") for _ in range(4)] == [409, 409, 409, 429]
    assert make("ANOTHER-OF-OURS") == 429
    assert make("") == 201
