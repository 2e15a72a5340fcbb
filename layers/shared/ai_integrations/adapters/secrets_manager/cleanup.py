"""Secrets Manager cleanup after a committed write, driven by the table's stream. Every operation is idempotent."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from ai_integrations.adapters.secrets_manager.error_codes import GONE, RELEASED, ignore_errors
from ai_integrations.adapters.secrets_manager.key_store import label
from ai_integrations.domain.model import SecretVersion

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class SecretsManagerCleanup:
    """Cleans up the secrets that this service owns. Secrets that it only references are never changed."""

    def __init__(self, client: "SecretsManagerClient", *, recovery_days: int) -> None:
        """`recovery_days` is 7 to 30, the limits of Secrets Manager."""
        self._client = client
        self._recovery_days = recovery_days

    def schedule_deletion(self, secret: SecretVersion) -> None:
        """Schedule the deletion of a secret for the end of the recovery window."""
        if secret.is_owned:
            with ignore_errors(GONE):
                self._client.delete_secret(SecretId=secret.arn, RecoveryWindowInDays=self._recovery_days)

    def cancel_deletion(self, secret: SecretVersion) -> None:
        """Cancel a scheduled deletion."""
        if secret.is_owned:
            with ignore_errors(GONE):
                self._client.restore_secret(SecretId=secret.arn)

    def promote_version(
        self, secret: SecretVersion, released: Collection[SecretVersion], previous: SecretVersion | None = None
    ) -> None:
        """Move AWSCURRENT to the referenced version and remove our stage labels from `released`.

        Give `previous` our label: the first version of a secret has none, and AWSPREVIOUS moves on with a later
        promotion. Leave other versions alone: an in-flight write may be about to reference them.
        """
        if secret.version is not None:
            released_versions = {each.version for each in released if each.arn == secret.arn}
            kept = previous.version if previous and previous.arn == secret.arn else None
            with ignore_errors(GONE):
                try:
                    self._promote(secret.arn, secret.version, released_versions, kept)
                except self._client.exceptions.InvalidParameterException:
                    # AWSCURRENT is no longer where DescribeSecret found it. If a response is lost, botocore repeats
                    # the request, and Secrets Manager rejects it because the first one moved the label.
                    self._promote(secret.arn, secret.version, released_versions, kept)

    def _promote(self, arn: str, referenced: str, released: Collection[str | None], kept: str | None) -> None:
        stages = self._client.describe_secret(SecretId=arn)["VersionIdsToStages"]
        if kept in stages and label(kept) not in stages[kept]:
            self._client.update_secret_version_stage(SecretId=arn, VersionStage=label(kept), MoveToVersionId=kept)
        for version, labels in stages.items():
            if version == referenced:
                continue
            if "AWSCURRENT" in labels:
                self._client.update_secret_version_stage(
                    SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=referenced, RemoveFromVersionId=version
                )
            if label(version) in labels and version in released:
                with ignore_errors(RELEASED):
                    self._client.update_secret_version_stage(
                        SecretId=arn, VersionStage=label(version), RemoveFromVersionId=version
                    )
