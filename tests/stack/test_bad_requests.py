"""Requests that are wrong in any way, through the gateway: none gets through, and nothing of it is seen anywhere.

BAD_REQUESTS asks for more. tests/handlers/test_bad_requests.py sends most of them, without the gateway.
"""

import http.client
import json
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import bad_requests
from tests.bad_requests import CANARY, COLLECTION, Request
from tests.cloud import Response
from tests.seeds import ACCOUNT, account_of_stack
from tests.stack.conftest import Stack
from tests.stack.kept import Kept

CASES = bad_requests.REQUESTED_CASES // 10 or 100


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # it hides the request that it is about
def test_refuses_what_is_wrong_and_changes_nothing(stack: Stack) -> None:
    stack.canaries.keys.add(CANARY)
    account_of_stack(stack.deployment.endpoint).keep()
    key = f"Bearer {stack.issue_key(account=ACCOUNT)}"
    kept = Kept(stack)
    before = state(kept)

    @bad_requests.hypothesis_settings(CASES)
    @given(request=bad_requests.requests, authorization=st.just(key) | st.just(key) | bad_requests.wrong_authorizations)
    def refuses(request: Request, authorization: str) -> None:
        answer = sent(stack.url, request, authorization)
        assert 400 <= answer.status < 500, answer
        assert answer.pointers is not None, "it is a problem document"
        assert CANARY not in answer.text

    refuses()
    assert state(kept) == before


def sent(url: str, request: Request, authorization: str) -> Response:
    """Send a request as it is: no client of HTTP would let all of them pass."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=60)
    target = f"{address.path}{COLLECTION}{quote(request.path, safe='/%')}"
    connection.putrequest(request.method, f"{target}?{urlencode(request.query)}" if request.query else target)
    for name, value in {**request.headers, "Authorization": authorization}.items():
        connection.putheader(name, value.encode())
    connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body)
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    answer = Response(response.status, headers, response.read().decode())
    connection.close()
    return answer


def state(kept: Kept) -> Any:
    """Return everything that the account has."""
    items = [item for item in kept.items() if item["pk"]["S"] == f"ACCOUNT#{ACCOUNT}"]
    secrets = [secret for secret in kept.secrets() if f"/{ACCOUNT}/" in secret["Name"]]
    return json.dumps([items, secrets], default=str, sort_keys=True)
