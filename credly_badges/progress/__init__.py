"""From an event to a learner's progress, and from complete progress to an award."""

from . import limits, regressions
from .deciding import scopes as deciding_scopes
from .facts import standing_of
from .moving import judge_anew, move_on, wake_to_move
from .recording import GIVE_A_WORKER, StillMoving, hold_against, hold_all_against, record, sweep, wake
from .trying import leave_withheld, look_again, release_withheld, take_up_what_was_left

__all__ = [
    "GIVE_A_WORKER",
    "StillMoving",
    "deciding_scopes",
    "hold_against",
    "hold_all_against",
    "judge_anew",
    "leave_withheld",
    "limits",
    "look_again",
    "move_on",
    "record",
    "regressions",
    "release_withheld",
    "standing_of",
    "sweep",
    "take_up_what_was_left",
    "wake",
    "wake_to_move",
]
