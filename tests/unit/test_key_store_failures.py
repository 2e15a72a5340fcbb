"""Failures of the Secrets Manager client.

A failed removal of an orphaned secret is logged and left to the sweep. Cancelling a deletion may race with scheduling.
The sweep continues if it is denied a single secret.
"""

import json
from collections.abc import Callable
from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.cleanup import SecretsManagerCleanup
from ai_integrations.adapters.secrets_manager.inventory import SecretsManagerInventory
from ai_integrations.adapters.secrets_manager.key_store import UNAVAILABLE_SECRET, SecretsManagerKeyStore, label
from ai_integrations.domain.errors import FieldError, RuleViolationError
from ai_integrations.domain.model import ExternalSecretArn, SecretVersion
from ai_integrations.use_cases.sweep import SecretAccessDeniedError
from tests.builders import API_KEY, NOON, an_integration

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

    delete_secret = describe_secret = restore_secret = update_secret_version_stage = put_secret_value = _fail


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


class RecordingClient:
    """A Secrets Manager client that records the removals that it is asked for."""

    def __init__(self) -> None:
        self.deletions: list[dict[str, Any]] = []
        self.label_removals: list[dict[str, Any]] = []

    def delete_secret(self, **request: Any) -> None:
        self.deletions.append(request)

    def update_secret_version_stage(self, **request: Any) -> None:
        self.label_removals.append(request)


def test_discard_removes_the_label_of_one_version_from_a_secret_that_is_kept() -> None:
    client = RecordingClient()
    SecretsManagerKeyStore(cast("Any", client), prefix="stack", kms_key_id="key").discard(
        SECRET, SECRET._replace(version="kept")
    )
    label_of_version = {"VersionStage": label("v"), "RemoveFromVersionId": "v"}
    assert client.label_removals == [{"SecretId": SECRET.arn, **label_of_version}]
    assert client.deletions == []


@pytest.mark.parametrize("kept", [None, SECRET._replace(arn="arn:fake:other")])
def test_discard_deletes_a_secret_of_which_nothing_is_kept(kept: SecretVersion | None) -> None:
    client = RecordingClient()
    SecretsManagerKeyStore(cast("Any", client), prefix="stack", kms_key_id="key").discard(SECRET, kept)
    assert client.deletions == [{"SecretId": SECRET.arn, "ForceDeleteWithoutRecovery": True}]
    assert client.label_removals == []


def test_discard_of_an_external_secret_removes_nothing() -> None:
    client = RecordingClient()
    SecretsManagerKeyStore(cast("Any", client), prefix="stack", kms_key_id="key").discard(
        SECRET._replace(version=None), None
    )
    assert (client.deletions, client.label_removals) == ([], [])


def test_discard_propagates_programming_errors() -> None:
    with pytest.raises(AttributeError):
        key_store(AttributeError()).discard(SECRET, None)


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidParameterException", "ResourceNotFoundException"])
def test_reference_to_a_secret_that_may_not_be_described_is_rejected_like_a_missing_one(code: str) -> None:
    refusal = ClientError({"Error": {"Code": code}}, "DescribeSecret")
    with pytest.raises(RuleViolationError) as error:
        key_store(refusal).reference_secret(an_integration(), ExternalSecretArn(arn=SECRET.arn))
    assert error.value.errors == (FieldError("/api_key_secret_arn", UNAVAILABLE_SECRET),)


def test_reference_to_a_secret_raises_the_error_of_an_outage() -> None:
    outage = ClientError({"Error": {"Code": "InternalServiceError"}}, "DescribeSecret")
    with pytest.raises(ClientError, match="InternalServiceError"):
        key_store(outage).reference_secret(an_integration(), ExternalSecretArn(arn=SECRET.arn))


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "InvalidRequestException", "ResourceExistsException"])
def test_key_that_secrets_manager_refuses_to_store_again_is_not_held(code: str) -> None:
    refusal = ClientError({"Error": {"Code": code}}, "PutSecretValue")
    assert not key_store(refusal).holds_key(SECRET, SecretStr(API_KEY))


@pytest.mark.parametrize("code", ["InternalServiceError", "AccessDeniedException", "ThrottlingException"])
def test_whether_a_key_is_held_is_unknown_after_an_outage(code: str) -> None:
    with pytest.raises(ClientError, match=code):
        key_store(ClientError({"Error": {"Code": code}}, "PutSecretValue")).holds_key(SECRET, SecretStr(API_KEY))


class DescribedSecret:
    """A Secrets Manager client that describes a secret with these versions, or raises an error, and records changes."""

    class exceptions:  # noqa: N801 - the client's own spelling
        class InvalidParameterException(Exception):  # noqa: N818
            pass

    def __init__(self, stages: dict[str, list[str]] | ClientError) -> None:
        self._stages = stages
        self.changes: list[dict[str, Any]] = []
        self.errors: list[Exception] = []  # of the next changes

    def describe_secret(self, **_request: Any) -> dict[str, Any]:
        if isinstance(self._stages, ClientError):
            raise self._stages
        return {"VersionIdsToStages": self._stages}

    def update_secret_version_stage(self, **change: Any) -> None:
        if self.errors:
            raise self.errors.pop()
        self.changes.append(change)


def promote(stages: dict[str, list[str]] | ClientError, previous: SecretVersion | None = None) -> list[dict[str, Any]]:
    """Promote the version of SECRET, and release its version `old`; return the changes."""
    client = DescribedSecret(stages)
    cleanup = SecretsManagerCleanup(cast("Any", client), recovery_days=7)
    cleanup.promote_version(SECRET, [SECRET._replace(version="old")], previous)
    return client.changes


def test_promotion_moves_the_current_version_and_removes_the_label_of_the_released_one() -> None:
    assert promote({"old": ["AWSCURRENT", label("old")], "v": [label("v")], "in-flight": [label("in-flight")]}) == [
        {
            "SecretId": SECRET.arn,
            "VersionStage": "AWSCURRENT",
            "MoveToVersionId": "v",
            "RemoveFromVersionId": "old",
        },
        {"SecretId": SECRET.arn, "VersionStage": label("old"), "RemoveFromVersionId": "old"},
    ]


PREVIOUS = SECRET._replace(version="first")


def test_promotion_labels_the_previous_key_before_awscurrent_moves() -> None:
    changes = promote({"v": [label("v")], "first": ["AWSCURRENT"]}, PREVIOUS)
    assert changes[0] == {"SecretId": SECRET.arn, "VersionStage": label("first"), "MoveToVersionId": "first"}
    assert [each["VersionStage"] for each in changes[1:]] == ["AWSCURRENT"]


def test_promotion_that_secrets_manager_rejects_labels_the_previous_key_in_the_second_attempt() -> None:
    client = DescribedSecret({"v": ["AWSCURRENT", label("v")], "first": ["AWSPREVIOUS"]})
    client.errors.append(client.exceptions.InvalidParameterException())
    SecretsManagerCleanup(cast("Any", client), recovery_days=7).promote_version(SECRET, (), PREVIOUS)
    assert [each["VersionStage"] for each in client.changes] == [label("first")]


@pytest.mark.parametrize(
    ("stages", "previous"),
    [
        pytest.param({"first": ["AWSPREVIOUS", label("first")]}, PREVIOUS, id="it has the label"),
        pytest.param({}, PREVIOUS, id="it is gone"),
        pytest.param({"first": ["AWSPREVIOUS"]}, PREVIOUS._replace(arn="arn:other"), id="it is in another secret"),
        pytest.param({"first": ["AWSPREVIOUS"]}, None, id="there is none"),
    ],
)
def test_promotion_labels_no_previous_key(stages: dict[str, list[str]], previous: SecretVersion | None) -> None:
    assert promote({"v": ["AWSCURRENT", label("v")], **stages}, previous) == []


def test_repeated_promotion_changes_nothing() -> None:
    assert promote({"old": ["AWSPREVIOUS"], "v": ["AWSCURRENT", label("v")]}) == []


def test_promotion_in_a_deleted_secret_succeeds_and_an_outage_is_raised() -> None:
    for code in ("ResourceNotFoundException", "InvalidRequestException"):
        assert promote(ClientError({"Error": {"Code": code}}, "DescribeSecret")) == []
    with pytest.raises(ClientError):
        promote(DENIED)


class ActiveSecret:
    """A Secrets Manager client that rejects the first RestoreSecret call, and then describes the secret."""

    exceptions = SimpleNamespace(InvalidRequestException=ClientError)

    def __init__(self, **description: Any) -> None:
        self._description = description
        self.calls: list[str] = []

    def restore_secret(self, *, SecretId: str) -> None:  # noqa: N803 - the client's own spelling
        assert SecretId == SECRET.arn
        self.calls.append("restore")
        if len(self.calls) == 1:
            raise DENIED

    def describe_secret(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803
        assert SecretId == SECRET.arn
        self.calls.append("describe")
        return self._description


@pytest.mark.parametrize(
    ("description", "calls"),
    [({"DeletedDate": NOON}, ["restore", "describe", "restore"]), ({}, ["restore", "describe"])],
    ids=["deletion scheduled concurrently", "no deletion scheduled"],
)
def test_rejected_cancellation_is_repeated_only_if_a_deletion_is_scheduled(
    description: dict[str, Any], calls: list[str]
) -> None:
    client = ActiveSecret(**description)
    SecretsManagerKeyStore(cast("Any", client), prefix="stack", kms_key_id="key").cancel_deletion(SECRET)
    assert client.calls == calls


class Cleanups:
    """A Secrets Manager client that records deletions and cancellations, and raises `error`."""

    def __init__(self, error: ClientError) -> None:
        self._error = error
        self.requests: list[dict[str, Any]] = []

    def _fail(self, **request: Any) -> None:
        self.requests.append(request)
        raise self._error

    delete_secret = restore_secret = _fail


@pytest.mark.parametrize(
    ("clean_up", "request_sent"),
    [
        (SecretsManagerCleanup.schedule_deletion, {"SecretId": SECRET.arn, "RecoveryWindowInDays": 7}),
        (SecretsManagerCleanup.cancel_deletion, {"SecretId": SECRET.arn}),
    ],
)
def test_cleanup_of_a_deleted_secret_succeeds_and_other_errors_are_raised(
    clean_up: Callable[[SecretsManagerCleanup, SecretVersion], None], request_sent: dict[str, Any]
) -> None:
    for code in ("ResourceNotFoundException", "InvalidRequestException"):
        client = Cleanups(ClientError({"Error": {"Code": code}}, "Operation"))
        clean_up(SecretsManagerCleanup(cast("Any", client), recovery_days=7), SECRET)
        assert client.requests == [request_sent]
    with pytest.raises(ClientError):
        clean_up(SecretsManagerCleanup(cast("Any", Cleanups(DENIED)), recovery_days=7), SECRET)


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
