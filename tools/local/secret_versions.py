"""Make the emulator keep the versions of a secret as AWS does: unchanged, and even without a stage label.

The emulator replaces a version when PutSecretValue names it again, and deletes the one before the previous version.
"""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response  # type: ignore[import-untyped]
from ministack.services import secretsmanager  # type: ignore[import-untyped]

Record = dict[str, Any]


def keep_versions() -> None:
    """Replace two functions of the emulator."""
    secretsmanager._put_secret_value = _reject_changes(secretsmanager._put_secret_value)  # noqa: SLF001
    secretsmanager._apply_current_promotion = _keep_all(secretsmanager._apply_current_promotion)  # noqa: SLF001


def _reject_changes(put_secret_value: Callable[[Record], object]) -> Callable[[Record], object]:
    """Ignore a ClientRequestToken that names a version with the same value; reject one with another value."""

    def put(request: Record) -> object:
        _, secret = secretsmanager._resolve(request["SecretId"])  # noqa: SLF001
        version = request.get("ClientRequestToken")
        if not secret or secret.get("DeletedDate") or version not in secret["Versions"]:
            return put_secret_value(request)
        stored = secret["Versions"][version]
        if any(stored[field] != request.get(field) for field in ("SecretString", "SecretBinary")):
            message = "You can't use this ClientRequestToken because it is already in use for a version of the secret."
            return error_response_json("ResourceExistsException", message, 400)
        identity = {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": version}
        return json_response({**identity, "VersionStages": stored["Stages"]})

    return put


def _keep_all(promote: Callable[[Record, str], None]) -> Callable[[Record, str], None]:
    def promote_and_keep(secret: Record, version: str) -> None:
        earlier = dict(secret["Versions"])
        promote(secret, version)
        secret["Versions"] = {**earlier, **secret["Versions"]}

    return promote_and_keep
