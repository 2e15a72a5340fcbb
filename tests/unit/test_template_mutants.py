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
    names = [mutant.name for mutant in mutants({"Resources": {"Queue": part}})]
    assert names == [f"template.yaml Resources/Queue/{each}" for each in changes]


def test_condition_is_inverted() -> None:
    [mutant] = mutants({"Conditions": {"HasDomain": {"Fn::Equals": [{"Ref": "DomainName"}, ""]}}})
    assert mutant.value == {"Fn::Not": [{"Fn::Equals": [{"Ref": "DomainName"}, ""]}]}


def test_mutant_changes_only_its_place() -> None:
    template = {"Resources": {"Queue": {"Properties": {"Encrypted": True, "Retention": 14}}}}
    place = ("Resources", "Queue", "Properties", "Encrypted")
    assert TemplateMutant(place).apply(template) == {"Resources": {"Queue": {"Properties": {"Retention": 14}}}}
    assert TemplateMutant(place, value=False).apply(template)["Resources"]["Queue"]["Properties"]["Encrypted"] is False
    assert template["Resources"]["Queue"]["Properties"]["Encrypted"] is True


def test_mutant_changes_only_one_of_the_places_that_share_an_anchor() -> None:
    statement = {"Effect": "Allow"}
    template = {"Resources": {"Role": {"Statement": [statement]}, "OtherRole": {"Statement": [statement]}}}
    changed = TemplateMutant(("Resources", "Role", "Statement", 0, "Effect"), "Deny").apply(template)
    assert changed["Resources"]["Role"] != changed["Resources"]["OtherRole"] == template["Resources"]["OtherRole"]
