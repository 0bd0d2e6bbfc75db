"""What the audit log keeps of levels and of who may do what there."""

from __future__ import annotations

from typing import Any

from ..models import BadgeProgram, LevelRole


def of_program(program: BadgeProgram) -> dict[str, Any]:
    """What the audit log keeps of a program; its contact may be a person, and is left out."""
    return {
        "organization": str(program.organization.uuid),
        "slug": program.slug,
        "name": program.name,
        "url": program.url,
        "lms_program": str(program.lms_program or ""),
        "badges": sorted(str(each) for each in program.templates.order_by().values_list("uuid", flat=True)),
    }


def of_role(row: LevelRole) -> dict[str, Any]:
    """Of a role."""
    return {
        "user_id": row.user_id,
        "role": row.role,
        "organization_id": row.organization_id,
        "program_id": row.program_id,
    }
