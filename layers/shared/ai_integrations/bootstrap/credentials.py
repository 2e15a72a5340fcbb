"""Compose functions/credentials."""

import os
from datetime import UTC, datetime
from functools import cache

from ai_integrations.adapters.dynamodb.spaces import DynamoDbSpaces
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.bootstrap.repository import repository
from ai_integrations.bootstrap.token_exchanger import token_exchanger
from ai_integrations.key_access.assume_role import StsRoleAssumer
from ai_integrations.key_access.credential_reader import CredentialReader
from ai_integrations.key_access.fingerprints import KmsFingerprints
from ai_integrations.key_access.key_search import KeySearch
from ai_integrations.key_access.resolve import CredentialResolver
from ai_integrations.key_access.secret_reader import SecretsManagerKeyReader
from ai_integrations.key_access.token_cache import TokenCache


def key_search() -> KeySearch:
    """Build the search for keys by fingerprint. Not built during init, because few invocations need it."""
    return KeySearch(
        integrations=repository(aws_clients.dynamodb()),
        reader=SecretsManagerKeyReader(aws_clients.secrets_manager()),
        fingerprints=KmsFingerprints(aws_clients.kms(), os.environ["FINGERPRINT_KEY_ID"]),
    )


def _utc_now() -> datetime:
    return datetime.now(UTC)


@ends_init
def resolver() -> CredentialResolver:
    """Build the credential resolver."""
    client = aws_clients.dynamodb()
    return CredentialResolver(
        integrations=repository(client),
        directory=DynamoDbSpaces(client, os.environ["TABLE_NAME"]),
        credentials=CredentialReader(
            keys=SecretsManagerKeyReader(aws_clients.secrets_manager()),
            roles=StsRoleAssumer(cache(aws_clients.sts), external_id_namespace=os.environ["EXTERNAL_ID_NAMESPACE"]),
            tokens=TokenCache(token_exchanger(), _utc_now),
            clock=_utc_now,
        ),
    )
