"""Compose functions/authorizer."""

import logging
import os
import sys

from ai_integrations.adapters.dynamodb.access_key_lookup import AccessKeyLookup
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init


@ends_init
def access_key_lookup() -> AccessKeyLookup:
    """Build the access key lookup."""
    return AccessKeyLookup(aws_clients.dynamodb(), os.environ["TABLE_NAME"])


def json_logger() -> logging.Logger:
    """Build a logger for complete lines. Powertools, which the other functions use, would lengthen every cold start."""
    logger = logging.getLogger(__name__)
    logger.setLevel(os.environ["POWERTOOLS_LOG_LEVEL"])
    logger.propagate = False
    logger.handlers = [logging.StreamHandler(sys.stdout)]
    return logger
