"""Resolve integrations by invoking the service's Lambda function."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from ai_integrations_client.errors import ResolutionError, UnavailableError
from ai_integrations_client.resolved import ResolvedIntegration, parse_response

_FORBIDDEN = {
    "title": "Access forbidden",
    "status": 403,
    "detail": "IAM denied the call. Attach the stack's policy (output ConsumerPolicyArn) to the role of this program.",
}
_ACCESS_DENIED = "AccessDeniedException"
_TOO_MANY_REQUESTS = 429
_SERVER_ERRORS = 500


@dataclass(frozen=True, kw_only=True)
class ResolveRequest:
    """An integration's id or name, the place from which it is seen, and optionally a version of its key."""

    integration: str
    organization_id: str | None = None
    space_id: str | None = None
    key_version: str | None = None


class LambdaClient(Protocol):
    """The one method of boto3's Lambda client that is used."""

    def invoke(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as in boto3
        """Invoke a function."""
        ...


class LambdaSource:
    """Invokes the stack's function `credentials`."""

    def __init__(self, client: LambdaClient, *, function: str, account: str, consumer: str) -> None:
        self._client = client
        self._function = function
        self._identity = {"account": account, "consumer": consumer}
        self.account = account

    def fetch(self, request: ResolveRequest) -> ResolvedIntegration:
        """Resolve an integration.

        Raises:
            ResolutionError: the service or IAM rejected the request.
            UnavailableError: timeout, throttling, server error or a malformed response.
        """
        parameters = {name: value for name, value in vars(request).items() if value}
        response = self._invoke({**self._identity, **parameters})
        try:
            problem = response.get("problem")
            if problem is None:
                return parse_response(response)
            rejection = ResolutionError(problem)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise UnavailableError("malformed response") from None
        if rejection.status >= _SERVER_ERRORS or rejection.status == _TOO_MANY_REQUESTS:
            raise UnavailableError(rejection.title)
        raise rejection

    def _invoke(self, payload: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
        """Invoke the function. Errors are raised without their text, which may repeat the response."""
        try:
            response = self._client.invoke(FunctionName=self._function, Payload=json.dumps(payload))
            content = json.loads(response["Payload"].read())
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise (ResolutionError(_FORBIDDEN) if code == _ACCESS_DENIED else UnavailableError(code)) from None
        except (BotoCoreError, ValueError) as error:
            raise UnavailableError(type(error).__name__) from None
        if "FunctionError" in response:
            raise UnavailableError("the function failed")
        return content
