"""What a badge asks for, as ``credly_requirements`` writes it into files: the same names, and the same checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ... import conf, lint, reports, requirements, versions
from ...access import Scope
from ...models import BadgeTemplate
from ...requirements import form
from .badges import ISSUER
from .errors import ApiError, Conflict, Forbidden, Invalid, PreconditionFailed
from .parameters import known
from .requirement_shapes import RequirementsForm, RequirementsShape
from .views import ApiView

MOST_PARTS = 500
"""Groups and requirements of one badge, as the editor has it."""
MOST_RULES = 50

Path = Sequence[str | int]
READ_ONLY = frozenset({"version", "criteria", "faults"})
"""What GET tells besides; it may come back, and is passed over."""
KNOWN = frozenset({"groups", "despite", "organization", "template"}) | READ_ONLY


class Requirements(ApiView):
    """What one badge asks for."""

    scopes = {"GET": Scope.REQUIREMENTS_READ, "PUT": Scope.REQUIREMENTS_WRITE}
    serializer_class = RequirementsShape

    @extend_schema(operation_id="getRequirements", parameters=[ISSUER], responses={200: RequirementsShape})
    def get(self, request: Request, badge_id: UUID) -> Response:
        """Get what a badge asks for: as data, in words, and what the lint finds wrong with it."""
        known(request, {"issuer"})
        return Response(_shown(self.badge(badge_id, Scope.REQUIREMENTS_READ)))

    @extend_schema(
        operation_id="putRequirements",
        parameters=[ISSUER],
        request=RequirementsForm,
        responses={200: RequirementsShape},
    )
    def put(self, request: Request, badge_id: UUID) -> Response:
        """Have a badge ask for this from now on. What GET answered can be changed and sent back."""
        known(request, {"issuer"})
        template = self.badge(badge_id, Scope.REQUIREMENTS_WRITE)
        before = requirements.stored(template)
        if "If-Match" in request.headers:
            self.check_match(request, _shown(template))
        groups, despite = _read(request.data, template)
        self._refuse_unreviewed(template)
        try:
            requirements.save(
                template,
                groups,
                by=self.caller.user,
                key=self.caller.key,
                seen=requirements.fingerprint(before),
                despite=despite,
            )
        except requirements.NotSaved as refusal:
            raise _refusal(refusal, groups) from None
        return self.changed(_shown(BadgeTemplate.objects.select_related("organization").get(pk=template.pk)))

    def _refuse_unreviewed(self, template: BadgeTemplate) -> None:
        """Where somebody has to review a change that is valid at once, no key may make it. Raises Forbidden."""
        if self.caller.user is None and template.is_listening and conf.review_required():
            raise Forbidden(
                _("On this site a person reviews what a badge asks for, and of this one a change is valid at once.")
            )


def _shown(template: BadgeTemplate) -> dict[str, Any]:
    """A constant number of queries."""
    groups = requirements.stored(template)
    where = _where(groups)
    return {
        **versions.data(template),
        "version": template.version,
        "criteria": reports.sentences(template),
        "faults": [
            {
                "code": fault.code,
                "level": fault.level,
                "sentence": fault.sentence,
                "where": where.get(fault.requirement_key) or where.get(fault.group_key, ""),
            }
            for fault in lint.faults(template)
        ],
    }


def _read(body: Any, template: BadgeTemplate) -> tuple[tuple[requirements.GroupSpec, ...], list[str]]:
    """What was sent, as values. Raises Invalid, with every mistake at the place where it is."""
    if not isinstance(body, Mapping):
        raise Invalid(_("Send an object with “groups”."))
    if unknown := sorted(str(name)[:100] for name in body if name not in KNOWN):
        said = _("This field is not known. Known are: %(known)s.") % {"known": ", ".join(sorted(KNOWN - READ_ONLY))}
        raise _invalid({name: [said] for name in unknown})
    mine = {"organization": str(template.organization.uuid), "template": str(template.uuid)}
    for name, present in mine.items():
        if name in body and str(body[name]).lower() != present:
            raise _invalid({name: [_("This is another one than the address names.")]})
    despite = body.get("despite", [])
    if not isinstance(despite, list) or not all(each in sorted(lint.CAN_BE_MEANT) for each in despite):
        said = _("A list belongs here of: %(codes)s.") % {"codes": ", ".join(sorted(lint.CAN_BE_MEANT))}
        raise _invalid({"despite": [said]})
    _check_size(body.get("groups"))
    entry = {**mine, **({"groups": body["groups"]} if "groups" in body else {})}
    wanted, mistakes = form.read(form.document([entry]))
    if mistakes:
        found: dict[str, Any] = {}
        for mistake in mistakes:
            found.setdefault(_spelled(mistake.path[2:]) or "body", []).append(mistake.sentence)
        raise _invalid(found)
    return wanted[0].groups, despite


def _check_size(groups: Any) -> None:
    inside = [each.get("requirements") for each in _objects(groups)]
    parts = _length(groups) + sum(map(_length, inside))
    rules = [_length(each.get("rules")) for requirements_sent in inside for each in _objects(requirements_sent)]
    if parts > MOST_PARTS or any(number > MOST_RULES for number in rules):
        said = _("A badge can have %(parts)d groups and requirements together, and a requirement %(rules)d rules.")
        raise _invalid({"groups": [said % {"parts": MOST_PARTS, "rules": MOST_RULES}]})


def _objects(value: Any) -> Iterable[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


def _refusal(refusal: requirements.NotSaved, groups: Sequence[requirements.GroupSpec]) -> ApiError:
    if isinstance(refusal, requirements.ChangedMeanwhile):
        return PreconditionFailed(str(refusal))
    if isinstance(refusal, requirements.NotReviewed):
        return Forbidden(str(refusal))
    if isinstance(refusal, requirements.WouldStopAnActiveBadge):
        where = _where(groups)
        found: dict[str, Any] = {}
        for fault in refusal.faults:
            path = where.get(fault.requirement_key) or where.get(fault.group_key) or "groups"
            found.setdefault(path, []).append(fault.sentence)
        meant = sorted({fault.code for fault in refusal.faults if fault.can_be_meant})
        return Conflict(str(refusal), **({**found, "canBeMeant": meant} if meant else found))
    return _invalid({"groups": refusal.reasons})


def _invalid(details: Mapping[str, Any]) -> Invalid:
    return Invalid(_("What you sent cannot be taken; “details” says what to change."), **details)


def _where(groups: Sequence[requirements.GroupSpec]) -> dict[str, str]:
    """Where each group and requirement stands, by its key."""
    found: dict[str, str] = {}
    for place, group in enumerate(groups):
        found[group.key] = _spelled(("groups", place))
        found |= {
            each.key: _spelled(("groups", place, "requirements", number))
            for number, each in enumerate(group.requirements)
        }
    return {key: where for key, where in found.items() if key}


def _spelled(path: Path) -> str:
    """``groups[0].requirements[2].rules``."""
    text = "".join(f"[{each}]" if isinstance(each, int) else f".{str(each)[:100]}" for each in path)
    return text.removeprefix(".")
