"""The page that asks before something is done, and for the reason where one is needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from .subject import SubjectAdmin


class ReasonForm(forms.Form):
    """Why something is done; kept in the audit log."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60, "class": "vLargeTextField"}),
    )

    def __init__(self, *args: Any, help_text: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = help_text


@dataclass(frozen=True)
class Question:
    """What is about to be done: sentences on it, the word on the button, and where to go instead."""

    title: str
    sentences: Sequence[str]
    button: str
    back: str
    form: forms.Form | None = None
    action: str = ""
    hidden: Iterable[tuple[str, Any]] = field(default=())
    deletes: bool = False


def ask(model_admin: SubjectAdmin, request: HttpRequest, question: Question) -> TemplateResponse:
    """Show a question. Its form posts to ``action``, or to the page itself."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": question.title,
        "opts": model_admin.opts,
        "media": model_admin.media,
        "question": question,
        "has_view_permission": model_admin.has_view_permission(request),
    }
    return TemplateResponse(request, "admin/credly_badges/confirm.html", context)
