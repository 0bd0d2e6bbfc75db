"""What one version of a badge's requirements asks for, as a flat list of sentences: to be kept, and to be compared."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from django.conf import settings
from django.db.models import F
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ..models import BadgeTemplate, RequirementGroup, RequirementsVersion
from .criteria import GroupInWords, criteria_of, groups_in_words, titles_of, with_rules


def sentences(template: BadgeTemplate, version: int | None = None) -> list[str]:
    """All that a badge asks for in one version (the current one, unless given): one sentence or two an entry.

    In the language that is active. As many queries for much as for little.
    """
    wanted = template.version if version is None else version
    groups = with_rules(RequirementGroup.objects.filter(template=template, version=wanted))
    return in_sentences(groups_in_words(groups, titles_of(groups)))


def sentences_of(templates: Collection[BadgeTemplate]) -> dict[int, list[str]]:
    """What each of these badges asks for, in the language that is active. As many queries for many as for one.

    What is valid was written down in the site's own language, and is read from there: to put fifty badges into words
    takes longer than all else of a list of them.
    """
    found = _written(templates) if get_language() == settings.LANGUAGE_CODE else {}
    others = [template for template in templates if template.pk not in found]
    if others:
        found |= {number: in_sentences(groups) for number, groups in criteria_of(others).items()}
    return found


def _written(templates: Collection[BadgeTemplate]) -> dict[int, list[str]]:
    rows = RequirementsVersion.objects.filter(template__in=[template.pk for template in templates])
    return dict(rows.filter(number=F("template__version")).order_by().values_list("template_id", "words"))


def in_sentences(groups: Sequence[GroupInWords]) -> list[str]:
    """The same for groups that are in words already, as ``criteria_of`` has them."""
    return [sentence for number, group in enumerate(groups, 1) for sentence in _of_group(group, number, len(groups))]


def _of_group(group: GroupInWords, number: int, of: int) -> Iterator[str]:
    heading = _heading(group, number, of)
    if heading or group.notes:
        yield " ".join(filter(None, (heading, *group.notes)))
    if not group.requirements:
        yield _("Nothing yet, so it can never be met.")
    for requirement in group.requirements:
        yield requirement.sentence


def _heading(group: GroupInWords, number: int, of: int) -> str:
    name = group.name or (_("Group %(number)d") % {"number": number} if of > 1 and (group.needs or group.notes) else "")
    if name and group.needs:
        return _("%(name)s: %(needs)s.") % {"name": name, "needs": group.needs}
    return _("%(sentence)s.") % {"sentence": capfirst(name or group.needs)} if name or group.needs else ""
