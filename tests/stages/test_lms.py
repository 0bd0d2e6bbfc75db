"""What the plugin asks the LMS, and how a learner's name gets onto a badge."""

from __future__ import annotations

import pytest
from crum import impersonate
from django.contrib.auth.models import AnonymousUser
from hypothesis import given
from hypothesis import strategies as st
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from credly_badges import lms
from credly_badges.lms import NO_LAST_NAME, Learner, Name, NoName, name_of
from credly_badges.testing.factories import UserFactory
from credly_badges.testing.lms import StandInLMS

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
    assert {user for user in may if lms.may_be_course_staff(user)} == {everywhere, here, org_wide}


def test_titles_of_courses_that_exist_are_told_and_nonsense_is_refused(stand_in):
    stand_in.add_course(DEMO, "Demonstration Course")

    assert lms.course_titles([DEMO, OTHER]) == {str(DEMO): "Demonstration Course"}
    assert lms.course_titles([]) == {}
    with pytest.raises(InvalidKeyError):
        lms.course_titles(["the demo course"])


def test_the_stand_in_answers_to_the_same_methods_as_edx_platform():
    asked = {name for name in vars(lms.Backend) if not name.startswith("_")}

    assert asked <= set(dir(StandInLMS)) & set(dir(lms.EdxPlatform))


@pytest.mark.django_db
def test_who_makes_the_request_is_known_while_it_is_answered_and_nobody_is_outside_of_it():
    user = UserFactory()

    with impersonate(user):
        assert lms.current_user_id() == user.pk
    with impersonate(AnonymousUser()):
        assert lms.current_user_id() is None
    assert lms.current_user_id() is None


def test_an_anonymous_id_is_good_in_its_course_or_in_all(stand_in):
    stand_in.add_anonymous_id("of-the-course", 17, DEMO)
    stand_in.add_anonymous_id("of-any-course", 18)

    assert lms.user_id_of_anonymous("of-the-course", DEMO) == 17
    assert lms.user_id_of_anonymous("of-the-course", str(OTHER)) is None
    assert lms.user_id_of_anonymous("of-any-course", OTHER) == 18
    assert lms.user_id_of_anonymous("nobody", DEMO) is None


def test_a_place_stands_for_the_course_runs_that_the_lms_has(stand_in):
    for key in ("course-v1:edX+DemoX+2025", "course-v1:edX+DemoX+2026", "course-v1:edX+OtherX+2026"):
        stand_in.add_course(key, "")
    stand_in.add_program("1f301a72-f344-4a31-9e9a-e0b04d8d86b2", "course-v1:MITx+DemoX+1", DEMO)

    assert lms.runs_of("edX+DemoX") == ["course-v1:edX+DemoX+2025", "course-v1:edX+DemoX+2026"]
    assert len(lms.runs_of("edX")) == len(lms.runs_of("")) == 3
    assert lms.runs_of("ccx-v1:edX+DemoX+2026+ccx@1") == ["ccx-v1:edX+DemoX+2026+ccx@1"]
    assert lms.runs_of("1f301a72-f344-4a31-9e9a-e0b04d8d86b2") == ["course-v1:MITx+DemoX+1", str(DEMO)]
    assert lms.runs_of("9a2b6f4e-5d0c-4c1a-8f43-6f1f5b1c2d3e") == lms.runs_of("MITx") == []
