"""What `EventBridgeBus` promises."""

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


class World:
    def __init__(self, session: boto3.Session, endpoint: str | None = None) -> None:
        name = f"bus-{uuid4().hex}"
        client = session.client("events", endpoint_url=endpoint)
        client.create_event_bus(Name=name)
        self.bus = EventBridgeBus(client, name)
        self.listener = Subscriber(client, session.client("sqs", endpoint_url=endpoint), name, "ai-integrations")


@pytest.fixture(params=["moto", "emulator"])
def world(request: pytest.FixtureRequest, session: boto3.Session) -> Iterator[World]:
    if request.param == "moto":
        with mock_aws():
            yield World(session)
    else:
        yield World(session, request.getfixturevalue("emulator"))


def test_tells_each_event_with_its_type_and_in_order(world: World) -> None:
    world.bus.publish(SUCCEEDED, FAILED)
    succeeded = {"event_id": "e-1", "account": "acme", "request_id": "request-1", "id": "1", "version": 1}
    assert world.listener.receive(wait=5) == [
        ReceivedEvent("ai-integrations", "AI Integration Create Succeeded", succeeded),
        ReceivedEvent(
            "ai-integrations", "AI Integration Create Failed", {"event_id": "e-2", "problem": {"status": 400}}
        ),
    ]


class PartlyDeaf:
    """A client of a bus that takes only the first entry."""

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - the client's own spelling
        refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded: …"}
        return {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, *[refused] * (len(Entries) - 1)]}


def test_says_so_when_an_event_has_not_been_taken() -> None:
    bus = EventBridgeBus(cast("Any", PartlyDeaf()), "bus")
    with pytest.raises(UndeliveredError, match=r"^ThrottlingException$"):
        bus.publish(SUCCEEDED, FAILED)
    bus.publish(SUCCEEDED)


class Unasked:
    def put_events(self, **_: Event) -> None:
        raise AssertionError


def test_asks_for_nothing_when_there_is_nothing_to_tell() -> None:
    EventBridgeBus(cast("Any", Unasked()), "bus").publish()
