"""Lists of badges: read, looked through, carried out by workers that may die anywhere, and taken back."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from credly_badges import access, awards, bulk, lms, retirement
from credly_badges.awards import given
from credly_badges.bulk import work
from credly_badges.models import AuditEntry, BadgeAward, BadgeTemplate, BulkIssue, BulkRow, OutboxMessage
from credly_badges.testing.factories import AwardFactory, TemplateFactory, UserFactory

pytestmark = pytest.mark.django_db

State, RowState = BulkIssue.State, BulkRow.State
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nobody_has_a_profile():
    lms.backend().clear()


@pytest.fixture
def badge():
    """A badge that Credly would issue."""
    return TemplateFactory(name="Scholar")


def learners(number: int) -> list[str]:
    return [user.username for user in UserFactory.create_batch(number)]


def listed(badge, *entries, **more):
    rows = bulk.from_json([{"learner": entry} for entry in entries], now=NOW)
    return bulk.preview(badge, rows, **more)


def states(made) -> dict[str, int]:
    return dict(Counter(made.rows.values_list("state", flat=True)))


def said_of(made, number: int) -> tuple[str, str]:
    row = made.rows.get(number=number)
    return row.state, row.said


def carried_out(made, **more):
    made = bulk.commit(made, **more)
    bulk.go_on(made)
    made.refresh_from_db()
    return made


class TestReadingJson:
    """Rows in JSON: each is read by itself."""

    def test_a_row_says_who_and_may_say_when_and_what_shows_it(self):
        row = {
            "learner": " ada ",
            "earnedAt": "2026-04-30T23:00:00-05:00",
            "evidence": [{"url": "https://example.com/talk", "name": "Talk", "description": "At noon"}],
            "narrative": "She spoke.",
        }

        (read,) = bulk.from_json([row], now=NOW)

        assert (read.number, read.entry, read.error) == (1, "ada", "")
        assert read.earned_at == datetime(2026, 5, 1, 4, tzinfo=UTC)
        assert read.evidence == (
            {"name": "Talk", "url": "https://example.com/talk", "description": "At noon"},
            {"name": "Narrative", "url": "", "description": "She spoke.", "kind": "IdEvidence"},
        )

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ("ada", "no object"),
            (None, "no object"),
            ([], "no object"),
            ({}, "No learner"),
            ({"learner": ""}, "No learner"),
            ({"learner": "  "}, "No learner"),
            ({"learner": 5}, "a text"),
            ({"learner": ["ada"]}, "a text"),
            ({"learner": "a" * 256}, "at most 255"),
            ({"learner": "a\0b"}, "cannot be stored"),
            ({"learner": "ada", "lerner": "x"}, "“lerner”"),
            ({"learner": "ada", "earnedAt": 5}, "a time such as"),
            ({"learner": "ada", "earnedAt": "tomorrow"}, "a time such as"),
            ({"learner": "ada", "earnedAt": "2026-13-01"}, "a time such as"),
            ({"learner": "ada", "earnedAt": "2026-01-01T23:59:60Z"}, "a time such as"),
            ({"learner": "ada", "earnedAt": "0001-01-01T00:00:00+14:00"}, "a time such as"),
            ({"learner": "ada", "earnedAt": "9999-12-31T23:59:59-14:00"}, "a time such as"),
            ({"learner": "ada", "earnedAt": "0001-01-01"}, "before 1970"),
            ({"learner": "ada", "earnedAt": "9999-12-31"}, "in the future"),
            ({"learner": "ada", "evidence": "https://example.com"}, "a list"),
            ({"learner": "ada", "evidence": ["https://example.com"]}, "a list"),
            ({"learner": "ada", "evidence": [{}]}, "begin with http"),
            ({"learner": "ada", "evidence": [{"url": "javascript:alert(1)"}]}, "begin with http"),
            ({"learner": "ada", "evidence": [{"url": "ftp://example.com/x"}]}, "begin with http"),
            ({"learner": "ada", "evidence": [{"url": "https://e.com", "kind": "IdEvidence"}]}, "“kind”"),
            ({"learner": "ada", "evidence": [{"url": "https://e.com/" + "x" * 1000}]}, "at most 1000"),
            ({"learner": "ada", "evidence": [{"url": "https://e.com"}] * 11}, "At most 10"),
            ({"learner": "ada", "narrative": "x" * 351}, "at most 350"),
            ({"learner": "ada", "narrative": {"en": "x"}}, "a text"),
        ],
    )
    def test_a_row_that_cannot_be_taken_says_why_and_takes_no_other_with_it(self, row, said):
        wrong, right = bulk.from_json([row, {"learner": "grace"}], now=NOW)

        assert said in wrong.error
        assert (right.entry, right.error) == ("grace", "")

    @pytest.mark.parametrize("rows", [None, "ada", {"learner": "ada"}, 5, [], True])
    def test_what_is_no_list_of_rows_is_refused(self, rows):
        with pytest.raises(bulk.NotReadable):
            bulk.from_json(rows, now=NOW)

    def test_five_thousand_rows_are_taken_and_one_more_is_not(self):
        rows = [{"learner": "ada"}] * bulk.MOST_ROWS

        assert len(bulk.from_json(rows, now=NOW)) == 5000
        with pytest.raises(bulk.NotReadable) as refusal:
            bulk.from_json([*rows, {"learner": "ada"}], now=NOW)
        assert refusal.value.too_long


class TestReadingFiles:
    """CSV files, as spreadsheets of many countries write them."""

    @pytest.mark.parametrize(
        "text",
        [
            "learner,earned_at\nada,2026-04-01\n",
            "learner,earned_at\r\nada,2026-04-01\r\n",
            "learner,earned_at\rada,2026-04-01\r",
            "\ufefflearner;earned_at\r\nada;2026-04-01",
            '"learner"\t"earned_at"\n"ada"\t"2026-04-01"\n',
            " Learner , EARNED_AT \n ada , 2026-04-01 \n",
            "\n\nearned_at,learner\n\n2026-04-01,ada\n,\n",
        ],
    )
    def test_a_file_is_read_whatever_lies_between_its_cells(self, text):
        (read,) = bulk.from_csv(text.encode(), now=NOW)

        assert (read.entry, read.error) == ("ada", "")
        assert read.earned_at == datetime(2026, 4, 1, tzinfo=UTC)

    def test_rows_have_the_numbers_that_a_spreadsheet_gives_them(self):
        text = 'learner,narrative\nada,"two\nlines"\n\ngrace,\n'

        read = bulk.from_csv(text.encode(), now=NOW)

        assert [(row.number, row.entry) for row in read] == [(2, "ada"), (4, "grace")]
        assert read[0].evidence[0]["description"] == "two\nlines"

    def test_evidence_is_a_link_with_or_without_a_name(self):
        text = "learner,evidence_name,evidence_url\na,Talk,https://e.com/1\nb,,https://e.com/2\nc,Talk,\nd,,\n"

        read = bulk.from_csv(text.encode(), now=NOW)

        assert [[item["name"] for item in row.evidence] for row in read] == [["Talk"], ["Evidence"], [], []]
        assert [bool(row.error) for row in read] == [False, False, True, False]

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"", "name the columns"),
            (b"\n\n", "name the columns"),
            (b"name\nada\n", "name the columns"),
            (b"learner\n", "no row"),
            (b"learner,grade\nada,5\n", "“grade”"),
            (b"learner,learner\nada,ben\n", "more than once"),
            ("learner\nädä\n".encode("latin-1"), "not in UTF-8"),
            ("learner\nada\n".encode("utf-16"), "not in UTF-8"),
            (b'learner\n"ada\n', "read as CSV"),
            (b'learner\n"ada"x\n', "read as CSV"),
            (b"learner\n" + b"a" * 200_000, "read as CSV"),
        ],
    )
    def test_a_file_that_cannot_be_read_is_refused_as_a_whole(self, body, said):
        with pytest.raises(bulk.NotReadable, match=said):
            bulk.from_csv(body, now=NOW)

    def test_a_row_with_too_many_cells_is_wrong(self):
        wrong, right = bulk.from_csv(b"learner,narrative\nada,well, well\ngrace\n", now=NOW)

        assert "more cells" in wrong.error
        assert right.error == ""


class TestPreview:
    """What would come of a list."""

    def test_it_says_of_each_row_what_would_come_of_it_and_issues_nothing(self, badge):
        UserFactory(username="ada", email="ada@example.com")
        UserFactory(username="lazy", is_active=False)
        AwardFactory(learner=UserFactory(username="grace"), template=badge, offered=True)
        UserFactory(username="one", email="two@example.com")
        UserFactory(username="two", email="two@example.com")

        made = listed(badge, "ada", "nobody", "grace", "ADA@example.com", "two@example.com", "lazy")

        assert said_of(made, 1) == (RowState.READY, "")
        assert said_of(made, 2)[0] == said_of(made, 5)[0] == RowState.WRONG
        assert said_of(made, 3) == (RowState.HELD, "The learner has this badge already (offered).")
        assert said_of(made, 4) == (RowState.WRONG, "This is the same learner as in row 1.")
        assert said_of(made, 6) == (RowState.READY, "The account is not active yet; the badge is sent once it is.")
        assert BadgeAward.objects.count() == 1
        assert AuditEntry.objects.get(action="list.previewed").after["rows"] == 6

    def test_it_takes_as_many_queries_for_many_learners_as_for_one(self, badge, django_assert_num_queries):
        (alone,), many = learners(1), learners(90)
        with django_assert_num_queries(8):
            listed(badge, alone)

        with django_assert_num_queries(8):
            listed(badge, *many)

    def test_who_would_have_it_renewed_or_earned_again_is_no_hindrance(self):
        soon = timezone.now() + timedelta(days=3)
        renewing = TemplateFactory(expiry="period", expiry_days=365, renewal_days=30)
        AwardFactory(
            learner=UserFactory(username="ada"),
            template=renewing,
            offered=True,
            earned_at=NOW - timedelta(days=362),
            expires_at=soon,
        )
        again = TemplateFactory(repeat=BadgeTemplate.Repeat.ALWAYS)
        AwardFactory(learner=UserFactory(username="ben"), template=again, offered=True, earned_at=NOW)

        first, second = carried_out(listed(renewing, "ada")), carried_out(listed(again, "ben"))

        assert states(first) == states(second) == {RowState.ISSUED: 1}
        assert OutboxMessage.objects.filter(kind=OutboxMessage.Kind.REPLACE).count() == 1
        assert BadgeAward.objects.filter(template=again).count() == 2

    def test_a_badge_that_credly_would_not_issue_is_not_looked_at(self):
        with pytest.raises(awards.NotGrantable):
            listed(TemplateFactory(archived=True), "ada")

    def test_no_more_than_a_hundred_wait(self, badge):
        BulkIssue.objects.bulk_create(BulkIssue(template=badge) for _ in range(100))

        with pytest.raises(awards.NotGrantable, match="delete some"):
            listed(badge, "ada")
        assert listed(TemplateFactory(), "ada")

    def test_it_is_removed_until_it_is_committed(self, badge):
        made, other = listed(badge, *learners(1)), listed(badge, *learners(1))
        bulk.commit(other)

        assert bulk.discard(made)
        assert not bulk.discard(other)
        assert BulkIssue.objects.get() == other


class TestCarryingOut:
    """From the list to the awards."""

    def test_what_is_ready_is_issued_by_who_committed_it(self, badge):
        boss = UserFactory()
        AwardFactory(learner=UserFactory(username="grace"), template=badge)

        made = carried_out(listed(badge, *learners(3), "grace", reason="Spoke at the conference"), by=boss)

        assert made.state == State.DONE
        assert made.finished_at is not None
        assert states(made) == {RowState.ISSUED: 3, RowState.HELD: 1}
        award = made.rows.first().award
        assert (award.source, award.granted_by, award.reason) == ("by_hand", boss, "Spoke at the conference")
        assert OutboxMessage.objects.filter(kind="issue").count() == 3

    def test_a_list_with_wrong_rows_is_committed_only_without_them(self, badge):
        made = listed(badge, *learners(1), "nobody")

        with pytest.raises(bulk.NotNow) as refusal:
            bulk.commit(made)
        assert refusal.value.details == {"wrong": 1}
        assert states(carried_out(made, skip_wrong=True)) == {RowState.ISSUED: 1, RowState.WRONG: 1}

    def test_a_list_is_committed_once_and_never_without_a_row_that_is_ready(self, badge):
        made = carried_out(listed(badge, *learners(1)))

        with pytest.raises(bulk.NotNow):
            bulk.commit(made)
        with pytest.raises(bulk.NotNow):
            bulk.commit(listed(badge, "nobody"), skip_wrong=True)

    def test_who_got_the_badge_meanwhile_is_not_given_another(self, badge):
        ada = UserFactory()
        made = listed(badge, ada.username)
        AwardFactory(learner=ada, template=badge)

        assert states(carried_out(made)) == {RowState.HELD: 1}
        assert BadgeAward.objects.count() == 1

    def test_a_badge_that_is_archived_meanwhile_is_refused_row_by_row(self, badge):
        made = bulk.commit(listed(badge, *learners(2)))
        BadgeTemplate.objects.update(credly_state=BadgeTemplate.CredlyState.ARCHIVED)

        bulk.go_on(made)

        assert states(made) == {RowState.REFUSED: 2}
        assert "active ones only" in said_of(made, 1)[1]

    def test_a_key_that_is_revoked_meanwhile_issues_nothing_more(self, badge):
        key = access.make(name="A system", scopes=[access.Scope.AWARDS_ISSUE]).key
        made = bulk.commit(listed(badge, *learners(1)), key=key)
        access.revoke(key, by=None)

        bulk.go_on(made)

        assert states(made) == {RowState.REFUSED: 1}
        assert "revoked" in said_of(made, 1)[1]

    def test_a_row_that_fails_unforeseen_takes_no_other_with_it(self, badge):
        made = bulk.commit(listed(badge, *learners(3)))
        BulkRow.objects.filter(number=2).update(evidence=5)

        bulk.go_on(made)

        assert states(made) == {RowState.ISSUED: 2, RowState.REFUSED: 1}
        assert "nobody foresaw" in said_of(made, 2)[1]

    def test_when_its_time_is_up_the_rest_is_left_to_the_next(self, badge, monkeypatch):
        monkeypatch.setattr(work, "PORTION", 2)
        made = bulk.commit(listed(badge, *learners(5)))

        assert not bulk.go_on(made, until=time.monotonic() - 1)
        assert states(made) == {RowState.ISSUED: 2, RowState.READY: 3}
        assert bulk.go_on(made)
        assert states(made) == {RowState.ISSUED: 5}

    def test_a_worker_does_it_in_the_background(self, badge, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            made = bulk.commit(listed(badge, *learners(2)))

        made.refresh_from_db()
        assert made.state == State.DONE

    def test_another_process_does_not_work_on_it_at_the_same_time(self, badge):
        made = bulk.commit(listed(badge, *learners(2)))
        BulkIssue.objects.update(lease=uuid.uuid4(), leased_until=timezone.now() + timedelta(minutes=1))

        assert bulk.go_on(made)
        assert states(made) == {RowState.READY: 2}
        assert bulk.wake_left() == 0

    def test_one_whose_worker_died_is_taken_up_by_the_next_round(self, badge):
        made = bulk.commit(listed(badge, *learners(2)))
        BulkIssue.objects.update(lease=uuid.uuid4(), leased_until=timezone.now() - timedelta(seconds=1))

        assert bulk.wake_left() == 1
        made.refresh_from_db()
        assert made.state == State.DONE

    def test_a_portion_costs_the_same_for_each_of_its_rows(self, badge, django_assert_max_num_queries):
        made = bulk.commit(listed(badge, *learners(20)))

        with django_assert_max_num_queries(40):
            bulk.go_on(made)

        assert states(made) == {RowState.ISSUED: 20}

    def test_those_who_had_one_before_and_those_who_had_none_are_issued_alike(self, badge):
        AwardFactory(learner=UserFactory(username="ada"), template=badge, live=None, state="revoked")
        names = ["ada", *learners(1)]
        rows = [{"learner": name, "earnedAt": "2026-01-31T12:00:00Z", "narrative": "Well done"} for name in names]
        by = UserFactory()
        made = bulk.preview(badge, bulk.from_json(rows, now=NOW), reason="A course")

        bulk.go_on(bulk.commit(made, by=by))

        ada, other = (row.award for row in made.rows.order_by("number"))
        for name in ("template", "source", "reason", "evidence", "earned_at", "granted_by", "state", "live", "version"):
            assert getattr(ada, name) == getattr(other, name), name
        told = AuditEntry.objects.filter(action="award.granted").values("actor", "because", "before")
        assert list(told) == [{"actor": by.pk, "because": "A course", "before": {}}] * 2


class TestUndoing:
    """What Credly has not heard of is taken back."""

    def test_what_waits_is_taken_back_and_what_was_sent_stays(self, badge):
        made = carried_out(listed(badge, *learners(4)))
        sent, asked, retried, _waiting = (row.award for row in made.rows.all())
        BadgeAward.objects.filter(pk=sent.pk).update(credly_id=uuid.uuid4(), state=BadgeAward.State.OFFERED)
        asked.messages.update(look_first=True)
        retried.messages.update(open=None, state="dropped", look_first=True)
        awards.resend(retried)
        BadgeAward.objects.filter(pk=retried.pk).update(state=BadgeAward.State.QUEUED)

        bulk.go_on(bulk.undo(made, reason="Wrong list"))

        made.refresh_from_db()
        assert made.state == State.UNDONE
        assert [row.state for row in made.rows.all()] == ["sent", "sent", "sent", "undone"]
        assert not OutboxMessage.objects.filter(kind=OutboxMessage.Kind.REVOKE).exists()
        assert OutboxMessage.objects.filter(open=True, kind=OutboxMessage.Kind.ISSUE).count() == 3
        assert AuditEntry.objects.get(action="list.undone").because == "Wrong list"

    def test_one_that_is_under_way_is_turned_round(self, badge, monkeypatch):
        monkeypatch.setattr(work, "PORTION", 2)
        made = bulk.commit(listed(badge, *learners(5)))
        bulk.go_on(made, until=time.monotonic() - 1)

        bulk.go_on(bulk.undo(made))

        assert states(made) == {RowState.UNDONE: 5}
        assert not BadgeAward.objects.filter(live=True).exists()

    def test_whoever_worked_on_it_then_has_lost_it(self, badge):
        made = bulk.commit(listed(badge, *learners(2)))
        hold = work._Hold.take(made)
        bulk.undo(made)

        with pytest.raises(work.Lost):
            hold.keep()

    def test_a_preview_and_an_undone_list_cannot_be_undone(self, badge):
        made = listed(badge, *learners(1))

        with pytest.raises(bulk.NotNow):
            bulk.undo(made)
        bulk.go_on(bulk.undo(carried_out(made)))
        with pytest.raises(bulk.NotNow):
            bulk.undo(made)

    def test_the_badge_can_be_issued_again_afterwards(self, badge):
        made = carried_out(listed(badge, *learners(2)))
        bulk.go_on(bulk.undo(made))

        again = carried_out(listed(badge, *made.rows.values_list("entry", flat=True)))

        assert states(again) == {RowState.ISSUED: 2}


class Killed(BaseException):
    """The process is gone, between two statements to the database."""


@contextmanager
def killed_at(step: int) -> Iterator[list[str]]:
    """The statements that are made; the one at ``step`` is not made any more."""
    made: list[str] = []

    def count(execute: Any, sql: str, *arguments: Any) -> Any:
        made.append(sql)
        if len(made) == step:
            raise Killed
        return execute(sql, *arguments)

    with connection.execute_wrapper(count):
        yield made


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def world(made) -> tuple[Any, ...]:
    """All that a list brought about, without what differs from one time to the next."""
    rows = made.rows.order_by("number").values_list("number", "state", "said", "award__learner", "award__state")
    orders = OutboxMessage.objects.order_by("award__learner", "pk").values_list("award__learner", "kind", "state")
    entries = AuditEntry.objects.values_list("action", flat=True)
    return list(rows), list(orders), Counter(entries)


@pytest.mark.parametrize("turn", [bulk.commit, bulk.undo])
def test_killed_at_any_step_it_goes_on_to_the_same_end(badge, monkeypatch, turn):
    monkeypatch.setattr(work, "PORTION", 2)
    AwardFactory(learner=UserFactory(username="grace"), template=badge)
    made = listed(badge, *learners(2), "grace", *learners(1))
    if turn is bulk.undo:
        made = carried_out(made)
    made = turn(made)
    with taken_back(), killed_at(0) as steps:
        bulk.go_on(made)
        undisturbed = world(made)

    for step in range(1, len(steps) + 1):
        with taken_back():
            with suppress(Killed), killed_at(step):
                bulk.go_on(made)
            BulkIssue.objects.update(leased_until=None)
            bulk.wake_left()

            assert world(made) == undisturbed
            assert BulkIssue.objects.get().state in (State.DONE, State.UNDONE)


class TestKeeping:
    """How long who was on a list is kept."""

    def test_old_lists_go_and_their_awards_stay(self, badge):
        old, young, waiting = (listed(badge, *learners(1)) for _ in range(3))
        carried_out(old)
        carried_out(young)
        BulkIssue.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=91))
        BulkIssue.objects.filter(pk=waiting.pk).update(modified=timezone.now() - timedelta(days=8))

        bulk.purge()

        assert BulkIssue.objects.get() == young
        assert BadgeAward.objects.count() == 2

    def test_a_learner_who_leaves_is_on_no_list_any_more(self, badge):
        ada = UserFactory(username="ada")
        row = {"learner": "ada", "narrative": "Ada spoke."}
        made = bulk.preview(badge, bulk.from_json([row, {"learner": "nobody"}], now=NOW), by=ada)

        retirement.forget(ada.pk)

        gone, other = made.rows.order_by("number")
        assert (gone.entry, gone.learner, gone.evidence, gone.state) == ("", None, [], RowState.READY)
        assert other.entry == "nobody"
        made.refresh_from_db()
        assert made.requested_by is None
        assert states(carried_out(made, skip_wrong=True)) == {RowState.REFUSED: 1, RowState.WRONG: 1}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2026-04-30", datetime(2026, 4, 30, tzinfo=UTC)),
        ("2026-04-30T12:00", datetime(2026, 4, 30, 12, tzinfo=UTC)),
        ("2026-04-30T12:00:00Z", datetime(2026, 4, 30, 12, tzinfo=UTC)),
        ("2026-04-30 12:00:00.5+02:00", datetime(2026, 4, 30, 10, 0, 0, 500000, tzinfo=UTC)),
        ("2026-05-01T12:00:30Z", NOW),  # Half a minute ahead: their clock is fast.
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_any_zone_and_in_utc_without_one(said, expected):
    assert given.earned_at(said, now=NOW) == expected
