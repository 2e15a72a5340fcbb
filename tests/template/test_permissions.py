"""What each function may do: exactly what it needs. "Write-only" is enforced here, not by care."""

from typing import Any

import pytest

from ai_integrations.adapters.dynamodb.items import integration_item
from tests import declared
from tests.builders import an_integration

Statement = dict[str, Any]

REFER_TO_SECRETS = {
    "dynamodb:BatchGetItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "secretsmanager:DescribeSecret",
}
WRITE_KEYS = {
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:PutSecretValue",
    "secretsmanager:RestoreSecret",
    "secretsmanager:TagResource",
    "secretsmanager:UpdateSecretVersionStage",
}
READ_KEYS = {
    "kms:Decrypt",
    "kms:GenerateMac",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "sts:AssumeRole",
}
KEEP_RECORDS = {"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}

ALLOWED = {
    "api": REFER_TO_SECRETS | WRITE_KEYS | {"dynamodb:Query", "lambda:InvokeFunction"},
    "authorizer": {"dynamodb:GetItem"},
    "provision": REFER_TO_SECRETS | {"events:PutEvents", "sqs:ChangeMessageVisibility"},
    "publish_changes": {
        "dynamodb:GetItem",
        "events:PutEvents",
        "secretsmanager:DeleteSecret",
        "secretsmanager:DescribeSecret",
        "secretsmanager:RestoreSecret",
        "secretsmanager:UpdateSecretVersionStage",
        "sqs:SendMessage",
    },
    "custom_resource": REFER_TO_SECRETS,
    "credentials": READ_KEYS | {"dynamodb:GetItem", "dynamodb:Query"},
    "test_connection": READ_KEYS | {"dynamodb:GetItem", "dynamodb:UpdateItem"},
    "verify_key": set(),
    "access_keys": KEEP_RECORDS,
    "spaces": KEEP_RECORDS,
    "sweep": {
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Scan",
        "events:PutEvents",
        "secretsmanager:DeleteSecret",
        "secretsmanager:DescribeSecret",
        "secretsmanager:ListSecrets",
        "secretsmanager:RestoreSecret",
        "secretsmanager:UpdateSecretVersionStage",
    },
}
PARTITIONS = {
    "api": {"ACCOUNT#*", "SPACES#*"},
    "authorizer": {"ACCESSKEY#*"},
    "provision": {"ACCOUNT#*", "SPACES#*"},
    "publish_changes": {"ACCOUNT#*"},
    "custom_resource": {"ACCOUNT#*", "SPACES#*"},
    "credentials": {"ACCOUNT#*", "SPACES#*"},
    "test_connection": {"ACCOUNT#*"},
    "access_keys": {"ACCESSKEY#*", "ACCESSKEYS#*"},
    "spaces": {"SPACES#*"},
    "sweep": {"ACCOUNT#*", "SWEEP"},
}
# What AWS can not limit to partitions or to secrets; each stands in a statement of its own.
UNLIMITED = {"dynamodb:Scan", "secretsmanager:ListSecrets"}
# The functions whose purpose is to read provider keys.
READERS = {"credentials", "test_connection"}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(function: str) -> list[Statement]:
    policies = declared.functions()[function].get("Policies", [])
    assert all(isinstance(policy, dict) and "Statement" in policy for policy in policies), (
        "ready-made policies grant more"
    )
    return [statement for policy in policies for statement in policy["Statement"]]


def actions(statement: Statement) -> list[str]:
    return listed(statement["Action"])


ALL = [(function, statement) for function in declared.functions() for statement in statements(function)]
EVERY = [(function, statement) for function, statement in ALL if not set(actions(statement)) & UNLIMITED]


def on(service: str) -> list[tuple[str, Statement]]:
    """Return the statements about one service."""
    return [(function, each) for function, each in EVERY if any(a.startswith(f"{service}:") for a in actions(each))]


@pytest.mark.parametrize("function", declared.functions())
def test_allows_exactly_what_a_function_needs(function: str) -> None:
    assert {action for each in statements(function) for action in actions(each)} == ALLOWED[function]


def test_lets_the_sweep_alone_look_at_everything() -> None:
    unlimited = [(function, actions(each)) for function, each in ALL if set(actions(each)) & UNLIMITED]
    assert unlimited == [("sweep", ["dynamodb:Scan"]), ("sweep", ["secretsmanager:ListSecrets"])]


@pytest.mark.parametrize(("_function", "statement"), EVERY)
def test_names_each_action_and_each_resource(_function: str, statement: Statement) -> None:
    assert statement["Effect"] == "Allow"
    assert statement["Sid"].isalnum()
    assert all("*" not in action for action in actions(statement))
    assert "*" not in listed(statement["Resource"])


@pytest.mark.parametrize(("function", "statement"), EVERY)
def test_lets_nobody_read_a_provider_key_whose_purpose_it_is_not(function: str, statement: Statement) -> None:
    reads = {"secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue"} & set(actions(statement))
    assert not reads or function in READERS


@pytest.mark.parametrize(("function", "statement"), on("dynamodb"))
def test_keeps_a_function_in_its_own_partitions_of_the_table(function: str, statement: Statement) -> None:
    condition = statement["Condition"]
    assert set(condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]) <= PARTITIONS[function]
    # Without this, a call that names no key at all, such as a scan, would meet the condition.
    assert condition["Null"]["dynamodb:LeadingKeys"] == "false"


@pytest.mark.parametrize(("_function", "statement"), on("dynamodb"))
def test_grants_one_kind_of_partition_at_a_time(_function: str, statement: Statement) -> None:
    """So that no action reaches one kind for another's sake."""
    assert len(statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]) == 1


def test_lets_the_test_of_a_connection_write_nothing_of_an_integration() -> None:
    [write] = [each for each in statements("test_connection") if actions(each) == ["dynamodb:UpdateItem"]]
    written = set(write["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"]) - {"pk", "sk"}
    assert written == {"health", "checks"}
    assert not written & integration_item(an_integration()).keys()
    assert write["Condition"]["Null"]["dynamodb:Attributes"] == "false"


ENCRYPTION = [each for each in on("kms") if actions(each[1]) != ["kms:GenerateMac"]]


def test_lets_nobody_make_fingerprints_who_does_not_read_keys_anyway() -> None:
    macs = {function for function, each in on("kms") if "kms:GenerateMac" in actions(each)}
    assert macs == READERS
    key = declared.template()["Resources"]["FingerprintKey"]["Properties"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("HMAC_256", "GENERATE_VERIFY_MAC")


def test_serves_connection_tests_apart_from_what_writes_keys() -> None:
    """Whoever writes where keys are sent can not have a stored one sent there."""
    [(function, statement)] = on("lambda")
    assert (function, statement["Resource"]) == ("api", {"Fn::Sub": "${VerifyKeyFunction.Arn}:live"})
    assert statements("verify_key") == []


@pytest.mark.parametrize(("function", "statement"), ENCRYPTION)
def test_lends_the_encryption_key_only_through_secrets_manager(function: str, statement: Statement) -> None:
    via = {"Fn::Sub": "secretsmanager.${AWS::Region}.amazonaws.com"}
    assert statement["Condition"]["StringEquals"]["kms:ViaService"] == via
    # A secret that is only referred to may be encrypted with a key of its owner's.
    assert statement["Resource"] == {"Fn::GetAtt": ["Key", "Arn"]} or function in READERS


SECRETS = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
TAGGED = {"Null": {"secretsmanager:ResourceTag/ai-integrations:account": "false"}}


@pytest.mark.parametrize(("_function", "statement"), on("secretsmanager"))
def test_keeps_secrets_out_of_reach_that_are_not_meant_for_the_service(_function: str, statement: Statement) -> None:
    own = {"Fn::Sub": SECRETS + "${AWS::StackName}/*"}
    assert statement["Resource"] == own or statement.get("Condition") == TAGGED


@pytest.mark.parametrize(("_function", "statement"), on("secretsmanager"))
def test_changes_nothing_about_secrets_of_others(_function: str, statement: Statement) -> None:
    own = {"Fn::Sub": SECRETS + "${AWS::StackName}/*"}
    reads = {"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}
    assert statement["Resource"] == own or set(actions(statement)) <= reads


@pytest.mark.parametrize("function", ["publish_changes", "sweep"])
def test_leaves_a_way_back_from_what_is_deleted_without_anybody_asking(function: str) -> None:
    [deleting] = [each for each in statements(function) if "secretsmanager:DeleteSecret" in actions(each)]
    assert deleting["Condition"]["BoolIfExists"] == {"secretsmanager:ForceDeleteWithoutRecovery": "false"}
