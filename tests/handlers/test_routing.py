"""Requests for paths and methods that the API does not have, and what all responses have in common."""

import pytest

from ai_integrations.http.resolver import RESPONSE_HEADERS
from tests import sam_template
from tests.builders import an_event, gateway_event
from tests.cloud import Cloud


@pytest.mark.parametrize(("method", "path"), [("POST", "/v2/nothing"), ("GET", "/")])
def test_unknown_path_returns_404_as_a_problem_document(cloud: Cloud, method: str, path: str) -> None:
    response = cloud.api(gateway_event(method=method, path=path))
    assert (response.status, response.pointers) == (404, [])


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v2/ai-integrations", "GET, POST"),
        ("DELETE", "/v2/ai-integrations", "GET, POST"),
        ("HEAD", "/v2/ai-integrations/{integration_id}", "DELETE, GET, PATCH"),
        ("OPTIONS", "/v2/spaces", "GET"),
        ("DELETE", "/v2/spaces/{space_id}", "GET"),
        ("POST", "/v2/organizations", "GET"),
        ("PATCH", "/v2/organizations/{org_id}", "GET"),
        ("GET", "/v2/ai-integrations/{integration_id}/restore", "POST"),
        ("POST", "/v2/docs", "GET"),
    ],
)
def test_unsupported_method_returns_405_with_the_allowed_methods(
    cloud: Cloud, method: str, path: str, allow: str
) -> None:
    event = gateway_event(method=method, path=path.format(integration_id="x", space_id="x", org_id="x"))
    response = cloud.api(event | {"resource": path})
    assert (response.status, response.headers["allow"]) == (405, allow)
    assert response.pointers == []


def test_id_with_characters_that_no_route_accepts_returns_404(cloud: Cloud) -> None:
    event = gateway_event(method="GET", path='/v2/ai-integrations/"') | {
        "resource": "/v2/ai-integrations/{integration_id}"
    }
    assert cloud.api(event).status == 404


@pytest.mark.parametrize("function", [each for each in sam_template.synchronous_functions() if each != "authorizer"])
def test_no_response_of_a_function_may_be_cached_or_read_as_another_type(cloud: Cloud, function: str) -> None:
    response = cloud.http(function, gateway_event(method="GET", path="/v2/nothing"))
    assert response.status == 404
    assert {name.lower(): value for name, value in RESPONSE_HEADERS.items()}.items() <= response.headers.items()


@pytest.mark.parametrize(
    ("function", "event"), [("api", "get_docs"), ("console", "get_console"), ("console", "get_console_file")]
)
def test_no_page_and_no_file_of_one_may_be_cached_or_read_as_another_type(
    cloud: Cloud, function: str, event: str
) -> None:
    response = cloud.http(function, an_event(event))
    assert response.status == 200
    assert {name.lower(): value for name, value in RESPONSE_HEADERS.items()}.items() <= response.headers.items()
