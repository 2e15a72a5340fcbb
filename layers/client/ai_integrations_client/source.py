"""The service, asked by invoking its function."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from ai_integrations_client.errors import ResolutionError, UnavailableError
from ai_integrations_client.resolved import ResolvedIntegration, read

_FORBIDDEN = {
    "title": "Access forbidden",
    "status": 403,
    "detail": "IAM does not let this program resolve integrations: its role needs the stack's ConsumerPolicy.",
}
_DENIED = "AccessDeniedException"
_TOO_MANY_REQUESTS = 429
_SERVER_ERRORS = 500


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a program asks for: an id or a name, as seen from a place; perhaps a version of the key."""

    integration: str
    organization_id: str | None = None
    space_id: str | None = None
    key_version: str | None = None


class LambdaClient(Protocol):
    """The one call that is needed of boto3's client of Lambda."""

    def invoke(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as boto3 has it
        """Invoke a function."""
        ...


class LambdaSource:
    """Asks the function `credentials` of the stack."""

    def __init__(self, client: LambdaClient, *, function: str, account: str, consumer: str) -> None:
        self._client = client
        self._function = function
        self._asker = {"account": account, "consumer": consumer}
        self.account = account

    def fetch(self, question: Question) -> ResolvedIntegration:
        """Return what the service says now; ResolutionError if it says no, UnavailableError if it says nothing."""
        answer = self._answer({**self._asker, **{name: part for name, part in vars(question).items() if part}})
        try:
            problem = answer.get("problem")
            if problem is None:
                return read(answer)
            refusal = ResolutionError(problem)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise UnavailableError("its answer can not be read") from None
        if refusal.status >= _SERVER_ERRORS or refusal.status == _TOO_MANY_REQUESTS:
            raise UnavailableError(refusal.title)
        raise refusal

    def _answer(self, payload: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
        """Invoke the function. The text of what fails is left out: it may repeat what was answered."""
        try:
            answer = self._client.invoke(FunctionName=self._function, Payload=json.dumps(payload))
            content = json.loads(answer["Payload"].read())
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise (ResolutionError(_FORBIDDEN) if code == _DENIED else UnavailableError(code)) from None
        except (BotoCoreError, ValueError) as error:
            raise UnavailableError(type(error).__name__) from None
        if "FunctionError" in answer:
            raise UnavailableError("the function failed")
        return content
