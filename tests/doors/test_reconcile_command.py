"""``credly_reconcile``, as an operator or a cron job runs it."""

from __future__ import annotations

import csv
import json
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from credly_badges.models import BadgeAward, ReconcileRun
from credly_badges.reconcile import causes
from credly_badges.testing.factories import (
    AwardFactory,
    OrganizationFactory,
    ProgressFactory,
    TemplateFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_grace(settings):
    settings.CREDLY_BADGES_RECONCILE_GRACE_SECONDS = 0


@pytest.fixture
def badge(credly, at_credly, organization):
    there = credly.add_template(at_credly, "Scholar")
    return TemplateFactory(uuid=there.uuid, name="Scholar", organization=organization, active=True)


@pytest.fixture
def missing(badge):
    """A learner who is through, and has no award."""
    learner = UserFactory(username="=ada", email="ada@example.org")
    ProgressFactory(learner=learner, template=badge, percent=100, completed_at=timezone.now())
    return learner


def run(*arguments: str) -> tuple[int, str]:
    """Its exit code, and what it said."""
    out = StringIO()
    code = 0
    try:
        call_command("credly_reconcile", *arguments, stdout=out, stderr=StringIO(), no_color=True)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, out.getvalue()


def test_where_everything_agrees_it_says_so_and_ends_well(organization, badge):
    assert run() == (0, "Example University\n  0 badges compared.\n  Everything agrees.\n")


def test_it_only_looks_unless_it_is_told_to_mend(missing):
    code, told = run()

    assert code == 1
    assert "not_awarded          1  qualifies, and was never awarded" in told
    assert "--fix not_awarded: awards the badge, as earned on the day on which the requirements were met." in told
    assert "It only looked. Nothing was changed, here or at Credly" in told
    assert not BadgeAward.objects.exists()


def test_a_dry_run_is_the_same_said_aloud(missing):
    assert run("--dry-run")[1] == run()[1]


def test_it_mends_the_causes_that_are_named_and_no_other(badge, missing):
    other = AwardFactory(template=badge)

    code, told = run("--fix", "not_awarded")

    assert code == 1
    assert "of these mended or ordered: 1" in told
    assert "--fix not_sent: orders the badge at Credly again." in told
    assert BadgeAward.objects.filter(learner=missing).exists()
    assert not other.messages.exists()


def test_with_everything_mended_it_ends_well(badge, missing):
    AwardFactory(template=badge)

    code, told = run("--fix-all-safe")

    assert code == 0
    assert told.count("of these mended or ordered: 1") == 2


def test_badges_of_strangers_are_told_and_are_no_failure(credly, badge):
    there = credly.store.templates[str(badge.uuid)]
    credly.add_badges(there, 3)

    code, told = run("--fix-all-safe")

    assert code == 0
    assert "foreign              3  Credly has a badge of somebody unknown here" in told
    assert "for a person: nothing to do, where others issue this badge as well." in told


@pytest.mark.parametrize("cause", ["double", "foreign", "unreadable", "weather"])
def test_what_has_no_fix_cannot_be_asked_for(badge, cause):
    with pytest.raises(CommandError, match="invalid choice"):
        run("--fix", cause)


def test_json_holds_every_cause_with_what_became_of_it(organization, missing):
    _code, told = run("--json")

    (report,) = json.loads(told)
    assert (report["organization"], report["state"], report["compared"]) == (str(organization.uuid), "done", 0)
    assert report["causes"]["not_awarded"] == {
        "found": 1,
        "mended": 0,
        "failed": 0,
        "left": 1,
        "listed": 1,
        "what": "qualifies, and was never awarded",
        "advice": "awards the badge, as earned on the day on which the requirements were met",
    }


def test_csv_has_one_line_for_each_difference_and_names_nobody(badge, missing, tmp_path):
    _code, told = run("--csv", "-")
    (row,) = csv.DictReader(StringIO(told))

    assert (row["cause"], row["user_id"], row["template"]) == ("not_awarded", str(missing.pk), str(badge.uuid))
    assert "ada@example.org" not in told
    assert "=ada" not in told

    file = tmp_path / "differences.csv"
    run("--csv", str(file), "--usernames")
    written = file.read_text(encoding="utf-8")
    (named,) = csv.DictReader(StringIO(written))

    assert named["username"] == "'=ada"  # No formula to a spreadsheet.
    assert "ada@example.org" not in written


def test_a_file_that_cannot_be_written_is_named_before_anything_is_compared(missing, tmp_path):
    with pytest.raises(CommandError, match="could not be written"):
        run("--csv", str(tmp_path / "nowhere" / "differences.csv"))
    assert not ReconcileRun.objects.exists()


def test_only_one_thing_can_go_to_the_standard_output(missing):
    with pytest.raises(CommandError, match="Only one of"):
        run("--csv", "-", "--json")


def test_one_that_stopped_says_why_and_is_resumed_with_what_it_was_to_mend(credly, missing):
    credly.before_acting("GET *", 503, times=None)
    code, told = run("--fix", "not_awarded")
    assert code == 1
    assert "It stopped: " in told
    assert "Go on with: credly_reconcile --resume" in told

    credly.clear_faults()
    code, told = run("--resume")

    assert code == 0
    assert ReconcileRun.objects.count() == 1
    assert BadgeAward.objects.filter(learner=missing).exists()


def test_where_nothing_was_stopped_there_is_nothing_to_resume(organization, badge):
    run()

    with pytest.raises(CommandError, match="none to resume"):
        run("--resume")


def test_what_is_resumed_does_what_it_was_to_do_and_nothing_else(missing):
    with pytest.raises(CommandError, match="give it no --fix"):
        run("--resume", "--fix", "not_awarded")


def test_an_organization_that_is_being_compared_is_left_to_who_does_it(organization, badge):
    ReconcileRun.objects.create(organization=organization, heard_at=timezone.now())

    with pytest.raises(CommandError, match="being compared at this moment"):
        run()


def test_one_that_is_being_compared_does_not_keep_the_others_from_their_turn(organization, badge, missing):
    busy = OrganizationFactory(name="A Busy One")
    ReconcileRun.objects.create(organization=busy, heard_at=timezone.now())
    out = StringIO()

    with pytest.raises(CommandError, match=r"A Busy One.*being compared at this moment"):
        call_command("credly_reconcile", "--json", stdout=out)

    (report,) = json.loads(out.getvalue())
    assert (report["organization"], report["state"]) == (str(organization.uuid), "done")


def test_only_one_template_is_compared(organization, badge, missing):
    other = ProgressFactory(template__organization=organization, percent=100, completed_at=timezone.now())

    _code, told = run("--template", str(other.template.uuid), "--json")

    (report,) = json.loads(told)
    assert report["causes"]["not_awarded"]["found"] == 1
    assert ReconcileRun.objects.get().differences.get().learner == other.learner


def test_only_the_organizations_that_were_named_are_compared(organization, badge):
    broken = OrganizationFactory(name="A broken one", environment="simulator", api_key="not-the-key-of-anybody")
    TemplateFactory(organization=broken, active=True)

    assert run("--organization", str(organization.uuid))[0] == 0
    assert run()[0] == 1


@pytest.mark.parametrize("option", ["--organization", "--template"])
def test_what_nobody_knows_is_named_in_the_error(organization, option):
    unknown = str(uuid4())

    with pytest.raises(CommandError, match=unknown):
        run(option, unknown)


def test_without_any_organization_it_says_to_connect_one(db):
    with pytest.raises(CommandError, match="No Credly organization is connected yet"):
        run()


def test_its_help_names_every_cause_that_it_can_mend(capsys):
    with pytest.raises(SystemExit):
        call_command("credly_reconcile", "--help")

    told = " ".join(capsys.readouterr().out.split())
    assert "It only looks, unless --fix or --fix-all-safe says what to mend." in told
    for cause in causes.FIXES:
        assert cause in told
