"""The deployed stack in one process: the API, the stream's function, and the sweep."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ai_integrations.observability import metrics
from tests import sam_template
from tests.cloud import Cloud, Response
from tests.connection.servers import Server
from tests.faults.aws_backends import AwsBackend
from tests.faults.fault_injector import FaultInjector

OLDER_THAN_GRACE = timedelta(hours=2)
Event = dict[str, Any]


class InProcessStack:
    """All functions over one AWS backend. Each function is loaded once, until a restart."""

    def __init__(
        self, cloud: Cloud, backend: AwsBackend, injector: FaultInjector, response_url: str, provider: Server
    ) -> None:
        """`response_url` receives the responses to CloudFormation. `provider` exchanges tokens and has a model."""
        self.cloud, self.injector, self.response_url, self.provider = cloud, injector, response_url, provider
        self._backend = backend
        self._functions: dict[str, Callable[[Event], Any]] = {}
        self._used_functions: set[str] = set()
        injector.functions = self.function
        self._backend.enable_stream(cloud)
        self.cloud.add_bus()

    def function(self, name: str) -> Callable[[Event], Any]:
        """Load a function, unless it is loaded."""
        self._used_functions.add(name)
        if name not in self._functions:
            self._functions[name] = self.cloud.function(name)
        return self._functions[name]

    def track_used_functions(self) -> None:
        """Start to track which functions are used."""
        self._used_functions.clear()

    def restart_used_functions(self) -> None:
        """Unload the functions that were used since `track_used_functions`, as if in new processes."""
        for name in self._used_functions:
            del self._functions[name]
        self._used_functions.clear()

    def reset(self) -> None:
        """Empty the table and Secrets Manager, because the data of many cells slows the next ones down."""
        self._backend.reset(self.cloud)
        self.cloud.outputs.clear()
        self.cloud.published.clear()
        metrics.clear_metrics()  # tests do not flush metrics, and Powertools warns when there are many

    def api(self, event: Event) -> Response:
        """Send a request of API Gateway to the API."""
        return Response.from_lambda(self.function("api")(event))

    def http(self, function: str, event: Event) -> Response:
        """Send a request of API Gateway to another function."""
        return Response.from_lambda(self.function(function)(event))

    def take_records(self) -> list[Event]:
        """Take the records of the stream that match the filters of the template."""
        records = json.loads(json.dumps(self._backend.take_records(), default=str))
        patterns = [json.loads(each["Pattern"]) for each in _stream_filters()]
        return [record for record in records if any(_matches(pattern, record) for pattern in patterns)]

    def deliver(self, name: str, event: Event) -> bool:
        """Deliver an event to a function. False means that Lambda would deliver it again."""
        try:
            result = self.function(name)(event)
        except Exception:  # noqa: BLE001 - Lambda retries after any exception
            return False
        return not (result or {}).get("batchItemFailures")

    def process_stream(self) -> None:
        """Deliver all records of the stream."""
        records = self.take_records()
        assert not records or self.deliver("publish_changes", {"Records": records})

    def sweep(self) -> bool:
        """Sweep as if everything were older than the grace period; return whether the sweep succeeded."""
        self.injector.set_secret_age(OLDER_THAN_GRACE)
        has_succeeded = self.deliver("sweep", {})
        self.injector.set_secret_age(timedelta(0))
        return has_succeeded


def _stream_filters() -> list[dict[str, str]]:
    [source] = sam_template.functions()["publish_changes"]["Events"].values()
    filters: list[dict[str, str]] = source["Properties"]["FilterCriteria"]["Filters"]
    return filters


def _matches(pattern: Any, value: Any) -> bool:
    """Check whether a value matches an event pattern, of the kinds that the template contains."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_matches(each, value.get(name)) for name, each in pattern.items())
    return any(value.startswith(each["prefix"]) if isinstance(each, dict) else value == each for each in pattern)
