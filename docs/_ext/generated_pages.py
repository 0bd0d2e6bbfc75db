"""Writes the reference pages that the code itself can tell: settings, events, state, commands, scopes."""

import json
from argparse import SUPPRESS, ArgumentParser, HelpFormatter
from collections.abc import Iterable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from code_annotations.contrib.sphinx.extensions.settings import find_settings
from django.core.management import load_command_class
from django.core.management.base import DjangoHelpFormatter
from openedx_events.tooling import KNOWN_UNSERIALIZABLE_SIGNALS
from sphinx.application import Sphinx

from credly_badges.access import ROLES, Scope
from credly_badges.access.scopes import COURSE_STAFF, DESCRIPTIONS, PERMISSIONS
from credly_badges.events.catalogue import CATALOGUE, EventType, NamedBy, ScopeKind
from credly_badges.models import LevelRole
from credly_badges.rules.fields import Field
from credly_badges.state import BADGE, STATE, SUBSECTION

ROOT = Path(__file__).parents[2]

SCOPES = {
    ScopeKind.COURSE: "A requirement can be narrowed to a course run, a course in any of its runs, a course "
    "organization, a list of these, or the courses of a program.",
    ScopeKind.PROGRAM: "A requirement can be narrowed to a program, by its UUID, or a list of them.",
    ScopeKind.BADGE: "A requirement can be narrowed to a badge, by the UUID of its template, or a list of them.",
    ScopeKind.SITE: "It happens to the account as a whole: there is nothing to narrow a requirement to.",
}

ABOUT = {
    SUBSECTION: "the rule also names the subsection, by its usage key.",
    BADGE: "the rule also names the badge, by the UUID of its template.",
}

LEARNERS = {
    NamedBy.ANONYMOUS_ID: "It names the learner by the id that the course knows them by. The LMS is asked whose that "
    "is, once it is known that a badge listens.",
    NamedBy.REQUEST: "It names nobody: it is about the learner whose request the LMS is answering, so it cannot come "
    "over an event bus.",
}


def setup(app: Sphinx) -> dict[str, bool]:
    """Have the pages written before Sphinx looks for them."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(app: Sphinx) -> None:
    """Write each page whose text has changed since the last build."""
    folder = Path(app.srcdir) / "references" / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        "settings": settings(),
        "events": events(),
        "state": state(),
        "commands": commands(),
        "api_scopes": api_scopes(),
    }
    for name, lines in pages.items():
        text = "\n".join(lines) + "\n"
        page = folder / f"{name}.rst"
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


def settings() -> Iterator[str]:
    """Every setting in the order of its name, as annotated at its default."""
    yield from heading("Settings", "#")
    yield "Set them as any other setting of the LMS: in its YAML configuration, or from a Tutor plugin."
    found = find_settings(str(ROOT / "credly_badges" / "settings" / "common.py"))
    for name in sorted(found):
        said = found[name]
        yield from heading(name, "*")
        yield f"Default: ``{said['.. setting_default:']}``"
        yield ""
        yield one_line(said[".. setting_description:"])
        if warning := said.get(".. setting_warning:"):
            yield from ("", ".. warning::", f"   {one_line(warning)}")


def events() -> Iterator[str]:
    """Every event that a requirement can listen to, and the fields that its data rules can ask about."""
    yield from heading("Events", "#")
    yield "What a requirement can listen to, and the fields that its data rules can ask about."
    yield "A field of which an event says nothing is not there, and no rule about its value holds."
    yield from (
        "",
        "The LMS has to have the signal: an older openedx-events lacks some, and ``manage.py lms check`` says",
    )
    yield "which. :doc:`/how_tos/add_a_kind_of_event` says how others are added."
    yield from ("", ".. contents::", "   :local:", "   :depth: 1")
    for event in CATALOGUE.values():
        yield from heading(str(event.label), "*")
        yield from facts_of(event)
        yield from table(event.fields)
        yield from ("", "As rules see it::", "")
        yield from (f"   {line}" for line in json.dumps(event.sample, indent=2).splitlines())


def facts_of(event: EventType) -> Iterator[str]:
    """What an event is, when it is sent, whom and what it is about: a paragraph each."""
    yield f"``{event.kind}``"
    yield from ("", str(event.description), "")
    yield f"Its time: {event.time_meaning}"
    yield from ("", SCOPES[event.scope_kind], "")
    if event.named_by in LEARNERS:
        yield from (LEARNERS[event.named_by], "")
    if event.kind in KNOWN_UNSERIALIZABLE_SIGNALS:
        yield from ("An event bus cannot carry it: it has to be sent in the LMS itself.", "")
    if event.ends:
        yield f"It is the opposite of {', '.join(f'*{CATALOGUE[kind].label}*' for kind in event.ends)}:"
        yield from ("after one, the other counts anew.", "")


def state() -> Iterator[str]:
    """What data rules can ask for beside the event."""
    yield from heading("What the LMS knows", "#")
    yield "Data rules can also ask how things stand with the learner: the event says when to look, and these fields say"
    yield "what is so then. They are read only where a rule asks for one; what is not known fulfills no rule."
    yield "Those of a subsection and of a badge are about the one that the rule names, all others about the course in"
    yield "which the event happened. See :doc:`/how_tos/ask_what_the_lms_knows`."
    yield from table(each.field for each in STATE.values())
    for about, words in ABOUT.items():
        named = ", ".join(f"``{path}``" for path, each in STATE.items() if each.about == about)
        yield from ("", f"{named}: {words}")


def table(fields: Iterable[Field]) -> Iterator[str]:
    """Fields, a row each."""
    yield from ("", ".. list-table::", "   :header-rows: 1", "")
    yield from ("   * - Field", "     - Meaning", "     - Type", "     - Example")
    for field in fields:
        yield f"   * - ``{field.path}``"
        yield f"     - {field.label}"
        yield f"     - {field.type.value.replace('_', ' ')}{f', in {field.unit}' if field.unit else ''}"
        yield f"     - ``{json.dumps(field.sample).strip(chr(34))}``"


def commands() -> Iterator[str]:
    """Every management command, with the help that it prints."""
    yield from heading("Commands", "#")
    yield "Run them with ``manage.py lms`` inside an LMS. Every one has Django's own options too."
    for name in command_names():
        command = load_command_class("credly_badges", name)
        parser = command.create_parser("manage.py", name)
        yield from heading(name, "*")
        yield from ("::", "")
        yield from (f"   {line}".rstrip() for line in help_of(parser).splitlines())


def api_scopes() -> Iterator[str]:
    """Every scope of the REST API, and who has it."""
    yield from heading("Scopes and roles of the REST API", "#")
    yield "What can be allowed to a key, or to somebody, at a level and at all below it."
    yield "See :doc:`/references/rest_api`."
    yield from ("", ".. list-table::", "   :header-rows: 1", "")
    yield from ("   * - Scope", "     - What it allows", *(f"     - {role.label}" for role in LevelRole.Role))
    yield "     - course staff"
    for scope in Scope:
        yield from (f"   * - ``{scope}``", f"     - {DESCRIPTIONS[scope]}")
        yield from (f"     - {'yes' if scope in ROLES[role] else ''}".rstrip() for role in LevelRole.Role)
        yield f"     - {'yes' if scope in COURSE_STAFF else ''}".rstrip()
    yield from (
        "",
        "*Course staff* have theirs with the badges all of whose requirements lie in courses of theirs.",
        "",
    )
    yield "Who has the permission on the left in Django's admin, and is staff there, may do the same over the REST API,"
    yield "at the level of the whole site."
    yield from ("", ".. list-table::", "   :header-rows: 1", "", "   * - Permission in the admin", "     - Scopes")
    for permission in sorted(set(PERMISSIONS.values())):
        scopes = ", ".join(f"``{scope}``" for scope, named in PERMISSIONS.items() if named == permission)
        yield from (f"   * - ``{permission}``", f"     - {scopes}")


def help_of(parser: ArgumentParser) -> str:
    """What a command prints for ``--help``, and each of its subcommands, without the options that Django gives all."""
    parser.formatter_class = partial(HelpFormatter, width=100)
    subcommands: list[ArgumentParser] = []
    for action in parser._actions:  # noqa: SLF001 (argparse has no other way to list them)
        if DjangoHelpFormatter.show_last & set(action.option_strings) or action.dest == "help":
            action.help = SUPPRESS
        if isinstance(action.choices, dict):
            subcommands += action.choices.values()
    return "\n".join([parser.format_help(), *map(help_of, subcommands)])


def command_names() -> list[str]:
    """The commands that the package brings."""
    package = import_module("credly_badges.management.commands")
    return sorted(module.name for module in iter_modules(package.__path__) if not module.name.startswith("_"))


def heading(text: str, underline: str) -> tuple[str, str, str, str]:
    """A heading with the blank lines around it that RST wants."""
    return "", text, underline * len(text), ""


def one_line(text: str) -> str:
    """An annotation may run over several lines of a comment."""
    return " ".join(text.split())
