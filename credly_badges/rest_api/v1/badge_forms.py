"""What is sent to make or change a badge."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from ...credly import wire
from ...credly.template_order import FEWEST_SKILLS
from .serializers import ApiSerializer, camel

LONGEST_ADDRESS = 500
MOST_SKILLS = MOST_ACTIVITIES = MOST_ALIGNMENTS = 50
LONGEST_PICTURE = 1_500_000
"""How many characters of Base64 a picture may have: about a megabyte."""

# By how the files of these kinds begin.
_PICTURES = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff"}
_DATA_URL = re.compile(r"data:image/(?:png|jpe?g);base64,", re.IGNORECASE)
_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}


class Line(serializers.CharField):
    """A text of one line, without what cannot be seen."""

    def to_internal_value(self, data: Any) -> str:
        """The text. Raises ValidationError."""
        text: str = super().to_internal_value(data)
        if any(unicodedata.category(each) in _UNSEEN for each in text):
            raise serializers.ValidationError(_("Leave out line breaks, and characters that cannot be seen."))
        return text


class Text(serializers.CharField):
    """A text that may have several lines."""

    def to_internal_value(self, data: Any) -> str:
        """The text. Raises ValidationError."""
        text: str = super().to_internal_value(data).replace("\r\n", "\n")
        if any(unicodedata.category(each) in _UNSEEN for each in text if each not in "\n\t"):
            raise serializers.ValidationError(_("Leave out characters that cannot be seen."))
        return text


class Address(serializers.URLField):
    """A web address."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST_ADDRESS, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """The address. Raises ValidationError."""
        text: str = super().to_internal_value(data)
        if text and text.partition(":")[0].lower() not in {"http", "https"}:
            raise serializers.ValidationError(_("An address has to begin with https:// or http://."))
        return text


class Picture(serializers.CharField):
    """A PNG or JPEG in Base64, with or without ``data:image/png;base64,`` before it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST_PICTURE, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """The picture as a data URL. Raises ValidationError."""
        text = _DATA_URL.sub("", super().to_internal_value(data), count=1)
        try:
            content = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise serializers.ValidationError(_("This is no Base64.")) from None
        kind = next((name for name, start in _PICTURES.items() if content.startswith(start)), None)
        if kind is None:
            raise serializers.ValidationError(_("Send a picture in PNG or JPEG."))
        return f"data:image/{kind};base64,{text}"


class AlignmentForm(ApiSerializer):
    """A standard that the badge is aligned with."""

    name = Line(max_length=255)
    url = Address(required=False, allow_blank=True, default="")
    description = Text(required=False, allow_blank=True, default="", max_length=2000)


class ActivityForm(ApiSerializer):
    """What learners do for it, as Credly shows it."""

    title = Line(max_length=255)
    type = Line(required=False, allow_blank=True, default="", max_length=100, help_text="Such as Course or Assessment.")
    url = Address(required=False, allow_blank=True, default="")


class ChangeSerializer(ApiSerializer):
    """What of a badge is to be changed. What is left out stays as it is; of lists, all is sent."""

    name = Line(max_length=255, required=False)
    description = Text(max_length=10_000, required=False)
    criteria_url = Address(required=False)
    image_url = Address(required=False, help_text="From where Credly fetches the picture.")
    image = Picture(required=False, help_text="The picture itself, PNG or JPEG in Base64, in place of its address.")
    skills = serializers.ListField(child=Line(max_length=100), min_length=FEWEST_SKILLS, max_length=MOST_SKILLS)
    activities = serializers.ListField(child=ActivityForm(), min_length=1, max_length=MOST_ACTIVITIES)
    level = Line(max_length=50, allow_blank=True, required=False)
    cost = Line(max_length=50, allow_blank=True, required=False)
    time_to_earn = Line(max_length=50, allow_blank=True, required=False)
    type = Line(max_length=50, allow_blank=True, required=False, source="type_category")
    alignments = serializers.ListField(child=AlignmentForm(), required=False, max_length=MOST_ALIGNMENTS)
    expires_in_days = serializers.IntegerField(
        min_value=1,
        max_value=36_500,
        allow_null=True,
        required=False,
        help_text="After how many days its badges expire. This site sees to it; null: as Credly has it.",
    )

    needed: tuple[str, ...] = ()
    """By Python's names: what has to be sent."""

    def get_fields(self) -> dict[str, Any]:
        """The fields, some of them required."""
        fields = super().get_fields()
        for name, field in fields.items():
            field.required = name in {camel(each) for each in self.needed}
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Of the picture one form. Raises ValidationError."""
        if attrs.get("image") and attrs.get("image_url"):
            raise serializers.ValidationError({"image": [_("Send “imageUrl” or “image”, not both.")]})
        skills = [each.casefold() for each in attrs.get("skills", ())]
        if len(set(skills)) < len(skills):
            raise serializers.ValidationError({"skills": [_("Name each skill once.")]})
        return attrs

    def wanted(self) -> dict[str, Any]:
        """What was sent, by the names and as the values that Credly's forms have."""
        sent: Mapping[str, Any] = self.validated_data
        found = {name: sent[name] for name in _TEXTS if name in sent}
        if "image" in sent or "image_url" in sent:
            found["image"] = wire.Image(url=sent.get("image_url", ""), data_url=sent.get("image", ""))
        if "skills" in sent:
            found["skills"] = tuple(sent["skills"])
        if "activities" in sent:
            found["activities"] = tuple(wire.Activity(**each) for each in sent["activities"])
        if "alignments" in sent:
            found["alignments"] = tuple(wire.Alignment(**each) for each in sent["alignments"])
        return found


class WholeChangeSerializer(ChangeSerializer):
    """A badge as it is to be: what is left out is emptied, except for its picture, which stays."""

    needed = ("name", "description", "criteria_url", "skills", "activities")

    def wanted(self) -> dict[str, Any]:
        """The same, with empty values for what was left out."""
        return {**_EMPTY, **super().wanted()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The same; an expiry that was left out goes, too."""
        return super().validate({"expires_in_days": None, **attrs})


class NewBadgeSerializer(ChangeSerializer):
    """A badge to be made at Credly. It needs a picture: ``imageUrl`` or ``image``."""

    issuer = serializers.UUIDField(
        required=False,
        help_text="The ID of the organization. It can be left out where there is but one for the caller.",
    )

    needed = ("name", "description", "criteria_url", "skills", "activities")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A picture has to be there. Raises ValidationError."""
        if not attrs.get("image") and not attrs.get("image_url"):
            raise serializers.ValidationError({"imageUrl": [_("Send “imageUrl”, or the picture itself as “image”.")]})
        return super().validate(attrs)


_TEXTS = ("name", "description", "criteria_url", "level", "cost", "time_to_earn", "type_category")
_EMPTY: dict[str, Any] = {"level": "", "cost": "", "time_to_earn": "", "type_category": "", "alignments": ()}
