"""Compose the token exchange, for functions that use federated integrations."""

import os
from functools import cache
from typing import TYPE_CHECKING

from ai_integrations.adapters.token_exchanger import LambdaTokenExchanger
from ai_integrations.bootstrap import aws_clients
from ai_integrations.key_access.federation_off import FederationOff

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import TokenExchanger


def token_exchanger() -> "TokenExchanger":
    """Build the token exchanger of this stack. Without workload identity federation, the variable is empty."""
    function = os.environ["EXCHANGE_TOKEN_FUNCTION"]
    return LambdaTokenExchanger(cache(aws_clients.lambda_for_token_exchange), function) if function else FederationOff()
