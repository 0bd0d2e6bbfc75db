"""Requirements as files: written, checked, compared and applied; and carried over to a new run of a course."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ... import lint, requirements, versions
from ...models import BadgeTemplate, RequirementGroup
from ..organizations import add_organization_option, an_id, chosen_organizations

STANDARD = "-"
"""The name of a file that stands for the standard input or output."""


class Command(BaseCommand):
    """``credly_requirements export|check|diff|apply|rerun``."""

    help = (
        "Write what badges ask for into a file, check such a file, show what it would change, and apply it; or carry "
        "what badges ask for in one run of a course over to the next."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One sub-command for each."""
        commands = parser.add_subparsers(dest="what", required=True, metavar="COMMAND")
        export = commands.add_parser("export", help="Write what badges ask for, as YAML.")
        add_organization_option(export)
        export.add_argument(
            "--template",
            action="append",
            type=an_id,
            metavar="UUID",
            help="Only this badge template, by its ID at Credly. May be given several times. Without it, every one "
            "that asks for something.",
        )
        export.add_argument("-o", "--output", default=STANDARD, metavar="FILE", help="Write there.")
        check = commands.add_parser("check", help="Say what is wrong with a file. Ends with 1 if anything is.")
        diff = commands.add_parser("diff", help="Show what applying a file would change.")
        diff.add_argument("--exit-code", action="store_true", help="End with 1 if there is a difference.")
        apply = commands.add_parser("apply", help="Have badges ask for what a file says: all of them, or none.")
        for each in (check, diff, apply):
            each.add_argument("file", metavar="FILE", help="The file; - is the standard input.")
        rerun = commands.add_parser("rerun", help="Have badges that ask for a course run ask for a new one too.")
        rerun.add_argument("old", metavar="OLD_COURSE", help="The key of the course run that there was.")
        rerun.add_argument("new", metavar="NEW_COURSE", help="The key of the new one.")
        rerun.add_argument("--replace", action="store_true", help="The new run takes the place of the old one.")
        for each in (apply, rerun):
            each.add_argument("--dry-run", action="store_true", help="Do everything, then take it back.")
        for each in (check, apply, rerun):
            each.add_argument(
                "--despite",
                action="append",
                default=[],
                choices=sorted(lint.CAN_BE_MEANT),
                metavar="CODE",
                help=f"This fault is meant. May be given several times. One of {', '.join(sorted(lint.CAN_BE_MEANT))}.",
            )
        for each in (export, check, diff, apply, rerun):
            each.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Do what was asked for; a file that cannot be used ends with 1 and says why."""
        {
            "export": self._export,
            "check": self._check,
            "diff": self._diff,
            "apply": self._apply,
            "rerun": self._rerun,
        }[options["what"]](options)

    def _export(self, options: dict[str, Any]) -> None:
        templates = _templates(options["template"], options["organization"])
        files = _files()
        text = _json(files.form.document(map(versions.data, templates))) if options["json"] else files.export(templates)
        if options["output"] == STANDARD:
            self.stdout.write(text, ending="")
            return
        try:
            Path(options["output"]).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(_("The file cannot be written: %(why)s") % {"why": error}) from None

    def _check(self, options: dict[str, Any]) -> None:
        file = self._read(options)
        remarks = _files().check(file, despite=options["despite"])
        self._tell(options, remarks=remarks)
        if any(remark.is_error for remark in remarks):
            raise CommandError(_("The file cannot be applied as it is; see above."))
        self._say(options, _badges(len(file.badges)) + " " + _("Nothing stands in the way."))

    def _diff(self, options: dict[str, Any]) -> None:
        changes = _files().diff(self._read(options))
        self._tell(options, changes=changes)
        if changes and options["exit_code"]:
            raise CommandError(_("The file and what there is differ."))

    def _apply(self, options: dict[str, Any]) -> None:
        files = _files()
        file = self._read(options)
        try:
            changes = files.apply(file, by=None, despite=options["despite"], dry_run=options["dry_run"])
        except files.Faulty as fault:
            self._tell(options, remarks=fault.remarks)
            raise CommandError(_("Nothing was changed; see above.")) from None
        self._tell(options, changes=changes)
        if changes and options["dry_run"]:
            self._say(options, _("This was a rehearsal: nothing was changed."))

    def _rerun(self, options: dict[str, Any]) -> None:
        try:
            carried = requirements.carry_over(
                options["old"],
                options["new"],
                by=None,
                replace_old=options["replace"],
                despite=options["despite"],
                dry_run=options["dry_run"],
            )
        except requirements.InvalidScope as fault:
            raise CommandError(str(fault)) from None
        if options["json"]:
            badges = [{**_ids(each.template), **each.as_data()} for each in carried]
            self.stdout.write(_json({"ok": not any(each.refused for each in carried), "badges": badges}), ending="")
        for each in () if options["json"] else carried:
            self.stdout.write(self.style.MIGRATE_HEADING(_name(each.template)))
            self.stdout.write("".join(f"  {line}\n" for line in (*each.lines, *each.left)), ending="")
            if each.version:
                self.stdout.write(f"  {_makes_version(each.version)}")
            self.stderr.write("".join(f"  {line}\n" for line in each.refused), ending="")
        if not carried:
            self._say(options, _("No badge asks for %(course)s.") % {"course": options["old"]})
        elif options["dry_run"]:
            self._say(options, _("This was a rehearsal: nothing was changed."))
        if any(each.refused for each in carried):
            raise CommandError(_("Not every badge could be changed; see above."))

    def _read(self, options: dict[str, Any]) -> Any:
        """The file; CommandError where it cannot be used, once it was said why."""
        files, name = _files(), options["file"]
        try:
            return files.read(sys.stdin.read() if name == STANDARD else Path(name).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(_("The file cannot be read: %(why)s") % {"why": error}) from None
        except files.Faulty as fault:
            self._tell(options, remarks=fault.remarks)
            raise CommandError(_("The file cannot be used as it is; see above.")) from None

    def _tell(self, options: dict[str, Any], *, remarks: Sequence[Any] = (), changes: Sequence[Any] = ()) -> None:
        """What came of it; remarks as compilers make them, so that editors can jump to the line."""
        if options["json"]:
            data = {
                "ok": not any(remark.is_error for remark in remarks),
                "remarks": [remark.as_data() for remark in remarks],
                "badges": [{**_ids(change.template), **change.as_data()} for change in changes],
            }
            self.stdout.write(_json(data), ending="")
            return
        for remark in remarks:
            kind = _("error") if remark.is_error else _("hint")
            where = f"{options['file']}:{remark.line}" if remark.line else options["file"]
            (self.stderr if remark.is_error else self.stdout).write(f"{where}: {kind}: {remark.sentence}")
        for change in changes:
            self.stdout.write(self.style.MIGRATE_HEADING(_name(change.template)))
            self.stdout.write("\n".join(f"  {line}" for line in (*change.lines, *_consequences(change))))
        if not remarks and not changes and options["what"] != "check":
            self.stdout.write(_("Nothing changes: the badges ask for what the file says."))

    def _say(self, options: dict[str, Any], sentence: str) -> None:
        """Something for people alone."""
        if not options["json"]:
            self.stdout.write(sentence)


def _files() -> ModuleType:
    """What reads and writes files; CommandError where the packages for that are not installed."""
    try:
        from ...requirements import files  # noqa: PLC0415  # Its packages are an extra.
    except ModuleNotFoundError as error:
        raise CommandError(
            _("For this, install the extra “files”: pip install openedx-credly-badges[files] (%(why)s)")
            % {"why": error}
        ) from None
    return files


def _templates(wanted: Sequence[UUID] | None, organizations: Sequence[UUID] | None) -> list[BadgeTemplate]:
    found = BadgeTemplate.objects.select_related("organization").order_by("organization__name", "name", "pk")
    if organizations or not wanted:
        found = found.filter(organization__in=chosen_organizations(organizations))
    if not wanted:
        return list(found.filter(pk__in=RequirementGroup.objects.current().values("template")))
    templates = list(found.filter(uuid__in=wanted))
    if missing := set(wanted) - {template.uuid for template in templates}:
        raise CommandError(
            _("There is no badge template %(ids)s here. Sync its organization first.")
            % {"ids": ", ".join(sorted(map(str, missing)))}
        )
    return templates


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _ids(template: BadgeTemplate) -> dict[str, str]:
    return {
        "organization": str(template.organization.uuid),
        "template": str(template.uuid),
        "name": template.name,
    }


def _name(template: BadgeTemplate) -> str:
    return f"{template.name} ({template.organization.name}, {template.uuid})"


def _badges(count: int) -> str:
    return ngettext("%(count)d badge was checked.", "%(count)d badges were checked.", count) % {"count": count}


def _makes_version(number: int) -> str:
    return _("This makes version %(number)d.") % {"number": number}


def _consequences(change: Any) -> Iterable[str]:
    if change.version:
        yield _makes_version(change.version)
    if change.on_their_way:
        yield ngettext(
            "%(count)d learner on their way is judged by it from now on.",
            "%(count)d learners on their way are judged by it from now on.",
            change.on_their_way,
        ) % {"count": change.on_their_way}
