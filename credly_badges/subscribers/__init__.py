"""Other systems are told what happens: what there is to tell, to whom, and how it gets there."""

from .catalogue import EVENTS, Event

__all__ = ["EVENTS", "Event"]
