"""Claim codes: how they are made, who can claim them, and that claiming awards."""

from __future__ import annotations

from datetime import timedelta
from math import log2

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.utils import timezone

from credly_badges import access, awards, claims, lms, retirement
from credly_badges.claims import spelling
from credly_badges.models import AuditEntry, BadgeAward, BadgeTemplate, ClaimCode, CodeClaim, OutboxMessage
from credly_badges.testing.factories import COURSE_KEY, AwardFactory, TemplateFactory, UserFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _nothing_tried():
    cache.clear()


@pytest.fixture
def badge():
    return TemplateFactory(active=True)


@pytest.fixture
def course():
    stand_in = lms.backend()
    stand_in.clear()
    stand_in.add_course(COURSE_KEY, "Demonstration Course")
    yield stand_in
    stand_in.clear()


def learner(**values):
    return lms.learner(UserFactory(**values).pk)


def redeem(code, who, **more):
    return claims.redeem(code if isinstance(code, str) else code.code, learner=who, now=NOW, **more)


class TestSpelling:
    """People type codes from paper, and nobody guesses one."""

    def test_a_random_code_has_80_bits_and_more_and_nothing_that_looks_like_something_else(self, badge):
        codes = {claims.make(badge).code for _ in range(50)}

        assert len(codes) == 50
        assert sum(spelling.GROUPS) * log2(len(spelling.ALPHABET)) >= 80
        assert len(set(spelling.ALPHABET)) == len(spelling.ALPHABET)
        assert not set("0O1IL") & set("".join(codes))
        assert {tuple(map(len, code.split("-"))) for code in codes} == {spelling.GROUPS}

    @pytest.mark.parametrize(
        ("made", "typed"),
        [
            ("SPRING-2026", "spring 2026"),
            ("SPRING-2026", " Spring2026 "),
            ("SPRING-2026", "SPRING–2026"),
            ("SPRING-2026", "ＳＰＲＩＮＧ２０２６"),
            ("SPRING-2026", "SPRING-\u200b2026"),
            ("grüße aus köln", "GRÜSSE-AUS-KO\u0308LN"),
            ("شهادة-الحضور", "شهادة الحضور"),
        ],
    )
    def test_a_code_is_known_however_it_is_typed(self, badge, made, typed):
        claims.make(badge, code=made)

        assert redeem(typed, learner()).created

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("short-7", "at least 8"),
            ("- - - - - - - -", "at least 8"),
            ("x" * 256, "at most 255"),
            ("spring/2026", "letters, digits"),
            ("<b>spring2026</b>", "letters, digits"),
            ("spring2026\u0000", "letters, digits"),
        ],
    )
    def test_a_code_that_cannot_be_is_refused(self, badge, code, said):
        with pytest.raises(claims.CannotMake, match=said):
            claims.make(badge, code=code)

        assert not ClaimCode.objects.exists()

    def test_two_codes_that_are_typed_alike_cannot_be(self, badge):
        claims.make(badge, code="SPRING-2026")

        with pytest.raises(claims.CodeTaken):
            claims.make(TemplateFactory(), code="spring 20 26")

        assert ClaimCode.objects.count() == 1


class TestMaking:
    """What a code can be for."""

    @pytest.mark.parametrize(
        ("field", "values"),
        [
            ("most", {"most": 0}),
            ("ends_at", {"starts_at": NOW, "ends_at": NOW}),
            ("course", {"cohort": "Blue"}),
            ("course", {"course": "the maths course"}),
        ],
    )
    def test_what_cannot_be_is_refused_with_the_part_that_is_wrong(self, badge, field, values):
        with pytest.raises(claims.CannotMake) as refusal:
            claims.make(badge, **values)

        assert refusal.value.field == field

    def test_it_is_written_down_without_the_code_the_address_or_the_note(self, badge):
        by, key = UserFactory(), access.make(name="Another system", scopes=[]).key

        code = claims.make(badge, by=by, key=key, email="ada@example.org", note="For Ada", code="LOVELACE-1843")
        claims.change(code, by=by, note="For Ada Lovelace", most=3)
        claims.close(code, by=by)
        claims.close(code, by=by)

        entries = AuditEntry.objects.filter(object_type="claimcode").order_by("pk")
        assert [each.action for each in entries] == ["claim_code.made", "claim_code.changed", "claim_code.closed"]
        assert {each.actor for each in entries} == {by}
        assert entries[0].after["api_key"] == key.prefix
        kept = str(list(entries.values()))
        assert not [word for word in ("ada@", "Ada", "LOVELACE", code.digest) if word in kept]

    def test_it_cannot_be_changed_to_be_for_fewer_than_have_claimed_it(self, badge):
        code = claims.make(badge, most=5)
        redeem(code, learner())
        redeem(code, learner())

        for most in (1, 0):
            with pytest.raises(claims.CannotMake):
                claims.change(code, most=most)

        assert claims.change(code, most=2).is_open() is False
        assert claims.change(code, most=None).is_open()
        assert claims.change(code, ends_at=NOW - DAY).is_open() is False

    def test_a_change_that_changes_nothing_is_not_written_down(self, badge):
        code = claims.make(badge, note="Spring")
        claims.change(code, note="Spring")

        assert AuditEntry.objects.filter(action="claim_code.changed").count() == 0


class TestClaiming:
    """Claiming awards the badge."""

    def test_a_learner_claims_and_has_the_badge_ordered(self, badge):
        code, ada = claims.make(badge), learner()

        claimed = redeem(code, ada)

        assert claimed.created
        award = BadgeAward.objects.get()
        assert (award.learner_id, award.template, award.source, award.live) == (ada.id, badge, "claim", True)
        assert OutboxMessage.objects.get().award == award
        assert CodeClaim.objects.get().award == claimed.award == award
        assert AuditEntry.objects.get(action="claim_code.claimed").after == {
            "learner_id": ada.id,
            "award": str(award.uuid),
        }
        code.refresh_from_db()
        assert code.claimed == 1

    def test_the_same_learner_who_claims_again_gets_the_same_award(self, badge):
        code, ada = claims.make(badge, most=5), learner()
        first = redeem(code, ada)

        second = redeem(code, ada)

        assert (second.award, second.created) == (first.award, False)
        code.refresh_from_db()
        assert code.claimed == CodeClaim.objects.count() == BadgeAward.objects.count() == 1

    def test_also_once_the_code_is_closed_used_up_or_over(self, badge):
        code, ada = claims.make(badge), learner()
        first = redeem(code, ada)
        claims.change(code, ends_at=NOW - DAY)
        claims.close(code)

        assert redeem(code, ada).award == first.award

    def test_who_holds_the_badge_uses_nothing_up(self, badge):
        code, ada = claims.make(badge), learner()
        held = AwardFactory(template=badge, learner_id=ada.id, learner=None)

        claimed = redeem(code, ada)

        assert (claimed.award, claimed.created) == (held, False)
        code.refresh_from_db()
        assert code.claimed == CodeClaim.objects.count() == 0
        assert redeem(code, learner()).created

    def test_a_code_for_one_is_used_up_by_one_and_a_code_for_many_by_as_many(self, badge):
        once, twice, always = (claims.make(badge, most=most) for most in (1, 2, None))

        def brings(code):
            try:
                return redeem(code, learner()).created
            except claims.NotClaimable:
                return False

        assert [brings(once) for _ in range(3)] == [True, False, False]
        assert [brings(twice) for _ in range(3)] == [True, True, False]
        assert [brings(always) for _ in range(3)] == [True, True, True]

    def test_a_code_brings_no_badge_back_that_was_revoked(self, badge):
        code, ada = claims.make(badge, most=None), learner()
        awards.revoke(redeem(code, ada).award, "A mistake.", by=None)

        with pytest.raises(awards.NotGrantable, match="does not stand any more"):
            redeem(code, ada)

        assert not BadgeAward.objects.filter(live=True).exists()

    def test_a_badge_that_was_restored_is_the_one_that_is_shown(self, badge):
        code, ada = claims.make(badge), learner()
        first = redeem(code, ada).award
        awards.revoke(first, "A mistake.", by=None)
        first.refresh_from_db()
        restored = awards.restore(first, reason="It was right.", by=None).award

        assert redeem(code, ada).award == restored

    def test_a_badge_that_comes_again_is_claimed_again_with_another_code(self, badge):
        badge.repeat = BadgeTemplate.Repeat.ALWAYS
        badge.allow_duplicates = True
        badge.save()
        ada = learner()

        first = claims.redeem(claims.make(badge).code, learner=ada, now=NOW)
        second = claims.redeem(claims.make(badge).code, learner=ada, now=NOW + DAY)

        assert first.award != second.award
        assert second.created

    def test_where_the_badge_cannot_be_awarded_nothing_is_used_up(self, badge):
        code, ada = claims.make(badge), learner()
        BadgeTemplate.objects.update(credly_state=BadgeTemplate.CredlyState.ARCHIVED)

        with pytest.raises(awards.NotGrantable, match="archived"):
            redeem(code, ada)

        code.refresh_from_db()
        assert code.claimed == CodeClaim.objects.count() == BadgeAward.objects.count() == 0
        assert not AuditEntry.objects.filter(action="claim_code.claimed").exists()

    @pytest.mark.parametrize("status", ["paused", "retired"])
    def test_of_a_paused_or_retired_badge_nothing_is_claimed(self, badge, status):
        code = claims.make(badge)
        BadgeTemplate.objects.update(status=status)

        with pytest.raises(awards.NotGrantable, match="at present"):
            redeem(code, learner())

        code.refresh_from_db()
        assert code.claimed == 0

    def test_the_key_of_a_system_goes_along(self, badge):
        key = access.make(name="Another system", scopes=[]).key

        claimed = redeem(claims.make(badge), learner(), key=key)

        assert claimed.award.granted_with == key
        assert AuditEntry.objects.get(action="claim_code.claimed").after["api_key"] == key.prefix


class TestNobodyLearnsWhichCodesThereAre:
    """One sentence for every reason, after the same questions to the database."""

    @pytest.fixture
    def useless(self, badge, course):
        closed, used_up = claims.make(badge), claims.make(badge)
        claims.close(closed)
        redeem(used_up, learner())
        return {
            "unknown": "SPRING-2026",
            "empty": "",
            "closed": closed,
            "used up": used_up,
            "not begun": claims.make(badge, starts_at=NOW + DAY),
            "over": claims.make(badge, ends_at=NOW - DAY),
            "another address's": claims.make(badge, email="eve@example.org"),
            "another course's": claims.make(badge, course=COURSE_KEY),
            "another cohort's": claims.make(badge, course=COURSE_KEY, cohort="Blue"),
        }

    def test_whatever_the_reason_is_the_same_is_said(self, useless):
        said = set()
        for code in useless.values():
            with pytest.raises(claims.NotClaimable) as refusal:
                redeem(code, learner())
            said.add(refusal.value.sentence)

        assert len(said) == 1
        assert BadgeAward.objects.count() == 1

    def test_as_many_questions_are_asked(self, useless, django_assert_num_queries):
        who = learner()
        for code in useless.values():
            # The savepoint and its end, which are three; the code, and the learner's claim of it.
            with django_assert_num_queries(5), pytest.raises(claims.NotClaimable):
                redeem(code, who)

    def test_who_holds_the_badge_learns_no_more(self, useless, badge):
        held = AwardFactory(template=badge)

        for code in useless.values():
            with pytest.raises(claims.NotClaimable):
                redeem(code, lms.learner(held.learner_id))

    def test_a_code_of_another_badge_is_as_good_as_none(self, badge):
        code, other = claims.make(badge), TemplateFactory(active=True)

        with pytest.raises(claims.NotClaimable):
            redeem(code, learner(), among=lambda each: each == other)
        assert redeem(code, learner(), among=lambda each: each == badge).created


class TestForWhom:
    """A code can be for one address, for a course, or for a cohort of one."""

    def test_for_one_address_in_whatever_case(self, badge):
        code = claims.make(badge, email="Ada@Example.org")

        assert redeem(code, learner(email="ada@example.ORG")).created

    def test_not_for_somebody_who_only_says_that_it_is_theirs(self, badge):
        code = claims.make(badge, email="ada@example.org")

        with pytest.raises(claims.NotClaimable):
            redeem(code, learner(email="ada@example.org", is_active=False))

    def test_for_who_is_in_a_course_now(self, badge, course):
        code = claims.make(badge, course=COURSE_KEY, most=None)
        here, gone = learner(), learner()
        course.add_enrollment(here.id, COURSE_KEY)
        course.add_enrollment(gone.id, COURSE_KEY, is_active=False)

        assert redeem(code, here).created
        with pytest.raises(claims.NotClaimable):
            redeem(code, gone)

    def test_for_a_cohort(self, badge, course):
        code = claims.make(badge, course=COURSE_KEY, cohort="Blue", most=None)
        blue, green, gone = learner(), learner(), learner()
        for who, cohort, is_active in ((blue, "Blue", True), (green, "Green", True), (gone, "Blue", False)):
            course.add_enrollment(who.id, COURSE_KEY, is_active=is_active)
            course.add_cohort(who.id, COURSE_KEY, cohort)

        assert redeem(code, blue).created
        for who in (green, gone):
            with pytest.raises(claims.NotClaimable):
                redeem(code, who)


class TestAttempts:
    """Nobody finds a code by trying."""

    @pytest.fixture(autouse=True)
    def _three_a_minute(self, settings, monkeypatch):
        settings.CREDLY_BADGES_API_RATES = {"claim": 3}
        monkeypatch.setattr("credly_badges.counting.time.time", lambda: 1_800_000_010)

    def attempt(self, who, origin, *, fails=True):
        with claims.Attempt(learner_id=who, origin=origin):
            if fails:
                raise claims.NotClaimable

    def test_a_learner_has_so_many_a_minute(self):
        for origin in "abc":
            self.attempt(1, origin, fails=False)

        with pytest.raises(claims.TooManyAttempts) as refusal:
            self.attempt(1, "d", fails=False)
        assert refusal.value.wait == 50
        self.attempt(2, "d", fails=False)

    def test_from_one_address_so_many_may_fail_whoever_they_are(self):
        for who in (1, 2, 3):
            with pytest.raises(claims.NotClaimable):
                self.attempt(who, "a")

        with pytest.raises(claims.TooManyAttempts):
            self.attempt(4, "a", fails=False)
        self.attempt(4, "b", fails=False)

    def test_a_class_behind_one_address_can_claim_at_the_same_moment(self):
        for who in range(30):
            self.attempt(who, "a", fails=False)

    def test_the_next_minute_is_another_one(self, monkeypatch):
        for _ in range(3):
            self.attempt(1, "a", fails=False)
        monkeypatch.setattr("credly_badges.counting.time.time", lambda: 1_800_000_060)

        self.attempt(1, "a", fails=False)


class TestDoneAgain:
    """Where the database takes a claim back for another one's sake, it is claimed again."""

    DEADLOCK, TIMEOUT = OperationalError(1213, "Deadlock found"), OperationalError(1205, "Lock wait timeout exceeded")

    def failing(self, *errors):
        left = list(errors)

        def do():
            if left:
                raise left.pop(0)
            return "done"

        return do

    @pytest.mark.django_db(transaction=True)
    def test_a_deadlock_is_no_reason_to_give_up(self):
        assert claims.undisturbed(self.failing(self.DEADLOCK, OperationalError(1020, "Record has changed"))) == "done"

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("errors", [[DEADLOCK] * 5, [TIMEOUT], [OperationalError()]])
    def test_but_not_for_ever_and_not_for_another_reason(self, errors):
        with pytest.raises(OperationalError):
            claims.undisturbed(self.failing(*errors))

    def test_inside_of_another_transaction_there_is_one_try(self):
        with pytest.raises(OperationalError):
            claims.undisturbed(self.failing(self.DEADLOCK))


class TestRetirement:
    """A learner leaves."""

    def test_what_they_claimed_is_forgotten_and_a_code_for_them_is_closed(self, badge):
        user, other = UserFactory(email="Ada@example.org"), learner()
        shared = claims.make(badge, most=None)
        mine, theirs = claims.make(badge, email="ada@Example.org"), claims.make(badge, email="eve@example.org")
        redeem(shared, lms.learner(user.pk))
        redeem(shared, other)

        retirement.forget(user.pk)
        retirement.forget(user.pk)

        assert [each.learner_id for each in CodeClaim.objects.all()] == [other.id]
        mine.refresh_from_db(), theirs.refresh_from_db(), shared.refresh_from_db()
        assert (mine.email, mine.is_open()) == ("", False)
        assert (theirs.email, theirs.is_open()) == ("eve@example.org", True)
        assert shared.claimed == 2
        assert AuditEntry.objects.get(action="claim_code.closed").object_id == str(mine.pk)

    def test_also_where_the_lms_has_taken_the_address_off_their_account_already(self, badge, course):
        user = UserFactory(email="ada@example.org")
        mine = claims.make(badge, email="ada@example.org")
        type(user).objects.filter(pk=user.pk).update(email="retired__user_1@retired.invalid")
        course.add_retirement(user.pk, "ada@example.org")

        retirement.forget(user.pk)

        mine.refresh_from_db()
        assert (mine.email, mine.is_open()) == ("", False)
