"""Resolve integrations by invoking the service's Lambda function."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from ai_integrations_client.errors import ResolutionError, UnavailableError
from ai_integrations_client.resolve_request import ResolveRequest
from ai_integrations_client.resolved import ResolvedIntegration, parse_response

_FORBIDDEN = {
    "title": "Access forbidden",
    "status": 403,
    "detail": "IAM denied the call. Attach the stack's policy (output ConsumerPolicyArn) to the role of this program.",
}
_ACCESS_DENIED = "AccessDeniedException"
_TOO_MANY_REQUESTS = 429
_SERVER_ERRORS = 500


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
        response = self._invoke(request)
        try:
            problem = response.get("problem")
            if problem is None:
                return parse_response(response)
            rejection = ResolutionError(problem, request)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise UnavailableError("malformed response", request) from None
        if rejection.status >= _SERVER_ERRORS or rejection.status == _TOO_MANY_REQUESTS:
            raise UnavailableError(rejection.detail or rejection.title, request)
        raise rejection

    def _invoke(self, request: ResolveRequest) -> Any:  # noqa: ANN401 - any JSON
        """Invoke the function. Errors are raised without their text, which may repeat the response."""
        parameters = {name: value for name, value in vars(request).items() if value}
        try:
            response = self._client.invoke(
                FunctionName=self._function, Payload=json.dumps({**self._identity, **parameters})
            )
            content = json.loads(response["Payload"].read())
        except ClientError as error:
            code = error.response["Error"]["Code"]
            is_denied = code == _ACCESS_DENIED
            raise (ResolutionError(_FORBIDDEN, request) if is_denied else UnavailableError(code, request)) from None
        except (BotoCoreError, ValueError) as error:
            raise UnavailableError(type(error).__name__, request) from None
        if "FunctionError" in response:
            raise UnavailableError("the function failed", request)
        return content
