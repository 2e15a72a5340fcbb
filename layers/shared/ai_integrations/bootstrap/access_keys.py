"""Compose functions/access_keys."""

import os
from typing import NamedTuple

from ai_integrations.adapters.dynamodb.access_keys import AccessKeys
from ai_integrations.adapters.dynamodb.senders import DynamoDbSenders
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init


class AccessControl(NamedTuple):
    """The objects that the function calls."""

    access_keys: AccessKeys
    senders: DynamoDbSenders


@ends_init
def access_control() -> AccessControl:
    """Build the stores of access keys and senders."""
    client, table = aws_clients.dynamodb(), os.environ["TABLE_NAME"]
    return AccessControl(AccessKeys(client, table), DynamoDbSenders(client, table))
