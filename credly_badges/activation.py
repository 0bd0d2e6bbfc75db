"""Whether learners earn a badge here: its activation, and what stands in its way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from . import audit, availability, conf, terms
from .events import catalogue
from .models import BadgeRequirement, BadgeTemplate, DataRule, RequirementGroup
from .rules.language import GroupNeeds, InvalidRule, compile_rule


class CannotActivate(Exception):
    """Something stands in the way of activating a template; ``reasons`` are sentences that say what to do."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def activate(template: BadgeTemplate, *, by: AbstractBaseUser | None) -> None:
    """Let learners earn a badge from now on. Raises CannotActivate; does nothing where it is active already."""
    with transaction.atomic():
        row = BadgeTemplate.objects.select_for_update().get(pk=template.pk)
        if reasons := reasons_not_to_activate(row):
            raise CannotActivate(reasons)
        if not row.is_active:
            _write(row, BadgeTemplate.Status.ACTIVE, by=by, because="")
    template.refresh_from_db()


def deactivate(template: BadgeTemplate, *, by: AbstractBaseUser | None, because: str = "") -> None:
    """Let nobody earn a badge any more. Badges that were awarded stay; so do requirements and progress."""
    with transaction.atomic():
        row = BadgeTemplate.objects.select_for_update().get(pk=template.pk)
        if row.is_active:
            _write(row, BadgeTemplate.Status.RETIRED, by=by, because=because)
    template.refresh_from_db()


def reasons_not_to_activate(template: BadgeTemplate) -> list[str]:
    """What stands in the way, as sentences that say what to do; empty where nothing does."""
    return list(_reasons(template))


def _write(row: BadgeTemplate, status: str, *, by: AbstractBaseUser | None, because: str) -> None:
    was, row.status = row.status, status
    row.activation_changed_at = timezone.now()
    row.activation_changed_by_id = getattr(by, "pk", None)
    row.deactivated_because = because[:255]
    row.save(
        update_fields=[
            "status", "activation_changed_at", "activation_changed_by", "deactivated_because", "modified",
        ]
    )  # fmt: skip
    action = "template.activated" if row.is_active else "template.deactivated"
    audit.record(action, row, actor=by, because=because, before={"status": was}, after={"status": status})


def _reasons(template: BadgeTemplate) -> Iterator[str]:
    if template.credly_state != BadgeTemplate.CredlyState.ACTIVE:
        yield _(
            "At Credly the template is %(state)s, so Credly would refuse to issue it. Make it active there, then sync."
        ) % {"state": template.get_credly_state_display()}
    yield from _reasons_of_the_organization(template)
    yield from terms.faults(template, today=timezone.now().date())
    groups = list(template.groups.current().prefetch_related("requirements__data_rules"))
    if not any(group.requirements.all() for group in groups):
        yield _("It has no requirement, so nobody could earn it. Add at least one.")
        return
    for number, group in enumerate(groups, 1):
        name = group.name or _("group %(number)d") % {"number": number}
        yield from _reasons_of_a_group(group, name)
    yield from _reasons_of_availability(template, groups)


def _reasons_of_the_organization(template: BadgeTemplate) -> Iterator[str]:
    organization = template.organization
    if not organization.key:
        yield _("Its organization, %(name)s, has no API key. Enter one on the organization's page.") % {
            "name": organization
        }
    try:
        conf.api_url(organization.environment)
    except ImproperlyConfigured as error:
        yield str(error)
    if organization.paused:
        yield _(
            "Its organization, %(name)s, is paused: %(why)s. Save the organization with a valid key, or resume it."
        ) % {
            "name": organization,
            "why": organization.get_paused_display(),
        }


def _reasons_of_a_group(group: RequirementGroup, name: str) -> Iterator[str]:
    requirements = list(group.requirements.all())
    if not requirements:
        yield _("“%(group)s” has no requirement, so it could never be met. Add one, or remove the group.") % {
            "group": name
        }
    elif group.needs == GroupNeeds.AT_LEAST and not 1 <= group.at_least <= len(requirements):
        yield _(
            "“%(group)s” asks for %(needed)d of its requirements and has %(total)d. "
            "Ask for a number from 1 to %(total)d."
        ) % {"group": name, "needed": group.at_least, "total": len(requirements)}
    for requirement in requirements:
        yield from _reasons_of_a_requirement(requirement)


def _reasons_of_availability(template: BadgeTemplate, groups: Iterable[RequirementGroup]) -> Iterator[str]:
    offer = availability.offer(template)
    for requirement in (each for group in groups for each in group.requirements.all()):
        if sentence := offer.why_not(requirement.scope):
            yield _("The requirement “%(requirement)s” lies outside of where the badge is available. %(why)s") % {
                "requirement": requirement,
                "why": sentence,
            }


def _reasons_of_a_requirement(requirement: BadgeRequirement) -> Iterator[str]:
    event = catalogue.CATALOGUE.get(requirement.event_type)
    if event is None:
        yield _(
            "The requirement “%(requirement)s” waits for the event %(event)s, which this version does not know. "
            "Choose another event."
        ) % {"requirement": requirement, "event": requirement.event_type}
        return
    for rule in requirement.data_rules.all():
        if fault := _fault(event, rule):
            yield _("A data rule of the requirement “%(requirement)s” cannot be used: %(fault)s") % {
                "requirement": requirement,
                "fault": fault,
            }


def _fault(event: catalogue.EventType, rule: DataRule) -> str:
    field = catalogue.field(event.kind, rule.path)
    if field is None:
        return _("The event “%(event)s” has no field “%(path)s”. Choose another field.") % {
            "event": event.label,
            "path": rule.path,
        }
    try:
        compile_rule(field, rule.operator, rule.value)
    except InvalidRule as fault:
        return fault.sentence_in(_)
    if rule.field_type != field.type:
        # The corridor reads rules by the stored type.
        return _("It was saved for another type of field. Open the requirement and save it again.")
    return ""
