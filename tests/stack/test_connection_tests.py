"""Connection tests in the deployed stack: their function, their routes, and a role that calls the local Bedrock."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.builders import API_KEY
from tests.connection.servers import Reply, serve
from tests.stack.conftest import Stack

NEW_KEY = "sk-fake-new-key-not-a-key"
BEDROCK = {
    "name": "Bedrock",
    "provider": "awsBedrock",
    "model_names": ["amazon.nova-lite-v1:0"],
    "provider_metadata": {"role_arn": "arn:aws:iam::123456789012:role/tested", "external_id": "fake-external-id"},
}


def call(stack: Stack, key: str, method: str, path: str, body: object = None) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 the stack's own address
        f"{stack.url}/v2/ai-integrations{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        content: dict[str, Any] = json.load(response)
    return content


def test_connection_test_of_a_role_passes_before_and_after_it_is_saved(stack: Stack) -> None:
    key = stack.issue_key(account="connection-tests")
    before = call(stack, key, "POST", "/test", BEDROCK)
    assert [rung["status"] for rung in before["rungs"]] == ["passed", "passed", "passed"]
    integration_id = stack.create(key, **BEDROCK)["id"]
    assert call(stack, key, "GET", f"/{integration_id}/health") == {"status": "unknown", "rungs": []}
    after = call(stack, key, "POST", f"/{integration_id}/test")
    assert after["status"] == "passed"
    assert call(stack, key, "GET", f"/{integration_id}/health") == after


def test_rotation_with_verify_stores_only_a_key_that_the_provider_accepts(stack: Stack) -> None:
    key = stack.issue_key(account="verified-rotations")
    with serve() as provider:
        provider.behave = lambda got: Reply(200 if got.headers.get("authorization") == f"Bearer {NEW_KEY}" else 401)
        created = stack.create(key, name="Gateway", provider="custom", base_url=provider.url(), api_key=API_KEY)
        path = f"/{created['id']}/key-rotations"
        with pytest.raises(urllib.error.HTTPError) as rejected:
            call(stack, key, "POST", path, {"api_key": f"{NEW_KEY}-wrong", "verify": True})
        assert rejected.value.code == 422
        assert "status 401" in json.load(rejected.value)["detail"]
        assert "former_key_version" in call(stack, key, "POST", path, {"api_key": NEW_KEY, "verify": True})
    resolved = stack.deployment.invoke(
        "CredentialsFunctionName", {"account": "verified-rotations", "integration": "Gateway", "consumer": "program"}
    )
    assert resolved["api_key"] == NEW_KEY
