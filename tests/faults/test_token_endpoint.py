"""Every failure of a token endpoint: what consumers and admins see, and what is left when the endpoint recovers."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from ai_integrations.bootstrap import exchange_token
from ai_integrations.key_access.token_exchange.exchange import TokenExchange
from tests.builders import ACCESS_TOKEN
from tests.connection.servers import ReceivedRequest, Reply
from tests.faults import federation_use_cases
from tests.faults.account import Account
from tests.faults.federation_use_cases import connection_test_request, federated_body, resolve_request
from tests.faults.in_process_stack import InProcessStack

SECONDS = 0.4  # for an exchange
CONFLICT, UNAVAILABLE = 409, 424
TOKEN_DOCUMENT = {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600}


def _assertion(request: ReceivedRequest) -> str:
    return request.body.decode().partition("subject_token=")[2].partition("&")[0]


def _wait(_: ReceivedRequest) -> Reply:
    time.sleep(2 * SECONDS)
    return Reply.from_json(TOKEN_DOCUMENT)


def _lose(_: ReceivedRequest) -> Reply:
    raise ConnectionError


@dataclass(frozen=True)
class Failure:
    """How the endpoint behaves, the status of a resolution, and parts of the reason and of the endpoint's answer."""

    behave: Callable[[ReceivedRequest], Reply]
    status: int
    reason: str
    answer: str = ""


FAILURES = {
    "refused": Failure(
        lambda _: Reply.from_json({"error": "invalid_grant", "error_description": "Unknown audience"}, 400),
        CONFLICT,
        "status 400",
        "invalid_grant: Unknown audience",
    ),
    "token in the error text": Failure(
        lambda request: Reply.from_json({"error": "invalid_grant", "error_description": _assertion(request)}, 401),
        CONFLICT,
        "status 401",
        "[redacted]",
    ),
    "token in an HTML page": Failure(
        lambda request: Reply(403, f"<p>Rejected {_assertion(request)}</p>".encode()),
        CONFLICT,
        "status 403",
        "[redacted]",
    ),
    "redirect": Failure(lambda _: Reply(307, headers={"Location": "https://example.com"}), CONFLICT, "redirected"),
    "1 MB": Failure(lambda _: Reply(200, b'{"access_token": "' + b"x" * 1_000_000), CONFLICT, "too long"),
    "no JSON": Failure(lambda _: Reply(200, b"<html>"), CONFLICT, "not a JSON object"),
    "no access_token": Failure(lambda _: Reply.from_json({"expires_in": 60}), CONFLICT, "access_token"),
    "no expires_in": Failure(lambda _: Reply.from_json({"access_token": ACCESS_TOKEN}), CONFLICT, "expires_in"),
    "expired": Failure(lambda _: Reply.from_json(TOKEN_DOCUMENT | {"expires_in": 0}), CONFLICT, "expired"),
    "not Bearer": Failure(lambda _: Reply.from_json(TOKEN_DOCUMENT | {"token_type": "DPoP"}), CONFLICT, "token_type"),
    "overloaded": Failure(lambda _: Reply(429), UNAVAILABLE, "status 429"),
    "failed": Failure(lambda _: Reply(503), UNAVAILABLE, "status 503"),
    "lost": Failure(_lose, UNAVAILABLE, "lost"),
    "silent": Failure(_wait, UNAVAILABLE, "in time"),
}


@pytest.fixture
def account(moto_stack: InProcessStack, monkeypatch: pytest.MonkeyPatch) -> Account:
    """Create an account with a federated integration. An exchange may take less time than in AWS."""
    monkeypatch.setattr(exchange_token, "TokenExchange", partial(TokenExchange, seconds=SECONDS))
    account = Account(moto_stack, "acme")
    account.create_integration(**federated_body(account))
    return account


def fail(account: Account, failure: Failure) -> None:
    """Let the token endpoint fail. The API of the provider works."""
    account.stack.provider.behave = lambda request: (
        failure.behave(request) if request.target == "/token" else federation_use_cases.behave(request)
    )


def recover(account: Account) -> None:
    account.stack.provider.behave = federation_use_cases.behave


@pytest.mark.parametrize("name", FAILURES)
def test_resolve_when_the_token_endpoint_fails_returns_a_problem_until_it_recovers(account: Account, name: str) -> None:
    failure = FAILURES[name]
    fail(account, failure)
    resolve = resolve_request(account)
    assert resolve() == failure.status
    [line] = [line for line in account.stack.cloud.log() if line["message"] == "token not exchanged"]
    assert failure.reason in line["reason"]
    assert "It returned" not in line["reason"]
    recover(account)
    assert resolve() == 200


@pytest.mark.parametrize("name", FAILURES)
def test_connection_test_when_the_token_endpoint_fails_shows_the_reason(account: Account, name: str) -> None:
    failure = FAILURES[name]
    fail(account, failure)
    test = connection_test_request(account)
    assert test() == UNAVAILABLE
    [_, exchanged] = account.responses[-1].body["rungs"]
    assert (exchanged["name"], exchanged["status"]) == ("token_exchanged", "failed")
    shown = f"{exchanged['not_proved']} {exchanged.get('provider_said')}"
    assert failure.reason in shown
    assert failure.answer in shown
    recover(account)
    assert test() == 200


def test_resolve_with_a_cached_token_works_while_the_token_endpoint_fails(account: Account) -> None:
    resolve = resolve_request(account)
    assert resolve() == 200
    fail(account, FAILURES["failed"])
    assert resolve() == 200
    assert account.patch_request(function_calling_enabled=False)() == 200
    assert resolve() == UNAVAILABLE
