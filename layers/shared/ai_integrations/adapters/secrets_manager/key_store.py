"""Provider keys in Secrets Manager; a write-only interface.

A secret belongs to one integration. Each key is a version of it, and a stage label of its own keeps the version from
being deleted. AWSCURRENT moves to the version that the integration references after that write commits (`cleanup.py`).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.error_codes import GONE, RELEASED, ignore_errors
from ai_integrations.domain.destinations import may_receive
from ai_integrations.domain.errors import FieldError, RuleViolationError
from ai_integrations.domain.model import ExternalSecretArn, Integration, SecretVersion
from ai_integrations.observability import describe, logger

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import DescribeSecretResponseTypeDef

STACK_TAG = "ai-integrations:stack"
ACCOUNT_TAG = "ai-integrations:account"
INTEGRATION_TAG = "ai-integrations:integration"
HOSTS_TAG = "ai-integrations:hosts"

UNAVAILABLE_SECRET = f"No secret with this ARN is tagged for this account. Check the ARN and the tag {ACCOUNT_TAG}."
REFUSED_HOST = (
    f"The secret must not be sent to the host of this integration. Its owner lists the hosts in the tag {HOSTS_TAG}; "
    "without the tag, only the provider's own address is allowed."
)
# The secret does not exist, or this service may not describe it.
_UNAVAILABLE = frozenset({"AccessDeniedException", "InvalidParameterException", "ResourceNotFoundException"})


class SecretsManagerKeyStore:
    """One secret for each integration that has a key, named `<prefix>/<account>/<ulid>` or `…/<ulid>/<suffix>`."""

    def __init__(
        self,
        client: "SecretsManagerClient",
        *,
        prefix: str,
        kms_key_id: str,
        new_version: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        """`prefix` is the stack's name: policies grant `<prefix>/*`."""
        self._client = client
        self._prefix = prefix
        self._kms_key_id = kms_key_id
        self._new_version = new_version

    def create_key(self, integration: Integration, api_key: SecretStr) -> SecretVersion:
        """Store the key of a new integration."""
        return self._create(integration, f"{self._prefix}/{integration.account}/{integration.id}", api_key)

    def add_key_version(self, integration: Integration, api_key: SecretStr) -> SecretVersion:
        """Store a further key of an integration, in the same secret if possible."""
        version = self._new_version()
        if integration.secret is not None and integration.secret.is_owned:
            # A deleted secret accepts no new version; it may have been deleted concurrently or by hand.
            with ignore_errors(GONE):
                return self._put(integration.secret.arn, version, api_key)
        # Never reuse a secret's name: it stays reserved until a scheduled deletion completes, and a late deletion
        # must not hit the new secret.
        return self._create(integration, f"{self._prefix}/{integration.account}/{integration.id}/{version}", api_key)

    def holds_key(self, secret: SecretVersion, api_key: SecretStr) -> bool:
        """Check whether a version that was stored within the last day holds this key; False if its secret is deleted.

        PutSecretValue ignores a ClientRequestToken that is already a version with the same value, and fails with
        ResourceExistsException if the value differs
        (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html). It would store a
        version that is missing, but Secrets Manager keeps every version for 24 hours, labelled or not.
        """
        if secret.version is None:
            return False
        try:
            self._put(secret.arn, secret.version, api_key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE | {"ResourceExistsException"}:
                raise
            return False
        return True

    def reference_secret(self, integration: Integration, reference: ExternalSecretArn) -> SecretVersion:
        """Check a secret that its owner keeps; RuleViolationError unless its tags allow the integration to use it."""
        try:
            described = self._client.describe_secret(SecretId=reference.arn)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _UNAVAILABLE:
                raise
            raise _reference_error(UNAVAILABLE_SECRET) from None
        refusal = find_refusal(integration, reference.arn, described)
        if refusal is not None:
            raise _reference_error(refusal)
        return SecretVersion(arn=reference.arn, version=None)

    def discard(self, unused: SecretVersion, kept: SecretVersion | None) -> None:
        """Remove, best effort, a stored key that no item references. On failure, log it and leave it to the sweep.

        If a response is lost, botocore repeats the request, and Secrets Manager rejects it because the key is removed.
        """
        if unused.version is None:
            return
        try:
            if kept is not None and kept.arn == unused.arn:
                with ignore_errors(RELEASED):
                    self._client.update_secret_version_stage(
                        SecretId=unused.arn, VersionStage=label(unused.version), RemoveFromVersionId=unused.version
                    )
            else:
                with ignore_errors(GONE):
                    self._client.delete_secret(SecretId=unused.arn, ForceDeleteWithoutRecovery=True)
        except (BotoCoreError, ClientError) as error:
            logger.warning("orphaned secret not removed", secret_arn=unused.arn, **describe(error))

    def cancel_deletion(self, secret: SecretVersion) -> None:
        """Cancel the scheduled deletion of a deleted integration's secret, if it is scheduled."""
        if not secret.is_owned:
            return
        try:
            self._client.restore_secret(SecretId=secret.arn)
        except self._client.exceptions.InvalidRequestException:
            # On AWS, RestoreSecret is a no-op for an active secret; emulators reject it. If deletion is scheduled now,
            # the stream scheduled it after our first call.
            is_scheduled = "DeletedDate" in self._client.describe_secret(SecretId=secret.arn)
            if is_scheduled:
                self._client.restore_secret(SecretId=secret.arn)

    def _put(self, arn: str, version: str, api_key: SecretStr) -> SecretVersion:
        response = self._client.put_secret_value(
            SecretId=arn,
            ClientRequestToken=version,
            SecretString=api_key.get_secret_value(),
            VersionStages=[label(version)],
        )
        return SecretVersion(arn=response["ARN"], version=response["VersionId"])

    def _create(self, integration: Integration, name: str, api_key: SecretStr) -> SecretVersion:
        response = self._client.create_secret(
            Name=name,
            Description="Provider key of an AI integration",
            KmsKeyId=self._kms_key_id,
            SecretString=api_key.get_secret_value(),
            Tags=[
                {"Key": STACK_TAG, "Value": self._prefix},
                {"Key": ACCOUNT_TAG, "Value": integration.account},
                {"Key": INTEGRATION_TAG, "Value": integration.id},
            ],
        )
        return SecretVersion(arn=response["ARN"], version=response["VersionId"])


def find_refusal(integration: Integration, arn: str, described: "DescribeSecretResponseTypeDef") -> str | None:
    """Find out why an integration may not use an external secret; None if it may.

    The text is the same for all secrets that the account may not use, so that callers cannot find out which exist.
    """
    tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", ())}
    is_tagged_for_account = tags.get(ACCOUNT_TAG) == integration.account
    belongs_to_integration = INTEGRATION_TAG in tags
    is_scheduled_for_deletion = "DeletedDate" in described
    is_meant = is_tagged_for_account and not belongs_to_integration and not is_scheduled_for_deletion
    if described["ARN"] != arn or not is_meant:
        return UNAVAILABLE_SECRET
    return None if may_receive(integration, tags.get(HOSTS_TAG)) else REFUSED_HOST


def label(version: str) -> str:
    """Build the stage label that keeps a version from being deleted."""
    return f"ai-integrations-{version}"


def _reference_error(detail: str) -> RuleViolationError:
    return RuleViolationError(FieldError("/api_key_secret_arn", detail))
