"""Requests by event: from the queue through the function to AWS, and the outcome on the bus."""

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from ai_integrations.contracts import ids
from tests.builders import API_KEY
from tests.cloud import Cloud
from tests.event_subscriber import Subscriber
from tests.messaging import Requests

COMMIT, REMEMBER, TELL = "dynamodb:TransactWriteItems", "dynamodb:PutItem", "events:PutEvents"
FIND, WAIT = "dynamodb:GetItem", "sqs:ChangeMessageVisibility"


def asked(what: str, *, event_id: str = "event-1", **changes: Any) -> dict[str, Any]:
    """Return an event as the queue gets it."""
    detail = {"request_id": "request-1", "account": "acme", "user": "platform", **changes}
    if what == "Create":
        detail = {"integration": {"name": "Production OpenAI", "provider": "openAI"}, **detail}
    return {"id": event_id, "detail-type": f"AI Integration {what} Requested", "source": "platform", "detail": detail}


def types(bus: Subscriber) -> list[str]:
    return [each.detail_type for each in bus.receive()]


def test_creates_and_tells(cloud: Cloud, requests: Requests, bus: Subscriber) -> None:
    requests.send(asked("Create"))
    assert requests.deliver() == {"batchItemFailures": []}
    [item] = cloud.items("INTEGRATION#")
    [told] = bus.receive()
    assert told.detail_type == "AI Integration Create Succeeded"
    assert (told.detail["request_id"], told.detail["id"]) == ("request-1", ids.encode(item["id"]["S"]))
    assert requests.left() == (0, 0)


def test_makes_one_read_one_commit_and_two_calls_for_the_outcome(cloud: Cloud, requests: Requests) -> None:
    with_bus_of_nobody(cloud)
    requests.send(asked("Create"))
    requests.deliver()
    assert cloud.calls == [FIND, COMMIT, REMEMBER, TELL]


def with_bus_of_nobody(cloud: Cloud) -> None:
    cloud.respond(TELL, {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})


def test_leads_to_one_integration_when_it_comes_ten_times(cloud: Cloud, requests: Requests, bus: Subscriber) -> None:
    requests.send(*[asked("Create", event_id=f"event-{number}") for number in range(10)])
    assert requests.deliver() == {"batchItemFailures": []}
    assert len(cloud.items("INTEGRATION#")) == 1
    told = bus.receive()
    assert len(told) == 10
    assert {each.detail["event_id"] for each in told} == {"acme/request-1/ai-integration-create-succeeded"}
    assert all(each == told[0] for each in told)


def test_changes_and_deletes(cloud: Cloud, requests: Requests, bus: Subscriber) -> None:
    requests.send(asked("Create"))
    requests.deliver()
    named = bus.receive()[0].detail["id"]
    requests.send(asked("Update", request_id="request-2", id=named, integration={"name": "Renamed"}))
    requests.deliver()
    requests.send(asked("Delete", request_id="request-3", id=named))
    requests.deliver()
    assert types(bus) == ["AI Integration Update Succeeded", "AI Integration Delete Succeeded"]
    assert cloud.items("INTEGRATION#") == []
    assert cloud.items("DELETED#")[0]["name"]["S"] == "Renamed"


def test_refuses_a_key_and_does_not_repeat_it(cloud: Cloud, requests: Requests, bus: Subscriber) -> None:
    body = {"name": "x", "provider": "openAI", "api_key": API_KEY}
    requests.send(asked("Create", integration=body))
    assert requests.deliver() == {"batchItemFailures": []}
    [told] = bus.receive()
    assert told.detail["problem"]["errors"][0]["pointer"] == "/integration/api_key"
    assert cloud.items() == cloud.secrets() == []


def test_refers_to_a_secret_and_copies_nothing(cloud: Cloud, requests: Requests, bus: Subscriber) -> None:
    tags: Any = [{"Key": "ai-integrations:account", "Value": "acme"}]
    theirs = cloud.secrets_manager.create_secret(Name="theirs", SecretString=API_KEY, Tags=tags)["ARN"]
    body = {"name": "x", "provider": "openAI", "api_key_secret_arn": theirs}
    requests.send(asked("Create", integration=body))
    requests.deliver()
    assert types(bus) == ["AI Integration Create Succeeded"]
    assert cloud.items("INTEGRATION#")[0]["secret_arn"]["S"] == theirs
    assert len(cloud.secrets()) == 1


@pytest.mark.parametrize(
    "failure", [("ThrottlingException", 400), ("InternalServerError", 500), ReadTimeoutError(endpoint_url="https://x")]
)
@pytest.mark.parametrize("operation", [FIND, COMMIT, REMEMBER, TELL])
def test_delivers_again_what_an_outage_has_kept_from_being_done(
    cloud: Cloud, requests: Requests, bus: Subscriber, operation: str, failure: Any
) -> None:
    cloud.fail(operation, failure)
    requests.send(asked("Create"))
    assert len(requests.deliver()["batchItemFailures"]) == 1
    assert bus.receive() == []
    assert requests.left() == (0, 1)
    assert cloud.calls[-1] == WAIT
    cloud.recover()
    requests.send(asked("Create"))
    assert requests.deliver() == {"batchItemFailures": []}
    assert types(bus) == ["AI Integration Create Succeeded"]
    assert len(cloud.items("INTEGRATION#")) == 1


def test_lets_one_message_fail_without_the_others(cloud: Cloud, requests: Requests, bus: Subscriber) -> None:
    requests.send(asked("Create"), asked("Nonsense"), asked("Create", request_id="request-2", integration={}))
    result = requests.deliver()
    assert len(result["batchItemFailures"]) == 1
    assert sorted(types(bus)) == ["AI Integration Create Failed", "AI Integration Create Succeeded"]
    assert requests.left() == (0, 1)
    [line] = [each for each in cloud.log() if each["level"] == "ERROR"]
    assert line["message"] == "request failed"
    assert line["message_id"] == result["batchItemFailures"][0]["itemIdentifier"]


@pytest.mark.parametrize("body", ["not JSON", "{}", "[]", '"text"'])
def test_leaves_to_the_dead_letters_what_is_no_event(cloud: Cloud, requests: Requests, body: str) -> None:
    record = {"messageId": "m-1", "receiptHandle": "r-1", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
    result = cloud.function("provision")({"Records": [record]})
    assert result == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert requests.left() == (0, 0)


def test_fails_a_message_even_if_it_can_not_make_it_wait(cloud: Cloud, requests: Requests) -> None:
    cloud.fail(FIND, ("ThrottlingException", 400))
    cloud.fail(WAIT, ("ServiceUnavailable", 503))
    requests.send(asked("Create"))
    assert len(requests.deliver()["batchItemFailures"]) == 1
    assert [line["message"] for line in cloud.log()] == ["request failed", "request not delayed"]


def test_writes_down_what_a_request_led_to(cloud: Cloud, requests: Requests, bus: Subscriber) -> None:
    requests.send(asked("Create"), asked("Create", request_id="request-2"))
    requests.deliver()
    found = {item["sk"]["S"]: item["detail_type"]["S"] for item in cloud.items("REQUEST#")}
    assert found == {
        "REQUEST#request-1": "AI Integration Create Succeeded",
        "REQUEST#request-2": "AI Integration Create Failed",
    }
    details = [json.loads(item["detail"]["S"]) for item in cloud.items("REQUEST#")]
    assert details == [each.detail for each in bus.receive()]
