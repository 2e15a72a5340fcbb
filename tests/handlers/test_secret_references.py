"""`api_key_secret_arn`: an integration references a secret that its own owner keeps, instead of sending a key."""

from typing import Any

import pytest

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG, HOSTS_TAG
from ai_integrations.domain.model import Role
from tests.builders import API_KEY, a_caller, create_body, gateway_event, the_stacks
from tests.cloud import Cloud
from tests.event_subscriber import Subscriber
from tests.handlers.test_custom_resource import a_request as a_stack_request
from tests.handlers.test_custom_resource import resource_properties
from tests.handlers.test_provision import a_request
from tests.messaging import Requests
from tests.response_bucket import SIGNATURE, Bucket, bucket

__all__ = ["bucket"]

MISSING_SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:missing-abcdef"


def store_secret(cloud: Cloud, account: str, hosts: str | None = None) -> str:
    """Store a secret that is tagged for an account, and perhaps for hosts, and return its ARN."""
    tags: Any = [{"Key": ACCOUNT_TAG, "Value": account}]
    if hosts is not None:
        tags.append({"Key": HOSTS_TAG, "Value": hosts})
    return cloud.secrets_manager.create_secret(Name="external", SecretString=API_KEY, Tags=tags)["ARN"]


def test_create_with_a_secret_arn_references_the_secret_and_copies_nothing(cloud: Cloud) -> None:
    arn = store_secret(cloud, "acme")
    response = cloud.api(gateway_event(create_body(api_key_secret_arn=arn)))
    assert (response.status, response.body["has_api_key"]) == (201, True)
    assert arn not in response.text
    assert cloud.items("INTEGRATION#")[0]["secret_arn"] == {"S": arn}
    assert len(cloud.secrets()) == 1
    assert cloud.calls == ["dynamodb:BatchGetItem", "secretsmanager:DescribeSecret", "dynamodb:TransactWriteItems"]


@pytest.mark.parametrize(
    "tagged_for", [pytest.param("other", id="secret of another account"), pytest.param(None, id="missing secret")]
)
def test_create_with_a_secret_of_another_account_is_rejected_like_a_missing_secret(
    cloud: Cloud, tagged_for: str | None
) -> None:
    arn = store_secret(cloud, tagged_for) if tagged_for else MISSING_SECRET
    response = cloud.api(gateway_event(create_body(api_key_secret_arn=arn)))
    assert (response.status, response.pointers) == (422, ["/api_key_secret_arn"])
    detail = "No secret with this ARN is tagged for this account. Check the ARN and the tag ai-integrations:account."
    assert response.body["errors"][0]["detail"] == detail
    assert cloud.items() == []


def test_create_when_the_secret_cannot_be_described_returns_503(cloud: Cloud) -> None:
    cloud.fail("secretsmanager:DescribeSecret", ("InternalServiceError", 500))
    assert cloud.api(gateway_event(create_body(api_key_secret_arn=MISSING_SECRET))).status == 503


def test_create_with_a_secret_arn_by_a_member_returns_403(cloud: Cloud) -> None:
    event = gateway_event(create_body(api_key_secret_arn=MISSING_SECRET), caller=a_caller(role=Role.MEMBER))
    assert cloud.api(event).status == 403
    assert cloud.calls == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"api_key": API_KEY}, id="key and secret"),
        pytest.param({"api_key_secret_arn": "external"}, id="no ARN"),
        pytest.param({"api_key_secret_arn": "arn:aws:s3:::b"}, id="ARN of another service"),
    ],
)
def test_create_rejects_invalid_or_conflicting_key_source(cloud: Cloud, changes: dict[str, str]) -> None:
    response = cloud.api(gateway_event(create_body(**{"api_key_secret_arn": MISSING_SECRET, **changes})))
    assert response.status == response.body["status"] == 422
    assert cloud.calls == []


OWN_SERVER = {"provider": "custom", "base_url": "https://evil.example.com/v1"}
REFUSED_HOST = (
    "The secret must not be sent to the host of this integration. Its owner lists the hosts in the tag "
    "ai-integrations:hosts; without the tag, only the provider's own address is allowed."
)
# The tag of a secret, and settings to which it does not allow to send it.
REFUSED = [
    pytest.param(None, OWN_SERVER, id="no tag, custom server"),
    pytest.param(None, {"base_url": "https://evil.example.com/v1"}, id="no tag, other host"),
    pytest.param(None, {"provider": "LITELLM", "base_url": "https://evil.example.com"}, id="no tag, LiteLLM"),
    pytest.param(None, {"provider": "azureOpenAI", "base_url": "https://a.openai.azure.com"}, id="no tag, Azure"),
    pytest.param("gateway.example.com", OWN_SERVER, id="host not listed"),
    pytest.param(".gateway.example.com evil.example.com:8443", OWN_SERVER, id="other domain and port"),
    pytest.param("gateway.example.com", {}, id="own address not listed"),
    pytest.param(
        "gateway.example.com",
        {"base_url": "https://gateway.example.com", "headers": {"Helicone-Target-URL": "https://evil.example.com"}},
        id="listed gateway with a header that names another host",
    ),
]
GATEWAY = {"provider": "custom", "base_url": "https://gateway.example.com/v1"}
HOSTS = "gateway.example.com .openai.azure.com"


@pytest.mark.parametrize(("hosts", "settings"), REFUSED)
def test_create_or_update_that_sends_a_secret_to_another_host_is_rejected(
    cloud: Cloud, hosts: str | None, settings: dict[str, Any]
) -> None:
    arn = store_secret(cloud, "acme", hosts)
    created = cloud.api(gateway_event(create_body(**settings, api_key_secret_arn=arn)))
    assert (created.status, created.pointers) == (422, ["/api_key_secret_arn"])
    assert created.body["errors"][0]["detail"] == REFUSED_HOST
    assert cloud.items() == []
    path = f"/v2/ai-integrations/{cloud.api(gateway_event(create_body(**settings))).body['id']}"
    updated = cloud.api(gateway_event({"api_key_secret_arn": arn}, method="PATCH", path=path))
    assert (updated.status, updated.body["errors"]) == (422, created.body["errors"])
    assert cloud.api(gateway_event(None, method="GET", path=path)).body["has_api_key"] is False


def test_create_with_a_secret_of_another_account_does_not_reveal_its_hosts(cloud: Cloud) -> None:
    errors = [
        cloud.api(gateway_event(create_body(**GATEWAY, api_key_secret_arn=arn))).body["errors"]
        for arn in (store_secret(cloud, "other", HOSTS), MISSING_SECRET)
    ]
    assert errors[0] == errors[1]
    assert errors[0][0]["detail"] != REFUSED_HOST


@pytest.mark.parametrize("base_url", ["https://gateway.example.com/v1", "https://team.openai.azure.com"])
def test_create_that_sends_a_secret_to_a_listed_host_is_accepted(cloud: Cloud, base_url: str) -> None:
    arn = store_secret(cloud, "acme", HOSTS)
    body = create_body(provider="custom", base_url=base_url, api_key_secret_arn=arn)
    assert cloud.api(gateway_event(body)).status == 201


def test_update_of_the_host_must_name_the_secret_again(cloud: Cloud) -> None:
    arn = store_secret(cloud, "acme", HOSTS)
    created = cloud.api(gateway_event(create_body(**GATEWAY, api_key_secret_arn=arn)))
    path = f"/v2/ai-integrations/{created.body['id']}"
    for change, pointer in (
        ({"base_url": "https://team.openai.azure.com"}, "/api_key"),
        ({"base_url": "https://evil.example.com"}, "/api_key"),
        ({"base_url": "https://evil.example.com", "api_key_secret_arn": arn}, "/api_key_secret_arn"),
    ):
        rejected = cloud.api(gateway_event(change, method="PATCH", path=path))
        assert (rejected.status, rejected.pointers) == (422, [pointer])
    moved = {"base_url": "https://team.openai.azure.com", "api_key_secret_arn": arn}
    assert cloud.api(gateway_event(moved, method="PATCH", path=path)).status == 200


def test_event_that_sends_a_secret_to_another_host_is_rejected(
    cloud: Cloud, requests: Requests, bus: Subscriber
) -> None:
    arn = store_secret(cloud, "acme", HOSTS)
    for number, settings in enumerate((OWN_SERVER, GATEWAY)):
        body = {"name": "x", **settings, "api_key_secret_arn": arn}
        requests.send(a_request("Create", request_id=f"request-{number}", integration=body))
        requests.deliver()
    refused, accepted = bus.receive()
    assert refused.detail["problem"]["errors"][0] == {
        "pointer": "/integration/api_key_secret_arn",
        "detail": REFUSED_HOST,
    }
    assert accepted.detail_type == "AI Integration Create Succeeded"


def test_stack_that_sends_a_secret_to_another_host_fails(cloud: Cloud, bucket: Bucket) -> None:
    cloud.keys.add(SIGNATURE)
    cloud.register(the_stacks())
    arn = store_secret(cloud, "acme", HOSTS)
    for number, settings in enumerate((OWN_SERVER, GATEWAY)):
        properties = resource_properties(**settings, api_key_secret_arn=arn)
        cloud.function("custom_resource")(a_stack_request(bucket, "Create", properties, RequestId=f"request-{number}"))
    refused, accepted = bucket.responses()
    assert (refused["Status"], accepted["Status"]) == ("FAILED", "SUCCESS")
    assert refused["Reason"].endswith(REFUSED_HOST)


def test_resolve_returns_a_secret_only_while_its_tag_lists_the_host(cloud: Cloud) -> None:
    arn = store_secret(cloud, "acme", HOSTS)
    assert cloud.api(gateway_event(create_body(**GATEWAY, api_key_secret_arn=arn))).status == 201
    request = {"account": "acme", "integration": "Production OpenAI", "consumer": "billing-job"}
    resolve = cloud.function("credentials")
    assert resolve(request)["api_key"] == API_KEY
    cloud.secrets_manager.tag_resource(SecretId=arn, Tags=[{"Key": HOSTS_TAG, "Value": "api.openai.com"}])
    assert resolve(request)["problem"]["status"] == 409
    cloud.secrets_manager.untag_resource(SecretId=arn, TagKeys=[HOSTS_TAG])
    refused = resolve(request)
    assert refused["problem"]["status"] == 409
    assert API_KEY not in str(refused)
