"""Learners who hold a badge and no longer meet its requirements: what is done about it, and by whose decision."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser

from ..models import Regression


class NotOpen(Exception):
    """It was decided before; ``sentence`` says how."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def keep(regression: Regression, by: AbstractBaseUser | None, note: str = "") -> Regression:
    """Let the learner keep the badge, though they no longer meet its requirements. Raises NotOpen."""
    raise NotImplementedError


def revoke(regression: Regression, by: AbstractBaseUser | None, note: str = "") -> Regression:
    """Take the badge back before its time to decide is over. Raises NotOpen, and awards.NotRevocable."""
    raise NotImplementedError


def due(limit: int = 1000) -> int:
    """Revoke what nobody decided to keep until its time was over; how many badges that were."""
    raise NotImplementedError
