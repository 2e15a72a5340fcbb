"""`/v2/ai-integrations/{integration_id}`: get, update, delete and restore."""

from typing import Any
from urllib.parse import quote

import pytest

from ai_integrations.contracts import ids
from ai_integrations.domain.model import Membership, Role
from tests.builders import API_KEY, ULID, a_caller, create_body, gateway_event
from tests.cloud import Cloud, Response

NEW_KEY = "sk-fake-new-key-not-a-key"
READER = a_caller(role=Role.READER)
OTHER_ACCOUNT = a_caller(account="other")


def create(cloud: Cloud, **changes: Any) -> str:
    integration_id: str = cloud.api(gateway_event(create_body(**changes))).body["id"]
    return integration_id


def call(
    cloud: Cloud, method: str, integration_id: str, body: object = None, *, subpath: str = "", **parts: Any
) -> Response:
    path = f"/v2/ai-integrations/{quote(integration_id, safe='')}{subpath}"
    return cloud.api(gateway_event(body, method=method, path=path, **parts))


def test_get_returns_the_created_integration_and_its_etag(cloud: Cloud) -> None:
    created = cloud.api(gateway_event(create_body(api_key=API_KEY)))
    response = call(cloud, "GET", created.body["id"])
    assert (response.status, response.body) == (200, created.body)
    assert response.headers["etag"] == created.headers["etag"]


@pytest.mark.parametrize(("version", "provider"), [("8.39.0", "openAI"), ("8.40.0", "OPEN_AI")])
def test_get_returns_enum_values_in_the_spelling_of_the_client_version(
    cloud: Cloud, version: str, provider: str
) -> None:
    integration_id = create(cloud)
    headers = {"sdk-language": "python", "sdk-version": version}
    assert call(cloud, "GET", integration_id, headers=headers).body["provider"] == provider


def test_update_changes_only_the_fields_of_the_body(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY, model_names=["a"], headers={"X-A": "1"})
    response = call(cloud, "PATCH", integration_id, {"name": "Renamed", "headers": None})
    assert response.status == 200
    updated = response.body
    assert (updated["name"], updated["model_names"], updated["has_api_key"]) == ("Renamed", ["a"], True)
    assert "headers" not in updated
    assert response.headers["etag"].endswith('.2"')
    assert call(cloud, "GET", integration_id).body == updated
    assert create(cloud)  # the previous name is free again


@pytest.mark.parametrize(("version", "provider"), [("8.39.0", "custom"), ("8.50.0", "CUSTOM"), ("8.51.0", "LITELLM")])
def test_update_from_an_old_client_that_sends_back_custom_keeps_the_provider(
    cloud: Cloud, version: str, provider: str
) -> None:
    client = {"sdk-language": "python", "sdk-version": version}
    integration_id = create(cloud, provider="LITELLM")
    assert call(cloud, "GET", integration_id, headers=client).body["provider"] == provider
    assert call(cloud, "PATCH", integration_id, {"provider": provider}, headers=client).body["provider"] == provider
    newest = {"sdk-language": "python", "sdk-version": "8.61.0"}
    assert call(cloud, "GET", integration_id, headers=newest).body["provider"] == "LITELLM"


def test_update_with_a_new_key_references_it(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    cloud.keys.add(NEW_KEY)
    assert call(cloud, "PATCH", integration_id, {"api_key": NEW_KEY}).status == 200
    assert cloud.referenced_key() == NEW_KEY


def test_update_with_a_null_key_removes_the_reference_to_the_secret(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    assert call(cloud, "PATCH", integration_id, {"api_key": None}).body["has_api_key"] is False
    assert "secret_arn" not in cloud.items("INTEGRATION#")[0]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"base_url": "http://gateway.example.com:8443/v1"}, id="only the scheme"),
        pytest.param({"base_url": "https://elsewhere.example.com:8443/v1"}, id="only the host"),
        pytest.param({"base_url": "https://gateway.example.com:8444/v1"}, id="only the port"),
        pytest.param({"base_url": None}, id="no base_url"),
        pytest.param({"provider": "custom"}, id="only the provider"),
    ],
)
def test_update_of_the_destination_without_the_key_is_rejected(cloud: Cloud, change: dict[str, Any]) -> None:
    cloud.variables["ALLOWED_PRIVATE_HOSTS"] = "gateway.example.com"  # also allows http
    integration_id = create(cloud, base_url="https://gateway.example.com:8443/v1", api_key=API_KEY)
    before = call(cloud, "GET", integration_id).body
    rejected = call(cloud, "PATCH", integration_id, change)
    assert (rejected.status, rejected.pointers) == (422, ["/api_key"])
    assert call(cloud, "GET", integration_id).body == before
    assert call(cloud, "PATCH", integration_id, {**change, "api_key": API_KEY}).status == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({}, 400, id="empty"),
        pytest.param({"name": None}, 400, id="name null"),
        pytest.param({"unknown": 1}, 400, id="unknown field"),
        pytest.param({"provider": "awsBedrock"}, 422, id="provider without its metadata"),
        pytest.param({"provider_metadata": {"role_arn": "x"}}, 422, id="metadata of another provider"),
        pytest.param({"base_url": "http://10.0.0.1"}, 422, id="private host"),
        pytest.param({"base_url": "https://api.openai.com/v1/models"}, 422, id="base_url with a method"),
        pytest.param({"api_key": "****"}, 422, id="masked key"),
        pytest.param({"api_key": "$OPENAI_API_KEY"}, 422, id="placeholder"),
        pytest.param({"api_key": f"{API_KEY}\u200b"}, 422, id="invisible character in a key"),
        pytest.param({"headers": {"Transfer-Encoding": "chunked"}}, 422, id="reserved header"),
        pytest.param({"model_names": [" gpt-4o"]}, 422, id="blank before a model name"),
        pytest.param({"name": "TAKEN"}, 409, id="name taken"),
    ],
)
def test_update_with_an_invalid_body_changes_nothing(cloud: Cloud, body: object, status: int) -> None:
    create(cloud, name="Taken")
    integration_id = create(cloud)
    before = call(cloud, "GET", integration_id)
    response = call(cloud, "PATCH", integration_id, body)
    assert response.status == response.body["status"] == status
    assert call(cloud, "GET", integration_id) == before


def test_integration_with_a_reserved_header_of_an_older_release_can_be_read_changed_and_deleted(cloud: Cloud) -> None:
    integration_id = create(cloud, headers={"X-Team": "search"})
    [item] = cloud.items("INTEGRATION#")
    item["headers"] = {"M": {"Host": {"S": "gateway.example"}}}
    cloud.dynamodb.put_item(TableName=cloud.table, Item=item)
    assert call(cloud, "GET", integration_id).body["headers"] == {"Host": "gateway.example"}
    assert call(cloud, "PATCH", integration_id, {"name": "Renamed"}).status == 200
    assert call(cloud, "PATCH", integration_id, {"headers": {"Host": "gateway.example"}}).status == 200
    assert call(cloud, "PATCH", integration_id, {"headers": {"Host": "other.example"}}).status == 422
    assert call(cloud, "DELETE", integration_id).status == 204


@pytest.mark.parametrize("base_url", ["https://api.openai.com/v1", "https://API.OpenAI.com.:443/v1"])
def test_update_to_the_providers_own_address_keeps_the_key(cloud: Cloud, base_url: str) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    assert call(cloud, "PATCH", integration_id, {"base_url": base_url}).body["has_api_key"] is True
    assert call(cloud, "PATCH", integration_id, {"base_url": None}).body["has_api_key"] is True


def test_restore_after_delete_returns_the_integration_with_its_key(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    deleted = call(cloud, "DELETE", integration_id, headers={"Accept": "application/problem+json"})
    assert (deleted.status, deleted.text) == (204, "")  # some gateways reject a body of null
    assert call(cloud, "GET", integration_id).status == 404
    restored = call(cloud, "POST", integration_id, subpath="/restore")
    assert (restored.status, restored.body["has_api_key"]) == (200, True)
    assert call(cloud, "GET", integration_id).body == restored.body


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"enable_default_models": True}), ("DELETE", None)])
def test_write_with_if_match_succeeds_only_for_the_current_etag(cloud: Cloud, method: str, body: object) -> None:
    integration_id = create(cloud)
    current = call(cloud, "GET", integration_id).headers["etag"]
    assert call(cloud, method, integration_id, body, headers={"If-Match": '"stale"'}).status == 412
    assert call(cloud, method, integration_id, body, headers={"If-Match": current}).status in {200, 204}


GET = pytest.param("GET", None, "", id="get")
WRITES = [
    pytest.param("PATCH", {"name": "x"}, "", id="update"),
    pytest.param("DELETE", None, "", id="delete"),
    pytest.param("POST", None, "/restore", id="restore"),
]


@pytest.mark.parametrize(("method", "body", "subpath"), [GET, *WRITES])
def test_invisible_integration_returns_the_same_404_as_a_missing_one(
    cloud: Cloud, method: str, body: object, subpath: str
) -> None:
    invisible = create(cloud, scopings=[{"space_id": "s"}])
    member_of_other_space = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="t", admin=True),))
    responses = [
        call(cloud, method, invisible, body, caller=OTHER_ACCOUNT, subpath=subpath),
        call(cloud, method, invisible, body, caller=member_of_other_space, subpath=subpath),
        call(cloud, method, ids.encode(ULID), body, subpath=subpath),
    ]
    assert {response.status for response in responses} == {404}
    assert len({response.text for response in responses}) == 1


@pytest.mark.parametrize(("method", "body", "subpath"), [GET, *WRITES])
def test_integration_of_an_organization_is_visible_to_its_spaces_only_and_they_cannot_change_it(
    cloud: Cloud, method: str, body: object, subpath: str
) -> None:
    create(cloud, name="ours", scopings=[{"organization_id": "o", "space_id": "s"}])  # records both
    create(cloud, name="theirs", scopings=[{"organization_id": "p", "space_id": "t"}])
    of_organization = create(cloud, scopings=[{"organization_id": "o"}])
    for space_id, status in (("s", 200 if method == "GET" else 403), ("t", 404), ("unknown", 404)):
        member = a_caller(role=Role.MEMBER, memberships=(Membership(space_id=space_id, admin=True),))
        assert call(cloud, method, of_organization, body, caller=member, subpath=subpath).status == status
    assert call(cloud, "DELETE", of_organization).status == 204
    in_space = a_caller(role=Role.READER, memberships=(Membership(space_id="s"),))
    assert call(cloud, "GET", of_organization, caller=in_space).status == 404
    assert call(cloud, "POST", of_organization, caller=in_space, subpath="/restore").status == 403


@pytest.mark.parametrize(("method", "body", "subpath"), WRITES)
def test_write_by_a_reader_returns_403(cloud: Cloud, method: str, body: object, subpath: str) -> None:
    integration_id = create(cloud)
    assert call(cloud, method, integration_id, body, caller=READER, subpath=subpath).status == 403
    assert call(cloud, "GET", integration_id, caller=READER).status == 200


@pytest.mark.parametrize(("method", "body", "subpath"), [GET, *WRITES])
def test_malformed_id_returns_400_without_a_call_to_aws(cloud: Cloud, method: str, body: object, subpath: str) -> None:
    response = call(cloud, method, "Production OpenAI", body, subpath=subpath)
    assert (response.status, response.pointers) == (400, [""])
    assert cloud.calls == []
