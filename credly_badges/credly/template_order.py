"""What we ask Credly to make a badge template of, and what of one to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from . import quirks, reading
from .reading import Data
from .template import Activity, Alignment

FEWEST_SKILLS: Final = 3
"""Developer docs, "Creating a badge template"; their own sample sends one."""

_TEXTS: Final[Mapping[str, str]] = {
    "name": "name",
    "description": "description",
    "criteria_url": "global_activity_url",
    "level": "level",
    "cost": "cost",
    "time_to_earn": "time_to_earn",
    "type_category": "type_category",
}
"""Our name for each text, and Credly's."""


@dataclass(frozen=True, slots=True)
class Image:
    """The picture of a badge: an address from which Credly fetches it, or the picture itself in Base64.

    Credly's docs name both ways and show only the first. The second is sent as a data URL, which says what kind of
    picture it is. Raises ValueError unless it is exactly one of them.
    """

    url: str = ""
    data_url: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if bool(self.url) == bool(self.data_url):
            raise ValueError("A badge template needs one picture: an address, or the picture itself.")
        if self.data_url and not self.data_url.startswith("data:image/"):
            raise ValueError("A picture that is sent itself has to begin with data:image/.")

    @classmethod
    def parse(cls, value: object) -> Self:
        if isinstance(value, Mapping):
            return cls(url=reading.text(value, "remote_upload_url"))
        return cls(data_url=reading.text({"image": value}, "image"))

    def dump(self) -> dict[str, str] | str:
        return {"remote_upload_url": self.url} if self.url else self.data_url


@dataclass(frozen=True, slots=True)
class TemplateOrder:
    """A badge template to be made (developer docs, "Badge templates", creating).

    Raises ValueError, with what to do, for one that Credly would refuse.
    """

    name: str
    description: str
    criteria_url: str
    image: Image
    skills: tuple[str, ...]
    activities: tuple[Activity, ...]
    level: str = ""
    cost: str = ""
    time_to_earn: str = ""
    type_category: str = ""
    alignments: tuple[Alignment, ...] = ()

    def __post_init__(self) -> None:
        for name in ("name", "description", "criteria_url"):
            if not getattr(self, name).strip():
                raise ValueError(f"A badge template needs a {name}.")
        if len(self.skills) < FEWEST_SKILLS:
            raise ValueError(f"A badge template needs at least {FEWEST_SKILLS} skills.")
        if not self.activities:
            raise ValueError("A badge template needs at least one activity.")

    @classmethod
    def parse(cls, data: Data) -> Self:
        return cls(
            **{ours: reading.text_or_empty(data, theirs) for ours, theirs in _TEXTS.items()},
            image=Image.parse(data.get("image")),
            skills=tuple(data.get("skills") or ()),
            activities=tuple(Activity.parse(item) for item in reading.objects(data, "badge_template_activities")),
            alignments=tuple(Alignment.parse(item) for item in reading.objects(data, "alignments")),
        )

    def dump(self) -> dict[str, Any]:
        """Return the body of ``POST /badge_templates``; an optional field without a value is left out."""
        return {
            **{theirs: value for ours, theirs in _TEXTS.items() if (value := getattr(self, ours))},
            "image": self.image.dump(),
            "skills": list(self.skills),
            "badge_template_activities": [each.dump() for each in self.activities],
            **({"alignments": [each.dump() for each in self.alignments]} if self.alignments else {}),
        }


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """What of a template is to be changed; None leaves it as it is, and Credly is not told of it.

    That Credly keeps what is left out is told of organizations (developer docs, "Webhooks"), and nothing else may be
    sent along: what we keep of an activity is less than Credly does, so sending it back would cut it.
    """

    name: str | None = None
    description: str | None = None
    criteria_url: str | None = None
    image: Image | None = None
    skills: tuple[str, ...] | None = None
    activities: tuple[Activity, ...] | None = None
    level: str | None = None
    cost: str | None = None
    time_to_earn: str | None = None
    type_category: str | None = None
    alignments: tuple[Alignment, ...] | None = None
    state: str | None = None

    def __post_init__(self) -> None:
        if self.state is not None:
            quirks.template_state(self.state)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be changed."""
        return not self.dump()

    def dump(self) -> dict[str, Any]:
        """Return the body of ``PUT /badge_templates/{id}``. An emptied text is null, as Credly has it in answers."""
        body: dict[str, Any] = {
            theirs: value or None for ours, theirs in _TEXTS.items() if (value := getattr(self, ours)) is not None
        }
        if self.image is not None:
            body["image"] = self.image.dump()
        if self.skills is not None:
            body["skills"] = list(self.skills)
        if self.activities is not None:
            body["badge_template_activities"] = [each.dump() for each in self.activities]
        if self.alignments is not None:
            body["alignments"] = [each.dump() for each in self.alignments]
        if self.state is not None:
            body["state"] = self.state
        return body
