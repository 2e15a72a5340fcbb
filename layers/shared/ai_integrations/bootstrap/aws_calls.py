"""The AWS calls of an invocation, for its log: service, operation, duration, attempts and outcome. Never parameters.

The events are those of botocore: https://botocore.amazonaws.com/v1/documentation/api/latest/topics/events.html.
"""

from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.hooks import BaseEventHooks

# CloudWatch Logs Insights discovers at most 200 fields of a line, and each call has five.
_MAX_LOGGED = 10
_START = "ai_integrations.start"  # the entry in botocore's context of a call


class AwsCalls:
    """Observes the calls of botocore clients."""

    def __init__(self, clock: "Callable[[], float]" = perf_counter) -> None:
        """`clock` returns seconds."""
        self._clock = clock
        self.restart()

    def restart(self) -> None:
        """Begin a new invocation."""
        self._calls: list[dict[str, Any]] = []
        self._started = self._clock()

    def observe(self, emitter: "BaseEventHooks") -> None:
        """Observe all clients that share this event emitter, or are created with it later."""
        for event, handler in self._handlers():
            emitter.register(event, handler)

    def ignore(self, emitter: "BaseEventHooks") -> None:
        """Stop observing the client of this event emitter, because no response waits for its calls."""
        for event, handler in self._handlers():
            emitter.unregister(event, handler)

    def _handlers(self) -> "tuple[tuple[str, Callable[..., None]], ...]":
        return ("provide-client-params", self._begin), ("after-call", self._end), ("after-call-error", self._end)

    def log_fields(self) -> "dict[str, Any]":
        """Describe the invocation until now. Durations are in milliseconds; the slowest calls come first."""
        slowest = sorted(self._calls, key=lambda call: call["ms"], reverse=True)
        return {
            "ms": self._milliseconds_since(self._started),
            "aws_ms": sum(each["ms"] for each in slowest),
            "aws_call_count": len(slowest),
            "aws_calls": slowest[:_MAX_LOGGED],
        }

    # Each handler takes its event as one mapping: botocore inspects signatures, at a cost for every parameter.

    def _begin(self, **event: Any) -> None:  # noqa: ANN401 - what an event contains depends on its name
        model = event["model"]
        event["context"][_START] = model.service_model.service_name, model.name, self._clock()

    def _end(self, **event: Any) -> None:  # noqa: ANN401
        service, operation, started = event["context"][_START]
        self._calls.append(
            {
                "service": service,
                "operation": operation,
                "ms": self._milliseconds_since(started),
                "attempts": event["context"].get("retries", {}).get("attempt", 1),
                "outcome": _outcome(event),
            }
        )

    def _milliseconds_since(self, moment: float) -> int:
        return round((self._clock() - moment) * 1000)


def _outcome(event: "dict[str, Any]") -> "str | None":
    if "exception" in event:
        return type(event["exception"]).__name__
    is_error = event["http_response"].status_code >= 300  # noqa: PLR2004 - as botocore decides
    return event["parsed"].get("Error", {}).get("Code") if is_error else "ok"


aws_calls = AwsCalls()
