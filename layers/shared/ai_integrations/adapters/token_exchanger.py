"""Exchange tokens by invoking functions/exchange_token, the only function that gets identity tokens."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from ai_integrations.adapters.aws_failures import may_succeed_later
from ai_integrations.adapters.dynamodb.items import integration_item
from ai_integrations.domain.credentials import AccessToken
from ai_integrations.domain.errors import ExchangeFailedError, TokenNotIssuedError, TokenRefusedError
from ai_integrations.domain.model import Integration

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_NO_RESPONSE = "The function that exchanges tokens did not respond."


class LambdaTokenExchanger:
    """Exchanges tokens by invoking functions/exchange_token."""

    def __init__(self, client: Callable[[], "LambdaClient"], function: str) -> None:
        """`client` creates the client on first use, because most integrations have a key."""
        self._client = client
        self._function = function

    def exchange(self, integration: Integration) -> AccessToken:
        """Get a new access token. Raise TokenRefusedError, TokenNotIssuedError or ExchangeFailedError if that fails."""
        response = self._invoke(integration)
        if "refusal" in response:
            raise TokenRefusedError(response["refusal"], response["answer"])
        if "outage" in response:
            raise TokenNotIssuedError(response["outage"])
        return AccessToken(
            value=SecretStr(response["access_token"]),
            expires_at=datetime.fromisoformat(response["expires_at"]),
            identity=response["identity"],
        )

    def _invoke(self, integration: Integration) -> dict[str, Any]:
        # Without its headers, which may contain credentials and are not needed.
        request = json.dumps({"integration": integration_item(replace(integration, headers=None))})
        try:
            response = self._client().invoke(FunctionName=self._function, Payload=request)
            payload = response["Payload"].read()
        except (BotoCoreError, ClientError) as error:
            if not may_succeed_later(error):
                raise
            raise ExchangeFailedError(_NO_RESPONSE) from error
        if "FunctionError" in response:  # its payload is not read: errors are in the function's own log
            raise ExchangeFailedError(_NO_RESPONSE)
        result: dict[str, Any] = json.loads(payload)
        return result
