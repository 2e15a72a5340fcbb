"""The policy evaluator of tests/iam decides as IAM does."""

from dataclasses import replace
from typing import Any

import pytest

from tests.iam.authorization import Account, Call
from tests.iam.evaluator import Request, allowing_statements

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


def test_statement_allows_a_request_that_matches_action_resource_and_condition() -> None:
    assert allowing_statements([statement(Condition=OWN_PARTITIONS)], get("ACCOUNT#acme")) == ["S"]


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
def test_statement_denies_a_request_that_fails_one_of_them(request_: Request) -> None:
    assert allowing_statements([statement(Condition=OWN_PARTITIONS)], request_) == []


def test_for_all_values_condition_passes_without_a_value() -> None:
    """This is why the template adds a Null condition to each such condition."""
    without_null = {"ForAllValues:StringLike": OWN_PARTITIONS["ForAllValues:StringLike"]}
    assert allowing_statements([statement(Condition=without_null)], get()) == ["S"]


@pytest.mark.parametrize(("forced", "sids"), [(None, ["S"]), ("false", ["S"]), ("true", [])])
def test_if_exists_condition_passes_without_a_value(forced: str | None, sids: list[str]) -> None:
    context = {"secretsmanager:ForceDeleteWithoutRecovery": frozenset({forced})} if forced else {}
    request = Request(action="dynamodb:GetItem", resource=TABLE, context=context)
    condition = {"BoolIfExists": {"secretsmanager:ForceDeleteWithoutRecovery": "false"}}
    assert allowing_statements([statement(Condition=condition)], request) == sids


def test_brackets_in_a_pattern_match_literally() -> None:
    assert allowing_statements([statement(Resource="a[b]*")], get(resource="a[b]c")) == ["S"]
    assert allowing_statements([statement(Resource="a[b]*")], get(resource="abc")) == []


def test_unknown_condition_operator_raises() -> None:
    with pytest.raises(KeyError):
        allowing_statements([statement(Condition={"IpAddress": {"aws:SourceIp": "192.0.2.1"}})], get())


def test_deny_statement_overrides_every_allow_statement() -> None:
    denying = statement(Effect="Deny", Resource="arn:aws:iam::000000000000:role/*")
    statements = [denying, statement(Resource="arn:aws:iam::*:role/*")]
    assert allowing_statements(statements, get(resource="arn:aws:iam::000000000000:role/r")) == []
    assert allowing_statements(statements, get(resource="arn:aws:iam::123456789012:role/r")) == ["S"]
    assert allowing_statements([denying], get(resource="arn:aws:iam::123456789012:role/r")) == []


def required_permissions(operation: str, service: str = "secretsmanager", **parameters: Any) -> list[tuple[str, str]]:
    account = Account(tags={SECRET: {"ai-integrations:account": "acme"}}, keys={SECRET: KEY})
    call = Call(function="api", service=service, operation=operation, parameters=parameters)
    return [(each.action, each.resource) for each in account.requests(call)]


def test_transaction_requires_a_permission_for_each_item() -> None:
    put = {"TableName": "t", "Item": {"pk": {"S": "ACCOUNT#acme"}}}
    update, delete, check = ({"TableName": "t", "Key": {"pk": {"S": "ACCOUNT#acme"}}} for _ in range(3))
    items = [{"Put": put}, {"Update": update}, {"Delete": delete}, {"ConditionCheck": check}]
    assert required_permissions("TransactWriteItems", "dynamodb", TransactItems=items) == [
        (f"dynamodb:{name}", TABLE) for name in ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
    ]


def test_create_secret_requires_tagging_and_encryption() -> None:
    actions = required_permissions("CreateSecret", Name="s/acme/1", KmsKeyId=KEY, Tags=[{"Key": "a", "Value": "b"}])
    assert actions == [
        ("secretsmanager:CreateSecret", SECRET),
        ("secretsmanager:TagResource", SECRET),
        ("kms:GenerateDataKey", KEY),
        ("kms:Decrypt", KEY),
    ]


def test_get_secret_value_requires_decryption() -> None:
    assert required_permissions("GetSecretValue", SecretId=SECRET) == [
        ("secretsmanager:GetSecretValue", SECRET),
        ("kms:Decrypt", KEY),
    ]


def test_update_secret_version_stage_requires_no_encryption() -> None:
    assert required_permissions("UpdateSecretVersionStage", SecretId=SECRET) == [
        ("secretsmanager:UpdateSecretVersionStage", SECRET)
    ]


def test_query_has_its_partition_as_leading_key() -> None:
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


OTHER_ACCOUNT = "arn:aws:iam::999999999999:role/r"


@pytest.mark.parametrize(
    ("principals", "principal", "sids"),
    [
        ("*", OTHER_ACCOUNT, ["S"]),
        ({"AWS": "*"}, OTHER_ACCOUNT, ["S"]),
        ({"AWS": "arn:aws:iam::999999999999:root"}, OTHER_ACCOUNT, ["S"]),
        ({"AWS": "arn:aws:iam::000000000000:root"}, OTHER_ACCOUNT, []),
        ({"AWS": [OTHER_ACCOUNT]}, OTHER_ACCOUNT, ["S"]),
        ({"Service": "logs.amazonaws.com"}, "logs.amazonaws.com", ["S"]),
        ({"Service": "logs.amazonaws.com"}, OTHER_ACCOUNT, []),
        ({"AWS": "arn:aws:iam::000000000000:root"}, "logs.amazonaws.com", []),
    ],
)
def test_statement_of_a_resource_policy_applies_to_the_principals_it_names(
    principals: Any, principal: str, sids: list[str]
) -> None:
    request = replace(get(), principal=principal)
    assert allowing_statements([statement(Principal=principals)], request) == sids


@pytest.mark.parametrize(("tags", "sids"), [({}, ["S"]), ({"k": "other"}, ["S"]), ({"k": "wanted"}, [])])
def test_negated_condition_passes_without_a_value(tags: dict[str, str], sids: list[str]) -> None:
    """This is why one deny statement in a key policy covers principals without tags."""
    context = {f"aws:PrincipalTag/{key}": frozenset({value}) for key, value in tags.items()}
    negated = statement(Condition={"StringNotEquals": {"aws:PrincipalTag/k": "wanted"}})
    assert allowing_statements([negated], replace(get(), context=context)) == sids


def test_event_requires_permission_for_every_source_and_type_in_the_call() -> None:
    entries = [{"EventBusName": "b", "Source": "s", "DetailType": each} for each in ("one", "two")]
    call = Call(function="f", service="events", operation="PutEvents", parameters={"Entries": entries})
    [request] = Account(tags={}, keys={}).requests(call)
    assert request.context == {"events:source": {"s"}, "events:detail-type": {"one", "two"}}
