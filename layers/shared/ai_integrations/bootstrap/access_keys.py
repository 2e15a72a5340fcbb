"""Compose functions/access_keys."""

import os

from ai_integrations.adapters.dynamodb.access_keys import AccessKeys
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init


@ends_init
def access_keys() -> AccessKeys:
    """Build the access key store."""
    return AccessKeys(aws_clients.dynamodb(), os.environ["TABLE_NAME"])
