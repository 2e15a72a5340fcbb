"""The commands with which operators show what the sweep would remove, and confirm removals."""

import io
import json
from typing import Any

import pytest
from tools.operations.sweep import LAMBDA_CONFIG, SweepFailedError, SweepFunction

from tests import sam_template
from tests.cloud import Cloud


class SweepLambda:
    """A Lambda client that invokes the function in this process, or returns a given response."""

    def __init__(self, cloud: Cloud, response: dict[str, Any] | None = None) -> None:
        self._cloud = cloud
        self._response = response

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert FunctionName == "sweep-function"
        if self._response is not None:
            return self._response
        result = self._cloud.function("sweep")(json.loads(Payload))
        return {"Payload": io.BytesIO(json.dumps(result).encode())}


def sweep_function(cloud: Cloud, response: dict[str, Any] | None = None) -> SweepFunction:
    client: Any = SweepLambda(cloud, response)
    return SweepFunction(client, "sweep-function")


def test_dry_run_returns_the_report(cloud: Cloud) -> None:
    report = sweep_function(cloud).dry_run()
    assert (report["dry_run"], report["stopped"], report["removals_left"]) == (True, False, 0)


def test_confirm_returns_until_when_the_removals_are_allowed(cloud: Cloud) -> None:
    assert sweep_function(cloud).confirm(7).keys() == {"confirmed", "until"}
    [item] = cloud.items("REMOVALS")
    assert item["allowed"] == {"N": "7"}


def test_rejected_command_raises_its_reason(cloud: Cloud) -> None:
    with pytest.raises(SweepFailedError, match="/confirm"):
        sweep_function(cloud).confirm(-1)


def test_failed_function_raises_an_error_that_names_its_log(cloud: Cloud) -> None:
    with pytest.raises(SweepFailedError, match="log"):
        sweep_function(cloud, {"FunctionError": "Unhandled"}).dry_run()


def test_client_waits_for_the_longest_run_and_does_not_start_another() -> None:
    assert LAMBDA_CONFIG.read_timeout > sam_template.functions()["sweep"]["Timeout"]  # type: ignore[attr-defined]
    # A client that uses the configuration adds its default mode to this dictionary.
    assert LAMBDA_CONFIG.retries["total_max_attempts"] == 1  # type: ignore[attr-defined]
