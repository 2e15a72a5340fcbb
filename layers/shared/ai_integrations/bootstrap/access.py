"""Parts for the functions that know access keys."""

import os

from ai_integrations.access import AccessKeys
from ai_integrations.bootstrap import aws


def access_keys() -> AccessKeys:
    """Return the access keys in the stack's table."""
    return AccessKeys(aws.dynamodb(), os.environ["TABLE_NAME"])
