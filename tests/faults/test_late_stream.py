"""The stream lags behind the writes: whenever its records are processed, table and secrets agree in the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.faults.account import Account, Request
from tests.faults.in_process_stack import InProcessStack
from tests.faults.invariants import find_violations
from tests.faults.use_case import NAME

WRITES = ("set key", "rotate", "roll back", "remove key", "delete", "restore")
PROCESS = "process the stream"
OK, NO_CONTENT = 200, 204


@dataclass
class LateStream:
    """One integration, and the keys that it should have. Records of the stream wait until a step processes them."""

    account: Account
    key: str | None = None
    previous_key: str | None = None
    is_deleted: bool = False

    def __post_init__(self) -> None:
        self._numbers = count(1)

    def run(self, steps: Sequence[str]) -> None:
        self.key = self._new_key()
        self.account.create_integration(api_key=self.key)
        for step in steps:
            if step == PROCESS:
                self.account.stack.process_stream()
            else:
                self._write(step, self._new_key())

    def _new_key(self) -> str:
        key = f"sk-fake-{next(self._numbers):032}"
        self.account.stack.cloud.keys.add(key)  # for the search for leaks
        return key

    def _write(self, step: str, key: str) -> None:
        """Send a request. It has no effect if the state does not permit it, for example without a previous key."""
        requests: dict[str, tuple[Request, str | None, str | None]] = {
            "set key": (self.account.patch_request(api_key=key), key, None),
            "rotate": (self.account.integration_request("POST", "/key-rotations", {"api_key": key}), key, self.key),
            "roll back": (
                self.account.integration_request("POST", "/key-rotations/rollback"),
                self.previous_key,
                None,
            ),
            "remove key": (self.account.patch_request(api_key=None), None, None),
            "delete": (self.account.delete_request(), self.key, self.previous_key),
            "restore": (self.account.restore_request(), self.key, self.previous_key),
        }
        request, new_key, new_previous_key = requests[step]
        if request() in {OK, NO_CONTENT}:
            self.key, self.previous_key = new_key, new_previous_key
            self.is_deleted = step == "delete"

    def violations(self) -> list[str]:
        expected = {} if self.is_deleted else {NAME: self.key}
        return find_violations(self.account.stack.cloud, self.account.name, expected)


@pytest.mark.no_cover
@settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(steps=["set key", "delete", PROCESS, "restore"])
@example(steps=["rotate", PROCESS, "roll back", "rotate"])
@given(steps=st.lists(st.sampled_from((*WRITES, PROCESS)), min_size=2, max_size=8))
def test_table_and_secrets_agree_whenever_the_stream_is_processed(
    moto_stack: InProcessStack, steps: Sequence[str]
) -> None:
    moto_stack.reset()
    integration = LateStream(Account(moto_stack, "late"))
    integration.run(steps)
    moto_stack.process_stream()
    assert moto_stack.sweep()
    assert integration.violations() == []
