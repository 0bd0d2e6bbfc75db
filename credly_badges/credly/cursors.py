"""Where to go on in Credly's bulk search: a text of Credly's making, that may be kept and given back."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from uuid import UUID

from .reading import Data

LONGEST = 500
"""How many characters of a cursor can be kept."""


def query(template_id: UUID, cursor: str) -> str:
    """Return the query of one page of the search; raises ValueError for what cannot be a cursor."""
    if len(cursor) > LONGEST or not cursor.isascii() or not cursor.isprintable():
        raise ValueError("This is no cursor of the bulk search: start again without one.")
    kept = _foreign(cursor)
    if cursor and not kept:
        raise ValueError("This cursor names no place to go on from: start again without one.")
    ours = [("filter", f"badge_template_id::{template_id}"), ("badge_format", "minimal")]
    return urlencode([*ours, *kept], quote_via=quote, safe="")


def following(metadata: Data, cursor: str, *, is_last: bool) -> str:
    """Return the cursor of the next page, "" at the end; raises ValueError where that cannot be told.

    Of Credly's address only the query is used: it may name another host or prefix, and
    have lost our filter, which ``query`` puts back.
    """
    if "next_page_url" not in metadata:
        if is_last:
            return ""
        raise ValueError("The answer does not say whether there are more badges.")
    address = metadata["next_page_url"]
    if not address:
        return ""
    try:
        found = urlencode(_foreign(urlsplit(address).query), quote_via=quote, safe="")
    except (ValueError, AttributeError, TypeError):
        raise ValueError("The address of the next page cannot be read.") from None
    if not found or found == cursor:
        raise ValueError("The address of the next page leads back.")
    if len(found) > LONGEST:
        raise ValueError(f"The address of the next page is longer than {LONGEST} characters.")
    return found


def _foreign(text: str) -> list[tuple[str, str]]:
    """The parameters that are not ours to set."""
    pairs = parse_qsl(text, max_num_fields=LONGEST)
    return [(key, value) for key, value in pairs if key.partition("[")[0] not in {"filter", "badge_format"}]
