"""Learners on their way when a badge's requirements change: moved to the new version, and judged anew."""

from __future__ import annotations


def judge_anew(progress_id: int) -> None:
    """Judge a learner by the version that is valid now, from all that they are known to have done."""
    raise NotImplementedError


def move_on(limit: int = 1000) -> int:
    """Move learners on their way to the version that is valid now, where the template says so; how many."""
    raise NotImplementedError


def wake_to_move() -> None:
    """Have a worker move learners on, once what was changed is committed."""
    raise NotImplementedError
