"""The evaluator of policies allows what IAM allows, and nothing more."""

from typing import Any

import pytest

from tests.iam.authorization import Account, Call
from tests.iam.evaluator import Request, allowing

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/t"
SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:s/acme/1-AbCdEf"
KEY = "arn:aws:kms:us-east-1:000000000000:key/k"
OWN_PARTITIONS = {
    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["ACCOUNT#*"]},
    "Null": {"dynamodb:LeadingKeys": "false"},
}


def statement(**parts: Any) -> dict[str, Any]:
    return {"Sid": "S", "Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": TABLE, **parts}


def get(*partitions: str, resource: str = TABLE, action: str = "dynamodb:GetItem") -> Request:
    context = {"dynamodb:LeadingKeys": frozenset(partitions)} if partitions else {}
    return Request(action=action, resource=resource, context=context)


def test_allows_what_action_resource_and_condition_allow() -> None:
    assert allowing([statement(Condition=OWN_PARTITIONS)], get("ACCOUNT#acme")) == ["S"]


@pytest.mark.parametrize(
    "request_",
    [
        get("ACCOUNT#acme", action="dynamodb:Scan"),
        get("ACCOUNT#acme", resource=f"{TABLE}/index/i"),
        get("ACCESSKEY#1"),
        get("ACCOUNT#acme", "ACCESSKEY#1"),
        get(),
    ],
)
def test_denies_what_one_of_them_does_not_allow(request_: Request) -> None:
    assert allowing([statement(Condition=OWN_PARTITIONS)], request_) == []


def test_lets_a_condition_for_all_values_pass_where_there_is_none() -> None:
    """Why each such condition has a second one beside it."""
    without_null = {"ForAllValues:StringLike": OWN_PARTITIONS["ForAllValues:StringLike"]}
    assert allowing([statement(Condition=without_null)], get()) == ["S"]


@pytest.mark.parametrize(("forced", "sids"), [(None, ["S"]), ("false", ["S"]), ("true", [])])
def test_lets_a_condition_with_if_exists_pass_where_there_is_none(forced: str | None, sids: list[str]) -> None:
    context = {"secretsmanager:ForceDeleteWithoutRecovery": frozenset({forced})} if forced else {}
    request = Request(action="dynamodb:GetItem", resource=TABLE, context=context)
    condition = {"BoolIfExists": {"secretsmanager:ForceDeleteWithoutRecovery": "false"}}
    assert allowing([statement(Condition=condition)], request) == sids


def test_takes_a_bracket_for_a_bracket() -> None:
    assert allowing([statement(Resource="a[b]*")], get(resource="a[b]c")) == ["S"]
    assert allowing([statement(Resource="a[b]*")], get(resource="abc")) == []


def test_does_not_guess_at_a_condition_that_it_does_not_know() -> None:
    with pytest.raises(KeyError):
        allowing([statement(Condition={"IpAddress": {"aws:SourceIp": "192.0.2.1"}})], get())


def test_does_not_guess_at_a_denial() -> None:
    with pytest.raises(NotImplementedError):
        allowing([statement(Effect="Deny")], get())


def needed(operation: str, service: str = "secretsmanager", **parameters: Any) -> list[tuple[str, str]]:
    account = Account(tags={SECRET: {"ai-integrations:account": "acme"}}, keys={SECRET: KEY})
    call = Call(function="api", service=service, operation=operation, parameters=parameters)
    return [(each.action, each.resource) for each in account.requests(call)]


def test_asks_for_each_item_of_a_transaction() -> None:
    put = {"TableName": "t", "Item": {"pk": {"S": "ACCOUNT#acme"}}}
    update, delete, check = ({"TableName": "t", "Key": {"pk": {"S": "ACCOUNT#acme"}}} for _ in range(3))
    items = [{"Put": put}, {"Update": update}, {"Delete": delete}, {"ConditionCheck": check}]
    assert needed("TransactWriteItems", "dynamodb", TransactItems=items) == [
        (f"dynamodb:{name}", TABLE) for name in ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
    ]


def test_asks_for_the_tags_and_the_encryption_of_a_new_secret() -> None:
    actions = needed("CreateSecret", Name="s/acme/1", KmsKeyId=KEY, Tags=[{"Key": "a", "Value": "b"}])
    assert actions == [
        ("secretsmanager:CreateSecret", SECRET),
        ("secretsmanager:TagResource", SECRET),
        ("kms:GenerateDataKey", KEY),
        ("kms:Decrypt", KEY),
    ]


def test_asks_for_decryption_where_a_key_is_read() -> None:
    assert needed("GetSecretValue", SecretId=SECRET) == [
        ("secretsmanager:GetSecretValue", SECRET),
        ("kms:Decrypt", KEY),
    ]


def test_asks_for_no_encryption_where_a_label_is_moved() -> None:
    assert needed("UpdateSecretVersionStage", SecretId=SECRET) == [("secretsmanager:UpdateSecretVersionStage", SECRET)]


def test_knows_the_partition_of_a_query() -> None:
    call = Call(
        function="api",
        service="dynamodb",
        operation="Query",
        parameters={
            "TableName": "t",
            "KeyConditionExpression": "#pk = :pk AND begins_with(#sk, :prefix)",
            "ExpressionAttributeNames": {"#pk": "pk", "#sk": "sk"},
            "ExpressionAttributeValues": {":pk": {"S": "ACCOUNT#acme"}, ":prefix": {"S": "INTEGRATION#"}},
        },
    )
    [request] = Account(tags={}, keys={}).requests(call)
    assert request.context["dynamodb:LeadingKeys"] == {"ACCOUNT#acme"}
