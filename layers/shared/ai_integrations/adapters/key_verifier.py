"""The trial of a key before it takes effect: by a function that may do nothing else."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import SecretStr

from ai_integrations.adapters.dynamodb.items import integration_item
from ai_integrations.domain.errors import FieldError, KeyTestFailedError, RuleViolationError
from ai_integrations.domain.model import Integration

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class KeyVerifier:
    """Has keys tried by `functions/verify_key`."""

    def __init__(self, client: Callable[[], "LambdaClient"], function: str) -> None:
        """`client` makes the client when it is first needed: most starts of a function verify nothing."""
        self._client = client
        self._function = function

    def verify(self, integration: Integration, api_key: SecretStr) -> None:
        """Raise RuleViolationError unless the provider is seen to take a key, KeyTestFailedError if nobody can tell."""
        question = {"integration": integration_item(integration), "api_key": api_key.get_secret_value()}
        answer = self._client().invoke(FunctionName=self._function, Payload=json.dumps(question))
        if "FunctionError" in answer:
            raise KeyTestFailedError
        refusal = json.load(answer["Payload"])["refusal"]
        if refusal is not None:
            raise RuleViolationError(FieldError("/api_key", refusal))
