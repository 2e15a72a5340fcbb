"""Show admins what the provider of a federated integration must trust."""

from collections.abc import Mapping
from typing import NamedTuple

from ai_integrations.domain.errors import AccessForbiddenError, NotFoundError
from ai_integrations.domain.federation import audience_of, request_tags
from ai_integrations.domain.model import Caller, Federation, Role
from ai_integrations.use_cases.integrations import Integrations


class TokenSource(NamedTuple):
    """Where the identity tokens of this stack come from. Issuer and subject are empty while federation is off."""

    issuer: str
    subject: str
    aws_account: str


class FederationTrust(NamedTuple):
    """The federation of an integration, and the claims of its identity tokens."""

    federation: Federation
    source: TokenSource
    audience: str
    request_tags: Mapping[str, str]


class FederationTrusts:
    """Determines which identity tokens providers must trust."""

    def __init__(self, integrations: Integrations, source: TokenSource) -> None:
        self._integrations = integrations
        self._source = source

    def get(self, caller: Caller, ulid: str) -> FederationTrust:
        """Determine what the provider must trust; NotFoundError if the integration has no federation."""
        integration = self._integrations.get(caller, ulid)
        if caller.role is not Role.ADMIN:
            raise AccessForbiddenError
        if integration.federation is None:
            raise NotFoundError
        return FederationTrust(
            federation=integration.federation,
            source=self._source,
            audience=audience_of(integration),
            request_tags=request_tags(integration),
        )
