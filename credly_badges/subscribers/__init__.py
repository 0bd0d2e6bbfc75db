"""Other systems are told what happens: what there is to tell, to whom, and how it gets there."""

from .catalogue import EVENTS, Event
from .payloads import PERSONAL, award_data
from .telling import listening, tell

__all__ = ["EVENTS", "PERSONAL", "Event", "award_data", "listening", "tell"]
