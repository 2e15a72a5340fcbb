"""Temporary AWS credentials for providers that take an IAM role instead of a key."""

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
_MAX_SESSION_NAME_LENGTH = 64
_NOT_ALLOWED_IN_SESSION_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)


class StsRoleAssumer:
    """Assumes the IAM role of an integration."""

    def __init__(self, client: Callable[[], "STSClient"]) -> None:
        """`client` creates the STS client on first use, because most integrations have a key instead of a role."""
        self._client = client

    def assume(self, integration: Integration, consumer: str) -> TemporaryCredentials:
        """Assume the integration's role; RoleRefusedError if AWS denies it.

        The session name identifies the integration and the consumer in CloudTrail. A stored external ID is always
        sent, because it prevents the confused deputy problem
        (https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
        """
        metadata = integration.provider_metadata or {}
        session_name = _NOT_ALLOWED_IN_SESSION_NAME.sub("-", f"{integration.id}-{consumer}")
        request: AssumeRoleRequestTypeDef = {
            "RoleArn": metadata["role_arn"],
            "RoleSessionName": session_name[:_MAX_SESSION_NAME_LENGTH],
            "DurationSeconds": _SESSION_SECONDS,
        }
        if "external_id" in metadata:
            request["ExternalId"] = metadata["external_id"]
        credentials = self._assume(request)
        return TemporaryCredentials(
            access_key_id=credentials["AccessKeyId"],
            secret_access_key=SecretStr(credentials["SecretAccessKey"]),
            session_token=SecretStr(credentials["SessionToken"]),
            expires_at=credentials["Expiration"],
        )

    def _assume(self, request: "AssumeRoleRequestTypeDef") -> "CredentialsTypeDef":
        try:
            return self._client().assume_role(**request)["Credentials"]
        except ClientError as error:
            details = error.response["Error"]
            if details["Code"] != "AccessDenied":
                raise
            raise RoleRefusedError(f"{details['Code']}: {details.get('Message', '')}") from None
