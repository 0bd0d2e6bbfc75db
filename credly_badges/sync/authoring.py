"""Badge templates made, changed, archived and deleted at Credly, and brought here at once.

No function here may be called in a transaction: each talks to Credly, and stores what came of it in one of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import audit, connections, subscribers
from ..credly import errors, wire
from ..credly.client import Client
from ..models import ApiKey, BadgeAward, BadgeTemplate, CredlyOrganization, IdempotentAnswer
from . import single
from .organizations import CANNOT_CONNECT

T = TypeVar("T")

CLOCKS_DIFFER_BY = timedelta(minutes=5)
"""How far Credly's clock may be behind ours where it dates what we asked for."""
TAKEN_FOR_DEAD = timedelta(minutes=10)
"""How long making a template may take before another goes on in its place. It is a handful of requests."""

Expiry = BadgeTemplate.Expiry


class CannotAuthor(Exception):
    """It was not done, and Credly was not asked to; the message says why, and what to do."""


class NotConnected(CannotAuthor):
    """Nothing can be sent for the organization: it is paused, or its key does not work."""


class NameTaken(CannotAuthor):
    """The organization has a badge of this name at Credly: ``template`` is it, as it is here now."""

    def __init__(self, template: BadgeTemplate) -> None:
        self.template = template
        super().__init__(
            _("The organization has a badge of this name at Credly. Change that one, or choose another name.")
        )


class Busy(CannotAuthor):
    """A badge of this name is being made at this moment."""

    def __init__(self) -> None:
        super().__init__(_("A badge of this name is being made at this moment. Look again in a minute."))


class HasAwards(CannotAuthor):
    """Learners hold the badge, so it cannot be deleted. ``count`` is how many awards stand."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(
            _("Learners hold this badge, so it is not deleted. Archive it: then it is issued no more, and theirs stay.")
        )


class GoneFromCredly(CannotAuthor):
    """Credly does not have the template any more; that is recorded here now."""

    def __init__(self) -> None:
        super().__init__(_("Credly does not have this badge template any more. It was deactivated here, and stays."))


def create(
    organization: CredlyOrganization,
    order: wire.TemplateOrder,
    *,
    by: AbstractBaseUser | None,
    key: ApiKey | None = None,
    begun_at: datetime | None = None,
) -> BadgeTemplate:
    """Make a template at Credly, and bring it here.

    Names are what tells whether a lost answer made one, so no two of an organization's badges that are not archived may
    have the same. ``begun_at`` is when this was asked for before, without an answer: one of this name that was made
    since then is it. Raises CannotAuthor, and CredlyError, of which Unanswered says that it may have been made.
    """
    with _alone(organization, order.name):
        client = _client(organization)
        asked_at = timezone.now()
        there = client.find_templates(order.name, states=("draft", "active"))
        mine = [each for each in there if begun_at is not None and each.created_at >= begun_at - CLOCKS_DIFFER_BY]
        if mine:
            made = mine[0]
        elif there:
            raise NameTaken(_kept("", organization, there[0], asked_at, by=by, key=key))
        else:
            made = _made(client, order)
    told = {"name": made.name[:200]}
    return _kept("template.created_at_credly", organization, made, asked_at, by=by, key=key, after=told)


def change(
    template: BadgeTemplate,
    wanted: wire.TemplateChange,
    *,
    by: AbstractBaseUser | None,
    key: ApiKey | None = None,
) -> BadgeTemplate:
    """Change a template at Credly, and what we know of it. Raises CannotAuthor and CredlyError."""
    told = {"fields": sorted(wanted.dump())}
    return _changed("template.changed_at_credly", template, wanted, by=by, key=key, after=told)


def archive(template: BadgeTemplate, *, by: AbstractBaseUser | None, key: ApiKey | None = None) -> BadgeTemplate:
    """Have Credly issue a template no more; here nobody earns it from then on. Badges that were issued stay."""
    if template.credly_state == BadgeTemplate.CredlyState.ARCHIVED:
        return template
    wanted = wire.TemplateChange(state="archived")
    return _changed("template.archived_at_credly", template, wanted, by=by, key=key)


def delete(template: BadgeTemplate, *, by: AbstractBaseUser | None, key: ApiKey | None = None) -> None:
    """Delete a template at Credly. Here its row stays, as gone, with what it asked for and what was done with it.

    Raises HasAwards where awards of it stand; else CannotAuthor and CredlyError.
    """
    if template.credly_state == BadgeTemplate.CredlyState.GONE:
        return
    if count := BadgeAward.objects.filter(template=template, live=True).count():
        raise HasAwards(count)
    # Where Credly does not have it, somebody else deleted it, or an earlier request of ours whose answer was lost.
    with suppress(errors.NotFound):
        _client(template.organization).delete_template(template.uuid)
    with transaction.atomic():
        single.gone(template.organization, template.uuid, as_of=timezone.now())
        _record("template.deleted_at_credly", template, by, key, {})


@transaction.atomic
def expire_after(
    template: BadgeTemplate, days: int | None, *, by: AbstractBaseUser | None, key: ApiKey | None = None
) -> BadgeTemplate:
    """Have a template's badges expire so many days after they were earned; None leaves it to what Credly says.

    It is ours to decide, badge by badge: Credly is not asked.
    """
    row = BadgeTemplate.objects.select_for_update().select_related("organization").get(pk=template.pk)
    before = {"expiry": row.expiry, "expiry_days": row.expiry_days}
    if days is not None:
        row.expiry, row.expiry_days = Expiry.PERIOD, days
    elif row.expiry == Expiry.PERIOD:
        row.expiry, row.expiry_days = Expiry.TEMPLATE, None
    after = {"expiry": row.expiry, "expiry_days": row.expiry_days}
    if after != before:
        row.save(update_fields=["expiry", "expiry_days", "modified"])
        _record("template.changed", row, by, key, after, before=before)
        subscribers.tell_of_templates([(row, {"expires_in_days"})])
    return row


def _made(client: Client, order: wire.TemplateOrder) -> wire.Template:
    """The new template; one whose answer was lost is looked for."""
    try:
        return client.create_template(order)
    except errors.Unanswered as lost:
        unanswered = lost
    try:
        found = client.find_templates(order.name, states=("draft", "active"))
    except errors.CredlyError:
        found = []
    if not found:
        # It may be there all the same, and not be listed yet.
        raise unanswered
    return found[0]


def _changed(
    action: str,
    template: BadgeTemplate,
    wanted: wire.TemplateChange,
    *,
    by: AbstractBaseUser | None,
    key: ApiKey | None,
    after: dict[str, Any] | None = None,
) -> BadgeTemplate:
    organization, asked_at = template.organization, timezone.now()
    try:
        said = _client(organization).change_template(template.uuid, wanted)
    except errors.NotFound:
        single.gone(organization, template.uuid, as_of=asked_at)
        raise GoneFromCredly from None
    return _kept(action, organization, said, asked_at, by=by, key=key, after=after)


def _kept(
    action: str,
    organization: CredlyOrganization,
    said: wire.Template,
    as_of: datetime,
    *,
    by: AbstractBaseUser | None,
    key: ApiKey | None,
    after: dict[str, Any] | None = None,
    tries: int = 2,
) -> BadgeTemplate:
    """The row of a template that Credly has just described, and the note of what was done with it, if anything was."""
    try:
        with transaction.atomic():
            row = _brought(organization, said, as_of)
            if action:
                _record(action, row, by, key, after or {})
            return row
    except IntegrityError:
        # Credly's notice of it, which leaves at the same moment, was faster. Then its row is there now.
        if tries == 1:
            raise
    return _kept(action, organization, said, as_of, by=by, key=key, after=after, tries=tries - 1)


def _brought(organization: CredlyOrganization, said: wire.Template, as_of: datetime) -> BadgeTemplate:
    """The row of a template, as Credly has just described it."""
    single.take_over(organization, said, as_of=as_of)
    return BadgeTemplate.objects.select_related("organization").get(organization=organization, uuid=said.id)


def _client(organization: CredlyOrganization) -> Client:
    if organization.paused:
        said = _("Nothing is sent to Credly for the organization, because it is paused: %(why)s. Resume it first.")
        raise NotConnected(said % {"why": organization.get_paused_display()})
    _wait(organization.wait_until)
    return _attempt(lambda: connections.connect(organization))


def _wait(until: datetime | None) -> None:
    if until is not None and (left := (until - timezone.now()).total_seconds()) > 0:
        raise errors.Throttled(retry_after=left, ours=True)


def _attempt(connect: Callable[[], T]) -> T:
    try:
        return connect()
    except CANNOT_CONNECT as fault:
        raise NotConnected(str(fault)) from None


@contextmanager
def _alone(organization: CredlyOrganization, name: str) -> Iterator[None]:
    """Let one at a time make a badge of this name: a row says who, as no lock outlives a request's transactions."""
    place = {
        "caller": f"template:{organization.pk}",
        "key": hashlib.sha256(name.strip().encode()).hexdigest(),
    }
    now = timezone.now()
    try:
        with transaction.atomic():
            IdempotentAnswer.objects.create(**place, request_digest="")
    except IntegrityError:
        dead = IdempotentAnswer.objects.filter(**place, created__lt=now - TAKEN_FOR_DEAD)
        if not dead.update(created=now):
            raise Busy from None
    try:
        yield
    finally:
        IdempotentAnswer.objects.filter(**place).delete()


def _record(
    action: str,
    template: BadgeTemplate,
    by: AbstractBaseUser | None,
    key: ApiKey | None,
    after: dict[str, Any],
    *,
    before: dict[str, Any] | None = None,
) -> None:
    by_key = {"api_key": key.prefix} if key is not None else {}
    audit.record(action, template, actor=by, before=before, after={**after, **by_key})
