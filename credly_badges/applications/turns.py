"""Those who act on one application take turns, and find it as the one before them left it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..models import Application
from .refusals import InTheWay


def open_one(application: Application) -> Application:
    """The application as it is now, held until the transaction ends. Raises InTheWay for one that is closed."""
    row = Application.objects.select_for_update().get(pk=application.pk)
    if not row.open:
        said = _("This application is %(state)s, and changes no more.")
        raise InTheWay(said % {"state": row.get_state_display()}, state=row.state)
    return row
