"""A badge as an Open Badges 3.0 Achievement, which anybody may read (1EdTech, "Open Badges Specification" 3.0)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from .. import conf, slugs
from ..models import BadgeTemplate, CredlyOrganization
from .criteria import GroupInWords
from .learners import ever_open

CONTEXT = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
MEDIA_TYPE = "application/ld+json"
SANDBOX = "sandbox"

# Credly's own kinds (of "type_category") that the standard has a word for; everything else is what it is: a badge.
TYPES = {"certification": "Certification"}
ANY_TYPE = "Badge"


def find(organization: str, badge: str) -> BadgeTemplate | None:
    """The badge that has this address, by names or by IDs, where anybody may see it."""
    if not conf.public_pages():
        return None
    rows = BadgeTemplate.objects.select_related("organization").filter(
        ever_open(), _called("organization__", organization), _called("", badge)
    )
    found = list(rows[:4])
    # A name may look like the ID of something else.
    return next((each for each in found if slugs.of(each) == badge), found[0] if found else None)


def document(template: BadgeTemplate, groups: Sequence[GroupInWords], *, site: str) -> dict[str, Any]:
    """The Achievement as JSON-LD. ``groups`` are its criteria in words, ``site`` is the address of the LMS."""
    page = site + slugs.public_path(template)
    criteria = {"id": web(template.criteria_url) or page, "narrative": narrative(template, groups)}
    return _without_nothing(
        {
            "@context": list(CONTEXT),
            "id": site + slugs.achievement_path(template),
            "type": ["Achievement"],
            "achievementType": TYPES.get(template.type_category.strip().lower(), ANY_TYPE),
            "name": template.name or str(template.uuid),
            "description": template.description or template.name or str(template.uuid),
            "criteria": criteria,
            "image": _image(template.image_url, alternative_text(template)),
            "creator": _profile(template.organization),
            "tag": [*map(str, template.skills), *([SANDBOX] if is_sandbox(template) else [])],
            "alignment": list(_alignments(template)),
        }
    )


def narrative(template: BadgeTemplate, groups: Sequence[GroupInWords]) -> str:
    """What is needed to earn it, as a text of several lines that Markdown reads as lists."""
    lines = [line for group in groups for line in _lines(group)]
    if not lines:
        return _("It is awarded by %(organization)s.") % {"organization": template.organization}
    return "\n".join(lines)


def alternative_text(template: BadgeTemplate) -> str:
    """What the picture of a badge shows, for who does not see it."""
    words = {"badge": template.name, "organization": template.organization}
    return _("Badge “%(badge)s” of %(organization)s") % words


def is_sandbox(template: BadgeTemplate) -> bool:
    """Whether it is a badge to try things with, which is worth nothing."""
    return template.organization.environment != conf.PRODUCTION


def web(address: str) -> str:
    """An address that a page may link to; empty for what is none, such as what would run a script."""
    return address if address.lower().startswith(("http://", "https://")) else ""


def _called(prefix: str, text: str) -> Q:
    by_name = Q(**{f"{prefix}slug": text})
    try:
        return by_name | Q(**{f"{prefix}uuid": UUID(text)})
    except ValueError:
        return by_name


def _lines(group: GroupInWords) -> Iterator[str]:
    if heading := ": ".join(filter(None, (group.name, group.needs))):
        yield f"{capfirst(heading)}:"
    yield from group.notes
    for requirement in group.requirements:
        yield f"- {requirement.sentence}"


def _profile(organization: CredlyOrganization) -> dict[str, Any]:
    return _without_nothing(
        {
            # It has no page of its own here, and this stays whatever its addresses become.
            "id": organization.uuid.urn,
            "type": ["Profile"],
            "name": str(organization),
            "url": web(organization.url),
            "email": organization.email,
            "image": _image(organization.image_url, str(organization)),
        }
    )


def _image(url: str, caption: str) -> dict[str, str] | None:
    return {"id": url, "type": "Image", "caption": caption} if web(url) else None


def _alignments(template: BadgeTemplate) -> Iterator[dict[str, Any]]:
    for each in template.alignments:
        if each.get("name") and web(each.get("url", "")):
            yield _without_nothing(
                {
                    "type": ["Alignment"],
                    "targetName": each["name"],
                    "targetUrl": each["url"],
                    "targetDescription": each.get("description", ""),
                }
            )


def _without_nothing(things: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in things.items() if value not in ("", None, [])}
