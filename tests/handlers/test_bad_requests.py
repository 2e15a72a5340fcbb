"""Fuzz the API with invalid requests: each is rejected and changes nothing, and no response or log repeats its content.

By default, the requests are the same in every run. BAD_REQUESTS sets a number of random requests instead.
"""

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given

from ai_integrations.http.docs import methods
from tests import bad_requests, sam_template
from tests.bad_requests import CANARY, COLLECTION, Request, requests
from tests.builders import a_caller, gateway_event
from tests.cloud import Cloud, Response
from tests.seeds import SeedAccount

CASES = bad_requests.REQUESTED_CASES or 300
READS = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
# The function of each resource that another one than `api` serves.
SERVED_BY = {
    f"{COLLECTION}/test": "test_connection",
    "/v2/keys": "audit",
    "/v2/deleted-ai-integrations": "audit",
    f"{COLLECTION}/{{integration_id}}/key": "audit",
}
_ID_IN_PATH = re.compile(r"^/(?!test$)[^/]+")


def to_gateway_event(request: Request) -> dict[str, Any]:
    """Convert a request as API Gateway does: a body that is not UTF-8 is base64."""
    try:
        body, is_base64 = request.body.decode(), False
    except UnicodeDecodeError:
        body, is_base64 = base64.b64encode(request.body).decode(), True
    event = gateway_event(
        body,
        caller=a_caller(),
        headers={"Content-Type": None, **request.headers},
        method=request.method,
        path=request.collection + request.path,
    )
    resource = request.collection + _ID_IN_PATH.sub("/{integration_id}", request.path)
    return event | {
        # API Gateway answers other paths itself, so it never passes one as a resource.
        "resource": resource if methods(resource) else "/",
        "queryStringParameters": request.query or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in request.query.items()} or None,
        "isBase64Encoded": is_base64,
    }


@pytest.mark.no_cover
@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # as an error it hides the failing request
def test_invalid_request_is_rejected_and_changes_nothing(cloud: Cloud) -> None:
    cloud.keys.add(CANARY)
    functions = {name: cloud.function(name) for name in ("api", "audit", "test_connection")}
    SeedAccount(
        dynamodb=cloud.dynamodb, secrets_manager=cloud.secrets_manager, variables=sam_template.environment("api")
    ).create_seeds()
    before = state(cloud)

    @bad_requests.hypothesis_settings(CASES)
    @given(request=requests)
    def check(request: Request) -> None:
        cloud.calls.clear()
        log_start = len(cloud.written.getvalue())
        event = to_gateway_event(request)
        function = functions[SERVED_BY.get(event["resource"], "api")]
        response = Response.from_lambda(function(event))
        log = cloud.written.getvalue()[log_start:]
        assert 400 <= response.status < 500, log
        assert response.pointers is not None, "the body must be a problem document"
        assert not cloud.leaks(response.text, log)
        assert READS.issuperset(cloud.calls)
        cloud.outputs.clear()

    check()
    assert state(cloud) == before


def state(cloud: Cloud) -> Any:
    return json.dumps([cloud.items(), cloud.secrets(), cloud.stored_keys()], default=str, sort_keys=True)
