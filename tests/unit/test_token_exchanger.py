"""The invocation of functions/exchange_token: what each response, and each failure, means."""

import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ParamValidationError, ReadTimeoutError
from pydantic import SecretStr

from ai_integrations.adapters.dynamodb.items import integration_from_item
from ai_integrations.adapters.token_exchanger import LambdaTokenExchanger
from ai_integrations.bootstrap import aws_clients
from ai_integrations.domain.credentials import AccessToken
from ai_integrations.domain.errors import ExchangeFailedError, TokenNotIssuedError, TokenRefusedError
from tests.builders import ACCESS_TOKEN, FEDERATIONS, NOON, an_integration

INTEGRATION = an_integration(federation=FEDERATIONS["OPEN_AI"], headers={"X-Team": "billing"})
IDENTITY = {"iss": "https://issuer", "sub": "arn:role", "aud": "https://llm"}
ISSUED = {"access_token": ACCESS_TOKEN, "expires_at": (NOON + timedelta(hours=1)).isoformat(), "identity": IDENTITY}


class FakeLambda:
    """Returns a payload, or raises an error."""

    def __init__(self, payload: object = None, error: Exception | None = None, **parts: Any) -> None:
        self.requests: list[dict[str, Any]] = []
        self._response = {"Payload": io.BytesIO(json.dumps(payload).encode()), **parts}
        self._error = error

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if self._error:
            raise self._error
        return self._response


def exchange(function: FakeLambda) -> AccessToken:
    return LambdaTokenExchanger(lambda: cast("Any", function), "exchange-token:live").exchange(INTEGRATION)


def test_function_receives_the_integration_without_its_headers_and_returns_the_token() -> None:
    function = FakeLambda(ISSUED)
    token = exchange(function)
    assert token == AccessToken(SecretStr(ACCESS_TOKEN), NOON + timedelta(hours=1), IDENTITY)
    assert ACCESS_TOKEN not in repr(token)
    [request] = function.requests
    assert request["FunctionName"] == "exchange-token:live"
    assert integration_from_item(json.loads(request["Payload"])["integration"]) == replace(INTEGRATION, headers=None)


def test_refusal_of_the_function_keeps_its_reason() -> None:
    with pytest.raises(TokenRefusedError) as caught:
        exchange(FakeLambda({"refusal": "Refused.", "answer": "It returned: no."}))
    assert (caught.value.reason, caught.value.answer) == ("Refused.", "It returned: no.")


def test_outage_of_the_function_keeps_its_reason() -> None:
    with pytest.raises(TokenNotIssuedError) as caught:
        exchange(FakeLambda({"outage": "Down."}))
    assert caught.value.reason == "Down."


def aws_error(code: str, status: int) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Invoke")


class Interrupted(io.BytesIO):
    def read(self, *_: Any) -> bytes:
        raise ReadTimeoutError(endpoint_url="https://lambda.test")


@pytest.mark.parametrize(
    "response",
    [
        {"payload": ISSUED, "FunctionError": "Unhandled"},
        {"payload": {"errorMessage": ACCESS_TOKEN}, "FunctionError": "Unhandled"},
        {"error": aws_error("TooManyRequestsException", 429)},
        {"error": aws_error("ServiceException", 500)},
        {"error": ReadTimeoutError(endpoint_url="https://lambda.test")},
        {"Payload": Interrupted()},
    ],
)
def test_function_that_does_not_respond_is_an_outage(response: dict[str, Any]) -> None:
    function = FakeLambda(**response)
    with pytest.raises(ExchangeFailedError) as caught:
        exchange(function)
    assert caught.value.reason == "The function that exchanges tokens did not respond."
    assert len(function.requests) == 1


def test_fault_of_the_invocation_itself_is_no_outage() -> None:
    with pytest.raises(ParamValidationError):
        exchange(FakeLambda(error=ParamValidationError(report="fault")))


def test_client_waits_longer_than_the_function_may_take_and_invokes_it_once() -> None:
    config: Any = aws_clients.lambda_for_token_exchange().meta.config
    assert config.read_timeout > 10  # the function's timeout
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}
