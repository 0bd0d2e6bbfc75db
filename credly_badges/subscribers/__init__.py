"""Other systems are told what happens: what there is to tell, to whom, and how it gets there."""

from .addresses import BadAddress
from .catalogue import EVENTS, Event
from .forgetting import forget
from .life import change, make, pause, redeliver, remove, resume, rotate, send_test
from .payloads import PERSONAL, award_data, key_data
from .rounds import due, expiries, purge
from .telling import listening, tell, tell_of_award, tell_of_templates

__all__ = [
    "EVENTS",
    "PERSONAL",
    "BadAddress",
    "Event",
    "award_data",
    "change",
    "due",
    "expiries",
    "forget",
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
    "tell",
    "tell_of_award",
    "tell_of_templates",
]
