"""Why Credly did not do what was asked, named by what the caller should do next.

::

    CredlyError
    ├── Unavailable           Credly did not act: ask again later
    │   ├── Throttled         ... not before ``retry_after`` seconds
    │   └── Garbled           ... an answer to a question that could not be read
    ├── Unanswered            Credly may have acted: look before asking again
    ├── Unauthorized          the API key: a person must replace it
    └── Refused               Credly said no: asking again will not help
        ├── NotFound          it is not there (any more)
        ├── BatchRefused      one of several, ``index``: the others can go without it
        ├── Duplicate         the learner has this badge already
        └── AlreadyReplaced   another badge, ``current_badge_id``, stands in its place
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from . import quirks

_HELD_BACK = "This LMS holds back its requests to Credly."
LONGEST_MESSAGE = 1_000
"""How many characters of Credly's own message are kept."""


class CredlyError(Exception):
    """Credly did not do what was asked.

    ``said`` is Credly's own message with keys and e-mail addresses taken out, bounded to
    1,000 characters, "" if there was none; ``message`` is that, or else our sentence.
    ``status`` is the HTTP status, None when no answer came. ``request`` names what was
    asked, as in ``POST /badges``, without ids of people. ``str()`` adds what to do.
    """

    what: ClassVar[str] = "Credly did not do what was asked"
    advice: ClassVar[str] = "Read the message, remove its cause and ask again."

    def __init__(self, message: str = "", *, status: int | None = None, request: str = "", said: str = "") -> None:
        super().__init__(message)
        self.said = said[:LONGEST_MESSAGE]
        self.message = self.said or message or f"{self.what}."
        self.status = status
        self.request = request

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.request, f"status {self.status}" if self.status else "") if part)
        what = f"{self.what} ({where})" if where else self.what
        if self.message == f"{self.what}.":
            return f"{what}. {self.advice}"
        message = self.message if self.message.endswith((".", "!", "?")) else f"{self.message}."
        return f"{what}: {message} {self.advice}"


class Unavailable(CredlyError):
    """Credly did not act. Asking again later is safe."""

    what = "Credly did not act"
    advice = "Asking again later is safe."


class Throttled(Unavailable):
    """Credly asks for fewer requests. Ask again after ``retry_after`` seconds, if it named a number.

    ``ours`` where it is this LMS that holds its requests back, and Credly was never asked.
    """

    what = "Credly asks for fewer requests"
    advice = "Ask again later, and less often."
    retry_after: float | None = None
    ours: bool = False

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        request: str = "",
        said: str = "",
        retry_after: float | None = None,
        ours: bool = False,
    ) -> None:
        super().__init__(message or (_HELD_BACK if ours else ""), status=status, request=request, said=said)
        self.retry_after = retry_after
        self.ours = ours

    def __str__(self) -> str:
        if self.ours:
            asked = f" ({self.request})" if self.request else ""
            reason = "" if self.message == _HELD_BACK else f": {self.message.rstrip('.')}"
            wait = "" if self.retry_after is None else f" The wait is {self.retry_after:.0f} seconds."
            return f"{_HELD_BACK.rstrip('.')}{asked}{reason}. Nothing was sent, and it goes on by itself.{wait}"
        if self.retry_after is None:
            return super().__str__()
        return f"{super().__str__()} Credly names a wait of {self.retry_after:.0f} seconds."


class Garbled(Unavailable):
    """Credly answered a question in a way that cannot be read. Nothing was changed; asking again later is safe."""

    what = "Credly's answer could not be read"
    advice = "Nothing was changed, and asking again later is safe. If it stays, this plugin may need an update."


class Unanswered(CredlyError):
    """The request left and no readable answer came, so Credly may have acted. Look before asking again."""

    what = "Credly gave no readable answer and may have acted"
    advice = "Look at Credly what became of it before asking again."


class Unauthorized(CredlyError):
    """Credly does not accept the organization's API key for this. Nothing was done; the key needs a person."""

    what = "Credly does not accept the API key"
    advice = (
        "Enter a valid key for the organization: keys die 180 days after they were made, stop at once when rotated, "
        "and may lack the permission to write or delete."
    )


class Refused(CredlyError):
    """Credly understood and said no. Asking again will not help."""

    what = "Credly refused"
    advice = "Asking again will not help; change what Credly objects to first."


class NotFound(Refused):
    """Credly does not have it, or not for this organization."""

    what = "Credly does not have what was asked for"
    advice = "Check at Credly whether it was deleted or belongs to another organization."


class BatchRefused(Refused):
    """Credly refused several orders because of one: ``index`` from 0, or None where it did not say which."""

    what = "Credly refused the batch"
    advice = "Take the one that it objects to out of the batch, and send the others again."
    index: int | None = None

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        request: str = "",
        said: str = "",
        index: int | None = None,
    ) -> None:
        super().__init__(message, status=status, request=request, said=said)
        self.index = index

    @property
    def is_duplicate(self) -> bool:
        """Whether the learner of that order already has the badge."""
        return quirks.says_duplicate(self.said)


class Duplicate(Refused):
    """The learner already has this badge at Credly."""

    what = "The learner already has this badge"
    advice = "Find the badge at Credly and take it over instead of issuing another."


class AlreadyReplaced(Refused):
    """Another badge stands in this one's place: ``current_badge_id``, or None where Credly did not name it."""

    what = "The badge was already replaced at Credly"
    advice = "Continue with the badge that stands in its place."
    current_badge_id: UUID | None = None

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        request: str = "",
        said: str = "",
        current_badge_id: UUID | None = None,
    ) -> None:
        super().__init__(message, status=status, request=request, said=said)
        self.current_badge_id = current_badge_id
