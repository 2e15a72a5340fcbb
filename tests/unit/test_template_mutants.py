"""The mutants of template.yaml: which changes are tried."""

from typing import Any

import pytest
from tools.mutants.template import TemplateMutant, mutants

STATEMENT = {"Sid": "ReadItems", "Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": {"Ref": "Table"}}


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ({"Enabled": True}, ["Enabled: removed", "Enabled: -> False"]),
        ({"Retries": 3}, ["Retries: removed", "Retries: -> 4"]),
        ({"Name": "live"}, ["Name: removed", "Name: -> 'live-changed'"]),
        ({"Description": "text", "Type": "AWS::SQS::Queue"}, []),
        ({"Key": {"Ref": "Key"}}, ["Key: removed"]),
        (
            {"Roles": {"Fn::If": ["HasRoles", {"Ref": "Roles"}, {"Ref": "AWS::NoValue"}]}},
            ["Roles: removed", "Roles: -> {'Ref': 'Roles'}"],
        ),
        (
            {"Statement": [STATEMENT]},
            [
                "Statement/0: removed",
                "Statement/0/Action/0: removed",
                "Statement/0/Action/0: -> 'dynamodb:*'",
                "Statement/0/Resource: -> '*'",
            ],
        ),
        (
            {"Condition": {"StringEquals": {"kms:CallerAccount": {"Ref": "AWS::AccountId"}}}},
            [
                "Condition: removed",
                "Condition/StringEquals: removed",
                "Condition/StringEquals/kms:CallerAccount: removed",
            ],
        ),
    ],
)
def test_every_grant_condition_and_value_is_changed(part: dict[str, Any], changes: list[str]) -> None:
    names = [mutant.name for mutant in mutants({"Resource1": part})]
    assert names == [f"template.yaml Resource1/{each}" for each in changes]


def test_mutant_changes_only_its_place() -> None:
    template = {"Resources": {"Queue": {"Properties": {"Encrypted": True, "Retention": 14}}}}
    place = ("Queue", "Properties", "Encrypted")
    assert TemplateMutant(place).apply(template) == {"Resources": {"Queue": {"Properties": {"Retention": 14}}}}
    assert TemplateMutant(place, value=False).apply(template)["Resources"]["Queue"]["Properties"]["Encrypted"] is False
    assert template["Resources"]["Queue"]["Properties"]["Encrypted"] is True
