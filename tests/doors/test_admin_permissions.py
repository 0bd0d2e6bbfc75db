"""Who may do what at the admin, that no page gives a key away, and that lists stay quick."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from credly_badges import audit
from credly_badges.models import (
    Availability,
    CredlyNotice,
    CredlyOrganization,
    HistoryRun,
    ReconcileDifference,
    ReconcileRun,
    Regression,
    RequirementsVersion,
)
from credly_badges.testing.factories import (
    AwardFactory,
    FulfillmentFactory,
    MessageFactory,
    OrganizationFactory,
    ProgressFactory,
    ReceivedEventFactory,
    TemplateFactory,
    UserFactory,
)
from tests.doors.admin_desk import READING, at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db

LISTS = (
    "credlyorganization",
    "badgeaward",
    "badgeprogress",
    "receivedevent",
    "outboxmessage",
    "auditentry",
    "credlynotice",
    "availability",
    "reconcilerun",
    "reconciledifference",
    "historyrun",
    "regression",
    "requirementsversion",
)
EDITED = {"credlyorganization", "availability"}
"""What is added, changed and deleted by hand."""
KEY = "a-very-secret-key-of-credly-5678"


@dataclass
class Things:
    """One of each."""

    credlyorganization: int
    badgeaward: int
    badgeprogress: int
    receivedevent: int
    outboxmessage: int
    auditentry: int
    credlynotice: int
    availability: int
    reconcilerun: int
    reconciledifference: int
    historyrun: int
    regression: int
    requirementsversion: int


def a_notice() -> CredlyNotice:
    return CredlyNotice.objects.create(
        organization=OrganizationFactory(), event_id=uuid4(), event_type="badge.created", not_before=timezone.now()
    )


def a_place() -> Availability:
    template = TemplateFactory()
    return Availability.objects.create(organization=template.organization, template=template, scope="course-v1:A+B+C")


def a_difference() -> ReconcileDifference:
    award = AwardFactory()
    run = ReconcileRun.objects.create(organization=award.template.organization)
    return ReconcileDifference.objects.create(
        run=run, cause="state", template=award.template, learner=award.learner, award=award
    )


def a_run() -> HistoryRun:
    return HistoryRun.objects.create(kind="rehearsal", template=TemplateFactory())


def a_regression() -> Regression:
    award = AwardFactory()
    progress = ProgressFactory(template=award.template, learner=award.learner)
    return Regression.objects.create(progress=progress, award=award, happened_at=timezone.now(), because="It fell.")


def a_version() -> RequirementsVersion:
    return RequirementsVersion.objects.create(template=TemplateFactory(), number=1, words=["Pass the course."])


@pytest.fixture
def things(credly, credly_address) -> Things:
    there = credly.add_organization("Example University", key=KEY)
    organization = OrganizationFactory(uuid=there.uuid, environment="simulator", api_key=KEY, key_rejected=True)
    message = MessageFactory(dead=True, award__template__organization=organization)
    progress = FulfillmentFactory(progress__template=message.award.template).progress
    entry = audit.record("organization.paused", organization, because="Credly rejected the API key.")
    notice, place, difference = a_notice(), a_place(), a_difference()
    return Things(
        organization.pk,
        message.award_id,
        progress.pk,
        ReceivedEventFactory().pk,
        message.pk,
        entry.pk,
        notice.pk,
        place.pk,
        difference.run_id,
        difference.pk,
        a_run().pk,
        a_regression().pk,
        a_version().pk,
    )


# Model, page, whether it is of one thing, whether a reader may see it. What a reader may not see changes something.
PAGES = [
    *((model, "changelist", False, True) for model in LISTS),
    *((model, "change", True, True) for model in LISTS),
    *((model, "add", False, False) for model in LISTS),
    *((model, "delete", True, False) for model in LISTS),
    ("credlyorganization", "sync", True, False),
    ("credlyorganization", "check", True, False),
    ("credlyorganization", "pause", True, False),
    ("credlyorganization", "resume", True, False),
    ("credlyorganization", "rotate", True, False),
    ("credlyorganization", "reset", True, False),
    ("credlyorganization", "webhook", True, False),
    ("credlyorganization", "renew", True, False),
    ("credlynotice", "process", True, False),
    ("reconcilerun", "begin", False, False),
    ("badgeaward", "issue", False, False),
    ("badgeaward", "resend", True, False),
    ("badgeaward", "revoke", True, False),
    ("badgeaward", "restore", True, False),
    ("badgeaward", "replace", True, False),
    ("outboxmessage", "redrive_all", False, False),
    ("outboxmessage", "redrive", True, False),
    ("outboxmessage", "drop", False, False),
    ("regression", "decide", False, False),
    ("historyrun", "stop", True, False),
    ("historyrun", "resume", True, False),
]
ONLY_POSTED = {"sync", "check", "resume", "stop", "reset", "resend", "redrive", "process"}
NEVER = {(model, page) for model in LISTS if model not in EDITED for page in ("add", "delete")}
BUTTONS = {page for _model, page, _of_one, readable in PAGES if not readable}


def address(model, page, of_one, things):
    return url(model, page, *([getattr(things, model)] if of_one else []))


@pytest.mark.parametrize(("model", "page", "of_one", "readable"), PAGES)
def test_who_is_not_logged_in_is_asked_to(model, page, of_one, readable, things):
    where = address(model, page, of_one, things)

    for response in (Client().get(where), Client().post(where)):
        assert response.status_code == 302
        assert "/admin/login/" in response["Location"]


@pytest.mark.parametrize(("model", "page", "of_one", "readable"), PAGES)
def test_staff_without_permissions_see_and_do_nothing(model, page, of_one, readable, things):
    browser, where = at_the_desk(), address(model, page, of_one, things)

    statuses = {browser.post(where).status_code}
    if page not in ONLY_POSTED:
        statuses.add(browser.get(where).status_code)

    assert statuses == {403}


@pytest.mark.parametrize(("model", "page", "of_one", "readable"), PAGES)
def test_readers_read_and_change_nothing(model, page, of_one, readable, things):
    browser, where = at_the_desk(*READING), address(model, page, of_one, things)

    seen = browser.get(where).status_code if page not in ONLY_POSTED else 403
    done = browser.post(where, {"reason": "Because"}).status_code

    assert seen == (200 if readable else 403)
    assert done == (200 if page == "changelist" else 403)


@pytest.mark.parametrize(("model", "page", "of_one", "readable"), PAGES)
def test_managers_reach_everything_that_there_is_to_reach(model, page, of_one, readable, things):
    browser, where = manager(), address(model, page, of_one, things)

    response = browser.get(where)

    if page in ONLY_POSTED:
        assert response.status_code == 405
        assert browser.post(where).status_code == 302
    else:
        assert response.status_code == (403 if (model, page) in NEVER else 200)


@pytest.mark.parametrize(("model", "page", "of_one", "readable"), PAGES)
def test_another_site_cannot_have_a_manager_do_anything(model, page, of_one, readable, things):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(UserFactory(admin=True))

    response = browser.post(address(model, page, of_one, things), {"reason": "Because"})

    assert response.status_code == 403
    assert "CSRF" in response.content.decode()


@pytest.mark.parametrize("model", LISTS)
def test_readers_see_no_buttons(model, things):
    browser = at_the_desk(*READING)

    page = browser.get(address(model, "change", True, things)).content.decode()
    page += browser.get(url(model)).content.decode()

    for deed in BUTTONS:
        assert f'/{deed}/"' not in page
    assert 'name="_save"' not in page
    assert 'name="action"' not in page


@pytest.mark.parametrize(("model", "page", "of_one", "readable"), PAGES)
def test_no_page_gives_the_key_away(model, page, of_one, readable, things):
    browser, where = manager(), address(model, page, of_one, things)
    token = CredlyOrganization.objects.get(pk=things.credlyorganization).api_key.as_token()

    content = browser.get(where).content.decode()

    assert KEY not in content
    assert token not in content


def test_a_form_that_is_sent_back_does_not_repeat_the_key(things):
    response = manager().post(
        url("credlyorganization", "change", things.credlyorganization),
        {"uuid": "no-id", "environment": "nowhere", "new_api_key": KEY},
    )

    assert response.context["adminform"].form.errors
    assert KEY not in response.content.decode()


def test_the_index_tells_somebody_new_where_to_begin():
    page = text_of(manager().get("/admin/credly_badges/"))

    assert "Connect an organization." in page
    assert "Sync its badge templates." in page


MAKERS = {
    "credlyorganization": lambda: TemplateFactory(organization=MessageFactory().organization),
    "badgeaward": AwardFactory,
    "badgeprogress": ProgressFactory,
    "receivedevent": ReceivedEventFactory,
    "outboxmessage": MessageFactory,
    "credlynotice": a_notice,
    "availability": a_place,
    "reconcilerun": a_difference,
    "reconciledifference": a_difference,
    "historyrun": a_run,
    "regression": a_regression,
    "requirementsversion": a_version,
    "auditentry": lambda: audit.record(
        "template.activated", TemplateFactory(), actor=get_user_model().objects.order_by("?").first()
    ),
}


@pytest.mark.parametrize("model", LISTS)
def test_fifty_rows_take_as_many_queries_as_five(model, django_assert_num_queries, django_assert_max_num_queries):
    browser = manager()
    make = MAKERS[model]
    for _number in range(5):
        make()
    with django_assert_max_num_queries(20) as few:
        browser.get(url(model))
    for _number in range(45):
        make()

    with django_assert_num_queries(len(few.captured_queries)):
        response = browser.get(url(model))

    assert response.context["cl"].result_count >= 50
