"""Token exchange in a stack without workload identity federation."""

from typing import NoReturn

from ai_integrations.domain.errors import FederationOffError
from ai_integrations.domain.model import Integration


class FederationOff:
    """Rejects every exchange. The operator may turn federation off after integrations were federated."""

    def exchange(self, _integration: Integration) -> NoReturn:
        """Raise FederationOffError."""
        raise FederationOffError
