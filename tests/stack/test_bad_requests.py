"""Invalid requests through the gateway: each is rejected and changes nothing, and no response repeats it.

The environment variable BAD_REQUESTS raises the number of cases. tests/handlers/test_bad_requests.py sends most
of them, without the gateway.
"""

import http.client
import json
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import bad_requests
from tests.bad_requests import CANARY, Request
from tests.cloud import Response
from tests.seeds import ACCOUNT, account_of_stack
from tests.stack.conftest import Stack
from tests.stack.stack_state import StackState

CASES = bad_requests.REQUESTED_CASES // 10 or 100


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # this warning would hide the failing request
def test_invalid_request_through_gateway_returns_4xx_problem_and_changes_nothing(stack: Stack) -> None:
    stack.known_secrets.keys.add(CANARY)
    account_of_stack(stack.deployment.endpoint).create_seeds()
    key = f"Bearer {stack.issue_key(account=ACCOUNT)}"
    state = StackState(stack)
    before = account_contents(state)

    @bad_requests.hypothesis_settings(CASES)
    @given(
        request=bad_requests.requests, authorization=st.just(key) | st.just(key) | bad_requests.invalid_authorizations
    )
    def is_rejected(request: Request, authorization: str) -> None:
        response = send(stack.url, request, authorization)
        assert 400 <= response.status < 500, response
        assert response.pointers is not None, "the response is not a problem document"
        assert CANARY not in response.text

    is_rejected()
    assert account_contents(state) == before


def send(url: str, request: Request, authorization: str) -> Response:
    """Send a request unchanged; HTTP client libraries would reject some of them."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=60)
    target = f"{address.path}{request.collection}{quote(request.path, safe='/%')}"
    connection.putrequest(request.method, f"{target}?{urlencode(request.query)}" if request.query else target)
    for name, value in {**request.headers, "Authorization": authorization}.items():
        connection.putheader(name, value.encode())
    connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body)
    received = connection.getresponse()
    headers = {name.lower(): value for name, value in received.getheaders()}
    response = Response(received.status, headers, received.read().decode())
    connection.close()
    return response


def account_contents(state: StackState) -> Any:
    """Return all items and secrets of the account."""
    items = [item for item in state.items() if item["pk"]["S"] == f"ACCOUNT#{ACCOUNT}"]
    secrets = [secret for secret in state.secrets() if f"/{ACCOUNT}/" in secret["Name"]]
    return json.dumps([items, secrets], default=str, sort_keys=True)
