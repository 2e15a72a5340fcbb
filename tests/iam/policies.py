"""The policies of the functions' roles, as SAM generates them, with references resolved to a stack's resources."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests import sam_template
from tests.iam.evaluator import Statement, as_list

ACCOUNT, REGION = "000000000000", "us-east-1"  # of the emulator
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
}
# What an attribute adds to the ARN of its resource.
_SUFFIXES = {"Arn": "", "StreamArn": "/stream/2026-01-01T00:00:00.000"}


@dataclass(frozen=True, kw_only=True)
class Policies:
    """The policies of a stack. `arns` has the ARN of each resource, by logical id."""

    stack: str
    arns: Mapping[str, str]

    def statements(self, function: str) -> list[Statement]:
        """Resolve the statements of a function. `function` is the name of its folder."""
        return [self._resolved(statement) for statement in sam_template.role_statements(function)]

    def granted(self, function: str) -> set[tuple[str, str]]:
        """List the pairs of Sid and action that a function is granted."""
        allowing = [each for each in self.statements(function) if each["Effect"] == "Allow"]
        return {(each["Sid"], action) for each in allowing for action in as_list(each["Action"])}

    def _resolved(self, value: Any) -> Any:
        match value:
            case {"Ref": name}:
                return self._value(name)
            case {"Fn::GetAtt": [name, attribute]}:
                return self._value(f"{name}.{attribute}")
            case {"Fn::Sub": text}:
                return re.sub(r"\$\{([\w:.]+)\}", lambda match: self._value(match[1]), text)
            case dict():
                return {name: self._resolved(part) for name, part in value.items()}
            case list():
                return [self._resolved(part) for part in value]
        return value

    def _value(self, name: str) -> str:
        resource, _, attribute = name.partition(".")
        if attribute:
            return self.arns[resource] + _SUFFIXES[attribute]
        return self.stack if name == "AWS::StackName" else _PSEUDO[name]
