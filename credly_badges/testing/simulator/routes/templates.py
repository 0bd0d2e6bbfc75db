"""Badge templates: listed, read, created, changed, deleted."""

from __future__ import annotations

from typing import Any

from .. import filters, templates
from ..envelope import Answer, Call, not_found, one, page
from ..records import Template
from ._door import Door

SCOPE = "badge_templates"


def _field(name: str) -> Any:
    return lambda template: template.fields.get(name)


def _recommendations(template: Template) -> list[str]:
    return [str(item.get("id")) for item in template.fields.get("recommendations", [])]


TESTS: dict[str, filters.Test] = {
    "query": filters.part_of(lambda template: template.name, _field("description")),
    "name": filters.named,
    "public": filters.truth(lambda template: bool(template.fields.get("public", True))),
    "reporting_tags": filters.any_of(lambda template: template.fields.get("reporting_tags", [])),
    "recommendation_ids": filters.any_of(_recommendations),
    "skills": filters.any_of(lambda template: template.fields.get("skills", [])),
    "state": filters.one_of(lambda template: template.state),
    "owner_id": filters.one_of(lambda template: template.organization.uuid),
    "collection_id": filters.one_of(_field("collection_id")),
    **filters.dates("created_at", lambda template: template.created_at),
    **filters.dates("updated_at", lambda template: template.updated_at),
}
SORTS: dict[str, filters.SortKey] = {
    "name": lambda template: template.name.casefold(),
    "badges_count": lambda template: template.badges_count,
    "created_at": lambda template: template.sequence,
    "updated_at": lambda template: (template.updated_at, template.sequence),
}
UNFILTERED = {"active": ("active",), "not_archived": ("active", "draft")}


def list_templates(call: Call) -> Answer:
    """A page of templates."""
    asked = filters.asked_filters(call)
    found = list(call.store.templates_of(call.organization).values())
    if "state" not in asked and call.settings.template_unfiltered_states in UNFILTERED:
        states = UNFILTERED[call.settings.template_unfiltered_states]
        found = [template for template in found if template.state in states]
    found = filters.apply(call, found, asked, TESTS)
    ordered = filters.order(call, found, SORTS, call.settings.template_default_sort)
    return page(call, ordered, call.wire.template)


def read_template(call: Call) -> Answer:
    """One template."""
    return one(call.wire.template(_template(call), alone=True))


def create_template(call: Call) -> Answer:
    """A new template, with its address in ``Location``."""
    templates.check_new(call.settings, call.values)
    template = templates.create(call.store, call.organization, call.values)
    location = call.link(f"/organizations/{call.organization.uuid}/badge_templates/{template.uuid}")
    return one(call.wire.template(template, alone=True), 201, Location=location)


def update_template(call: Call) -> Answer:
    """A changed template."""
    return one(call.wire.template(templates.change(call.store, _template(call), call.values), alone=True))


def delete_template(call: Call) -> Answer:
    """A template taken away."""
    template = _template(call)
    templates.delete(call.store, template)
    if call.settings.template_delete_status == 204:
        return Answer(204)
    return one(call.wire.template(template, alone=True))


def _template(call: Call) -> Template:
    template = call.store.templates_of(call.organization).get(call.ids["template"])
    if template is None:
        raise not_found(call.settings)
    return template


ROUTES = [
    Door("GET", "/organizations/{organization}/badge_templates", list_templates, SCOPE),
    Door("POST", "/organizations/{organization}/badge_templates", create_template, SCOPE),
    Door("GET", "/organizations/{organization}/badge_templates/{template}", read_template, SCOPE),
    Door("PUT", "/organizations/{organization}/badge_templates/{template}", update_template, SCOPE),
    Door("DELETE", "/organizations/{organization}/badge_templates/{template}", delete_template, SCOPE),
]
