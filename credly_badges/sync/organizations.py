"""Ask Credly whether an organization's ID and key belong together, and what the organization is called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from .. import connections
from ..conf.given_keys import KeyNotFetched
from ..credly.errors import CredlyError, NotFound, Unauthorized
from ..models import CredlyOrganization
from ..models.encryption import UndecryptableSecret

# The last one is what the client says of a key or an address that could never work.
CANNOT_CONNECT = (connections.NoKey, UndecryptableSecret, ImproperlyConfigured, ValueError, KeyNotFetched)
"""What ``connect`` raises before Credly is asked; each says what to do."""


@dataclass(frozen=True)
class Check:
    """What Credly answered: whether it worked, the organization's name at Credly, and a sentence for a person.

    ``wrong`` names the form field that is most likely wrong: ``uuid``, ``api_key`` or "" where neither is.
    ``clock_difference`` is by how much Credly's clock is ahead of ours, where it told the time.
    """

    ok: bool
    name: str
    sentence: str
    wrong: str = ""
    clock_difference: timedelta | None = None


def check(organization: CredlyOrganization) -> Check:
    """Ask Credly for the organization, with the key that is in force. Saves nothing; an unsaved one will do."""
    try:
        client = connections.connect(organization)
        found = client.organization()
    except KeyNotFetched as error:
        return Check(False, "", str(error))
    except CANNOT_CONNECT as fault:
        return Check(False, "", str(fault), wrong="api_key")
    except CredlyError as error:
        return _refusal(error, organization)
    sentence = _("Credly knows the key; it belongs to %(name)s.") % {"name": found.name}
    return Check(True, found.name, sentence, clock_difference=client.clock_difference)


def _refusal(error: CredlyError, organization: CredlyOrganization) -> Check:
    if isinstance(error, NotFound):
        # Credly looks at the key first, so one that gets as far as "not found" is a valid key of somebody.
        sentence = _(
            "Credly accepts the API key but has no organization %(uuid)s for it. Most likely the organization ID is "
            "wrong: copy it anew from the developer page of your Credly account. Or the key is another organization's."
        ) % {"uuid": organization.uuid}
        return Check(False, "", sentence, wrong="uuid")
    if isinstance(error, Unauthorized):
        return Check(False, "", _rejected(error, organization), wrong="api_key")
    sentence = _("Credly could not be asked, so neither key nor ID was checked. %(error)s") % {"error": error}
    return Check(False, "", sentence)


def _rejected(error: Unauthorized, organization: CredlyOrganization) -> str:
    said = {"said": error.message, "environment": organization.environment}
    if error.status == HTTPStatus.FORBIDDEN:
        return (
            _(
                "Credly knows the API key but does not let it read this organization: %(said)s Most likely the key is "
                "another organization's, or it lacks the permission to read."
            )
            % said
        )
    # Whether a key of another organization gets this answer too is not documented, so both are named.
    return (
        _(
            "Credly rejected the API key: %(said)s Most likely the key is wrong, has expired (Credly's keys last 180 "
            "days) or is not one of the environment “%(environment)s”. If you are sure of it, check the "
            "organization ID."
        )
        % said
    )
