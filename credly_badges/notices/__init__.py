"""What Credly tells us: a notice is taken in at the door as a hint, confirmed at Credly, and acted upon."""

from .address import plain_path, renew_address, set_at_credly, webhook_path
from .again import process_again
from .confirm import process, process_notice, sweep, wake_all, wake_due
from .feed import FeedResult, read_feed
from .keeping import purge
from .reception import Answer, receive

__all__ = [
    "Answer",
    "FeedResult",
    "plain_path",
    "process",
    "process_again",
    "process_notice",
    "purge",
    "read_feed",
    "receive",
    "renew_address",
    "set_at_credly",
    "sweep",
    "wake_all",
    "wake_due",
    "webhook_path",
]
