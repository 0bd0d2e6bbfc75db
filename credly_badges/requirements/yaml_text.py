"""YAML as this plugin's files are written in it: text in, plain values and the lines that they stand on out, and back.

It reads what YAML 1.2 calls its core schema, without fractions: ``yes``, ``2026-06-30``, ``12:30`` and ``1e3`` are
texts, as whoever typed them meant. What it writes, readers of YAML 1.1 understand in the same way. Imported only by
who reads or writes files, as it needs the extra ``files``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils.translation import gettext as _

Path = tuple[str | int, ...]
"""Where something is in a file: ``("badges", 0, "groups", 2, "name")``."""

_WIDTH = 100
_OTHER_BREAKS = re.compile("[\x85\u2028\u2029]")
_TRUE, _NULL = ("true", "True", "TRUE"), ("", "~", "null", "Null", "NULL")


class Unreadable(ValueError):
    """The text is no YAML, or has what these files have no use for. ``line`` is where, from 1; 0 for nowhere."""

    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.line = line


@dataclass(frozen=True)
class Document:
    """What a text says, and on which line each part of it begins."""

    data: Any
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """Where a part is; of what is missing, what it is missing from."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)


def read(text: str) -> Document:
    """What a text says. Raises Unreadable."""
    try:
        node = yaml.compose(text, Loader=_Loader)
        lines: dict[Path, int] = {}
        return Document(_value(node, (), lines) if node is not None else None, lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        sentence = _("This is no YAML: %(problem)s. Look at indentation, quotation marks and colons.")
        raise Unreadable(sentence % {"problem": error.problem or error.context}, mark.line + 1 if mark else 0) from None
    except yaml.YAMLError as error:  # A character that no YAML may have.
        raise Unreadable(_("This is no YAML: %(problem)s.") % {"problem": str(error).splitlines()[0]}) from None
    except RecursionError:
        raise Unreadable(_("This is nested too deeply for a file of requirements.")) from None


def write(data: Any) -> str:
    """A text that says this."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)


def comment(words: str) -> str:
    """A line that only people read."""
    return f"# {' '.join(''.join(each if each.isprintable() else ' ' for each in words).split())}\n"


class _Loader(yaml.SafeLoader):
    """Reads text into nodes; scalars are texts unless they look like what JSON has a type for."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            sentence = _("“*%(name)s” repeats another part of the file. Write that part out here.")
            raise Unreadable(sentence % {"name": event.anchor}, line)
        if event.tag is not None:
            raise Unreadable(_("Leave out “%(tag)s”.") % {"tag": event.tag[:100]}, line)
        return super().compose_node(parent, index)


_BOOL, _INT, _NOTHING, _TEXT = (f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "null", "str"))
for tag, pattern, first in (
    (_BOOL, r"true|True|TRUE|false|False|FALSE", "tTfF"),
    (_INT, r"-?(0|[1-9][0-9]{0,17})", "-0123456789"),
    (_NOTHING, r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(tag, re.compile(rf"(?:{pattern})\Z", re.ASCII), list(first))


class _Dumper(yaml.SafeDumper):
    """Writes lists indented, and what occurs twice, twice."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # PyYAML calls it with what it writes.
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002  # As above.
        super().increase_indent(flow, False)

    def represent_text(self, text: str) -> yaml.Node:
        # PyYAML breaks a line at these three even where it must not.
        return self.represent_scalar(_TEXT, text, style='"' if _OTHER_BREAKS.search(text) else None)


_Dumper.add_representer(str, _Dumper.represent_text)


def _value(node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, (*path, place), lines) for place, each in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name_node, value_node in node.value:
        line = name_node.start_mark.line + 1
        if not isinstance(name_node, yaml.ScalarNode):
            raise Unreadable(_("A field needs a plain name before its colon."), line)
        name = name_node.value
        if name in found:
            raise Unreadable(_("“%(name)s” is given a second time. Leave one of them.") % {"name": name[:100]}, line)
        lines[(*path, name)] = line
        found[name] = _value(value_node, (*path, name), lines)
    return found


def _scalar(node: yaml.Node) -> Any:
    if node.tag == _BOOL:
        return node.value in _TRUE
    if node.tag == _INT:
        return int(node.value)
    return None if node.tag == _NOTHING else node.value
