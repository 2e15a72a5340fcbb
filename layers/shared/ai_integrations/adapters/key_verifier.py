"""Verify a key before rotation by invoking functions/verify_key, which has no AWS permissions."""

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
    """Verifies keys by invoking functions/verify_key."""

    def __init__(self, client: Callable[[], "LambdaClient"], function: str) -> None:
        """`client` creates the client on first use, because most instances of the API function verify no key."""
        self._client = client
        self._function = function

    def verify(self, integration: Integration, api_key: SecretStr) -> None:
        """Raise RuleViolationError if the provider rejects the key, KeyTestFailedError if the test did not complete."""
        request = {"integration": integration_item(integration), "api_key": api_key.get_secret_value()}
        response = self._client().invoke(FunctionName=self._function, Payload=json.dumps(request))
        if "FunctionError" in response:
            raise KeyTestFailedError
        refusal = json.load(response["Payload"])["refusal"]
        if refusal is not None:
            raise RuleViolationError(FieldError("/api_key", refusal))
