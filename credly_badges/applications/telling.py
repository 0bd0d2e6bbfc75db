"""Who is told of applications: subscribers, and the audit log."""

from __future__ import annotations

from typing import Any

from .. import subscribers
from ..models import ApiKey, Application, ApplicationReview
from ..subscribers import Event


def submitted(application: Application) -> None:
    """Tell subscribers that a learner has applied."""
    _tell(Event.APPLICATION_SUBMITTED, application)


def reviewed(application: Application, review: ApplicationReview | None = None) -> None:
    """Tell subscribers that an application was reviewed, or decided."""
    said: dict[str, Any] = {}
    if review is not None:
        said = {"reviewId": str(review.uuid), "satisfied": review.satisfied}
    _tell(Event.APPLICATION_REVIEWED, application, **said)


def facts(application: Application) -> dict[str, Any]:
    """What the audit log keeps of an application."""
    return {
        "template": str(application.template.uuid),
        "learner_id": application.learner_id,
        "state": application.state,
    }


def with_key(key: ApiKey | None) -> dict[str, str]:
    """What the audit log keeps of the system that did it."""
    return {"api_key": key.prefix} if key is not None else {}


def _tell(event: Event, application: Application, **said: Any) -> None:
    subscribers.tell(
        event,
        template=application.template,
        subject=f"application:{application.pk}",
        data={
            "applicationId": str(application.uuid),
            "badgeId": str(application.template.uuid),
            "issuerId": str(application.template.organization.uuid),
            "state": application.state,
            **said,
        },
        learner_id=application.learner_id,
    )
