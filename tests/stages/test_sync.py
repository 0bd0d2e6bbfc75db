"""Bringing an organization's badge templates here, again and again, whatever Credly does meanwhile."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credly_badges.models import AuditEntry, BadgeTemplate, CredlyOrganization
from credly_badges.sync import templates
from credly_badges.sync.plans import Fate, Item
from credly_badges.testing.factories import OrganizationFactory, RequirementFactory, TemplateFactory, UserFactory

State = BadgeTemplate.CredlyState


def synced(organization: CredlyOrganization) -> templates.Result:
    return templates.apply(templates.plan(organization))


def names(items) -> list[str]:
    return [item.name for item in items]


def test_new_templates_arrive_inactive_in_every_state_credly_has(credly, at_credly, organization):
    credly.add_template(at_credly, "Python")
    credly.add_template(at_credly, "Ruby", "draft")
    credly.add_template(at_credly, "Perl", "archived")

    result = synced(organization)

    assert result.ok
    found = BadgeTemplate.objects.values_list("name", "credly_state", "status").order_by("name")
    assert list(found) == [("Perl", "archived", "draft"), ("Python", "active", "draft"), ("Ruby", "draft", "draft")]
    assert organization.synced_at is not None


def test_what_credly_says_of_a_template_is_all_kept(credly, at_credly, organization):
    credly.add_template(
        at_credly,
        "Python",
        description="Writes <b>Python</b>.",
        level="Advanced",
        cost="Free",
        time_to_earn="Weeks",
        type_category="Learning",
        skills=["Reading", "Writing", "Testing"],
        global_activity_url="https://example.org/criteria",
        badge_template_activities=[
            {"title": "Final exam", "activity_type": "Assessment", "activity_url": "https://example.org/exam"}
        ],
        alignments=[{"name": "ESCO", "url": "https://example.org/esco", "description": "Programming"}],
        allow_duplicate_badges=True,
    )

    synced(organization)

    template = BadgeTemplate.objects.get()
    assert template.description == "Writes <b>Python</b>."
    assert (template.level, template.cost, template.time_to_earn) == ("Advanced", "Free", "Weeks")
    assert (template.type_category, template.criteria_url) == ("Learning", "https://example.org/criteria")
    assert template.skills == ["Reading", "Writing", "Testing"]
    assert template.activities == [{"title": "Final exam", "type": "Assessment", "url": "https://example.org/exam"}]
    assert template.alignments == [{"name": "ESCO", "url": "https://example.org/esco", "description": "Programming"}]
    assert template.allow_duplicates
    assert template.image_url.startswith("http")
    assert template.public_url.startswith("https://www.credly.com/")


def test_a_plan_shows_each_changed_field_with_its_old_and_new_value_and_writes_nothing(credly, at_credly, organization):
    python = credly.add_template(at_credly, "Python", level="Foundational")
    synced(organization)
    credly.update_template(python, name="Python 3", level="Advanced")

    plan = templates.plan(organization)

    (changed,) = plan.of(Fate.CHANGED)
    assert {(change.field, change.old, change.new) for change in changed.changes} == {
        ("name", "Python", "Python 3"),
        ("level", "Foundational", "Advanced"),
    }
    assert BadgeTemplate.objects.get().name == "Python"

    templates.apply(plan)

    assert BadgeTemplate.objects.get().name == "Python 3"


def test_a_second_sync_writes_only_when_the_organization_was_synced(
    credly, at_credly, organization, django_assert_num_queries
):
    credly.add_templates(at_credly, 120)
    synced(organization)
    before = list(BadgeTemplate.objects.values("pk", "modified", "synced_at"))

    with django_assert_num_queries(1 + 3):  # Three pages, each let out at the organization's pace.
        plan = templates.plan(organization)
    with django_assert_num_queries(1):
        result = templates.apply(plan)

    assert plan.unchanged == 120
    assert not plan.items
    assert list(BadgeTemplate.objects.values("pk", "modified", "synced_at")) == before
    assert result.sentences() == ["120 templates unchanged."]


@pytest.mark.parametrize("deed", ["add", "change", "archive"])
def test_five_hundred_templates_cost_as_few_queries_as_fifty(credly, at_credly, organization, deed):
    def statements(number: int) -> int:
        chosen = credly.add_templates(at_credly, number)
        if deed != "add":
            synced(organization)
            BadgeTemplate.objects.filter(uuid__in=[template.uuid for template in chosen]).update(status="active")
            for template in chosen:
                change = {"state": "archived"} if deed == "archive" else {"level": "Advanced"}
                credly.update_template(template, **change)
        with CaptureQueriesContext(connection) as queries:
            result = synced(organization)
        assert result.ok
        assert len(result.plan.items) == number
        # SQLite takes a bounded number of values per statement, so one INSERT or UPDATE of ours can be several.
        kinds = [query["sql"].split()[0] + query["sql"].split()[1] for query in queries]
        return len([kind for place, kind in enumerate(kinds) if place == 0 or kinds[place - 1] != kind])

    assert statements(500) <= statements(50)


def test_five_thousand_templates_are_synced_and_found_unchanged_the_second_time(credly, at_credly, organization):
    credly.add_templates(at_credly, 5000)

    first = synced(organization)
    second = synced(organization)

    assert first.ok
    assert BadgeTemplate.objects.count() == 5000
    assert second.plan.unchanged == 5000


def test_a_template_archived_at_credly_is_deactivated_and_keeps_its_requirements(credly, at_credly, organization):
    python = credly.add_template(at_credly, "Python")
    synced(organization)
    template = BadgeTemplate.objects.get()
    RequirementFactory(group__template=template)
    BadgeTemplate.objects.update(status="active")
    credly.archive_template(python)

    result = synced(organization)

    template.refresh_from_db()
    assert (template.credly_state, template.is_active) == (State.ARCHIVED, False)
    assert template.deactivated_because == "At Credly it is archived."
    assert template.activation_changed_at is not None
    assert template.groups.get().requirements.count() == 1
    assert AuditEntry.objects.get(action="template.deactivated").object_id == str(template.pk)
    assert "Archived at Credly: “Python”" in result.sentences()


def test_the_audit_log_says_what_a_sync_added_and_changed(credly, at_credly, organization):
    manager = UserFactory()
    python = credly.add_template(at_credly, "Python", level="Foundational", description="Writes Python. " * 99)
    templates.sync(organization, by=manager)
    credly.update_template(python, level="Advanced", skills=["Reading"] * 99)

    templates.sync(organization, by=manager)
    templates.sync(organization, by=manager)

    template = BadgeTemplate.objects.get()
    added, changed = AuditEntry.objects.filter(actor=manager, object_id=str(template.pk)).order_by("pk")
    assert (added.action, added.after) == ("template.added", {"name": "Python", "credly_state": "active"})
    assert changed.action == "template.changed"
    assert changed.before == {"level": "Foundational", "skills": ["Reading", "Writing", "Arithmetic"]}
    assert changed.after["level"] == "Advanced"
    assert len(changed.after["skills"]) == 200


def test_the_audit_log_knows_what_there_was_when_it_was_written_not_when_it_was_planned(
    credly, at_credly, organization
):
    python = credly.add_template(at_credly, "Python", level="Foundational")
    synced(organization)
    credly.update_template(python, level="Advanced", cost="Free")
    plan = templates.plan(organization)
    BadgeTemplate.objects.update(level="Advanced", cost="Paid")  # Another sync was faster.

    templates.apply(plan)

    entry = AuditEntry.objects.get(action="template.changed")
    assert (entry.before, entry.after) == ({"cost": "Paid"}, {"cost": "Free"})


def test_a_template_that_went_back_to_draft_is_deactivated(credly, at_credly, organization):
    python = credly.add_template(at_credly, "Python")
    synced(organization)
    BadgeTemplate.objects.update(status="active")
    credly.update_template(python, state="draft")

    result = synced(organization)

    assert BadgeTemplate.objects.get().is_active is False
    assert result.deactivated == ["Python"]


def test_a_template_deleted_at_credly_is_gone_here_but_not_deleted(credly, at_credly, organization):
    credly.add_template(at_credly, "Ruby")
    python = credly.add_template(at_credly, "Python")
    synced(organization)
    BadgeTemplate.objects.update(status="active")
    credly.delete_template(python)

    result = synced(organization)

    assert names(result.plan.of(Fate.GONE)) == ["Python"]
    gone = BadgeTemplate.objects.get(name="Python")
    assert (gone.credly_state, gone.is_active) == (State.GONE, False)
    assert BadgeTemplate.objects.get(name="Ruby").is_active
    assert not synced(organization).plan.items


@pytest.mark.parametrize("deed", ["archive_template", "delete_template"])
def test_a_template_that_comes_back_stays_inactive_until_a_person_activates_it(credly, at_credly, organization, deed):
    python = credly.add_template(at_credly, "Python")
    synced(organization)
    BadgeTemplate.objects.update(status="active")
    getattr(credly, deed)(python)
    synced(organization)
    credly.restore_template(python)

    result = synced(organization)

    template = BadgeTemplate.objects.get()
    assert (template.credly_state, template.is_active) == (State.ACTIVE, False)
    assert "Back at Credly, and inactive until you activate them again: “Python”" in result.sentences()


def test_a_page_that_fails_costs_only_its_own_templates(credly, at_credly, organization):
    credly.configure(page_size=2)
    credly.add_templates(at_credly, 6)
    missing = TemplateFactory(organization=organization, active=True, name="On the page that fails")
    fail_page(credly, 2)

    result = synced(organization)

    assert not result.ok
    assert BadgeTemplate.objects.exclude(pk=missing.pk).count() == 4
    assert result.sentences()[0].startswith("Page 2 of 3 of the templates could not be read.")
    missing.refresh_from_db()
    assert (missing.credly_state, missing.is_active) == (State.ACTIVE, True)


def test_a_page_that_fails_once_is_asked_for_again(credly, at_credly, organization):
    credly.configure(page_size=2)
    credly.add_templates(at_credly, 4)
    credly.before_acting("GET */badge_templates", status=503, times=2)

    result = synced(organization)

    assert result.ok
    assert BadgeTemplate.objects.count() == 4


def test_when_credly_is_down_nothing_changes_and_the_reason_is_told(credly, at_credly, organization):
    template = TemplateFactory(organization=organization, active=True)
    credly.before_acting("GET */badge_templates", status=503, times=None)

    result = synced(organization)

    assert not result.ok
    assert "Asking again later is safe" in result.sentences()[0]
    template.refresh_from_db()
    assert template.is_active
    assert organization.synced_at is None


def test_a_sync_with_patience_waits_as_long_as_credly_asks_for(credly, at_credly, organization):
    credly.add_template(at_credly, "Python")
    credly.before_acting("GET */badge_templates", status=429, headers={"Retry-After": "1"})

    hurried = templates.plan(organization)
    credly.before_acting("GET */badge_templates", status=429, headers={"Retry-After": "1"})
    patient = templates.plan(organization, patience=timedelta(seconds=5))

    assert not hurried.is_complete
    assert names(patient.of(Fate.ADDED)) == ["Python"]


def test_an_organization_that_fails_does_not_keep_another_from_being_synced(credly, at_credly, organization):
    other = OrganizationFactory(environment="simulator", api_key="not-the-key-of-anybody")
    credly.add_template(at_credly, "Python")

    results = [synced(other), synced(organization)]

    assert [result.ok for result in results] == [False, True]
    assert BadgeTemplate.objects.get().organization == organization
    assert "Credly does not accept the API key" in results[0].sentences()[0]


def test_an_organization_without_a_key_is_told_to_have_one(organization):
    CredlyOrganization.objects.update(api_key="")
    organization.refresh_from_db()

    result = synced(organization)

    assert result.sentences() == [
        "The organization has no API key. Enter one on its page, or give it in CREDLY_BADGES_API_KEYS."
    ]


def test_a_template_that_credly_sends_twice_is_stored_once(credly, at_credly, organization):
    credly.configure(page_size=2)
    credly.add_templates(at_credly, 5)
    credly.repeat_page_item()

    result = synced(organization)

    assert result.ok
    assert BadgeTemplate.objects.count() == 5


def test_a_template_that_the_list_skipped_is_looked_for_before_it_counts_as_gone(credly, at_credly, organization):
    python = credly.add_template(at_credly, "Python")
    credly.add_template(at_credly, "Ruby")
    synced(organization)
    BadgeTemplate.objects.update(status="active")
    # The list is answered without Python, as when a deletion shifts the pages while they are read.
    ruby_only = {"data": [], "metadata": {"total_pages": 1, "next_page_url": None}}
    credly.before_acting("GET */badge_templates", status=200, body=ruby_only)

    result = synced(organization)

    assert result.plan.unchanged == 2
    assert BadgeTemplate.objects.filter(status="active").count() == 2
    assert credly.requests("GET", python.uuid)


def test_a_sync_with_patience_looks_for_a_skipped_template_again_where_credly_asks_to_wait(
    credly, at_credly, organization
):
    python = credly.add_template(at_credly, "Python")
    synced(organization)
    credly.delete_template(python)
    credly.before_acting(f"GET */badge_templates/{python.uuid}", status=429, headers={"Retry-After": "0"}, times=3)

    plan = templates.plan(organization, patience=timedelta(seconds=5))

    assert plan.is_complete
    assert names(plan.of(Fate.GONE)) == ["Python"]


def test_one_template_in_a_form_that_cannot_be_used_does_not_spoil_the_others(credly, at_credly, organization):
    credly.add_template(at_credly, "Python")
    ruby = credly.add_template(at_credly, "Ruby")
    perl = credly.add_template(at_credly, "Perl")
    kept = TemplateFactory(organization=organization, uuid=ruby.uuid, name="Ruby", active=True)
    ruby.name = perl.name = " "

    result = synced(organization)

    assert not result.ok
    assert result.sentences()[0].startswith("Credly sent templates in a form that cannot be used:")
    assert ruby.uuid in result.sentences()[0]
    assert set(BadgeTemplate.objects.values_list("name", flat=True)) == {"Python", "Ruby"}
    kept.refresh_from_db()
    assert (kept.credly_state, kept.is_active) == (State.ACTIVE, True)


def test_text_that_is_too_long_is_cut_and_addresses_that_are_no_web_addresses_are_left_out(
    credly, at_credly, organization
):
    credly.add_template(
        at_credly,
        "P" * 300,
        global_activity_url="javascript:alert(1)",
        image_url="https://example.org/" + "x" * 600,
        image={"id": "x", "url": "https://example.org/" + "x" * 600},
    )

    result = synced(organization)

    template = BadgeTemplate.objects.get()
    assert template.name == "P" * 255
    assert (template.criteria_url, template.image_url) == ("", "")
    assert any("The name is longer than 255 characters and was cut." in line for line in result.sentences())
    assert templates.plan(organization).unchanged == 1


def test_a_template_activated_while_a_sync_reads_is_still_deactivated_when_it_is_archived(
    credly, at_credly, organization
):
    python = credly.add_template(at_credly, "Python")
    synced(organization)
    credly.archive_template(python)
    plan = templates.plan(organization)
    BadgeTemplate.objects.update(status="active", deactivated_because="")

    result = templates.apply(plan)

    assert result.deactivated == ["Python"]
    assert not BadgeTemplate.objects.get().is_active


def test_two_syncs_at_once_add_each_template_once(credly, at_credly, organization):
    credly.add_templates(at_credly, 3)
    slower, faster = templates.plan(organization), templates.plan(organization)
    templates.apply(faster)

    result = templates.apply(slower)

    assert result.ok
    assert BadgeTemplate.objects.count() == 3


def fail_page(credly, number: int) -> None:
    """Let one page of the list fail as often as it is asked for."""
    credly.before_acting("GET */badge_templates", status=None, latency=0, times=number - 1)
    credly.before_acting("GET */badge_templates", status=500, times=3)


def test_a_row_that_the_database_rejects_costs_only_itself(organization):
    good = [Item(Fate.ADDED, uuid4(), name, {"name": name}) for name in ("Python", "Ruby")]
    cursed = Item(Fate.ADDED, uuid4(), "Cursed", {"name": None})
    plan = templates.Plan(organization, items=[good[0], cursed, good[1]])

    result = templates.apply(plan)

    assert set(BadgeTemplate.objects.values_list("name", flat=True)) == {"Python", "Ruby"}
    assert not result.ok
    assert result.sentences()[0].startswith(f"“Cursed” ({cursed.uuid}) could not be stored:")
