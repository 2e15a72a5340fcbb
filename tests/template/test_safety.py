"""Data outlives mistakes, logs end and hold no keys, and the defaults suit production."""

import json
from typing import Any

import pytest

from tests import sam_template

RESOURCES: dict[str, Any] = sam_template.template()["Resources"]
PARAMETERS: dict[str, Any] = sam_template.template()["Parameters"]
LOG_GROUPS = sam_template.resources("AWS::Logs::LogGroup")
SETTINGS = sam_template.template()["Globals"]["Function"]
WRITES_KEYS_TO_LOGS = ("POWERTOOLS_LOGGER_LOG_EVENT", "POWERTOOLS_DEV", "POWERTOOLS_DEBUG", "TRACER")


@pytest.mark.parametrize("name", ["Table", "Key"])
def test_keeps_what_can_not_be_made_again(name: str) -> None:
    assert RESOURCES[name]["DeletionPolicy"] == "Retain"
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


def test_keeps_the_table_encrypted_recoverable_and_its_changes_readable() -> None:
    table = RESOURCES["Table"]["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"]["KMSMasterKeyId"] == {"Fn::GetAtt": ["Key", "Arn"]}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_rotates_the_encryption_key_and_takes_its_time_to_delete_it() -> None:
    key = RESOURCES["Key"]["Properties"]
    assert key["EnableKeyRotation"] is True
    assert key["PendingWindowInDays"] == 30


@pytest.mark.parametrize("name", LOG_GROUPS)
def test_ends_and_encrypts_every_log(name: str) -> None:
    properties = LOG_GROUPS[name]["Properties"]
    assert properties["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert properties["KmsKeyId"] == {"Fn::GetAtt": ["Key", "Arn"]}


def test_gives_every_function_a_log_group_of_its_own() -> None:
    used = [each["LoggingConfig"]["LogGroup"]["Ref"] for each in sam_template.functions().values()]
    assert len(used) == len(set(used))
    assert set(used) <= LOG_GROUPS.keys()


@pytest.mark.parametrize("function", sam_template.functions())
def test_sets_nothing_that_writes_keys_to_logs(function: str) -> None:
    names = sam_template.environment(function)
    assert not [name for name in names if any(part in name.upper() for part in WRITES_KEYS_TO_LOGS)]
    assert not [part for part in WRITES_KEYS_TO_LOGS if part in json.dumps(sam_template.functions()[function]).upper()]


@pytest.mark.parametrize("function", sam_template.synchronous_functions())
def test_answers_before_the_gateway_gives_up(function: str) -> None:
    assert {**SETTINGS, **sam_template.functions()[function]}["Timeout"] < 29


@pytest.mark.parametrize("function", sam_template.functions())
def test_gives_every_function_the_one_runtime_and_both_layers(function: str) -> None:
    assert not {"Runtime", "RuntimeManagementConfig", "Layers", "Handler"} & sam_template.functions()[function].keys()
    assert SETTINGS["Runtime"] == "python3.13"
    assert SETTINGS["RuntimeManagementConfig"] == {"UpdateRuntimeOn": "FunctionUpdate"}
    assert len(SETTINGS["Layers"]) == 2


def test_can_not_be_set_to_log_requests() -> None:
    assert "DEBUG" not in PARAMETERS["LogLevel"]["AllowedValues"]
    assert sam_template.environment("api")["POWERTOOLS_LOG_LEVEL"] == "INFO"


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("LogLevel", "INFO"),
        ("LogRetentionDays", 90),
        ("AllowedPrivateHosts", ""),
        ("AlarmTopicArn", ""),
        ("ConnectionTestConcurrency", 0),
        ("RecoveryWindowDays", 30),
        ("Architecture", "arm64"),
        ("DeletionProtection", "true"),
    ],
)
def test_suits_production_by_default(name: str, default: object) -> None:
    assert PARAMETERS[name]["Default"] == default


@pytest.mark.parametrize("name", PARAMETERS)
def test_explains_every_parameter_and_can_do_without(name: str) -> None:
    assert PARAMETERS[name]["Description"]
    assert "Default" in PARAMETERS[name]


def test_keeps_the_audit_of_keys_whatever_the_log_level() -> None:
    assert sam_template.functions()["credentials"]["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] == "INFO"
