"""What is wrong with a badge before one looks at its requirements: at Credly, with its organization, in its terms."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from .. import conf, terms
from ..models import BadgeTemplate
from .fault import Fault
from .reading import Subject


def faults(subject: Subject) -> Iterator[Fault]:
    """Of the template, its organization and its terms."""
    template = subject.template
    if template.credly_state != BadgeTemplate.CredlyState.ACTIVE:
        sentence = _(
            "At Credly the template is %(state)s, so Credly would refuse to issue it. Make it active there, then sync."
        )
        yield Fault("not_at_credly", "error", sentence % {"state": template.get_credly_state_display()})
    yield from _of_the_organization(template)
    for sentence in terms.faults(template, today=subject.now.date()):
        yield Fault("terms", "error", sentence)


def _of_the_organization(template: BadgeTemplate) -> Iterator[Fault]:
    organization = template.organization
    if not organization.key:
        sentence = _("Its organization, %(name)s, has no API key. Enter one on the organization's page.")
        yield Fault("no_key", "error", sentence % {"name": organization})
    try:
        conf.api_url(organization.environment)
    except ImproperlyConfigured as error:
        yield Fault("no_address", "error", str(error))
    if organization.paused:
        sentence = _(
            "Its organization, %(name)s, is paused: %(why)s. Save the organization with a valid key, or resume it."
        )
        yield Fault(
            "organization_paused",
            "error",
            sentence % {"name": organization, "why": organization.get_paused_display()},
        )
