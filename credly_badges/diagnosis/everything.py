"""The round through everything, from the settings up to what waits."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from . import badges, installation, log, machinery, organizations, platform, queues
from .finding import Finding, Level


def diagnose(*, ask_credly: bool = True) -> Iterator[Finding]:
    """Look at everything, and say of each thing how it is. Writes nothing."""
    settings = installation.settings()
    yield from settings
    if any(finding.id == "settings_e001" for finding in settings):
        sentence = _("The rest was not looked at, as it depends on these settings.")
        yield Finding("settings_first", "settings", Level.BAD, sentence)
        return
    database = installation.database()
    yield database
    if database.level is Level.BAD:
        return
    yield platform.answers()
    yield from organizations.findings(ask_credly=ask_credly)
    yield from badges.findings()
    yield from machinery.findings()
    yield from queues.findings()
    yield log.sealing()
