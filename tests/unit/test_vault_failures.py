"""Removing an unused secret may fail: then the sweep does it, and the log says so once.

A secret may be retired while it is about to be revived.
"""

import json
from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from ai_integrations.adapters.secrets_manager.key_store import SecretsManagerKeyStore
from ai_integrations.domain.model import SecretVersion
from ai_integrations.observability import logger
from tests.builders import NOON

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

    def delete_secret(self, **_request: Any) -> None:
        raise self._error


def vault(error: Exception) -> SecretsManagerKeyStore:
    return SecretsManagerKeyStore(cast("Any", FailingClient(error)), prefix="stack", kms_key_id="key")


@pytest.fixture
def log() -> Any:
    """Collect what the one Logger writes, in the form in which it writes it."""
    handler, written = logger.registered_handler, StringIO()
    stream = handler.setStream(written)  # type: ignore[attr-defined]
    yield written
    handler.setStream(stream)  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", [DENIED, ReadTimeoutError(endpoint_url="https://secretsmanager.test")])
def test_only_logs_that_an_unused_secret_is_left(error: Exception, log: StringIO) -> None:
    vault(error).discard(SECRET, None)
    line = json.loads(log.getvalue())
    assert line["message"] == "orphaned secret not removed"
    assert line["level"] == "WARNING"
    assert line["secret_arn"] == SECRET.arn
    assert "canary" not in log.getvalue()


def test_logs_what_aws_answered_and_where_it_happened(log: StringIO) -> None:
    vault(DENIED).discard(SECRET, None)
    line = json.loads(log.getvalue())
    assert line["error"] == "botocore.exceptions.ClientError"
    assert line["aws_operation"] == "DeleteSecret"
    assert line["aws_error_code"] == "AccessDeniedException"
    assert line["aws_request_id"] == "aws-request"
    assert any("discard" in frame for frame in line["stack"])


def test_hides_no_mistake_of_its_own() -> None:
    with pytest.raises(AttributeError):
        vault(AttributeError()).discard(SECRET, None)


class RetiredMeanwhile:
    """Secrets Manager, where a secret begins to wait for its deletion after somebody has found it in use."""

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


def test_revives_a_secret_that_is_retired_meanwhile() -> None:
    client = RetiredMeanwhile()
    SecretsManagerKeyStore(cast("Any", client), prefix="stack", kms_key_id="key").cancel_deletion(SECRET)
    assert client.restored == [False, True]
