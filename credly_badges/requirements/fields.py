"""What a data rule can ask about: a fact of the event, or of what is known of the learner beside it."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import UsageKey

from .. import state
from ..events.catalogue import CATALOGUE, EventType
from ..lint import reading
from ..models import BadgeTemplate
from ..rules.fields import Field

SUBSECTION_EXAMPLE = "block-v1:edX+DemoX+2026+type@sequential+block@exam"


class InvalidAbout(ValueError):
    """What was typed is nothing that the field can be about; the message says what to type instead."""


def field_of(event_type: str, path: str) -> Field | None:
    """The field at a path, or None where neither the event nor, when it happens, the LMS knows one."""
    return reading.field_of(CATALOGUE.get(event_type), path)


def paths_of(event_type: EventType) -> list[str]:
    """The path of every field that can be asked about when an event happens."""
    own = [field.path for field in event_type.fields]
    return own + [path for path in state.STATE if reading.field_of(event_type, path)]


def asks_about(path: str) -> str:
    """What a rule on this field has to name: state.SUBSECTION, state.BADGE, or nothing."""
    found = state.STATE.get(path)
    return found.about if found else ""


def read_about(path: str, text: str) -> str:
    """What a rule is about, in the form that events and our tables have. Raises InvalidAbout."""
    return _READERS[asks_about(path)](text.strip())


def _nothing(text: str) -> str:
    if text:
        raise InvalidAbout(_("This field is about nothing else. Leave “about” empty."))
    return ""


def _subsection(text: str) -> str:
    if not text:
        raise InvalidAbout(_("Type the usage key of the subsection, such as %(key)s.") % {"key": SUBSECTION_EXAMPLE})
    try:
        return str(UsageKey.from_string(text))
    except InvalidKeyError:
        raise InvalidAbout(
            _("“%(text)s” is no subsection. Copy its usage key, such as %(key)s, from Studio.")
            % {"text": text[:100], "key": SUBSECTION_EXAMPLE}
        ) from None


def _badge(text: str) -> str:
    if not text:
        raise InvalidAbout(_("Choose a badge."))
    try:
        badge = UUID(text)
    except ValueError:
        badge = None
    if badge is None or not BadgeTemplate.objects.filter(uuid=badge).exists():
        sentence = _("“%(text)s” is not the ID of a badge template here. Copy it from the badge's page.")
        raise InvalidAbout(sentence % {"text": text[:100]})
    return str(badge)


_READERS = {"": _nothing, state.SUBSECTION: _subsection, state.BADGE: _badge}
