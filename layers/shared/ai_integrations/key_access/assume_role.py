"""Temporary credentials for providers that take a role in place of a key."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import SecretStr

from ai_integrations.domain.credentials import TemporaryCredentials
from ai_integrations.domain.errors import RoleRefusedError
from ai_integrations.domain.model import Integration

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient
    from mypy_boto3_sts.type_defs import AssumeRoleRequestTypeDef, CredentialsTypeDef

_SESSION_SECONDS = 3600
_NOT_IN_A_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)


class StsRoleAssumer:
    """Assumes the role that an integration names."""

    def __init__(self, client: Callable[[], "STSClient"]) -> None:
        """`client` makes the client when it is first needed: most integrations have a key and no role."""
        self._client = client

    def assume(self, integration: Integration, consumer: str) -> TemporaryCredentials:
        """Return credentials of the integration's role, under a session name that tells integration and consumer.

        An external id that is stored is always sent: without it, the role's owner could not tell who asks
        (https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html). RoleRefusedError if AWS says no.
        """
        metadata = integration.provider_metadata or {}
        request: AssumeRoleRequestTypeDef = {
            "RoleArn": metadata["role_arn"],
            "RoleSessionName": _NOT_IN_A_NAME.sub("-", f"{integration.id}-{consumer}")[:64],
            "DurationSeconds": _SESSION_SECONDS,
        }
        if "external_id" in metadata:
            request["ExternalId"] = metadata["external_id"]
        answer = self._assume(request)
        return TemporaryCredentials(
            access_key_id=answer["AccessKeyId"],
            secret_access_key=SecretStr(answer["SecretAccessKey"]),
            session_token=SecretStr(answer["SessionToken"]),
            expires_at=answer["Expiration"],
        )

    def _assume(self, request: "AssumeRoleRequestTypeDef") -> "CredentialsTypeDef":
        try:
            return self._client().assume_role(**request)["Credentials"]
        except ClientError as error:
            refusal = error.response["Error"]
            if refusal["Code"] != "AccessDenied":
                raise
            raise RoleRefusedError(f"{refusal['Code']}: {refusal.get('Message', '')}") from None
