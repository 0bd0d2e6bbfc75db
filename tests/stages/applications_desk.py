"""A badge that takes applications, and those who apply and review."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from credly_badges import applications, lms
from credly_badges.applications import Criterion, Finding, Link
from credly_badges.models import Application, ApplicationForm, BadgeTemplate
from credly_badges.testing.factories import TemplateFactory, UserFactory

PAGE = Link("https://example.com/work")


def a_badge(*required: bool, **form: Any) -> BadgeTemplate:
    """A badge that takes applications, with a criterion for each of these."""
    badge = form.pop("template", None) or TemplateFactory(active=True)
    criteria = [Criterion(f"Criterion {number}", each) for number, each in enumerate(required or (True,))]
    applications.set_form(badge, is_open=True, criteria=criteria, **form)
    return badge


def criteria_of(badge: BadgeTemplate) -> list[Any]:
    """Its criteria's IDs, in order."""
    return list(ApplicationForm.objects.get(template=badge).criteria.values_list("uuid", flat=True))


def applied(badge: BadgeTemplate, user: Any = None, **said: Any) -> Application:
    """A learner's application."""
    user = user or UserFactory()
    said.setdefault("evidence", [PAGE])
    return applications.submit(badge, learner=lms.learner(user.pk), by=user, **said)


def found(badge: BadgeTemplate, *answers: bool | None) -> list[Finding]:
    """What is found of each criterion in turn; None for nothing."""
    pairs = zip(criteria_of(badge), answers, strict=True)
    return [Finding(criterion, answer) for criterion, answer in pairs if answer is not None]


def a_picture(kind: str = "PNG", size: tuple[int, int] = (20, 10), mode: str = "RGB", **saved: Any) -> bytes:
    """A picture of one color."""
    kept = io.BytesIO()
    Image.new(mode, size, "green" if mode != "1" else 1).save(kept, kind, **saved)
    return kept.getvalue()
