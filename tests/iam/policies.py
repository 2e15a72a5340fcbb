"""The policies of the functions' roles, as SAM generates them, with references resolved to a stack's resources."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.local.deployment import PARAMETERS

from tests import sam_template
from tests.iam.evaluator import Statement, Values, as_list

ACCOUNT, REGION = "000000000000", "us-east-1"  # of the emulator
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
}
_PARAMETERS = {"FederationAudiences": PARAMETERS["FederationAudiences"].split(",")}


@dataclass(frozen=True, kw_only=True)
class Policies:
    """The policies of a stack. `arns` has the ARN of each resource, by logical id."""

    stack: str
    arns: Mapping[str, str]

    def statements(self, function: str) -> list[Statement]:
        """Resolve the statements of a function. `function` is the name of its folder."""
        return [self._resolved(statement) for statement in sam_template.role_statements(function)]

    def key_statements(self, key: str) -> list[Statement]:
        """Resolve the key policy's statements for the KMS key with this ARN; none for a key of another stack."""
        keys = sam_template.resources("AWS::KMS::Key")
        policies = [each["Properties"]["KeyPolicy"] for name, each in keys.items() if self.arns[name] == key]
        return [self._resolved(statement) for policy in policies for statement in policy["Statement"]]

    def principal_tags(self, function: str) -> dict[str, Values]:
        """Build the condition keys for the tags of a function's role."""
        tags = self._resolved(sam_template.roles()[function].get("Tags", []))
        return {f"aws:PrincipalTag/{tag['Key']}": frozenset({tag["Value"]}) for tag in tags}

    def granted(self, function: str) -> set[tuple[str, str]]:
        """List the pairs of Sid and action that a function is granted."""
        allowing = [each for each in self.statements(function) if each["Effect"] == "Allow"]
        return {(each["Sid"], action) for each in allowing for action in as_list(each["Action"])}

    def _resolved(self, value: Any) -> Any:
        match value:
            case {"Ref": name}:
                return _PARAMETERS.get(name) or self._value(name)
            case {"Fn::GetAtt": [name, "Arn"]}:
                return self.arns[name]
            case {"Fn::Sub": text}:
                return re.sub(r"\$\{([\w:.]+)\}", lambda match: self._value(match[1]), text)
            case dict():
                return {name: self._resolved(part) for name, part in value.items()}
            case list():
                return [self._resolved(part) for part in value]
        return value

    def _value(self, name: str) -> str:
        resource, _, attribute = name.partition(".")
        if attribute == "Arn":
            return self.arns[resource]
        return self.stack if name == "AWS::StackName" else _PSEUDO[name]
