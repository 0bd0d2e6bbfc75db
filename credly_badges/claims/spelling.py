"""How codes are spelled: made up so that people can type them, and compared however they were typed."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata

ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
"""Without what is taken for something else (0, O, 1, I, L), and without vowels, so that no words come of it."""
GROUPS = (5, 5, 5, 4)
SHORTEST, LONGEST = 8, 255
BETWEEN = frozenset("-_. ")
"""What may stand between the letters and digits of a code. It makes it easier to read, and no difference."""


def random_code() -> str:
    """A new code, such as 7KX2M-QRTW4-9BZHN-C3VP: 19 characters of 28, which is 91 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(size)) for size in GROUPS)


def normalized(text: str) -> str:
    """The letters and digits of a code, as they are compared: in whatever case, and whatever stands between them."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(character for character in plain if _counts(character))


def digest_of(text: str) -> str:
    """The digest that a code is found by.

    A look-up in an index takes longer the more of the beginning is right. Of a digest, nobody can guess a beginning.
    It has no key: the code itself is in the same row, as it has to be shown again, so whoever reads the table needs
    no digest; and codes on paper must outlive a change of the site's secret.
    """
    return hashlib.sha256(normalized(text).encode()).hexdigest()


def is_spelled_well(code: str) -> bool:
    """Whether a code has nothing but letters, digits and what may stand between them."""
    return all(_counts(character) or character in BETWEEN for character in code)


def _counts(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"
