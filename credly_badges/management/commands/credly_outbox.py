"""Look after the outbox from a terminal or a cron job."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ... import progress, rounds
from ...issuing import deliver, outbox
from ...models import CredlyOrganization, OutboxMessage, Pulse

OPEN_STATES = ("waiting", "delivering", "dead")


class Command(BaseCommand):
    """``credly_outbox list | run | redrive | drop``."""

    help = "List what waits to be told to Credly, deliver what is due, send dead letters again or drop them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One subcommand for each thing that can be done."""
        commands = parser.add_subparsers(dest="do", required=True, metavar="list | run | redrive | drop")

        listing = commands.add_parser("list", help="Show open messages, the oldest first.")
        listing.add_argument("--state", choices=OPEN_STATES, help="Only messages in this state.")
        listing.add_argument("--limit", type=_count, default=100, help="At most this many (default: 100).")

        run = commands.add_parser(
            "run",
            help="Do everything that is done again and again: record events that nobody was woken for, deliver what is "
            "due, read Credly's events feed, look at the keys and compare badges. For a cron job.",
        )
        run.add_argument("--limit", type=_count, default=1000, help="At most this many messages (default: 1000).")
        run.add_argument("--threads", type=_count, default=1, help="Deliver this many at a time (default: 1).")
        run.add_argument(
            "--outbox-only", action="store_true", help="Record events and deliver messages, and leave the rest undone."
        )

        redrive = commands.add_parser(
            "redrive", help="Give messages a fresh start, dead letters and waiting ones alike."
        )
        drop = commands.add_parser("drop", help="Give up on dead letters for good.")
        drop.add_argument("--because", required=True, type=_reason, help="The reason, for the audit log.")
        for each in (redrive, drop):
            each.add_argument("message", nargs="*", type=int, help="IDs of messages, as list shows them.")
            each.add_argument("--all", action="store_true", help="All dead letters.")
        for each in (listing, redrive, drop):
            each.add_argument("--organization", type=UUID, metavar="UUID", help="Only those of this organization.")
        for each in (listing, run, redrive, drop):
            each.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Do it and say what was done."""
        do = {"list": self._list, "run": self._run, "redrive": self._redrive, "drop": self._drop}[options["do"]]
        data, lines = do(options)
        self.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) if options["json"] else "\n".join(lines))

    def _list(self, options: dict[str, Any]) -> tuple[Any, list[str]]:
        found = _of_organization(OutboxMessage.objects.filter(open=True), options)
        if options["state"]:
            found = found.filter(state=options["state"])
        oldest = found.select_related("award__template", "organization").order_by("pk")[: options["limit"]]
        rows = [_row(message) for message in oldest]
        lines = [_line(row) for row in rows]
        if (more := found.count() - len(rows)) > 0:
            lines.append(_("%(more)d more, see --limit.") % {"more": more})
        if not rows:
            asked = options["state"] or options["organization"]
            lines = [_("No open message is like that.") if asked else _("The outbox is empty.")]
        return rows, lines

    def _run(self, options: dict[str, Any]) -> tuple[Any, list[str]]:
        events = progress.sweep()
        swept = deliver.sweep(source=Pulse.Source.COMMAND, limit=options["limit"], threads=options["threads"])
        done = [] if options["outbox_only"] else rounds.due(Pulse.Source.COMMAND)
        dead = OutboxMessage.objects.filter(open=True, state=OutboxMessage.State.DEAD).count()
        data = {
            "events": events,
            "tried": swept.tried,
            "announced": swept.announced,
            "dead": dead,
            "rounds": {each.pulse.value: each.failure or "done" for each in done},
        }
        lines = [
            _("%(events)d events recorded, %(tried)d messages tried, %(announced)d announcements sent.") % data,
        ]
        lines += [
            _("Went wrong: %(round)s (%(error)s). The log says why.")
            % {"round": each.pulse.label, "error": each.failure}
            for each in done
            if each.failure
        ]
        if dead:
            lines.append(
                ngettext(
                    "%(dead)d message needs a person: see credly_outbox list --state dead.",
                    "%(dead)d messages need a person: see credly_outbox list --state dead.",
                    dead,
                )
                % data
            )
        return data, lines

    def _redrive(self, options: dict[str, Any]) -> tuple[Any, list[str]]:
        count = outbox.redrive(_chosen(options), by=None)
        return {"redriven": count}, [
            ngettext("%(count)d message has a fresh start.", "%(count)d messages have a fresh start.", count)
            % {"count": count}
        ]

    def _drop(self, options: dict[str, Any]) -> tuple[Any, list[str]]:
        chosen = _chosen(options)
        if alive := list(chosen.exclude(state=OutboxMessage.State.DEAD).values_list("pk", flat=True)):
            raise CommandError(
                _("Only dead letters can be dropped, and %(ids)s is not one; nothing was done.")
                % {"ids": ", ".join(map(str, alive))}
            )
        count = outbox.drop(chosen, by=None, because=options["because"])
        return {"dropped": count}, [
            ngettext("%(count)d message dropped.", "%(count)d messages dropped.", count) % {"count": count}
        ]


def _chosen(options: dict[str, Any]) -> QuerySet[OutboxMessage]:
    """The messages that were named, all of them; or every dead letter."""
    if bool(options["message"]) == options["all"]:
        raise CommandError(_("Name messages by their IDs, or say --all for all dead letters."))
    found = _of_organization(OutboxMessage.objects.filter(open=True), options)
    if options["all"]:
        return found.filter(state=OutboxMessage.State.DEAD)
    found = found.filter(pk__in=options["message"])
    if unknown := set(options["message"]) - set(found.values_list("pk", flat=True)):
        raise CommandError(
            _("No open message has the ID %(ids)s; nothing was done.") % {"ids": ", ".join(map(str, sorted(unknown)))}
        )
    return found


def _of_organization(messages: QuerySet[OutboxMessage], options: dict[str, Any]) -> QuerySet[OutboxMessage]:
    uuid = options["organization"]
    if uuid is None:
        return messages
    if not CredlyOrganization.objects.filter(uuid=uuid).exists():
        raise CommandError(_("No organization here has the ID %(uuid)s.") % {"uuid": uuid})
    return messages.filter(organization__uuid=uuid)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError(_("it has to be 1 or more"))
    return number


_count.__name__ = "number"  # What argparse calls it: "invalid number value: 'x'".


def _reason(text: str) -> str:
    if not text.strip():
        raise ArgumentTypeError(_("say why, for the audit log"))
    return text


def _row(message: OutboxMessage) -> dict[str, Any]:
    return {
        "id": message.pk,
        "kind": message.kind,
        "state": message.state,
        "award": str(message.award.uuid),
        "template": message.award.template.name,
        "organization": str(message.organization),
        "attempts": message.attempts,
        "not_before": message.not_before.isoformat(),
        "created": message.created.isoformat(),
        "paused": message.organization.paused,
        "waiting_for": message.waiting_for,
        "error": message.error,
    }


def _line(row: dict[str, Any]) -> str:
    why = row["waiting_for"] or row["error"]
    if row["paused"]:
        why = _("the organization is paused")
    line = "{id:>8}  {kind:<6}  {state:<10}  {not_before}  {template} ({organization}), attempts: {attempts}".format(
        **row
    )
    return f"{line}\n          {why}" if why else line
