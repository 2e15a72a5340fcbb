"""The secrets of a stack, page by page, for the sweep."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG, INTEGRATION_TAG, STACK_TAG, label
from ai_integrations.observability import describe, logger
from ai_integrations.use_cases.sweep import RemovalFailedError, SecretAccessDeniedError, StoredSecret

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import ListSecretsRequestTypeDef, SecretListEntryTypeDef

_SECRETS_PER_PAGE = 100  # the limit of ListSecrets
_OUTCOME_UNKNOWN = 500  # and higher statuses


class SecretsManagerInventory:
    """The secrets whose tags and names agree that they belong to this stack. It logs what it removes."""

    def __init__(self, client: "SecretsManagerClient", *, stack: str, recovery_days: int) -> None:
        self._client = client
        self._stack = stack
        self._recovery_days = recovery_days

    def page(self, token: str | None) -> tuple[list[StoredSecret], str | None]:
        """Return one page of active secrets; start over if the pagination token has expired."""
        request: ListSecretsRequestTypeDef = {
            "MaxResults": _SECRETS_PER_PAGE,
            "Filters": [{"Key": "tag-key", "Values": [STACK_TAG]}, {"Key": "tag-value", "Values": [self._stack]}],
        }
        if token is not None:
            request["NextToken"] = token
        try:
            response = self._client.list_secrets(**request)
        except ClientError as error:
            has_expired = error.response["Error"]["Code"] == "InvalidNextTokenException"
            if token is None or not has_expired:
                raise
            return self.page(None)
        secrets = (self._parse_secret(entry) for entry in response["SecretList"])
        return [secret for secret in secrets if secret], response.get("NextToken")

    def is_usable(self, arn: str) -> bool:
        """Check whether a secret exists and is not scheduled for deletion."""
        with _reports_denial(arn):
            return self._is_left(arn)

    def schedule_deletion(self, arn: str) -> None:
        """Schedule the deletion of a secret for the end of the recovery window."""
        with self._reports_failure(arn):
            self._client.delete_secret(SecretId=arn, RecoveryWindowInDays=self._recovery_days)
            logger.info("deletion of orphaned secret scheduled", secret_arn=arn)

    def cancel_deletion(self, arn: str) -> None:
        """Cancel a scheduled deletion."""
        with _reports_denial(arn):
            self._client.restore_secret(SecretId=arn)

    def release_version(self, arn: str, version: str) -> None:
        """Remove our stage label from one version of a secret, if the version still has it."""
        with self._reports_failure(arn, version):
            self._client.update_secret_version_stage(
                SecretId=arn, VersionStage=label(version), RemoveFromVersionId=version
            )
            logger.info("orphaned version released", secret_arn=arn, version=version)

    def _is_left(self, arn: str, version: str | None = None) -> bool:
        """Check whether a secret is usable and, if a version is given, whether it still has our stage label."""
        try:
            described = self._client.describe_secret(SecretId=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return False
        labels = described.get("VersionIdsToStages", {}).get(version or "", [])
        return "DeletedDate" not in described and (version is None or label(version) in labels)

    @contextmanager
    def _reports_failure(self, arn: str, version: str | None = None) -> Iterator[None]:
        """Log an error of a removal and raise RemovalFailedError, unless there is nothing left to remove.

        The error code does not decide that: a secret with replicas and a version without the label both cause
        InvalidParameterException.
        """
        try:
            try:
                yield
            except ClientError:
                if self._is_left(arn, version):
                    raise
        except ClientError as error:
            logger.warning("removal failed", secret_arn=arn, version=version, **describe(error))
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise RemovalFailedError(is_rejected=status < _OUTCOME_UNKNOWN) from error

    def _parse_secret(self, entry: "SecretListEntryTypeDef") -> StoredSecret | None:
        """Parse a secret that this stack owns; None for others.

        The filter of ListSecrets matches tag keys and the beginnings of tag values, separately. Tags can be changed,
        but names cannot: a secret whose tags name another integration than its name does is left alone.
        """
        tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags", ())}
        owner = [tags.get(STACK_TAG), tags.get(ACCOUNT_TAG), tags.get(INTEGRATION_TAG)]
        if owner[0] != self._stack or entry["Name"].split("/")[:3] != owner:
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


@contextmanager
def _reports_denial(arn: str) -> Iterator[None]:
    """Log a denied request for a secret and raise SecretAccessDeniedError. Other errors concern all secrets."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        logger.warning("access to secret denied", secret_arn=arn, **describe(error))
        raise SecretAccessDeniedError from error
