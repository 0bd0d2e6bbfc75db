"""From an event to a learner's progress, and from complete progress to an award."""

from . import limits, regressions
from .moving import judge_anew, move_on, wake_to_move
from .recording import GIVE_A_WORKER, GroupStanding, Standing, hold_against, record, standing_of, sweep, wake
from .withheld import deciding_scopes, release_withheld

__all__ = [
    "GIVE_A_WORKER",
    "GroupStanding",
    "Standing",
    "deciding_scopes",
    "hold_against",
    "judge_anew",
    "limits",
    "move_on",
    "record",
    "regressions",
    "release_withheld",
    "standing_of",
    "sweep",
    "wake",
    "wake_to_move",
]
