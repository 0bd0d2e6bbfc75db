"""``credly_requirements``, as an operator runs it, or a check of files that are reviewed."""

from __future__ import annotations

import json
import sys
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from credly_badges import lms, requirements, versions
from credly_badges.models import BadgeRequirement
from credly_badges.requirements import files
from credly_badges.testing.factories import (
    COURSE_KEY,
    PASSING_STATUS,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

SECOND = "course-v1:edX+DemoX+2027"


@pytest.fixture(autouse=True)
def _courses():
    for key in (COURSE_KEY, SECOND):
        lms.backend().add_course(key, "A course")
    yield
    lms.backend().clear()


@pytest.fixture
def badge():
    made = a_badge_for_passing(name="Python", organization__name="Example University")
    made.groups.update(key="basics")
    BadgeRequirement.objects.update(key="pass")
    return made


@pytest.fixture
def exported(badge, tmp_path):
    """A file with what the badge asks for."""
    file = tmp_path / "badges.yaml"
    run("export", "-o", str(file))
    return file


def run(*arguments):
    """What it said, and why it ended badly, if it did."""
    out, err = StringIO(), StringIO()
    try:
        call_command("credly_requirements", *arguments, stdout=out, stderr=err, no_color=True)
    except CommandError as error:
        return out.getvalue(), err.getvalue() + str(error)
    return out.getvalue(), err.getvalue()


def replace_in(file, old, new):
    file.write_text(file.read_text().replace(old, new))


class TestExport:
    """What badges ask for, as a file."""

    def test_it_writes_every_badge_that_asks_for_something(self, badge):
        TemplateFactory(name="Empty", organization=badge.organization)
        out, err = run("export")

        assert err == ""
        assert out == (
            "# Requirements of badges, for credly_requirements. Comments are for people and stay in this file.\n"
            "format: 1\n"
            "badges:\n"
            "\n"
            "  # Python (Example University)\n"
            f"  - organization: {badge.organization.uuid}\n"
            f"    template: {badge.uuid}\n"
            "    groups:\n"
            "      - key: basics\n"
            "        needs: all\n"
            "        requirements:\n"
            "          - key: pass\n"
            f"            event: {PASSING_STATUS}\n"
            "            description: Pass the course\n"
            "            places:\n"
            f"              - {COURSE_KEY}\n"
            "            rules:\n"
            "              - field: is_passing\n"
            "                operator: eq\n"
            "                value: 'true'\n"
        )

    def test_it_writes_the_badges_that_are_named(self, badge):
        other = a_badge_for_passing()

        out, _err = run("export", "--template", str(other.uuid))
        of_organization, _err = run("export", "--organization", str(badge.organization.uuid))

        assert str(other.uuid) in out
        assert str(badge.uuid) not in out
        assert str(badge.uuid) in of_organization
        assert str(other.uuid) not in of_organization

    def test_a_badge_that_is_not_here_is_said(self, badge):
        wanted = str(uuid4())

        assert run("export", "--template", wanted)[1].startswith(f"There is no badge template {wanted} here.")

    def test_a_file_that_cannot_be_written_is_said(self, badge, tmp_path):
        assert run("export", "-o", str(tmp_path))[1].startswith("The file cannot be written:")


class TestCheck:
    """Whether a file could be applied."""

    def test_a_good_file_is_said_to_be_good(self, exported):
        assert run("check", str(exported)) == ("1 badge was checked. Nothing stands in the way.\n", "")

    def test_a_mistake_is_said_as_editors_understand_it(self, exported):
        replace_in(exported, "event: ", "evnt: ")

        _out, err = run("check", str(exported))

        missing, unknown, _end = err.splitlines()
        assert missing == f"{exported}:12: error: “event” is missing here."
        assert unknown.startswith(f"{exported}:13: error: There is no field “evnt” here.")
        assert err.endswith("The file cannot be used as it is; see above.")

    def test_what_the_lint_finds_ends_badly(self, exported):
        replace_in(exported, COURSE_KEY, "course-v1:edX+Typo+2026")

        _out, err = run("check", str(exported))

        assert f"{exported}:12: error: " in err
        assert "course-v1:edX+Typo+2026" in err
        assert err.endswith("The file cannot be applied as it is; see above.")

    def test_a_file_that_is_not_there_is_said(self):
        assert run("check", "nowhere.yaml")[1].startswith("The file cannot be read:")

    def test_a_file_that_is_no_text_is_said(self, tmp_path):
        (tmp_path / "x").write_bytes(b"\xff\xfe")

        assert run("check", str(tmp_path / "x"))[1].startswith("The file cannot be read:")

    def test_without_its_packages_it_says_what_to_install(self, exported, monkeypatch):
        monkeypatch.delattr(requirements, "files")
        monkeypatch.setitem(sys.modules, "credly_badges.requirements.files", None)

        assert "pip install openedx-credly-badges[files]" in run("check", str(exported))[1]


class TestDiffAndApply:
    """What a file changes, before and after."""

    def test_a_file_that_was_just_written_changes_nothing(self, exported):
        nothing = ("Nothing changes: the badges ask for what the file says.\n", "")

        assert run("diff", "--exit-code", str(exported)) == nothing
        assert run("apply", str(exported)) == nothing

    def test_a_change_is_shown_then_made(self, badge, exported):
        replace_in(exported, COURSE_KEY, SECOND)
        told = (
            f"Python (Example University, {badge.uuid})\n"
            f"  ~ “Pass the course” (pass): where: {COURSE_KEY} → {SECOND}\n"
            "  This makes version 2.\n"
        )

        assert run("diff", str(exported)) == (told, "")
        assert run("diff", "--exit-code", str(exported)) == (told, "The file and what there is differ.")
        assert run("apply", "--dry-run", str(exported)) == (
            told + "This was a rehearsal: nothing was changed.\n",
            "",
        )
        assert requirements.stored(badge)[0].requirements[0].scope == COURSE_KEY
        assert run("apply", str(exported)) == (told, "")
        badge.refresh_from_db()
        assert requirements.stored(badge)[0].requirements[0].scope == SECOND

    def test_a_file_comes_through_the_standard_input_too(self, badge, exported, monkeypatch):
        monkeypatch.setattr(sys, "stdin", StringIO(exported.read_text().replace(COURSE_KEY, SECOND)))

        run("apply", "-")

        badge.refresh_from_db()
        assert requirements.stored(badge)[0].requirements[0].scope == SECOND

    def test_what_cannot_be_saved_is_said_with_how_to_mean_it(self, badge, exported):
        replace_in(exported, COURSE_KEY, "course-v1:edX+New+2028")

        _out, err = run("apply", str(exported))

        assert f"{exported}:12: error: " in err
        assert "--despite course_unknown" in err
        assert err.endswith("Nothing was changed; see above.")
        assert run("apply", "--despite", "course_unknown", str(exported))[1] == ""


class TestRerun:
    """A course is run again."""

    def test_badges_ask_for_either_run(self, badge):
        out, err = run("rerun", COURSE_KEY, SECOND)

        assert err == ""
        assert f"{COURSE_KEY} → {COURSE_KEY}, {SECOND}" in out
        badge.refresh_from_db()
        assert requirements.stored(badge)[0].requirements[0].places == (COURSE_KEY, SECOND)

    def test_a_second_time_nothing_changes(self, badge):
        run("rerun", COURSE_KEY, SECOND)

        run("rerun", COURSE_KEY, SECOND)

        badge.refresh_from_db()
        assert badge.version == 2

    def test_in_its_place_and_only_to_see(self, badge):
        out, _err = run("rerun", "--replace", "--dry-run", COURSE_KEY, SECOND)

        assert f"{COURSE_KEY} → {SECOND}" in out
        assert out.endswith("This was a rehearsal: nothing was changed.\n")
        badge.refresh_from_db()
        assert badge.version == 1

    def test_what_a_person_has_to_look_at_and_what_cannot_be_saved_is_said(self, badge):
        RuleFactory(
            requirement=RequirementFactory(group__template=badge, description="Any demo"),
            path="course.course_key",
            field_type="course_key",
            operator="matches",
            value=f"{COURSE_KEY}*",
        )

        out, err = run("rerun", COURSE_KEY, "course-v1:edX+DemoX+2030")

        assert "“Any demo” has a rule that names the old run" in out
        assert "course-v1:edX+DemoX+2030, which this LMS does not have" in err
        assert err.endswith("Not every badge could be changed; see above.")

    def test_where_no_badge_asks_for_the_course_it_says_so(self):
        assert run("rerun", COURSE_KEY, SECOND) == (f"No badge asks for {COURSE_KEY}.\n", "")

    @pytest.mark.parametrize(("old", "new"), [("edX+DemoX", SECOND), (COURSE_KEY, "x y"), (COURSE_KEY, COURSE_KEY)])
    def test_what_is_no_course_run_is_said(self, old, new):
        assert run("rerun", old, new)[1]


class TestForScripts:
    """The same as data."""

    def said(self, *arguments):
        out, _err = run(*arguments, "--json")
        return json.loads(out)

    def test_an_export_is_the_same_file(self, badge):
        data = self.said("export")

        assert data["badges"] == [versions.data(badge)]
        assert files.read(json.dumps(data)).badges[0][1] == badge

    def test_what_is_wrong_and_what_changes(self, badge, exported):
        assert self.said("check", str(exported)) == {"ok": True, "remarks": [], "badges": []}

        replace_in(exported, COURSE_KEY, SECOND)
        assert self.said("apply", "--dry-run", str(exported))["badges"] == [
            {
                "organization": str(badge.organization.uuid),
                "template": str(badge.uuid),
                "name": "Python",
                "lines": [f"~ “Pass the course” (pass): where: {COURSE_KEY} → {SECOND}"],
                "version": 2,
                "on_their_way": 0,
            }
        ]

        replace_in(exported, "format: 1", "format: 2")
        assert self.said("diff", str(exported)) == {
            "ok": False,
            "remarks": [{"line": 2, "level": "error", "sentence": "“2” does not belong here. Choose: 1."}],
            "badges": [],
        }

    def test_what_is_carried_over(self, badge):
        data = self.said("rerun", COURSE_KEY, SECOND)

        assert data["ok"]
        assert (data["badges"][0]["refused"], data["badges"][0]["version"]) == ([], 2)
        assert data["badges"][0]["lines"][0].endswith(f"{COURSE_KEY}, {SECOND}")
