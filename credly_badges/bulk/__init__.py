"""Many badges issued at once: a list is read, looked through, carried out by a worker, and can be taken back."""

from .keeping import forget, purge
from .preview import discard, preview
from .reading import MOST_ROWS, Given, NotReadable, from_csv, from_json
from .work import NotNow, carry_out, commit, go_on, undo, wake_left

__all__ = [
    "MOST_ROWS",
    "Given",
    "NotNow",
    "NotReadable",
    "carry_out",
    "commit",
    "discard",
    "forget",
    "from_csv",
    "from_json",
    "go_on",
    "preview",
    "purge",
    "undo",
    "wake_left",
]
