"""The use cases of federated integrations: resolution, and connection tests. Both exchange a token."""

from collections.abc import Callable
from typing import Any

from ai_integrations.contracts import problems
from ai_integrations.observability import LoggedError
from tests.builders import ACCESS_TOKEN
from tests.connection.servers import ReceivedRequest, Reply
from tests.faults.account import SERVICE_UNAVAILABLE, Account, Request
from tests.faults.use_case import NAME, UseCase, existing

IDENTITY_TOKEN_CALL = "sts:GetWebIdentityToken"
COMPLETION: dict[str, Any] = {"choices": []}


def behave(request: ReceivedRequest) -> Reply:
    """Behave like a provider that exchanges every identity token, and then accepts the access token only."""
    if request.target == "/token":
        return Reply.from_json({"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600})
    if request.headers.get("authorization") != f"Bearer {ACCESS_TOKEN}":
        return Reply.from_json({}, 401)
    return Reply.from_json({"data": []} if request.method == "GET" else COMPLETION)


def federated_body(account: Account) -> dict[str, Any]:
    """Build the settings of an integration whose token endpoint and API are the stack's provider."""
    provider = account.stack.provider
    return {
        "provider": "custom",
        "base_url": provider.url(),
        "model_names": ["m-1"],
        "federation": {
            "token_endpoint": provider.url(path="/token"),
            "grant": "token-exchange",
            "audience": f"https://{account.name}.example.com",
        },
    }


def resolve_request(account: Account) -> Request:
    """Prepare a resolution. Its status is that of the problem, 503 after an unexpected error, or 200."""
    event = {"account": account.name, "integration": NAME, "consumer": "billing-job"}

    def send() -> int:
        try:
            response = account.stack.function("credentials")(event)
        except LoggedError:
            return SERVICE_UNAVAILABLE
        if "problem" in response:
            return int(response["problem"]["status"])
        assert response["access_token"]["value"] == ACCESS_TOKEN
        return 200

    return send


def connection_test_request(account: Account) -> Request:
    """Prepare a connection test. Its status is 200 if all steps pass."""
    event = account.event("POST", f"/{account.integration}/test", "")

    def send() -> int:
        account.responses.append(account.stack.http("test_connection", event))
        response = account.responses[-1]
        has_failed = response.status == 200 and response.body["status"] != "passed"
        return problems.FAILED_DEPENDENCY.status if has_failed else response.status

    return send


def _federated(request: Callable[[Account], Request]) -> Callable[[Account], Request]:
    return lambda account: existing(request, **federated_body(account))(account)


def _resolve_after_change(account: Account) -> Request:
    """Resolve, so that the function has a token, then change the integration."""
    resolve = _federated(resolve_request)(account)
    assert resolve() == 200
    assert account.patch_request(enable_default_models=True)() == 200
    return resolve


FEDERATION_USE_CASES: dict[str, UseCase] = {
    "resolve federated integration": UseCase(
        _federated(resolve_request), {NAME: None}, reported_denial=IDENTITY_TOKEN_CALL
    ),
    "resolve changed federated integration": UseCase(
        _resolve_after_change, {NAME: None}, reported_denial=IDENTITY_TOKEN_CALL
    ),
    "connection test of federated integration": UseCase(_federated(connection_test_request), {NAME: None}),
}
