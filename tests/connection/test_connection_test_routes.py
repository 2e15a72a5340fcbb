"""`POST …/test` and `GET …/health`, from API Gateway event to AWS state, over real connections; and key commands."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from ai_integrations.contracts import ids
from ai_integrations.domain.model import Caller, Membership, Role, Scoping
from tests.builders import API_KEY, ULID, a_caller, create_body, gateway_event
from tests.cloud import Cloud, Response, cloud
from tests.connection.servers import ReceivedRequest, Reply, Server

__all__ = ["cloud"]

OTHER_KEY = "sk-fake-other-key-not-a-key"
READER = a_caller(role=Role.READER)
FINGERPRINT = "ai-integration-key-fingerprint"


@pytest.fixture(autouse=True)
def allow_loopback(cloud: Cloud) -> None:
    """Allow connections to loopback, and create the KMS key for fingerprints."""
    key = boto3.client("kms").create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    cloud.variables |= {"ALLOWED_PRIVATE_HOSTS": "127.0.0.1", "FINGERPRINT_KEY_ID": key["Arn"]}
    cloud.keys.add(OTHER_KEY)


def accept_one_key(request: ReceivedRequest) -> Reply:
    """Behave like a provider that accepts API_KEY."""
    if request.headers.get("authorization") != f"Bearer {API_KEY}":
        return Reply.from_json(
            {"error": {"message": f"Incorrect API key: {request.headers.get('authorization')}"}}, 401
        )
    return Reply.from_json({"data": []} if request.method == "GET" else {"choices": []})


def body_for(server: Server, **changes: Any) -> dict[str, Any]:
    return create_body(provider="custom", base_url=server.url(), model_names=["m-1"], **{"api_key": API_KEY} | changes)


def create(cloud: Cloud, server: Server, **changes: Any) -> str:
    server.behave = accept_one_key
    integration_id: str = cloud.api(gateway_event(body_for(server, **changes))).body["id"]
    return integration_id


def run_saved_test(cloud: Cloud, integration_id: str, body: object = "", caller: Caller | None = None) -> Response:
    path = f"/v2/ai-integrations/{integration_id}/test"
    return cloud.http("test_connection", gateway_event(body, path=path, caller=caller))


def run_unsaved_test(cloud: Cloud, body: object, caller: Caller | None = None) -> Response:
    return cloud.http("test_connection", gateway_event(body, path="/v2/ai-integrations/test", caller=caller))


def get_health(cloud: Cloud, integration_id: str, caller: Caller | None = None) -> Response:
    path = f"/v2/ai-integrations/{integration_id}/health"
    return cloud.api(gateway_event("", method="GET", path=path, caller=caller))


def test_saved_integration_is_tested_and_health_recorded(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    response = run_saved_test(cloud, integration_id)
    assert response.status == 200
    assert [rung["status"] for rung in response.body["rungs"]] == ["passed", "passed", "passed"]
    assert (response.body["status"], response.body["integration_version"]) == ("passed", 1)
    assert get_health(cloud, integration_id).body == response.body
    [item] = cloud.items("INTEGRATION#")
    assert item["version"] == {"N": "1"}


def test_repeated_test_replaces_health_and_increments_count(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    run_saved_test(cloud, integration_id)
    server.behave = lambda _: Reply(500)
    run_saved_test(cloud, integration_id)
    assert get_health(cloud, integration_id).body["status"] == "failed"
    [item] = cloud.items("HEALTH#")
    assert item.keys() == {"pk", "sk", "health", "checks"}
    assert item["checks"] == {"N": "2"}


def list_models(*names: object) -> Callable[[ReceivedRequest], Reply]:
    """Behave like a provider that accepts API_KEY and lists models."""
    models = Reply.from_json({"data": [{"id": name} for name in names]})

    def behave(request: ReceivedRequest) -> Reply:
        reply = accept_one_key(request)
        return models if request.method == "GET" and reply.status == 200 else reply

    return behave


def test_models_of_the_provider_are_returned_and_stored(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    server.behave = list_models("m-2", API_KEY, "<b>m</b>", "m-1", 7, "m-2")
    response = run_saved_test(cloud, integration_id)
    assert response.body["models"] == ["m-1", "m-2"]
    assert get_health(cloud, integration_id, READER).body == response.body
    assert run_unsaved_test(cloud, body_for(server)).body["models"] == ["m-1", "m-2"]


def test_longest_list_of_models_is_stored(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    server.behave = list_models(*(f"{number:0256}" for number in range(300)))
    assert len(run_saved_test(cloud, integration_id).body["models"]) == 200
    assert len(get_health(cloud, integration_id).body["models"]) == 200


def test_result_without_models_replaces_those_of_the_previous_test(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    server.behave = list_models("m-1")
    run_saved_test(cloud, integration_id)
    server.behave = accept_one_key
    assert "models" not in run_saved_test(cloud, integration_id).body
    assert "models" not in get_health(cloud, integration_id).body


def test_connection_test_uses_model_of_the_request(cloud: Cloud, server: Server) -> None:
    response = run_saved_test(cloud, create(cloud, server), {"model": "m-2"})
    assert response.body["model"] == "m-2"
    assert json.loads(server.received[-1].body)["model"] == "m-2"


def test_failed_test_shows_redacted_provider_message(cloud: Cloud, server: Server) -> None:
    response = run_saved_test(cloud, create(cloud, server, api_key=OTHER_KEY))
    assert response.body["status"] == "failed"
    assert response.body["rungs"][-1]["provider_said"] == "Incorrect API key: Bearer [redacted]"


def test_health_is_unknown_before_first_test(cloud: Cloud, server: Server) -> None:
    response = get_health(cloud, create(cloud, server))
    assert (response.status, response.body) == (200, {"status": "unknown", "rungs": []})


def test_health_is_outdated_after_change_of_integration(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    run_saved_test(cloud, integration_id)
    path = f"/v2/ai-integrations/{integration_id}"
    cloud.api(gateway_event({"name": "Renamed"}, method="PATCH", path=path))
    response = get_health(cloud, integration_id)
    assert response.body["outdated"] is True
    assert FINGERPRINT in response.headers  # the tested key is still the current key
    cloud.api(gateway_event({"api_key": OTHER_KEY}, method="PATCH", path=path))
    assert FINGERPRINT not in get_health(cloud, integration_id).headers


def test_fingerprint_header_is_shown_to_admins_only(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    fingerprint = run_saved_test(cloud, integration_id).headers[FINGERPRINT]
    assert len(fingerprint) == 32
    assert get_health(cloud, integration_id).headers[FINGERPRINT] == fingerprint
    for role in (Role.MEMBER, Role.READER):
        response = get_health(cloud, integration_id, a_caller(role=role))
        assert (response.status, FINGERPRINT in response.headers) == (200, False)


def test_unsaved_test_at_a_server_of_ones_own_computes_no_fingerprint_of_an_accepted_key(
    cloud: Cloud, server: Server
) -> None:
    server.behave = accept_one_key
    response = run_unsaved_test(cloud, body_for(server))
    assert response.body["rungs"][1]["status"] == "passed"
    assert FINGERPRINT not in response.headers
    assert "kms:GenerateMac" not in cloud.calls


def test_unsaved_test_computes_no_fingerprint_of_a_key_that_was_not_accepted(cloud: Cloud, server: Server) -> None:
    server.behave = accept_one_key
    rejected = run_unsaved_test(cloud, body_for(server, api_key=OTHER_KEY))
    server.behave = lambda _: Reply.from_json({"data": [], "choices": []})
    not_proved = run_unsaved_test(cloud, body_for(server))
    assert [each.body["rungs"][1]["status"] for each in (rejected, not_proved)] == ["failed", "not_proved"]
    assert FINGERPRINT not in rejected.headers | not_proved.headers
    assert "kms:GenerateMac" not in cloud.calls


def test_saved_test_computes_the_fingerprint_of_a_rejected_key(cloud: Cloud, server: Server) -> None:
    assert FINGERPRINT in run_saved_test(cloud, create(cloud, server, api_key=OTHER_KEY)).headers


def test_connection_test_succeeds_without_fingerprint_if_kms_fails(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    cloud.fail("kms:GenerateMac", ("AccessDeniedException", 400))
    response = run_saved_test(cloud, integration_id)
    assert (response.status, response.body["status"]) == (200, "passed")
    assert FINGERPRINT not in response.headers


def test_unsaved_integration_is_tested_and_nothing_stored(cloud: Cloud, server: Server) -> None:
    server.behave = accept_one_key
    response = run_unsaved_test(cloud, body_for(server))
    assert (response.status, response.body["status"]) == (200, "passed")
    assert not {"integration_version", "outdated"} & response.body.keys()
    assert (cloud.items(), cloud.secrets()) == ([], [])


def test_connection_test_reads_external_secret(cloud: Cloud, server: Server) -> None:
    server.behave = accept_one_key
    tags: Any = [
        {"Key": "ai-integrations:account", "Value": "acme"},
        {"Key": "ai-integrations:hosts", "Value": f"127.0.0.1:{server.port}"},
    ]
    created = cloud.secrets_manager.create_secret(Name="external", SecretString=API_KEY, Tags=tags)
    body = body_for(server, api_key=..., api_key_secret_arn=created["ARN"])
    assert run_unsaved_test(cloud, body).body["status"] == "passed"
    saved = cloud.api(gateway_event(body)).body["id"]
    fingerprint = run_saved_test(cloud, saved).headers[FINGERPRINT]
    assert get_health(cloud, saved).headers[FINGERPRINT] == fingerprint
    renaming = gateway_event({"name": "Renamed"}, method="PATCH", path=f"/v2/ai-integrations/{saved}")
    assert cloud.api(renaming).status == 200
    assert FINGERPRINT not in get_health(cloud, saved).headers
    rejected = run_unsaved_test(cloud, body, a_caller(account="other"))
    assert (rejected.status, rejected.pointers) == (422, ["/api_key_secret_arn"])


@pytest.mark.parametrize("hosts", [None, "127.0.0.1", "gateway.example.com"])
def test_connection_test_sends_no_external_secret_to_a_host_that_its_tag_does_not_list(
    cloud: Cloud, server: Server, hosts: str | None
) -> None:
    listed: Any = [{"Key": "ai-integrations:hosts", "Value": f"127.0.0.1:{server.port}"}]
    account: Any = [{"Key": "ai-integrations:account", "Value": "acme"}]
    arn = cloud.secrets_manager.create_secret(Name="external", SecretString=API_KEY, Tags=account + listed)["ARN"]
    body = body_for(server, api_key=..., api_key_secret_arn=arn)
    saved = cloud.api(gateway_event(body)).body["id"]
    cloud.secrets_manager.untag_resource(SecretId=arn, TagKeys=["ai-integrations:hosts"])
    if hosts is not None:
        cloud.secrets_manager.tag_resource(SecretId=arn, Tags=[{"Key": "ai-integrations:hosts", "Value": hosts}])
    refused, refused_create = run_unsaved_test(cloud, body), cloud.api(gateway_event(body | {"name": "x"}))
    assert (refused.status, refused.pointers) == (422, ["/api_key_secret_arn"])
    assert refused.body["errors"] == refused_create.body["errors"]
    assert run_saved_test(cloud, saved).status == 409
    assert server.received == []


def test_unsaved_integration_is_validated_like_a_create(cloud: Cloud, server: Server) -> None:
    for change, status, pointer in (
        ({"base_url": "https://10.0.0.1/"}, 422, "/base_url"),
        ({"base_url": "https://llm.example.com/v1?tenant=1"}, 422, "/base_url"),
        ({"provider": "awsBedrock", "base_url": None}, 422, "/provider_metadata/role_arn"),
        ({"api_key": "sk-****abcd"}, 422, "/api_key"),
        ({"api_key": "sk-fake 0123"}, 422, "/api_key"),
        ({"headers": {"Host": "evil.example"}}, 422, "/headers"),
        ({"model_names": ["m "]}, 422, "/model_names/0"),
        ({"provider": "unknown"}, 400, "/provider"),
    ):
        response = run_unsaved_test(cloud, body_for(server) | change)
        assert (response.status, response.pointers) == (status, [pointer])
    assert server.received == []


def test_connection_test_is_forbidden_for_non_admins(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    member = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s", admin=True),))
    for caller in (READER, member):
        assert run_saved_test(cloud, integration_id, caller=caller).status == 403
        assert run_unsaved_test(cloud, body_for(server), caller).status == 403
    assert server.received == []


def test_connection_test_and_health_return_404_for_invisible_integration(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server, scopings=[Scoping(space_id="s")._asdict()])
    for caller in (READER, a_caller(account="other")):
        assert run_saved_test(cloud, integration_id, caller=caller).status == 404
        assert get_health(cloud, integration_id, caller).status == 404
    assert run_saved_test(cloud, ids.encode(ULID)).status == 404
    assert server.received == []


def test_connection_test_is_403_for_a_space_that_sees_the_integration_by_its_organization(
    cloud: Cloud, server: Server
) -> None:
    create(cloud, server, name="ours", scopings=[{"organization_id": "o", "space_id": "s"}])  # records both
    of_organization = create(cloud, server, scopings=[{"organization_id": "o"}])
    for space_id, status, health in (("s", 403, 200), ("t", 404, 404)):
        reader = a_caller(role=Role.READER, memberships=(Membership(space_id=space_id),))
        assert run_saved_test(cloud, of_organization, caller=reader).status == status
        assert get_health(cloud, of_organization, reader).status == health
    assert server.received == []


def test_connection_test_rejects_malformed_request(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    assert run_saved_test(cloud, integration_id, {"model": 3}).status == 400
    assert run_saved_test(cloud, integration_id, {"key": "x"}).status == 400
    assert run_saved_test(cloud, "nonsense").status == 400


def test_connection_test_returns_409_if_key_was_deleted(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    [secret] = cloud.secrets()
    cloud.secrets_manager.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
    assert run_saved_test(cloud, integration_id).status == 409


def test_connection_test_logs_its_result(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    run_saved_test(cloud, integration_id)
    line = cloud.log()[-1]
    assert (line["message"], line["status"], line["saved"]) == ("connection tested", "passed", True)


def run_command(cloud: Cloud, **command: Any) -> Any:
    return cloud.function("credentials")({"account": "acme", **command})


def test_find_key_returns_all_holders(cloud: Cloud, server: Server) -> None:
    first = create(cloud, server, name="first")
    second = create(cloud, server, name="second")
    create(cloud, server, name="third", api_key=OTHER_KEY)
    create(cloud, server, name="fourth", api_key=None)
    fingerprint = run_command(cloud, action="fingerprint", integration=first)
    found = run_command(cloud, action="find_key", fingerprint=fingerprint["fingerprint"])
    assert [each["id"] for each in found["holders"]] == [second, first]
    assert (found["unreadable"], found["next"]) == ([], None)
    assert run_command(cloud, action="find_key", api_key=API_KEY) == found
    assert fingerprint["fingerprint"] == run_saved_test(cloud, first).headers[FINGERPRINT]


def test_find_key_continues_after_unreadable_key(cloud: Cloud, server: Server) -> None:
    gone = create(cloud, server, name="first")
    kept = create(cloud, server, name="second")
    [arn] = [
        each["ARN"] for each in cloud.secrets() if each["Name"].endswith(cloud.items("INTEGRATION#")[0]["id"]["S"])
    ]
    cloud.secrets_manager.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    found = run_command(cloud, action="find_key", api_key=API_KEY)
    assert [each["id"] for each in found["holders"]] == [kept]
    assert [each["id"] for each in found["unreadable"]] == [gone]
    assert run_command(cloud, action="fingerprint", integration=gone)["problem"]["status"] == 409


def test_find_key_returns_pages(cloud: Cloud, server: Server) -> None:
    for number in range(26):
        create(cloud, server, name=f"{number}", api_key=API_KEY if number == 0 else None)
    page = run_command(cloud, action="find_key", api_key=API_KEY)
    assert page["holders"] == []
    rest = run_command(cloud, action="find_key", api_key=API_KEY, after=page["next"])
    assert [each["name"] for each in rest["holders"]] == ["0"]
    assert rest["next"] is None


@pytest.mark.parametrize(
    "command",
    [
        {"action": "find_key"},
        {"action": "find_key", "fingerprint": "x"},
        {"action": "find_key", "fingerprint": "0" * 32, "api_key": API_KEY},
        {"action": "fingerprint"},
        {"action": "fingerprint", "integration": "nonsense"},
        {"action": "fingerprint", "integration": ids.encode(ULID)},
        {"action": "unknown"},
    ],
)
def test_malformed_key_command_returns_problem(cloud: Cloud, command: dict[str, str]) -> None:
    assert run_command(cloud, **command).keys() == {"problem"}
