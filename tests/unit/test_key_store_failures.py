"""Failures of the Secrets Manager client.

A failed removal of an orphaned secret is logged and left to the sweep. Cancelling a deletion may race with scheduling.
The sweep continues if it is denied a single secret.
"""

import json
from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from ai_integrations.adapters.secrets_manager.inventory import SecretsManagerInventory
from ai_integrations.adapters.secrets_manager.key_store import UNAVAILABLE_SECRET, SecretsManagerKeyStore
from ai_integrations.domain.errors import FieldError, RuleViolationError
from ai_integrations.domain.model import ExternalSecretArn, SecretVersion
from ai_integrations.use_cases.sweep import SecretAccessDeniedError
from tests.builders import NOON, an_integration

SECRET = SecretVersion(arn="arn:aws:secretsmanager:eu-central-1:123456789012:secret:stack/acme/x", version="v")
DENIED = ClientError(
    {
        "Error": {"Code": "AccessDeniedException", "Message": "sk-fake-canary"},
        "ResponseMetadata": {
            "RequestId": "aws-request",
            "HTTPStatusCode": 400,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
            "HostId": "",
        },
    },
    "DeleteSecret",
)


class FailingClient:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def _fail(self, **_request: Any) -> None:
        raise self._error

    delete_secret = describe_secret = restore_secret = update_secret_version_stage = _fail


def key_store(error: Exception) -> SecretsManagerKeyStore:
    return SecretsManagerKeyStore(cast("Any", FailingClient(error)), prefix="stack", kms_key_id="key")


@pytest.mark.parametrize("error", [DENIED, ReadTimeoutError(endpoint_url="https://secretsmanager.test")])
def test_discard_logs_a_failed_removal_and_does_not_raise(error: Exception, log: StringIO) -> None:
    key_store(error).discard(SECRET, None)
    line = json.loads(log.getvalue())
    assert line["message"] == "orphaned secret not removed"
    assert line["level"] == "WARNING"
    assert line["secret_arn"] == SECRET.arn
    assert "canary" not in log.getvalue()


def test_discard_logs_error_code_request_id_and_stack(log: StringIO) -> None:
    key_store(DENIED).discard(SECRET, None)
    line = json.loads(log.getvalue())
    assert line["error"] == "botocore.exceptions.ClientError"
    assert line["aws_operation"] == "DeleteSecret"
    assert line["aws_error_code"] == "AccessDeniedException"
    assert line["aws_request_id"] == "aws-request"
    assert any("discard" in frame for frame in line["stack"])


@pytest.mark.parametrize(
    ("kept", "code"),
    [
        (None, "ResourceNotFoundException"),
        (None, "InvalidRequestException"),
        (SECRET, "InvalidParameterException"),
        (SECRET, "ResourceNotFoundException"),
    ],
)
def test_discard_whose_lost_first_attempt_removed_the_key_logs_nothing(
    kept: SecretVersion | None, code: str, log: StringIO
) -> None:
    key_store(ClientError({"Error": {"Code": code}}, "Discard")).discard(SECRET, kept)
    assert log.getvalue() == ""


def test_discard_of_a_secret_with_replicas_logs_a_failed_removal(log: StringIO) -> None:
    key_store(ClientError({"Error": {"Code": "InvalidParameterException"}}, "DeleteSecret")).discard(SECRET, None)
    assert json.loads(log.getvalue())["message"] == "orphaned secret not removed"


def test_discard_propagates_programming_errors() -> None:
    with pytest.raises(AttributeError):
        key_store(AttributeError()).discard(SECRET, None)


def test_reference_to_a_secret_that_may_not_be_described_is_rejected_like_a_missing_one() -> None:
    with pytest.raises(RuleViolationError) as error:
        key_store(DENIED).reference_secret(an_integration(), ExternalSecretArn(arn=SECRET.arn))
    assert error.value.errors == (FieldError("/api_key_secret_arn", UNAVAILABLE_SECRET),)


class ConcurrentlyDeletedSecret:
    """A Secrets Manager client whose secret becomes scheduled for deletion after the first RestoreSecret call."""

    exceptions = SimpleNamespace(InvalidRequestException=ClientError)

    def __init__(self) -> None:
        self.restored: list[bool] = []

    def restore_secret(self, **_request: Any) -> None:
        self.restored.append(bool(self.restored))
        if not self.restored[-1]:
            raise DENIED

    @staticmethod
    def describe_secret(**_request: Any) -> dict[str, Any]:
        return {"DeletedDate": NOON}


def test_cancel_deletion_retries_when_deletion_is_scheduled_concurrently() -> None:
    client = ConcurrentlyDeletedSecret()
    SecretsManagerKeyStore(cast("Any", client), prefix="stack", kms_key_id="key").cancel_deletion(SECRET)
    assert client.restored == [False, True]


def inventory(error: Exception) -> SecretsManagerInventory:
    return SecretsManagerInventory(cast("Any", FailingClient(error)), stack="stack", recovery_days=7)


@pytest.mark.parametrize("operation", ["is_usable", "cancel_deletion"])
def test_sweep_request_that_is_denied_is_logged_and_raises_secret_access_denied_error(
    operation: str, log: StringIO
) -> None:
    with pytest.raises(SecretAccessDeniedError):
        getattr(inventory(DENIED), operation)(SECRET.arn)
    line = json.loads(log.getvalue())
    assert (line["message"], line["secret_arn"]) == ("access to secret denied", SECRET.arn)
    assert "canary" not in log.getvalue()


@pytest.mark.parametrize("operation", ["is_usable", "cancel_deletion"])
def test_sweep_request_that_fails_otherwise_propagates_its_error(operation: str) -> None:
    error = ClientError({"Error": {"Code": "InternalServiceError"}}, "Any")
    with pytest.raises(ClientError):
        getattr(inventory(error), operation)(SECRET.arn)
