"""What can happen to a badge template: created, changed, archived, deleted."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from .envelope import unprocessable
from .events import announce
from .records import Organization, Template
from .settings import SimulatorSettings
from .store import Store, new_id
from .wire import TEMPLATE_DEFAULTS

STATES = ("draft", "active", "archived")
WORDS = {
    "level": ("Foundational", "Intermediate", "Advanced"),
    "cost": ("Free", "Paid"),
    "time_to_earn": ("Hours", "Days", "Weeks", "Months", "Years"),
    "type_category": ("Certification", "Experience", "Learning", "Validation"),
}
"""The words in use; the full lists are not known."""
SETTABLE = frozenset(TEMPLATE_DEFAULTS) | {"image_url"}


def check_new(settings: SimulatorSettings, values: Mapping[str, Any]) -> None:
    """Refuse a template without what Credly asks for; raises ApiError 422."""
    for key in ("name", "description", "global_activity_url", "image"):
        if not values.get(key):
            label = key.replace("_", " ").capitalize()
            raise unprocessable(settings, f"{label} can't be blank", field_name=key)
    skills = values.get("skills")
    if not isinstance(skills, list) or len(skills) < settings.template_minimum_skills:
        message = f"Skills must have at least {settings.template_minimum_skills} items"
        raise unprocessable(settings, message, field_name="skills")
    if not values.get("badge_template_activities"):
        raise unprocessable(
            settings, "Badge template activities can't be blank", field_name="badge_template_activities"
        )
    check_values(settings, values)


def check_values(settings: SimulatorSettings, values: Mapping[str, Any]) -> None:
    """Refuse values that no template can have; raises ApiError 422."""
    if "name" in values and not str(values["name"] or "").strip():
        raise unprocessable(settings, "Name can't be blank", field_name="name")
    if "state" in values and values["state"] not in STATES:
        raise unprocessable(settings, "State is not included in the list", field_name="state")
    for key, limit in (("name", settings.template_name_limit), ("description", settings.template_description_limit)):
        if limit and len(str(values.get(key) or "")) > limit:
            message = f"{key.capitalize()} is too long (maximum is {limit} characters)"
            raise unprocessable(settings, message, field_name=key)
    if values.get("global_activity_url") and not _is_address(values["global_activity_url"]):
        raise unprocessable(settings, "Global activity url is not a valid URL", field_name="global_activity_url")
    if values.get("image") is not None:
        _check_image(settings, values["image"])
    _check_lists(settings, values)
    for key, words in WORDS.items():
        if settings.template_unknown_words == "refuse" and values.get(key) and values[key] not in words:
            label = key.replace("_", " ").capitalize()
            raise unprocessable(settings, f"{label} is not included in the list", field_name=key)


def _check_image(settings: SimulatorSettings, image: object) -> None:
    """An address to fetch the picture from, or the picture in Base64, of which the docs do not show the form."""
    if isinstance(image, Mapping):
        if _is_address(image.get("remote_upload_url")):
            return
        raise unprocessable(settings, "Image could not be downloaded", field_name="image")
    head, comma, content = str(image).rpartition(",")
    form = "data_url" if comma and head.startswith("data:image/") and head.endswith(";base64") else "bare"
    if settings.template_image_base64 not in ("either", form):
        raise unprocessable(settings, "Image is not in a known form", field_name="image")
    if not _is_base64(content):
        raise unprocessable(settings, "Image is not valid Base64", field_name="image")


def _check_lists(settings: SimulatorSettings, values: Mapping[str, Any]) -> None:
    skills = values.get("skills", [])
    if not isinstance(skills, list) or not all(isinstance(skill, str) and skill.strip() for skill in skills):
        raise unprocessable(settings, "Skills are invalid", field_name="skills")
    for key in ("badge_template_activities", "alignments"):
        items = values.get(key, [])
        if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
            label = key.replace("_", " ").capitalize()
            raise unprocessable(settings, f"{label} are invalid", field_name=key)
    for item in values.get("badge_template_activities", []):
        needed = "required_badge_template_id" if item.get("activity_type") == "Badge" else "title"
        if not item.get(needed):
            label = needed.replace("_", " ").capitalize()
            raise unprocessable(settings, f"{label} can't be blank", field_name="badge_template_activities")


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def _is_address(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"https?://[^\s/]+(/\S*)?", value))


def create(
    store: Store, organization: Organization, values: Mapping[str, Any], *, uuid: str | None = None, quiet: bool = False
) -> Template:
    """A new template; a ``quiet`` one makes no event."""
    now = store.now()
    name = str(values.get("name") or "Badge template")
    number = store.number()
    template = Template(
        uuid=(uuid or new_id()).lower(),
        organization=organization,
        name=name,
        state=str(values.get("state") or store.settings.template_created_state),
        sequence=number,
        created_at=now,
        updated_at=now,
        vanity_slug=str(values.get("vanity_slug") or slug(name, number)),
        allow_duplicate_badges=bool(values.get("allow_duplicate_badges", False)),
        fields=_fields(values),
    )
    store.add_template(template)
    if not quiet:
        announce(store, "badge_template.created", template)
    return template


def change(store: Store, template: Template, values: Mapping[str, Any]) -> Template:
    """Change a template; archiving is a change too. Raises ApiError 422."""
    check_values(store.settings, values)
    state = values.get("state", template.state)
    if template.state == "archived" and state == "active" and store.settings.template_unarchive == "refuse":
        raise unprocessable(store.settings, "An archived badge template cannot be made active.", field_name="state")
    now = store.now()
    if state != template.state:
        template.state, template.state_updated_at = state, now
    template.name = str(values.get("name", template.name))
    template.allow_duplicate_badges = bool(values.get("allow_duplicate_badges", template.allow_duplicate_badges))
    template.fields = {**template.fields, **_fields(values)}
    template.updated_at = now
    announce(store, "badge_template.changed", template)
    return template


def delete(store: Store, template: Template) -> None:
    """Take a template away; raises ApiError 422 when it has badges and must stay."""
    if store.badges_from(template) and store.settings.template_delete_with_badges == "refuse":
        raise unprocessable(store.settings, "A badge template that has badges cannot be deleted.")
    store.drop_template(template)
    announce(store, "badge_template.deleted", template)


def slug(name: str, number: int) -> str:
    """The part of a public URL that stands for a name."""
    return (re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "item")[:60] + f".{number}"


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    fields = {key: value for key, value in values.items() if key in SETTABLE}
    image = values.get("image")
    if isinstance(image, Mapping) and isinstance(image.get("remote_upload_url"), str):
        fields.setdefault("image_url", image["remote_upload_url"])
    elif isinstance(image, str) and image:
        fields["image_url"] = None  # A picture that was sent itself is served from an address of its own.
    return fields
