"""Whatever is wrong with a request: it is refused, nothing of it is repeated anywhere, and nothing has changed.

BAD_REQUESTS asks for more of them, which are others each time; those of the default are always the same.
"""

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given

from tests import bad_requests, sam_template
from tests.bad_requests import CANARY, COLLECTION, Request, requests
from tests.builders import a_caller, gateway_event
from tests.cloud import Cloud, Response
from tests.seeds import Account

CASES = bad_requests.REQUESTED_CASES or 300
READING = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
_ONE = re.compile(r"^/(?!test$)[^/]+")


def event_of(request: Request) -> dict[str, Any]:
    """Return what the gateway makes of a request: a body that is no text is base64."""
    try:
        body, is_base64 = request.body.decode(), False
    except UnicodeDecodeError:
        body, is_base64 = base64.b64encode(request.body).decode(), True
    event = gateway_event(
        body,
        caller=a_caller(),
        headers={"Content-Type": None, **request.headers},
        method=request.method,
        path=COLLECTION + request.path,
    )
    return event | {
        "resource": COLLECTION + _ONE.sub("/{integration_id}", request.path),
        "queryStringParameters": request.query or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in request.query.items()} or None,
        "isBase64Encoded": is_base64,
    }


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # it hides the request that it is about
def test_refuses_what_is_wrong_and_changes_nothing(cloud: Cloud) -> None:
    cloud.keys.add(CANARY)
    functions = {name: cloud.function(name) for name in ("api", "test_connection")}
    Account(
        dynamodb=cloud.dynamodb, secrets_manager=cloud.secrets_manager, variables=sam_template.environment("api")
    ).keep()
    before = state(cloud)

    @bad_requests.hypothesis_settings(CASES)
    @given(request=requests)
    def refuses(request: Request) -> None:
        cloud.calls.clear()
        said = cloud.written.tell()
        answer = Response.from_lambda(
            functions["test_connection" if request.path == "/test" else "api"](event_of(request))
        )
        assert 400 <= answer.status < 500, cloud.written.getvalue()[said:]
        assert answer.pointers is not None, "it is a problem document"
        assert not cloud.leaks(answer.text, cloud.written.getvalue()[said:])
        assert READING.issuperset(cloud.calls)
        cloud.outputs.clear()

    refuses()
    assert state(cloud) == before


def state(cloud: Cloud) -> Any:
    return json.dumps([cloud.items(), cloud.secrets(), cloud.stored_keys()], default=str, sort_keys=True)
