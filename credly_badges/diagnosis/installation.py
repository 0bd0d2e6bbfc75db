"""The settings and the database."""

from __future__ import annotations

from django.core import checks
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from .finding import Finding, Level

APP = "credly_badges"


def settings() -> list[Finding]:
    """What the system checks say of the plugin's settings."""
    found = checks.run_checks(tags=[APP], databases=[DEFAULT_DB_ALIAS])
    told = [message for message in found if str(message.id).startswith(f"{APP}.")]
    if not told:
        return [Finding("settings", "settings", Level.OK, _("Nothing is wrong with the CREDLY_BADGES settings."))]
    return [
        Finding(
            "settings_" + str(message.id).rpartition(".")[2].lower(),
            "settings",
            Level.BAD if message.is_serious() else Level.NOTE,
            f"{message.msg} ({message.id})",
            str(message.hint or ""),
        )
        for message in told
    ]


def database() -> Finding:
    """Whether the tables are those of this version."""
    executor = MigrationExecutor(connection)
    targets = [node for node in executor.loader.graph.leaf_nodes() if node[0] == APP]
    plan = executor.migration_plan(targets)
    unapplied = [migration.name for migration, _backwards in plan if migration.app_label == APP]
    if not unapplied:
        return Finding("migrations", "database", Level.OK, _("All migrations have been applied."))
    return Finding(
        "migrations_missing",
        "database",
        Level.BAD,
        _("Migrations have not been applied: %(names)s.") % {"names": ", ".join(unapplied)},
        _("Run: manage.py lms migrate credly_badges"),
    )
