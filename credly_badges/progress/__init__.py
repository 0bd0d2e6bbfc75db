"""From an event to a learner's progress, and from complete progress to an award."""

from .recording import GIVE_A_WORKER, GroupStanding, Standing, record, standing_of, sweep, wake
from .withheld import deciding_scopes

__all__ = ["GIVE_A_WORKER", "GroupStanding", "Standing", "deciding_scopes", "record", "standing_of", "sweep", "wake"]
