"""The event bus."""

from typing import TYPE_CHECKING

from ai_integrations.contracts.published_events import SOURCE, Event

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


class UndeliveredError(Exception):
    """The bus has not taken an event; its code says why."""


class EventBridgeBus:
    """Where the service tells what has happened."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, *events: Event) -> None:
        """Put at most ten events on the bus, in their order; UndeliveredError if one has not been taken."""
        if not events:
            return
        answer = self._client.put_events(
            Entries=[
                {
                    "EventBusName": self._name,
                    "Source": SOURCE,
                    "DetailType": event.detail_type,
                    "Detail": event.model_dump_json(exclude_none=True),
                }
                for event in events
            ]
        )
        for entry in answer["Entries"]:
            if "ErrorCode" in entry:
                raise UndeliveredError(entry["ErrorCode"])
