"""What all bodies have in common: fields in camelCase, and no field that is not known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import ISO_8601, serializers


def camel(name: str) -> str:
    """``earned_at`` as ``earnedAt``."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


class ApiSerializer(serializers.Serializer[Any]):
    """A body whose fields are declared as Python spells them and travel in camelCase. It takes no others."""

    def get_fields(self) -> dict[str, Any]:
        """The fields, as they travel."""
        fields = {}
        for name, field in super().get_fields().items():
            spelled = camel(name)
            if isinstance(field, serializers.SerializerMethodField):
                field.method_name = field.method_name or f"get_{name}"
            elif spelled != name and field.source is None:
                field.source = name
            if isinstance(field, serializers.DateTimeField):
                # Whatever zone and form the host, or the user, has chosen for its pages.
                field.timezone, field.format = UTC, ISO_8601
            fields[spelled] = field
        return fields

    def to_internal_value(self, data: Any) -> Any:
        """What was sent, by Python's names. Raises ValidationError, also for what is not known."""
        if isinstance(data, Mapping):
            unknown = sorted(str(name)[:100] for name in data if name not in self.fields)
            if unknown:
                known = ", ".join(name for name, field in self.fields.items() if not field.read_only)
                said = _("This field is not known. Known are: %(known)s.") % {"known": known}
                raise serializers.ValidationError({name: [said] for name in unknown})
        return super().to_internal_value(data)
