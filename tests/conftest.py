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
# Long tests next to those of the shared stack. They start a stack or an emulator of their own, or none.
OWN_STACK = (
    "tests/stack/test_kills.py",
    "tests/stack/test_permissions.py",
    "tests/stack/test_local_commands.py",
    "tests/stack/test_leak_search.py",
    "tests/stack/test_lambda_emulation.py",
)
# The groups that take longest, in the order in which they start.
LONGEST = (STACK, *OWN_STACK, "tests/faults/test_matrix.py", "tests/contract/test_long_lists.py")


def group(nodeid: str) -> str:
    """Return the tests that run in the same process: those of one file, or all that share the stack."""
    file = nodeid.partition("::")[0]
    return STACK if file.startswith(STACK) and file not in OWN_STACK else file


class Distribution(LoadScopeScheduling):  # type: ignore[misc]
    """Run each group in one process, in the order of the tests."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Stop the first of the two measurements that pytest-cov starts in a process of xdist.

    Otherwise the marker `no_cover`, which pauses the second one, resumes the first, whose result is discarded.
    """
    controller = getattr(session.config.pluginmanager.getplugin("_cov"), "cov_controller", None)
    if controller and hasattr(session.config, "workerinput"):
        controller.cov.stop()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Distribution:
    config.option.loadscopereorder = False
    return Distribution(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Start with the longest groups, and check that no second process starts the shared stack."""
    if hasattr(config, "workerinput"):
        order = {name: number for number, name in enumerate(LONGEST)}
        items.sort(key=lambda item: order.get(group(item.nodeid), len(order)))
    for item in items:
        if item.nodeid.startswith(OWN_STACK) and "stack" in getattr(item, "fixturenames", ()):
            raise pytest.UsageError(f"{item.nodeid} uses the shared stack: remove its file from OWN_STACK")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Add a line with the size and result of the fault matrix."""
    line = matrix_summary.summary(each for reports in terminalreporter.stats.values() for each in reports)
    if line is not None:
        terminalreporter.section("faults")
        terminalreporter.line(line)
