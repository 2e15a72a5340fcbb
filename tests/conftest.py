"""Settings of all tests: fake AWS credentials, the distribution to processes, and the summary of the fault matrix.

The AWS settings of the machine are ignored, so no test can reach a real account.
"""

import os
import time
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.faults import matrix_summary

pytest_plugins = ["tests.emulator", "tests.response_bucket"]

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="eu-central-1",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
    POWERTOOLS_METRICS_DISABLED="true",
    TZ="Test-05:30",  # so that a forgotten time zone makes a difference on every machine
)
time.tzset()

STACK = "tests/stack/"


class Distribution(LoadScopeScheduling):  # type: ignore[misc]
    """Run each file in one process, and all stack tests in the same one: they share the stack, and some measure it."""

    def _split_scope(self, nodeid: str) -> str:
        return STACK if nodeid.startswith(STACK) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Distribution:
    config.option.loadscopereorder = False
    return Distribution(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Start with the stack tests, which run in one process and take longest."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith(STACK))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Add a line with the size and result of the fault matrix."""
    line = matrix_summary.summary(each for reports in terminalreporter.stats.values() for each in reports)
    if line is not None:
        terminalreporter.section("faults")
        terminalreporter.line(line)
