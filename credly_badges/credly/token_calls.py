"""What Credly can be asked about the organization's own API keys, which it calls authorization tokens."""

from __future__ import annotations

from uuid import UUID

from . import address, errors, wire
from .asking import MOST_PAGES_SEARCHED, Asking
from .page import follow

_LABEL = "GET /authorization_tokens"


class TokenCalls(Asking):
    """List, create, delete and rotate tokens. Each answer carries live keys: keep it out of logs and sessions."""

    def tokens(self) -> list[wire.Token]:
        """Return the organization's tokens; a key that may not write or delete sees only tokens that read.

        Raises ``Garbled`` where one cannot be read, for a list without it would look complete.
        """

        def page(number: int) -> wire.Page[wire.Token]:
            path = f"/authorization_tokens?{address.query({}, sort='', page=number)}"
            return self._page(_LABEL, path, wire.Token.parse, number)

        found: dict[UUID, wire.Token] = {}
        for each in follow(page, 1, MOST_PAGES_SEARCHED, _LABEL):
            if each.broken:
                # Only the reason: where there is no proper id, what stands in its place could be the token.
                reason = each.broken[0].rpartition(": ")[2]
                raise errors.Garbled(f"A token could not be read. {reason}", request=_LABEL)
            found.update((token.id, token) for token in each.items)
        return list(found.values())

    def create_token(
        self, description: str, *, read: bool = True, write: bool = True, delete: bool = False
    ) -> wire.Token:
        """Make one more token beside the others, and return it with its value.

        After ``Unanswered`` look with ``tokens`` for the description, and delete what nobody knows the value of.
        """
        return self._one(
            "POST /authorization_tokens",
            "POST",
            "/authorization_tokens",
            wire.Token.parse,
            _is_usable,
            body={
                "description": description,
                "read_enabled": read,
                "write_enabled": write,
                "delete_enabled": delete,
            },
        )

    def delete_token(self, token_id: UUID) -> None:
        """End a token's life. ``NotFound`` says that it is gone already, or out of this key's sight."""
        self._remove("DELETE /authorization_tokens/{id}", f"/authorization_tokens/{address.checked_id(token_id)}")

    def rotate_token(self) -> wire.Token:
        """Let Credly put a new token in the place of this client's own, which is dead from then on.

        Every worker that still holds the old one fails, so prefer ``create_token``. After ``Unanswered`` the old
        key may be dead and the new one unknown: a person has to make one at Credly.
        """
        return self._one(
            "POST /authorization_tokens/rotate", "POST", "/authorization_tokens/rotate", wire.Token.parse, _is_usable
        )


def _is_usable(token: wire.Token) -> bool:
    return address.can_be_key(token.value)
