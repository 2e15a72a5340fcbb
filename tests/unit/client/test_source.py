"""Asking the function: what is sent, and which kind of error each failure is."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from ai_integrations_client import ResolutionError, UnavailableError
from tests.unit.client.service import KEY, Bench, Service, a_problem, an_answer

QUESTION = {"to": "credentials", "account": "acme", "consumer": "billing-job"}


def refused_by_aws(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"about {KEY}"}}, "Invoke")


def test_sends_who_asks_for_what_and_from_where() -> None:
    bench = Bench()
    bench.client.resolve("Production OpenAI")
    bench.client.resolve("x", space="s", organization="o", key_version="version-0")
    assert bench.service.asked == [
        {**QUESTION, "integration": "Production OpenAI"},
        {**QUESTION, "integration": "x", "space_id": "s", "organization_id": "o", "key_version": "version-0"},
    ]


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_raises_a_problem_with_its_members(status: int) -> None:
    problem = a_problem(status)
    problem["problem"]["errors"] = [{"pointer": "/account", "detail": "Bad."}]
    with pytest.raises(ResolutionError) as raised:
        Bench(Service(answer=problem)).key()
    error = raised.value
    assert (error.status, error.title, error.detail) == (status, "Resource not found", "No.")
    assert (error.type, error.instance) == ("https://example.com/e", "r")
    assert error.errors == ({"pointer": "/account", "detail": "Bad."},)
    assert str(error) == f"{status} Resource not found: No."


def test_takes_a_program_that_iam_does_not_let_ask_for_refused() -> None:
    with pytest.raises(ResolutionError) as raised:
        Bench(Service(answer=refused_by_aws("AccessDeniedException"))).key()
    assert raised.value.status == 403
    assert "ConsumerPolicy" in str(raised.value)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (refused_by_aws("TooManyRequestsException"), "TooManyRequestsException"),
        (refused_by_aws("ResourceNotFoundException"), "ResourceNotFoundException"),
        (EndpointConnectionError(endpoint_url=f"http://127.0.0.1/{KEY}"), "EndpointConnectionError"),
        (ReadTimeoutError(endpoint_url="http://127.0.0.1/"), "ReadTimeoutError"),
        (OSError(KEY), "OSError"),
        (a_problem(503, "Service unavailable"), "Service unavailable"),
        (a_problem(429, "Rate limit exceeded"), "Rate limit exceeded"),
        (an_answer(name=...), "its answer can not be read"),
        (an_answer(expires_at="tomorrow"), "its answer can not be read"),
        ({"problem": {"status": "x"}}, "its answer can not be read"),
    ],
)
def test_takes_everything_else_for_no_answer_and_repeats_nothing_of_it(answer: Any, reason: str) -> None:
    with pytest.raises(UnavailableError) as raised:
        Bench(Service(answer=answer)).key()
    assert raised.value.reason == reason
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("payload", ["", "null", "[]", '"text"'])
def test_takes_what_is_no_object_for_no_answer(payload: str) -> None:
    service = Service()
    service.answer = json.loads(payload) if payload else ValueError()
    with pytest.raises(UnavailableError):
        Bench(service).key()


def test_takes_an_error_of_the_function_for_no_answer() -> None:
    answer = {"errorMessage": KEY, "errorType": "LoggedError"}
    with pytest.raises(UnavailableError, match=r"the function failed$"):
        Bench(Service(answer=answer, function_error="Unhandled")).key()
