"""Describe the permissions of every role, as AWS SAM transforms the template: docs/permissions.md."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests import sam_template
from tests.builders import ROOT
from tests.iam.evaluator import Statement, as_list
from tests.iam.report import FOR_LAMBDA, UNUSED

PATH = ROOT / "docs" / "permissions.md"
_INTRODUCTION = """\
# Permissions

What each role of the stack may do after AWS SAM has transformed `template.yaml`. `make permissions`
writes this page. It then uses every feature of a local stack, and checks that no call lacks a
permission and that functions use those that the last column assigns to them. "Lambda" and "AWS" are
services that use a role themselves.

Words such as `Table` are resources of the template. A request must meet all conditions of a
statement.
"""
_PSEUDO_PARAMETERS = {
    "arn:${AWS::Partition}:": "",
    "${AWS::AccountId}": "<account>",
    "${AWS::Region}": "<region>",
    "${AWS::StackName}": "<stack>",
    "${AWS::URLSuffix}": "<domain of AWS>",
}
_MAX_VALUES = 4
_NOTES = {
    "api": """\
`api` cannot read keys, because it lacks `secretsmanager:GetSecretValue`. Secrets Manager uses the
KMS key on behalf of its caller, who needs `kms:Decrypt` for two requests: [to create a
secret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html), and
[to compare the value](https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html)
of `PutSecretValue` with a version that exists.
""",
}


def document() -> str:
    """Build the page: one table for each role."""
    of_functions = sam_template.roles()
    every = sam_template.of_type(sam_template.processed(GradualDeployment="Canary10Percent5Minutes"), "AWS::IAM::Role")
    properties = {name: role["Properties"] for name, role in every.items()}
    others = {name: role for name, role in properties.items() if role not in of_functions.values()}
    sections = [_section(name, role) for name, role in (of_functions | others).items()]
    return "\n".join([_INTRODUCTION, *sections])


def _section(name: str, role: Mapping[str, Any]) -> str:
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    lines = [f"## `{name}`", "", f"Assumed by `{trust['Principal']['Service']}`.", ""]
    for arn in role.get("ManagedPolicyArns", []):
        lines += [f"Managed policy: `{_text(arn).rpartition('/')[2]}`.", ""]
    statements = [
        sam_template.switched_on(each)
        for policy in role.get("Policies", [])
        for each in policy["PolicyDocument"]["Statement"]
    ]
    if statements:
        lines += ["| statement | actions | resources | conditions | used by |", "|---|---|---|---|---|"]
        lines += [_row(name, each) for each in statements]
        lines += [""]
        lines += [line for each in statements for line in _long_lists(each)]
    if name in _NOTES:
        lines += [_NOTES[name]]
    return "\n".join(lines)


def _row(role: str, statement: Statement) -> str:
    sid = f"{statement['Sid']} (deny)" if statement["Effect"] == "Deny" else statement["Sid"]
    cells = [
        sid,
        ", ".join(f"`{each}`" for each in as_list(statement["Action"])),
        ", ".join(f"`{_text(sam_template.switched_on(each))}`" for each in as_list(statement["Resource"])),
        "; ".join(_conditions(statement.get("Condition", {}))),
        _user(role, statement),
    ]
    return f"| {' | '.join(cells)} |"


def _conditions(conditions: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    compared = {key for operator, keys in conditions.items() if operator != "Null" for key in keys}
    for operator, keys in conditions.items():
        for key, wanted in keys.items():
            if operator != "Null":
                relation = "is at most" if operator == "NumericLessThanEquals" else "is"
                yield f"`{key}` {relation} {_values(as_list(wanted))}"
            elif key not in compared:
                yield f"`{key}` {'absent' if wanted == 'true' else 'present'}"


def _values(values: list[Any]) -> str:
    if len(values) > _MAX_VALUES:
        return f"one of {len(values)} values, listed below"
    return " or ".join(f"`{_text(each)}`" for each in values)


def _long_lists(statement: Statement) -> Iterator[str]:
    """List the values of conditions that are too many for a table cell."""
    for keys in statement.get("Condition", {}).values():
        for key, wanted in keys.items():
            if len(as_list(wanted)) > _MAX_VALUES:
                yield from (f"`{key}` of `{statement['Sid']}` is one of:", "")
                yield from (f"- `{_text(each)}`" for each in wanted)
                yield ""


def _user(role: str, statement: Statement) -> str:
    if statement["Effect"] == "Deny":
        return ""
    if role not in sam_template.functions():
        return "AWS"
    if statement["Sid"] in FOR_LAMBDA:
        return "Lambda"
    rare = {action: reason for (name, sid, action), reason in UNUSED.items() if (name, sid) == (role, statement["Sid"])}
    reasons = {reason: [action for action in rare if rare[action] == reason] for reason in rare.values()}
    notes = [f"{', '.join(each.partition(':')[2] for each in actions)} {reason}" for reason, actions in reasons.items()]
    return "; ".join(["function", *notes])


def _text(value: Any) -> str:
    """Render a reference by its logical id, and a text without the parts that all ARNs share."""
    match value:
        case {"Ref": name}:
            text = f"${{{name}}}" if name.startswith("AWS::") else name
        case {"Fn::GetAtt": [name, _]}:
            text = name
        case {"Fn::Sub": text}:
            pass
        case _:
            text = str(value)
    for long, short in _PSEUDO_PARAMETERS.items():
        text = text.replace(long, short)
    return re.sub(r"\$\{(\w+)\.Arn\}", r"\1", text)
