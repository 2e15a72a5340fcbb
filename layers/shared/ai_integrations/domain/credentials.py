"""Credentials read for a provider. They are never stored and never logged."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from pydantic import SecretStr


class ReadKey(NamedTuple):
    """An API key, and the version of the secret that it was read from."""

    value: SecretStr
    version: str


class AccessToken(NamedTuple):
    """A provider's access token, sent as `Authorization: Bearer`. `identity` are claims of the exchanged token."""

    value: SecretStr
    expires_at: datetime
    identity: Mapping[str, str]


class TemporaryCredentials(NamedTuple):
    """Temporary AWS credentials of an assumed role."""

    access_key_id: str
    secret_access_key: SecretStr
    session_token: SecretStr
    expires_at: datetime
