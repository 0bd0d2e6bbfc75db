"""How fast requests leave for Credly, and that none do while it is down: one pace per organization for all workers.

What is so is kept in the organization's ``Pace`` row and nowhere else, so every worker goes by the same. A delivery
brings that row along with its message; any other request reads it for itself, by one query.
"""

from .breaker import reset as reset
from .gate import Held as Held
from .gate import Turn as Turn
from .gate import gate as gate
from .gate import turn as turn
from .state import COLUMNS as COLUMNS
from .state import PaceState as PaceState
from .state import of as of
from .state import state as state
