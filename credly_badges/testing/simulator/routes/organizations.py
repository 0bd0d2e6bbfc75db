"""Organizations, and who lets whom issue."""

from __future__ import annotations

from ..envelope import Answer, Call, not_found, one, page, unprocessable
from ._door import Door

UPDATABLE = frozenset(
    [
        "website_url",
        "location",
        "zip_or_postal_code",
        "contact_email",
        "legal_contact_email",
        "organization_type",
        "bio",
        "twitter_url",
        "facebook_url",
        "photo",
        "city",
        "state_or_province",
        "country",
        "address",
        "hide_subscription",
        "allowed_webhooks",
    ]
)


def list_organizations(call: Call) -> Answer:
    """The organizations of a token: its own, and no other."""
    return page(call, [call.organization], call.wire.organization, old_style=True)


def read_organization(call: Call) -> Answer:
    """One organization."""
    return one(call.wire.organization(call.organization))


def update_organization(call: Call) -> Answer:
    """Change an organization; this is how its webhook is set."""
    organization = call.organization
    if "name" in call.values and not str(call.values["name"] or "").strip():
        raise unprocessable(call.settings, "Name can't be blank", field_name="name")
    organization.name = str(call.values.get("name", organization.name))
    if "webhook_url" in call.values:
        organization.webhook_url = call.values["webhook_url"] or None
    organization.fields |= {key: value for key, value in call.values.items() if key in UPDATABLE}
    organization.updated_at = call.store.now()
    return one(call.wire.organization(organization))


def list_issuers(call: Call) -> Answer:
    """Who may issue this organization's templates."""
    relations = [each for each in call.store.authorizations.values() if each.grantor is call.organization]
    return page(call, relations, call.wire.issuer)


def list_grantors(call: Call) -> Answer:
    """Whose templates this organization may issue."""
    relations = [each for each in call.store.authorizations.values() if each.issuer is call.organization]
    return page(call, relations, call.wire.issuer)


def delete_issuer(call: Call) -> Answer:
    """No longer let another organization issue."""
    relation = call.store.authorizations.get(call.ids["issuer"])
    if relation is None or relation.grantor is not call.organization:
        raise not_found(call.settings)
    del call.store.authorizations[relation.uuid]
    return Answer(204)


ROUTES = [
    Door("GET", "/organizations", list_organizations),
    Door("GET", "/organizations/{organization}", read_organization),
    Door("PUT", "/organizations/{organization}", update_organization),
    Door("GET", "/organizations/{organization}/issuers", list_issuers),
    Door("GET", "/organizations/{organization}/grantors", list_grantors),
    Door("DELETE", "/organizations/{organization}/issuers/{issuer}", delete_issuer),
]
