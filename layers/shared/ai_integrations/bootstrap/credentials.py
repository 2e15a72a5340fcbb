"""Compose functions/credentials."""

import os
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from ai_integrations.adapters.dynamodb.granted_integrations import DynamoDbGrantedIntegrations
from ai_integrations.adapters.dynamodb.spaces import DynamoDbSpaces
from ai_integrations.bootstrap import aws_clients
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.bootstrap.repository import repository
from ai_integrations.bootstrap.token_exchanger import token_exchanger
from ai_integrations.http.credentials import build_credentials_app
from ai_integrations.key_access.assume_role import StsRoleAssumer
from ai_integrations.key_access.consumer_access import ConsumerAccess
from ai_integrations.key_access.credential_reader import CredentialReader
from ai_integrations.key_access.fingerprints import KmsFingerprints
from ai_integrations.key_access.key_search import KeySearch
from ai_integrations.key_access.resolutions import Resolutions
from ai_integrations.key_access.resolve import CredentialResolver
from ai_integrations.key_access.secret_reader import SecretsManagerKeyReader
from ai_integrations.key_access.token_cache import TokenCache
from ai_integrations.key_access.use_ledger import Recorders, UseLedger, start_thread
from ai_integrations.use_cases.visibility import Visibility


def key_search() -> KeySearch:
    """Build the search for keys by fingerprint. Not built during init, because few invocations need it."""
    return KeySearch(
        integrations=repository(aws_clients.dynamodb()),
        reader=SecretsManagerKeyReader(aws_clients.secrets_manager()),
        fingerprints=KmsFingerprints(aws_clients.kms(), os.environ["FINGERPRINT_KEY_ID"]),
    )


def _recorders() -> Recorders:
    """Build what writes the ledger, with its imports: neither during init nor on the way to a response."""
    from ai_integrations.adapters.dynamodb.refusals import DynamoDbRefusals  # noqa: PLC0415
    from ai_integrations.adapters.dynamodb.uses import DynamoDbUses  # noqa: PLC0415

    client, table = aws_clients.dynamodb_for_ledger(), os.environ["TABLE_NAME"]
    return Recorders(DynamoDbUses(client, table), DynamoDbRefusals(client, table))


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Credentials(NamedTuple):
    """The objects that the function calls: for consumers, and for brokers."""

    app: APIGatewayRestResolver
    resolutions: Resolutions


@ends_init
def credentials() -> Credentials:
    """Build the request resolver of the consumers' routes, and what resolves integrations."""
    client, table = aws_clients.dynamodb(), os.environ["TABLE_NAME"]
    resolver = CredentialResolver(
        integrations=repository(client),
        visibility=Visibility(DynamoDbSpaces(client, table)),
        credentials=CredentialReader(
            keys=SecretsManagerKeyReader(aws_clients.secrets_manager()),
            roles=StsRoleAssumer(cache(aws_clients.sts), external_id_namespace=os.environ["EXTERNAL_ID_NAMESPACE"]),
            tokens=TokenCache(token_exchanger(), _utc_now),
            clock=_utc_now,
        ),
        ledger=UseLedger(cache(_recorders), _utc_now, start_thread),
    )
    consumers = ConsumerAccess(DynamoDbGrantedIntegrations(client, table), _utc_now)
    resolutions = Resolutions(resolver, consumers)
    return Credentials(build_credentials_app(resolutions), resolutions)
