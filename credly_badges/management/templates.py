"""The badge template that a command is about."""

from __future__ import annotations

from uuid import UUID

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from ..models import BadgeTemplate


def chosen_template(text: str) -> BadgeTemplate:
    """The template with this ID at Credly, or this name. Raises CommandError where there is none, or more than one."""
    try:
        found = BadgeTemplate.objects.filter(uuid=UUID(text))
    except ValueError:
        found = BadgeTemplate.objects.filter(name__iexact=text.strip())
    templates = list(found.select_related("organization"))
    if not templates:
        raise CommandError(
            _("There is no badge template “%(template)s”. Give its ID at Credly or its whole name.")
            % {"template": text}
        )
    if len(templates) > 1:
        which = "; ".join(f"{each.uuid} ({each.organization})" for each in templates)
        raise CommandError(
            _("“%(template)s” is the name of several badge templates. Give the ID of one of these: %(which)s.")
            % {"template": text, "which": which}
        )
    return templates[0]
