"""A column that is unreadable at rest, and a value that is hard to show by accident."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models

from .. import conf
from ..conf.given_keys import KeyNotFetched

SHORTEST_SHOWN = 12
"""Of a shorter text, four characters would be most of it, so none are shown."""


class UndecryptableSecret(Exception):
    """The stored key was encrypted with a key that is no longer in CREDLY_BADGES_ENCRYPTION_KEYS.

    Put that encryption key back at the end of the list, or enter the API key again.
    """

    def __str__(self) -> str:
        """The docstring is the message."""
        return " ".join((self.__doc__ or "").split())


class Secret:
    """A secret text. Only :meth:`reveal` gives it away; printing, logging and comparing do not."""

    __slots__ = ("_failure", "_plain", "_token")

    def __init__(self, plain: str = "", *, token: str = "", failure: KeyNotFetched | None = None) -> None:
        self._plain = plain
        self._token = token
        self._failure = failure

    def __bool__(self) -> bool:
        return bool(self._plain or self._token or self._failure)

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"<Secret {self.masked}>"

    def __eq__(self, other: object) -> bool:
        # By the token where there is one: that it was revealed does not make it another secret.
        if not isinstance(other, Secret) or self._failure or other._failure:
            return self is other
        return (self._token or self._plain) == (other._token or other._plain)

    def __hash__(self) -> int:
        return hash(self._token or self._plain)

    def reveal(self) -> str:
        """The text itself. Raises UndecryptableSecret where the ring has lost its key, KeyNotFetched where the site's
        own function did not give it.
        """
        if self._failure:
            raise KeyNotFetched(self._failure.kind)
        if self._token and not self._plain:
            try:
                self._plain = ring().decrypt(self._token.encode()).decode()
            except (InvalidToken, ImproperlyConfigured) as error:
                raise UndecryptableSecret from error
        return self._plain

    @property
    def was_fetched(self) -> bool:
        """Whether it was there to be read: False where the site's own function did not give it."""
        return self._failure is None

    @property
    def masked(self) -> str:
        """Its last four characters behind dots, or a word where there is nothing to show."""
        if not self:
            return ""
        try:
            plain = self.reveal()
        except (UndecryptableSecret, KeyNotFetched):
            return "(unreadable)"
        return f"••••{plain[-4:]}" if len(plain) >= SHORTEST_SHOWN else "••••"

    def as_token(self) -> str:
        """The encrypted form, made with the newest key of the ring."""
        if self._token:
            return self._token
        return ring().encrypt(self._plain.encode()).decode() if self._plain else ""

    def as_new_token(self) -> str:
        """The encrypted form made anew with the newest key; the one there is where the ring cannot read it."""
        if not self._token:
            return self.as_token()
        try:
            return ring().rotate(self._token.encode()).decode()
        except (InvalidToken, ImproperlyConfigured):
            return self._token

    @property
    def ring_position(self) -> int | None:
        """Which key of the ring can read what is stored, 1 being the newest; None where none of them can."""
        for position, key in enumerate(conf.encryption_keys(), 1):
            try:
                Fernet(key).decrypt(self._token.encode())
            except (InvalidToken, ValueError):
                continue
            return position
        return None


def ring() -> MultiFernet:
    """The key ring of the settings. ImproperlyConfigured where there is none, or where a key is no Fernet key."""
    keys = conf.encryption_keys()
    if not keys:
        raise ImproperlyConfigured(
            "API keys are stored encrypted, and CREDLY_BADGES_ENCRYPTION_KEYS is empty. Put a key made by "
            "cryptography.fernet.Fernet.generate_key() in it, or give the API key in CREDLY_BADGES_API_KEYS."
        )
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        # The message of cryptography is not shown: it may quote what it was given.
        raise ImproperlyConfigured(
            "CREDLY_BADGES_ENCRYPTION_KEYS has an entry that is not a Fernet key (32 bytes, url-safe base64)."
        ) from None


class EncryptedTextField(models.TextField):
    """Text that is stored as a Fernet token and read as a :class:`Secret`."""

    description = "Text, encrypted at rest"
    # Where django-stubs look for what can be written to such a column, and what is read from it.
    _pyi_private_set_type: Secret | str  # type: ignore[assignment]
    _pyi_private_get_type: Secret  # type: ignore[assignment]

    def get_prep_value(self, value: Any) -> str:
        """The encrypted form of a Secret or a plain text: each save leaves it with the newest key of the ring."""
        return self.to_python(value).as_new_token()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Secret:  # noqa: ARG002
        """A Secret that is decrypted only when somebody asks for it."""
        return Secret(token=value or "")

    def to_python(self, value: Any) -> Secret:
        """A Secret of whatever was given."""
        return value if isinstance(value, Secret) else Secret(value or "")

    def value_to_string(self, obj: models.Model) -> str:  # noqa: ARG002
        """Nothing: a secret is never part of an export, not even encrypted."""
        return ""

    def get_lookup(self, lookup_name: str) -> Any:
        """No look-ups but for emptiness: every encryption of a text differs."""
        if lookup_name not in ("exact", "isnull"):
            raise FieldError(f"An encrypted column cannot be searched with '{lookup_name}'.")
        return super().get_lookup(lookup_name)
