"""The deployed stack in one process: the API, what follows the stream, and the sweep."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ai_integrations.observability import metrics
from tests import sam_template
from tests.cloud import Cloud, Response
from tests.faults.aws import Aws
from tests.faults.wire import Wire

BEYOND_GRACE = timedelta(hours=2)
Event = dict[str, Any]


class World:
    """All functions over one AWS. Each is loaded once, until its process is said to have ended."""

    def __init__(self, cloud: Cloud, aws: Aws, wire: Wire, answers_url: str) -> None:
        """At `answers_url` CloudFormation waits for answers."""
        self.cloud, self.wire, self.answers_url = cloud, wire, answers_url
        self._aws = aws
        self._functions: dict[str, Callable[[Event], Any]] = {}
        self._ran: set[str] = set()
        self._aws.follow(cloud)
        self.cloud.add_bus()

    def function(self, name: str) -> Callable[[Event], Any]:
        self._ran.add(name)
        if name not in self._functions:
            self._functions[name] = self.cloud.function(name)
        return self._functions[name]

    def began(self) -> None:
        """Take note that from now on something is disturbed."""
        self._ran.clear()

    def restart(self) -> None:
        """Let the functions that have run since begin in new processes."""
        for name in self._ran:
            del self._functions[name]
        self._ran.clear()

    def forget(self) -> None:
        """Empty the table and Secrets Manager, at once: what many cells leave behind would slow the next ones down."""
        self._aws.forget(self.cloud)
        self.cloud.outputs.clear()
        self.cloud.published.clear()
        metrics.clear_metrics()  # which are not written in tests, and warn when there are many

    def api(self, event: Event) -> Response:
        return Response.from_lambda(self.function("api")(event))

    def as_another_process(self, event: Event) -> Response:
        """Answer a request while this process is in the middle of one."""
        return self.cloud.api(event)

    def waiting(self) -> list[Event]:
        """Return the records of the stream that nobody has been given yet, those that the template lets through."""
        given = json.loads(json.dumps(self._aws.records(), default=str))
        filters = [json.loads(each["Pattern"]) for each in _filters()]
        return [record for record in given if any(_matches(pattern, record) for pattern in filters)]

    def delivered(self, name: str, event: Event) -> bool:
        """Deliver an event, and tell whether that is enough: Lambda delivers again what a function raises at."""
        try:
            answer = self.function(name)(event)
        except Exception:  # noqa: BLE001 - a function may raise any of them to say so
            return False
        return not (answer or {}).get("batchItemFailures")

    def catch_up(self) -> None:
        records = self.waiting()
        assert not records or self.delivered("publish_changes", {"Records": records})

    def swept(self) -> bool:
        """Sweep when everything that is there has become old; tell whether that went well."""
        self.wire.let_pass(BEYOND_GRACE)
        went_well = self.delivered("sweep", {})
        self.wire.let_pass(timedelta(0))
        return went_well


def _filters() -> list[dict[str, str]]:
    [source] = sam_template.functions()["publish_changes"]["Events"].values()
    filters: list[dict[str, str]] = source["Properties"]["FilterCriteria"]["Filters"]
    return filters


def _matches(pattern: Any, value: Any) -> bool:
    """Tell whether an event fits a pattern of EventBridge, of the kinds that the template has."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_matches(each, value.get(name)) for name, each in pattern.items())
    return any(value.startswith(each["prefix"]) if isinstance(each, dict) else value == each for each in pattern)
