"""`EventBridgeBus`."""

from collections.abc import Iterator
from typing import Any, cast
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

from ai_integrations.adapters.eventbridge import EventBridgeBus, UndeliveredError
from ai_integrations.contracts.published_events import CreateFailed, CreateSucceeded, Event
from tests.event_subscriber import ReceivedEvent, Subscriber

SUCCEEDED = CreateSucceeded(event_id="e-1", account="acme", request_id="request-1", id="1", version=1)
FAILED = CreateFailed(event_id="e-2", problem={"status": 400})


class BusFixture:
    """A bus of its own, and a subscriber to its events."""

    def __init__(self, session: boto3.Session, endpoint: str | None = None) -> None:
        name = f"bus-{uuid4().hex}"
        client = session.client("events", endpoint_url=endpoint)
        client.create_event_bus(Name=name)
        self.bus = EventBridgeBus(client, name)
        self.listener = Subscriber(client, session.client("sqs", endpoint_url=endpoint), name, "ai-integrations")


@pytest.fixture(params=["moto", "emulator"])
def fixture(request: pytest.FixtureRequest, session: boto3.Session) -> Iterator[BusFixture]:
    if request.param == "moto":
        with mock_aws():
            yield BusFixture(session)
    else:
        yield BusFixture(session, request.getfixturevalue("emulator"))


def test_publish_sends_events_with_their_type_in_order(fixture: BusFixture) -> None:
    fixture.bus.publish(SUCCEEDED, FAILED)
    succeeded = {"event_id": "e-1", "account": "acme", "request_id": "request-1", "id": "1", "version": 1}
    assert fixture.listener.receive(wait=5) == [
        ReceivedEvent("ai-integrations", "AI Integration Create Succeeded", succeeded),
        ReceivedEvent(
            "ai-integrations", "AI Integration Create Failed", {"event_id": "e-2", "problem": {"status": 400}}
        ),
    ]


class ThrottlingClient:
    """An EventBridge client that accepts only the first entry."""

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - the client's own spelling
        rejected = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded: …"}
        return {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, *[rejected] * (len(Entries) - 1)]}


def test_publish_raises_the_code_of_a_rejected_event() -> None:
    bus = EventBridgeBus(cast("Any", ThrottlingClient()), "bus")
    with pytest.raises(UndeliveredError, match=r"^ThrottlingException$"):
        bus.publish(SUCCEEDED, FAILED)
    bus.publish(SUCCEEDED)


class UnusedClient:
    def put_events(self, **_: Event) -> None:
        raise AssertionError


def test_publish_without_events_makes_no_call() -> None:
    EventBridgeBus(cast("Any", UnusedClient()), "bus").publish()
