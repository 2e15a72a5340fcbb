"""IAM roles of Bedrock integrations: who may name which role, the trust policy, and what AWS is sent."""

import json
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.adapters.dynamodb.items import integration_item
from ai_integrations.contracts import ids
from ai_integrations.domain.model import Caller, Membership, Role
from tests.builders import API_KEY, AWS_ACCOUNT, ULID, a_caller, a_source, an_integration, create_body, gateway_event
from tests.cloud import Cloud, Response
from tests.handlers.failures import Failure, failure_id
from tests.messaging import a_request_event

ROLE = "arn:aws:iam::123456789012:role/Bedrock"
OTHER_ROLE = "arn:aws:iam::123456789012:role/Other"
ACME, UMBRELLA = a_caller(), a_caller(account="umbrella", user="mallory")
MEMBER = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s", admin=True),))
COLLECTION = "/v2/ai-integrations"


def body_with_role(role_arn: str = ROLE, external_id: str | None = None, **changes: Any) -> dict[str, Any]:
    metadata = {"role_arn": role_arn} | ({"external_id": external_id} if external_id else {})
    return create_body(provider="awsBedrock", provider_metadata=metadata, **changes)


def create(cloud: Cloud, caller: Caller = ACME, **body: Any) -> Response:
    return cloud.api(gateway_event(body_with_role(**body), caller=caller))


def send(cloud: Cloud, method: str, path: str, body: object = "", caller: Caller = ACME) -> Response:
    return cloud.api(gateway_event(body, method=method, path=f"{COLLECTION}/{path}", caller=caller))


def resolve(cloud: Cloud, account: str = "acme") -> dict[str, Any]:
    event = {"account": account, "integration": "Production OpenAI", "consumer": "billing-job"}
    response: dict[str, Any] = cloud.function("credentials")(event)
    return response


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (body_with_role(f"arn:aws:iam::{AWS_ACCOUNT}:role/Bedrock"), "/provider_metadata/role_arn"),
        (body_with_role(f"arn:aws-cn:iam::{AWS_ACCOUNT}:role/a/Bedrock"), "/provider_metadata/role_arn"),
        (body_with_role(external_id="ai-integrations:0"), "/provider_metadata/external_id"),
    ],
)
def test_create_with_a_role_of_the_service_or_its_external_id_returns_422(
    cloud: Cloud, body: dict[str, Any], pointer: str
) -> None:
    for path, function in ((COLLECTION, "api"), (f"{COLLECTION}/test", "test_connection")):
        response = cloud.http(function, gateway_event(body, path=path))
        assert (response.status, response.pointers) == (422, [pointer])
    assert cloud.items() == []
    assert cloud.calls == []


def test_create_and_test_with_a_role_of_another_account_return_409_without_its_name(cloud: Cloud) -> None:
    assert create(cloud).status == 201
    rejected = [
        create(cloud, UMBRELLA),
        create(cloud, UMBRELLA, role_arn="arn:aws:iam::123456789012:role/team/BEDROCK", api_key=API_KEY),
        cloud.http("test_connection", gateway_event(body_with_role(), path=f"{COLLECTION}/test", caller=UMBRELLA)),
    ]
    for response in rejected:
        assert (response.status, response.body["title"]) == (409, "Resource conflict")
        assert "acme" not in response.text
    assert cloud.secrets() == []
    assert "sts:AssumeRole" not in cloud.calls


def test_update_to_a_role_of_another_account_returns_409_and_changes_nothing(cloud: Cloud) -> None:
    create(cloud)
    created = create(cloud, UMBRELLA, role_arn=OTHER_ROLE).body
    response = send(cloud, "PATCH", created["id"], {"provider_metadata": {"role_arn": ROLE}}, UMBRELLA)
    assert response.status == 409
    assert send(cloud, "GET", created["id"], caller=UMBRELLA).body == created


def test_role_is_free_again_after_its_last_integration_is_deleted(cloud: Cloud) -> None:
    first, second = (create(cloud, name=name).body["id"] for name in ("first", "second"))
    send(cloud, "DELETE", first)
    assert create(cloud, UMBRELLA).status == 409
    send(cloud, "DELETE", second)
    assert create(cloud, UMBRELLA).status == 201
    assert send(cloud, "POST", f"{first}/restore").status == 409


def test_member_cannot_set_or_redirect_a_role_and_writes_nothing(cloud: Cloud) -> None:
    scopings = [{"space_id": "s"}]
    assert create(cloud, MEMBER, scopings=scopings).status == 403
    integration_id = create(cloud, scopings=scopings).body["id"]
    for change in (
        {"provider_metadata": {"role_arn": OTHER_ROLE}},
        {"provider_metadata": {"role_arn": ROLE, "external_id": "tenant-42"}},
        {"base_url": "https://bedrock.example.com"},
    ):
        assert send(cloud, "PATCH", integration_id, change, MEMBER).status == 403
    echoed = send(cloud, "GET", integration_id, caller=MEMBER).body["provider_metadata"]
    assert send(cloud, "PATCH", integration_id, {"provider_metadata": echoed, "name": "x"}, MEMBER).status == 200


def test_role_returns_the_trust_policy_with_both_principals_and_the_external_id(cloud: Cloud) -> None:
    integration_id = create(cloud).body["id"]
    response = send(cloud, "GET", f"{integration_id}/role")
    assert response.status == 200
    role = response.body
    assert role["role_arn"] == ROLE
    assert [arn.rpartition(":")[2] for arn in role["principals"]] == [
        "CredentialsFunctionRole",
        "TestConnectionFunctionRole",
    ]
    [statement] = role["trust_policy"]["Statement"]
    assert statement["Principal"] == {"AWS": role["principals"]}
    assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRole")
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": role["external_id"]}}


@pytest.mark.parametrize("external_id", [None, "tenant-42"])
def test_external_id_of_the_trust_policy_is_the_one_that_aws_is_sent(cloud: Cloud, external_id: str | None) -> None:
    integration_id = create(cloud, external_id=external_id).body["id"]
    role = send(cloud, "GET", f"{integration_id}/role").body
    assert (role["external_id"] == external_id) is (external_id is not None)
    cloud.published.clear()
    assert "aws_credentials" in resolve(cloud)
    path = f"{COLLECTION}/{integration_id}/test"
    assert cloud.http("test_connection", gateway_event("", path=path)).status == 200
    sent = [each for each in cloud.published if "AssumeRole" in each]
    assert len(sent) == 2
    assert all(role["external_id"] in each and "bedrock:InvokeModel" in each for each in sent)


def test_role_is_for_admins_and_only_for_integrations_that_have_one(cloud: Cloud) -> None:
    with_role = create(cloud, scopings=[{"space_id": "s"}]).body["id"]
    without_role = cloud.api(gateway_event(create_body(name="OpenAI"))).body["id"]
    assert send(cloud, "GET", f"{with_role}/role", caller=MEMBER).status == 403
    assert send(cloud, "GET", f"{with_role}/role", caller=a_caller(role=Role.READER)).status == 404
    assert send(cloud, "GET", f"{with_role}/role", caller=UMBRELLA).status == 404
    assert send(cloud, "GET", f"{without_role}/role").status == 404
    assert send(cloud, "GET", "no-id/role").status == 400


def store_old_integration(cloud: Cloud, role_arn: str) -> None:
    """Store an integration as before there were rules about roles."""
    old = an_integration(id=ULID, provider="AWS_BEDROCK", provider_metadata={"role_arn": role_arn})
    guard = {"pk": "ACCOUNT#acme", "sk": "NAME#099ad6962c45c4023003b5b75d20d97548d9fa981b821b99e05f5d3950cf94bd"}
    for item in (integration_item(old), {**guard, "integration_id": ULID}):
        cloud.dynamodb.put_item(TableName=cloud.table, Item=to_wire(item))


@pytest.mark.parametrize("role_arn", [ROLE, f"arn:aws:iam::{AWS_ACCOUNT}:role/Bedrock"])
def test_integration_that_is_older_than_the_rules_is_resolved_and_can_be_renamed(cloud: Cloud, role_arn: str) -> None:
    store_old_integration(cloud, role_arn)
    assert "aws_credentials" in resolve(cloud)
    assert send(cloud, "PATCH", ids.encode(ULID), {"name": "Renamed"}).status == 200
    assert create(cloud, UMBRELLA, role_arn=role_arn).status in {409, 422}


@pytest.mark.parametrize(
    "failure",
    [
        ("AccessDenied", 403),
        ("ValidationError", 400),
        ("MalformedPolicyDocument", 400),
        ("PackedPolicyTooLarge", 400),
        ("RegionDisabledException", 403),
    ],
    ids=failure_id,
)
@pytest.mark.parametrize("role_arn", ["r", ROLE])
def test_rejection_by_aws_is_a_problem_and_a_failed_step(cloud: Cloud, role_arn: str, failure: Failure) -> None:
    """`r` is too short for botocore's own validation, which must not look like an outage."""
    store_old_integration(cloud, role_arn)
    cloud.fail("sts:AssumeRole", failure)
    problem = resolve(cloud)["problem"]
    assert (problem["status"], "/role" in problem["detail"]) == (409, True)
    tested = cloud.http("test_connection", gateway_event("", path=f"{COLLECTION}/{ids.encode(ULID)}/test"))
    assert [rung["status"] for rung in tested.body["rungs"]] == ["passed", "failed"]


@pytest.mark.parametrize("failure", [("Throttling", 400), ("ServiceUnavailable", 503)], ids=failure_id)
def test_outage_of_aws_is_a_function_error(cloud: Cloud, failure: Failure) -> None:
    create(cloud)
    cloud.fail("sts:AssumeRole", failure)
    with pytest.raises(Exception, match=r"^$"):
        resolve(cloud)


def test_requests_by_event_act_as_admin_and_report_a_taken_role(cloud: Cloud) -> None:
    cloud.add_bus()
    create(cloud, UMBRELLA)
    requests = {"acme": ROLE, "initech": OTHER_ROLE}
    for account, role_arn in requests.items():
        cloud.register(a_source(account=account))
        detail: dict[str, Any] = {
            "account": account,
            "request_id": "1",
            "user": "u",
            "integration": body_with_role(role_arn),
        }
        envelope = a_request_event("Create", **detail)
        record = {"messageId": "1", "body": json.dumps(envelope)}
        assert cloud.function("provision")({"Records": [record]}) == {"batchItemFailures": []}
    outcomes = {each["pk"]["S"]: json.loads(each["detail"]["S"]) for each in cloud.items("REQUEST#")}
    assert outcomes["ACCOUNT#acme"]["problem"]["status"] == 409
    assert outcomes["ACCOUNT#initech"]["version"] == 1
