"""What all measures share: the artifacts, the stand-in for AWS, and processes made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tests import sam_template
from tests.benchmarks.artifacts import Artifacts
from tests.benchmarks.measuring import Process
from tests.benchmarks.promises import Promise
from tests.benchmarks.requests import FIRST, ROUTES, first_event, written

FLOOR = "import aws_lambda_powertools, boto3, pydantic.main"
OF_API_AHEAD = "api, ahead of its calls"
AHEAD = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}  # of its calls, where "on-demand" is the usual
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
    """What a measure has to say: its part of the page, and the figures of which something is promised."""

    text: str
    promises: list[Promise]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The things to measure."""

    artifacts: Artifacts
    endpoint: str
    over_tls: dict[str, str]
    events: Path

    def process(self, function: str, more: Mapping[str, str] = NONE, *, bytecode: bool = True) -> Process:
        """Return a process of a function, or of the baseline, as Lambda would start it; `more` are variables."""
        own = sam_template.environment("api" if function == "plain" else function)
        environment = {**RUNTIME, **own, "AWS_ENDPOINT_URL": self.endpoint, **more}
        return Process(path=self.artifacts.path(function, bytecode=bytecode), environment=environment)

    def first(self, function: str) -> Path:
        """Return the file of a function's first request."""
        if function in FIRST:
            return written(self.events, function, first_event(function, self.endpoint))
        return self.route("create")

    def route(self, name: str) -> Path:
        """Return the file of a request of one route."""
        return written(self.events, name, ROUTES[name])
