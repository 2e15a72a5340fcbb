"""What a committed write leaves to be done in Secrets Manager, finished from the table's stream.

Everything here may be done twice and reads how things stand before it acts.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ai_integrations.adapters.secrets_manager.key_store import label
from ai_integrations.domain.model import SecretVersion

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

# The secret is gone, or waits to be: there is nothing left to do.
_GONE = frozenset({"InvalidRequestException", "ResourceNotFoundException"})


class SecretsManagerCleanup:
    """Tidies the secrets that the service keeps itself; those that are only referred to are never touched."""

    def __init__(self, client: "SecretsManagerClient", *, recovery_days: int) -> None:
        """`recovery_days` is 7 to 30, the limits of Secrets Manager."""
        self._client = client
        self._recovery_days = recovery_days

    def schedule_deletion(self, secret: SecretVersion) -> None:
        """Delete a secret that is no longer named, at the end of the recovery window."""
        if secret.is_owned:
            with _unless_gone():
                self._client.delete_secret(SecretId=secret.arn, RecoveryWindowInDays=self._recovery_days)

    def cancel_deletion(self, secret: SecretVersion) -> None:
        """Keep a secret that is named again from being deleted."""
        if secret.is_owned:
            with _unless_gone():
                self._client.restore_secret(SecretId=secret.arn)

    def promote_version(self, secret: SecretVersion, released: Collection[SecretVersion]) -> None:
        """Let AWSCURRENT follow to the version that is named, and let go of those that are not named any more.

        Of no others: a version that nobody has named yet may be about to be.
        """
        if secret.version is not None:
            with _unless_gone():
                self._promote(secret.arn, secret.version, {each.version for each in released if each.arn == secret.arn})

    def _promote(self, arn: str, named: str, released: Collection[str | None]) -> None:
        stages = self._client.describe_secret(SecretId=arn)["VersionIdsToStages"]
        for version, labels in stages.items():
            if version == named:
                continue
            if "AWSCURRENT" in labels:
                self._client.update_secret_version_stage(
                    SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=named, RemoveFromVersionId=version
                )
            if label(version) in labels and version in released:
                self._client.update_secret_version_stage(
                    SecretId=arn, VersionStage=label(version), RemoveFromVersionId=version
                )


@contextmanager
def _unless_gone() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
