"""Parts for the authorizer."""

import os

from ai_integrations.bootstrap import aws
from ai_integrations.holders import Holders


def holders() -> Holders:
    """Return the holders of access keys in the stack's table."""
    return Holders(aws.dynamodb(), os.environ["TABLE_NAME"])
