"""The order to issue a badge: what is asked of Credly, and what to do where Credly says that the learner has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from django.utils import timezone
from django.utils.translation import gettext as _

from .. import conf, evidence, lms, terms
from ..credly import errors, wire
from ..credly.client import Client
from ..models import BadgeAward, BadgeTemplate, OutboxMessage
from .finding import Found, issued_at_the_same_time, look
from .results import Blocked, Confirmed, Hopeless, Result

OnDuplicate = BadgeTemplate.OnDuplicate

ALLOW, REPLACE = "allow", "replace"

PATIENCE = 4
"""After how many attempts Credly's lists are taken to show what an attempt before this one may have brought about."""

Expiry = datetime | Literal[False] | None


def issue(message: OutboxMessage, client: Client, earner_id: str) -> Result:
    """Issue a badge, looking first where it may have been done without our hearing of it."""
    award = message.award
    learner = learner_of(award)
    if isinstance(learner, Hopeless):
        return learner
    badge = look(client, award, earner_id).badge if message.look_first else None
    if badge is not None and _is_ours(badge, award):
        return Confirmed(badge, learner, earner_id, found=True)
    if message.look_first and badge is None and not is_guarded(award) and _may_come_to_light(message):
        raise errors.Unavailable("Credly does not show whether an earlier attempt has issued it; its lists may lag.")
    order = paused(award) or order_for(award, learner, earner_id)
    if isinstance(order, Blocked):
        return order
    try:
        return Confirmed(client.issue(order), learner, earner_id)
    except errors.Duplicate as refusal:
        # It may be ours, from an answer that was lost, or older than this plugin and known by the address alone.
        found = look(client, award, earner_id)
        if found.badge is None:
            by_address = look(client, award, email=learner.email)
            found = (
                by_address
                if by_address.badge
                else Found(None, found.taken + by_address.taken, bool(found or by_address))
            )
        result = _on_duplicate(message, client, order, found, refusal)
    return replace(result, learner=learner, earner_id=earner_id) if isinstance(result, Confirmed) else result


def is_guarded(award: BadgeAward) -> bool:
    """Whether Credly itself would refuse to issue the badge a second time."""
    return not (award.template.allow_duplicates or award.occasion)


def _may_come_to_light(message: OutboxMessage) -> bool:
    """Whether what an attempt before this one brought about may still be missing from Credly's lists."""
    return message.attempts < min(PATIENCE, conf.max_attempts() - 1)


def learner_of(award: BadgeAward) -> lms.Learner | Hopeless:
    """The award's learner, or that they left."""
    learner = lms.learner(award.learner_id) if award.learner_id else None
    return learner or Hopeless(_("The learner has no account any more. Drop the message."))


def name_for(learner: lms.Learner) -> lms.Name | Blocked:
    """The name that goes on the badge, or why it cannot be sent now."""
    if not learner.is_active:
        return Blocked(_("The learner's account is not active yet; the badge is sent once it is."))
    if not learner.email:
        return Blocked(_("The learner's account has no e-mail address, and Credly knows people by theirs."))
    try:
        return lms.name_of(learner)
    except lms.NoName as missing:
        return Blocked(missing.sentence)


def paused(award: BadgeAward) -> Blocked | None:
    """Why a badge is not issued now whose template is paused, or None. Whoever resumes the template wakes it."""
    if award.template.status != BadgeTemplate.Status.PAUSED:
        return None
    return Blocked(_("The badge is paused; this one is sent once somebody resumes it."))


def order_for(award: BadgeAward, learner: lms.Learner, earner_id: str) -> wire.IssueOrder | Blocked:
    """What to ask of Credly, or why it has to wait. Of the learner, name, address and language leave the LMS."""
    name = name_for(learner)
    if isinstance(name, Blocked):
        return name
    template = award.template
    suppressed = template.suppress_email
    certificate_at = evidence.certificate_at(award)
    return wire.IssueOrder(
        template_id=template.uuid,
        recipient_email=learner.email,
        first_name=name.first,
        middle_name=name.middle,
        last_name=name.last,
        issued_at=award.earned_at,
        issuer_earner_id=earner_id,
        locale=learner.language,
        expires_at=terms.expiry(template, award.earned_at, certificate_at=certificate_at),
        evidence=evidence.of(award, learner),
        suppress_notification=conf.suppress_credly_email() if suppressed is None else suppressed,
        # A further badge of the same template is meant to stand beside the one that the learner holds.
        duplicate_behavior=ALLOW if award.occasion else "",
    )


def _is_ours(badge: wire.Badge, award: BadgeAward) -> bool:
    """Whether a badge with our earner ID may count as this award's without asking Credly to issue it."""
    adopts = award.template.on_duplicate == OnDuplicate.ADOPT
    return adopts or issued_at_the_same_time(badge, award.earned_at)


def _on_duplicate(
    message: OutboxMessage, client: Client, order: wire.IssueOrder, found: Found, refusal: errors.Duplicate
) -> Result:
    """What to do where Credly says that the learner has the badge; raises ``refusal`` where nothing can be done."""
    badge, award = found.badge, message.award
    if badge is None and not found.taken:
        return _beside_what_ended(message, client, order, found, refusal)
    policy = award.template.on_duplicate
    if badge is not None:
        ours = badge.issuer_earner_id == order.issuer_earner_id and issued_at_the_same_time(badge, award.earned_at)
        if ours or policy == OnDuplicate.ADOPT:
            return Confirmed(badge, found=True)
    if found.taken:
        return _of_another_award(award, found, refusal)  # Also because Credly might put the new data into that badge.
    if policy == OnDuplicate.STOP:
        return Hopeless(
            _(
                "The learner has this badge at Credly already, and the template says to stop there. To take that badge "
                "over, change “if Credly has it already” on the template's page and send this again; to issue a new "
                "one, revoke the one at Credly first."
            )
        )
    return Confirmed(client.issue(replace(order, duplicate_behavior=REPLACE)))


def _of_another_award(award: BadgeAward, found: Found, refusal: errors.Duplicate) -> Result:
    """The badge in the way is another award's: where that one is being revoked, this one waits for it."""
    leaving = OutboxMessage.objects.filter(
        kind=OutboxMessage.Kind.REVOKE, state__in=OutboxMessage.TAKEABLE, open=True, award__credly_id__in=found.taken
    )
    if not leaving.exclude(award=award).exists():
        raise refusal
    until = timezone.now() + max(conf.first_wait(), timedelta(milliseconds=1))
    return Blocked(_("The learner's earlier badge is being revoked; this one is sent after that."), until=until)


def _beside_what_ended(
    message: OutboxMessage, client: Client, order: wire.IssueOrder, found: Found, refusal: errors.Duplicate
) -> Result:
    """Issue a badge anew where Credly counts an ended one as a duplicate. Credly has no way to un-revoke."""
    if not found.ended:
        raise refusal
    if message.look_first and _may_come_to_light(message):
        # What is in the way may be our own badge, from an answer that was lost: Credly's lists may lag behind.
        raise errors.Unavailable(
            "Credly says that the learner has this badge, and shows only ones that ended.", status=refusal.status
        )
    return Confirmed(client.issue(replace(order, duplicate_behavior=ALLOW)))
