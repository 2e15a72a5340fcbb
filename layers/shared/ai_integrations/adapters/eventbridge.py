"""Publish events to an EventBridge bus."""

from typing import TYPE_CHECKING

from ai_integrations.contracts.published_events import SOURCE, Event

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


class UndeliveredError(Exception):
    """EventBridge rejected an event. The message is the error code."""


class EventBridgeBus:
    """The event bus of the stack."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def publish(self, *events: Event) -> None:
        """Publish at most ten events in order. Raise UndeliveredError if EventBridge rejects one."""
        if not events:
            return
        response = self._client.put_events(
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
        for entry in response["Entries"]:
            if "ErrorCode" in entry:
                raise UndeliveredError(entry["ErrorCode"])
