"""Who may do what: keys, signatures, levels and roles."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from django.utils import timezone

from credly_badges import access, lms, retirement
from credly_badges.access import SITE, BadKey, BadSignature, Level, Scope, signed
from credly_badges.models import ApiKey, AuditEntry, BadgeProgram, LevelRole, SpentSignature
from credly_badges.testing.factories import OrganizationFactory, TemplateFactory, UserFactory, a_badge_for_passing

pytestmark = pytest.mark.django_db

MASTER = "a secret of the site's own that nobody can guess"


def made(**told) -> access.Made:
    return access.make(**{"name": "A system", "scopes": [Scope.BADGES_READ], **told})


class TestKeys:
    def test_a_key_is_found_by_what_is_sent_and_kept_as_a_hash_alone(self):
        new = made()

        found = access.by_bearer(new.shown)

        assert found.pk == new.key.pk
        assert new.shown.startswith("cbk_")
        row = ApiKey.objects.values().get()
        assert not [name for name, value in row.items() if new.shown.partition(".")[2] in str(value)]
        assert new.shown not in repr(new)

    @pytest.mark.parametrize(
        "sent",
        ["", ".", "cbk_", "cbk_.", "cbk_nobody12.secret", "{key}x", "{key} ", "{prefix}.wrong", "{prefix}", "x" * 9000,
         "cbk_\0.x", "{key}.{key}"],
    )  # fmt: skip
    def test_what_is_no_key_opens_nothing(self, sent):
        new = made()

        with pytest.raises(BadKey, match="does not exist"):
            access.by_bearer(sent.format(key=new.shown, prefix=new.key.prefix))

    def test_a_revoked_key_opens_nothing_and_its_end_is_in_the_log(self):
        new, person = made(), UserFactory()

        access.revoke(new.key, by=person)
        access.revoke(new.key, by=person)

        with pytest.raises(BadKey):
            access.by_bearer(new.shown)
        assert AuditEntry.objects.filter(action="api_key.revoked", actor=person).count() == 1

    def test_a_key_ends_when_it_was_said_to(self):
        new = made(expires_at=timezone.now() + timedelta(hours=1))
        assert access.by_bearer(new.shown)

        ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

        with pytest.raises(BadKey):
            access.by_bearer(new.shown)

    def test_the_secret_of_a_key_that_signs_is_not_taken_as_a_key(self):
        new = made(kind=ApiKey.Kind.SIGNING)

        for sent in (new.shown, f"{new.key.prefix}.{new.shown}"):
            with pytest.raises(BadKey):
                access.by_bearer(sent)

    def test_when_it_was_last_used_is_kept_once_a_minute(self, django_assert_num_queries):
        new = made()
        access.by_bearer(new.shown)
        first = ApiKey.objects.get().last_used_at

        with django_assert_num_queries(1):
            access.by_bearer(new.shown)

        assert first is not None
        assert ApiKey.objects.get().last_used_at == first

    def test_nothing_of_the_key_is_in_the_audit_log(self):
        new = made()

        entry = AuditEntry.objects.get(action="api_key.made")

        assert new.shown.partition(".")[2] not in str(entry.after)
        assert entry.after["scopes"] == ["badges:read"]

    def test_a_scope_that_there_is_not_makes_no_key(self):
        with pytest.raises(ValueError, match="everything"):
            made(scopes=["everything"])
        assert not ApiKey.objects.exists()


def token(secret, *, algorithm="HS256", header=None, drop=(), **claims) -> str:
    body = claims.pop("bytes", b"")
    whole = {
        "exp": int(timezone.now().timestamp()) + 60,
        "method": "GET",
        "path": "/api/badges/v1/badges?limit=5",
        "body": {"alg": "sha256", "hash": hashlib.sha256(body).hexdigest()},
        **claims,
    }
    return jwt.encode(
        {name: value for name, value in whole.items() if name not in drop}, secret, algorithm=algorithm, headers=header
    )


def verified(sent, method="GET", path="/api/badges/v1/badges?limit=5", body=b"") -> access.Signed:
    return access.verified(sent, method=method, path=path, body=body)


class TestSignedRequests:
    @pytest.fixture
    def key(self) -> access.Made:
        return made(kind=ApiKey.Kind.SIGNING)

    def test_a_signed_request_is_its_keys(self, key):
        sent = token(key.shown, key=key.key.prefix)

        assert verified(sent).key == key.key

    def test_a_body_is_covered_by_its_hash(self, key):
        claims = {"key": key.key.prefix, "method": "POST", "path": "/x", "bytes": b'{"a":1}'}

        assert verified(token(key.shown, **claims), "POST", "/x", b'{"a":1}').key == key.key
        with pytest.raises(BadSignature, match="another body"):
            verified(token(key.shown, **claims, jti="2"), "POST", "/x", b'{"a":2}')

    def test_a_request_without_a_body_needs_no_hash(self, key):
        for method in ("GET", "HEAD", "DELETE"):
            assert verified(token(key.shown, key=key.key.prefix, method=method, drop=("body",)), method)
        with pytest.raises(BadSignature, match="“body”"):
            verified(token(key.shown, key=key.key.prefix, method="POST", drop=("body",)), "POST")

    @pytest.mark.parametrize(
        ("said", "because"),
        [
            ({"method": "POST"}, "another method"),
            ({"path": "/api/badges/v1/badges"}, "another address"),
            ({"path": "/api/badges/v1/badges?limit=50"}, "another address"),
            ({"path": None}, "another address"),
            ({"exp": 1}, "expired"),
            ({"drop": ("exp",)}, "no claim “exp”"),
            ({"exp": "soon"}, "signature is wrong"),
            ({"exp": []}, "signature is wrong"),
            ({"exp": int(datetime(2200, 1, 1, tzinfo=UTC).timestamp())}, "too long"),
            ({"exp": 10**30}, "no time"),
            ({"body": "x"}, "“body”"),
            ({"body": {"alg": "md5", "hash": "x"}}, "“alg”"),
            ({"body": {"alg": "sha256", "hash": 5}}, "“hash”"),
            ({"body": {"alg": "sha256", "hash": "é"}}, "another body"),
            ({"key": "cbk_nobody"}, "names no key"),
            ({"key": None}, "names no key"),
            ({"key": ["cbk_nobody"]}, "names no key"),
            ({"key": "x" * 1000}, "names no key"),
            ({"key": "master"}, "names no key"),
            ({"drop": ("key",)}, "names no key"),
            ({"algorithm": "HS384", "secret": "x" * 64}, "signature is wrong"),
            ({"x": "y" * 5000}, "too long"),
        ],
    )
    def test_what_is_wrong_about_a_token_is_said(self, key, said, because):
        sent = token(**{"secret": key.shown, "key": key.key.prefix, **said})

        with pytest.raises(BadSignature, match=because):
            verified(sent)
        assert not SpentSignature.objects.exists()

    def test_a_token_without_a_signature_is_not_taken(self, key):
        unsigned = token("", algorithm="none", key=key.key.prefix)
        whole = token(key.shown, key=key.key.prefix)

        for sent in (
            unsigned,
            whole.rpartition(".")[0] + ".",
            whole[:-6] + "AAAAAA",
            "",
            "x",
            "a.b.c",
            "é.é.é",
            "." * 50,
        ):
            with pytest.raises(BadSignature):
                verified(sent)

    def test_a_token_that_names_another_key_is_not_taken(self, key):
        other = made(kind=ApiKey.Kind.SIGNING)

        with pytest.raises(BadSignature, match="signature is wrong"):
            verified(token(key.shown, key=other.key.prefix))

    def test_a_key_that_is_sent_signs_nothing(self):
        bearer = made()

        with pytest.raises(BadSignature, match="names no key"):
            verified(token(bearer.shown, key=bearer.key.prefix))

    def test_a_token_that_nests_deeply_is_refused(self, key):
        import base64

        bomb = base64.urlsafe_b64encode(b"[" * 2900).rstrip(b"=").decode()

        with pytest.raises(BadSignature):
            verified(f"e30.{bomb}.x")

    def test_a_token_is_taken_once(self, key):
        sent = token(key.shown, key=key.key.prefix)
        verified(sent)

        with pytest.raises(BadSignature, match="used before"):
            verified(sent)
        assert verified(token(key.shown, key=key.key.prefix, jti="another"))

    def test_another_spelling_of_its_signature_is_the_same_token(self, key):
        sent = token(key.shown, key=key.key.prefix)
        verified(sent)

        for spelled in (sent + "=", sent[:-1] + chr(ord(sent[-1]) + 1)):
            with pytest.raises(BadSignature):
                verified(spelled)

    def test_spent_tokens_are_kept_for_as_long_as_they_would_hold(self, key):
        verified(token(key.shown, key=key.key.prefix))
        assert signed.purge() == 0

        SpentSignature.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

        assert signed.purge() == 1

    def test_the_sites_master_is_off_until_the_settings_have_its_secret(self, settings):
        sent = token(MASTER, key="master")
        with pytest.raises(BadSignature, match="names no key"):
            verified(sent)

        settings.CREDLY_BADGES_API_MASTER_SECRET = MASTER

        assert verified(sent).key is None

    def test_a_revoked_key_signs_nothing(self, key):
        access.revoke(key.key, by=None)

        with pytest.raises(BadSignature, match="names no key"):
            verified(token(key.shown, key=key.key.prefix))

    def test_a_secret_that_cannot_be_read_any_more_is_said(self, key, settings):
        settings.CREDLY_BADGES_ENCRYPTION_KEYS = ["dGVzdHM6IHRoZSBvbGRlciBvZiB0d28ga2V5cy4uLiE="]

        with pytest.raises(BadSignature, match="new key"):
            verified(token(key.shown, key=key.key.prefix))


class TestLevels:
    def test_what_is_allowed_at_a_level_is_allowed_below_it_and_nowhere_else(self):
        mine, other = OrganizationFactory(), OrganizationFactory()
        program = BadgeProgram.objects.create(organization=mine, slug="p", name="P")
        foreign = BadgeProgram.objects.create(organization=other, slug="p", name="P")
        levels = {
            "site": SITE, "mine": Level(mine.pk), "other": Level(other.pk), "program": Level(program_id=program.pk),
            "foreign": Level(program_id=foreign.pk),
        }  # fmt: skip
        allowed = {
            "site": set(levels),
            "mine": {"mine", "program"},
            "other": {"other", "foreign"},
            "program": {"program"},
            "foreign": {"foreign"},
        }

        for granted, level in levels.items():
            caller = access.of_key(made(level=level).key)
            found = {name for name, each in levels.items() if caller.at(Scope.BADGES_READ, each)}
            assert found == allowed[granted], granted
            assert not any(caller.at(Scope.BADGES_WRITE, each) for each in levels.values())

    def test_a_programs_badges_are_those_in_it(self):
        organization = OrganizationFactory()
        inside, outside = TemplateFactory.create_batch(2, organization=organization)
        program = BadgeProgram.objects.create(organization=organization, slug="p", name="P")
        program.templates.add(inside)

        caller = access.of_key(made(level=Level(program_id=program.pk)).key)

        assert caller.may(Scope.BADGES_READ, inside)
        assert not caller.may(Scope.BADGES_READ, outside)

    def test_a_scope_that_is_no_longer_known_allows_nothing(self):
        new = made()
        ApiKey.objects.update(scopes=["badges:read", "badges:paint"])
        new.key.refresh_from_db()

        assert access.of_key(new.key).grants[0].scopes == {Scope.BADGES_READ}

    def test_who_is_not_active_may_do_nothing_at_any_level(self):
        person = UserFactory(admin=True, is_active=False)
        LevelRole.objects.create(user=person, role=LevelRole.Role.ADMINISTRATOR)

        assert not access.of_user(person).grants

    def test_who_retires_has_no_role_and_the_keys_they_made_go_on(self):
        person, other = UserFactory(), UserFactory()
        new = made(by=person)
        for each in (person, other):
            LevelRole.objects.create(user=each, role=LevelRole.Role.ISSUER)

        retirement.forget(person.pk)

        assert [row.user for row in LevelRole.objects.all()] == [other]
        assert access.by_bearer(new.shown).created_by is None


class TestCourseStaff:
    @pytest.fixture
    def courses(self, db):
        """As many badges as an organization may have, each for passing a course."""
        organization = OrganizationFactory()
        for number in range(20):
            a_badge_for_passing(f"course-v1:edX+C{number}+2026", organization=organization)
        yield
        lms.backend().clear()

    def test_for_a_learner_no_requirement_is_read(self, courses, django_assert_num_queries):
        caller = access.of_user(UserFactory())

        with django_assert_num_queries(0):
            assert caller.course_badges == []

    def test_the_staff_of_five_courses_speak_for_their_badges_in_two_queries(self, courses, django_assert_num_queries):
        caller = access.of_user(staff := UserFactory())
        for number in range(5):
            lms.backend().add_staff(staff.pk, f"course-v1:edX+C{number}+2026")

        with django_assert_num_queries(2):
            assert len(caller.course_badges) == 5
