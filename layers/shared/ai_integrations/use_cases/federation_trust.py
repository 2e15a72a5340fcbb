"""Show admins what the provider of a federated integration must trust."""

from collections.abc import Mapping
from typing import NamedTuple

from ai_integrations.domain.errors import AccessForbiddenError, NotFoundError
from ai_integrations.domain.federation import audience_of, request_tags
from ai_integrations.domain.model import Caller, Federation, Role
from ai_integrations.use_cases.integrations import Integrations


class FederationTrust(NamedTuple):
    """The federation of an integration, and the claims of its identity tokens.

    Issuer and subject are empty while federation is off in this stack.
    """

    federation: Federation
    issuer: str
    subject: str
    audience: str
    aws_account: str
    request_tags: Mapping[str, str]


class FederationTrusts:
    """Determines which identity tokens providers must trust."""

    def __init__(self, integrations: Integrations, *, issuer: str, subject: str, aws_account: str) -> None:
        self._integrations = integrations
        self._issuer = issuer
        self._subject = subject
        self._aws_account = aws_account

    def get(self, caller: Caller, ulid: str) -> FederationTrust:
        """Determine what the provider must trust; NotFoundError if the integration has no federation."""
        integration = self._integrations.get(caller, ulid)
        if caller.role is not Role.ADMIN:
            raise AccessForbiddenError
        if integration.federation is None:
            raise NotFoundError
        return FederationTrust(
            federation=integration.federation,
            issuer=self._issuer,
            subject=self._subject,
            audience=audience_of(integration),
            aws_account=self._aws_account,
            request_tags=request_tags(integration),
        )
