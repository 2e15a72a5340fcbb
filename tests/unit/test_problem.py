"""contract.md, "Status codes": every error is a problem document."""

import json
import re
from collections.abc import Iterator

import pytest

from ai_integrations.contracts import problems
from ai_integrations.domain.errors import AiIntegrationsError, FieldError, InvalidRequestError, NameTakenError
from ai_integrations.http import problem_responses
from tests.builders import ROOT

TABLE_ROW = re.compile(r"^\| (\d{3}) \| `([a-z-]+)` \| ([^|]+) \|", re.MULTILINE)
CONTRACT_DOCUMENT = (ROOT / "docs/contract.md").read_text()
CONTRACT = {(int(status), fragment, title) for status, fragment, title in TABLE_ROW.findall(CONTRACT_DOCUMENT)}
# API Gateway rejects large requests before any function runs, so the code has no kind for this row.
GATEWAY_ONLY = (413, "invalid-request", "Invalid request parameters")
KINDS = [each for each in vars(problems).values() if isinstance(each, problems.Kind)]


def leaves(error: type[AiIntegrationsError]) -> Iterator[type[AiIntegrationsError]]:
    for below in error.__subclasses__():
        yield from leaves(below)
    if not error.__subclasses__():
        yield error


def test_names_every_leaf_of_the_error_tree() -> None:
    assert set(problems.OF_ERROR) == set(leaves(AiIntegrationsError))


def test_kinds_equal_the_table_of_the_contract() -> None:
    assert {(kind.status, kind.fragment, kind.title) for kind in KINDS} == CONTRACT - {GATEWAY_ONLY}
    assert GATEWAY_ONLY in CONTRACT


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
