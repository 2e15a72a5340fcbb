"""One integration by its id: reading, changing, deleting and restoring it over HTTP."""

import json
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest

from ai_integrations.contracts import ids
from ai_integrations.domain.model import Membership, Role
from tests.builders import API_KEY, ULID, a_caller, create_body, gateway_event
from tests.cloud import Cloud, Response

NEW_KEY = "sk-fake-new-key-not-a-key"
READER = a_caller(role=Role.READER)
STRANGER = a_caller(account="other")


def create(cloud: Cloud, **changes: Any) -> str:
    integration_id: str = cloud.api(gateway_event(create_body(**changes))).body["id"]
    return integration_id


def call(
    cloud: Cloud, method: str, integration_id: str, body: object = None, *, below: str = "", **parts: Any
) -> Response:
    path = f"/v2/ai-integrations/{quote(integration_id, safe='')}{below}"
    return cloud.api(gateway_event(body, method=method, path=path, **parts))


def test_shows_what_was_created(cloud: Cloud) -> None:
    created = cloud.api(gateway_event(create_body(api_key=API_KEY)))
    answer = call(cloud, "GET", created.body["id"])
    assert (answer.status, answer.body) == (200, created.body)
    assert answer.headers["etag"] == created.headers["etag"]


def test_changes_what_was_sent_and_keeps_the_rest(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY, model_names=["a"], headers={"X-A": "1"})
    answer = call(cloud, "PATCH", integration_id, {"name": "Renamed", "headers": None})
    assert answer.status == 200
    assert (answer.body["name"], answer.body["model_names"], answer.body["has_api_key"]) == ("Renamed", ["a"], True)
    assert "headers" not in answer.body
    assert answer.headers["etag"].endswith('.2"')
    assert call(cloud, "GET", integration_id).body == answer.body
    assert create(cloud)  # the name before is free


@pytest.mark.parametrize(("version", "word"), [("8.39.0", "custom"), ("8.50.0", "CUSTOM"), ("8.51.0", "LITELLM")])
def test_keeps_a_provider_that_a_client_only_echoes(cloud: Cloud, version: str, word: str) -> None:
    client = {"sdk-language": "python", "sdk-version": version}
    integration_id = create(cloud, provider="LITELLM")
    assert call(cloud, "GET", integration_id, headers=client).body["provider"] == word
    assert call(cloud, "PATCH", integration_id, {"provider": word}, headers=client).body["provider"] == word
    newest = {"sdk-language": "python", "sdk-version": "8.61.0"}
    assert call(cloud, "GET", integration_id, headers=newest).body["provider"] == "LITELLM"


def test_puts_a_new_key_beside_the_old_one_and_names_it(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    cloud.keys.add(NEW_KEY)
    assert call(cloud, "PATCH", integration_id, {"api_key": NEW_KEY}).status == 200
    assert cloud.referenced_key() == NEW_KEY


def test_forgets_a_key_that_is_set_to_null(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    assert call(cloud, "PATCH", integration_id, {"api_key": None}).body["has_api_key"] is False
    assert "secret_arn" not in cloud.items("INTEGRATION#")[0]


def test_never_lets_a_stored_key_follow_to_another_host(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    elsewhere = {"base_url": "https://elsewhere.example.com"}
    refused = call(cloud, "PATCH", integration_id, elsewhere)
    assert (refused.status, refused.pointers) == (422, ["/api_key"])
    assert call(cloud, "GET", integration_id).body.get("base_url") is None
    assert call(cloud, "PATCH", integration_id, {**elsewhere, "api_key": API_KEY}).status == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": None}, 400),
        ({"surplus": 1}, 400),
        ({"provider": "awsBedrock"}, 422),
        ({"provider_metadata": {"role_arn": "x"}}, 422),
        ({"base_url": "http://10.0.0.1"}, 422),
        ({"api_key": "****"}, 422),
        ({"name": "TAKEN"}, 409),
    ],
)
def test_refuses_a_change_and_changes_nothing(cloud: Cloud, body: object, status: int) -> None:
    create(cloud, name="Taken")
    integration_id = create(cloud)
    before = call(cloud, "GET", integration_id)
    answer = call(cloud, "PATCH", integration_id, body)
    assert answer.status == answer.body["status"] == status
    assert call(cloud, "GET", integration_id) == before


def test_deletes_and_restores_with_the_key(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    deleted = call(cloud, "DELETE", integration_id, headers={"Accept": "application/problem+json"})
    assert (deleted.status, deleted.text) == (204, "")  # null is no body to every gateway
    assert call(cloud, "GET", integration_id).status == 404
    restored = call(cloud, "POST", integration_id, below="/restore")
    assert (restored.status, restored.body["has_api_key"]) == (200, True)
    assert call(cloud, "GET", integration_id).body == restored.body


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"enable_default_models": True}), ("DELETE", None)])
def test_writes_only_over_the_version_that_was_meant(cloud: Cloud, method: str, body: object) -> None:
    integration_id = create(cloud)
    current = call(cloud, "GET", integration_id).headers["etag"]
    assert call(cloud, method, integration_id, body, headers={"If-Match": '"stale"'}).status == 412
    assert call(cloud, method, integration_id, body, headers={"If-Match": current}).status in {200, 204}


CALLS = [("GET", None, ""), ("PATCH", {"name": "x"}, ""), ("DELETE", None, ""), ("POST", None, "/restore")]


@pytest.mark.parametrize(("method", "body", "below"), CALLS)
def test_answers_for_what_is_hidden_as_for_what_never_was(cloud: Cloud, method: str, body: object, below: str) -> None:
    hidden = create(cloud, scopings=[{"space_id": "s"}])
    member = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="t", admin=True),))
    answers = [
        call(cloud, method, hidden, body, caller=STRANGER, below=below),
        call(cloud, method, hidden, body, caller=member, below=below),
        call(cloud, method, ids.encode(ULID), body, below=below),
    ]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize(("method", "body", "below"), CALLS[1:])
def test_refuses_a_reader_what_it_may_only_see(cloud: Cloud, method: str, body: object, below: str) -> None:
    integration_id = create(cloud)
    assert call(cloud, method, integration_id, body, caller=READER, below=below).status == 403
    assert call(cloud, "GET", integration_id, caller=READER).status == 200


@pytest.mark.parametrize(("method", "body", "below"), CALLS)
def test_refuses_a_malformed_id(cloud: Cloud, method: str, body: object, below: str) -> None:
    answer = call(cloud, method, "Production OpenAI", body, below=below)
    assert (answer.status, answer.pointers) == (400, [""])
    assert cloud.calls == []


@pytest.mark.parametrize(("version", "word"), [("8.39.0", "openAI"), ("8.40.0", "OPEN_AI")])
def test_shows_words_as_the_client_spells_them(cloud: Cloud, version: str, word: str) -> None:
    integration_id = create(cloud)
    headers = {"sdk-language": "python", "sdk-version": version}
    assert call(cloud, "GET", integration_id, headers=headers).body["provider"] == word


def test_rotates_a_key_and_rolls_it_back(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    cloud.keys.add(NEW_KEY)
    body = {"api_key": NEW_KEY, "grace_seconds": 3600}
    rotated = call(cloud, "POST", integration_id, body, below="/key-rotations")
    assert (rotated.status, rotated.body.keys()) == (
        200,
        {"key_version", "former_key_version", "former_key_usable_until"},
    )
    back = call(cloud, "POST", integration_id, below="/key-rotations/rollback")
    assert (back.status, back.body) == (200, {"key_version": rotated.body["former_key_version"]})
    assert back.headers["etag"] == call(cloud, "GET", integration_id).headers["etag"]
    assert call(cloud, "POST", integration_id, below="/key-rotations/rollback").status == 409


def rotate(cloud: Cloud, integration_id: str, **parts: Any) -> Response:
    cloud.keys.add(NEW_KEY)
    body = {"api_key": NEW_KEY, **parts.pop("body", {})}
    return call(cloud, "POST", integration_id, body, below="/key-rotations", **parts)


def test_answers_a_rotation_that_comes_again_as_the_first_time(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    again = {"headers": {"Idempotency-Key": "rotation-1"}}
    first = rotate(cloud, integration_id, **again)
    assert first.status == 200
    assert rotate(cloud, integration_id, **again) == first
    assert cloud.referenced_key() == NEW_KEY
    assert rotate(cloud, integration_id, body={"grace_seconds": 1}, **again).status == 422
    other = create(cloud, api_key=API_KEY, name="Other")
    assert rotate(cloud, other, **again).body["former_key_version"] != first.body["former_key_version"]


INVOKE = "lambda:Invoke"
VERIFY = {"verify": True}


def outcome(cloud: Cloud, payload: dict[str, Any], **parts: Any) -> None:
    """Let the function that tests connections answer so."""
    cloud.respond(INVOKE, {"StatusCode": 200, "Payload": BytesIO(json.dumps(payload).encode()), **parts})


def test_has_a_key_tested_before_it_takes_effect(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    outcome(cloud, {"refusal": None})
    cloud.calls.clear()
    assert rotate(cloud, integration_id, body=VERIFY).status == 200
    assert cloud.calls == [
        "dynamodb:GetItem",
        INVOKE,
        "secretsmanager:PutSecretValue",
        "dynamodb:TransactWriteItems",
    ]


def test_changes_nothing_when_the_test_of_a_key_shows_that_it_is_refused(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    outcome(cloud, {"refusal": "The provider answered with status 401."})
    answer = rotate(cloud, integration_id, body=VERIFY)
    assert (answer.status, answer.pointers) == (422, ["/api_key"])
    assert "status 401" in answer.body["detail"]
    assert cloud.referenced_key() == API_KEY


def test_changes_nothing_when_a_key_can_not_be_tested(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    outcome(cloud, {"errorMessage": NEW_KEY}, FunctionError="Unhandled")
    answer = rotate(cloud, integration_id, body=VERIFY)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert "nothing was changed" in answer.body["detail"]
    cloud.fail(INVOKE, ("TooManyRequestsException", 429))
    assert rotate(cloud, integration_id, body=VERIFY).status == 429
    assert cloud.referenced_key() == API_KEY
