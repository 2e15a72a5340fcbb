"""Ports of outbound connections. All other ports are in use_cases/ports.py, which does not depend on key_access."""

from typing import Protocol

from ai_integrations.domain.model import Integration
from ai_integrations.key_access.outbound.deadline import Deadline
from ai_integrations.key_access.outbound.dns import Address
from ai_integrations.key_access.outbound.http_messages import OutboundRequest, OutboundResponse
from ai_integrations.key_access.token_exchange.identity_tokens import IdentityToken


class DnsResolver(Protocol):
    """Resolves host names."""

    def resolve(self, host: str, port: int, deadline: Deadline) -> list[Address]:
        """Resolve a name to all its addresses, in order of preference. Raise OSError if there are none."""
        ...


class Outbound(Protocol):
    """Connects to providers."""

    def reach(self, url: str, deadline: Deadline) -> None:
        """Open a connection and send nothing."""
        ...

    def send(self, request: OutboundRequest, deadline: Deadline) -> OutboundResponse:
        """Send one request and read the response."""
        ...


class IdentityTokens(Protocol):
    """Issues identity tokens of this service."""

    def issue(self, integration: Integration, lifetime: int) -> IdentityToken:
        """Get a token for one integration. `lifetime` is in seconds.

        Raise TokenRefusedError or TokenUnavailableError if that fails.
        """
        ...
