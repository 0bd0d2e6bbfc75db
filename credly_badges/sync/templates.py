"""Bring an organization's badge templates here: plan the difference, then apply it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from django.contrib.auth.models import AbstractBaseUser
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import connections, slugs, subscribers
from ..credly import wire
from ..credly.client import Client
from ..credly.errors import NotFound
from ..models import AuditEntry, BadgeTemplate, CredlyOrganization
from . import entries, listing
from .columns import DESCRIBED, columns
from .organizations import CANNOT_CONNECT
from .plans import Change, Fate, Item, Plan
from .results import Result

__all__ = ["Plan", "Result", "apply", "as_gone", "compare", "plan", "sync", "write"]

BATCH = 500
MOST_LOOKED_FOR = 200
"""How many templates that the list lacks are asked for one by one in one sync; the rest wait for the next."""

State = BadgeTemplate.CredlyState


def sync(
    organization: CredlyOrganization, *, by: AbstractBaseUser | None = None, patience: timedelta = timedelta()
) -> Result:
    """Plan and apply in one."""
    return apply(plan(organization, patience=patience), by=by)


def plan(
    organization: CredlyOrganization, *, patience: timedelta = timedelta(), on_page: listing.OnPage | None = None
) -> Plan:
    """Compare Credly's templates with ours; nothing is written.

    It never raises for what Credly or the organization's settings do: the plan's ``problems`` say what could not be
    read. ``patience`` is how long it may wait altogether if Credly asks for fewer requests.
    """
    made = Plan(organization)
    try:
        client = connections.connect(organization)
    except CANNOT_CONNECT as error:
        made.problems.append(str(error))
        return made
    waits = listing.Patience.of(patience)
    found = listing.read(client, patience=waits, on_page=on_page)
    made.broken, made.problems = found.broken, found.problems
    rows = {row.uuid: row for row in BadgeTemplate.objects.filter(organization=organization)}
    if made.is_complete:
        listed = found.seen.keys() | found.unreadable
        missing = [row for uuid, row in rows.items() if uuid not in listed and row.credly_state != State.GONE]
        for row in _really_gone(client, missing, found, waits):
            made.items.append(as_gone(row))
    for template in found.seen.values():
        item = compare(template, rows.get(template.id))
        if item is None:
            made.unchanged += 1
        else:
            made.items.append(item)
    return made


def apply(made: Plan, *, by: AbstractBaseUser | None = None) -> Result:
    """Write what a plan says, and nothing else. Each batch is a transaction of its own, so none undoes another.

    What changed here since the plan was made is kept: only the columns that Credly decides are written, and a template
    is deactivated if it is active at that moment. ``by`` is who asked for the sync.
    """
    result = Result(made)
    for batch in _batches(made.of(Fate.ADDED)):
        _together_or_each(batch, lambda items: _add(made.organization, items, by), result)
    for batch in _batches(item for item in made.items if item.fate is not Fate.ADDED):
        _together_or_each(batch, lambda items: _change(items, by), result)
    if made.is_complete:
        made.organization.synced_at = timezone.now()
        CredlyOrganization.objects.filter(pk=made.organization.pk).update(synced_at=made.organization.synced_at)
    return result


def write(organization: CredlyOrganization, item: Item, *, by: AbstractBaseUser | None = None) -> list[str]:
    """Write what is to be done with one template; its name if that deactivated it."""
    return _add(organization, [item], by) if item.fate is Fate.ADDED else _change([item], by)


def _really_gone(
    client: Client, missing: list[BadgeTemplate], found: listing.Listing, patience: listing.Patience
) -> Iterator[BadgeTemplate]:
    """Those that Credly says it does not have. The others join ``found``, or its problems."""
    # The active ones first: that learners can still earn a badge that is gone is what matters.
    missing.sort(key=lambda row: not row.is_active)
    for row in missing[:MOST_LOOKED_FOR]:
        answer = listing.ask(partial(client.template, row.uuid), patience)
        if isinstance(answer, wire.Template):
            found.seen[row.uuid] = answer
        elif isinstance(answer, NotFound):
            yield row
        else:
            found.problems.append(
                _("“%(name)s” is not in Credly's list, and could not be looked for. %(error)s")
                % {"name": row.name, "error": answer}
            )
            return
    more = len(missing) - MOST_LOOKED_FOR
    if more > 0:
        found.problems.append(
            _("%(count)d more templates are not in Credly's list. The next sync looks for them.") % {"count": more}
        )


def as_gone(row: BadgeTemplate) -> Item:
    """What is to be done with a template that Credly does not have any more."""
    return Item(
        Fate.GONE,
        row.uuid,
        row.name,
        {"credly_state": State.GONE},
        row.pk,
        closes=True,
        was_active=row.is_listening,
    )


def compare(template: wire.Template, row: BadgeTemplate | None) -> Item | None:
    """What is to be done with one template; None where it is as it was."""
    values, notes = columns(template)
    closes = template.state != State.ACTIVE
    if row is None:
        return Item(Fate.ADDED, template.id, values["name"], values, notes=notes)
    changes = tuple(
        Change(column, getattr(row, column), values[column])
        for column in DESCRIBED
        if getattr(row, column) != values[column]
    )
    if not changes and not (closes and row.is_listening):
        return None
    values = {change.field: change.new for change in changes} | {"credly_updated_at": values["credly_updated_at"]}
    fate = _fate(row.credly_state, template.state)
    return Item(
        fate,
        row.uuid,
        str(values.get("name", row.name)),
        values,
        row.pk,
        changes,
        closes,
        row.is_listening,
        notes,
    )


def _fate(before: str, after: str) -> Fate:
    if after == before:
        return Fate.CHANGED
    if after == State.ARCHIVED:
        return Fate.ARCHIVED
    return Fate.BACK if before in (State.ARCHIVED, State.GONE) else Fate.CHANGED


def _together_or_each(batch: Sequence[Item], write: Callable[[Sequence[Item]], list[str]], result: Result) -> None:
    """Write a batch at once; if the database rejects it, one by one, so that one bad row costs only itself."""
    try:
        with transaction.atomic():
            deactivated = write(batch)
        result.deactivated += deactivated
    except DatabaseError as error:
        if len(batch) == 1:
            item = batch[0]
            result.refused.append(
                _("“%(name)s” (%(id)s) could not be stored: %(error)s")
                % {"name": item.name, "id": item.uuid, "error": error}
            )
            return
        for item in batch:
            _together_or_each([item], write, result)


def _add(organization: CredlyOrganization, items: Sequence[Item], by: AbstractBaseUser | None) -> list[str]:
    now = timezone.now()
    mine = BadgeTemplate.objects.filter(organization=organization)
    # Another sync may have been faster.
    there = set(mine.filter(uuid__in=[item.uuid for item in items]).values_list("uuid", flat=True))
    new = [item for item in items if item.uuid not in there]
    made = [BadgeTemplate(organization=organization, uuid=item.uuid, synced_at=now, **item.values) for item in new]
    if made:
        slugs.give(organization, made)
    BadgeTemplate.objects.bulk_create(made, batch_size=BATCH)
    # MySQL does not tell which numbers it gave, so they are read back.
    rows = mine.filter(uuid__in=[item.uuid for item in new]) if new else ()
    AuditEntry.objects.bulk_create([entries.added(row, by) for row in rows], batch_size=BATCH)
    return []


def _change(items: Sequence[Item], by: AbstractBaseUser | None) -> list[str]:
    """Write what changed, and deactivate what Credly would not issue any more; the names of those."""
    now = timezone.now()
    rows = BadgeTemplate.objects.select_for_update().in_bulk([item.pk for item in items if item.pk is not None])
    written = {"synced_at", "modified"}
    closed: list[BadgeTemplate] = []
    log: list[AuditEntry] = []
    told: list[tuple[BadgeTemplate, set[str]]] = []
    for item in items:
        row = rows.get(item.pk or 0)
        if row is None or _knows_newer(row, item.values.get("credly_updated_at")):
            continue
        new = {column: item.values[column] for column in DESCRIBED if column in item.values}
        before = entries.kept(row, [column for column, value in new.items() if getattr(row, column) != value])
        for column, value in {**item.values, "synced_at": now, "modified": now}.items():
            setattr(row, column, value)
        written.update(item.values)
        log += [entries.changed(row, before, by)] if before else []
        what = set(before)
        if item.closes and row.is_listening:
            closed.append(row)
            was, row.status = row.status, BadgeTemplate.Status.RETIRED
            row.activation_changed_at, row.activation_changed_by_id = now, None
            row.deactivated_because = _("At Credly it is %(state)s.") % {"state": row.get_credly_state_display()}
            log.append(entries.retired(row, was, by))
            what.add("status")
        if what:
            told.append((row, what))
    if closed:
        written |= {"status", "activation_changed_at", "activation_changed_by", "deactivated_because"}
    BadgeTemplate.objects.bulk_update(rows.values(), sorted(written), batch_size=BATCH)
    AuditEntry.objects.bulk_create(log, batch_size=BATCH)
    subscribers.tell_of_templates(told)
    return [row.name for row in closed]


def _knows_newer(row: BadgeTemplate, said_at: datetime | None) -> bool:
    """Whether Credly has told something newer of a template already. One that was gone and is listed again is back."""
    known = row.credly_updated_at
    return bool(said_at and known and said_at < known and row.credly_state != State.GONE)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
