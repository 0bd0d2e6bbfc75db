"""Learners apply for badges with evidence, reviewers look at it criterion by criterion, and somebody decides."""

from .assigning import assign, assigned_now
from .deciding import approve, deny
from .evidence import MOST_EVIDENCE, Link, Picture, Piece, Text
from .forgetting import forget
from .forms import MOST_CRITERIA, TAKING, Criterion, form_of, set_form, why_not_taking
from .forms import facts as form_facts
from .forms import note_change as note_form_change
from .pictures import read as read_picture
from .refusals import ApplicationError, InTheWay, NotAllowed, Unfit
from .reviewing import Finding, Reviewed, review
from .submitting import submit, withdraw

__all__ = [
    "MOST_CRITERIA",
    "MOST_EVIDENCE",
    "TAKING",
    "ApplicationError",
    "Criterion",
    "Finding",
    "InTheWay",
    "Link",
    "NotAllowed",
    "Picture",
    "Piece",
    "Reviewed",
    "Text",
    "Unfit",
    "approve",
    "assign",
    "assigned_now",
    "deny",
    "forget",
    "form_facts",
    "form_of",
    "note_form_change",
    "read_picture",
    "review",
    "set_form",
    "submit",
    "why_not_taking",
    "withdraw",
]
