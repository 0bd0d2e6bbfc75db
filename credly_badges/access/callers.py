"""Who is asking, and at which levels they may do what. A level's scopes hold for all below it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from ..models import ApiKey, BadgeProgram, BadgeTemplate, LevelRole
from . import courses
from .scopes import COURSE_STAFF, PERMISSIONS, ROLES, Scope

NOWHERE = Q(pk__in=())
# Not an empty Q: what is joined to that by “or” would stand alone.
ANYWHERE = Q(pk__isnull=False)


@dataclass(frozen=True)
class Level:
    """The whole site, an organization, or a program of one."""

    organization_id: int | None = None
    program_id: int | None = None

    @property
    def is_site(self) -> bool:
        """Whether it is the site as a whole."""
        return self.organization_id is None and self.program_id is None


SITE = Level()


@dataclass(frozen=True)
class Grant:
    """What may be done at a level, and at all below it."""

    level: Level
    scopes: frozenset[Scope]


@dataclass
class Caller:
    """A user, another system with its key, or nobody that is known."""

    name: str
    """What tells them apart: ``user:7``, ``key:3``, ``master``, ``anonymous``."""
    user: Any = None
    key: ApiKey | None = None
    grants: tuple[Grant, ...] = ()
    _courses: list[int] | None = field(default=None, repr=False)

    @property
    def is_known(self) -> bool:
        """Whether they have shown who they are."""
        return self.name != "anonymous"

    def has(self, scope: Scope) -> bool:
        """Whether they may do this anywhere."""
        return any(scope in grant.scopes for grant in self.grants) or (
            scope in COURSE_STAFF and bool(self.course_badges)
        )

    def everywhere(self, scope: Scope) -> bool:
        """Whether they may do this at the level of the whole site."""
        return any(grant.level.is_site for grant in self._that_allow(scope))

    def at(self, scope: Scope, level: Level) -> bool:
        """Whether they may do this at a level, by that level or one above it."""
        organization_id = level.organization_id or _organization_of(level.program_id)
        return any(
            grant.level.is_site
            or (level.program_id is not None and grant.level.program_id == level.program_id)
            or (
                grant.level.program_id is None
                and organization_id is not None
                and grant.level.organization_id == organization_id
            )
            for grant in self._that_allow(scope)
        )

    def levels(self, scope: Scope) -> tuple[Level, ...]:
        """The levels that allow it, as they were granted."""
        return tuple(grant.level for grant in self._that_allow(scope))

    def organizations(self, scope: Scope) -> Q:
        """Which organizations they may do this with, or with a program of."""
        if self.everywhere(scope):
            return ANYWHERE
        levels = self.levels(scope)
        return Q(pk__in=[each.organization_id for each in levels if each.organization_id is not None]) | Q(
            pk__in=BadgeProgram.objects.filter(pk__in=_programs(levels)).values("organization_id")
        )

    def programs(self, scope: Scope) -> Q:
        """Which programs they may do this with."""
        if self.everywhere(scope):
            return ANYWHERE
        levels = self.levels(scope)
        return Q(pk__in=_programs(levels)) | Q(organization__in=_organizations(levels))

    def templates(self, scope: Scope) -> Q:
        """Which badge templates they may do this with."""
        if self.everywhere(scope):
            return ANYWHERE
        levels = self.levels(scope)
        found = Q(organization__in=_organizations(levels)) if _organizations(levels) else NOWHERE
        if programs := _programs(levels):
            through = BadgeProgram.templates.through.objects.filter(badgeprogram__in=programs)
            found |= Q(pk__in=through.values("badgetemplate_id"))
        if scope in COURSE_STAFF and self.course_badges:
            found |= Q(pk__in=self.course_badges)
        return found

    def may(self, scope: Scope, template: BadgeTemplate) -> bool:
        """Whether they may do this with one badge template."""
        if any(
            level.is_site or (level.program_id is None and level.organization_id == template.organization_id)
            for level in self.levels(scope)
        ):
            return True
        return BadgeTemplate.objects.filter(self.templates(scope), pk=template.pk).exists()

    @property
    def course_badges(self) -> list[int]:
        """The badges that they speak for as staff of courses."""
        if self._courses is None:
            self._courses = courses.badges_of(self.user) if self.user is not None else []
        return self._courses

    def _that_allow(self, scope: Scope) -> tuple[Grant, ...]:
        return tuple(grant for grant in self.grants if scope in grant.scopes)


ANONYMOUS = Caller("anonymous")


def level_of(placed: Any) -> Level:
    """The level of something that is at one."""
    return Level(None if placed.program_id else placed.organization_id, placed.program_id)


def of_user(user: Any) -> Caller:
    """A user of the LMS: with their roles, and with what the admin lets them do. Two queries, and Django's own."""
    if not user.is_active:
        # Who has not confirmed their e-mail address is a learner like any other, whatever else they were given.
        return Caller(f"user:{user.pk}", user)
    if user.is_superuser:
        return Caller(f"user:{user.pk}", user, grants=(Grant(SITE, frozenset(Scope)),))
    grants = [Grant(level_of(row), ROLES[row.role]) for row in LevelRole.objects.filter(user=user)]
    if user.is_staff:
        # Django's permissions open the admin to its staff only.
        scopes = frozenset(scope for scope, permission in PERMISSIONS.items() if user.has_perm(permission))
        grants.append(Grant(SITE, scopes))
    return Caller(f"user:{user.pk}", user, grants=tuple(grants))


def of_key(key: ApiKey) -> Caller:
    """Another system, with what its key is for."""
    known = frozenset(Scope(name) for name in key.scopes if name in set(Scope))
    return Caller(f"key:{key.pk}", key=key, grants=(Grant(level_of(key), known),))


def of_master() -> Caller:
    """Who signs with the site's own secret."""
    return Caller("master", grants=(Grant(SITE, frozenset(Scope)),))


def _programs(levels: Iterable[Level]) -> list[int]:
    return [each.program_id for each in levels if each.program_id is not None]


def _organizations(levels: Iterable[Level]) -> list[int]:
    return [each.organization_id for each in levels if each.organization_id is not None]


def _organization_of(program_id: int | None) -> int | None:
    if program_id is None:
        return None
    return BadgeProgram.objects.filter(pk=program_id).values_list("organization_id", flat=True).first()
