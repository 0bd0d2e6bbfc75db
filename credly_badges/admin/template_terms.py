"""The page of a badge's terms: how it expires and comes again, when it is sent, its limits, and how it is lost."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import label_for_field
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms.boundfield import BoundField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import audit, progress, terms
from ..models import BadgeTemplate
from .subject import person

if TYPE_CHECKING:
    from .templates import BadgeTemplateAdmin

_PAGE = "admin/credly_badges/badgetemplate/terms.html"

ARRIVAL = frozenset({"release", "release_on"})

# What a part is called, what a person should know of it, and its fields.
PARTS: tuple[tuple[Any, Any, tuple[str, ...]], ...] = (
    (
        gettext_lazy("Expiry"),
        gettext_lazy("For badges that are awarded or renewed from now on. Those that learners have stay as they are."),
        ("expiry", "expiry_date", "expiry_days"),
    ),
    (
        gettext_lazy("Renewal"),
        gettext_lazy("Credly puts a renewed badge in the place of the old one; who follows an old link finds the new."),
        ("renewal_days",),
    ),
    (
        gettext_lazy("More than once"),
        gettext_lazy("Each further badge stands beside the one before it."),
        ("repeat", "repeat_days"),
    ),
    (
        gettext_lazy("Duplicates"),
        gettext_lazy("Somebody may have issued the badge at Credly itself, or from another system."),
        ("on_duplicate",),
    ),
    (
        gettext_lazy("Evidence"),
        gettext_lazy("Everything here is public: whoever sees the badge can read it."),
        ("evidence_certificate", "evidence_course", "evidence_grade", "evidence_note"),
    ),
    (gettext_lazy("E-mail"), "", ("suppress_email",)),
    (
        gettext_lazy("When it is sent"),
        gettext_lazy("A badge that was earned earlier waits here until then; the date of issue is when it was earned."),
        ("release", "release_on"),
    ),
    (
        gettext_lazy("Limits"),
        gettext_lazy(
            "A brake in case the requirements ask for less than you meant. Once it is reached the badge is paused, "
            "what was earned is kept unsent, and one button has it go on."
        ),
        ("limit_per_hour", "limit_total"),
    ),
    (
        gettext_lazy("Losing ground"),
        gettext_lazy(
            "A grade may fall, a certificate be taken back. Somebody who never had the badge loses nothing; somebody "
            "who meets the requirements again in time keeps it, and Credly hears nothing of it."
        ),
        ("on_loss", "hold_days"),
    ),
    (
        gettext_lazy("Changed requirements"),
        gettext_lazy(
            "Requirements that were ever valid are not edited but get a new version. Whoever has earned the badge "
            "keeps it by the version that they earned it by."
        ),
        ("on_change",),
    ),
)
EVIDENCE = ("evidence_certificate", "evidence_course", "evidence_grade")


class TermsForm(forms.ModelForm):
    """A template's terms, which have to make sense together."""

    class Meta:
        model = BadgeTemplate
        fields = tuple(name for _title, _note, names in PARTS for name in names)
        widgets: ClassVar[dict[str, Any]] = {"expiry_date": AdminDateWidget, "release_on": AdminDateWidget}

    @property
    def parts(self) -> list[tuple[Any, Any, list[BoundField]]]:
        """The fields as the page shows them."""
        return [(title, note, [self[name] for name in names]) for title, note, names in PARTS]

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, of which its stubs know nothing
        if not self.errors:
            for fault in terms.faults(self.instance, today=timezone.now().date()):
                self.add_error(None, fault)


def edit(admin: BadgeTemplateAdmin, request: HttpRequest, template: BadgeTemplate) -> HttpResponse:
    """Show the terms, and save them; only what was changed is written and kept in the audit log."""
    if not admin.has_change_permission(request, template):
        raise PermissionDenied
    form = TermsForm(request.POST or None, instance=template)
    if request.method == "POST" and form.is_valid():
        if form.changed_data:
            _save(form, request)
            messages.success(request, _("The terms of “%(template)s” were saved.") % {"template": template})
        else:
            messages.info(request, _("Nothing was changed."))
        return HttpResponseRedirect(reverse("admin:credly_badges_badgetemplate_change", args=[template.pk]))
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Terms of %(template)s") % {"template": template},
        "opts": admin.opts,
        "original": BadgeTemplate.objects.get(pk=template.pk),
        "form": form,
        "media": admin.media + form.media,
        "has_view_permission": True,
    }
    return TemplateResponse(request, _PAGE, context)


def in_words(template: BadgeTemplate) -> list[tuple[str, str]]:
    """The terms that a template has, for its page."""
    said = [
        ("expiry", _expiry(template)),
        ("renewal_days", _renewal(template)),
        ("repeat", _repeat(template)),
        ("on_duplicate", template.get_on_duplicate_display()),
        ("suppress_email", template.get_suppress_email_display()),
        ("release", _release(template)),
        ("limit_per_hour", _limits(template)),
        ("on_loss", _loss(template)),
        ("on_change", template.get_on_change_display()),
    ]
    asked = [name for name in EVIDENCE if getattr(template, name)]
    shown = [str(label_for_field(name, BadgeTemplate)) for name in asked]
    shown += [f"“{template.evidence_note}”"] if template.evidence_note else []
    labels = {"renewal_days": _("Renewal"), "limit_per_hour": _("Limits")}
    rows = [(labels.get(name) or str(label_for_field(name, BadgeTemplate)), str(words)) for name, words in said]
    return [*rows, (_("Evidence"), ", ".join(shown) or _("none, except what is given by hand"))]


def _expiry(template: BadgeTemplate) -> str:
    if template.expiry == BadgeTemplate.Expiry.DATE and template.expiry_date:
        return date_format(template.expiry_date)
    if template.expiry == BadgeTemplate.Expiry.PERIOD and template.expiry_days:
        return _("%(days)d days after it was earned") % {"days": template.expiry_days}
    if template.expiry == BadgeTemplate.Expiry.CERTIFICATE and template.expiry_days:
        return _("%(days)d days after the course certificate") % {"days": template.expiry_days}
    return template.get_expiry_display()


def _renewal(template: BadgeTemplate) -> str:
    if template.renewal_days is None:
        return _("not renewed")
    return _("from %(days)d days before it expires") % {"days": template.renewal_days}


def _repeat(template: BadgeTemplate) -> str:
    if template.repeat == BadgeTemplate.Repeat.PERIOD and template.repeat_days:
        return _("once in %(days)d days") % {"days": template.repeat_days}
    return template.get_repeat_display()


def _release(template: BadgeTemplate) -> str:
    if template.release == BadgeTemplate.Release.DATE and template.release_on:
        return _("on %(date)s") % {"date": date_format(template.release_on)}
    return template.get_release_display()


def _limits(template: BadgeTemplate) -> str:
    said = []
    if template.limit_per_hour is not None:
        said.append(_("in an hour: %(count)d") % {"count": template.limit_per_hour})
    if template.limit_total is not None:
        said.append(_("in all: %(count)d") % {"count": template.limit_total})
    return "; ".join(said) or _("none")


def _loss(template: BadgeTemplate) -> str:
    if template.on_loss == BadgeTemplate.OnLoss.HOLD:
        if template.hold_days is None:
            return _("hold it until somebody decides")
        said = ngettext(
            "hold it for %(days)d day, then revoke it", "hold it for %(days)d days, then revoke it", template.hold_days
        )
        return said % {"days": template.hold_days}
    return template.get_on_loss_display()


@transaction.atomic
def _save(form: TermsForm, request: HttpRequest) -> None:
    row = BadgeTemplate.objects.select_for_update().get(pk=form.instance.pk)
    before = {name: _kept(getattr(row, name)) for name in form.changed_data}
    for name in form.changed_data:
        setattr(row, name, form.cleaned_data[name])
    row.save(update_fields=[*form.changed_data, "modified"])
    after = {name: _kept(getattr(row, name)) for name in form.changed_data}
    audit.record("template.changed", row, actor=person(request), before=before, after=after)
    if ARRIVAL.intersection(form.changed_data) and row.is_active:
        progress.release_withheld(row)  # What is held back until a day may have another day now.


def _kept(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
