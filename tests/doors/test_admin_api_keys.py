"""API keys, programs and roles in the admin."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from credly_badges import access
from credly_badges.models import ApiKey, AuditEntry, BadgeProgram, LevelRole
from credly_badges.testing.factories import OrganizationFactory, TemplateFactory, UserFactory

from .admin_desk import at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db

FORM = {
    "name": "CRM", "kind": "bearer", "organization": "", "program": "", "scopes": ["badges:read", "awards:issue"],
    "expires_at_0": "", "expires_at_1": "", "rate_limit": "",
}  # fmt: skip


def shown_on(page) -> str:
    found = re.search(r'aria-labelledby="credly-secret">([^<]+)<', page.content.decode())
    assert found, text_of(page)
    return html.unescape(found[1])


class TestMakingOne:
    def test_a_key_is_shown_once_and_opens_the_api(self, client):
        organization, desk = OrganizationFactory(), manager()
        badge = TemplateFactory(organization=organization)

        page = desk.post(url("apikey", "add"), {**FORM, "organization": organization.pk})

        secret = shown_on(page)
        assert "no-store" in page["Cache-Control"]
        listed = client.get("/api/badges/v1/badges", headers={"Authorization": f"Bearer {secret}"})
        assert [each["id"] for each in listed.json()["data"]] == [str(badge.uuid)]
        key = ApiKey.objects.get()
        for again in (url("apikey", "change", key.pk), url("apikey")):
            assert secret.partition(".")[2] not in desk.get(again).content.decode()
        written = [*AuditEntry.objects.values_list("after", flat=True), *LogEntry.objects.values_list("change_message")]
        assert secret.partition(".")[2] not in str(written)

    def test_a_key_that_signs_shows_its_name_and_its_secret(self):
        page = manager().post(url("apikey", "add"), {**FORM, "kind": "signing"})

        key = ApiKey.objects.get()
        assert shown_on(page) == key.secret.reveal()
        assert key.prefix in text_of(page)

    @pytest.mark.parametrize(
        ("said", "because"),
        [
            ({"scopes": []}, "Choose what the key may do"),
            ({"scopes": ["everything"]}, "everything"),
            ({"name": ""}, "This field is required"),
            ({"rate_limit": "0"}, "greater than or equal to 1"),
            ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "This time is over"),
        ],
    )
    def test_what_is_wrong_is_said_beside_it(self, said, because):
        page = manager().post(url("apikey", "add"), {**FORM, **said})

        assert because in text_of(page)
        assert not ApiKey.objects.exists()

    def test_a_program_is_its_own_organizations(self):
        program = BadgeProgram.objects.create(organization=OrganizationFactory(), slug="p", name="P")

        page = manager().post(
            url("apikey", "add"), {**FORM, "organization": OrganizationFactory().pk, "program": program.pk}
        )

        assert "belongs to another organization" in text_of(page)

    def test_nobody_makes_a_key_that_may_do_more_than_they_may(self):
        desk = at_the_desk("add_apikey", "view_apikey", "view_badgetemplate")

        more = desk.post(url("apikey", "add"), FORM)
        same = desk.post(url("apikey", "add"), {**FORM, "scopes": ["badges:read"]})

        assert "awards:issue" in text_of(more)
        assert "may not do this there yourself" in text_of(more)
        assert shown_on(same)


class TestAfterwards:
    @pytest.fixture
    def made(self):
        return access.make(name="CRM", scopes=["badges:read"], by=UserFactory())

    def test_its_end_and_its_limit_can_be_changed_and_what_it_may_do_cannot(self, made):
        later = timezone.now() + timedelta(days=30)
        sent = {"name": "CRM 2", "expires_at_0": later.strftime("%Y-%m-%d"), "expires_at_1": "12:00:00",
                "rate_limit": "5", "scopes": ["levels:write"], "kind": "signing"}  # fmt: skip

        manager().post(url("apikey", "change", made.key.pk), sent)

        key = access.by_bearer(made.shown)
        assert (key.name, key.rate_limit, key.scopes, key.kind) == ("CRM 2", 5, ["badges:read"], "bearer")
        assert AuditEntry.objects.filter(action="api_key.changed").count() == 1

    def test_it_is_revoked_after_asking_and_then_is_history(self, made):
        desk, where = manager(), url("apikey", "revoke", made.key.pk)
        asked = desk.get(where)
        assert "cannot be undone" in text_of(asked)
        assert made.key.is_valid()

        desk.post(where)

        made.key.refresh_from_db()
        assert not made.key.is_valid()
        page = desk.get(url("apikey", "change", made.key.pk))
        assert "opens nothing any more" in text_of(page)
        assert 'name="name"' not in page.content.decode()

    def test_who_may_only_look_neither_changes_nor_revokes(self, made):
        desk = at_the_desk("view_apikey")

        assert "CRM" in text_of(desk.get(url("apikey")))
        assert desk.get(url("apikey", "change", made.key.pk)).status_code == 200
        assert desk.get(url("apikey", "add")).status_code == 403
        assert desk.post(url("apikey", "revoke", made.key.pk)).status_code == 403
        assert desk.post(url("apikey", "delete", made.key.pk), {"post": "yes"}).status_code == 403

    def test_the_list_says_what_each_may_do_and_filters_by_state(self, made):
        old = access.make(name="Old", scopes=list(access.Scope))
        ApiKey.objects.filter(pk=old.key.pk).update(expires_at=timezone.now() - timedelta(days=1))
        gone = access.make(name="Gone", scopes=["badges:read"])
        access.revoke(gone.key, by=None)
        desk = manager()

        assert "everything" in text_of(desk.get(url("apikey")))
        for state, name in (("valid", "CRM"), ("expired", "Old"), ("revoked", "Gone")):
            rows = desk.get(url("apikey"), {"state": state}).context["cl"].result_list
            assert [each.name for each in rows] == [name]

    def test_the_list_takes_as_many_queries_for_many_as_for_one(self, made, django_assert_max_num_queries):
        desk, organization = manager(), OrganizationFactory()
        desk.get(url("apikey"))
        counts = []
        for number in (1, 30):
            for each in range(number):
                access.make(name=f"K{each}", scopes=["badges:read"], level=access.Level(organization.pk))
            with django_assert_max_num_queries(20) as counted:
                desk.get(url("apikey"))
            counts.append(len(counted))
        assert counts[0] == counts[1]


class TestLevels:
    def test_a_program_is_made_and_then_given_badges_of_its_organization(self):
        organization, desk = OrganizationFactory(), manager()
        mine, foreign = TemplateFactory(organization=organization), TemplateFactory()
        form = {"organization": organization.pk, "name": "Data", "slug": "data", "url": "", "description": "",
                "email": "", "image_url": "", "lms_program": ""}  # fmt: skip

        added = desk.post(url("badgeprogram", "add"), form)
        program = BadgeProgram.objects.get()
        page = desk.get(added["Location"])
        desk.post(added["Location"], {**form, "templates": [mine.pk]})
        desk.post(added["Location"], {**form, "templates": [foreign.pk]})

        assert str(mine) in text_of(page)
        assert str(foreign) not in text_of(page)
        assert list(program.templates.all()) == [mine]
        actions = AuditEntry.objects.filter(action__startswith="program.").order_by("pk")
        assert [(each.action, len(each.after["badges"])) for each in actions] == [
            ("program.added", 0), ("program.changed", 1),
        ]  # fmt: skip
        assert actions[1].before["badges"] == []

    def test_a_role_is_given_by_user_name_and_taken(self):
        person, organization, desk = UserFactory(username="ira"), OrganizationFactory(), manager()
        form = {"who": "ira", "role": "issuer", "organization": organization.pk, "program": ""}

        desk.post(url("levelrole", "add"), form)
        again = desk.post(url("levelrole", "add"), form)
        unknown = desk.post(url("levelrole", "add"), {**form, "who": "nobody"})

        row = LevelRole.objects.get()
        assert (row.user, row.organization) == (person, organization)
        assert "has this role there already" in text_of(again)
        assert "No user here" in text_of(unknown)
        assert str(organization) in text_of(desk.get(url("levelrole")))
        desk.post(url("levelrole", "delete", row.pk), {"post": "yes"})
        assert not LevelRole.objects.exists()
        assert AuditEntry.objects.filter(action="role.taken").exists()

    def test_nobody_gives_a_role_that_may_do_more_than_they_may(self):
        UserFactory(username="ira")
        desk = at_the_desk("add_levelrole", "view_levelrole", "view_badgetemplate")

        page = desk.post(url("levelrole", "add"), {"who": "ira", "role": "viewer", "organization": "", "program": ""})

        assert "cannot give this role" in text_of(page)
        assert not LevelRole.objects.exists()
