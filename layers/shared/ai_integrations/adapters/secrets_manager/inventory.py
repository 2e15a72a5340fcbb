"""All secrets and all integrations of a stack, page by page, for the sweep."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG, INTEGRATION_TAG, STACK_TAG, label
from ai_integrations.use_cases.ports import StoredSecret

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import ListSecretsRequestTypeDef, SecretListEntryTypeDef

_SECRETS_A_PAGE = 100  # as many as Secrets Manager gives
_ITEMS_A_PAGE = 1000
_POSITION_KEY = {"pk": "SWEEP", "sk": "POSITION"}
_GONE = frozenset({"InvalidRequestException", "ResourceNotFoundException"})
_RELEASED = _GONE | {"InvalidParameterException"}


class SecretsManagerInventory:
    """The secrets that are tagged as this stack's."""

    def __init__(self, client: "SecretsManagerClient", *, stack: str, recovery_days: int) -> None:
        self._client = client
        self._stack = stack
        self._recovery_days = recovery_days

    def page(self, token: str | None) -> tuple[list[StoredSecret], str | None]:
        """Return some secrets that do not wait to be deleted; a token that has had its time begins anew."""
        request: ListSecretsRequestTypeDef = {
            "MaxResults": _SECRETS_A_PAGE,
            "Filters": [{"Key": "tag-key", "Values": [STACK_TAG]}, {"Key": "tag-value", "Values": [self._stack]}],
        }
        if token is not None:
            request["NextToken"] = token
        try:
            answer = self._client.list_secrets(**request)
        except ClientError as error:
            if token is None or error.response["Error"]["Code"] != "InvalidNextTokenException":
                raise
            return self.page(None)
        kept = (self._kept(entry) for entry in answer["SecretList"])
        return [secret for secret in kept if secret], answer.get("NextToken")

    def is_usable(self, arn: str) -> bool:
        """Tell whether a secret is there and does not wait to be deleted."""
        try:
            return "DeletedDate" not in self._client.describe_secret(SecretId=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return False

    def schedule_deletion(self, arn: str) -> None:
        """Delete a secret at the end of the recovery window."""
        try:
            self._client.delete_secret(SecretId=arn, RecoveryWindowInDays=self._recovery_days)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise

    def cancel_deletion(self, arn: str) -> None:
        """Keep a secret from being deleted after all."""
        self._client.restore_secret(SecretId=arn)

    def release_version(self, arn: str, version: str) -> None:
        """Let go of one version of a secret, unless somebody has done so since it was listed."""
        try:
            self._client.update_secret_version_stage(
                SecretId=arn, VersionStage=label(version), RemoveFromVersionId=version
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _RELEASED:
                raise

    def _kept(self, entry: "SecretListEntryTypeDef") -> StoredSecret | None:
        """Return a secret if its tags say all that makes it this stack's: the filter looks at keys and values apart."""
        tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags", ())}
        if tags.get(STACK_TAG) != self._stack or not {ACCOUNT_TAG, INTEGRATION_TAG} <= tags.keys():
            return None
        return StoredSecret(
            arn=entry["ARN"],
            account=tags[ACCOUNT_TAG],
            integration_id=tags[INTEGRATION_TAG],
            changed_at=entry["LastChangedDate"],
            versions=frozenset(
                version for version, labels in entry["SecretVersionsToStages"].items() if label(version) in labels
            ),
        )
