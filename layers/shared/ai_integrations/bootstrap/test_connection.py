"""Compose functions/test_connection."""

import os
from datetime import UTC, datetime, timedelta
from functools import cache

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from ai_integrations.adapters.dynamodb.connection_health import DynamoDbConnectionHealth
from ai_integrations.adapters.dynamodb.spaces import DynamoDbSpaces
from ai_integrations.bootstrap import aws_clients, settings
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.bootstrap.repository import repository
from ai_integrations.bootstrap.token_exchanger import token_exchanger
from ai_integrations.domain.model import Policy
from ai_integrations.http.connection_tests import build_connection_test_app
from ai_integrations.key_access.assume_role import StsRoleAssumer
from ai_integrations.key_access.connection_test.bedrock import BedrockSteps
from ai_integrations.key_access.connection_test.http import HttpSteps
from ai_integrations.key_access.connection_test.service import ConnectionTests
from ai_integrations.key_access.connection_test.steps import ProviderSteps
from ai_integrations.key_access.connection_test.tester import ConnectionTester
from ai_integrations.key_access.fingerprints import KmsFingerprints
from ai_integrations.key_access.outbound.dns import SystemDnsResolver
from ai_integrations.key_access.outbound.guard import Guard
from ai_integrations.key_access.secret_reader import SecretsManagerKeyReader
from ai_integrations.use_cases.visibility import Visibility


@ends_init
def api() -> APIGatewayRestResolver:
    """Build the request resolver of the connection test routes."""
    client, table = aws_clients.dynamodb(), os.environ["TABLE_NAME"]
    allowed = settings.parse_hosts(os.environ["ALLOWED_PRIVATE_HOSTS"])
    steps = ProviderSteps(
        keys=HttpSteps(Guard(resolver=SystemDnsResolver(), allowed_private_hosts=allowed), token_exchanger()),
        roles=BedrockSteps(
            StsRoleAssumer(cache(aws_clients.sts), external_id_namespace=os.environ["EXTERNAL_ID_NAMESPACE"]),
            aws_clients.bedrock_runtime,
            region=client.meta.region_name,
        ),
    )
    tests = ConnectionTests(
        integrations=repository(client),
        visibility=Visibility(DynamoDbSpaces(client, table)),
        reader=SecretsManagerKeyReader(aws_clients.secrets_manager()),
        tester=ConnectionTester(
            steps=steps,
            fingerprints=KmsFingerprints(aws_clients.kms(), os.environ["FINGERPRINT_KEY_ID"]),
            clock=lambda: datetime.now(UTC),
        ),
        healths=DynamoDbConnectionHealth(client, table),
        # Nothing is deleted here: the recovery window is not used.
        policy=Policy(
            recovery_window=timedelta(0),
            aws_account=os.environ["STACK_ACCOUNT_ID"],
            allowed_private_hosts=allowed,
            federation_issuer=os.environ["FEDERATION_ISSUER"],
        ),
    )
    return build_connection_test_app(tests)
