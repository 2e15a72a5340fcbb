"""Problem documents of all errors (contract.md, "Status codes")."""

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


def concrete_errors(error: type[AiIntegrationsError]) -> Iterator[type[AiIntegrationsError]]:
    for subclass in error.__subclasses__():
        yield from concrete_errors(subclass)
    if not error.__subclasses__():
        yield error


def test_every_concrete_error_has_a_problem() -> None:
    assert set(problems.BY_ERROR) == set(concrete_errors(AiIntegrationsError))


def test_kinds_equal_the_table_of_the_contract() -> None:
    assert {(kind.status, kind.fragment, kind.title) for kind in KINDS} == CONTRACT - {GATEWAY_ONLY}
    assert GATEWAY_ONLY in CONTRACT


def test_every_status_has_exactly_one_kind() -> None:
    statuses = [kind.status for kind in KINDS]
    assert len(statuses) == len(set(statuses))
    assert all(kind in KINDS for kind, _ in problems.BY_ERROR.values())


@pytest.mark.parametrize("kind", [problems.FAILED_DEPENDENCY, problems.RATE_LIMITED, problems.UNAVAILABLE])
def test_retry_after_is_1_to_5_seconds(kind: problems.Kind) -> None:
    assert 1 <= int(kind.headers["Retry-After"]) <= 5


def test_every_detail_is_made_of_whole_sentences() -> None:
    details = [detail for _, detail in problems.BY_ERROR.values()]
    assert [each for each in details if not re.fullmatch(r"[A-Z].*\.", each)] == []


def test_problem_lists_the_invalid_fields() -> None:
    error = InvalidRequestError(FieldError("/name", "Field required"), FieldError("/model_names/0", "Too short"))
    assert problems.document_for(error, "request-id") == {
        "type": "https://arize.com/docs/ax/rest-reference/errors#invalid-request",
        "title": "Invalid request parameters",
        "status": 400,
        "detail": "The request is malformed. /name: Field required",
        "instance": "request-id",
        "errors": [
            {"pointer": "/name", "detail": "Field required"},
            {"pointer": "/model_names/0", "detail": "Too short"},
        ],
    }


def test_problem_detail_ends_with_the_first_field_error() -> None:
    error = InvalidRequestError(FieldError("", "The parameter limit must be a number."))
    detail = problems.document_for(error, "request-id")["detail"]
    assert detail == "The request is malformed. The parameter limit must be a number."


def test_problem_without_field_errors_has_no_errors_member() -> None:
    answer = problem_responses.for_error(NameTakenError(), "request-id")
    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    problem = json.loads(answer.body or "")
    assert problem.keys() == {"type", "title", "status", "detail", "instance"}
    assert problem["detail"].startswith("Another integration of the account has this name")
