"""Applications over HTTP: learners apply, reviewers look, somebody decides; each sees what they may."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from credly_badges import access, applications, lms
from credly_badges.access import Level, Scope
from credly_badges.applications import Picture, Text
from credly_badges.models import (
    Application,
    ApplicationEvidence,
    ApplicationReview,
    AuditEntry,
    BadgeAward,
    BadgeTemplate,
    LevelRole,
)
from credly_badges.testing.factories import OrganizationFactory, TemplateFactory, UserFactory
from tests.stages.applications_desk import PAGE, a_badge, a_picture, applied, criteria_of, found

pytestmark = pytest.mark.django_db

API = "/api/badges/v1/"
Role = LevelRole.Role
State = Application.State
EVERY_SCOPE = [scope for scope in Scope if scope.value.startswith("applications:")]
LINK = {"kind": "link", "url": "https://example.com/work"}


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    lms.backend().clear()
    cache.clear()  # Requests are counted there, by the numbers of users, which come again.
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def badge():
    return a_badge(True, False)


@pytest.fixture
def learner():
    return UserFactory(username="lea")


def key_of(organization, *scopes) -> dict[str, str]:
    made = access.make(name="A system", scopes=scopes or EVERY_SCOPE, level=Level(organization.pk))
    return {"Authorization": f"Bearer {made.shown}"}


def with_role(role, badge):
    user = UserFactory()
    LevelRole.objects.create(user=user, role=role, organization=badge.organization)
    return user


def ask(client, method, path, body=None, *, by=None, headers=None):
    client.force_login(by) if by is not None else client.logout()
    sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    return getattr(client, method)(f"{API}{path}", headers=headers, **sent)


def in_parts(client, badge, evidence, by, **files):
    client.force_login(by)
    evidence = evidence if isinstance(evidence, str) else json.dumps(evidence)
    return client.post(f"{API}badges/{badge.uuid}/applications", {"evidence": evidence, **files})


def findings(badge, *answers):
    return [{"criterionId": str(each.criterion), "satisfied": each.satisfied} for each in found(badge, *answers)]


def test_a_learner_applies_is_reviewed_and_awarded(client, badge, learner):
    reviewer = with_role(Role.REVIEWER, badge)

    form = ask(client, "get", f"badges/{badge.uuid}/application-form", by=learner).json()
    sent = {"statement": "I did it.", "evidence": [LINK, {"kind": "text", "text": "How I did it"}]}
    submitted = ask(client, "post", f"badges/{badge.uuid}/applications", sent, by=learner)
    path = f"applications/{submitted.json()['id']}"
    answers = [{"criterionId": each["id"], "satisfied": each["required"]} for each in form["criteria"]]
    reviewed = ask(client, "post", f"{path}/reviews", {"items": answers, "comment": "Well done"}, by=reviewer)
    seen = ask(client, "get", path, by=learner).json()

    assert submitted.status_code == 201, submitted.json()
    assert reviewed.status_code == 201, reviewed.json()
    assert (reviewed.json()["satisfied"], reviewed.json()["reviewerId"]) == (True, reviewer.pk)
    assert seen["state"] == "approved"
    assert seen["awardId"] == str(BadgeAward.objects.get(learner=learner).uuid)


def test_an_application_looks_like_this(client, badge, learner):
    application = applied(badge, learner, statement="I did it.", evidence=[PAGE])

    answer = ask(client, "get", f"applications/{application.uuid}", by=learner).json()

    assert answer == {
        "id": str(application.uuid),
        "badgeId": str(badge.uuid),
        "learnerId": learner.pk,
        "state": "submitted",
        "statement": "I did it.",
        "evidence": [
            {
                "id": str(ApplicationEvidence.objects.get().uuid),
                "kind": "link",
                "url": "https://example.com/work",
                "text": "",
                "mediaType": "",
                "reflection": "",
            }
        ],
        "previousId": None,
        "assignedTo": None,
        "assignedUntil": None,
        "feedback": "",
        "decidedBy": None,
        "decidedAt": None,
        "awardId": None,
        "submittedAt": answer["submittedAt"],
        "updatedAt": answer["updatedAt"],
    }


def test_what_is_asked_of_reviewers_is_not_shown_to_learners(client, learner):
    badge = TemplateFactory(active=True)
    said = {"isOpen": True, "criteria": [{"description": "It runs", "note": "Look at the log, too"}]}

    ask(client, "put", f"badges/{badge.uuid}/application-form", said, headers=key_of(badge.organization))
    as_learner = ask(client, "get", f"badges/{badge.uuid}/application-form", by=learner).json()
    as_reviewer = ask(client, "get", f"badges/{badge.uuid}/application-form", by=with_role(Role.REVIEWER, badge)).json()

    assert as_learner["criteria"][0]["note"] == ""
    assert as_reviewer["criteria"][0]["note"] == "Look at the log, too"
    assert as_learner["criteria"][0]["id"] == as_reviewer["criteria"][0]["id"] == str(criteria_of(badge)[0])


def test_a_closed_form_is_seen_only_by_those_concerned(client, learner):
    badge = TemplateFactory(active=True)

    assert ask(client, "get", f"badges/{badge.uuid}/application-form", by=learner).status_code == 404
    shown = ask(client, "get", f"badges/{badge.uuid}/application-form", by=with_role(Role.ISSUER, badge))

    assert shown.json() == {
        "isOpen": False,
        "instructions": "",
        "reviewsNeeded": 1,
        "awardsAtOnce": True,
        "needsEvidence": True,
        "daysToReview": 14,
        "criteria": [],
        "updatedAt": None,
    }


def test_a_badge_that_is_only_applied_for_is_seen_by_learners(client, learner):
    badge = a_badge(template=TemplateFactory(status=BadgeTemplate.Status.DRAFT))

    answer = ask(client, "post", f"badges/{badge.uuid}/applications", {"evidence": [LINK]}, by=learner)

    assert answer.status_code == 201


def test_a_form_is_changed_only_as_it_was_read(client):
    badge = a_badge()
    manager = with_role(Role.ISSUER, badge)
    path = f"badges/{badge.uuid}/application-form"
    first = ask(client, "get", path, by=manager)
    said = {**first.json(), "instructions": "Show it."}
    said.pop("updatedAt")

    changed = ask(client, "put", path, said, by=manager, headers={"If-Match": first["ETag"]})
    too_late = ask(client, "put", path, said, by=manager, headers={"If-Match": first["ETag"]})

    assert changed.status_code == 200, changed.json()
    assert changed["ETag"] == ask(client, "get", path, by=manager)["ETag"]
    assert (too_late.status_code, too_late.json()["error"]) == (412, "PRECONDITION_FAILED")
    entry = AuditEntry.objects.filter(action="application_form.changed").first()
    assert (entry.actor, entry.after["instructions"]) == (manager, "Show it.")


# Who may do what with an application of somebody else's in their organization: the status of the answer.
READ, REVIEW, DECIDE = "read", "review", "decide"
ROLES = [
    (None, {READ: 404, REVIEW: 403, DECIDE: 403}),
    (Role.VIEWER, {READ: 200, REVIEW: 403, DECIDE: 403}),
    (Role.REVIEWER, {READ: 200, REVIEW: 201, DECIDE: 403}),
    (Role.ISSUER, {READ: 200, REVIEW: 201, DECIDE: 200}),
    (Role.ADMINISTRATOR, {READ: 200, REVIEW: 201, DECIDE: 200}),
]
VERBS = [
    ("get", "", None, READ),
    ("get", "/reviews", None, READ),
    ("get", "/evidence/{evidence}", None, READ),
    ("post", "/reviews", "items", REVIEW),
    ("post", "/assign", {"to": None}, DECIDE),
    ("post", "/deny", {"feedback": "Not yet."}, DECIDE),
]


@pytest.mark.parametrize(("method", "path", "body", "what"), VERBS)
@pytest.mark.parametrize(("role", "answers"), ROLES)
def test_each_role_does_what_it_may_with_applications_of_its_level_and_knows_of_no_others(
    client, badge, role, answers, method, path, body, what
):
    foreign = a_badge()
    user = with_role(role, badge) if role else UserFactory()

    statuses = []
    for each in (badge, foreign):
        application = applied(each)
        address = f"applications/{application.uuid}" + path.format(evidence=application.evidence.get().uuid)
        answer = [True, False] if each == badge else [False]
        sent = {"items": findings(each, *answer)} if body == "items" else body
        statuses.append(ask(client, method, address, sent, by=user).status_code)

    assert statuses[0] == answers[what]
    assert statuses[1] in ((403, 404) if answers[what] == 403 else (404,))


@pytest.mark.parametrize("scope", EVERY_SCOPE)
def test_a_key_does_what_its_scopes_say(client, badge, learner, scope):
    application = applied(badge)
    headers = key_of(badge.organization, scope)
    review = {"items": findings(badge, False, None), "author": "rosa@example.org"}

    statuses = {
        Scope.APPLICATIONS_READ: ask(client, "get", f"applications/{application.uuid}", headers=headers),
        Scope.APPLICATIONS_SUBMIT: ask(
            client, "post", f"badges/{badge.uuid}/applications", {"learner": "lea", "evidence": [LINK]}, headers=headers
        ),
        Scope.APPLICATIONS_REVIEW: ask(
            client, "post", f"applications/{application.uuid}/reviews", review, headers=headers
        ),
        Scope.APPLICATIONS_DECIDE: ask(
            client, "post", f"applications/{application.uuid}/deny", {"feedback": "No"}, headers=headers
        ),
    }

    assert [each for each, answer in statuses.items() if answer.status_code in (200, 201)] == [scope]
    assert {answer.status_code for each, answer in statuses.items() if each != scope} <= {403, 404}


def test_an_application_of_somebody_else_is_not_found(client, badge, learner):
    application = applied(badge)
    evidence = application.evidence.get()
    paths = ["", "/reviews", f"/evidence/{evidence.uuid}", f"/reviews/{uuid.uuid4()}"]

    answers = [ask(client, "get", f"applications/{application.uuid}{path}", by=learner) for path in paths]
    answers += [
        ask(client, "post", f"applications/{application.uuid}/{verb}", {}, by=learner)
        for verb in ("withdraw", "resubmit")
    ]
    listed = ask(client, "get", f"badges/{badge.uuid}/applications", by=learner).json()

    assert {answer.status_code for answer in answers} == {404}
    assert listed["data"] == []


def test_nobody_is_asked_to_log_in(client, badge):
    application = applied(badge)

    for path in ("applications", f"applications/{application.uuid}", f"badges/{badge.uuid}/applications"):
        assert ask(client, "get", path).status_code == 401


def test_lists_hold_what_the_caller_may_see_and_are_narrowed_down(client, badge, learner):
    reviewer = with_role(Role.REVIEWER, badge)
    mine, others, foreign = applied(badge, learner), applied(badge), applied(a_badge(), learner)
    applications.deny(others, by=UserFactory(), feedback="No.")
    applications.assign(mine, to=reviewer, by=UserFactory())
    manager = UserFactory(admin=True)
    later = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def listed(path, by):
        return {each["id"] for each in ask(client, "get", path, by=by).json()["data"]}

    def ids(*rows):
        return {str(row.uuid) for row in rows}

    assert listed("applications", learner) == ids(mine, foreign)
    assert listed("applications", reviewer) == ids(mine, others)
    assert listed("applications", manager) == ids(mine, others, foreign)
    assert listed(f"badges/{badge.uuid}/applications", learner) == ids(mine)
    assert listed(f"badges/{badge.uuid}/applications", reviewer) == ids(mine, others)
    assert listed("applications?state=denied", manager) == ids(others)
    assert listed("applications?assignedTo=me", reviewer) == ids(mine)
    assert listed(f"applications?assignedTo={reviewer.pk}", manager) == ids(mine)
    assert listed(f"applications?assignedTo={reviewer.pk}", learner) == set()
    assert listed("applications?learner=lea", manager) == ids(mine, foreign)
    assert listed("applications?learner=nobody", manager) == set()
    assert listed(f"applications?badge={badge.uuid}", manager) == ids(mine, others)
    assert listed(f"applications?updatedSince={later}", manager) == set()


@pytest.mark.parametrize(
    "query",
    ["state=open", "assignedTo=you", "assignedTo=-1", "assignedTo=" + "9" * 30, "badge=7", "updatedSince=now", "x=1"],
)
def test_a_list_refuses_what_it_cannot_read(client, query):
    answer = ask(client, "get", f"applications?{query}", by=UserFactory())

    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")


def test_a_list_takes_as_many_queries_for_many_as_for_one(client, django_assert_num_queries):
    badge = a_badge()
    headers = key_of(badge.organization)
    ask(client, "get", "applications", headers=headers)
    counts = []
    for number in (1, 60):
        while Application.objects.count() < number:
            applied(badge)
        # The transaction and its end; the key, the count, the page, its evidence.
        with django_assert_num_queries(6):
            answer = client.get(f"{API}applications", headers=headers)
        counts.append(len(answer.json()["data"]))

    assert counts == [1, 50]


def test_reviews_take_as_many_queries_for_many_as_for_one(client, django_assert_num_queries):
    badge = a_badge(reviews_needed=100)
    application = applied(badge)
    headers = key_of(badge.organization)
    ask(client, "get", "applications", headers=headers)
    for number in (1, 30):
        while ApplicationReview.objects.count() < number:
            applications.review(application, findings=found(badge, True), reviewer=UserFactory())
        # The transaction and its end; the key, the application with its evidence, the count, the page, items, criteria.
        with django_assert_num_queries(9):
            answer = client.get(f"{API}applications/{application.uuid}/reviews", headers=headers)
        assert len(answer.json()["data"]) == number


def test_a_learner_reads_what_was_found_once_it_is_decided_and_not_by_whom(client, badge, learner):
    application = applied(badge, learner)
    reviewer = with_role(Role.ISSUER, badge)
    applications.assign(application, to=reviewer, by=reviewer)
    made = applications.review(application, findings=found(badge, False, None), reviewer=reviewer, comment="Too short")
    path = f"applications/{application.uuid}"

    before = ask(client, "get", f"{path}/reviews", by=learner).json()["data"]
    shown = ask(client, "get", path, by=learner).json()
    ask(client, "post", f"{path}/deny", {"feedback": "Write more."}, by=reviewer)
    after = ask(client, "get", f"{path}/reviews", by=learner).json()["data"]
    decided = ask(client, "get", path, by=learner).json()
    for_reviewer = ask(client, "get", f"{path}/reviews/{made.review.uuid}", by=reviewer).json()

    assert before == []
    assert (shown["assignedTo"], shown["assignedUntil"], decided["decidedBy"]) == (None, None, None)
    assert [(each["comment"], each["reviewerId"], each["author"]) for each in after] == [("Too short", None, "")]
    assert (decided["state"], decided["feedback"]) == ("denied", "Write more.")
    assert for_reviewer["reviewerId"] == reviewer.pk


def test_who_runs_the_site_is_told_no_more_of_their_own_application(client, badge):
    manager = UserFactory(admin=True)
    application = applied(badge, manager)
    applications.review(application, findings=found(badge, False, None), reviewer=UserFactory())

    answer = ask(client, "get", f"applications/{application.uuid}/reviews", by=manager)
    decision = ask(client, "post", f"applications/{application.uuid}/deny", {"feedback": "No"}, by=manager)
    review = ask(
        client, "post", f"applications/{application.uuid}/reviews", {"items": findings(badge, True, None)}, by=manager
    )

    assert answer.json()["data"] == []
    assert (decision.status_code, review.status_code) == (403, 403)


def test_an_application_is_denied_and_sent_again(client, badge, learner):
    application = applied(badge, learner)
    path = f"applications/{application.uuid}"
    too_early = ask(client, "post", f"{path}/resubmit", {"evidence": [LINK]}, by=learner)
    applications.deny(application, by=UserFactory(), feedback="More, please.")

    again = ask(client, "post", f"{path}/resubmit", {"statement": "More", "evidence": [LINK]}, by=learner)
    twice = ask(client, "post", f"{path}/resubmit", {"statement": "More", "evidence": [LINK]}, by=learner)

    assert too_early.status_code == 409
    assert (again.status_code, again.json()["previousId"]) == (201, str(application.uuid))
    assert (twice.status_code, twice.json()["details"]) == (409, {"applicationId": again.json()["id"]})


def test_an_application_is_withdrawn(client, badge, learner):
    application = applied(badge, learner)

    first = ask(client, "post", f"applications/{application.uuid}/withdraw", by=learner)
    second = ask(client, "post", f"applications/{application.uuid}/withdraw", by=learner)

    assert (first.status_code, first.json()["state"]) == (200, "withdrawn")
    assert (second.status_code, second.json()["error"]) == (409, "CONFLICT")


def test_an_approval_waits_for_the_reviews_and_is_done_once(client, learner):
    badge = a_badge(awards_at_once=False)
    application = applied(badge, learner)
    headers = {**key_of(badge.organization), "Idempotency-Key": "once"}
    path = f"applications/{application.uuid}/approve"

    too_early = ask(client, "post", path, {}, headers=headers)
    applications.review(application, findings=found(badge, True), reviewer=UserFactory())
    first = ask(client, "post", path, {"feedback": "Congratulations"}, headers=headers | {"Idempotency-Key": "two"})
    again = ask(client, "post", path, {"feedback": "Congratulations"}, headers=headers | {"Idempotency-Key": "two"})

    assert (too_early.status_code, too_early.json()["details"]) == (409, {"needed": 1, "agreed": 0})
    assert (first.status_code, first.json()["feedback"]) == (200, "Congratulations")
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert BadgeAward.objects.count() == 1


def test_what_cannot_be_awarded_now_is_refused_with_a_sentence(client, learner):
    badge = a_badge()
    application = applied(badge, learner)
    BadgeTemplate.objects.update(credly_state=BadgeTemplate.CredlyState.ARCHIVED)

    answer = ask(
        client,
        "post",
        f"applications/{application.uuid}/reviews",
        {"items": findings(badge, True)},
        by=with_role(Role.REVIEWER, badge),
    )

    assert answer.status_code == 409
    assert "Publish it there" in answer.json()["message"]
    assert not ApplicationReview.objects.exists()


def test_an_application_is_assigned_and_then_reviewed_by_that_one_alone(client, badge, learner):
    application = applied(badge, learner)
    chosen, other = with_role(Role.REVIEWER, badge), with_role(Role.ISSUER, badge)
    path = f"applications/{application.uuid}"

    assigned = ask(client, "post", f"{path}/assign", {"to": chosen.username, "until": "2099-01-01"}, by=other)
    in_ten_days = (timezone.now() + timedelta(days=10)).isoformat()
    assigned_well = ask(client, "post", f"{path}/assign", {"to": chosen.email, "until": in_ten_days}, by=other)
    refused = ask(client, "post", f"{path}/reviews", {"items": findings(badge, True, None)}, by=other)
    taken = ask(client, "post", f"{path}/reviews", {"items": findings(badge, True, None)}, by=chosen)

    assert assigned.status_code == 400
    assert (assigned_well.status_code, assigned_well.json()["assignedTo"]) == (200, chosen.pk)
    assert (refused.status_code, taken.status_code) == (403, 201)


def test_a_review_is_changed_by_its_reviewer_alone_while_it_is_open(client, badge, learner):
    application = applied(badge, learner)
    reviewer, other = with_role(Role.REVIEWER, badge), with_role(Role.ISSUER, badge)
    path = f"applications/{application.uuid}/reviews"
    made = ask(client, "post", path, {"items": findings(badge, False, None)}, by=reviewer).json()
    said = {"items": findings(badge, False, True), "comment": "Nearly"}

    theirs = ask(client, "put", f"{path}/{made['id']}", said, by=other)
    first = ask(client, "get", f"{path}/{made['id']}", by=reviewer)
    changed = ask(client, "put", f"{path}/{made['id']}", said, by=reviewer, headers={"If-Match": first["ETag"]})
    late = ask(client, "put", f"{path}/{made['id']}", said, by=reviewer, headers={"If-Match": first["ETag"]})
    again = ask(client, "post", path, said, by=reviewer)
    applications.deny(application, by=other, feedback="No.")
    closed = ask(client, "put", f"{path}/{made['id']}", said, by=reviewer)

    assert theirs.status_code == 403
    assert (changed.status_code, changed.json()["comment"]) == (200, "Nearly")
    assert [each["satisfied"] for each in changed.json()["items"]] == [False, True]
    assert (late.status_code, again.status_code, closed.status_code) == (412, 200, 409)
    assert ApplicationReview.objects.count() == 1


def test_a_system_changes_what_it_sent_and_nothing_else(client, badge, learner):
    application = applied(badge, learner)
    ours, theirs = key_of(badge.organization), key_of(badge.organization)
    path = f"applications/{application.uuid}/reviews"
    said = {"items": findings(badge, False, None)}

    unnamed = ask(client, "post", path, said, headers=ours)
    made = ask(client, "post", path, {**said, "author": "rosa@example.org"}, headers=ours).json()
    changed = ask(client, "put", f"{path}/{made['id']}", {**said, "comment": "Hm"}, headers=ours)
    refused = ask(client, "put", f"{path}/{made['id']}", said, headers=theirs)

    assert unnamed.status_code == 400
    assert made["author"] == "rosa@example.org"
    assert (changed.status_code, refused.status_code) == (200, 403)
    assert ApplicationReview.objects.get().comment == "Hm"


# Bodies of an application that are not taken.
BAD = [
    ("nothing", {}),
    ("a list", []),
    ("a text", "evidence"),
    ("an unknown field", {"evidence": [LINK], "award": True}),
    ("evidence as an object", {"evidence": LINK}),
    ("a kind that there is not", {"evidence": [{"kind": "video", "url": "https://example.com"}]}),
    ("a link without an address", {"evidence": [{"kind": "link"}]}),
    ("a link with a text", {"evidence": [{**LINK, "text": "x"}]}),
    ("a script", {"evidence": [{"kind": "link", "url": "javascript:alert(1)"}]}),
    ("an unknown part of evidence", {"evidence": [{**LINK, "name": "x"}]}),
    ("a picture without a file", {"evidence": [{"kind": "image"}]}),
    ("a picture in JSON", {"evidence": [{"kind": "image", "file": "photo"}]}),
    ("too many", {"evidence": [LINK] * 11}),
    ("a long statement", {"statement": "x" * 10_001, "evidence": [LINK]}),
    ("a long text", {"evidence": [{"kind": "text", "text": "x" * 10_001}]}),
    ("a number as a statement", {"statement": {"a": 1}, "evidence": [LINK]}),
    ("a null character", {"statement": "a\0b", "evidence": [LINK]}),
    ("a learner whom nobody knows", {"learner": "nobody", "evidence": [LINK]}),
    ("a learner who is no text", {"learner": {"id": 1}, "evidence": [LINK]}),
]


@pytest.mark.parametrize("body", [body for _name, body in BAD], ids=[name for name, _body in BAD])
def test_an_application_that_cannot_be_taken_is_refused_and_nothing_is_kept(client, badge, learner, body):
    answer = ask(client, "post", f"badges/{badge.uuid}/applications", body, by=learner)

    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR"), answer.json()
    assert answer.json()["message"]
    assert not Application.objects.exists()


BAD_REVIEWS = [
    {},
    {"items": "yes"},
    {"items": [{"criterionId": "1", "satisfied": True}]},
    {"items": [{"criterionId": str(uuid.uuid4()), "satisfied": True}]},
    {"items": []},
    {"items": [], "satisfied": True},
    {"items": [], "author": "somebody"},
]


@pytest.mark.parametrize("body", BAD_REVIEWS)
def test_a_review_that_cannot_be_taken_is_refused(client, badge, learner, body):
    application = applied(badge, learner)

    answer = ask(client, "post", f"applications/{application.uuid}/reviews", body, by=with_role(Role.REVIEWER, badge))

    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")
    assert not ApplicationReview.objects.exists()


BAD_FORMS = [
    {},
    {"isOpen": True, "criteria": []},
    {"isOpen": True, "criteria": [{"description": "x", "required": False}]},
    {"isOpen": True, "criteria": [{"description": ""}]},
    {"isOpen": True, "criteria": [{"description": "x" * 501}]},
    {"isOpen": True, "criteria": [{"description": "x", "id": str(uuid.uuid4())}]},
    {"isOpen": True, "criteria": [{"description": "x"}] * 51},
    {"isOpen": True, "criteria": [{"description": "x"}], "reviewsNeeded": 0},
    {"isOpen": True, "criteria": [{"description": "x"}], "daysToReview": -1},
    {"isOpen": True, "criteria": [{"description": "x"}], "daysToReview": 1e9},
    {"isOpen": "perhaps", "criteria": [{"description": "x"}]},
]


@pytest.mark.parametrize("body", BAD_FORMS)
def test_a_form_that_cannot_be_taken_is_refused(client, body):
    badge = TemplateFactory(active=True)

    answer = ask(client, "put", f"badges/{badge.uuid}/application-form", body, headers=key_of(badge.organization))

    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")
    assert applications.form_of(badge).pk is None


HTML = '<script>alert(1)</script>" OR 1=1; --'


def test_html_and_sql_are_texts_like_others(client, badge, learner):
    said = {"statement": HTML, "evidence": [{"kind": "text", "text": HTML, "reflection": HTML}]}

    answer = ask(client, "post", f"badges/{badge.uuid}/applications", said, by=learner).json()

    assert answer["statement"] == answer["evidence"][0]["text"] == answer["evidence"][0]["reflection"] == HTML


def test_a_picture_is_sent_in_a_part_of_its_own_and_read_again(client, badge, learner):
    photo = SimpleUploadedFile("../../me at home.exe", a_picture("JPEG"), content_type="text/html")
    evidence = [{"kind": "image", "file": "photo", "reflection": "My desk"}, LINK]

    sent = in_parts(client, badge, evidence, learner, photo=photo, statement="Look")
    shown = sent.json()["evidence"][0]
    path = f"applications/{sent.json()['id']}/evidence/{shown['id']}"
    answer = ask(client, "get", path, by=learner, headers={"Accept": "image/webp"})
    others = ask(client, "get", path, by=UserFactory())
    link = ask(
        client, "get", f"applications/{sent.json()['id']}/evidence/{sent.json()['evidence'][1]['id']}", by=learner
    )

    assert sent.status_code == 201, sent.json()
    assert (shown["mediaType"], shown["reflection"], sent.json()["statement"]) == ("image/jpeg", "My desk", "Look")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer.content.startswith(b"\xff\xd8")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "home" not in ApplicationEvidence.objects.get(kind="image").image.name
    assert others.status_code == 404
    assert link.json()["url"] == LINK["url"]


# Files that are no pictures, or none that are taken.
FAKES = [
    ("HTML named .png", "me.png", b"<!DOCTYPE html><script>alert(1)</script>"),
    ("an SVG", "me.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    ("an SVG named .png", "me.png", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
    ("a program named .jpg", "me.jpg", b"MZ\x90\x00" + b"\0" * 300),
    ("an empty file", "me.png", b""),
    ("half a picture", "me.png", a_picture("PNG", (300, 300))[:60]),
    ("a BMP named .png", "me.png", a_picture("BMP")),
    ("a bomb of 20 megapixels", "me.png", a_picture("PNG", (5000, 4000), "1")),
    ("a bomb of 400 megapixels", "me.gif", a_picture("GIF", (20_000, 20_000), "1")),
    ("one that is too large", "me.png", a_picture() + b"\0" * (5 * 1024 * 1024)),
]


@pytest.mark.parametrize(("name", "content"), [fake[1:] for fake in FAKES], ids=[fake[0] for fake in FAKES])
def test_a_file_that_is_no_picture_is_refused_and_nothing_is_kept(client, badge, learner, name, content, tmp_path):
    photo = SimpleUploadedFile(name, content, content_type="image/png")

    answer = in_parts(client, badge, [{"kind": "image", "file": "photo"}], learner, photo=photo)

    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")
    assert not Application.objects.exists()
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]


@pytest.mark.parametrize(
    "evidence",
    [
        "not JSON",
        "[" * 100_000,
        '{"kind": "image"}',
        json.dumps([{"kind": "image", "file": "another"}]),
        json.dumps([LINK]),
        json.dumps([{"kind": "image", "file": "photo"}, {"kind": "image", "file": "photo"}]),
    ],
    ids=["no JSON", "too deep", "no list", "another file", "a file for nothing", "one file twice"],
)
def test_parts_that_do_not_fit_together_are_refused(client, badge, learner, evidence):
    answer = in_parts(client, badge, evidence, learner, photo=SimpleUploadedFile("me.png", a_picture()))

    assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR"), answer.json()
    assert not Application.objects.exists()


def test_a_body_that_is_larger_than_all_pictures_together_is_not_read(client, badge, learner, settings):
    settings.CREDLY_BADGES_EVIDENCE_MAX_BYTES = 1000
    client.force_login(learner)

    answer = client.post(
        f"{API}badges/{badge.uuid}/applications",
        {"evidence": "[]", "photo": SimpleUploadedFile("me.png", b"\0" * 1_100_000)},
    )

    assert (answer.status_code, answer.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")


def test_a_picture_that_is_gone_from_its_storage_is_not_found(client, badge, learner):
    application = applied(badge, learner, evidence=[Picture(a_picture())])
    row = application.evidence.get()
    row.image.storage.delete(row.image.name)

    answer = ask(client, "get", f"applications/{application.uuid}/evidence/{row.uuid}", by=learner)

    assert answer.status_code == 404


def test_evidence_of_another_application_is_not_found(client, badge, learner):
    mine, others = applied(badge, learner), applied(badge, evidence=[Text("Theirs")])

    answer = ask(client, "get", f"applications/{mine.uuid}/evidence/{others.evidence.get().uuid}", by=learner)

    assert answer.status_code == 404


def test_a_learner_applies_for_themselves_alone(client, badge, learner):
    other = UserFactory()

    refused = ask(
        client, "post", f"badges/{badge.uuid}/applications", {"learner": other.username, "evidence": [LINK]}, by=learner
    )
    taken = ask(client, "post", f"badges/{badge.uuid}/applications", {"learner": "lea", "evidence": [LINK]}, by=learner)

    assert refused.status_code == 403
    assert (taken.status_code, taken.json()["learnerId"]) == (201, learner.pk)


def test_what_is_in_the_way_of_an_application_is_said(client, badge, learner):
    closed = TemplateFactory(active=True)
    unseen = TemplateFactory(organization=OrganizationFactory())

    answers = {
        "closed": ask(client, "post", f"badges/{closed.uuid}/applications", {"evidence": [LINK]}, by=learner),
        "unseen": ask(client, "post", f"badges/{unseen.uuid}/applications", {"evidence": [LINK]}, by=learner),
        "no such": ask(client, "post", f"badges/{uuid.uuid4()}/applications", {"evidence": [LINK]}, by=learner),
    }

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "closed": 409,
        "unseen": 404,
        "no such": 404,
    }


def test_a_review_that_awards_is_repeated_without_a_second_one(client, badge, learner):
    application = applied(badge, learner)
    reviewer = with_role(Role.REVIEWER, badge)
    sent = {"items": findings(badge, True, True)}
    path, headers = f"applications/{application.uuid}/reviews", {"Idempotency-Key": "one"}

    first, again = (ask(client, "post", path, sent, by=reviewer, headers=headers) for _twice in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert BadgeAward.objects.filter(learner=learner).count() == 1
