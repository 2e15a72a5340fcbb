"""Shared by all measurements: the built artifacts, the fake AWS, and processes that run functions on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tests import sam_template
from tests.benchmarks.artifacts import Artifacts
from tests.benchmarks.measuring import Process
from tests.benchmarks.requests import FIRST, INVOCATIONS, ROUTES, first_event, written
from tests.benchmarks.targets import Target

LIBRARY_FLOOR = "import aws_lambda_powertools, boto3, pydantic.main"
API_UNDER_SNAPSTART = "api, SnapStart"
SNAPSTART = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
NONE: Mapping[str, str] = MappingProxyType({})
RUNTIME = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_LAMBDA_FUNCTION_NAME": "measured",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


@dataclass(frozen=True, kw_only=True)
class Section:
    """The result of one measurement: its text in RESULTS.md, and the figures that have a target."""

    text: str
    targets: list[Target]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The environment of all measurements; `events` is the folder for the requests."""

    artifacts: Artifacts
    endpoint: str
    over_tls: dict[str, str]
    events: Path

    def process(self, function: str, more: Mapping[str, str] = NONE, *, bytecode: bool = True) -> Process:
        """Return a process that runs a function, or the baseline, as Lambda would; `more` are extra variables."""
        own = sam_template.environment("api" if function == "baseline" else function)
        environment = {**RUNTIME, **own, "AWS_ENDPOINT_URL": self.endpoint, **more}
        return Process(path=self.artifacts.path(function, bytecode=bytecode), environment=environment)

    def first(self, function: str) -> Path:
        """Return the file with a function's first request."""
        if function in FIRST:
            return written(self.events, function, first_event(function, self.endpoint))
        return self.route("create")

    def route(self, name: str) -> Path:
        """Return the file with a request to one route."""
        return written(self.events, name, ROUTES[name])

    def invocation(self, name: str) -> tuple[str, Path]:
        """Return a function, and the file with its event."""
        function, event = INVOCATIONS[name]
        return function, written(self.events, name, event)
