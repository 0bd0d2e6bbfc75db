"""Finding badge templates by the skills that Credly lists for them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import BadgeTemplate

MOST_READ = 1_000
"""Of how many templates the skills are read to be offered."""
MOST_OFFERED = 50
MOST_LETTERS = 100


def naming(templates: QuerySet[BadgeTemplate], words: str) -> QuerySet[BadgeTemplate]:
    """Those of which a skill contains these words, in capitals or not."""
    return _containing(templates, lambda spelled: spelled[1:-1], words)


def having(templates: QuerySet[BadgeTemplate], skill: str) -> QuerySet[BadgeTemplate]:
    """Those that have this skill."""
    return _containing(templates, str, skill)


def _containing(templates: QuerySet[BadgeTemplate], part: Callable[[str], str], words: str) -> QuerySet[BadgeTemplate]:
    # A list is text to every database; SQLite cannot ask what a list contains. Django writes letters beyond ASCII
    # as escapes, and MySQL, which keeps lists in a form of its own, gives them back as letters. An escaped letter has
    # no capital to the database.
    spellings = {words, words.lower(), words.upper(), words.capitalize(), words.title()}
    written = {part(json.dumps(each, ensure_ascii=ascii_only)) for each in spellings for ascii_only in (True, False)}
    wanted = reduce(or_, (Q(skills_text__icontains=each) for each in sorted(written)))
    return templates.alias(skills_text=Cast("skills", TextField())).filter(wanted)


class SkillFilter(admin.SimpleListFilter):
    """By a skill: the most frequent ones of the organization that is shown."""

    title = _("skill")
    parameter_name = "skill"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """What is offered; the chosen skill always is."""
        templates = BadgeTemplate.objects.exclude(skills=[]).order_by("-pk")
        shown = request.GET.get("organization__id__exact", "")
        if shown.isdecimal():
            templates = templates.filter(organization=int(shown))
        counted: Counter[str] = Counter()
        for skills in templates.values_list("skills", flat=True)[:MOST_READ]:
            counted.update(set(skills))
        offered = {skill for skill, _count in counted.most_common(MOST_OFFERED)}
        if chosen := request.GET.get(self.parameter_name):
            offered.add(chosen)
        return [(skill, skill[:MOST_LETTERS]) for skill in sorted(offered, key=str.casefold)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The templates with the chosen skill."""
        skill = self.value()
        return having(queryset, skill) if skill else queryset
