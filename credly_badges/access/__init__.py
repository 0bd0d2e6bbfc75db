"""Who may do what through the REST API: levels, roles and scopes; and the keys of other systems."""

from .callers import ANONYMOUS, ANYWHERE, SITE, Caller, Grant, Level, level_of, of_key, of_master, of_user
from .keys import BadKey, Made, by_bearer, make, revoke
from .scopes import ROLES, Scope, described
from .signed import BadSignature, Signed, verified

__all__ = [
    "ANONYMOUS",
    "ANYWHERE",
    "ROLES",
    "SITE",
    "BadKey",
    "BadSignature",
    "Caller",
    "Grant",
    "Level",
    "Made",
    "Scope",
    "Signed",
    "by_bearer",
    "described",
    "level_of",
    "make",
    "of_key",
    "of_master",
    "of_user",
    "revoke",
    "verified",
]
