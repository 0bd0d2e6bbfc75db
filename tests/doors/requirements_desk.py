"""The page of requirements as a browser without JavaScript has it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client

from credly_badges.models import BadgeTemplate

from .admin_desk import text_of, url

GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
PROGRAM = "org.openedx.learning.program.certificate.awarded.v1"
BADGE = "org.openedx.learning.badge.awarded.v1"
LOGIN = "org.openedx.learning.auth.session.login.completed.v1"


class Editor:
    """Fields are typed into, and buttons send all that is on the page, and nothing else."""

    def __init__(self, client: Client, template: BadgeTemplate) -> None:
        self.client, self.url = client, url("badgetemplate", "requirements", template.pk)
        self.answer: Any = client.get(self.url)

    @property
    def draft(self) -> Any:
        """What it is made from."""
        return self.answer.context["draft"]

    @property
    def page(self) -> str:
        """Its markup."""
        return str(self.answer.content.decode())

    @property
    def text(self) -> str:
        """What a person reads on it."""
        return text_of(self.answer)

    @property
    def preview(self) -> str:
        """What it says in words of what is asked for."""
        found = re.search(r'<section[^>]*id="preview".*?</section>', self.page, re.DOTALL)
        assert found
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", found.group())).split())

    @property
    def fields(self) -> dict[str, Any]:
        """Every field that a browser would send, with its value; several where several boxes are ticked."""
        found = re.search(r'<form[^>]*id="requirements-editor".*</form>', self.page, re.DOTALL)
        assert found
        fields: dict[str, Any] = {}
        for tag, inside in re.findall(
            r"<(input[^>]*|textarea[^>]*|select[^>]*)>(?:([^<]*)</textarea>)?", found.group()
        ):
            name = _attribute(tag, "name")
            if tag.startswith("input") and 'type="checkbox"' in tag:
                if " checked" in tag:
                    value = _attribute(tag, "value") or "on"
                    fields[name] = [*fields.get(name, []), value]
            elif tag.startswith("textarea"):
                fields[name] = unescape(inside).removeprefix("\n")
            elif tag.startswith("input"):
                fields[name] = _attribute(tag, "value")
            else:
                fields[name] = self._selected(name)
        return fields

    @property
    def mistakes(self) -> dict[str, str]:
        """The sentence at each field that cannot be saved."""
        return {mistake.control_id: mistake.sentence for mistake in self.answer.context["errors"]}

    def press(self, button: str, **typed: Any) -> Editor:
        """Type into fields (``r7__scope``; None takes a tick away), then press a button."""
        assert f'value="{button}"' in self.page, f"The page has no button {button}."
        fields = self.fields
        typed = {name.replace("__", "-"): value for name, value in typed.items()}
        known = set(fields) | set(re.findall(r'name="([^"]+)"', self.page))
        assert typed.keys() <= known, typed.keys() - known
        sent = {name: value for name, value in {**fields, **typed, "do": button}.items() if value is not None}
        self.answer = self.client.post(self.url, sent)
        return self

    def choices(self, field: str) -> list[str]:
        """What a select offers."""
        return re.findall(r"<option[^>]*>([^<]+)</option>", self._select(field))

    def headings(self, field: str) -> list[str]:
        """Under what a select offers it."""
        return [unescape(label) for label in re.findall(r'<optgroup label="([^"]*)"', self._select(field))]

    def _select(self, field: str) -> str:
        found = re.search(rf'<select[^>]*id="id_{field}".*?</select>', self.page, re.DOTALL)
        assert found, field
        return found.group()

    def _selected(self, name: str) -> str:
        options = re.findall(r"<option ([^>]*)>", self._select(name))
        chosen = next((option for option in options if " selected" in f" {option}"), options[0])
        return _attribute(chosen, "value")


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'(?:^|\s){name}="([^"]*)"', tag)
    return unescape(found.group(1)) if found else ""
