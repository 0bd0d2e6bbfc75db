"""Claim codes at the admin: made, changed, handed out, and closed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from credly_badges import claims
from credly_badges.models import AuditEntry, ClaimCode, CodeClaim
from credly_badges.testing.factories import AwardFactory, TemplateFactory, UserFactory
from tests.doors.admin_desk import at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def badge():
    return TemplateFactory(active=True, name="Python", image_url="https://images.credly.com/python.png")


def typed(badge, **values):
    moments = {f"{name}_{half}": "" for name in ("starts_at", "ends_at") for half in (0, 1)}
    said = {"template": badge.pk, "code": "", "most": "1", "email": "", "course": "", "cohort": "", "note": ""}
    return said | moments | values


def test_a_code_is_made_and_its_page_says_where_it_is_claimed(badge):
    browser = manager(username="boss")

    page = browser.post(url("claimcode", "add"), typed(badge, most="20", note="Spring school"), follow=True)

    code = ClaimCode.objects.get()
    assert (code.template, code.most, code.note, code.created_by.username) == (badge, 20, "Spring school", "boss")
    assert page.status_code == 200
    assert AuditEntry.objects.get().action == "claim_code.made"
    read = text_of(browser.get(url("claimcode", "change", code.pk)))
    assert code.code in read
    assert f"/badges/claim/{code.code}/" in read
    assert "0 of 20" in read


def test_a_code_of_one_s_own_may_be_for_any_number(badge):
    manager().post(url("claimcode", "add"), typed(badge, code=" Spring  2026 ", most=""))

    code = ClaimCode.objects.get()
    assert (code.code, code.most) == ("Spring 2026", None)
    assert code.digest == claims.digest_of("SPRING-2026")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"code": "short"}, "at least 8 letters"),
        ({"code": "AUTUMN-2026"}, "there is one like it"),
        ({"most": "0"}, "At least one learner"),
        ({"cohort": "Blue"}, "in which course run"),
        ({"course": "maths"}, "is not the key of a course run"),
        ({"email": "nobody"}, "valid email"),
        (
            {"starts_at_0": "2026-02-01", "starts_at_1": "00:00", "ends_at_0": "2026-01-01", "ends_at_1": "00:00"},
            "end after it begins",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_a_word_on_what_to_do(badge, values, said):
    claims.make(badge, code="autumn 2026")

    page = manager().post(url("claimcode", "add"), typed(badge, **values))

    assert said in text_of(page)
    assert ClaimCode.objects.count() == 1


def test_of_one_that_was_given_out_note_end_and_number_can_be_changed(badge):
    code = claims.make(badge, most=5)
    ClaimCode.objects.update(claimed=3)
    browser = manager()
    where = url("claimcode", "change", code.pk)

    refused = browser.post(where, {"most": "2", "ends_at_0": "", "ends_at_1": "", "note": "x"})
    browser.post(where, {"most": "9", "ends_at_0": "2036-01-01", "ends_at_1": "12:00", "note": "y", "code": "NEW-CODE"})

    assert "3 learners have claimed it already" in text_of(refused)
    changed = ClaimCode.objects.get()
    assert (changed.most, changed.note, changed.ends_at.year, changed.code) == (9, "y", 2036, code.code)
    entry = AuditEntry.objects.get(action="claim_code.changed")
    assert (entry.before["most"], entry.after["most"]) == (5, 9)


def test_it_is_closed_after_asking_and_never_deleted(badge):
    code = claims.make(badge)
    browser = manager()

    asked = browser.get(url("claimcode", "close", code.pk))
    assert "cannot be opened again" in text_of(asked)
    assert ClaimCode.objects.get().closed_at is None
    answer = browser.post(url("claimcode", "close", code.pk), follow=True)

    assert "The code is closed." in text_of(answer)
    assert not ClaimCode.objects.get().is_open()
    assert AuditEntry.objects.filter(action="claim_code.closed").count() == 1
    assert "Close…" not in text_of(answer)
    assert browser.post(url("claimcode", "delete", code.pk), {"post": "yes"}).status_code == 403


def test_the_list_says_how_each_stands_and_finds_a_code_however_it_is_typed(badge):
    now, day = timezone.now(), timedelta(days=1)
    claims.make(badge, code="OPEN-OPEN", most=3)
    claims.make(badge, code="SOON-SOON", starts_at=now + day)
    claims.make(badge, code="PAST-PAST", ends_at=now - day)
    claims.make(badge, code="USED-USED")
    ClaimCode.objects.filter(code="USED-USED").update(claimed=1)
    claims.close(claims.make(badge, code="SHUT-SHUT"))
    browser = manager()

    read = text_of(browser.get(url("claimcode")))
    for said in ("OPEN-OPEN Python open 0 of 3", "SOON-SOON Python not begun", "PAST-PAST Python ended",
                 "USED-USED Python used up 1 of 1", "SHUT-SHUT Python closed"):  # fmt: skip
        assert said in read

    assert "SOON-SOON" not in text_of(browser.get(url("claimcode") + "?open=yes"))
    assert "OPEN-OPEN" not in text_of(browser.get(url("claimcode") + "?open=no"))
    found = text_of(browser.get(url("claimcode") + "?q=used used"))
    assert "USED-USED" in found
    assert "OPEN-OPEN" not in found


def test_the_qr_code_and_the_poster_lead_to_the_claim_page(badge):
    code = claims.make(badge, ends_at=timezone.now() + timedelta(days=1))
    browser = manager()

    picture = browser.get(url("claimcode", "qr", code.pk))
    poster = browser.get(url("claimcode", "poster", code.pk))

    assert picture["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert f"http://testserver/badges/claim/{code.code}/" in picture.content.decode()
    page = poster.content.decode()
    assert picture.content.decode().strip() in page
    assert 'alt="The badge “Python”"' in page
    read = text_of(poster)
    assert code.code in read
    assert "testserver/badges/claim" in read
    assert "Until" in read


def test_a_badge_of_any_name_does_not_break_the_poster():
    code = claims.make(TemplateFactory(name="</title><script>alert(1)</script>", image_url="javascript:alert(1)"))

    page = manager().get(url("claimcode", "poster", code.pk)).content.decode()

    assert "<script>" not in page
    assert "javascript:" not in page


def test_who_claimed_it_is_a_page_away(badge):
    code, other = claims.make(badge, most=None), claims.make(badge)
    ada, eve = UserFactory(username="ada"), UserFactory(username="zoe")
    CodeClaim.objects.create(code=code, learner=ada, award=AwardFactory(template=badge, learner=ada))
    CodeClaim.objects.create(code=other, learner=eve)
    browser = manager()

    assert (
        f'href="{url("codeclaim")}?code__id__exact={code.pk}"'
        in browser.get(url("claimcode", "change", code.pk)).content.decode()
    )
    read = text_of(browser.get(f"{url('codeclaim')}?code__id__exact={code.pk}"))

    assert "ada" in read
    assert "zoe" not in read


def test_who_may_look_changes_nothing(badge):
    code = claims.make(badge)
    reader = at_the_desk("view_claimcode")

    for page in ("change", "qr", "poster"):
        assert reader.get(url("claimcode", page, code.pk)).status_code == 200
    assert reader.post(url("claimcode", "add"), typed(badge)).status_code == 403
    assert reader.post(url("claimcode", "close", code.pk)).status_code == 403
    assert ClaimCode.objects.get().closed_at is None


def test_who_may_not_look_sees_no_code(badge):
    code = claims.make(badge)
    nobody = at_the_desk("view_badgetemplate")

    for page in ("change", "qr", "poster", "close"):
        assert nobody.get(url("claimcode", page, code.pk)).status_code == 403
    assert nobody.get(url("claimcode", "poster", code.pk + 1)).status_code == 403
    assert nobody.get(url("codeclaim")).status_code == 403


@pytest.mark.parametrize("model", ["claimcode", "codeclaim"])
def test_lists_take_as_many_queries_for_fifty_as_for_one(badge, model, django_assert_max_num_queries):
    browser = manager()
    for _ in range(50):
        CodeClaim.objects.create(code=claims.make(badge), learner=UserFactory(), award=AwardFactory(template=badge))

    with django_assert_max_num_queries(9):
        browser.get(url(model))
