"""`POST …/test` and `GET …/health`: from the gateway's event over a real connection to what is in AWS afterwards."""

import json
from typing import Any

import boto3
import pytest

from ai_integrations.contracts import ids
from ai_integrations.domain.model import Caller, Membership, Role, Scoping
from tests.builders import API_KEY, ULID, a_caller, create_body, gateway_event
from tests.cloud import Cloud, Response, cloud
from tests.connection.servers import Received, Reply, Server

__all__ = ["cloud"]

OTHER_KEY = "sk-fake-other-key-not-a-key"
READER = a_caller(role=Role.READER)
FINGERPRINT = "ai-integration-key-fingerprint"


@pytest.fixture(autouse=True)
def allowed_loopback(cloud: Cloud) -> None:
    """Allow loopback, and keep the key that makes fingerprints."""
    key = boto3.client("kms").create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    cloud.variables |= {"ALLOWED_PRIVATE_HOSTS": "127.0.0.1", "FINGERPRINT_KEY_ID": key["Arn"]}
    cloud.keys.add(OTHER_KEY)


def provider(got: Received) -> Reply:
    """Behave as a provider that takes one key."""
    if got.headers.get("authorization") != f"Bearer {API_KEY}":
        return Reply.of({"error": {"message": f"Incorrect API key: {got.headers.get('authorization')}"}}, 401)
    return Reply.of({"data": []} if got.method == "GET" else {"choices": []})


def body_for(server: Server, **changes: Any) -> dict[str, Any]:
    return create_body(provider="custom", base_url=server.url(), model_names=["m-1"], **{"api_key": API_KEY} | changes)


def create(cloud: Cloud, server: Server, **changes: Any) -> str:
    server.behave = provider
    integration_id: str = cloud.api(gateway_event(body_for(server, **changes))).body["id"]
    return integration_id


def try_saved(cloud: Cloud, integration_id: str, body: object = "", caller: Caller | None = None) -> Response:
    path = f"/v2/ai-integrations/{integration_id}/test"
    return cloud.http("test_connection", gateway_event(body, path=path, caller=caller))


def try_new(cloud: Cloud, body: object, caller: Caller | None = None) -> Response:
    return cloud.http("test_connection", gateway_event(body, path="/v2/ai-integrations/test", caller=caller))


def health(cloud: Cloud, integration_id: str, caller: Caller | None = None) -> Response:
    path = f"/v2/ai-integrations/{integration_id}/health"
    return cloud.api(gateway_event("", method="GET", path=path, caller=caller))


def test_tests_an_integration_and_records_its_health(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    answer = try_saved(cloud, integration_id)
    assert answer.status == 200
    assert [rung["status"] for rung in answer.body["rungs"]] == ["passed", "passed", "passed"]
    assert (answer.body["status"], answer.body["integration_version"]) == ("passed", 1)
    assert health(cloud, integration_id).body == answer.body
    [item] = cloud.items("INTEGRATION#")
    assert item["version"] == {"N": "1"}


def test_counts_tests_and_keeps_the_last(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    try_saved(cloud, integration_id)
    server.behave = lambda _: Reply(500)
    try_saved(cloud, integration_id)
    assert health(cloud, integration_id).body["status"] == "failed"
    [item] = cloud.items("HEALTH#")
    assert item.keys() == {"pk", "sk", "health", "checks"}
    assert item["checks"] == {"N": "2"}


def test_asks_the_model_that_the_request_names(cloud: Cloud, server: Server) -> None:
    answer = try_saved(cloud, create(cloud, server), {"model": "m-2"})
    assert answer.body["model"] == "m-2"
    assert json.loads(server.received[-1].body)["model"] == "m-2"


def test_shows_what_the_provider_says_without_the_key_that_it_repeats(cloud: Cloud, server: Server) -> None:
    answer = try_saved(cloud, create(cloud, server, api_key=OTHER_KEY))
    assert answer.body["status"] == "failed"
    assert answer.body["rungs"][-1]["provider_said"] == "Incorrect API key: Bearer [redacted]"


def test_says_nothing_of_health_before_the_first_test(cloud: Cloud, server: Server) -> None:
    answer = health(cloud, create(cloud, server))
    assert (answer.status, answer.body) == (200, {"status": "unknown", "rungs": []})


def test_calls_the_health_outdated_once_the_integration_has_changed(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    try_saved(cloud, integration_id)
    path = f"/v2/ai-integrations/{integration_id}"
    cloud.api(gateway_event({"name": "Renamed"}, method="PATCH", path=path))
    answer = health(cloud, integration_id)
    assert answer.body["outdated"] is True
    assert FINGERPRINT in answer.headers  # the key is still the one that was tested
    cloud.api(gateway_event({"api_key": OTHER_KEY}, method="PATCH", path=path))
    assert FINGERPRINT not in health(cloud, integration_id).headers


def test_tells_admins_which_key_was_tested(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    shown = try_saved(cloud, integration_id).headers[FINGERPRINT]
    assert len(shown) == 32
    assert health(cloud, integration_id).headers[FINGERPRINT] == shown
    assert FINGERPRINT not in health(cloud, integration_id, READER).headers
    assert try_new(cloud, body_for(server)).headers[FINGERPRINT] == shown
    assert try_new(cloud, body_for(server, api_key=OTHER_KEY)).headers[FINGERPRINT] != shown
    stranger = a_caller(account="other")
    assert try_new(cloud, body_for(server), stranger).headers[FINGERPRINT] != shown


def test_tests_without_a_fingerprint_when_kms_makes_none(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    cloud.fail("kms:GenerateMac", ("AccessDeniedException", 400))
    answer = try_saved(cloud, integration_id)
    assert (answer.status, answer.body["status"]) == (200, "passed")
    assert FINGERPRINT not in answer.headers


def test_tests_an_integration_before_it_is_saved_and_stores_nothing(cloud: Cloud, server: Server) -> None:
    server.behave = provider
    answer = try_new(cloud, body_for(server))
    assert (answer.status, answer.body["status"]) == (200, "passed")
    assert not {"integration_version", "outdated"} & answer.body.keys()
    assert (cloud.items(), cloud.secrets()) == ([], [])


def test_tests_with_a_secret_that_somebody_else_keeps(cloud: Cloud, server: Server) -> None:
    server.behave = provider
    created = cloud.secrets_manager.create_secret(
        Name="theirs", SecretString=API_KEY, Tags=[{"Key": "ai-integrations:account", "Value": "acme"}]
    )
    body = body_for(server, api_key=..., api_key_secret_arn=created["ARN"])
    assert try_new(cloud, body).body["status"] == "passed"
    saved = cloud.api(gateway_event(body)).body["id"]
    shown = try_saved(cloud, saved).headers[FINGERPRINT]
    assert health(cloud, saved).headers[FINGERPRINT] == shown
    stranger = try_new(cloud, body, a_caller(account="other"))
    assert (stranger.status, stranger.pointers) == (422, ["/api_key_secret_arn"])


def test_holds_a_body_to_the_rules_of_a_create(cloud: Cloud, server: Server) -> None:
    for change, status, pointer in (
        ({"base_url": "https://10.0.0.1/"}, 422, "/base_url"),
        ({"provider": "awsBedrock"}, 422, "/provider_metadata/role_arn"),
        ({"api_key": "sk-****abcd"}, 422, "/api_key"),
        ({"provider": "unknown"}, 400, "/provider"),
    ):
        answer = try_new(cloud, body_for(server) | change)
        assert (answer.status, answer.pointers) == (status, [pointer])
    assert server.received == []


def test_is_for_admins_alone(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    member = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s", admin=True),))
    for caller in (READER, member):
        assert try_saved(cloud, integration_id, caller=caller).status == 403
        assert try_new(cloud, body_for(server), caller).status == 403
    assert server.received == []


def test_hides_what_a_caller_may_not_see(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server, scopings=[Scoping(space_id="s")._asdict()])
    for caller in (READER, a_caller(account="other")):
        assert try_saved(cloud, integration_id, caller=caller).status == 404
        assert health(cloud, integration_id, caller).status == 404
    assert try_saved(cloud, ids.encode(ULID)).status == 404
    assert server.received == []


def test_refuses_a_body_of_another_form(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    assert try_saved(cloud, integration_id, {"model": 3}).status == 400
    assert try_saved(cloud, integration_id, {"key": "x"}).status == 400
    assert try_saved(cloud, "nonsense").status == 400


def test_says_that_a_key_is_gone(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    [secret] = cloud.secrets()
    cloud.secrets_manager.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
    assert try_saved(cloud, integration_id).status == 409


def test_logs_that_a_test_was_made_and_nothing_of_what_was_said(cloud: Cloud, server: Server) -> None:
    integration_id = create(cloud, server)
    try_saved(cloud, integration_id)
    line = cloud.log()[-1]
    assert (line["message"], line["status"], line["saved"]) == ("connection tested", "passed", True)


def operator(cloud: Cloud, **command: Any) -> Any:
    return cloud.function("credentials")({"account": "acme", **command})


def test_tells_an_operator_which_integrations_hold_a_key(cloud: Cloud, server: Server) -> None:
    first = create(cloud, server, name="first")
    second = create(cloud, server, name="second")
    create(cloud, server, name="third", api_key=OTHER_KEY)
    create(cloud, server, name="fourth", api_key=None)
    shown = operator(cloud, action="fingerprint", integration=first)
    found = operator(cloud, action="find_key", fingerprint=shown["fingerprint"])
    assert [each["id"] for each in found["holders"]] == [second, first]
    assert (found["unreadable"], found["next"]) == ([], None)
    assert operator(cloud, action="find_key", api_key=API_KEY) == found
    assert shown["fingerprint"] == try_saved(cloud, first).headers[FINGERPRINT]


def test_goes_on_past_a_key_that_can_not_be_read(cloud: Cloud, server: Server) -> None:
    gone = create(cloud, server, name="first")
    kept = create(cloud, server, name="second")
    [arn] = [
        each["ARN"] for each in cloud.secrets() if each["Name"].endswith(cloud.items("INTEGRATION#")[0]["id"]["S"])
    ]
    cloud.secrets_manager.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    found = operator(cloud, action="find_key", api_key=API_KEY)
    assert [each["id"] for each in found["holders"]] == [kept]
    assert [each["id"] for each in found["unreadable"]] == [gone]
    assert operator(cloud, action="fingerprint", integration=gone)["problem"]["status"] == 409


def test_looks_at_one_page_of_an_account_at_a_time(cloud: Cloud, server: Server) -> None:
    for number in range(26):
        create(cloud, server, name=f"{number}", api_key=API_KEY if number == 0 else None)
    page = operator(cloud, action="find_key", api_key=API_KEY)
    assert page["holders"] == []
    rest = operator(cloud, action="find_key", api_key=API_KEY, after=page["next"])
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
def test_refuses_a_command_of_another_form(cloud: Cloud, command: dict[str, str]) -> None:
    assert operator(cloud, **command).keys() == {"problem"}
