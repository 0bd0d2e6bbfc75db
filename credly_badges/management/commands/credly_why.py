"""Say why a learner has a badge, or why not."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext as _

from ... import lms, reports
from ..templates import chosen_template

MARKS = {True: "✓", False: "✗", None: "·"}
INDENT = "  "


class Command(BaseCommand):
    """``credly_why USER TEMPLATE``."""

    help = (
        "Say why a learner has a badge or not: every requirement with what was seen of it, what is missing, and what "
        "became of the badge after all were met."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose badge, and how to tell."""
        parser.add_argument("user", help="The learner: a user name, an e-mail address or a user ID.")
        parser.add_argument("template", help="The badge: its template's ID at Credly, or its name.")
        parser.add_argument("--json", action="store_true", help="Print the answer as JSON.")
        parser.add_argument("--language", metavar="CODE", help="In this language, such as de or es-419.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Look up both and tell."""
        language = options["language"] or translation.get_language() or settings.LANGUAGE_CODE
        if not translation.check_for_language(language):
            raise CommandError(_("There is no language “%(code)s”: give a code such as de.") % {"code": language})
        with translation.override(language):
            answer = reports.why(_learner(options["user"]), chosen_template(options["template"]))
            if options["json"]:
                self.stdout.write(json.dumps(asdict(answer), indent=2, default=str, ensure_ascii=False))
            else:
                self.stdout.write("\n".join(_lines(answer)))


def _learner(text: str) -> int:
    found = lms.find_learners([text])[text]
    if found is None and text.isascii() and text.isdigit():
        found = lms.learner(int(text))
    if found is None:
        raise CommandError(
            _("Nobody, or more than one, is called “%(user)s” here. Give a user name, an e-mail address or a user ID.")
            % {"user": text}
        )
    return found.id


def _lines(answer: reports.Why) -> Iterator[str]:
    yield answer.headline
    words = {"version": answer.version, "percent": answer.percent}
    yield _("Judged by version %(version)d of the requirements: %(percent)d %%.") % words
    for number, group in enumerate(answer.groups, 1):
        yield ""
        yield from _group(group, number)
    if answer.penalties:
        yield from ("", _("What takes something back"))
        for penalty in answer.penalties:
            yield from _requirement(penalty, INDENT, mark=None)
    if answer.path:
        yield from ("", _("The way to the learner"))
        for step in answer.path:
            yield f"{INDENT}{MARKS[step.done]} {step.sentence}"
            yield from (f"{INDENT * 3}{detail}" for detail in step.details)
    if answer.hints:
        yield from ("", _("Also to be known"), *(f"{INDENT}{hint}" for hint in answer.hints))


def _group(group: reports.GroupWhy, number: int) -> Iterator[str]:
    name = group.name or _("Group %(number)d") % {"number": number}
    heading = _("%(name)s (%(needs)s)") % {"name": name, "needs": group.needs} if group.needs else name
    yield f"{MARKS[group.met]} {heading}: {group.said}"
    yield from (f"{INDENT}{note}" for note in group.notes)
    for requirement in group.requirements:
        yield from _requirement(requirement, INDENT, mark=requirement.met)


def _requirement(requirement: reports.RequirementWhy, indent: str, *, mark: bool | None) -> Iterator[str]:
    yield f"{indent}{MARKS[mark]} {requirement.sentence}"
    yield from (f"{indent}{INDENT}{each}" for each in (requirement.said, *requirement.missing))
    for found in requirement.occurrences:
        yield f"{indent}{INDENT * 2}{MARKS[found.counts]} {found.sentence} {found.outcome}"
        for rule in found.rules:
            yield f"{indent}{INDENT * 4}{MARKS[rule.holds]} {rule.sentence}"
        yield from (f"{indent}{INDENT * 4}{detail}" for detail in found.details)
