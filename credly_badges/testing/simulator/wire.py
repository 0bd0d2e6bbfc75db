"""Credly's JSON: one function per kind of object."""

from __future__ import annotations

import hashlib
from typing import Any

from .records import Authorization, Badge, Event, OAuthApplication, Organization, Template, Token, User
from .settings import SimulatorSettings
from .times import write, write_date

ORGANIZATION_TEXTS = [
    "website_url",
    "contact_email",
    "legal_contact_email",
    "technical_contact_email",
    "zip_or_postal_code",
    "organization_type",
    "bio",
    "twitter_url",
    "facebook_url",
    "linked_in_url",
    "linked_in_name",
    "linked_in_org_id",
    "city",
    "address",
    "primary_hex_color",
    "support_email",
    "support_url",
    "print_method",
    "pdf_id",
    "default_page",
    "industry_id",
    "linkedin_a2p_url",
    "location",
    "country",
    "state_or_province",
    "verified_at",
    "photo",
    "photo_url",
]
ORGANIZATION_FLAGS = [
    "allow_saml_debug",
    "enable_blockchain",
    "internationalize_badge_templates",
    "integrated_with_faethm",
    "hide_subscription",
    "workforce_enabled",
    "require_template_detail_attributes",
    "has_employees",
    "missing_required_info",
]
TEMPLATE_DEFAULTS: dict[str, Any] = {
    "description": "",
    "cost": None,
    "default_expires_at": None,
    "default_expires_at_date": None,
    "default_expires_at_type": None,
    "earn_this_badge_url": None,
    "enable_earn_this_badge": False,
    "enable_detail_attribute_visibility": True,
    "global_activity_url": None,
    "level": None,
    "lock_badge_state": False,
    "public": True,
    "recipient_type": "User",
    "send_expiring_badge_notifications": False,
    "show_badge_lmi": False,
    "show_lmi_jobs": False,
    "show_skill_tag_links": True,
    "translatable": False,
    "record_to_blockchain": None,
    "time_to_earn": None,
    "type_category": None,
    "printing_disabled": False,
    "criteria_url_name": None,
    "criteria_url": None,
    "certification": False,
    "primary_badge_template_id": None,
    "variant_name": None,
    "variants_allowed": False,
    "variant_type": None,
    "alignments": [],
    "recommendations": [],
    "required_badge_templates": [],
    "badge_template_activities": [],
    "skills": [],
    "reporting_tags": [],
}


class Wire:
    """Dumps records; ``origin`` is the scheme and host that the request was sent to."""

    def __init__(self, settings: SimulatorSettings, origin: str) -> None:
        self.settings = settings
        self.api = origin + settings.link_prefix
        self.origin = origin
        self.web = settings.web_origin

    def organization(self, organization: Organization) -> dict[str, Any]:
        """A whole organization."""
        return {
            **dict.fromkeys(ORGANIZATION_TEXTS),
            **dict.fromkeys(ORGANIZATION_FLAGS, False),
            "allowed_webhooks": [],
            "featured_badge_templates": [],
            "verified": True,
            **organization.fields,
            "id": organization.uuid,
            "name": organization.name,
            "webhook_url": organization.webhook_url,
            "vanity_slug": organization.vanity_slug,
            "vanity_url": f"{self.web}/org/{organization.vanity_slug}",
            "created_at": write(organization.created_at),
            "updated_at": write(organization.updated_at),
        }

    def owner(self, organization: Organization) -> dict[str, Any]:
        """An organization as other objects carry it."""
        return {
            "type": "Organization",
            "id": organization.uuid,
            "name": organization.name,
            "url": f"{self.api}/organizations/{organization.uuid}",
            "vanity_url": f"{self.web}/org/{organization.vanity_slug}",
            "verified": True,
        }

    def token(self, token: Token) -> dict[str, Any]:
        """A token, value and all: Credly shows it to whoever may list it."""
        owner = self.owner(token.organization)
        return {
            "id": token.uuid,
            "token": token.value,
            "owner_id": token.organization.uuid,
            "description": token.description,
            "write_enabled": token.write_enabled,
            "read_enabled": token.read_enabled,
            "delete_enabled": token.delete_enabled,
            "created_at": write(token.created_at),
            "expires_at": write(token.expires_at),
            "owner": {key: owner[key] for key in ("type", "id", "name", "url")},
        }

    def application(self, application: OAuthApplication) -> dict[str, Any]:
        """An OAuth application; its secret is never read back."""
        return {
            "id": application.number,
            "name": application.name,
            "description": None,
            "created_at": write(application.created_at),
            "updated_at": write(application.created_at),
            "uid": application.client_id,
            "created_by_id": application.organization.uuid,
            "created_by_type": "Organization",
            "created_by_name": application.organization.name,
            "creator_available": True,
            "secret": None,
        }

    def issuer(self, authorization: Authorization) -> dict[str, Any]:
        """A relation between an issuing and a granting organization."""
        return {
            "id": authorization.uuid,
            "authorization_type": "badge_template" if authorization.templates else "organization",
            "display_issuer_as": "issuer",
            "restrict_by_badge_templates": bool(authorization.templates),
            "subscription_type": None,
            "allowed_badge_templates": [{"id": template} for template in sorted(authorization.templates)],
            "collections": [],
            "issuer": self.owner(authorization.issuer),
            "grantor": self.owner(authorization.grantor),
        }

    def template(self, template: Template, *, alone: bool = False) -> dict[str, Any]:
        """A badge template; read alone it also tells what recommends it."""
        organization = template.organization
        body = {
            **TEMPLATE_DEFAULTS,
            **template.fields,
            "id": template.uuid,
            "name": template.name,
            "state": template.state,
            "state_updated_at": write(template.state_updated_at),
            "allow_duplicate_badges": template.allow_duplicate_badges,
            "badges_count": template.badges_count,
            "get_issue_count": template.badges_count,
            "vanity_slug": template.vanity_slug,
            "visibility": "public" if template.fields.get("public", True) else "private",
            "created_at": write(template.created_at),
            "updated_at": write(template.updated_at),
            "show_template_settings": alone,
            "url": f"{self.web}/org/{organization.vanity_slug}/badge/{template.vanity_slug}",
            "owner": {
                **self.owner(organization),
                "enable_blockchain": False,
                "vanity_slug": organization.vanity_slug,
                "viewable": True,
            },
        }
        image_url = body.get("image_url") or f"{self.origin}/images/{template.uuid}.svg"
        body |= {"image_url": image_url, "image": {"id": template.uuid, "url": image_url}}
        return body | {"recommending_templates": [], "criterion_for": []} if alone else body

    def badge(self, badge: Badge, user: User | None) -> dict[str, Any]:
        """A whole badge; some of its URLs exist only in some states."""
        template = self.template(badge.template)
        owner = self.owner(badge.organization)
        entity = {"label": "Issued by", "primary": True, "entity": owner}
        return {
            **self._badge_core(badge),
            "user": {} if user is None else self._user(user),
            "created_by": {**owner, "share_to_ziprecruiter": False},
            "issuer": {"summary": f"issued by {badge.organization.name}", "entities": [entity]},
            "printing_enabled": False,
            "print_method": None,
            "badge_template": template,
            "issued_to_middle_name": badge.middle_name,
            "locale": badge.locale,
            "replacement_badge_id": badge.replacement,
            "replaces_badge_id": badge.replaces,
            "revocation_reason": badge.revocation_reason,
            "suppress_badge_notification_email": badge.suppress_notification,
            "country": badge.country,
            "country_code": badge.country_code,
            "state_or_province": badge.state_or_province,
            "expires_at_date": write_date(badge.expires_at),
            "issued_at_date": write_date(badge.issued_at),
            "image": template["image"],
            "image_url": template["image_url"],
            "alignments": template["alignments"],
            "evidence": badge.evidence,
        }

    def minimal_badge(self, badge: Badge, user: User | None) -> dict[str, Any]:
        """A badge as the bulk search gives it in its minimal form."""
        return {
            **self._badge_core(badge),
            "badge_template": {"id": badge.template.uuid, "name": badge.template.name},
            "user": {} if user is None else {"id": user.uuid},
        }

    def event(self, event: Event, subject: dict[str, Any] | None) -> dict[str, Any]:
        """An event with its subject, if that is still told."""
        body: dict[str, Any] = self.notice(event)
        if subject is not None:
            body["badge_template" if isinstance(event.subject, Template) else "badge"] = subject
        return body

    def notice(self, event: Event) -> dict[str, Any]:
        """An event as a webhook brings it."""
        return {
            "id": event.uuid,
            "organization_id": event.organization.uuid,
            "event_type": event.event_type,
            "occurred_at": write(event.occurred_at),
        }

    def _badge_core(self, badge: Badge) -> dict[str, Any]:
        page = f"{self.web}/badges/{badge.uuid}"
        core = {
            "id": badge.uuid,
            "issued_to": " ".join(filter(None, (badge.first_name, badge.middle_name, badge.last_name))),
            "issued_to_first_name": badge.first_name,
            "issued_to_last_name": badge.last_name,
            "issuer_earner_id": badge.issuer_earner_id,
            "public": badge.public,
            "recipient_email": badge.recipient_email,
            "state": badge.state,
            "created_at": write(badge.created_at),
            "updated_at": write(badge.updated_at),
            "issued_at": write(badge.issued_at),
            "expires_at": write(badge.expires_at),
            "state_updated_at": write(badge.state_updated_at),
        }
        if badge.state == "pending" or (badge.state == "accepted" and badge.replaces):
            core["accept_badge_url"] = f"{page}/accept"
        if badge.state == "accepted":
            core["badge_url"] = page
        return core

    def _user(self, user: User) -> dict[str, Any]:
        return {
            "id": user.uuid,
            "email": hashlib.sha256(user.uuid.encode()).hexdigest()[:8] + "@example.com",
            "first_name": user.first_name,
            "middle_name": None,
            "last_name": user.last_name,
            "current_position_name": "*****",
            "current_organization_name": "*****",
            "confirmed": True,
            "photo": None,
            "photo_url": None,
            "url": f"{self.web}/users/{user.uuid}",
        }
