"""`functions/provision`: from a request in the queue to the write in AWS and the outcome on the bus."""

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from ai_integrations.contracts import ids
from tests.builders import API_KEY
from tests.cloud import Cloud
from tests.event_subscriber import Subscriber
from tests.handlers.failures import Failure, failure_id
from tests.messaging import Requests, a_redacted_request, a_request_event

READ_SENDER = PRECHECK = "dynamodb:GetItem"
COMMIT = "dynamodb:TransactWriteItems"
STORE_OUTCOME, PUBLISH = "dynamodb:PutItem", "events:PutEvents"
DELAY, DEAD_LETTER = "sqs:ChangeMessageVisibility", "sqs:SendMessage"


def a_request(action: str, *, event_id: str = "event-1", **changes: Any) -> dict[str, Any]:
    """Return an event as EventBridge sends it to the queue."""
    detail = {"request_id": "request-1", "account": "acme", "user": "platform", **changes}
    if action == "Create":
        detail = {"integration": {"name": "Production OpenAI", "provider": "openAI"}, **detail}
    return a_request_event(action, event_id, **detail)


def received_types(bus: Subscriber) -> list[str]:
    return [event.detail_type for event in bus.receive()]


def test_create_request_creates_the_integration_and_publishes_success(
    cloud: Cloud, requests: Requests, bus: Subscriber
) -> None:
    requests.send(a_request("Create"))
    assert requests.deliver() == {"batchItemFailures": []}
    [item] = cloud.items("INTEGRATION#")
    [outcome] = bus.receive()
    assert outcome.detail_type == "AI Integration Create Succeeded"
    assert (outcome.detail["request_id"], outcome.detail["id"]) == ("request-1", ids.encode(item["id"]["S"]))
    assert requests.left() == (0, 0)


def test_create_request_makes_five_calls(cloud: Cloud, requests: Requests) -> None:
    cloud.respond(PUBLISH, {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})
    requests.send(a_request("Create"))
    requests.deliver()
    assert cloud.calls == [READ_SENDER, PRECHECK, COMMIT, STORE_OUTCOME, PUBLISH]


def test_create_request_sent_ten_times_creates_one_integration_and_repeats_its_outcome(
    cloud: Cloud, requests: Requests, bus: Subscriber
) -> None:
    requests.send(*[a_request("Create", event_id=f"event-{number}") for number in range(10)])
    assert requests.deliver() == {"batchItemFailures": []}
    assert len(cloud.items("INTEGRATION#")) == 1
    outcomes = bus.receive()
    assert len(outcomes) == 10
    assert {outcome.detail["event_id"] for outcome in outcomes} == {"acme/request-1/ai-integration-create-succeeded"}
    assert all(outcome == outcomes[0] for outcome in outcomes)


def test_update_and_delete_requests_change_the_integration_and_publish_success(
    cloud: Cloud, requests: Requests, bus: Subscriber
) -> None:
    requests.send(a_request("Create"))
    requests.deliver()
    integration_id = bus.receive()[0].detail["id"]
    requests.send(a_request("Update", request_id="request-2", id=integration_id, integration={"name": "Renamed"}))
    requests.deliver()
    requests.send(a_request("Delete", request_id="request-3", id=integration_id))
    requests.deliver()
    assert received_types(bus) == ["AI Integration Update Succeeded", "AI Integration Delete Succeeded"]
    assert cloud.items("INTEGRATION#") == []
    assert cloud.items("DELETED#")[0]["name"]["S"] == "Renamed"


def test_create_request_with_an_api_key_is_rejected_without_repeating_the_key(
    cloud: Cloud, requests: Requests, bus: Subscriber
) -> None:
    body = {"name": "x", "provider": "openAI", "api_key": API_KEY}
    requests.send(a_request("Create", integration=body))
    assert requests.deliver() == {"batchItemFailures": []}
    [outcome] = bus.receive()
    assert outcome.detail["problem"]["errors"][0]["pointer"] == "/integration/api_key"
    assert API_KEY not in json.dumps(outcome.detail)
    assert cloud.items("INTEGRATION#") == cloud.secrets() == []


def test_create_request_with_a_secret_arn_references_the_secret_and_copies_nothing(
    cloud: Cloud, requests: Requests, bus: Subscriber
) -> None:
    tags: Any = [{"Key": "ai-integrations:account", "Value": "acme"}]
    arn = cloud.secrets_manager.create_secret(Name="external", SecretString=API_KEY, Tags=tags)["ARN"]
    body = {"name": "x", "provider": "openAI", "api_key_secret_arn": arn}
    requests.send(a_request("Create", integration=body))
    requests.deliver()
    assert received_types(bus) == ["AI Integration Create Succeeded"]
    assert cloud.items("INTEGRATION#")[0]["secret_arn"]["S"] == arn
    assert len(cloud.secrets()) == 1


@pytest.mark.parametrize(
    "failure",
    [("ThrottlingException", 400), ("InternalServerError", 500), ReadTimeoutError(endpoint_url="https://x")],
    ids=failure_id,
)
@pytest.mark.parametrize("operation", [READ_SENDER, PRECHECK, COMMIT, STORE_OUTCOME, PUBLISH])
def test_create_request_when_aws_fails_is_delayed_and_succeeds_on_retry(
    cloud: Cloud, requests: Requests, bus: Subscriber, operation: str, failure: Failure
) -> None:
    cloud.fail(operation, failure)
    requests.send(a_request("Create"))
    assert len(requests.deliver()["batchItemFailures"]) == 1
    assert bus.receive() == []
    assert requests.left() == (0, 1)
    assert cloud.calls[-1] == DELAY
    cloud.recover()
    requests.send(a_request("Create"))
    assert requests.deliver() == {"batchItemFailures": []}
    assert received_types(bus) == ["AI Integration Create Succeeded"]
    assert len(cloud.items("INTEGRATION#")) == 1


def test_batch_with_one_failing_message_reports_only_that_message(
    cloud: Cloud, requests: Requests, bus: Subscriber
) -> None:
    cloud.fail(COMMIT, ("InternalServerError", 500))
    requests.send(a_request("Create"), a_request("Create", request_id="request-2", integration={}))
    result = requests.deliver()
    assert len(result["batchItemFailures"]) == 1
    assert received_types(bus) == ["AI Integration Create Failed"]
    assert requests.left() == (0, 1)
    [line] = [line for line in cloud.log() if line["level"] == "ERROR"]
    assert line["message"] == "request failed"
    assert line["message_id"] == result["batchItemFailures"][0]["itemIdentifier"]


UNPROCESSABLE = [
    "not JSON",
    "{}",
    "[]",
    '"text"',
    "[" * 100_000,
    json.dumps(a_request("Nonsense")),
    json.dumps({"id": "event-1", "detail-type": ["a list"], "detail": {}}),
    json.dumps({"detail-type": "AI Integration Create Requested", "detail": {}}),
    '{"id": "event-1", "detail-type": "AI Integration Create Requested", "detail": {"request_id": }}',
]


@pytest.mark.parametrize("body", UNPROCESSABLE, ids=lambda body: body[:40])
def test_message_that_cannot_be_processed_is_dead_lettered_at_once_and_unchanged(
    cloud: Cloud, requests: Requests, bus: Subscriber, body: str
) -> None:
    requests.send(a_request("Create"))
    requests.send_bodies(body)
    assert requests.deliver() == {"batchItemFailures": []}
    assert requests.left() == (0, 0)
    assert requests.dead_letters.receive() == [body]
    assert received_types(bus) == ["AI Integration Create Succeeded"]
    assert "unprocessable request" in [line["message"] for line in cloud.log()]


def test_message_that_cannot_be_processed_is_not_logged(cloud: Cloud, requests: Requests) -> None:
    """It may contain header values, which are credentials of a proxy."""
    requests.send_bodies(json.dumps({"detail": {"integration": {"note": "text of the sender"}}}))
    requests.deliver()
    assert "text of the sender" not in json.dumps([cloud.log(), cloud.ended_invocations()])


def test_request_that_aws_rejects_as_invalid_is_dead_lettered_at_once(cloud: Cloud, requests: Requests) -> None:
    cloud.fail(COMMIT, ("ValidationException", 400))
    requests.send(a_request("Create"))
    assert requests.deliver() == {"batchItemFailures": []}
    assert len(requests.dead_letters.receive()) == 1


def test_message_that_cannot_be_dead_lettered_is_delayed(cloud: Cloud, requests: Requests) -> None:
    cloud.fail(DEAD_LETTER, ("ServiceUnavailable", 503))
    requests.send_bodies("not JSON")
    assert len(requests.deliver()["batchItemFailures"]) == 1
    assert cloud.calls == [DEAD_LETTER, DELAY]


@pytest.mark.parametrize("missing", ["detail", "request_id", "account", "user", "integration"])
def test_request_without_a_required_member_is_answered(requests: Requests, bus: Subscriber, missing: str) -> None:
    envelope = a_request("Create")
    del (envelope if missing == "detail" else envelope["detail"])[missing]
    requests.send(envelope)
    assert requests.deliver() == {"batchItemFailures": []}
    [outcome] = bus.receive()
    assert outcome.detail_type == "AI Integration Create Failed"
    assert (outcome.detail["problem"]["status"], outcome.detail["problem"]["instance"]) == (400, "event-1")
    assert requests.dead_letters.receive() == []


ADDRESSES: list[dict[str, Any]] = [
    {},
    {"request_id": ""},
    {"request_id": None},
    {"request_id": 5},
    {"request_id": {"a": "b"}},
    {"request_id": ["a"]},
    {"request_id": "x" * 129},
]


@pytest.mark.parametrize("address", ADDRESSES, ids=repr)
def test_redacted_request_without_a_valid_request_id_is_answered(
    requests: Requests, bus: Subscriber, address: dict[str, Any]
) -> None:
    requests.send(a_redacted_request({**address, "account": "acme"}))
    assert requests.deliver() == {"batchItemFailures": []}
    [outcome] = bus.receive()
    assert outcome.detail["problem"]["errors"][0]["pointer"] == "/integration/api_key"
    assert outcome.detail["problem"]["instance"] == "event-1"
    assert "request_id" not in outcome.detail


def test_redacted_request_is_answered_with_its_request_id_and_account(requests: Requests, bus: Subscriber) -> None:
    requests.send(a_redacted_request({"request_id": 'a"b\\c', "account": "acme"}))
    requests.deliver()
    [outcome] = bus.receive()
    assert (outcome.detail["request_id"], outcome.detail["account"]) == ('a"b\\c', "acme")


@pytest.mark.parametrize("key", [{"value": API_KEY}, [API_KEY], [{"value": API_KEY}], None, {}, []], ids=repr)
def test_api_key_that_is_not_text_is_rejected_without_repeating_it(
    cloud: Cloud, requests: Requests, bus: Subscriber, key: object
) -> None:
    requests.send(a_request("Create", integration={"name": "x", "provider": "openAI", "api_key": key}))
    assert requests.deliver() == {"batchItemFailures": []}
    [outcome] = bus.receive()
    assert outcome.detail["problem"]["errors"][0]["pointer"] == "/integration/api_key"
    assert cloud.items("INTEGRATION#") == cloud.secrets() == []
    assert requests.dead_letters.receive() == []


def test_failing_message_that_cannot_be_delayed_is_reported_as_failed(cloud: Cloud, requests: Requests) -> None:
    cloud.fail(PRECHECK, ("ThrottlingException", 400))
    cloud.fail(DELAY, ("ServiceUnavailable", 503))
    requests.send(a_request("Create"))
    assert len(requests.deliver()["batchItemFailures"]) == 1
    assert [line["message"] for line in cloud.log()] == ["request failed", "request not delayed"]


def test_outcome_of_each_request_is_stored_as_published(cloud: Cloud, requests: Requests, bus: Subscriber) -> None:
    requests.send(a_request("Create"), a_request("Create", request_id="request-2"))
    requests.deliver()
    stored = cloud.items("REQUEST#")
    assert {item["sk"]["S"]: item["detail_type"]["S"] for item in stored} == {
        "REQUEST#request-1": "AI Integration Create Succeeded",
        "REQUEST#request-2": "AI Integration Create Failed",
    }
    assert [json.loads(item["detail"]["S"]) for item in stored] == [event.detail for event in bus.receive()]
