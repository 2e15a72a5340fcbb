"""Data protection: data outlives mistakes, logs expire and contain no keys, and the defaults suit production."""

import json
import re
from copy import deepcopy
from typing import Any

import pytest

from tests import sam_template
from tests.builders import ROOT

RESOURCES: dict[str, Any] = sam_template.template()["Resources"]
PARAMETERS: dict[str, Any] = sam_template.template()["Parameters"]
LOG_GROUPS = sam_template.resources("AWS::Logs::LogGroup")
SETTINGS = sam_template.template()["Globals"]["Function"]
ENCRYPTION = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
WRITES_KEYS_TO_LOGS = ("POWERTOOLS_LOGGER_LOG_EVENT", "POWERTOOLS_DEV", "POWERTOOLS_DEBUG", "TRACER")
# With these, Powertools logs whole events, and botocore whole requests.
WRITES_KEYS_IN_CODE = re.compile(r"log_event|set_stream_logger|\bDEBUG\b")


@pytest.mark.parametrize("name", ["Table", "Key", "FingerprintKey"])
def test_irreplaceable_resource_keeps_its_id_and_outlives_the_stack(name: str) -> None:
    """CloudFormation replaces a resource whose logical id changes."""
    assert RESOURCES[name]["DeletionPolicy"] == "Retain"
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


def test_table_is_encrypted_recoverable_and_streams_both_images() -> None:
    table = RESOURCES["Table"]["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    key = {"Fn::GetAtt": ["Key", "Arn"]}
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_table_has_a_partition_key_and_a_sort_key() -> None:
    table = sam_template.table("table")
    assert table["AttributeDefinitions"] == [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]


def test_table_with_default_parameters_rejects_deletion() -> None:
    assert RESOURCES["Table"]["Properties"]["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert PARAMETERS["DeletionProtection"]["Default"] == "true"


def test_encryption_key_rotates_and_can_be_recovered_for_thirty_days() -> None:
    assert RESOURCES["Key"]["Properties"]["EnableKeyRotation"] is True
    assert all(RESOURCES[name]["Properties"]["PendingWindowInDays"] == 30 for name in ("Key", "FingerprintKey"))


def test_encryption_key_has_an_alias_with_the_name_of_the_stack() -> None:
    alias = {"AliasName": {"Fn::Sub": "alias/${AWS::StackName}"}, "TargetKeyId": {"Ref": "Key"}}
    assert RESOURCES["KeyAlias"]["Properties"] == alias


def key_statements(name: str) -> dict[str, Any]:
    """List the statements of a KMS key's policy by their Sid."""
    policy = RESOURCES[name]["Properties"]["KeyPolicy"]
    assert policy["Version"] == "2012-10-17"
    return {each.pop("Sid"): each for each in deepcopy(policy["Statement"])}


@pytest.mark.parametrize(
    ("name", "sids"),
    [
        ("Key", ["DelegateAccessToIam", "DenyOtherReaders", "EncryptTable", "EncryptLogs"]),
        ("FingerprintKey", ["DelegateAccessToIam", "DenyOtherFingerprints"]),
    ],
)
def test_key_leaves_access_to_the_policies_of_this_account(name: str, sids: list[str]) -> None:
    statements = key_statements(name)
    assert list(statements) == sids
    account = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    assert statements["DelegateAccessToIam"] == {
        "Effect": "Allow",
        "Principal": {"AWS": account},
        "Action": "kms:*",
        "Resource": "*",
    }


def test_other_accounts_cannot_use_the_encryption_key_and_this_one_only_through_dynamodb() -> None:
    assert key_statements("Key")["EncryptTable"] == {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [*ENCRYPTION, "kms:CreateGrant"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": {"Ref": "AWS::AccountId"},
                "kms:ViaService": {"Fn::Sub": "dynamodb.${AWS::Region}.${AWS::URLSuffix}"},
            }
        },
    }


def test_cloudwatch_logs_uses_the_encryption_key_for_log_groups_of_this_stack_only() -> None:
    groups = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/${AWS::StackName}/*"
    assert key_statements("Key")["EncryptLogs"] == {
        "Effect": "Allow",
        "Principal": {"Service": {"Fn::Sub": "logs.${AWS::Region}.${AWS::URLSuffix}"}},
        "Action": ENCRYPTION,
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": {"Fn::Sub": groups}}},
    }
    assert all(
        each["Properties"]["LogGroupName"]["Fn::Sub"].startswith("/${AWS::StackName}/") for each in LOG_GROUPS.values()
    )


def test_fingerprint_key_computes_authentication_codes_only() -> None:
    key = RESOURCES["FingerprintKey"]["Properties"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("HMAC_256", "GENERATE_VERIFY_MAC")


@pytest.mark.parametrize("function", ["api", "provision", "custom_resource", "publish_changes", "sweep"])
def test_deletion_with_default_parameters_has_the_longest_recovery_window(function: str) -> None:
    assert sam_template.environment(function)["RECOVERY_WINDOW_DAYS"] == str(
        PARAMETERS["RecoveryWindowDays"]["MaxValue"]
    )


def test_recovery_window_is_7_to_30_days() -> None:
    window = PARAMETERS["RecoveryWindowDays"]
    assert (window["MinValue"], window["MaxValue"]) == (7, 30)


@pytest.mark.parametrize("function", ["api", "provision", "custom_resource", "test_connection", "verify_key"])
def test_private_hosts_with_default_parameters_are_not_allowed(function: str) -> None:
    assert sam_template.environment(function)["ALLOWED_PRIVATE_HOSTS"] == ""


@pytest.mark.parametrize("name", LOG_GROUPS)
def test_log_group_expires_and_is_encrypted(name: str) -> None:
    properties = LOG_GROUPS[name]["Properties"]
    assert properties["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert properties["KmsKeyId"] == {"Fn::GetAtt": ["Key", "Arn"]}


def test_each_function_has_a_log_group_of_its_own() -> None:
    used = [each["LoggingConfig"]["LogGroup"]["Ref"] for each in sam_template.functions().values()]
    assert len(used) == len(set(used))
    assert set(used) <= LOG_GROUPS.keys()


@pytest.mark.parametrize("function", sam_template.functions())
def test_no_variable_makes_a_function_log_keys(function: str) -> None:
    names = sam_template.environment(function)
    assert not [name for name in names if any(part in name.upper() for part in WRITES_KEYS_TO_LOGS)]
    assert not [part for part in WRITES_KEYS_TO_LOGS if part in json.dumps(sam_template.functions()[function]).upper()]


def test_no_code_logs_whole_events_or_requests_of_an_sdk() -> None:
    sources = [path for name in ("functions", "layers") for path in (ROOT / name).rglob("*.py")]
    assert len(sources) > 100
    assert [path for path in sources if WRITES_KEYS_IN_CODE.search(path.read_text())] == []


@pytest.mark.parametrize(
    "code", ["@logger.inject_lambda_context(log_event=True)", 'boto3.set_stream_logger("")', "level=logging.DEBUG"]
)
def test_search_finds_code_that_logs_whole_events_or_requests(code: str) -> None:
    assert WRITES_KEYS_IN_CODE.search(code)


def test_log_level_cannot_be_debug_and_is_info_by_default() -> None:
    assert "DEBUG" not in PARAMETERS["LogLevel"]["AllowedValues"]
    assert sam_template.environment("api")["POWERTOOLS_LOG_LEVEL"] == "INFO"


def test_sweep_removes_at_most_twenty_secrets_by_default() -> None:
    assert PARAMETERS["SweepRemovalLimit"]["Default"] == 20


@pytest.mark.parametrize("function", sam_template.synchronous_functions())
def test_synchronous_function_times_out_before_the_gateway(function: str) -> None:
    assert {**SETTINGS, **sam_template.functions()[function]}["Timeout"] < 29


def test_only_some_functions_have_a_timeout_of_their_own() -> None:
    """The sweep has the longest that Lambda allows. It does as much as fits into one run."""
    own = {name: each["Timeout"] for name, each in sam_template.functions().items() if "Timeout" in each}
    assert own == {"authorizer": 10, "custom_resource": 60, "exchange_token": 10, "sweep": 900}


def test_only_functions_that_connect_to_providers_have_reserved_concurrency() -> None:
    name = "ConnectionTestConcurrency"
    reserved = {"Fn::If": [f"Reserves{name}", {"Ref": name}, {"Ref": "AWS::NoValue"}]}
    own = {name: each.get("ReservedConcurrentExecutions") for name, each in sam_template.functions().items()}
    assert {name: each for name, each in own.items() if each} == dict.fromkeys(
        ["test_connection", "verify_key", "exchange_token"], reserved
    )


SHARED_SETTINGS = {
    "Runtime": "python3.13",
    "RuntimeManagementConfig": {"UpdateRuntimeOn": "FunctionUpdate"},
    "Architectures": [{"Ref": "Architecture"}],
    "Handler": "handler.lambda_handler",
    "MemorySize": 512,
    "Timeout": 25,
    "Tracing": "Active",
    "Layers": [{"Ref": "DependenciesLayer"}, {"Ref": "SharedLayer"}],
}


def test_functions_share_all_settings_except_the_timeout() -> None:
    assert {name: value for name, value in SETTINGS.items() if name != "Environment"} == SHARED_SETTINGS
    own = {name for each in sam_template.functions().values() for name in each}
    assert own & SHARED_SETTINGS.keys() == {"Timeout"}


def test_log_groups_of_the_audit_outlive_the_stack() -> None:
    """The documents name them. A failed deployment retains none, so that the next one can create it."""
    audit = (ROOT / "docs" / "operations.md").read_text().partition("## Audit")[2]
    named = set(re.findall(r"`/<stack>/([\w-]+)`", audit))
    groups = sam_template.resources("AWS::Logs::LogGroup").values()
    retained = {
        each["Properties"]["LogGroupName"]["Fn::Sub"].rpartition("/")[2] for each in groups if "DeletionPolicy" in each
    }
    assert retained == named
    deletion = re.search(r"for group in ([a-z -]+); do", (ROOT / "docs" / "deploy.md").read_text())
    assert deletion
    assert set(deletion[1].split()) == named
    assert {each.get("DeletionPolicy", "RetainExceptOnCreate") for each in groups} == {"RetainExceptOnCreate"}
    assert {each["UpdateReplacePolicy"] for each in groups if "DeletionPolicy" in each} == {"Retain"}


def test_retained_log_group_is_created_once() -> None:
    """With a condition, the group would be retained when the condition ends, and could not be created again."""
    groups = sam_template.resources("AWS::Logs::LogGroup").values()
    assert not [each for each in groups if "DeletionPolicy" in each and "Condition" in each]
