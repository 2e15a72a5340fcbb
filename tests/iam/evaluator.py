"""Evaluate which statements of a policy allow a request. A request that none allows, or that one denies, is denied."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

Statement = Mapping[str, Any]
Values = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One action on one resource. `context` has the condition keys that AWS sets for the call.

    `principal` is the ARN of a role or user, or the name of an AWS service. Only resource policies name principals.
    """

    action: str
    resource: str
    principal: str = ""
    context: Mapping[str, Values] = field(default_factory=dict)

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={sorted(values)}" for name, values in sorted(self.context.items()))
        return f"{self.action} on {self.resource} ({facts})"


def allowing_statements(statements: Iterable[Statement], request: Request) -> list[str]:
    """List the Sids of the statements that allow a request; none if a statement denies it."""
    matching = [each for each in statements if _matches(each, request)]
    is_denied = any(each["Effect"] == "Deny" for each in matching)
    return [] if is_denied else [each["Sid"] for each in matching]


def as_list(value: Any) -> list[Any]:
    """Wrap a single value in a list, as IAM accepts either."""
    return value if isinstance(value, list) else [value]


def _matches(statement: Statement, request: Request) -> bool:
    return (
        _names(statement.get("Principal", "*"), request.principal)
        and any(fnmatchcase(request.action, pattern) for pattern in as_list(statement["Action"]))
        and any(_like(request.resource, pattern) for pattern in as_list(statement["Resource"]))
        and all(_is_met(operator, wanted, request.context) for operator, wanted in _conditions(statement))
    )


def _names(principals: Any, principal: str) -> bool:
    """Check whether a statement names a principal. The root of an AWS account stands for all principals in it."""
    if principals == "*":
        return True
    account = principal.split(":")[4] if principal.startswith("arn:") else None
    named = as_list(principals.get("AWS", [])) + as_list(principals.get("Service", []))
    return bool({"*", principal} & set(named)) or any(each.endswith(f":{account}:root") for each in named)


def _conditions(statement: Statement) -> list[tuple[str, Mapping[str, Any]]]:
    return list(statement.get("Condition", {}).items())


def _is_met(operator: str, wanted: Mapping[str, Any], context: Mapping[str, Values]) -> bool:
    test = _OPERATORS[operator]
    return all(test(context.get(name, frozenset()), as_list(patterns)) for name, patterns in wanted.items())


def _one_like(values: Values, patterns: list[str]) -> bool:
    return len(values) == 1 and _all_like(values, patterns)


def _all_like(values: Values, patterns: list[str]) -> bool:
    return all(any(_like(value, pattern) for pattern in patterns) for value in values)


def _one_equal(values: Values, wanted: list[str]) -> bool:
    return len(values) == 1 and values <= set(wanted)


def _all_equal(values: Values, wanted: list[str]) -> bool:
    return values <= set(wanted)


def _equal_if_present(values: Values, wanted: list[str]) -> bool:
    return not values or _one_equal(values, wanted)


def _differs(values: Values, wanted: list[str]) -> bool:
    return not _one_equal(values, wanted)


def _at_most(values: Values, wanted: list[Any]) -> bool:
    return len(values) == 1 and all(int(value) <= int(limit) for value in values for limit in wanted)


def _is_absent(values: Values, wanted: list[str]) -> bool:
    return [("false", "true")[not values]] == wanted


def _like(value: str, pattern: str) -> bool:
    # IAM supports only the wildcards * and ?, so brackets must match literally.
    return fnmatchcase(value, pattern.replace("[", "[[]"))


_OPERATORS: Mapping[str, Callable[[Values, list[str]], bool]] = {
    "ArnLike": _one_like,
    "BoolIfExists": _equal_if_present,
    "ForAllValues:StringEquals": _all_equal,
    "ForAllValues:StringLike": _all_like,
    "Null": _is_absent,
    "NumericLessThanEquals": _at_most,
    "StringEquals": _one_equal,
    "StringLike": _one_like,
    "StringNotEquals": _differs,
}
