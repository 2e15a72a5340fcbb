"""Compose the token exchange, for functions that use federated integrations."""

from typing import TYPE_CHECKING

from ai_integrations.key_access.federation_off import FederationOff

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import TokenExchanger


def token_exchanger() -> "TokenExchanger":
    """Build the token exchanger of this stack."""
    return FederationOff()
