"""The names that organizations and badge templates have in addresses of this LMS. They are given once, and stay."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from .models import BadgeAward, BadgeTemplate, CredlyOrganization

LONGEST = 70


def of(thing: CredlyOrganization | BadgeTemplate) -> str:
    """What stands in addresses for an organization or a badge: its name there, or its ID where it has none yet."""
    return thing.slug or str(thing.uuid)


def achievement_path(template: BadgeTemplate) -> str:
    """Where the Open Badges document of a badge is, below the site's address. Its organization has to be loaded."""
    return f"/api/badges/v1/achievements/{of(template.organization)}/{of(template)}"


def public_path(template: BadgeTemplate) -> str:
    """Where the page of a badge is that anybody may see, below the site's address."""
    return f"/badges/achievements/{of(template.organization)}/{of(template)}"


def award_path(award: BadgeAward) -> str:
    """Where the page of an award is, which shows it once its learner shares it, below the site's address."""
    return f"/badges/awards/{award.uuid}"


def free(name: str, taken: set[str | None]) -> str:
    """A name for addresses that is not ``taken`` yet; it is then. A name without Latin letters gives “badge”."""
    wanted = slugify(name)[:LONGEST].strip("-") or "badge"
    slug, number = wanted, 1
    while slug in taken:
        number += 1
        slug = f"{wanted}-{number}"
    taken.add(slug)
    return slug


def give(organization: CredlyOrganization, templates: Iterable[BadgeTemplate]) -> None:
    """Set the names of new rows of an organization, which the caller stores. One query."""
    mine = BadgeTemplate.objects.filter(organization=organization).exclude(slug=None)
    taken = set(mine.values_list("slug", flat=True))
    for template in templates:
        template.slug = free(template.name, taken)


def give_organization(organization: CredlyOrganization) -> None:
    """Store the name of an organization that has none yet, once it is known what it is called."""
    if organization.slug or not organization.name or organization.pk is None:
        return
    like = slugify(organization.name)[:LONGEST].strip("-") or "badge"
    taken = set(CredlyOrganization.objects.filter(slug__startswith=like).values_list("slug", flat=True))
    slug = free(organization.name, taken)
    try:
        with transaction.atomic():
            if CredlyOrganization.objects.filter(pk=organization.pk, slug=None).update(slug=slug):
                organization.slug = slug
    except IntegrityError:
        return  # Another one took it at this moment. Until somebody saves it again, its ID stands in addresses.
