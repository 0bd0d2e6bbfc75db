"""Other systems are told what happens: what there is to tell, to whom, and how it gets there."""

from .addresses import BadAddress, check, host_of
from .catalogue import EVENTS, Event
from .deliver import whose_turn_it_is
from .forgetting import forget
from .life import Made, change, make, pause, redeliver, remove, resume, rotate, send_test, store
from .payloads import PERSONAL, award_data, kept, key_data
from .rounds import due, expiries, purge
from .telling import listening, tell, tell_of_award, tell_of_templates

__all__ = [
    "EVENTS",
    "PERSONAL",
    "BadAddress",
    "Event",
    "Made",
    "award_data",
    "change",
    "check",
    "due",
    "expiries",
    "forget",
    "host_of",
    "kept",
    "key_data",
    "listening",
    "make",
    "pause",
    "purge",
    "redeliver",
    "remove",
    "resume",
    "rotate",
    "send_test",
    "store",
    "tell",
    "tell_of_award",
    "tell_of_templates",
    "whose_turn_it_is",
]
