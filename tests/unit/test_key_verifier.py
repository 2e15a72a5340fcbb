"""The invocation of functions/verify_key, and what its response means for the rotation."""

import json
from io import BytesIO
from typing import Any, cast

import pytest
from pydantic import SecretStr

from ai_integrations.adapters.dynamodb.items import integration_item
from ai_integrations.adapters.key_verifier import KeyVerifier
from ai_integrations.domain.errors import FieldError, KeyTestFailedError, RuleViolationError
from tests.builders import API_KEY, an_integration


class FakeLambda:
    """Returns one response, and records the invocations."""

    def __init__(self, payload: dict[str, Any], **response: Any) -> None:
        self._response = {"Payload": BytesIO(json.dumps(payload).encode()), **response}
        self.invocations: list[dict[str, Any]] = []

    def invoke(self, **invocation: Any) -> dict[str, Any]:
        self.invocations.append(invocation)
        return self._response


def verify(client: FakeLambda) -> None:
    KeyVerifier(lambda: cast("Any", client), "verify-key").verify(an_integration(), SecretStr(API_KEY))


def test_accepted_key_is_sent_to_the_function_with_its_integration() -> None:
    client = FakeLambda({"refusal": None})
    verify(client)
    [invocation] = client.invocations
    sent = {"integration": integration_item(an_integration()), "api_key": API_KEY}
    assert json.loads(invocation.pop("Payload")) == sent
    assert invocation == {"FunctionName": "verify-key"}


def test_rejected_key_is_reported_at_its_field() -> None:
    with pytest.raises(RuleViolationError) as error:
        verify(FakeLambda({"refusal": "The provider rejected the key."}))
    assert error.value.errors == (FieldError("/api_key", "The provider rejected the key."),)


def test_failed_function_verifies_no_key() -> None:
    with pytest.raises(KeyTestFailedError):
        verify(FakeLambda({"errorMessage": "Task timed out"}, FunctionError="Unhandled"))
