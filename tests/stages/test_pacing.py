"""At what pace requests leave for Credly, and that it is left alone while it is down."""

from __future__ import annotations

import contextvars
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from credly_badges import connections, lms, pacing
from credly_badges.credly.errors import CredlyError, Throttled, Unanswered, Unavailable
from credly_badges.issuing import deliver, leases
from credly_badges.issuing.results import Failed
from credly_badges.issuing.settle import settle
from credly_badges.models import AuditEntry, BadgeTemplate, CredlyOrganization, DeliveryAttempt, OutboxMessage, Pace
from credly_badges.pacing.bucket import Bucket
from credly_badges.sync import templates
from credly_badges.testing.factories import AwardFactory, MessageFactory, TemplateFactory, UserFactory

transactional = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@given(
    per_minute=st.integers(1, 100_000),
    pauses=st.lists(st.floats(0, 30), min_size=1, max_size=150),
    lasting=st.floats(0, 120),
)
def test_in_any_stretch_of_time_no_more_go_than_the_limit_and_one_burst(per_minute, pauses, lasting):
    bucket, now, gone = Bucket(per_minute), NOON, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        if bucket.next_at(now) <= now:
            bucket = bucket.less_one(now)
            gone.append(now)

    for first in gone:
        stretch = [each for each in gone if first <= each <= first + timedelta(seconds=lasting)]
        assert len(stretch) <= bucket.most + per_minute * lasting / 60 + 1e-3


@given(per_minute=st.integers(1, 1_000_000), lent=st.integers(0, 50))
def test_whoever_comes_back_when_told_is_let_through(per_minute, lent):
    bucket = Bucket(per_minute)
    for _ in range(round(bucket.most) + lent if per_minute < 500 else lent):
        bucket = bucket.less_one(NOON)

    told = bucket.next_at(NOON)

    assert bucket.next_at(told) == told
    assert bucket.less_one(told).filled_at > NOON or lent == 0


def test_the_mark_of_the_bucket_changes_with_each_request_though_clocks_differ():
    bucket = Bucket(60).less_one(NOON)

    behind = bucket.less_one(NOON - timedelta(seconds=3))

    assert behind.filled_at > bucket.filled_at
    assert behind.tokens == bucket.tokens - 1


def time_passes(seconds: float) -> None:
    """As if it had all been so much earlier."""
    passed = timedelta(seconds=seconds)
    Pace.objects.update(**{name: F(name) - passed for name in ("filled_at", "opened_at", "probe_at")})
    CredlyOrganization.objects.update(wait_until=F("wait_until") - passed)
    OutboxMessage.objects.filter(open=True).update(not_before=F("not_before") - passed)


@contextmanager
def no_time_passing():
    """As if what is done meanwhile had taken no time once it is done, however busy the machine is."""
    since = timezone.now()
    yield
    time_passes((since - timezone.now()).total_seconds())


def ask(organization: CredlyOrganization) -> CredlyError | None:
    """Ask Credly the cheapest question; what came of it if it was no answer."""
    try:
        connections.connect(organization).organization()
    except CredlyError as error:
        return error
    return None


@pytest.fixture
def limited(credly, transactional_db, organization):
    """An organization that may send sixty requests a minute."""
    organization.rate_limit = 60
    organization.save()
    return organization


@pytest.fixture
def orders(credly, at_credly, organization):
    """Make so many orders to issue a badge, due now."""
    remote = credly.add_template(at_credly, name="Scholar")
    template = TemplateFactory(uuid=remote.uuid, name=remote.name, organization=organization, active=True)

    def make(number: int, **fields) -> list[OutboxMessage]:
        learners = UserFactory.create_batch(number)
        for learner in learners:
            lms.backend().add_profile(learner.pk, name="Ana Ng")
        return [MessageFactory(award=AwardFactory(learner=each, template=template), **fields) for each in learners]

    return make


def failures(credly, number: int | None = None) -> None:
    credly.before_acting("*", status=503, times=number)


def test_a_burst_goes_at_once_and_then_one_request_each_second(credly, limited):
    answers = [ask(limited) for _ in range(7)]

    held = answers.pop()
    assert answers == [None] * 6
    assert isinstance(held, Throttled)
    assert held.ours
    assert 0 < held.retry_after <= 1.01
    assert "No more than 60 requests may go out in a minute. Nothing was sent" in str(held)
    assert len(credly.requests()) == 6

    time_passes(1.01)

    assert ask(limited) is None
    assert isinstance(ask(limited), Throttled)


def test_a_limit_that_is_lifted_or_lowered_counts_for_a_client_that_is_open(limited):
    client = connections.connect(limited)
    client.organization()

    CredlyOrganization.objects.update(rate_limit=1)
    client.organization()
    with pytest.raises(Throttled):
        client.organization()

    CredlyOrganization.objects.update(rate_limit=None)
    assert client.organization().name == "Example University"


def test_a_question_within_a_transaction_locks_nothing_and_counts_once_that_ends(limited):
    with transaction.atomic():
        assert ask(limited) is None
        assert not Pace.objects.exists()

    assert pacing.state(limited).tokens == pytest.approx(5, abs=0.5)


@transactional
def test_without_a_limit_a_delivery_pays_nothing_for_the_gate_and_a_question_one_query(organization, orders):
    (message,) = orders(1)

    with CaptureQueriesContext(connection) as delivery:
        deliver.deliver(message.pk)
    with CaptureQueriesContext(connection) as question:
        assert ask(organization) is None

    about = [query["sql"] for query in delivery.captured_queries if Pace._meta.db_table in query["sql"]]
    (joined,) = about
    assert joined.startswith("SELECT") and OutboxMessage._meta.db_table in joined
    assert len(question.captured_queries) == 1
    assert not Pace.objects.exists()
    assert OutboxMessage.objects.get().state == OutboxMessage.State.DELIVERED


def test_two_hundred_orders_leave_one_a_second_for_three_looks_each_at_most_and_no_attempt_more(
    credly, limited, orders
):
    messages = orders(200)
    looks, worked = 0, timedelta()
    for message in messages:
        since = timezone.now()
        with no_time_passing():
            deliver.deliver(message.pk)
        worked += timezone.now() - since
        looks += 1
    at_once = len(credly.badges())

    turns = list(OutboxMessage.objects.filter(open=True).order_by("pk").values_list("not_before", flat=True))
    assert 6 <= at_once <= 6 + worked.total_seconds()  # The burst, and what came in while those went.
    assert turns == sorted(turns)
    assert abs((turns[-1] - turns[0]).total_seconds() - (len(turns) - 1)) < 1 + worked.total_seconds()

    while (following := OutboxMessage.objects.filter(open=True).order_by("not_before").first()) is not None:
        time_passes((following.not_before - timezone.now()).total_seconds())
        with no_time_passing():
            deliver.deliver(following.pk)
        looks += 1

    assert len(credly.badges()) == DeliveryAttempt.objects.count() == 200
    assert looks <= 3 * 200
    assert set(OutboxMessage.objects.values_list("state", "attempts")) == {("delivered", 0)}


def test_an_order_that_has_to_look_first_is_finished_though_the_limit_lets_one_request_out(credly, limited, orders):
    CredlyOrganization.objects.update(rate_limit=1)
    first, second = orders(2, look_first=True)

    deliver.deliver(first.pk)
    deliver.deliver(second.pk)

    assert [request.method for request in credly.requests()] == ["GET", "POST"]
    second.refresh_from_db()
    assert timedelta(seconds=110) < second.not_before - timezone.now() < timedelta(seconds=121)
    assert (second.state, second.attempts, second.delivery_attempts.count()) == ("waiting", 0, 0)


def test_an_order_that_sends_nothing_takes_nothing_from_the_others(credly, limited, orders):
    (message,) = orders(1)
    message.award.learner.is_active = False
    message.award.learner.save()

    deliver.deliver(message.pk)

    assert "not active" in OutboxMessage.objects.get().waiting_for
    assert not credly.requests()
    assert pacing.state(limited).tokens == 6


@transactional
def test_only_so_many_deliveries_are_under_way_and_a_lost_lease_makes_room(credly, organization, orders):
    CredlyOrganization.objects.update(concurrency=2)
    soon = timezone.now() + timedelta(seconds=100)
    for _worker in range(2):
        orders(1, state="delivering", lease=uuid4(), not_before=soon)
    third, fourth = orders(2)

    deliver.deliver(third.pk)
    deliver.deliver(fourth.pk)

    assert not credly.requests()
    third.refresh_from_db(), fourth.refresh_from_db()
    assert timezone.now() < third.not_before < timezone.now() + timedelta(seconds=2)
    assert (third.state, third.attempts) == (fourth.state, fourth.attempts) == ("waiting", 0)
    assert not DeliveryAttempt.objects.exists()

    time_passes(200)
    deliver.deliver(third.pk)

    assert len(credly.badges()) == 1


@transactional
def test_a_batch_is_one_delivery_at_once(credly, organization, orders):
    CredlyOrganization.objects.update(concurrency=1)
    soon = timezone.now() + timedelta(seconds=100)
    first, second = orders(2, state="delivering", lease=uuid4(), not_before=soon)
    waiting = [message.pk for message in orders(5)]

    deliver.deliver_together(waiting)

    assert not credly.requests()
    held = OutboxMessage.objects.filter(pk__in=waiting)
    assert set(held.values_list("state", "attempts", "lease")) == {("waiting", 0, None)}
    assert held.values("not_before").distinct().count() == 1  # They come back together.

    first.delete(), second.delete()
    time_passes(2)
    deliver.deliver_together(waiting)

    assert len(credly.badges()) == 5
    assert len(credly.requests("POST")) == 1
    assert not DeliveryAttempt.objects.exclude(outcome="delivered").exists()


@transactional
def test_an_abandoned_order_that_finds_no_room_takes_none_from_the_others(credly, organization, orders):
    CredlyOrganization.objects.update(concurrency=1)
    (busy,) = orders(1, state="delivering", lease=uuid4(), not_before=timezone.now() + timedelta(seconds=100))
    (abandoned,) = orders(1, state="delivering", lease=uuid4(), look_first=True)
    (other,) = orders(1)

    deliver.deliver(abandoned.pk)
    busy.delete()
    deliver.deliver(other.pk)

    other.refresh_from_db()
    assert other.state == "delivered"


@transactional
def test_who_is_told_to_wait_briefly_does_not_end_a_longer_wait(organization, orders):
    orders(1)
    (message,) = leases.read(OutboxMessage.objects.values_list("pk", flat=True))
    leased = leases.take(message, timezone.now())
    longer = timezone.now() + timedelta(minutes=5)
    CredlyOrganization.objects.update(wait_until=longer)  # Another worker was told so meanwhile.

    settle(leased.message, leased.attempt, Failed(Throttled(retry_after=1)), spread=0.5)

    organization.refresh_from_db()
    assert organization.wait_until == longer
    assert set(OutboxMessage.objects.values_list("state", "attempts")) == {("waiting", 0)}


@transactional
def test_after_five_failures_in_a_row_nothing_is_sent_and_the_whole_queue_waits(credly, organization, orders, caplog):
    failures(credly)

    for _ in range(4):
        assert type(ask(organization)) is Unavailable
    assert not pacing.state(organization).open
    assert type(ask(organization)) is Unavailable
    held = ask(organization)

    assert len(credly.requests()) == 5
    assert isinstance(held, Throttled)
    assert held.ours
    assert 58 < held.retry_after <= 60
    assert "Credly kept failing" in str(held)
    state = pacing.state(organization)
    assert (state.open, state.failures) == (True, 5)
    entry = AuditEntry.objects.get(action="organization.breaker_opened")
    assert (entry.actor_id, entry.after["failures"]) == (None, 5)
    assert "status 503" in entry.because
    assert [line for line in caplog.messages if "5 times in a row" in line]

    for message in orders(3):
        deliver.deliver(message.pk)

    organization.refresh_from_db()
    assert organization.wait_until == state.probe_at
    assert set(OutboxMessage.objects.values_list("not_before", "attempts")) == {(state.probe_at, 0)}
    assert not DeliveryAttempt.objects.exists()
    assert len(credly.requests()) == 5


@transactional
def test_one_request_finds_out_and_the_wait_doubles_until_it_is_answered(credly, organization, orders, settings):
    settings.CREDLY_BADGES_LONGEST_WAIT = 200
    failures(credly, 8)
    for _ in range(5):
        ask(organization)

    for seconds in (120, 200, 200):  # Twice as long as before, and no longer than the longest wait.
        time_passes(201)
        assert type(ask(organization)) is Unavailable
        held = ask(organization)
        assert isinstance(held, Throttled)
        assert seconds - 2 < held.retry_after <= seconds

    assert len(credly.requests()) == 8
    time_passes(201)
    assert ask(organization) is None
    assert ask(organization) is None

    organization.refresh_from_db()
    assert (pacing.state(organization).open, pacing.state(organization).failures) == (False, 0)
    assert organization.wait_until is None
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "organization.breaker_opened",
        "organization.breaker_closed",
    ]


@transactional
def test_while_one_finds_out_the_others_wait(credly, organization, orders):
    failures(credly, 5)
    for _ in range(5):
        ask(organization)
    first, second = orders(2)
    time_passes(61)

    turn = pacing.turn(CredlyOrganization.objects.get(), timezone.now())
    with turn:  # A worker has begun.
        deliver.deliver(second.pk)
        assert isinstance(ask_elsewhere(organization), Throttled)
        assert len(credly.requests()) == 5

    # It came to nothing, for example because its learner has no address. The next one finds out.
    deliver.deliver(first.pk)

    first.refresh_from_db(), second.refresh_from_db()
    assert (first.state, second.state, second.attempts) == ("delivered", "waiting", 0)
    assert not pacing.state(organization).open

    time_passes(61)
    deliver.sweep(source="beat")
    assert len(credly.badges()) == 2


def ask_elsewhere(organization: CredlyOrganization) -> Throttled | None:
    """Ask as another worker would, which has no turn."""
    held = pacing.turn(CredlyOrganization.objects.get(pk=organization.pk), timezone.now())
    return Throttled(held.sentence, ours=True) if isinstance(held, pacing.Held) else None


@transactional
def test_a_worker_that_dies_finding_out_is_followed_by_another(credly, organization):
    failures(credly, 5)
    for _ in range(5):
        ask(organization)
    time_passes(61)
    pacing.turn(CredlyOrganization.objects.get(), timezone.now())  # And nothing was heard of it again.

    assert isinstance(ask(organization), Throttled)
    time_passes(61)

    assert ask(organization) is None


@transactional
def test_a_failure_that_was_under_way_when_the_rest_was_stopped_prolongs_nothing(credly, organization):
    gate = pacing.gate(organization)
    slow = contextvars.copy_context()  # What another thread knows.
    slow.run(gate.enter)
    failures(credly, 5)
    for _ in range(5):
        ask(organization)
    before = pacing.state(organization)

    slow.run(gate.leave, Unavailable())

    after = pacing.state(organization)
    assert (after.failures, after.probe_at) == (before.failures, before.probe_at)


@transactional
def test_credlys_own_longer_wait_is_kept_when_it_opens_and_when_it_closes(credly, organization):
    later = timezone.now() + timedelta(hours=1)
    CredlyOrganization.objects.update(wait_until=later)
    failures(credly, 5)
    for _ in range(5):
        ask(organization)
    assert CredlyOrganization.objects.get().wait_until == later

    pacing.reset(organization, by=None)

    assert CredlyOrganization.objects.get().wait_until == later


@transactional
def test_a_site_can_do_without_the_breaker(credly, organization, settings):
    settings.CREDLY_BADGES_BREAKER_FAILURES = 0
    failures(credly)

    assert [type(ask(organization)) for _ in range(8)] == [Unavailable] * 8
    assert not Pace.objects.exists()


@transactional
def test_a_reset_lets_all_go_and_says_who_did_it(credly, limited):
    person = UserFactory()
    failures(credly, 5)
    for _ in range(6):
        ask(limited)
    assert isinstance(ask(limited), Throttled)

    pacing.reset(limited, by=person)

    assert (limited.wait_until, CredlyOrganization.objects.get().wait_until) == (None, None)
    assert pacing.state(limited).tokens == 6
    assert ask(limited) is None
    entry = AuditEntry.objects.get(action="organization.breaker_reset")
    assert (entry.actor_id, entry.before["failures"]) == (person.pk, 5)


@transactional
def test_a_sync_with_patience_waits_for_its_turns(credly, at_credly, limited):
    credly.add_templates(at_credly, 120)
    CredlyOrganization.objects.update(rate_limit=600)
    Pace.objects.create(organization=limited, tokens=0, filled_at=timezone.now())

    hasty = templates.sync(limited)
    patient = templates.sync(limited, patience=timedelta(seconds=5))

    assert "This LMS holds back its requests to Credly" in " ".join(hasty.sentences())
    assert patient.ok
    assert BadgeTemplate.objects.count() == 120


@transactional
@pytest.mark.parametrize("status", [200, 401, 404, 422, 429])
def test_whatever_credly_answers_the_count_begins_anew(credly, organization, status):
    failures(credly, 4)
    for _ in range(4):
        ask(organization)
    assert pacing.state(organization).failures == 4
    if status != 200:
        credly.before_acting("*", status=status)

    ask(organization)

    assert pacing.state(organization).failures == 0


@transactional
@pytest.mark.parametrize("how", [{"status": 500}, {"reset": True}, {"status": 200, "body": "<html>"}])
def test_a_question_that_brings_nothing_to_read_is_a_failure(credly, organization, how):
    credly.before_acting("*", **how)

    assert isinstance(ask(organization), Unavailable)
    assert pacing.state(organization).failures == 1


@transactional
def test_an_order_whose_answer_is_lost_is_a_failure(credly, organization):
    credly.after_acting("*", lose_the_answer=True)

    with pytest.raises(Unanswered):
        connections.connect(organization).revoke(uuid4(), "Given in error.")

    assert pacing.state(organization).failures == 1
