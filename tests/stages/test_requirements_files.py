"""Requirements as files: what is written is read as the same, on this site and on another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import takewhile
from pathlib import Path
from textwrap import dedent
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from credly_badges import lms, requirements, versions
from credly_badges.models import AuditEntry, BadgeRequirement, RequirementsVersion
from credly_badges.requirements import files, form, yaml_text
from credly_badges.requirements.schema import schema
from credly_badges.requirements.specs import content
from credly_badges.testing.factories import (
    COURSE_KEY,
    PASSING_STATUS,
    OrganizationFactory,
    ProgressFactory,
    TemplateFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
PROGRAM_AWARDED = "org.openedx.learning.program.certificate.awarded.v1"
BADGE_AWARDED = "org.openedx.learning.badge.awarded.v1"
PROGRAM = "1f301a72-f344-4a31-9e9a-e0b04d8d86b2"
SECOND = "course-v1:edX+Second+2026"
MANY = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def _courses():
    for key in (COURSE_KEY, SECOND):
        lms.backend().add_course(key, "A course")
    yield
    lms.backend().clear()


def of(*badges):
    """A file with what these badges ask for."""
    return files.read(files.export(badges))


def for_another(text, badge, other):
    """The file of one badge, with another in its place."""
    return text.replace(str(badge.uuid), str(other.uuid)).replace(
        str(badge.organization.uuid), str(other.organization.uuid)
    )


def save(badge, *groups):
    requirements.save(badge, groups, by=None, seen=requirements.fingerprint(requirements.stored(badge)))
    badge.refresh_from_db()


def a_group(*specs, **fields):
    return requirements.GroupSpec(**{"name": "", "needs": "all", "at_least": 1, "requirements": specs, **fields})


def passing(scope=COURSE_KEY, **fields):
    return requirements.RequirementSpec(
        PASSING_STATUS, scope, "Pass", (requirements.RuleSpec("is_passing", "eq", "yes"),), **fields
    )


# What people can set. Text is any that a form takes: without what cannot be seen.
words = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=30).map(str.strip)
small = st.integers(1, 500)
rules = {
    PASSING_STATUS: [
        requirements.RuleSpec("is_passing", "eq", "yes"),
        requirements.RuleSpec("course.course_key", "in", f"{COURSE_KEY}, {SECOND}"),
        requirements.RuleSpec("occurred_at", "after", "2026-06-30"),
    ],
    GRADE: [
        requirements.RuleSpec("grade.percent", "gte", "85"),
        requirements.RuleSpec("grade.percent", "between", "70, 90.5"),
        requirements.RuleSpec("grade.letter_grade", "in", '"A, or so", B'),
        requirements.RuleSpec("grade.passed_timestamp", "exists", ""),
        requirements.RuleSpec("state.enrollment.mode", "eq", "null"),
        requirements.RuleSpec(
            "state.subsection.percent", "gt", "0", about="block-v1:edX+DemoX+2026+type@sequential+block@exam"
        ),
    ],
    PROGRAM_AWARDED: [requirements.RuleSpec("program.program_type", "ne", "~")],
}
places = {
    PASSING_STATUS: [COURSE_KEY, SECOND, "edX+DemoX", "edX", PROGRAM],
    GRADE: ["course-v1:Öst+Übung+2026", "12", "true", "null"],
    PROGRAM_AWARDED: [PROGRAM],
}


@st.composite
def requirement_specs(draw, undoes=()):
    event = draw(st.sampled_from(list(rules)))
    return requirements.RequirementSpec(
        event_type=event,
        scope="\n".join(draw(st.lists(st.sampled_from(places[event]), unique=True, max_size=4))),
        description=draw(words),
        rules=tuple(draw(st.lists(st.sampled_from(rules[event]), max_size=3))),
        key=draw(st.from_regex(requirements.KEY, fullmatch=True)),
        times=draw(st.none() | small),
        distinct=draw(st.sampled_from(["course", "subject"])),
        weight=draw(small),
        undoes=tuple(draw(st.lists(st.sampled_from(undoes), unique=True))) if undoes else (),
        same_course=draw(st.booleans()),
    )


@st.composite
def group_specs(draw, needs=("all", "any", "at_least"), undoes=(), earlier=()):
    within = draw(st.booleans())
    return requirements.GroupSpec(
        name=draw(words),
        needs=draw(st.sampled_from(needs)),
        at_least=draw(small),
        requirements=tuple(draw(st.lists(requirement_specs(undoes), max_size=3))),
        key=draw(st.from_regex(requirements.KEY, fullmatch=True)),
        after=draw(st.sampled_from(["", *earlier])),
        opens_on=draw(st.none() | st.dates()),
        closes_on=draw(st.none() | st.dates(date(1000, 1, 1))),
        time_zone=draw(st.sampled_from(["", "Europe/Berlin", "Asia/Kolkata"])),
        within_days=draw(small) if within else None,
        within_of=draw(st.sampled_from(["enrollment", "group"])) if within else "",
        before_course_end=draw(st.booleans()),
    )


@st.composite
def badges(draw):
    groups = []
    for _number in range(draw(st.integers(0, 3))):
        groups.append(draw(group_specs(earlier=tuple(each.key for each in groups))))
    keys = tuple(each.key for group in groups for each in group.requirements)
    if keys and draw(st.booleans()):
        groups.append(draw(group_specs(needs=("undo",), undoes=keys)))
    return tuple(groups) if _are_unique(groups) else ()


def _are_unique(groups):
    of_groups = [group.key for group in groups]
    of_requirements = [each.key for group in groups for each in group.requirements]
    return len(set(of_groups)) == len(of_groups) and len(set(of_requirements)) == len(of_requirements)


class TestRoundTrip:
    """Nothing is lost on the way, and nothing comes to it."""

    @MANY
    @given(groups=badges())
    def test_what_is_written_is_read_as_the_same_and_applied_to_another_badge(self, groups):
        draft, elsewhere = TemplateFactory(), TemplateFactory()
        save(draft, *groups)
        assert content(requirements.stored(draft)) == groups

        text = files.export([draft])
        copied = files.read(for_another(text, draft, elsewhere))
        files.apply(copied, by=None)

        assert content(requirements.stored(elsewhere)) == groups
        assert files.export([elsewhere]).splitlines()[5:] == for_another(text, draft, elsewhere).splitlines()[5:]
        assert files.apply(copied, by=None) == []

    @MANY
    @given(groups=badges())
    def test_what_is_written_fits_the_schema(self, groups):
        draft = TemplateFactory()
        save(draft, *groups)

        Draft202012Validator(schema()).validate(yaml_text.read(files.export([draft])).data)

    @given(
        data=st.recursive(
            st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_any_text_is_read_as_it_was_written(self, data):
        assert yaml_text.read(yaml_text.write(data)).data == data


def test_the_schema_is_one():
    Draft202012Validator.check_schema(schema())


def test_every_field_of_the_schema_is_written_and_read():
    fields = {name: set(schema()["$defs"][name]["properties"]) for name in ("group", "requirement", "rule")}

    assert fields == {
        "group": {*versions.GROUP_FIELDS, "after", "requirements"},
        "requirement": {*versions.REQUIREMENT_FIELDS, "places", "rules"},
        "rule": {*versions.RULE_FIELDS},
    }


def test_the_example_of_the_how_to_is_one():
    how_to = Path(__file__).parents[2] / "docs" / "how_tos" / "requirements_as_files.rst"
    _before, _marker, rest = how_to.read_text(encoding="utf-8").partition(".. code-block:: yaml\n")
    example = dedent("\n".join(takewhile(lambda line: not line or line.startswith(" "), rest.splitlines())))

    (wanted,), mistakes = form.read(yaml_text.read(example).data)

    assert mistakes == []
    assert wanted.groups[0].closes_on == date(2027, 6, 30)
    assert wanted.groups[0].requirements[0].rules[0].value == "85"


def test_a_file_of_several_badges_has_their_names_for_people_only():
    first = a_badge_for_passing(name="Python", organization__name="Example\nUniversity")
    second = TemplateFactory(name="Nothing yet", organization=first.organization)

    text = files.export([first, second])

    assert "# Python (Example University)" in text
    assert [template for _wanted, template in files.read(text).badges] == [first, second]
    assert "Python" not in str(yaml_text.read(text).data)


class TestWhatPeopleType:
    """A file is written by hand, and forgiven what cannot be mistaken."""

    def read(self, badge, requirement):
        text = "\n".join(
            [
                "format: 1  # the only one",
                "badges:",
                f"- organization: {badge.organization.uuid}",
                f"  template: {str(badge.uuid).upper()}",
                "  groups:",
                "  - requirements:",
                *(f"    {line}" for line in requirement),
            ]
        )
        return files.read(text)

    def test_values_need_no_quotation_marks_and_keys_are_chosen(self):
        badge = TemplateFactory()

        file = self.read(
            badge,
            [
                f"- event: {GRADE}",
                "  rules:",
                "  - {field: grade.percent, operator: gte, value: 85}",
                "  - {field: grade.passed_timestamp, operator: before, value: 2026-06-30}",
                f"- event: {PASSING_STATUS}",
                "  rules: [{field: is_passing, operator: eq, value: true}]",
            ],
        )
        assert len(files.apply(file, by=None)) == 1

        (group,) = requirements.stored(badge)
        assert [rule.value for each in group.requirements for rule in each.rules] == ["85", "2026-06-30", "yes"]
        assert all(each.key for each in (group, *group.requirements))

    @pytest.mark.parametrize(
        ("lines", "line", "sentence"),
        [
            (["- evnt: x"], 7, "There is no field “evnt” here. Known are: key, event,"),
            (["- description: x"], 7, "“event” is missing here."),
            (["- event: is.passing"], 7, "This version knows no event “is.passing”."),
            ([f"- event: {GRADE[:-1]}2"], 7, f"Do you mean {GRADE}?"),
            ([f"- event: {GRADE}", "  times: often"], 8, "Use a number from 1 to 32767, or “every”."),
            ([f"- event: {GRADE}", "  times: 0"], 8, "Use a number from 1 to 32767, or “every”."),
            ([f"- event: {GRADE}", "  weight: 0"], 8, "0 does not belong here. Use a number from 1 to 32767."),
            ([f"- event: {GRADE}", "  distinct: run"], 8, "“run” does not belong here. Choose: course, subject."),
            ([f"- event: {GRADE}", "  same_course: yes"], 8, "“true” or “false” belongs here, and not “yes”."),
            ([f"- event: {GRADE}", "  weight: two"], 8, "A whole number belongs here, and not “two”."),
            ([f"- event: {GRADE}", "  description: 5"], 8, "A text belongs here, and not “5”."),
            ([f"- event: {GRADE}", f"  description: {'x' * 256}"], 8, "This is longer than 255 characters."),
            (
                [f"- event: {GRADE}", '  description: "a\\nb"'],
                8,
                "a line break or a character here that cannot be seen",
            ),
            ([f"- event: {GRADE}", "  places: edX"], 8, "A list belongs here, and not “edX”."),
            ([f"- event: {GRADE}", "  places: []"], 8, "Nothing is here."),
            ([f"- event: {GRADE}", "  places: [edX, edX]"], 8, "Something is in this list twice."),
            ([f"- event: {GRADE}", "  key: two words"], 8, "“two words” is no key."),
            ([f"- event: {GRADE}", '  key: "new\\n"'], 3, "is no key"),
            (
                [f"- event: {GRADE}", "  places:", "  - edX", "  - course-v1:edX"],
                10,
                "“course-v1:edX” is not a course.",
            ),
            ([f"- event: {GRADE}", "  places:", "  - library-v1:edX+Lib"], 9, "This is a content library"),
            ([f"- event: {PROGRAM_AWARDED}", "  places: [edX]"], 8, "“edX” is not a program ID."),
            ([f"- event: {BADGE_AWARDED}", f"  places: [{PROGRAM}]"], 8, "is not the ID of a badge template here"),
            (
                [f"- event: {GRADE}", "  rules:", "  - field: grade.prcent", "    operator: gte"],
                9,
                "This event has no field “grade.prcent”. Do you mean grade.percent?",
            ),
            (
                [f"- event: {PROGRAM_AWARDED}", "  rules:", "  - field: state.grade.percent", "    operator: gte"],
                9,
                "This event has no field “state.grade.percent”.",
            ),
            (
                [f"- event: {GRADE}", "  rules:", "  - field: grade.percent", "    operator: is"],
                10,
                "“is” does not belong here. Choose: eq, ne, lt,",
            ),
            (
                [f"- event: {GRADE}", "  rules:", "  - field: grade.percent", "    operator: gte", "    value: much"],
                11,
                "much",
            ),
            (
                [
                    f"- event: {GRADE}",
                    "  rules:",
                    "  - {field: state.subsection.percent, operator: gte, value: 5, about: exam}",
                ],
                9,
                "“exam” is no subsection.",
            ),
            (["- event: x", "  event: y"], 8, "“event” is given a second time."),
            (["- &a {event: x}", "- *a"], 8, "“*a” repeats another part of the file."),
            (["- {event: [x}"], 7, "This is no YAML"),
        ],
    )
    def test_a_mistake_is_told_with_its_line_and_what_to_do(self, lines, line, sentence):
        with pytest.raises(files.Faulty) as fault:
            self.read(TemplateFactory(), lines)

        remark = fault.value.remarks[0]
        assert sentence in remark.sentence
        assert remark.line == line

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ("opens_on: 2026-02-30", "There is no day “2026-02-30” in the calendar."),
            ('name: "a\\0b"', "There is a line break or a character here that cannot be seen."),
            ("opens_on: tomorrow", "“tomorrow” is no day. Write it like 2026-06-30."),
            ("time_zone: Europe/Atlantis", "“Europe/Atlantis” is no time zone."),
            ("time_zone: Europe", "“Europe” is no time zone."),
            ("time_zone: ../../etc/passwd", "is no time zone."),
            ("within_days: 30", "“within_days” and “within_of” belong together."),
            ("after: nothing", "comes after “nothing”, and there is no such group."),
        ],
    )
    def test_a_group_has_mistakes_too(self, fields, sentence):
        badge = TemplateFactory()

        with pytest.raises(files.Faulty) as fault:
            files.read(
                f"format: 1\nbadges:\n- organization: {badge.organization.uuid}\n  template: {badge.uuid}\n"
                f"  groups:\n  - requirements: []\n    {fields}"
            )

        assert sentence in fault.value.remarks[0].sentence

    @pytest.mark.parametrize("text", ["", "# nothing", "5", "[]", "format: 2\nbadges: []", "\x00", "[" * 5000])
    def test_what_is_no_such_file_at_all_is_told(self, text):
        with pytest.raises(files.Faulty) as fault:
            files.read(text)

        assert fault.value.remarks[0].sentence


class TestApply:
    """All that a file says, or nothing."""

    def test_a_second_time_it_changes_nothing(self):
        badge = a_badge_for_passing(status="draft")
        file = files.read(files.export([badge]).replace(COURSE_KEY, SECOND))

        (change,) = files.apply(file, by=None)
        entries = AuditEntry.objects.count()

        assert change.version == 0
        assert files.apply(file, by=None) == files.diff(file) == []
        assert AuditEntry.objects.count() == entries
        assert BadgeRequirement.objects.get().scope == SECOND

    def test_of_a_badge_that_learners_earn_it_makes_a_version_with_the_same_keys(self):
        badge = a_badge_for_passing()
        key = BadgeRequirement.objects.get().key
        ProgressFactory(template=badge)
        ProgressFactory(template=badge, completed_at="2026-05-01T12:00:00Z")
        file = files.read(files.export([badge]).replace(COURSE_KEY, SECOND))

        (seen,) = files.diff(file)
        (change,) = files.apply(file, by=None)

        assert (change.version, change.on_their_way) == (2, 1)
        assert seen == change
        badge.refresh_from_db()
        assert badge.version == 2
        assert requirements.stored(badge)[0].requirements[0].key == key
        assert RequirementsVersion.objects.count() == 2

    def test_a_dry_run_tells_the_same_and_changes_nothing(self):
        badge = a_badge_for_passing()
        before = requirements.stored(badge)
        file = files.read(files.export([badge]).replace(COURSE_KEY, SECOND))

        (change,) = files.apply(file, by=None, dry_run=True)

        assert change.lines == (
            f"~ “Pass the course” ({before[0].requirements[0].key}): where: {COURSE_KEY} → {SECOND}",
        )
        assert requirements.stored(badge) == before
        assert not RequirementsVersion.objects.exists()

    def test_of_two_badges_one_of_which_cannot_be_saved_neither_is(self):
        good, bad = a_badge_for_passing(), a_badge_for_passing()
        text = files.export([good, bad]).replace(COURSE_KEY, SECOND)
        file = files.read(
            text[: text.rindex(SECOND)] + "course-v1:edX+Tomorrow+2027" + text[text.rindex(SECOND) + len(SECOND) :]
        )

        with pytest.raises(files.Faulty) as fault:
            files.apply(file, by=None)

        (remark,) = fault.value.remarks
        assert "course-v1:edX+Tomorrow+2027" in remark.sentence
        assert remark.sentence.endswith("(If it is meant: --despite course_unknown.)")
        assert "requirements:" in text.splitlines()[remark.line - 2]
        assert requirements.stored(good)[0].requirements[0].scope == COURSE_KEY
        assert len(files.apply(file, by=None, despite=["course_unknown"])) == 2

    def test_a_badge_that_is_not_here_is_named(self):
        badge = a_badge_for_passing()
        elsewhere = str(uuid4())
        text = files.export([badge]).replace(str(badge.uuid), elsewhere)

        with pytest.raises(files.Faulty) as fault:
            files.read(text)

        assert fault.value.remarks[0].sentence.startswith(f"There is no badge template {elsewhere} of the organization")

    def test_a_template_of_another_organization_is_not_meant(self):
        badge = a_badge_for_passing()
        twin = TemplateFactory(uuid=badge.uuid, organization=OrganizationFactory())

        ((_wanted, found),) = of(twin).badges

        assert found == twin

    def test_one_badge_twice_is_refused(self):
        badge = TemplateFactory()

        with pytest.raises(files.Faulty, match="a second time"):
            of(badge, badge)

    def test_badges_may_change_places_in_one_file(self):
        first = TemplateFactory()
        second = TemplateFactory(organization=first.organization)
        takes = requirements.RequirementSpec(BADGE_AWARDED, str(first.uuid), "")
        save(second, a_group(replace(takes)))
        save(first, a_group(passing()))
        text = files.export([first, second])

        swapped = (
            text.replace(str(first.uuid), "first")
            .replace(str(second.uuid), str(first.uuid))
            .replace("first", str(second.uuid))
        )

        assert len(files.apply(files.read(swapped), by=None)) == 2
        assert requirements.stored(first)[0].requirements[0].scope == str(second.uuid)

    def test_a_circle_within_a_file_is_refused(self):
        first, second = TemplateFactory(name="First"), TemplateFactory(name="Second")
        save(second, a_group(requirements.RequirementSpec(BADGE_AWARDED, str(first.uuid), "")))
        entries = [versions.data(first), versions.data(second)]
        entries[0]["groups"] = [{"requirements": [{"event": BADGE_AWARDED, "places": [str(second.uuid)]}]}]

        with pytest.raises(files.Faulty, match="“First” takes “Second”, which takes “First” again"):
            files.apply(files.read(yaml_text.write(form.document(entries))), by=None)

        assert not first.groups.exists()


class TestCheck:
    """What would be wrong, were it applied."""

    def test_what_the_lint_finds_stands_at_its_line_and_nothing_is_written(self):
        badge = a_badge_for_passing()
        text = files.export([badge]).replace(COURSE_KEY, "course-v1:edX+Typo+2026")
        before = requirements.stored(badge)

        (remark,) = files.check(files.read(text))

        assert "course-v1:edX+Typo+2026" in remark.sentence
        assert text.splitlines()[remark.line - 1].strip().startswith("- key:")
        assert requirements.stored(badge) == before

    def test_what_is_meant_is_told_and_stands_in_nobodys_way(self):
        badge = a_badge_for_passing(status="draft")
        file = files.read(files.export([badge]).replace(COURSE_KEY, "course-v1:edX+Tomorrow+2027"))

        ((error,), (hint,)) = files.check(file), files.check(file, despite=["course_unknown"])

        assert (error.is_error, hint.is_error) == (True, False)
        assert error.sentence == f"{hint.sentence} (If it is meant: --despite course_unknown.)"

    def test_what_else_is_wrong_with_a_badge_is_not_the_fault_of_the_file(self):
        badge = a_badge_for_passing(credly_state="archived")

        assert files.check(of(badge)) == []


class TestDifferences:
    """In lines that a reviewer reads."""

    def lines(self, before, *after):
        badge = TemplateFactory()
        save(badge, *before)
        (change,) = files.diff(of_groups(badge, after))
        return list(change.lines)

    def test_each_change_has_a_line(self):
        basics = a_group(passing(key="pass"), passing(SECOND, key="second"), key="basics", name="Basics")
        gone = a_group(passing(key="gone"), key="gone", name="Gone")
        harder = requirements.RuleSpec("course.course_key", "eq", COURSE_KEY)
        changed = replace(
            basics,
            needs="at_least",
            at_least=2,
            closes_on=date(2027, 6, 30),
            requirements=(
                replace(basics.requirements[1], times=None, description="Pass both"),
                replace(basics.requirements[0], rules=(harder,)),
            ),
        )
        new = a_group(requirements.RequirementSpec(GRADE, "", "Do well", key="well", weight=2), key="new", needs="any")

        assert self.lines([basics, gone], new, changed) == [
            "- the group “Gone” (gone)",
            "+ the group new: any one of them",
            "~ “Basics” (basics): how many are needed: all → at_least",
            "~ “Basics” (basics): number needed: 1 → 2",
            "~ “Basics” (basics): until: nothing → 2027-06-30",
            "- “Pass” (gone)",
            f"+ “Do well” (well) in the group new: {GRADE}, anywhere",
            "~ “Do well” (well): points: 1 → 2",
            "~ “Pass both” (second): description: Pass → Pass both",
            "~ “Pass both” (second): how often: 1 → every one of them",
            "- “Pass” (pass): is_passing eq yes",
            f"+ “Pass” (pass): course.course_key eq {COURSE_KEY}",
            "~ the order of the group “Basics” (basics): “Pass both” (second), “Pass” (pass)",
        ]

    def test_what_only_moves_is_told_as_that(self):
        one, two = a_group(passing(key="pass"), key="one"), a_group(passing(SECOND, key="other"), key="two")

        lines = self.lines(
            [one, two], replace(two, requirements=(*two.requirements, *one.requirements)), replace(one, requirements=())
        )

        assert lines == ["~ the order of the groups: two, one", "~ “Pass” (pass) moves from the group one to two"]


def of_groups(badge, groups):
    """A file that wants a badge to ask for these."""
    draft = TemplateFactory()
    save(draft, *groups)
    return files.read(for_another(files.export([draft]), draft, badge))
