"""Compose functions/authorizer."""

import os

from ai_integrations.adapters.dynamodb.access_key_lookup import AccessKeyLookup
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init


@ends_init
def access_key_lookup() -> AccessKeyLookup:
    """Build the access key lookup."""
    return AccessKeyLookup(aws_clients.dynamodb(), os.environ["TABLE_NAME"])
