"""Lists of badges over HTTP: sent as JSON or as a file, looked through, committed, followed, and undone."""

from __future__ import annotations

import csv
import io
import uuid

import pytest

from credly_badges import access, bulk, lms
from credly_badges.access import Level, Scope
from credly_badges.issuing import deliver
from credly_badges.models import BadgeAward, BadgeTemplate, BulkIssue, BulkRow, LevelRole, OutboxMessage
from credly_badges.testing.factories import AwardFactory, OrganizationFactory, TemplateFactory, UserFactory
from tests.doors.admin_desk import at_the_desk, manager, text_of, url

pytestmark = pytest.mark.django_db

SHAPE = ["id", "badgeId", "state", "reason", "counts", "createdAt", "updatedAt", "finishedAt"]
NONE = {"total": 0, "ready": 0, "wrong": 0, "held": 0, "issued": 0, "refused": 0, "undone": 0, "sent": 0}


@pytest.fixture(autouse=True)
def _nobody_has_a_profile():
    lms.backend().clear()


@pytest.fixture
def badge():
    """A badge that Credly would issue."""
    return TemplateFactory(name="Scholar")


@pytest.fixture
def headers(badge):
    """The key of a system that issues badges of the organization."""
    return key_of(badge.organization)


@pytest.fixture
def learners():
    for name in ("ada", "ben", "cyn"):
        UserFactory(username=name, email=f"{name}@example.com")


def key_of(organization, *scopes) -> dict[str, str]:
    made = access.make(name="A system", scopes=scopes or [Scope.AWARDS_ISSUE], level=Level(organization.pk))
    return {"Authorization": f"Bearer {made.shown}"}


def post(client, path, body=None, headers=None, content_type="application/json"):
    return client.post(
        f"/api/badges/v1/{path}", {} if body is None else body, content_type=content_type, headers=headers or {}
    )


def get(client, path, headers=None, **parameters):
    return client.get(f"/api/badges/v1/{path}", parameters, headers=headers or {})


def sent(client, badge, headers, *names, **body):
    return post(
        client, f"badges/{badge.uuid}/awards/bulk", {"rows": [{"learner": name} for name in names], **body}, headers
    )


def sent_file(client, badge, headers, text, **parameters):
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    body = text if isinstance(text, bytes) else text.encode()
    return post(client, f"badges/{badge.uuid}/awards/bulk?{query}", body, headers, "text/csv")


def committed(client, badge, headers, *names) -> str:
    """A list that a worker has carried out."""
    number = sent(client, badge, headers, *names).json()["id"]
    assert post(client, f"bulk/{number}/commit", {}, headers).status_code == 202
    bulk.wake_left()
    return number


class TestPreview:
    """A list is sent, and nothing is issued."""

    def test_it_says_what_would_come_of_each_row(self, client, badge, headers, learners):
        held = AwardFactory(template=badge, learner=UserFactory(username="grace"), offered=True)
        AwardFactory(learner=held.learner)

        answer = sent(client, badge, headers, "ada", "nobody", "grace", "ADA@example.com", "ben", reason="Workshop")

        assert answer.status_code == 201, answer.json()
        body = answer.json()
        assert list(body) == [*SHAPE, "rows"]
        assert (body["state"], body["reason"], body["badgeId"]) == ("preview", "Workshop", str(badge.uuid))
        assert body["counts"] == {**NONE, "total": 5, "ready": 2, "wrong": 2, "held": 1}
        assert [(each["row"], each["learner"], each["state"]) for each in body["rows"]] == [
            (1, "ada", "ready"),
            (2, "nobody", "wrong"),
            (3, "grace", "held"),
            (4, "ADA@example.com", "wrong"),
            (5, "ben", "ready"),
        ]
        assert body["rows"][3]["said"] == "This is the same learner as in row 1."
        assert list(body["rows"][0]) == ["row", "learner", "learnerId", "earnedAt", "state", "said", "awardId"]
        assert not BadgeAward.objects.exclude(learner=held.learner).exists()

    def test_a_file_is_taken_as_well(self, client, badge, headers, learners):
        text = '\ufefflearner;earned_at;narrative\r\nada;2026-04-01;"one; two"\r\nben;soon;\r\n'

        answer = sent_file(client, badge, headers, text, reason="Workshop")

        assert answer.status_code == 201, answer.json()
        first, second = answer.json()["rows"]
        assert (first["row"], first["state"], first["earnedAt"]) == (2, "ready", "2026-04-01T00:00:00Z")
        assert (second["row"], second["state"]) == (3, "wrong")
        assert answer.json()["reason"] == "Workshop"
        assert BulkRow.objects.get(number=2).evidence[0]["description"] == "one; two"

    def test_five_thousand_learners_are_looked_through_at_once(self, client, badge, headers):
        body = "learner\n" + "\n".join(f"learner{number}@example.com" for number in range(5000))

        answer = sent_file(client, badge, headers, body)

        assert answer.json()["counts"] == {**NONE, "total": 5000, "wrong": 5000}
        assert sent_file(client, badge, headers, body + "\none@example.com").status_code == 413

    @pytest.mark.parametrize(
        "body",
        [
            *({}, [], "ada", 5, True, [{"learner": "ada"}]),
            *({"rows": rows} for rows in (None, [], {}, "ada", 5, {"learner": "ada"})),
            {"rows": [{"learner": "ada"}], "skipWrong": True},
            {"rows": [{"learner": "ada"}], "reason": "x" * 501},
            {"rows": [{"learner": "ada"}], "reason": ["x"]},
        ],
    )
    def test_what_is_no_list_is_refused_as_a_whole(self, client, badge, headers, body):
        answer = post(client, f"badges/{badge.uuid}/awards/bulk", body, headers)

        assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")
        assert not BulkIssue.objects.exists()

    @pytest.mark.parametrize(
        "body", [b"", b"name\nada", b"learner\n", "learner\nädä".encode("latin-1"), b'learner\n"a']
    )
    def test_a_file_that_cannot_be_read_is_refused_as_a_whole(self, client, badge, headers, body):
        answer = sent_file(client, badge, headers, body)

        assert (answer.status_code, answer.json()["error"]) == (400, "VALIDATION_ERROR")
        assert len(answer.json()["message"]) > 20

    def test_only_json_and_csv_in_utf_8_are_taken(self, client, badge, headers):
        path = f"badges/{badge.uuid}/awards/bulk"

        assert post(client, path, b"learner\nada", headers, "text/plain").status_code == 415
        assert post(client, path, b"learner\nada", headers, "text/csv; charset=latin-1").status_code == 415
        assert post(client, path, b"learner\nada", headers, "text/csv; charset=utf-8").status_code == 201

    def test_more_than_five_megabytes_are_not_read(self, client, badge, headers):
        assert sent_file(client, badge, headers, b"learner\n" + b" " * 5_000_000).status_code == 413

    @pytest.mark.parametrize("said", ["'; DROP TABLE x; --", "<script>alert(1)</script>", "=HYPERLINK(1)", "𝒜🏅"])
    def test_texts_are_stored_as_they_are(self, client, badge, headers, said):
        answer = sent(client, badge, headers, said, reason=said)

        assert (answer.json()["reason"], answer.json()["rows"][0]["learner"]) == (said, said)

    def test_a_badge_that_credly_would_refuse_is_a_conflict(self, client, badge, headers, learners):
        BadgeTemplate.objects.update(credly_state=BadgeTemplate.CredlyState.ARCHIVED)

        assert sent(client, badge, headers, "ada").status_code == 409

    def test_unknown_parameters_are_refused(self, client, badge, headers):
        assert sent_file(client, badge, headers, "learner\nada", dryRun="1").status_code == 400
        path = f"badges/{badge.uuid}/awards/bulk?reason=x"
        assert post(client, path, {"rows": [{"learner": "ada"}]}, headers).status_code == 400


class TestWho:
    """Whoever may issue the badge, and nobody else."""

    def test_another_level_s_list_is_not_there(self, client, badge, headers, learners):
        number = sent(client, badge, headers, "ada").json()["id"]
        other = key_of(OrganizationFactory())

        for answer in (
            get(client, f"bulk/{number}", other),
            get(client, f"bulk/{number}/rows", other),
            get(client, f"bulk/{number}/result", other),
            post(client, f"bulk/{number}/commit", {}, other),
            post(client, f"bulk/{number}/undo", {}, other),
            client.delete(f"/api/badges/v1/bulk/{number}", headers=other),
            sent(client, badge, other, "ada"),
            get(client, f"bulk/{uuid.uuid4()}", headers),
        ):
            assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND")
        assert BulkIssue.objects.get().state == BulkIssue.State.PREVIEW

    def test_who_may_only_look_at_awards_sees_no_list(self, client, badge, headers, learners):
        number = sent(client, badge, headers, "ada").json()["id"]

        assert get(client, f"bulk/{number}", key_of(badge.organization, Scope.AWARDS_READ)).status_code == 403
        assert get(client, f"bulk/{number}").status_code == 401

    def test_a_person_with_the_role_may(self, client, badge, learners):
        boss = UserFactory()
        LevelRole.objects.create(user=boss, role=LevelRole.Role.ISSUER, organization=badge.organization)
        client.force_login(boss)

        committed(client, badge, None, "ada")

        award = BadgeAward.objects.get()
        assert (award.source, award.granted_by) == ("by_hand", boss)


class TestCommitting:
    """The list is carried out."""

    def test_a_worker_issues_what_is_ready(self, client, badge, headers, learners):
        number = sent(client, badge, headers, "ada", "ben", reason="Workshop").json()["id"]

        answer = post(client, f"bulk/{number}/commit", {}, headers)

        assert (answer.status_code, answer.json()["state"]) == (202, "running")
        bulk.wake_left()
        shown = get(client, f"bulk/{number}", headers).json()
        assert list(shown) == SHAPE
        assert shown["state"] == "done"
        assert shown["finishedAt"] is not None
        assert shown["counts"] == {**NONE, "total": 2, "issued": 2}
        award = BadgeAward.objects.get(learner__username="ada")
        assert (award.source, award.reason, award.granted_with is not None) == ("system", "Workshop", True)
        rows = get(client, f"bulk/{number}/rows", headers).json()
        assert rows["data"][0]["awardId"] == str(award.uuid)

    def test_wrong_rows_are_left_out_only_where_that_is_said(self, client, badge, headers, learners):
        number = sent(client, badge, headers, "ada", "nobody").json()["id"]

        refused = post(client, f"bulk/{number}/commit", {}, headers)

        assert (refused.status_code, refused.json()["details"]) == (409, {"wrong": 1})
        assert post(client, f"bulk/{number}/commit", {"skipWrong": True}, headers).status_code == 202

    def test_twice_is_a_conflict_and_with_an_idempotency_key_the_same_answer(self, client, badge, headers, learners):
        number = sent(client, badge, headers, "ada").json()["id"]
        with_key = {**headers, "Idempotency-Key": "k"}

        first = post(client, f"bulk/{number}/commit", {}, with_key)
        again = post(client, f"bulk/{number}/commit", {}, with_key)

        assert (first.status_code, again.status_code) == (202, 202)
        assert first.json() == again.json()
        assert post(client, f"bulk/{number}/commit", {}, headers).status_code == 409

    @pytest.mark.parametrize("body", [{"skipWrong": "perhaps"}, {"skipwrong": True}, {"skipWrong": None}, [], "yes"])
    def test_what_cannot_be_read_is_refused(self, client, badge, headers, learners, body):
        number = sent(client, badge, headers, "ada").json()["id"]

        assert post(client, f"bulk/{number}/commit", body, headers).status_code == 400
        assert BulkIssue.objects.get().state == BulkIssue.State.PREVIEW

    def test_it_is_removed_only_before(self, client, badge, headers, learners):
        preview, done = sent(client, badge, headers, "ada").json()["id"], committed(client, badge, headers, "ben")

        assert client.delete(f"/api/badges/v1/bulk/{preview}", headers=headers).status_code == 204
        assert get(client, f"bulk/{preview}", headers).status_code == 404
        assert client.delete(f"/api/badges/v1/bulk/{done}", headers=headers).status_code == 409


class TestFollowing:
    """How far it is, and what came of it."""

    def test_rows_are_paged_and_chosen_by_state(self, client, badge, headers, learners):
        number = sent(client, badge, headers, "ada", "nobody", "ben", "nobody else").json()["id"]

        page = get(client, f"bulk/{number}/rows", headers, state="wrong", limit=1, offset=1).json()

        assert [each["learner"] for each in page["data"]] == ["nobody else"]
        assert page["pagination"] == {"limit": 1, "offset": 1, "total": 2}
        assert get(client, f"bulk/{number}/rows", headers, state="x").status_code == 400

    def test_rows_take_as_many_queries_for_fifty_as_for_one(self, client, badge, headers, django_assert_num_queries):
        few = committed(client, badge, headers, UserFactory().username)
        many = committed(client, badge, headers, *(user.username for user in UserFactory.create_batch(60)))
        with django_assert_num_queries(6):
            get(client, f"bulk/{few}/rows", headers)

        with django_assert_num_queries(6):
            answer = get(client, f"bulk/{many}/rows", headers)

        assert len(answer.json()["data"]) == 50

    def test_the_result_is_a_file_that_no_spreadsheet_runs(self, client, badge, headers, learners):
        number = sent(client, badge, headers, "ada", '=HYPERLINK("https://evil.example","x")', "+1", "@x").json()["id"]
        post(client, f"bulk/{number}/commit", {"skipWrong": True}, headers)
        bulk.wake_left()

        answer = get(client, f"bulk/{number}/result", {**headers, "Accept": "text/csv"})

        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer["Content-Disposition"] == f'attachment; filename="list-{number}.csv"'
        rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
        award = BadgeAward.objects.get()
        assert rows[0] == {
            "row": "1", "learner": "ada", "state": "issued", "said": "", "award_id": str(award.uuid),
            "award_state": "queued", "badge_url": "",
        }  # fmt: skip
        assert [row["learner"] for row in rows[1:]] == ['\'=HYPERLINK("https://evil.example","x")', "'+1", "'@x"]

    def test_a_refusal_is_json_whatever_was_asked_for(self, client, headers):
        answer = get(client, f"bulk/{uuid.uuid4()}/result", {**headers, "Accept": "text/csv"})

        assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")


class TestUndoing:
    """What Credly has not heard of is taken back."""

    def test_what_waits_is_taken_back(self, client, badge, headers, learners):
        number = committed(client, badge, headers, "ada", "ben")
        heard = BulkRow.objects.get(number=1).award
        BadgeAward.objects.filter(pk=heard.pk).update(credly_id=uuid.uuid4(), state=BadgeAward.State.OFFERED)

        answer = post(client, f"bulk/{number}/undo", {"reason": "Wrong list"}, headers)

        assert (answer.status_code, answer.json()["state"]) == (202, "undoing")
        bulk.wake_left()
        shown = get(client, f"bulk/{number}", headers).json()
        assert (shown["state"], shown["counts"]) == ("undone", {**NONE, "total": 2, "undone": 1, "sent": 1})
        assert BadgeAward.objects.get(learner__username="ben").state == BadgeAward.State.REVOKED

    def test_a_preview_and_an_undone_list_cannot_be_undone(self, client, badge, headers, learners):
        preview, number = sent(client, badge, headers, "ada").json()["id"], committed(client, badge, headers, "ben")
        post(client, f"bulk/{number}/undo", {}, headers)

        assert post(client, f"bulk/{preview}/undo", {}, headers).status_code == 409
        assert post(client, f"bulk/{number}/undo", {}, headers).status_code == 409


class TestAdmin:
    """What somebody at the admin sees of it."""

    def test_a_list_is_shown_with_what_came_of_its_rows(self, client, badge, headers, learners):
        rows = sent(client, badge, headers, "ada", "<b>nobody</b>", reason="Workshop").json()["rows"]
        made = BulkIssue.objects.get()

        browser = at_the_desk("view_bulkissue")
        index = text_of(browser.get(url("bulkissue")))
        page = browser.get(url("bulkissue", "change", made.pk))

        assert "Scholar preview 2 the system “A system”" in index
        said = text_of(page)
        assert "ready: 1, wrong: 1" in said
        assert f"2 <b>nobody</b> wrong {rows[1]['said']}" in said
        assert "<b>nobody</b>" not in page.content.decode()
        assert "Save" not in said

    def test_nobody_without_the_permission_sees_it(self, badge):
        made = BulkIssue.objects.create(template=badge)

        assert at_the_desk().get(url("bulkissue")).status_code == 403
        assert at_the_desk().get(url("bulkissue", "change", made.pk)).status_code == 403

    def test_lists_take_as_many_queries_for_many_as_for_one(self, badge, django_assert_num_queries):
        browser = manager()
        BulkIssue.objects.create(template=badge, requested_by=UserFactory())
        browser.get(url("bulkissue"))
        with django_assert_num_queries(7):
            browser.get(url("bulkissue"))
        for _ in range(20):
            BulkIssue.objects.create(template=badge, requested_by=UserFactory())

        with django_assert_num_queries(7):
            browser.get(url("bulkissue"))


@pytest.mark.django_db(transaction=True)
def test_from_a_file_to_the_badges_at_credly(client, credly, organization, at_credly, learners):
    remote = credly.add_template(at_credly, name="Scholar")
    badge = TemplateFactory(uuid=remote.uuid, organization=organization)
    headers = key_of(organization)
    text = "learner,earned_at,evidence_name,evidence_url\nada,2026-04-01,Talk,https://example.com/talk\nben@example.com,,,\n"

    number = sent_file(client, badge, headers, text).json()["id"]
    post(client, f"bulk/{number}/commit", {}, headers)
    deliver.sweep(source="beat")

    assert {each["recipient_email"] for each in credly.badges()} == {"ada@example.com", "ben@example.com"}
    assert not OutboxMessage.objects.filter(open=True).exists()
    assert [record.path.rpartition("/")[2] for record in credly.requests("POST")] == ["batch"]
    assert get(client, f"bulk/{number}", headers).json()["counts"] == {**NONE, "total": 2, "issued": 2}
