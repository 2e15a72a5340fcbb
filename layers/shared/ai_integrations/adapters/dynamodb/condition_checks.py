"""The conditions of a transaction without its writes, for dry runs."""

import re
from typing import Any

from ai_integrations.adapters.dynamodb.transactions import Action, Transactor

_KEY = ("pk", "sk")


class ConditionChecker(Transactor):
    """Checks the conditions of transactions as a Transactor does, and writes nothing."""

    def commit(self, *actions: Action) -> None:
        """Check the condition of each action that has one. Raises what a Transactor raises."""
        super().commit(*(_check(each) for each in actions if "ConditionExpression" in each.parameters))


def _check(action: Action) -> Action:
    """Build the check of an action's condition. DynamoDB rejects the names and values that only the update uses."""
    parameters = action.parameters
    expression = parameters["ConditionExpression"]
    check: dict[str, Any] = {
        "Key": parameters.get("Key") or {name: parameters["Item"][name] for name in _KEY},
        "ConditionExpression": expression,
        "ReturnValuesOnConditionCheckFailure": parameters["ReturnValuesOnConditionCheckFailure"],
    }
    placeholders = set(re.findall(r"[#:]\w+", expression))
    for kind in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        used = {name: value for name, value in parameters.get(kind, {}).items() if name in placeholders}
        check |= {kind: used} if used else {}
    return Action(operation="ConditionCheck", parameters=check, on_conflict=action.on_conflict)
