"""The functions' policies as template.yaml declares them, with the names that a deployment fills in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests import sam_template
from tests.iam.evaluator import Statement, listed

ACCOUNT, REGION = "000000000000", "us-east-1"  # those of the emulator
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
}


@dataclass(frozen=True, kw_only=True)
class Policies:
    """The policies of a stack; `arns` has the ARN of each of its resources, by logical id."""

    stack: str
    arns: Mapping[str, str]

    def of(self, function: str) -> list[Statement]:
        """Return the statements of a function, by the name of its folder."""
        return [
            self._resolved(statement)
            for policy in sam_template.functions()[function].get("Policies", [])
            for statement in policy["Statement"]
        ]

    def granted(self, function: str) -> set[tuple[str, str]]:
        """Return what a function is granted: pairs of Sid and action."""
        return {(each["Sid"], action) for each in self.of(function) for action in listed(each["Action"])}

    def _resolved(self, value: Any) -> Any:
        match value:
            case {"Ref": name}:
                return self._named(name)
            case {"Fn::GetAtt": [name, "Arn"]}:
                return self.arns[name]
            case {"Fn::Sub": text}:
                return re.sub(r"\$\{([\w:.]+)\}", lambda found: self._named(found[1]), text)
            case dict():
                return {name: self._resolved(part) for name, part in value.items()}
            case list():
                return [self._resolved(part) for part in value]
        return value

    def _named(self, name: str) -> str:
        resource, _, attribute = name.partition(".")
        if attribute == "Arn":
            return self.arns[resource]
        return self.stack if name == "AWS::StackName" else _PSEUDO[name]
