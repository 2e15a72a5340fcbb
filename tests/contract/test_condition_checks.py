"""`ConditionChecker`: a repository over it raises what a write would raise, and writes nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from unittest.mock import MagicMock

import pytest

from ai_integrations.adapters.dynamodb.condition_checks import ConditionChecker
from ai_integrations.adapters.dynamodb.integrations import DynamoDbIntegrations
from ai_integrations.adapters.dynamodb.transactions import UNUSED, Action, Condition
from ai_integrations.domain.errors import (
    FederationTakenError,
    NameTakenError,
    RepeatedRequestError,
    RoleTakenError,
    VersionConflictError,
)
from ai_integrations.domain.model import Integration, PreviousKey, Scoping, SecretVersion, Tombstone
from tests.builders import FEDERATIONS, NOON, an_idempotency_key, an_integration
from tests.contract.stores import AwsStores

ROLE = {"role_arn": "arn:aws:iam::123456789012:role/models"}
OTHER_ROLE = {"role_arn": "arn:aws:iam::123456789012:role/other"}
FEDERATION = FEDERATIONS["OPEN_AI"]
FIRST = an_integration(id="FIRST", name="First")
THEIRS = [
    an_integration(id="ROLE", account="umbrella", name="Role", provider="AWS_BEDROCK", provider_metadata=ROLE),
    an_integration(id="FEDERATED", account="umbrella", name="Federated", federation=FEDERATION),
]
KEY = SecretVersion(arn="arn", version="1")


def checks(aws: AwsStores) -> DynamoDbIntegrations:
    return DynamoDbIntegrations(aws.dynamodb, aws.table, ConditionChecker(aws.dynamodb, aws.table))


def changed(**changes: object) -> Integration:
    return replace(FIRST, version=2, **changes)  # type: ignore[arg-type]


def a_tombstone(version: int = 1) -> Tombstone:
    expiry = NOON + timedelta(days=30)
    return Tombstone(replace(FIRST, version=version), deleted_at=NOON, deleted_by="bob", expires_at=expiry)


@pytest.fixture
def written(aws: AwsStores) -> list[object]:
    """Write the integrations, and return all items."""
    for each in (FIRST, an_integration(id="OTHER", name="Other"), *THEIRS):
        aws.repository.insert(each, an_idempotency_key(each.id))
    return items(aws)


def items(aws: AwsStores) -> list[object]:
    return sorted(aws.dynamodb.scan(TableName=aws.table)["Items"], key=str)


def test_check_has_only_the_placeholders_of_its_condition() -> None:
    """DynamoDB rejects a request with others, and an empty map of values."""
    client = MagicMock()
    key, conflict = {"pk": "ACCOUNT#acme", "sk": "INTEGRATION#1"}, VersionConflictError
    unconditional = Action.update(key, "SET #name = :name", {":name": "x"})
    update = Action.update_if(key, "SET #name = #version", Condition("#version = :version", {":version": 1}), conflict)
    delete = Action.delete(key, UNUSED, conflict)
    ConditionChecker(client, "table").commit(unconditional, update, delete)
    [sent] = client.transact_write_items.call_args_list
    checks = [each["ConditionCheck"] for each in sent.kwargs["TransactItems"]]
    assert [each["ExpressionAttributeNames"] for each in checks] == [{"#version": "version"}, {"#pk": "pk"}]
    assert checks[0]["ExpressionAttributeValues"] == {":version": {"N": "1"}}
    assert "ExpressionAttributeValues" not in checks[1]


@pytest.mark.parametrize(
    "write",
    [
        lambda repository: repository.update(FIRST, changed(name="Renamed")),
        lambda repository: repository.update(FIRST, changed(name="FIRST")),
        lambda repository: repository.update(FIRST, changed(scopings=(Scoping(organization_id="o", space_id="s"),))),
        lambda repository: repository.update(FIRST, changed(secret=KEY, previous_key=PreviousKey(KEY, NOON))),
        lambda repository: repository.update(FIRST, changed(provider="AWS_BEDROCK", provider_metadata=OTHER_ROLE)),
        lambda repository: repository.delete(a_tombstone()),
    ],
    ids=["rename", "other case", "scopings", "grace period", "role", "deletion"],
)
def test_possible_write_is_checked_and_changes_nothing(
    aws: AwsStores, written: list[object], write: Callable[[DynamoDbIntegrations], None]
) -> None:
    write(checks(aws))
    assert items(aws) == written


@pytest.mark.parametrize(
    ("write", "error"),
    [
        (lambda repository: repository.update(FIRST, changed(name="OTHER")), NameTakenError),
        (
            lambda repository: repository.update(FIRST, changed(provider="AWS_BEDROCK", provider_metadata=ROLE)),
            RoleTakenError,
        ),
        (lambda repository: repository.update(FIRST, changed(federation=FEDERATION)), FederationTakenError),
        (lambda repository: repository.update(replace(FIRST, version=3), changed()), VersionConflictError),
        (lambda repository: repository.delete(a_tombstone(version=3)), VersionConflictError),
        (
            lambda repository: repository.idempotent(an_idempotency_key("FIRST")).update(FIRST, changed()),
            RepeatedRequestError,
        ),
    ],
    ids=["name", "role", "identity", "version", "version of a deletion", "repeated request"],
)
def test_impossible_write_raises_what_the_write_itself_raises(
    aws: AwsStores, written: list[object], write: Callable[[DynamoDbIntegrations], None], error: type[Exception]
) -> None:
    for repository in (checks(aws), aws.repository):
        with pytest.raises(error):
            write(repository)
        assert items(aws) == written
