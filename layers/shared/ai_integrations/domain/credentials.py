"""Credentials of a provider, once they have been read: never stored, never logged."""

from datetime import datetime
from typing import NamedTuple

from pydantic import SecretStr


class ReadKey(NamedTuple):
    """A key, and the version of its secret that it is."""

    value: SecretStr
    version: str


class TemporaryCredentials(NamedTuple):
    """What AWS takes for as long as it lasts."""

    access_key_id: str
    secret_access_key: SecretStr
    session_token: SecretStr
    expires_at: datetime
