"""What Credly can be asked about badge templates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from uuid import UUID

from . import address, errors, wire
from .asking import MOST_PAGES_SEARCHED, Asking
from .page import follow

EVERY_STATE = ("draft", "active", "archived")


class TemplateCalls(Asking):
    """List, read, find, create, change, archive and delete."""

    def templates(
        self,
        *,
        states: Iterable[str] = EVERY_STATE,
        sort: str = "created_at",
        page: int = 1,
        updated_since: date | None = None,
        query: str = "",
        name: str = "",
    ) -> wire.Page[wire.Template]:
        """Return one page of badge templates; ``query`` is part of a name or description, ``name`` a whole name.

        ``updated_since`` is a day in UTC; an aware time counts as its day. A template in a state that
        was not asked for is left out, for Credly may pass over a filter.
        """
        wanted = address.TemplateQuery(states, sort, updated_since, query, name)
        path = f"/badge_templates?{wanted.spelled(page)}"
        found = self._page("GET /badge_templates", path, wire.Template.parse, page)
        return replace(found, items=tuple(item for item in found.items if item.state in wanted.states))

    def template(self, template_id: UUID) -> wire.Template:
        """Return one badge template."""
        label = "GET /badge_templates/{id}"
        wanted = address.checked_id(template_id)
        return self._one(label, "GET", f"/badge_templates/{wanted}", wire.Template.parse, lambda it: it.id == wanted)

    def find_templates(self, name: str, *, states: Iterable[str] = EVERY_STATE) -> list[wire.Template]:
        """Return the templates of this very name, but for blanks around it.

        What Credly returns is checked again here, since it may pass over a filter. An empty list is a promise, so it
        raises ``Garbled`` where an item that might be the one could not be read.
        """
        asked = name if address.can_be_filtered(name) else ""

        def page(number: int) -> wire.Page[wire.Template]:
            return self.templates(states=states, page=number, name=asked)

        found: dict[UUID, wire.Template] = {}
        broken: list[str] = []
        for each in follow(page, 1, MOST_PAGES_SEARCHED, "GET /badge_templates"):
            broken.extend(each.broken)
            found.update((it.id, it) for it in each.items if it.name.strip() == name.strip())
        if broken and not found:
            raise errors.Garbled(
                f"A badge template could not be read, so none can be ruled out. {broken[0]}",
                request="GET /badge_templates",
            )
        return list(found.values())

    def create_template(self, order: wire.TemplateOrder) -> wire.Template:
        """Make a badge template. After ``Unanswered`` look with ``find_templates`` before asking again."""
        return self._one(
            "POST /badge_templates",
            "POST",
            "/badge_templates",
            wire.Template.parse,
            lambda made: made.name.strip() == order.name.strip(),
            body=order.dump(),
        )

    def change_template(self, template_id: UUID, change: wire.TemplateChange) -> wire.Template:
        """Change what ``change`` names, and return the template as it is then. Doing it twice does no harm."""
        wanted = address.checked_id(template_id)
        return self._one(
            "PUT /badge_templates/{id}",
            "PUT",
            f"/badge_templates/{wanted}",
            wire.Template.parse,
            lambda it: it.id == wanted and change.state in {None, it.state},
            body=change.dump(),
        )

    def archive_template(self, template_id: UUID) -> wire.Template:
        """Have a template issue no more badges; those that were issued stay."""
        return self.change_template(template_id, wire.TemplateChange(state="archived"))

    def delete_template(self, template_id: UUID) -> None:
        """Delete a template for good. The key needs the permission to delete, else ``Unauthorized``.

        What Credly does with one that has badges is not documented. ``NotFound`` says that it is gone already.
        """
        self._remove("DELETE /badge_templates/{id}", f"/badge_templates/{address.checked_id(template_id)}")
