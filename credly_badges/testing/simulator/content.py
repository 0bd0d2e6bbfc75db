"""What a simulator holds, to be put in, changed and read back from Python."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from . import issuing, templates
from .auth import SCOPES, issue_token
from .events import announce, dump
from .records import (
    Authorization,
    Badge,
    OAuthApplication,
    Organization,
    RequestRecord,
    Template,
    User,
)
from .settings import SimulatorSettings
from .store import Store, new_id
from .times import write
from .wire import Wire

STATES = ("pending", "accepted", "rejected", "revoked")
BULK_FIELDS: dict[str, Any] = {
    "description": "Awarded for passing the course.",
    "level": "Foundational",
    "type_category": "Learning",
    "skills": ["Reading", "Writing", "Arithmetic"],
    "global_activity_url": "https://example.org/criteria",
    "badge_template_activities": [{"title": "Pass the course", "activity_type": "Course", "activity_url": ""}],
}


class Content:
    """Organizations, keys, templates, badges, events and requests of one simulator.

    What earners do, and what is done on Credly's own site (accepting, archiving ...), makes events and webhooks.
    Methods raise KeyError for something that is not there and ApiError for what Credly would refuse.
    """

    settings: SimulatorSettings
    store: Store

    def add_organization(
        self, name: str = "Example Org", uuid: str | None = None, key: str | None = None, **fields: Any
    ) -> Organization:
        """A new organization with one full token, its ``key``."""
        with self.store.lock:
            now, webhook_url = self.store.now(), fields.pop("webhook_url", None)
            slug = templates.slug(name, self.store.number())
            identity = (uuid or new_id()).lower()
            organization = Organization(identity, name, now, now, slug, webhook_url=webhook_url, fields=fields)
            self.store.add_organization(organization)
            organization.key = issue_token(self.store, organization, key, "First token").value
            return organization

    def authorize_issuer(self, grantor: Organization, issuer: Organization, *only: Template) -> Authorization:
        """Let one organization issue the templates of another, all or only some."""
        with self.store.lock:
            relation = Authorization(new_id(), grantor, issuer, frozenset(template.uuid for template in only))
            self.store.authorizations[relation.uuid] = relation
            return relation

    def set_webhook(self, organization: Organization, url: str | None) -> None:
        """Tell an organization's events to a URL from now on."""
        with self.store.lock:
            organization.webhook_url = url

    def new_key(self, organization: Organization, **flags: bool) -> str:
        """One more token, which becomes the organization's ``key``; flags such as ``write_enabled=False``."""
        with self.store.lock:
            organization.key = issue_token(self.store, organization, None, "New token", **flags).value
            return organization.key

    def revoke_key(self, organization: Organization) -> None:
        """End the organization's current key; nothing works with it any more."""
        with self.store.lock:
            self.store.tokens.pop(organization.key, None)

    def expire_key(self, organization: Organization) -> None:
        """Let the organization's current key reach the end of its life."""
        with self.store.lock:
            self.store.tokens[organization.key].expires_at = self.store.now() - timedelta(seconds=1)

    def add_oauth_application(self, organization: Organization, *scopes: str) -> OAuthApplication:
        """A client for OAuth, with all scopes or only some."""
        with self.store.lock:
            now, number = self.store.now(), self.store.number()
            allowed = frozenset(scopes) or SCOPES
            application = OAuthApplication(number, "Application", organization, new_id(), new_id(), allowed, now)
            self.store.applications[number] = application
            return application

    def add_template(
        self, organization: Organization, name: str = "Example Template", state: str = "active", **fields: Any
    ) -> Template:
        """A new template, made on Credly's own site; ``fields`` are Credly's, and may hold ``uuid``."""
        uuid = fields.pop("uuid", None)
        with self.store.lock:
            values = {**BULK_FIELDS, **fields, "name": name, "state": state}
            return templates.create(self.store, organization, values, uuid=uuid)

    def add_templates(self, organization: Organization, number: int, **fields: Any) -> list[Template]:
        """Many templates at once, numbered in their names, without events."""
        with self.store.lock:
            first = len(self.store.templates_of(organization)) + 1
            values = {**BULK_FIELDS, "state": "active", **fields}
            names = (f"Badge template {place:05d}" for place in range(first, first + number))
            made = [{**values, "name": name} for name in names]
            return [templates.create(self.store, organization, each, quiet=True) for each in made]

    def update_template(self, template: Template, **fields: Any) -> Template:
        """Change a template on Credly's own site."""
        with self.store.lock:
            return templates.change(self.store, template, fields)

    def archive_template(self, template: Template) -> Template:
        """Archive a template; it cannot issue any more."""
        return self.update_template(template, state="archived")

    def restore_template(self, template: Template) -> Template:
        """Make an archived template active again, or bring a deleted one back."""
        with self.store.lock:
            if template.uuid not in self.store.templates:
                self.store.add_template(template)
            return templates.change(self.store, template, {"state": "active"})

    def delete_template(self, template: Template) -> None:
        """Take a template away, badges or not."""
        with self.store.lock:
            self.store.drop_template(template)
            announce(self.store, "badge_template.deleted", template)

    def add_user(self, *emails: str, first_name: str = "Ana", last_name: str = "Ng") -> User:
        """An earner's account with one or several addresses."""
        with self.store.lock:
            user = User(new_id(), first_name, last_name, {email.casefold() for email in emails})
            self.store.users |= dict.fromkeys(user.emails, user)
            return user

    def issue_badge(self, organization: Organization, **values: Any) -> dict[str, Any]:
        """Issue on Credly's own site, with the fields of the API."""
        with self.store.lock:
            return self._dump(issuing.commit(self.store, issuing.prepare(self.store, organization, values)))

    def add_badges(
        self,
        template: Template,
        number: int,
        *,
        earner_ids: Iterable[str] | None = None,
        emails: Iterable[str] | None = None,
        state: str = "accepted",
    ) -> None:
        """Many badges at once, without events; made-up addresses and no earner ids unless they are given.

        A million take a moment: each badge is only worked out when somebody looks at it. Raises ValueError.
        """
        if state not in STATES:
            raise ValueError(f"A badge is in one of the states {', '.join(STATES)}, not {state!r}.")
        if number < 1:
            raise ValueError("Say how many badges are to be made: 1 or more.")
        with self.store.lock:
            self.store.add_bulk(template, number, state, emails, earner_ids)

    def accept_badge(self, badge_id: str) -> dict[str, Any]:
        """The earner accepts."""
        with self.store.lock:
            return self._dump(issuing.accept(self.store, self.store.badges[badge_id]))

    def reject_badge(self, badge_id: str) -> dict[str, Any]:
        """The earner declines."""
        with self.store.lock:
            return self._dump(issuing.reject(self.store, self.store.badges[badge_id]))

    def toggle_public(self, badge_id: str) -> dict[str, Any]:
        """The earner shows or hides the badge."""
        with self.store.lock:
            return self._dump(issuing.toggle_public(self.store, self.store.badges[badge_id]))

    def revoke_badge(self, badge_id: str, reason: str = "Revoked on Credly's site") -> dict[str, Any]:
        """Somebody revokes on Credly's own site."""
        with self.store.lock:
            return self._dump(issuing.revoke(self.store, self.store.badges[badge_id], reason))

    def replace_badge(self, badge_id: str, **changes: Any) -> dict[str, Any]:
        """Somebody replaces on Credly's own site; ``changes`` are fields of the API. The new badge is returned."""
        with self.store.lock:
            old = self.store.badges[badge_id]
            same = {"badge_template_id": old.template.uuid, "issued_at": write(old.issued_at)}
            return self._dump(issuing.replace(self.store, old.organization, old, same | changes))

    def change_email(self, badge_id: str, email: str) -> dict[str, Any]:
        """Somebody corrects the address on Credly's own site, while the badge is pending."""
        with self.store.lock:
            return self._dump(issuing.change_email(self.store, self.store.badges[badge_id], email))

    def delete_badge(self, badge_id: str) -> None:
        """Somebody erases the badge on Credly's own site."""
        with self.store.lock:
            issuing.delete(self.store, self.store.badges[badge_id])

    def badge(self, badge_id: str) -> dict[str, Any]:
        """One badge in wire shape."""
        with self.store.lock:
            return self._dump(self.store.badges[badge_id])

    def templates(self) -> list[dict[str, Any]]:
        """Every template in wire shape, oldest first."""
        with self.store.lock:
            return [self._wire().template(template) for template in self.store.templates.values()]

    def badges(self) -> list[dict[str, Any]]:
        """Every badge in wire shape, oldest first."""
        with self.store.lock:
            return [self._dump(badge) for badge in self.store.badges.after()]

    def badges_of(self, email: str) -> list[str]:
        """The template ids of an earner's pending and accepted badges, oldest first; a duplicate shows twice."""
        with self.store.lock:
            return [badge.template.uuid for badge in self.store.badges_to(email) if badge.is_live]

    def issued_count(self, email: str, template_uuid: str) -> int:
        """How many badges were ever created for an address from a template; a duplicate shows as 2."""
        with self.store.lock:
            return self.store.issued_count(email, template_uuid)

    def counters(self) -> dict[tuple[str, str], int]:
        """The same for every address and template that has any."""
        with self.store.lock:
            return {(email, template): times for email, template, times in self.store.issued()}

    def events(self) -> list[dict[str, Any]]:
        """Every event with its subject, oldest first."""
        with self.store.lock:
            return [dump(self.store, event, self._wire()) for event in self.store.events.values()]

    def notices(self) -> list[dict[str, Any]]:
        """Every event as a webhook brings it, oldest first, for tests that deliver by hand."""
        with self.store.lock:
            return [self._wire().notice(event) for event in self.store.events.values()]

    def requests(self, method: str | None = None, path_contains: str | None = None) -> list[RequestRecord]:
        """The API requests that arrived, oldest first; never their credentials."""
        with self.store.lock:
            found = list(self.store.requests)
        return [
            record
            for record in found
            if method in (None, record.method) and (path_contains is None or path_contains in record.path)
        ]

    def _wire(self) -> Wire:
        return Wire(self.settings, self.settings.link_origin or self.store.origin)

    def _dump(self, badge: Badge) -> dict[str, Any]:
        return self._wire().badge(badge, self.store.user_of(badge.recipient_email))
