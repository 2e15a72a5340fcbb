"""Refused resolves: which consumer was denied an integration or its credentials, and why."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from ai_integrations.domain.errors import (
    AiIntegrationsError,
    KeyUnavailableError,
    NoGrantError,
    NotFoundError,
    RoleRefusedError,
    TokenRefusedError,
)
from ai_integrations.domain.uses import UsedBy

RETENTION = timedelta(days=2)
"""How long a refusal is kept: longer than the stream, which takes it to the audit log."""

REASONS: Mapping[type[AiIntegrationsError], str] = MappingProxyType(
    {
        NoGrantError: "no_grant",
        NotFoundError: "not_found",
        KeyUnavailableError: "key_unavailable",
        RoleRefusedError: "role_refused",
        TokenRefusedError: "token_refused",
    }
)
"""The reason of a refusal by its error. Other errors are no refusals: they are temporary, or concern the request."""


class Refusal(NamedTuple):
    """A resolve that was refused.

    `reason` is one of REASONS. `integration_id` is None if the consumer asked for a name and no integration was found.
    The name is not kept, because it could be a key that was sent by mistake.
    """

    account: str
    consumer: UsedBy
    reason: str
    refused_at: datetime
    integration_id: str | None
