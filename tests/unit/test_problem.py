"""contract.md, "Status codes": every error is a problem document."""

import json
from collections.abc import Iterator

import pytest

from ai_integrations.contracts import problems
from ai_integrations.domain.errors import AiIntegrationsError, FieldError, InvalidRequestError, NameTakenError
from ai_integrations.http import problem_responses

CONTRACT = {
    (400, "invalid-request", "Invalid request parameters"),
    (401, "authentication-required", "Authentication required"),
    (403, "access-forbidden", "Access forbidden"),
    (404, "resource-not-found", "Resource not found"),
    (405, "method-not-allowed", "Method not allowed"),
    (409, "resource-conflict", "Resource conflict"),
    (412, "precondition-failed", "Precondition failed"),
    (415, "unsupported-media-type", "Unsupported media type"),
    (422, "unprocessable-entity", "Unprocessable entity"),
    (429, "rate-limit-exceeded", "Rate limit exceeded"),
    (500, "internal-error", "Internal error"),
    (503, "service-unavailable", "Service unavailable"),
}
KINDS = [each for each in vars(problems).values() if isinstance(each, problems.Kind)]


def leaves(error: type[AiIntegrationsError]) -> Iterator[type[AiIntegrationsError]]:
    for below in error.__subclasses__():
        yield from leaves(below)
    if not error.__subclasses__():
        yield error


def test_names_every_leaf_of_the_error_tree() -> None:
    assert set(problems.OF_ERROR) == set(leaves(AiIntegrationsError))


@pytest.mark.parametrize("kind", KINDS)
def test_has_only_rows_of_the_contract(kind: problems.Kind) -> None:
    assert (kind.status, kind.fragment, kind.title) in CONTRACT


def test_has_one_row_for_each_status() -> None:
    statuses = [kind.status for kind in KINDS]
    assert len(statuses) == len(set(statuses))
    assert all(kind in KINDS for kind, _ in problems.OF_ERROR.values())


@pytest.mark.parametrize("kind", [problems.RATE_LIMITED, problems.UNAVAILABLE])
def test_asks_for_a_small_wait(kind: problems.Kind) -> None:
    assert 1 <= int(kind.headers["Retry-After"]) <= 5


def test_points_at_the_fields_at_fault() -> None:
    error = InvalidRequestError(FieldError("/name", "Field required"), FieldError("/model_names/0", "Too short"))
    assert problems.document_of(error, "request-id") == {
        "type": "https://arize.com/docs/ax/rest-reference/errors#invalid-request",
        "title": "Invalid request parameters",
        "status": 400,
        "detail": "The request does not have the form that the API takes. /name: Field required",
        "instance": "request-id",
        "errors": [
            {"pointer": "/name", "detail": "Field required"},
            {"pointer": "/model_names/0", "detail": "Too short"},
        ],
    }


def test_tells_the_first_fault_in_the_detail_since_clients_show_no_more() -> None:
    of_a_parameter = InvalidRequestError(FieldError("", "The parameter limit must be a number."))
    detail = problems.document_of(of_a_parameter, "request-id")["detail"]
    assert detail == "The request does not have the form that the API takes. The parameter limit must be a number."


def test_has_no_errors_member_where_no_field_is_at_fault() -> None:
    answer = problem_responses.of_error(NameTakenError(), "request-id")
    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    assert json.loads(answer.body or "").keys() == {"type", "title", "status", "detail", "instance"}
