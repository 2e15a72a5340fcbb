"""Requests for paths and methods that the API does not have."""

import pytest

from tests.builders import gateway_event
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
