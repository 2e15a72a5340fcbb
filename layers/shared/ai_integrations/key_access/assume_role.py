"""Temporary AWS credentials for providers that take an IAM role instead of a key."""

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import SecretStr

from ai_integrations.domain.credentials import TemporaryCredentials
from ai_integrations.domain.errors import RoleRefusedError
from ai_integrations.domain.model import Integration
from ai_integrations.key_access.sts_errors import describe_refusal, is_refusal

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient
    from mypy_boto3_sts.type_defs import AssumeRoleRequestTypeDef, CredentialsTypeDef

# What the credentials of a role can do at most, whatever the role allows: use models, with guardrails. Converse and
# asynchronous calls count as the same actions. No management of Bedrock, and no other service.
# https://docs.aws.amazon.com/bedrock/latest/userguide/inference-prereq.html
# https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions.html
_INVOKE_ACTIONS = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "bedrock:ApplyGuardrail")
SESSION_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "InvokeModels", "Effect": "Allow", "Action": _INVOKE_ACTIONS, "Resource": "*"}],
    }
)
_SESSION_SECONDS = 3600
_MAX_SESSION_NAME_LENGTH = 64
_NOT_ALLOWED_IN_SESSION_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)


class StsRoleAssumer:
    """Assumes the IAM role of an integration."""

    def __init__(self, client: Callable[[], "STSClient"], *, external_id_namespace: str) -> None:
        """`client` creates the STS client on first use, because most integrations have a key instead of a role."""
        self._client = client
        self._external_id_namespace = external_id_namespace

    def assume(self, integration: Integration, consumer: str) -> TemporaryCredentials:
        """Assume the integration's role; RoleRefusedError if AWS rejects it.

        The session name identifies the integration and the consumer in CloudTrail. An external ID is always sent,
        because it prevents the confused deputy problem
        (https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html). A trust policy that does not ask for
        one ignores it.
        """
        role = integration.iam_role
        if role is None:
            raise RoleRefusedError("The integration names no role.")
        session_name = _NOT_ALLOWED_IN_SESSION_NAME.sub("-", f"{integration.id}-{consumer}")
        credentials = self._assume(
            {
                "RoleArn": role.arn,
                "RoleSessionName": session_name[:_MAX_SESSION_NAME_LENGTH],
                "DurationSeconds": _SESSION_SECONDS,
                "ExternalId": role.external_id_for(integration.account, self._external_id_namespace),
                "Policy": SESSION_POLICY,
            }
        )
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
            if not is_refusal(error):
                raise
            raise RoleRefusedError(describe_refusal(error)) from None
