"""To whom a badge is available: to all, or where it was said, with the quota and until the end that were set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from . import lms
from .models import Availability, BadgeAward, BadgeTemplate

ANYWHERE = ""
# What was taken back before Credly ever issued it, and what could not be issued and was given up, cost no badge.
COUNTED = Q(live=True) | Q(credly_id__isnull=False)


class NotAvailable(Exception):
    """The badge is not available there, or no longer, or there are none left; ``sentence`` says which."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Offer:
    """Where one badge is available: by its own rows, and by those of its organization. No rows are no limit."""

    own: tuple[Availability, ...]
    of_organization: tuple[Availability, ...]
    # The course runs of the programs among their scopes, as the LMS knows them.
    programs: Mapping[str, frozenset[str]]

    @property
    def rows(self) -> tuple[Availability, ...]:
        """All that limits it."""
        return (*self.own, *self.of_organization)

    @property
    def sides(self) -> tuple[tuple[Availability, ...], ...]:
        """One row of each of these has to fit."""
        return tuple(rows for rows in (self.own, self.of_organization) if rows)

    def why_not(self, scope: str, now: datetime | None = None) -> str:
        """Why it may not be asked for or earned at a place, or an empty text. Quotas are not looked at."""
        for rows, covering in zip(self.sides, self.covering([scope]), strict=True):
            if sentence := _why_none_is_open(rows, covering, now or timezone.now()):
                return sentence
        return ""

    def covering(self, scopes: Iterable[str]) -> list[tuple[Availability, ...]]:
        """Of each side, the rows that one of these places lies in."""
        around = frozenset().union(*map(enclosing, scopes))
        return [
            tuple(
                row
                for row in rows
                if row.scope in around or not around.isdisjoint(self.programs.get(row.scope, frozenset()))
            )
            for rows in self.sides
        ]

    def left(self, scope: str, counts: Mapping[int, int], now: datetime | None = None) -> int | None:
        """How many more may be awarded at a place, from what ``used`` counts; None where there is no limit."""
        least: int | None = None
        for covering in self.covering([scope]):
            open_ones = [row for row in covering if row.is_open(now)]
            if all(row.quota is not None for row in open_ones):
                here = sum(max((row.quota or 0) - counts.get(row.pk, 0), 0) for row in open_ones)
                least = here if least is None else min(least, here)
        return least

    def ends_at(self, scope: str, now: datetime | None = None) -> datetime | None:
        """When it stops being available at a place; None where no end is set."""
        ends = []
        for covering in self.covering([scope]):
            side = [row.ends_at for row in covering if row.is_open(now)]
            ends += [max(end for end in side if end is not None)] if side and None not in side else []
        return min(ends, default=None)


def why_not(template: BadgeTemplate, scope: str, now: datetime | None = None) -> str:
    """Why a badge may not be asked for at a place, in a sentence that says where it may; empty where it may.

    ``scope`` is a course run, a course without its run, a course organization, a program UUID, or empty for anywhere,
    which lies in nothing but everywhere.
    """
    return offer(template).why_not(scope, now)


def offer(template: BadgeTemplate) -> Offer:
    """Where a badge is available. One query."""
    return offers([template])[template.pk]


def offers(templates: Collection[BadgeTemplate]) -> dict[int, Offer]:
    """Where each of these badges is available. One query."""
    organizations = {template.organization_id for template in templates}
    rows = list(
        Availability.objects.filter(
            Q(template=None) | Q(template__in=[template.pk for template in templates]), organization__in=organizations
        )
    )
    programs = lms.runs_of_programs({row.scope for row in rows if is_program(row.scope)})
    own: dict[int, list[Availability]] = {}
    of_organization: dict[int, list[Availability]] = {}
    for row in rows:
        if row.template_id is None:
            of_organization.setdefault(row.organization_id, []).append(row)
        else:
            own.setdefault(row.template_id, []).append(row)
    return {
        template.pk: Offer(
            tuple(own.get(template.pk, ())), tuple(of_organization.get(template.organization_id, ())), programs
        )
        for template in templates
    }


def claim(template: BadgeTemplate, *, scopes: Collection[str] | None, now: datetime) -> Availability | None:
    """Find what a new award counts against, in the caller's transaction; None where the badge is available to all.

    ``scopes`` are those of the event that decided it: the course run and all that it lies in. None is for an award by
    hand, which any open availability covers. Rows with a quota are locked until the transaction ends, so that two
    awards at one moment do not both take the last badge. Raises NotAvailable. One query where there are no rows.
    """
    offered = offer(template)
    if not offered.rows:
        return None
    fitting = list(offered.sides) if scopes is None else offered.covering(scopes)
    for rows, covering in zip(offered.sides, fitting, strict=True):
        if sentence := _why_none_is_open(rows, covering, now):
            raise NotAvailable(sentence)
    open_ones = [[row for row in covering if row.is_open(now)] for covering in fitting]
    left = _left_under_lock([row for rows in open_ones for row in rows])
    chosen = [next((row for row in _narrowest_first(rows) if left.get(row.pk, 1) > 0), None) for rows in open_ones]
    for candidates, row in zip(open_ones, chosen, strict=True):
        if row is None:
            raise NotAvailable(_used_up(candidates))
    return _charged([row for row in chosen if row is not None])


def used(rows: Collection[Availability]) -> dict[int, int]:
    """How many badges count against each of these availabilities. Two queries."""
    if not rows:
        return {}
    family = _family(rows)
    return _sums(rows, family, _tally(family)[0])


def enclosing(scope: str) -> frozenset[str]:
    """A place and all that it lies in: a run in its course and its course organization, and all in everywhere."""
    around = {scope, ANYWHERE}
    try:
        key = CourseKey.from_string(scope)
    except InvalidKeyError:
        if not is_program(scope) and "+" in scope:
            around.add(scope.partition("+")[0])
        return frozenset(around)
    if hasattr(key, "to_course_locator"):
        around.add(str(key.to_course_locator()))  # A CCX lies in the run that it was made from.
    return frozenset(around | {f"{key.org}+{key.course}", str(key.org)})


def is_program(scope: str) -> bool:
    """Whether a scope is a program, which is told by its UUID."""
    try:
        return str(UUID(scope)) == scope.lower()
    except ValueError:
        return False


def _why_none_is_open(rows: Sequence[Availability], covering: Sequence[Availability], now: datetime) -> str:
    if any(row.is_open(now) for row in covering):
        return ""
    if covering:
        ended = max(row.ends_at for row in covering if row.ends_at is not None)
        return _("It was available there until %(end)s. Ask whoever looks after the organization at Credly.") % {
            "end": date_format(timezone.localtime(ended), "DATETIME_FORMAT")
        }
    return _("It is available here only: %(places)s. Choose a course there, or have the availability changed.") % {
        "places": _in_words(rows)
    }


def _in_words(rows: Iterable[Availability]) -> str:
    places = dict.fromkeys(row.scope for row in rows)
    return ", ".join(
        _("the program %(id)s") % {"id": scope} if is_program(scope) else scope or _("everywhere") for scope in places
    )


def _used_up(rows: Sequence[Availability]) -> str:
    return _("No badge is left: the quota of %(quota)d (%(places)s) is used up. Have it raised.") % {
        "quota": sum(row.quota or 0 for row in rows),
        "places": _in_words(rows),
    }


def _narrowest_first(rows: Sequence[Availability]) -> list[Availability]:
    return sorted(rows, key=lambda row: (-len(enclosing(row.scope)), row.pk))


def _charged(chosen: Sequence[Availability]) -> Availability:
    """Of the badge's own availability and its organization's, the narrower: the other one counts that as well."""
    own, *others = chosen
    if others and _lies_within(others[0].scope, own.scope) and others[0].scope != own.scope:
        return others[0]
    return own


def _lies_within(inner: str, outer: str) -> bool:
    return outer in enclosing(inner)


def _left_under_lock(rows: Sequence[Availability]) -> dict[int, int]:
    """How many badges are left of each row that has a quota. The rows stay locked, always in the same order."""
    limited = [row.pk for row in rows if row.quota is not None]
    if not limited:
        return {}
    locked = list(Availability.objects.select_for_update().filter(pk__in=limited).order_by("pk"))
    family = _family(locked)
    tally, newest = _tally(family)
    # Under REPEATABLE READ the count above shows what there was when this transaction began. What others have awarded
    # since then lies behind the newest award that it saw, as whoever awards one holds the lock; and a locking read
    # sees it.
    later = _charges(family).select_for_update().filter(pk__gt=newest).order_by("pk")
    tally.update(later.values_list("availability_id", "template_id"))
    sums = _sums(locked, family, tally)
    return {row.pk: (row.quota or 0) - sums[row.pk] for row in locked}


def _family(rows: Collection[Availability]) -> list[Availability]:
    """Every availability of the organizations that these belong to."""
    return list(Availability.objects.filter(organization__in={row.organization_id for row in rows}))


def _charges(family: Iterable[Availability]) -> QuerySet[BadgeAward]:
    return BadgeAward.objects.filter(COUNTED, availability__in=[row.pk for row in family])


def _tally(family: Iterable[Availability]) -> tuple[Counter[tuple[int, int]], int]:
    """How many awards there are for each availability and template, and the newest one's number."""
    rows = (
        _charges(family)
        .order_by()
        .values_list("availability_id", "template_id")
        .annotate(awards=Count("pk"), newest=Max("pk"))
    )
    counts: Counter[tuple[int, int]] = Counter()
    newest = 0
    for availability_id, template_id, awards, last in rows:
        counts[availability_id, template_id] = awards
        newest = max(newest, last)
    return counts, newest


def _sums(
    rows: Iterable[Availability], family: Sequence[Availability], tally: Mapping[tuple[int, int], int]
) -> dict[int, int]:
    return {row.pk: sum(_counting_against(row, family, tally)) for row in rows}


def _counting_against(
    row: Availability, family: Sequence[Availability], tally: Mapping[tuple[int, int], int]
) -> Iterator[int]:
    counting = {other.pk for other in family if _counts_against(row, other)}
    for (availability_id, template_id), awards in tally.items():
        if availability_id in counting and row.template_id in (None, template_id):
            yield awards


def _counts_against(row: Availability, other: Availability) -> bool:
    """Whether what is charged to ``other`` counts against ``row`` as well; see ``_charged``."""
    if other.pk == row.pk:
        return True
    crosses = other.organization_id == row.organization_id and (other.template_id is None) != (row.template_id is None)
    if not crosses or not _lies_within(other.scope, row.scope):
        return False
    return row.template_id is None or other.scope != row.scope
