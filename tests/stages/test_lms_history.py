"""The history that a stand-in tells: slices of learners in their order, from a few rows to a million."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credly_badges import lms
from credly_badges.lms import CertificateRow, EnrollmentRow, GradeRow
from credly_badges.testing.lms import StandInLMS

DEMO = "course-v1:edX+DemoX+2026"
OTHER = "course-v1:edX+OtherX+2026"
COURSES = [DEMO, OTHER, "course-v1:MITx+DemoX+1"]
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def edx():
    lms.backend().clear()
    yield lms.backend()
    lms.backend().clear()


def grade(user_id, course=DEMO, percent=80, passed_at=NOON):
    return GradeRow(user_id, course, percent, "Pass" if passed_at else "", passed_at, NOON)


def read_all(source="grades", courses=None, limit=2):
    found, after = [], 0
    while rows := lms.history(source, courses=courses, after=after, limit=limit):
        found.append(rows)
        after = rows[-1].user_id
    return found


def test_loaded_rows_come_back_as_they_were_in_the_order_of_learners(edx):
    rows = [
        grade(9, percent=57),
        grade(3, OTHER, 12.34, passed_at=None),
        grade(3, passed_at=NOON + timedelta(microseconds=1)),
    ]

    assert edx.load_grades(iter(rows)) == 3
    assert [row for each in read_all() for row in each] == [rows[1], rows[2], rows[0]]
    assert edx.grade(3, OTHER) == 12.34
    assert edx.grade(4, OTHER) is None


def test_certificates_and_enrollments_are_loaded_alike(edx):
    certificate = CertificateRow(3, DEMO, "downloadable", "verified", "0.91", NOON, NOON)
    enrollment = EnrollmentRow(3, DEMO, "audit", False, NOON)
    edx.load_certificates([certificate])
    edx.load_enrollments([enrollment])

    assert lms.history_of("certificates", 3) == [certificate]
    assert lms.history_of("enrollments", 3) == [enrollment]
    assert lms.certificate(3, DEMO).issued_at == NOON


def test_what_is_added_goes_before_what_was_loaded(edx):
    edx.load_grades([grade(3), grade(3, OTHER), grade(5)])
    edx.add_grade(3, DEMO, 95.0, passed_at=NOON)
    edx.add_grade(4, DEMO, 50)

    assert [[(row.user_id, row.percent) for row in each] for each in read_all()] == [
        [(3, 95), (3, 80)],
        [(4, 50), (5, 80)],
    ]


def test_the_last_of_two_grades_of_one_learner_in_one_course_counts(edx):
    edx.add_grade(3, DEMO, 50)
    edx.add_grade(3, DEMO, 70, letter="C")

    (row,) = lms.history_of("grades", 3)

    assert (row.percent, row.letter, row.passed_at) == (70, "C", None)


def test_a_certificate_that_cannot_be_seen_is_history_and_no_certificate(edx):
    edx.add_certificate(3, DEMO, NOON, status="unavailable")

    assert [row.status for row in lms.history_of("certificates", 3)] == ["unavailable"]
    assert lms.certificate(3, DEMO) is None


PLACES = st.lists(st.tuples(st.integers(1, 12), st.sampled_from(COURSES)), unique=True, max_size=30)


@given(loaded=PLACES, added=PLACES, limit=st.integers(1, 8), courses=st.none() | st.sets(st.sampled_from(COURSES)))
def test_slices_are_whole_in_order_and_miss_nobody(loaded, added, limit, courses):
    edx = StandInLMS()
    edx.load_grades(grade(*place) for place in loaded)
    for place in added:
        edx.add_grade(*place, 10)
    keys = None if courses is None else {edx.add_course(key, "") for key in courses}

    slices, after = [], 0
    while rows := edx.history(lms.Source.GRADES, keys, after, limit):
        slices.append(rows)
        after = rows[-1].user_id

    rows = [row for each in slices for row in each]
    percents = dict.fromkeys(loaded, 80) | dict.fromkeys(added, 10)
    expected = {place: percent for place, percent in percents.items() if courses is None or place[1] in courses}
    assert {(row.user_id, row.course_key): row.percent for row in rows} == expected
    assert len(rows) == len(expected)
    learners = [[row.user_id for row in each] for each in slices]
    assert all(each == sorted(each) for each in learners)
    assert all(before[-1] < following[0] for before, following in pairwise(learners))
    assert all(len(each) >= limit for each in slices[:-1])


def test_a_hundred_thousand_grades_take_a_few_megabytes(edx):
    tracemalloc.start()
    edx.load_grades(
        grade(number // 10 + 1, f"course-v1:edX+C{number % 10}+1", number % 101) for number in range(100_000)
    )
    kept, _most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 6_000_000
    assert sum(map(len, read_all(limit=2000))) == 100_000
