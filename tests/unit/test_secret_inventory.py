"""The secrets of a stack as Secrets Manager lists them, and the outcomes of their removal."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from ai_integrations.adapters.secrets_manager.inventory import SecretsManagerInventory
from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG, INTEGRATION_TAG, STACK_TAG, label
from ai_integrations.use_cases.sweep import RemovalFailedError, SecretAccessDeniedError, StoredSecret
from tests.builders import NOON, ULID

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:stack/acme/x"
FILTERS = [{"Key": "tag-key", "Values": [STACK_TAG]}, {"Key": "tag-value", "Values": ["stack"]}]
Response = dict[str, Any] | Exception


def failure(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Operation")


class ScriptedClient:
    """A Secrets Manager client that returns or raises the given responses in order, and records the requests."""

    def __init__(self, *responses: Response) -> None:
        self._responses = iter(responses)
        self.requests: list[dict[str, Any]] = []

    def _respond(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        response = next(self._responses)
        if isinstance(response, Exception):
            raise response
        return response

    list_secrets = describe_secret = delete_secret = restore_secret = update_secret_version_stage = _respond


def inventory(client: ScriptedClient) -> SecretsManagerInventory:
    return SecretsManagerInventory(cast("Any", client), stack="stack", recovery_days=7)


def an_entry(name: str = f"stack/acme/{ULID}", **tags: str) -> dict[str, Any]:
    own = {STACK_TAG: "stack", ACCOUNT_TAG: "acme", INTEGRATION_TAG: ULID, **tags}
    return {
        "ARN": ARN,
        "Name": name,
        "LastChangedDate": NOON,
        "Tags": [{"Key": key, "Value": value} for key, value in own.items()],
        "SecretVersionsToStages": {"v1": [label("v1")], "v2": ["AWSCURRENT"], "v3": [label("v1"), label("v3")]},
    }


def test_page_asks_for_the_secrets_of_the_stack_and_continues_at_a_token() -> None:
    client = ScriptedClient({"SecretList": [an_entry()], "NextToken": "next"}, {"SecretList": []})
    found = StoredSecret(
        arn=ARN, account="acme", integration_id=ULID, changed_at=NOON, versions=frozenset({"v1", "v3"})
    )
    assert inventory(client).page(None) == ([found], "next")
    assert inventory(client).page("next") == ([], None)
    first = {"MaxResults": 100, "Filters": FILTERS}
    assert client.requests == [first, {**first, "NextToken": "next"}]


def test_page_leaves_out_secrets_whose_name_and_tags_name_different_owners() -> None:
    entries = [
        an_entry("stack-2/acme/x"),
        an_entry(f"stack/other/{ULID}"),
        an_entry(**{STACK_TAG: "stack-2"}),
        an_entry(f"stack-2/acme/{ULID}", **{STACK_TAG: "stack-2"}),
        an_entry(**{ACCOUNT_TAG: "other"}),
        an_entry(**{INTEGRATION_TAG: "other"}),
        {**an_entry(), "Tags": []},
        {name: value for name, value in an_entry().items() if name != "Tags"},
    ]
    assert inventory(ScriptedClient({"SecretList": entries})).page(None) == ([], None)
    assert inventory(ScriptedClient({"SecretList": entries, "NextToken": "next"})).page(None) == ([], "next")
    suffixed = inventory(ScriptedClient({"SecretList": [an_entry(f"stack/acme/{ULID}/version-2")]})).page(None)
    assert [each.arn for each in suffixed[0]] == [ARN]


def test_page_with_an_expired_token_starts_over() -> None:
    client = ScriptedClient(failure("InvalidNextTokenException"), {"SecretList": [an_entry()]})
    assert len(inventory(client).page("old")[0]) == 1
    assert ["NextToken" in request for request in client.requests] == [True, False]


@pytest.mark.parametrize(("token", "code"), [("old", "AccessDeniedException"), (None, "InvalidNextTokenException")])
def test_page_that_aws_rejects_for_another_reason_raises(token: str | None, code: str) -> None:
    client = ScriptedClient(failure(code), {"SecretList": []})
    with pytest.raises(ClientError, match=code):
        inventory(client).page(token)


@pytest.mark.parametrize(
    ("described", "is_usable"),
    [({}, True), ({"DeletedDate": NOON}, False), (failure("ResourceNotFoundException"), False)],
)
def test_secret_is_usable_unless_it_is_deleted(described: Response, *, is_usable: bool) -> None:
    client = ScriptedClient(described)
    assert inventory(client).is_usable(ARN) is is_usable
    assert client.requests == [{"SecretId": ARN}]


CALLS: list[Callable[[SecretsManagerInventory], object]] = [
    lambda secrets: secrets.is_usable(ARN),
    lambda secrets: secrets.cancel_deletion(ARN),
]


@pytest.mark.parametrize("call", CALLS, ids=["is_usable", "cancel_deletion"])
def test_denied_request_for_one_secret_is_logged_and_distinguished_from_other_errors(
    call: Callable[[SecretsManagerInventory], object], log: StringIO
) -> None:
    with pytest.raises(ClientError, match="Throttling"):
        call(inventory(ScriptedClient(failure("ThrottlingException"))))
    assert log.getvalue() == ""
    with pytest.raises(SecretAccessDeniedError):
        call(inventory(ScriptedClient(failure("AccessDeniedException"))))
    line = json.loads(log.getvalue())
    assert (line["level"], line["message"], line["secret_arn"]) == ("WARNING", "access to secret denied", ARN)
    assert line["aws_error_code"] == "AccessDeniedException"


def schedule_deletion(client: ScriptedClient) -> None:
    inventory(client).schedule_deletion(ARN)


def release_version(client: ScriptedClient) -> None:
    inventory(client).release_version(ARN, "v1")


Removal = Callable[[ScriptedClient], None]
REMOVALS = [
    (schedule_deletion, {"SecretId": ARN, "RecoveryWindowInDays": 7}, None),
    (
        release_version,
        {"SecretId": ARN, "VersionStage": label("v1"), "RemoveFromVersionId": "v1"},
        "v1",
    ),
]
LEFT = {"VersionIdsToStages": {"v1": [label("v1")]}}


@pytest.mark.parametrize(("remove", "request_sent", "version"), REMOVALS)
def test_removal_is_logged(remove: Removal, request_sent: dict[str, Any], version: str | None, log: StringIO) -> None:
    client = ScriptedClient({})
    remove(client)
    assert client.requests == [request_sent]
    line = json.loads(log.getvalue())
    assert (line["level"], line["secret_arn"], line.get("version")) == ("INFO", ARN, version)
    assert line["message"] in {"deletion of orphaned secret scheduled", "orphaned version released"}


@pytest.mark.parametrize(("status", "is_rejected"), [(400, True), (499, True), (500, False), (503, False)])
@pytest.mark.parametrize(("remove", "_request", "version"), REMOVALS)
def test_failed_removal_is_logged_and_its_outcome_is_unknown_after_a_server_error(
    remove: Removal, _request: object, version: str | None, status: int, is_rejected: bool, log: StringIO
) -> None:
    with pytest.raises(RemovalFailedError) as error:
        remove(ScriptedClient(failure("InvalidParameterException", status), LEFT))
    assert error.value.is_rejected is is_rejected
    line = json.loads(log.getvalue())
    assert (line["level"], line["message"]) == ("WARNING", "removal failed")
    assert (line["secret_arn"], line.get("version")) == (ARN, version)
    assert line["aws_error_code"] == "InvalidParameterException"


@pytest.mark.parametrize("described", [{"DeletedDate": NOON}, failure("ResourceNotFoundException")])
@pytest.mark.parametrize("remove", [schedule_deletion, release_version])
def test_failed_removal_of_what_is_already_removed_succeeds(remove: Removal, described: Response) -> None:
    client = ScriptedClient(failure("InvalidRequestException"), described)
    remove(client)
    assert len(client.requests) == 2


@pytest.mark.parametrize("described", [{}, {"VersionIdsToStages": {"v1": ["AWSCURRENT"], "v2": [label("v1")]}}])
def test_failed_release_of_a_version_without_the_label_succeeds(described: dict[str, Any]) -> None:
    release_version(ScriptedClient(failure("InvalidParameterException"), described))


def test_removal_without_any_response_raises_the_error_of_the_client() -> None:
    with pytest.raises(ReadTimeoutError):
        schedule_deletion(ScriptedClient(ReadTimeoutError(endpoint_url="https://secretsmanager.test")))


def test_cancelled_deletion_restores_the_secret() -> None:
    client = ScriptedClient({})
    inventory(client).cancel_deletion(ARN)
    assert client.requests == [{"SecretId": ARN}]
