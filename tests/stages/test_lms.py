"""What the plugin asks the LMS, and how a learner's name gets onto a badge."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from credly_badges import lms
from credly_badges.lms import NO_LAST_NAME, Learner, Name, NoName, NoPlatform, name_of
from credly_badges.testing.factories import UserFactory
from credly_badges.testing.lms import StandInLMS

MINIATURE = Path(__file__).parent.parent / "edx_platform"
MINIATURE_APPS = [
    "common.djangoapps.student",
    "openedx.core.djangoapps.user_api",
    "openedx.core.djangoapps.content.course_overviews",
    "lms.djangoapps.certificates",
    "lms.djangoapps.grades",
    "edx_name_affirmation",
]
ROOTS = {"common", "edx_name_affirmation", "lms", "openedx"}
DEMO = CourseKey.from_string("course-v1:edX+DemoX+2026")
OTHER = CourseKey.from_string("course-v1:edX+OtherX+2026")


def a_learner(profile_name="", verified_name="", first_name="", last_name="", username="ana_ng"):
    return Learner(
        id=17,
        username=username,
        email="ana.ng@example.com",
        profile_name=profile_name,
        verified_name=verified_name,
        is_active=True,
        language="",
        first_name=first_name,
        last_name=last_name,
    )


@pytest.fixture
def stand_in():
    lms.backend().clear()
    yield lms.backend()
    lms.backend().clear()


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


@pytest.mark.parametrize(
    ("whole", "first", "last"),
    [
        ("Ana Ng", "Ana", "Ng"),
        ("Ana María López", "Ana María", "López"),
        ("  Ana \t Ng \n", "Ana", "Ng"),
        ("Ana\u00a0Ng", "Ana", "Ng"),
        ("Ana\u2028Ng", "Ana", "Ng"),
        ("A\u0301na\x00 \u202eNg\ufeff", "Ána", "Ng"),
        ("نیلوفر می\u200cخواهم", "نیلوفر", "می\u200cخواهم"),
        ("Ng, Ana", "Ana", "Ng"),
        ("de la Cruz,Ana María", "Ana María", "de la Cruz"),
        ("Smith, John, Jr.", "John", "Smith, Jr."),
        ("Smith, John, of York", "John of York", "Smith"),
        ("Smith, Jr.", "Smith", "Jr."),
        ("John Smith, Jr.", "John", "Smith, Jr."),
        ("Ana Ng, Ph.D., MBA", "Ana", "Ng, Ph.D., MBA"),
        ("Ana Ng,", "Ana", "Ng"),
        (", Ana Ng", "Ana", "Ng"),
        ("Ng, , Ana", "Ana", "Ng"),
        ("Ana", "Ana", NO_LAST_NAME),
        ("Ana,", "Ana", NO_LAST_NAME),
        ("O'Neil-Ñandú", "O'Neil-Ñandú", NO_LAST_NAME),
        ("山田 太郎", "山田", "太郎"),
    ],
)
def test_a_name_is_split_where_its_owner_would_split_it(whole, first, last):
    name = name_of(a_learner(profile_name=whole))

    assert name == Name(first, "", last)


@given(st.text(max_size=60))
def test_whatever_was_typed_both_names_can_be_printed_or_there_is_no_name(whole):
    try:
        name = name_of(a_learner(profile_name=whole))
    except NoName:
        return

    for part in (name.first, name.last):
        assert part
        assert part == " ".join(part.split())
        assert part.isprintable() or "\u200c" in part or "\u200d" in part


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (
            {"verified_name": "Ana Maria Ng", "profile_name": "Annie Ng", "first_name": "A", "last_name": "N"},
            "Ana Maria",
        ),
        ({"profile_name": "Annie Ng", "first_name": "A", "last_name": "N"}, "Annie"),
        ({"verified_name": " ", "profile_name": "Annie Ng"}, "Annie"),
        ({"profile_name": "...", "first_name": "Ann", "last_name": "Ng"}, "Ann"),
    ],
)
def test_the_verified_name_goes_before_the_profile_name_and_that_before_the_account(sources, expected):
    name = name_of(a_learner(**sources))

    assert name.first == expected


@pytest.mark.parametrize(
    ("first_name", "last_name", "expected"),
    [
        ("Ana María", "López Ruiz", Name("Ana María", "", "López Ruiz")),
        ("Ana Ng", "", Name("Ana", "", "Ng")),
        ("", "Ng", Name("Ng", "", NO_LAST_NAME)),
        ("ana_ng", "ana_ng", Name("ana_ng", "", NO_LAST_NAME)),
    ],
)
def test_the_names_of_the_account_are_taken_as_they_are(first_name, last_name, expected):
    assert name_of(a_learner(first_name=first_name, last_name=last_name)) == expected


def test_a_learner_without_a_name_gets_a_sentence_that_says_what_to_do_and_not_their_user_name():
    with pytest.raises(NoName) as caught:
        name_of(a_learner(profile_name=" \u200b- "))

    assert "fill in “Full name” in their account settings" in caught.value.sentence
    assert "ana_ng" not in str(caught.value)


def test_a_learner_in_a_log_is_a_number():
    shown = repr(a_learner("Ana Ng", "Ana Maria Ng", "Ana", "Ng"))

    assert "17" in shown
    assert not [word for word in ("Ana", "Ng", "ana", "example") if word in shown]


@pytest.mark.django_db
def test_a_learner_is_found_whether_active_or_not(stand_in):
    user = UserFactory(is_active=False)
    stand_in.add_profile(user.pk, "Ana Ng", language="es-419")

    found = lms.learner(user.pk)

    assert (found.profile_name, found.language, found.is_active) == ("Ana Ng", "es-419", False)
    assert lms.learner(user.pk + 1) is None


@pytest.mark.django_db
def test_learners_are_found_by_user_name_and_by_e_mail_address_in_any_case():
    ana = UserFactory(username="Ana", email="ana@example.com")
    bo = UserFactory(username="bo", email="Bo@Example.com")

    found = lms.find_learners(["Ana", " ANA@example.com ", "Bo@Example.com", "nobody", "", "ana "])

    assert {text: each and each.id for text, each in found.items()} == {
        "Ana": ana.pk,
        " ANA@example.com ": ana.pk,
        "Bo@Example.com": bo.pk,
        "nobody": None,
        "": None,
        "ana ": None,
    }


@pytest.mark.django_db
def test_an_address_that_two_people_share_is_nobody_s_until_they_are_told_apart_by_user_name():
    first = UserFactory(username="first", email="shared@example.com")
    UserFactory(username="second", email="shared@example.com")

    found = lms.find_learners(["shared@example.com", "first"])

    assert found["shared@example.com"] is None
    assert found["first"].id == first.pk


@pytest.mark.django_db
def test_a_user_name_that_looks_like_another_s_address_means_its_owner():
    UserFactory(username="other", email="ana@example.com")
    owner = UserFactory(username="ana@example.com", email="")

    assert lms.find_learners(["ana@example.com"])["ana@example.com"].id == owner.pk


@pytest.mark.django_db
def test_a_user_has_the_staff_access_of_the_site_the_course_or_its_organization(stand_in):
    everywhere, here, org_wide, nowhere = UserFactory(is_staff=True), UserFactory(), UserFactory(), UserFactory()
    stand_in.add_staff(here.pk, DEMO)
    stand_in.add_staff(org_wide.pk, "edX")

    may = {
        user: (lms.is_course_staff(user, DEMO), lms.is_course_staff(user, str(OTHER)))
        for user in (everywhere, here, org_wide, nowhere)
    }

    assert may == {everywhere: (True, True), here: (True, False), org_wide: (True, True), nowhere: (False, False)}


def test_titles_of_courses_that_exist_are_told_and_nonsense_is_refused(stand_in):
    stand_in.add_course(DEMO, "Demonstration Course")

    assert lms.course_titles([DEMO, OTHER]) == {str(DEMO): "Demonstration Course"}
    assert lms.course_titles([]) == {}
    with pytest.raises(InvalidKeyError):
        lms.course_titles(["the demo course"])


@pytest.mark.django_db
def test_a_host_that_is_no_lms_is_told_which_setting_to_give(settings):
    settings.CREDLY_BADGES_LMS_BACKEND = "credly_badges.lms.EdxPlatform"
    user = UserFactory()

    for ask in (
        lambda: lms.learner(user.pk),
        lambda: lms.course_titles([DEMO]),
        lambda: lms.is_course_staff(user, DEMO),
        lambda: lms.course_url(DEMO),
        lambda: lms.certificate(user.pk, DEMO),
        lambda: lms.grade(user.pk, DEMO),
    ):
        with pytest.raises(NoPlatform, match="CREDLY_BADGES_LMS_BACKEND") as caught:
            ask()
        assert isinstance(caught.value, ImproperlyConfigured)


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


def test_edx_platform_gives_the_course_runs_of_the_programs_in_its_cache(edx_platform):
    cache.set("program-P1", {"uuid": "P1", "courses": [{"course_runs": [{"key": str(DEMO)}, {"key": str(OTHER)}]}]})

    runs = lms.runs_of_programs(["P1", "not-in-the-cache"])

    cache.clear()
    assert runs == {"P1": {str(DEMO), str(OTHER)}}


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


def test_the_stand_in_answers_to_the_same_methods_as_edx_platform():
    asked = {name for name in vars(lms.Backend) if not name.startswith("_")}

    assert asked <= set(dir(StandInLMS)) & set(dir(lms.EdxPlatform))
