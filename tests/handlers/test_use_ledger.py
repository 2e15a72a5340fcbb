"""The use ledger behind `functions/credentials`: what is in the table, and what a failure of the table changes."""

from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from ai_integrations.adapters.dynamodb.attributes import from_wire
from ai_integrations.adapters.dynamodb.consumers import DynamoDbConsumers
from ai_integrations.adapters.dynamodb.transactions import Transactor
from ai_integrations.contracts import ids
from tests.builders import API_KEY, a_consumer, create_body, gateway_event, signed_event
from tests.cloud import Cloud, Response
from tests.handlers.failures import Failure, failure_id

ROLE = "arn:aws:iam::111122223333:role/billing"
SESSION = "arn:aws:sts::111122223333:assumed-role/billing/job-1"
MISSING = ids.encode("01KDZ3ZQ80000000000000000Z")
URL = "https://dynamodb.eu-central-1.amazonaws.com"


@pytest.fixture
def integration_id(cloud: Cloud) -> str:
    """Create an integration, and grant it to the role."""
    created = cloud.api(gateway_event(create_body(api_key=API_KEY)))
    consumers = DynamoDbConsumers(cloud.dynamodb, cloud.table, Transactor(cloud.dynamodb, cloud.table))
    consumers.insert(a_consumer(principal_arn=ROLE))
    return str(created.body["id"])


def signed(cloud: Cloud, integration: str, **body: str) -> Response:
    return cloud.http("credentials", signed_event(SESSION, body or "", integration=integration))


def direct(cloud: Cloud, integration: str, consumer: str = "nightly-job", **command: str) -> dict[str, Any]:
    event = {"account": "acme", "integration": integration, "consumer": consumer, **command}
    response: dict[str, Any] = cloud.function("credentials")(event)
    return response


def ledger(cloud: Cloud, prefix: str) -> list[dict[str, Any]]:
    items = [from_wire(item) for item in cloud.items(prefix)]
    assert {item["pk"] for item in items} <= {"USES#acme"}
    return items


def test_uses_of_principals_and_brokers_are_recorded(cloud: Cloud, integration_id: str) -> None:
    assert signed(cloud, integration_id).status == 200
    assert direct(cloud, "Production OpenAI")["api_key"] == API_KEY
    uses = ledger(cloud, "USE#")
    assert {item["consumer"]["name"] for item in uses} == {ROLE, "broker/nightly-job"}
    assert {item["integration_id"] for item in uses} == {ids.decode(integration_id)}


def test_broker_that_states_the_arn_of_a_principal_does_not_record_a_use_by_it(
    cloud: Cloud, integration_id: str
) -> None:
    direct(cloud, integration_id, consumer=ROLE)
    direct(cloud, integration_id, consumer="aws:111122223333:role:billing")
    signed(cloud, integration_id)
    assert len(ledger(cloud, "USE#")) == 3


def test_refusals_of_principals_and_brokers_are_recorded(cloud: Cloud, integration_id: str) -> None:
    assert signed(cloud, MISSING).status == 404
    assert direct(cloud, integration_id, key_version="unknown")["problem"]["status"] == 409
    found = {(item["consumer"]["name"], item["integration_id"], item["reason"]) for item in ledger(cloud, "REFUSED#")}
    assert found == {
        (ROLE, ids.decode(MISSING), "not_found"),
        ("broker/nightly-job", ids.decode(integration_id), "key_unavailable"),
    }


@pytest.mark.usefixtures("integration_id")
def test_text_that_is_no_id_is_not_recorded(cloud: Cloud) -> None:
    """A key that was sent as the name or as the account."""
    assert direct(cloud, API_KEY)["problem"]["status"] == 404
    assert direct(cloud, MISSING, account="sk-fake-other-key")["problem"]["status"] == 404
    signed_by_name = cloud.http("credentials", signed_event(SESSION, {"integration": API_KEY, "account": "acme"}))
    assert signed_by_name.status == 404
    refusals = ledger(cloud, "REFUSED#")
    assert len(refusals) == 2
    assert not any("integration_id" in item for item in refusals)


def test_consumers_of_an_integration_are_listed_with_their_last_use(cloud: Cloud, integration_id: str) -> None:
    path = f"/v2/ai-integrations/{integration_id}/consumers"
    listing = gateway_event(method="GET", path=path)
    [before] = cloud.http("consumers", listing).body["consumers"]
    assert "last_used_at" not in before
    signed(cloud, integration_id)
    [after] = cloud.http("consumers", listing).body["consumers"]
    [use] = ledger(cloud, "USE#")
    assert datetime.fromisoformat(after.pop("last_used_at")) == datetime.fromisoformat(use["last_used_at"])
    assert after == before


FAILURES: list[Failure] = [
    ("ProvisionedThroughputExceededException", 400),
    ("AccessDeniedException", 400),
    ("InternalServerError", 500),
    ReadTimeoutError(endpoint_url=URL),
    EndpointConnectionError(endpoint_url=URL),
    RuntimeError(API_KEY),
]


@pytest.mark.parametrize("failure", FAILURES, ids=failure_id)
def test_failure_of_the_ledger_changes_no_response(cloud: Cloud, integration_id: str, failure: Failure) -> None:
    undisturbed = signed(cloud, integration_id), direct(cloud, integration_id), signed(cloud, MISSING)
    for operation in ("dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:Query"):
        cloud.fail(operation, failure)
    named = {"account": "acme"}  # so that the response needs no Query
    disturbed = signed(cloud, integration_id, **named), direct(cloud, integration_id), signed(cloud, MISSING, **named)
    assert disturbed == undisturbed
    assert [line["level"] for line in cloud.log() if line["message"] == "use not recorded"] == ["WARNING"] * 3


def test_calls_of_the_ledger_are_not_in_the_log_of_the_invocation(cloud: Cloud, integration_id: str) -> None:
    direct(cloud, integration_id)
    assert "dynamodb:UpdateItem" in cloud.calls
    line = cloud.ended_invocations()[-1]
    assert {each["operation"] for each in line["aws_calls"]} == {"GetItem", "GetSecretValue"}
