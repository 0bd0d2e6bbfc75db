"""What the plugin asks edx-platform: the real queries, on tables like edx-platform's."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from opaque_keys.edx.keys import CourseKey

from credly_badges import lms, progress
from credly_badges.diagnosis import platform
from credly_badges.diagnosis.finding import Level
from credly_badges.events import backfill, intake
from credly_badges.learning_event import LearningEvent
from credly_badges.lms import Name, NoPlatform, name_of
from credly_badges.models import BadgeAward, ReceivedEvent
from credly_badges.testing.factories import RequirementFactory, RuleFactory, TemplateFactory, UserFactory
from credly_badges.testing.lms import StandInLMS

MINIATURE = Path(__file__).parent.parent / "edx_platform"
MINIATURE_APPS = [
    "common.djangoapps.student",
    "openedx.core.djangoapps.user_api",
    "openedx.core.djangoapps.content.course_overviews",
    "openedx.core.djangoapps.course_groups",
    "lms.djangoapps.certificates",
    "lms.djangoapps.grades",
    "lms.djangoapps.teams",
    "completion",
    "edx_name_affirmation",
]
ROOTS = {"common", "completion", "edx_name_affirmation", "lms", "openedx", "xmodule"}
DEMO = CourseKey.from_string("course-v1:edX+DemoX+2026")
OTHER = CourseKey.from_string("course-v1:edX+OtherX+2026")
HOMEWORK, EXAM, PRACTICE = (DEMO.make_usage_key("sequential", name) for name in ("homework", "exam", "practice"))
GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def miniature(django_db_setup, django_db_blocker):
    """The modules and tables of edx-platform that are asked for, as long as the tests of this file run."""
    installed = [*(config.name for config in apps.get_app_configs()), *MINIATURE_APPS]
    sys.path.insert(0, str(MINIATURE))
    with django_db_blocker.unblock(), override_settings(INSTALLED_APPS=installed):
        models = [model for name in MINIATURE_APPS for model in apps.get_app_config(name.split(".")[-1]).get_models()]
        with connection.schema_editor() as editor:
            for model in models:
                editor.create_model(model)
        yield
        with connection.schema_editor() as editor:
            for model in reversed(models):
                editor.delete_model(model)
    sys.path.remove(str(MINIATURE))
    for name in [name for name in sys.modules if name.split(".")[0] in ROOTS]:
        del sys.modules[name]


@pytest.fixture
def edx_platform(miniature, db, settings):
    settings.CREDLY_BADGES_LMS_BACKEND = "credly_badges.lms.EdxPlatform"


def with_profile(name, **user):
    from common.djangoapps.student.models import UserProfile

    learner = UserFactory(**user)
    UserProfile.objects.create(user=learner, name=name)
    return learner


def with_verified_name(learner, name, *, status="approved", chosen=True):
    from edx_name_affirmation.models import VerifiedName, VerifiedNameConfig

    VerifiedName.objects.create(user=learner, verified_name=name, status=status)
    VerifiedNameConfig.objects.create(user=learner, use_verified_name_for_certs=chosen)


@pytest.mark.django_db
def test_a_host_that_is_no_lms_is_told_which_setting_to_give(settings):
    settings.CREDLY_BADGES_LMS_BACKEND = "credly_badges.lms.EdxPlatform"
    user = UserFactory()

    for ask in (
        lambda: lms.learner(user.pk),
        lambda: lms.course_titles([DEMO]),
        lambda: lms.is_course_staff(user, DEMO),
        lambda: lms.may_be_course_staff(user),
        lambda: lms.course_url(DEMO),
        lambda: lms.certificate(user.pk, DEMO),
        lambda: lms.grade(user.pk, DEMO),
        lambda: lms.courses([DEMO]),
        lambda: lms.runs_of("edX"),
        lambda: lms.history("grades", courses=None, after=0, limit=10),
        lambda: lms.history_of("certificates", user.pk),
        lambda: lms.rows_of("enrollments", [user.pk], [str(DEMO)]),
        lambda: lms.subsection_grades([user.pk], [HOMEWORK]),
        lambda: lms.completions([(user.pk, str(DEMO))]),
        lambda: lms.cohorts([user.pk], [str(DEMO)]),
        lambda: lms.teams([user.pk], [str(DEMO)]),
        lambda: lms.user_id_of_anonymous("0a1b", DEMO),
    ):
        with pytest.raises(NoPlatform, match="CREDLY_BADGES_LMS_BACKEND") as caught:
            ask()
        assert isinstance(caught.value, ImproperlyConfigured)


@pytest.mark.django_db
def test_a_host_that_is_no_lms_hears_it_once(settings):
    settings.CREDLY_BADGES_LMS_BACKEND = "credly_badges.lms.EdxPlatform"

    told = platform.answers()

    assert told.sentence.startswith("The LMS does not answer. edx-platform is not here")


def test_edx_platform_gives_profile_name_and_language(edx_platform):
    from openedx.core.djangoapps.user_api.models import UserPreference

    user = with_profile("Ana Ng", username="ana", first_name="", last_name="")
    UserPreference.objects.create(user=user, key="pref-lang", value="es-419")
    UserPreference.objects.create(user=user, key="time_zone", value="Europe/Madrid")

    found = lms.learner(user.pk)

    assert (found.username, found.profile_name, found.verified_name, found.language) == ("ana", "Ana Ng", "", "es-419")


def test_edx_platform_may_have_users_without_a_profile(edx_platform):
    user = UserFactory(first_name="Made", last_name="By Hand")

    assert name_of(lms.learner(user.pk)) == Name("Made", "", "By Hand")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([{"status": "approved", "chosen": True}], "Ana Maria 0"),
        ([{"status": "approved", "chosen": False}], ""),
        ([{"status": "submitted", "chosen": True}], ""),
        ([{"status": "approved", "chosen": True}, {"status": "denied", "chosen": True}], "Ana Maria 0"),
        ([{"status": "approved", "chosen": True}, {"status": "approved", "chosen": True}], "Ana Maria 1"),
        ([{"status": "approved", "chosen": True}, {"status": "approved", "chosen": False}], ""),
    ],
)
def test_the_latest_approved_name_is_used_where_the_learner_last_chose_so(edx_platform, steps, expected):
    user = with_profile("Annie Ng")
    for number, step in enumerate(steps):
        with_verified_name(user, f"Ana Maria {number}", **step)

    assert lms.learner(user.pk).verified_name == expected


def test_as_many_queries_find_one_learner_as_twenty(edx_platform):
    for number in range(20):
        with_verified_name(with_profile("Ana Ng", username=f"ana{number}"), "Ana Maria Ng")

    with CaptureQueriesContext(connection) as one:
        lms.find_learners(["ana0"])
    with CaptureQueriesContext(connection) as twenty:
        found = lms.find_learners([f"ana{number}" for number in range(20)])

    assert all(each.verified_name == "Ana Maria Ng" for each in found.values())
    assert len(one) == len(twenty) == 5


def test_edx_platform_gives_course_titles_in_one_query(edx_platform, django_assert_num_queries):
    from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

    CourseOverview.objects.create(id=DEMO, display_name="Demonstration Course")
    CourseOverview.objects.create(id=OTHER, display_name=None)

    with django_assert_num_queries(1):
        titles = lms.course_titles([DEMO, OTHER, "course-v1:edX+Gone+2020"])

    assert titles == {str(DEMO): "Demonstration Course", str(OTHER): str(OTHER)}


def test_edx_platform_gives_titles_and_course_runs_of_the_programs_in_its_cache(edx_platform):
    courses = [{"course_runs": [{"key": str(DEMO)}, {"key": str(OTHER)}]}]
    cache.set("program-P1", {"uuid": "P1", "title": "Data", "courses": courses})

    runs = lms.runs_of_programs(["P1", "not-in-the-cache"])
    titles = lms.program_titles(["P1", "not-in-the-cache"])

    cache.clear()
    assert runs == {"P1": {str(DEMO), str(OTHER)}}
    assert titles == {"P1": "Data"}


def test_edx_platform_gives_the_public_page_of_a_course(edx_platform, settings, django_assert_num_queries):
    from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

    settings.LMS_ROOT_URL = "https://lms.example.com"
    CourseOverview.objects.create(id=DEMO, display_name="Demonstration Course")

    with django_assert_num_queries(1):
        page = lms.course_url(DEMO)

    assert page == f"https://lms.example.com/courses/{DEMO}/about"
    assert lms.course_url(OTHER) == ""


def test_edx_platform_gives_the_certificate_that_can_be_seen_with_its_host_and_date(edx_platform, settings):
    from lms.djangoapps.certificates.models import GeneratedCertificate

    settings.LMS_ROOT_URL = "https://lms.example.com"
    ana, ben = UserFactory(), UserFactory()
    row = GeneratedCertificate.objects.create(user=ana, course_id=DEMO, status="downloadable", verify_uuid="0a1b")
    GeneratedCertificate.objects.create(user=ana, course_id=OTHER, status="unavailable", verify_uuid="2c3d")
    GeneratedCertificate.objects.create(user=ben, course_id=DEMO, status="downloadable", verify_uuid="")

    found = lms.certificate(ana.pk, str(DEMO))

    assert (found.url, found.issued_at) == ("https://lms.example.com/certificates/0a1b", row.modified_date)
    assert lms.certificate(ana.pk, OTHER) is None
    assert lms.certificate(ben.pk, DEMO) is None  # No page.


def test_edx_platform_gives_the_grade_that_it_keeps_in_percent(edx_platform):
    from lms.djangoapps.grades.models import PersistentCourseGrade

    ana = UserFactory()
    PersistentCourseGrade.objects.create(user_id=ana.pk, course_id=DEMO, percent_grade=0.875)

    assert lms.grade(ana.pk, DEMO) == 87.5
    assert lms.grade(ana.pk, OTHER) is None


def test_edx_platform_decides_who_is_course_staff(edx_platform):
    assert lms.is_course_staff(UserFactory(is_staff=True), DEMO) is True
    assert lms.is_course_staff(UserFactory(), DEMO) is False


def test_edx_platform_tells_in_one_query_who_has_no_role_anywhere(edx_platform, django_assert_num_queries):
    from common.djangoapps.student.models import CourseAccessRole

    learner, of_site, of_course, of_organization = (
        UserFactory(),
        UserFactory(is_staff=True),
        UserFactory(),
        UserFactory(),
    )
    CourseAccessRole.objects.create(user=of_course, org="edX", course_id=DEMO, role="staff")
    CourseAccessRole.objects.create(user=of_organization, org="edX", role="instructor")

    with django_assert_num_queries(1):
        assert lms.may_be_course_staff(learner) is False
    assert all(map(lms.may_be_course_staff, (of_site, of_course, of_organization)))


def graded(user_id, course, share=0.8, letter="Pass", **dates):
    from lms.djangoapps.grades.models import PersistentCourseGrade

    PersistentCourseGrade.objects.create(
        user_id=user_id, course_id=course, percent_grade=share, letter_grade=letter, **dates
    )


def slices(source, courses=None, limit=2):
    """History from its beginning to its end, slice by slice."""
    after = 0
    while found := lms.history(source, courses=courses, after=after, limit=limit):
        yield found
        after = found[-1].user_id


def test_history_tells_of_every_learner_once_in_slices_that_cut_nobody_in_two(edx_platform, django_assert_num_queries):
    for user_id in (5, 3, 9, 4):
        graded(user_id, DEMO)
    graded(3, OTHER)

    with django_assert_num_queries(4):
        found = list(slices("grades"))

    assert [sorted((row.user_id, row.course_key) for row in each) for each in found] == [
        [(3, str(DEMO)), (3, str(OTHER))],
        [(4, str(DEMO)), (5, str(DEMO))],
        [(9, str(DEMO))],
    ]


def test_a_learner_with_more_rows_than_a_slice_comes_whole(edx_platform):
    for number in range(7):
        graded(3, CourseKey.from_string(f"course-v1:edX+C{number}+1"))
    graded(4, DEMO)

    found = list(slices("grades", limit=3))

    assert [[row.user_id for row in each] for each in found] == [[3] * 7, [4]]


def test_history_can_be_of_some_courses_only(edx_platform):
    for user_id in (3, 4, 5):
        graded(user_id, DEMO if user_id != 4 else OTHER)

    assert [row.user_id for each in slices("grades", [str(DEMO)]) for row in each] == [3, 5]
    assert lms.history("grades", courses=[], after=0, limit=10) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("courses", [None, [str(DEMO)], [str(DEMO), str(OTHER)]])
def test_the_stand_in_tells_the_same_history_as_edx_platform(edx_platform, limit, courses):
    stand_in = StandInLMS()
    for user_id, course in ((3, DEMO), (3, OTHER), (4, OTHER), (7, DEMO), (7, OTHER), (8, DEMO)):
        graded(user_id, course, user_id / 10)
        stand_in.add_grade(user_id, course, user_id * 10)
    keys = courses and {CourseKey.from_string(each) for each in courses}

    told = [row for each in slices("grades", courses, limit) for row in each]

    expected = stand_in.history(lms.Source.GRADES, keys, 0, 100)
    assert sorted(row[:3] for row in told) == sorted(row[:3] for row in expected)
    assert [row.user_id for row in told] == sorted(row.user_id for row in expected)


def test_a_grade_is_told_in_percent_as_the_live_event_tells_it(edx_platform):
    graded(3, DEMO, 0.57, "", modified=NOON)
    graded(4, DEMO, 0.875, "A", passed_timestamp=NOON)

    failing, passing = lms.history("grades", courses=None, after=0, limit=10)

    assert (failing.percent, failing.letter, failing.passed_at) == (57, "", None)
    assert (passing.percent, passing.letter, passing.passed_at) == (87.5, "A", NOON)
    assert isinstance(failing.percent, int)


def test_certificates_of_every_status_are_history(edx_platform):
    from lms.djangoapps.certificates.models import GeneratedCertificate

    ana = UserFactory()
    for course, status in ((DEMO, "downloadable"), (OTHER, "audit_notpassing")):
        GeneratedCertificate.objects.create(user=ana, course_id=course, status=status, mode="verified", grade="0.91")

    found = lms.history("certificates", courses=None, after=0, limit=10)

    assert {(row.course_key, row.status, row.mode, row.percent) for row in found} == {
        (str(DEMO), "downloadable", "verified", "0.91"),
        (str(OTHER), "audit_notpassing", "verified", "0.91"),
    }
    assert all(row.created <= row.modified for row in found)


def enrolled(user, course, mode="audit", created=NOON):
    from common.djangoapps.student.models import CourseEnrollment

    row = CourseEnrollment.objects.create(user=user, course_id=course, mode=mode)
    CourseEnrollment.objects.filter(pk=row.pk).update(created=created)


def test_enrollments_are_history_from_the_day_on_that_they_have_a_date(edx_platform):
    ana, ben = UserFactory(), UserFactory()
    enrolled(ana, DEMO, "verified")
    enrolled(ben, DEMO, created=None)

    assert lms.history("enrollments", courses=[str(DEMO)], after=0, limit=10) == [
        lms.EnrollmentRow(ana.pk, str(DEMO), "verified", True, NOON)
    ]


def test_all_of_one_learner_can_be_asked_for(edx_platform):
    graded(3, DEMO)
    graded(3, OTHER)
    graded(4, DEMO)

    assert {row.course_key for row in lms.history_of("grades", 3)} == {str(DEMO), str(OTHER)}
    assert lms.history_of("grades", 17) == []


@pytest.mark.parametrize("source", ["grades", "certificates", "enrollments"])
def test_no_slice_of_history_makes_the_database_sort(edx_platform, source):
    if connection.vendor != "sqlite":
        pytest.skip("Reads the plan as SQLite writes it.")
    with CaptureQueriesContext(connection) as asked:
        lms.history(source, courses=None, after=1000, limit=500)

    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + asked[0]["sql"])
        plan = " / ".join(str(row[-1]) for row in cursor.fetchall())

    assert "USING INDEX" in plan
    assert "user_id>?" in plan
    assert "B-TREE" not in plan


def a_course(key, **columns):
    from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

    CourseOverview.objects.create(id=key, org=key.org, **columns)


def test_edx_platform_gives_the_dates_of_courses_in_one_query(edx_platform, django_assert_num_queries):
    a_course(DEMO, display_name="Demonstration Course", start=NOON, end=NOON + timedelta(days=60))
    a_course(OTHER)

    with django_assert_num_queries(1):
        found = lms.courses([DEMO, str(OTHER), "course-v1:edX+Gone+2020"])

    assert found == {
        str(DEMO): lms.Course(str(DEMO), "Demonstration Course", "edX", NOON, NOON + timedelta(days=60)),
        str(OTHER): lms.Course(str(OTHER), str(OTHER), "edX"),
    }


def test_edx_platform_tells_which_course_runs_a_place_stands_for(edx_platform):
    keys = [
        "course-v1:MITx+DemoX+1",
        "course-v1:edX+DemoX+2025",
        "course-v1:edX+DemoX+2026",
        "course-v1:edX+OtherX+2026",
    ]
    for key in keys:
        a_course(CourseKey.from_string(key))

    assert lms.runs_of("edX+DemoX") == keys[1:3]
    assert lms.runs_of("edX") == keys[1:]
    assert lms.runs_of("") == keys
    assert lms.runs_of("course-v1:edX+Gone+2020") == ["course-v1:edX+Gone+2020"]
    assert lms.runs_of("edx") == lms.runs_of("NobodyX") == lms.runs_of("edX+Gone") == []


@pytest.mark.parametrize(
    ("points", "instead", "expected"),
    [
        # Earned and possible of what counts towards the course grade, and of everything.
        ((8, 10, 9, 12), {}, 80),
        ((0, 0, 2, 3), {}, 66.67),
        ((0, 0, 0, 0), {}, None),
        ((0, 10, 0, 10), {}, 0),
        ((2, 10, 2, 10), {"earned_graded_override": 9}, 90),
        ((2, 10, 2, 10), {"earned_graded_override": 0, "possible_graded_override": 5}, 0),
        ((0, 0, 1, 4), {"earned_all_override": 3}, 75),
    ],
)
def test_a_subsection_grade_is_of_what_counts_and_as_staff_changed_it(edx_platform, points, instead, expected):
    from lms.djangoapps.grades.models import PersistentSubsectionGrade, PersistentSubsectionGradeOverride

    columns = dict(zip(("earned_graded", "possible_graded", "earned_all", "possible_all"), points, strict=True))
    kept = PersistentSubsectionGrade.objects.create(user_id=3, course_id=DEMO, usage_key=HOMEWORK, **columns)
    if instead:
        PersistentSubsectionGradeOverride.objects.create(grade=kept, **instead)

    assert lms.subsection_grades([3, 4], [HOMEWORK, EXAM]) == (
        {} if expected is None else {(3, str(HOMEWORK)): expected}
    )


def completed(user, course, count):
    from completion.models import BlockCompletion

    for number in range(count):
        block = course.make_usage_key("vertical", f"unit{number}")
        BlockCompletion.objects.create(
            user=user, context_key=course, block_key=block, block_type="vertical", completion=1
        )


def test_completion_is_reckoned_for_those_who_have_begun_and_for_nobody_else(edx_platform):
    ana, ben, cleo = UserFactory(), UserFactory(), UserFactory()
    a_course(DEMO)
    completed(ana, DEMO, 7)
    completed(cleo, OTHER, 2)

    with CaptureQueriesContext(connection) as asked:
        found = lms.completions([(ana.pk, str(DEMO)), (ben.pk, str(DEMO)), (cleo.pk, str(OTHER)), (cleo.pk, str(DEMO))])

    assert found == {(ana.pk, str(DEMO)): 70, (ben.pk, str(DEMO)): 0, (cleo.pk, str(DEMO)): 0}  # The other is gone.
    assert len([each for each in asked if "completion" in each["sql"]]) == 2  # Ours, and that of Ana's summary.


def test_edx_platform_tells_the_cohort_and_the_teams_of_learners_in_one_query_each(
    edx_platform, django_assert_num_queries
):
    from lms.djangoapps.teams.models import CourseTeam, CourseTeamMembership
    from openedx.core.djangoapps.course_groups.models import CohortMembership, CourseUserGroup

    ana, ben = UserFactory(), UserFactory()
    evening = CourseUserGroup.objects.create(name="Evening", course_id=DEMO)
    CohortMembership.objects.create(course_user_group=evening, user=ana, course_id=DEMO)
    for name in ("Blue", "Red"):
        team = CourseTeam.objects.create(team_id=name, name=name, course_id=DEMO)
        CourseTeamMembership.objects.create(user=ben, team=team)

    with django_assert_num_queries(2):
        cohorts = lms.cohorts([ana.pk, ben.pk], [str(DEMO), str(OTHER)])
        teams = lms.teams([ana.pk, ben.pk], [str(DEMO), str(OTHER)])

    assert cohorts == {(ana.pk, str(DEMO)): "Evening"}
    assert teams == {(ben.pk, str(DEMO)): ["Blue", "Red"]}


def test_edx_platform_tells_whom_an_anonymous_id_means(edx_platform):
    from common.djangoapps.student.models import AnonymousUserId

    ana = UserFactory()
    AnonymousUserId.objects.create(user=ana, anonymous_user_id="of-the-course", course_id=DEMO)
    AnonymousUserId.objects.create(user=ana, anonymous_user_id="of-any-course")

    assert lms.user_id_of_anonymous("of-the-course", DEMO) == ana.pk
    assert lms.user_id_of_anonymous("of-the-course", "") == ana.pk
    assert lms.user_id_of_anonymous("of-the-course", OTHER) is None
    assert lms.user_id_of_anonymous("of-any-course", OTHER) == ana.pk
    assert lms.user_id_of_anonymous("nobody", DEMO) is None
    assert lms.user_id_of_anonymous("", DEMO) is None


def test_edx_platform_tells_the_address_that_a_retired_learner_had(edx_platform):
    from openedx.core.djangoapps.user_api.models import UserRetirementStatus

    ana, bob = UserFactory(email="retired__user_1@retired.invalid"), UserFactory(email="bob@example.org")
    UserRetirementStatus.objects.create(user=ana, original_email="ana@example.org")

    assert lms.addresses_of(ana.pk) == {"retired__user_1@retired.invalid", "ana@example.org"}
    assert lms.addresses_of(bob.pk) == {"bob@example.org"}
    assert lms.addresses_of(0) == set()


def test_an_lms_that_answers_everything_is_said_to(edx_platform, settings):
    settings.LMS_ROOT_URL = "https://lms.example.com"

    assert lms.unanswered() == {}
    assert platform.answers().level is Level.OK


def test_what_an_upgrade_of_the_lms_moved_or_renamed_is_told(edx_platform, settings, monkeypatch):
    from lms.djangoapps.grades import models

    settings.LMS_ROOT_URL = "https://lms.example.com"
    monkeypatch.setitem(sys.modules, "lms.djangoapps.teams.models", None)
    monkeypatch.setattr(models, "PersistentCourseGrade", models.PersistentSubsectionGrade)  # Without its columns.

    failed = lms.unanswered()
    told = platform.answers()

    assert set(failed) == {"grade", "history", "rows_of", "teams"}
    assert (told.id, told.level) == ("lms_unanswered", Level.BAD)
    assert "The LMS does not answer: grade, history, rows_of, teams." in told.sentence
    assert "which release of the LMS" in told.advice


def a_badge_for_verified_learners(percent):
    """For a grade in the course; the LMS is asked for the enrollment track beside."""
    badge = TemplateFactory(active=True)
    asked = RequirementFactory(group__template=badge, event_type=GRADE, scope=str(DEMO))
    RuleFactory(requirement=asked, path="grade.percent", field_type="number", operator="gte", value=str(percent))
    RuleFactory(requirement=asked, path="state.enrollment.mode", field_type="text", operator="eq", value="verified")
    return badge


def test_badges_are_awarded_for_what_the_tables_of_edx_platform_tell(edx_platform):
    from lms.djangoapps.grades.models import PersistentCourseGrade

    good, audit, weak, elsewhere = (UserFactory() for _number in range(4))
    for user, course, share in ((good, DEMO, 0.57), (audit, DEMO, 0.9), (weak, DEMO, 0.5699), (elsewhere, OTHER, 0.9)):
        graded(user.pk, course, share)
        enrolled(user, course, "audit" if user is audit else "verified")
    PersistentCourseGrade.objects.update(modified=NOON)
    badge = a_badge_for_verified_learners(57)

    run = backfill.go_on(backfill.begin(badge, wake=False))

    (award,) = BadgeAward.objects.all()
    assert (award.learner, award.earned_at) == (good, NOON)
    assert (run.state, run.counts["rows"]) == ("done", 3)


@pytest.mark.parametrize("requirements", [1, 40])
def test_a_live_event_costs_one_question_however_many_requirements_look_beyond_it(edx_platform, requirements):
    ana = UserFactory()
    enrolled(ana, DEMO, "verified")
    badges = [a_badge_for_verified_learners(57) for _number in range(requirements)]
    attributes = {"grade": {"percent": 57, "letter_grade": "Pass"}}
    intake.receive(LearningEvent(ana.pk, GRADE, str(DEMO), NOON, attributes, (str(DEMO), "edX+DemoX", "edX", "")))

    with CaptureQueriesContext(connection) as asked:
        progress.record(ReceivedEvent.objects.get().pk)

    assert BadgeAward.objects.filter(learner=ana).count() == len(badges)
    assert len([each for each in asked if "student_courseenrollment" in each["sql"]]) == 1
