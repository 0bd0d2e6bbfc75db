"""``credly_rehearse`` and ``credly_backfill``."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from credly_badges import lms
from credly_badges.events import backfill, runs
from credly_badges.models import BadgeAward, BadgeTemplate, HistoryRun
from credly_badges.testing.factories import (
    FulfillmentFactory,
    ProgressFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

MATHS = "course-v1:edX+Maths+2024"
MARCH = datetime(2024, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_happened_before() -> None:
    lms.backend().clear()


@pytest.fixture
def badge() -> BadgeTemplate:
    """A badge for passing maths, which three learners passed long ago."""
    badge = a_badge_for_passing(MATHS, name="Maths")
    for learner in UserFactory.create_batch(3):
        lms.backend().add_grade(learner.pk, MATHS, 80, passed_at=MARCH)
    return badge


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


class TestRehearse:
    def test_it_tells_who_would_get_it_and_awards_nothing(self, badge: BadgeTemplate) -> None:
        said = run("credly_rehearse", "maths")

        assert "3  would get the badge" in said
        assert "The first earned it on March 5, 2024, the last on March 5, 2024." in said
        assert f"3  {MATHS}" in said
        assert "learner is passing: yes, as needed." in said
        assert not BadgeAward.objects.exists()

    def test_it_tells_programs_the_same(self, badge: BadgeTemplate) -> None:
        told = json.loads(run("credly_rehearse", str(badge.uuid), "--json"))

        assert told["template"] == str(badge.uuid)
        assert told["counts"]["would_get"] == 3
        assert len(told["sample"]) == 3

    def test_a_csv_has_a_line_for_each_of_them_and_no_names(self, badge: BadgeTemplate, tmp_path: Any) -> None:
        loses = UserFactory()
        progress = ProgressFactory(learner=loses, template=badge, percent=100, completed_at=MARCH)
        requirement = badge.groups.get().requirements.get()
        FulfillmentFactory(progress=progress, requirement=requirement, subject=MATHS, decided_at=MARCH)
        lms.backend().add_grade(loses.pk, MATHS, 10, modified=datetime(2024, 6, 1, tzinfo=UTC))
        file = tmp_path / "rehearsal.csv"

        run("credly_rehearse", "Maths", "--csv", str(file))

        lines = list(csv.DictReader(StringIO(file.read_text())))
        assert [line["change"] for line in lines] == ["gain", "gain", "gain", "lose"]
        assert lines[0]["course"] == MATHS
        assert lines[0]["earned_at"] == MARCH.isoformat()
        assert "username" not in lines[0]

    def test_a_csv_has_names_where_that_is_asked(self, badge: BadgeTemplate) -> None:
        lines = list(csv.DictReader(StringIO(run("credly_rehearse", "Maths", "--csv", "-", "--usernames"))))

        assert all(line["username"].startswith("learner") for line in lines)

    def test_it_may_be_enough_to_look_at_some(self, badge: BadgeTemplate, monkeypatch: Any) -> None:
        monkeypatch.setattr("credly_badges.events.rehearsal.AT_ONCE", 1)

        said = run("credly_rehearse", "Maths", "--limit", "2")

        assert "2  would get the badge" in said
        assert "Not everybody was looked at" in said
        assert runs.latest(badge, HistoryRun.Kind.REHEARSAL).state == HistoryRun.State.STOPPED

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["nobody-s-badge"], "There is no badge template"),
            (["Maths", "--csv", "-", "--json"], "Only one of"),
            (["Maths", "--limit", "few"], "give a number of learners"),
            (["Maths", "--csv", "/nowhere/at/all.csv"], "could not be written"),
        ],
    )
    def test_what_it_cannot_do_it_says(self, badge: BadgeTemplate, arguments: list[str], said: str) -> None:
        with pytest.raises(CommandError, match=said):
            run("credly_rehearse", *arguments)

    def test_a_badge_without_requirements_is_refused(self) -> None:
        TemplateFactory(name="Empty")

        with pytest.raises(CommandError, match="Set them first"):
            run("credly_rehearse", "Empty")


class TestBackfill:
    def test_it_awards_and_says_how_many(self, badge: BadgeTemplate) -> None:
        said = run("credly_backfill", "Maths")

        assert "3  badges awarded" in said
        assert BadgeAward.objects.count() == 3

    def test_a_dry_run_awards_nothing(self, badge: BadgeTemplate) -> None:
        assert "3  would get the badge" in run("credly_backfill", "Maths", "--dry-run")
        assert not BadgeAward.objects.exists()

    def test_it_goes_on_where_it_was_left(self, badge: BadgeTemplate, monkeypatch: Any) -> None:
        monkeypatch.setattr("credly_badges.events.backfill.AT_ONCE", 1)
        backfill.go_on(backfill.begin(badge, wake=False), until=0.0)
        assert BadgeAward.objects.count() == 1

        told = json.loads(run("credly_backfill", "Maths", "--resume", "--json"))

        assert told["state"] == HistoryRun.State.DONE
        assert told["counts"]["awarded"] == 3
        assert HistoryRun.objects.count() == 1

    def test_whoever_breaks_it_off_can_go_on_later(self, badge: BadgeTemplate, monkeypatch: Any) -> None:
        monkeypatch.setattr("credly_badges.events.backfill.AT_ONCE", 1)

        def break_off(_run: HistoryRun) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            backfill.go_on(backfill.begin(badge, wake=False), on_chunk=break_off)
        assert runs.wake_left() == 0  # It was meant to stop.

        run("credly_backfill", "Maths", "--resume")
        assert BadgeAward.objects.count() == 3

    def test_there_may_be_nothing_to_go_on_with(self, badge: BadgeTemplate) -> None:
        with pytest.raises(CommandError, match="none to go on with"):
            run("credly_backfill", "Maths", "--resume")

    def test_a_draft_is_refused_with_what_to_do(self, badge: BadgeTemplate) -> None:
        BadgeTemplate.objects.update(status="draft")

        with pytest.raises(CommandError, match="Activate it"):
            run("credly_backfill", "Maths")

    def test_what_stopped_it_is_said(self, badge: BadgeTemplate) -> None:
        BadgeTemplate.objects.update(limit_total=1)
        out = StringIO()

        with pytest.raises(SystemExit):
            call_command("credly_backfill", "Maths", stdout=out, stderr=StringIO())

        assert "It stopped: This badge is paused" in out.getvalue()
        assert f"credly_backfill {badge.uuid} --resume" in out.getvalue()
