"""Compose functions/exchange_token."""

import os
from datetime import UTC, datetime
from functools import cache

from ai_integrations.bootstrap import aws_clients, settings
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.key_access.outbound.dns import SystemDnsResolver
from ai_integrations.key_access.outbound.guard import Guard
from ai_integrations.key_access.token_exchange.exchange import TokenExchange
from ai_integrations.key_access.token_exchange.identity_tokens import StsIdentityTokens


@ends_init
def token_exchange() -> TokenExchange:
    """Build the token exchange."""
    allowed = settings.parse_hosts(os.environ["ALLOWED_PRIVATE_HOSTS"])
    return TokenExchange(
        identity_tokens=StsIdentityTokens(cache(aws_clients.sts_for_identity_tokens)),
        outbound=Guard(resolver=SystemDnsResolver(), allowed_private_hosts=allowed),
        clock=lambda: datetime.now(UTC),
    )
