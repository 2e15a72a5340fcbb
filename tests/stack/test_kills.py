"""Function processes are killed at random: retrying clients lose no change, and no orphaned secrets remain.

KILL_OPERATIONS raises the number of operations; SEED reproduces the random choices of an earlier run.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Timer
from typing import Any

import pytest

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from tests.faults.invariants import find_violations
from tests.stack.conftest import Stack, leak_checked_stack
from tests.stack.platform_client import PlatformClient, wait_until
from tests.stack.retrying_client import RetryingClient
from tests.stack.stack_state import StackState

OPERATIONS = int(os.environ.get("KILL_OPERATIONS", "60"))
SEED = int(os.environ.get("SEED") or Random().getrandbits(32))  # noqa: S311
CLIENTS = 4
OPERATIONS_PER_KILL = 4
SETTLE_TIMEOUT_SECONDS = 300
VISIBILITY_TIMEOUT_SECONDS = 10
MAX_RECEIVE_COUNT = 1000  # the maximum of SQS: a request must not be dead-lettered because its function was killed
ACCOUNT = "kills"
EXTERNAL_KEY = "sk-fake-external-not-a-key"


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with leak_checked_stack(tmp_path_factory.mktemp("kills")) as stack:
        yield stack


@dataclass
class ProcessKiller:
    """Kills random function processes."""

    folder: Path
    random: Random
    killed: Counter[str] = field(default_factory=Counter)

    def run_with_kills(self, operation: Callable[[], None], times: int) -> None:
        """Repeat an operation; schedule a kill within a second at every fourth repetition."""
        for number in range(times):
            if number % OPERATIONS_PER_KILL == 0:
                Timer(self.random.uniform(0, 1), self._kill).start()
            operation()

    def _kill(self) -> None:
        with suppress(IndexError, ProcessLookupError):  # no process is running, or it has ended
            function, process = self.random.choice(sorted(self._running()))
            os.kill(process, signal.SIGKILL)
            self.killed[function] += 1

    def _running(self) -> Iterator[tuple[str, int]]:
        """Yield the name and process id of each function; the emulator unpacks the functions below its folder."""
        for each in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, KeyError):  # the process has ended
                is_runtime = b"awslambdaric" in (each / "cmdline").read_bytes()
                if is_runtime and (each / "cwd").readlink().is_relative_to(self.folder):
                    variables = dict(text.split("=", 1) for text in (each / "environ").read_text().split("\0") if text)
                    yield variables["AWS_SDK_UA_APP_ID"], int(each.name)


@dataclass
class EventRequester:
    """Creates integrations by event, and sends each event twice. Every second integration references a secret."""

    platform: PlatformClient
    secret_arn: str
    expected: dict[str, str | None] = field(default_factory=dict)

    def act(self) -> None:
        name = f"by-event-{len(self.expected)}"
        reference = {"api_key_secret_arn": self.secret_arn} if len(self.expected) % 2 else {}
        integration = {"name": name, "provider": "openAI", **reference}
        for _ in range(2):
            self.platform.request("Create", request_id=name, integration=integration)
        self.expected[name] = EXTERNAL_KEY if reference else None


def test_writes_while_functions_are_killed_lose_no_change_and_leave_no_orphaned_secret(own_stack: Stack) -> None:
    print(f"SEED={SEED}")
    access_key = own_stack.issue_key(account=ACCOUNT)
    platform, state = PlatformClient(own_stack, ACCOUNT), StackState(own_stack)
    clients = [
        RetryingClient(own_stack, access_key, Random(f"{SEED} {number}"))  # noqa: S311
        for number in range(CLIENTS)
    ]
    requester = EventRequester(platform, create_external_secret(own_stack, state))
    killer = ProcessKiller(own_stack.folder, Random(SEED))  # noqa: S311
    shorten_visibility_timeout(platform)
    operations = [*(client.act for client in clients), requester.act]
    times = [OPERATIONS * 9 // 10 // CLIENTS] * CLIENTS + [OPERATIONS // 10]
    with platform.max_receive_count(MAX_RECEIVE_COUNT), ThreadPoolExecutor(len(operations)) as pool:
        for _ in pool.map(killer.run_with_kills, operations, times):
            pass
        wait_until(lambda: platform.message_count("ProvisioningQueueUrl") == 0, within=SETTLE_TIMEOUT_SECONDS)
    expected = requester.expected | {each.name: each.key for client in clients for each in client.active.values()}
    faults = wait_for_clean_state(state, expected)
    retries = sum(client.retries for client in clients)
    print(f"killed {killer.killed.total()} processes: {dict(killer.killed)}; {retries} retried requests")
    assert killer.killed
    assert not faults, "\n".join(faults)
    assert platform.message_count("ProvisioningDeadLetterQueueUrl") == 0
    for client in clients:
        assert {id_: resolve_key(own_stack, id_) for id_ in client.active} == expected_keys(client)


def create_external_secret(stack: Stack, state: StackState) -> str:
    """Create a secret that the account may reference, as its owner would, and return the ARN."""
    tags: Any = [{"Key": ACCOUNT_TAG, "Value": ACCOUNT}]
    stack.known_secrets.keys.add(EXTERNAL_KEY)
    created = state.secrets_manager.create_secret(Name="external", SecretString=EXTERNAL_KEY, Tags=tags)
    return str(created["ARN"])


def shorten_visibility_timeout(platform: PlatformClient) -> None:
    """Let SQS redeliver the request of a killed function sooner than with the template's timeout."""
    attributes = {"VisibilityTimeout": str(VISIBILITY_TIMEOUT_SECONDS)}
    platform.sqs.set_queue_attributes(QueueUrl=platform.outputs["ProvisioningQueueUrl"], Attributes=attributes)


def wait_for_clean_state(state: StackState, expected: Mapping[str, str | None]) -> list[str]:
    """Sweep until table and secrets are consistent; return the faults that remain at the deadline."""
    deadline = time.monotonic() + SETTLE_TIMEOUT_SECONDS
    while (faults := find_violations(state, ACCOUNT, expected)) and time.monotonic() < deadline:
        report = state.sweep()
        print(f"the sweep found {len(report.secrets_without_integration)} orphaned secrets of {report.secrets}")
        assert report.integrations_without_secret == []
        time.sleep(1)
    return faults


def resolve_key(stack: Stack, id_: str) -> str | None:
    """Resolve an integration to its key, as a consumer does."""
    request = {"account": ACCOUNT, "integration": id_, "consumer": "program"}
    key: str | None = stack.deployment.invoke("CredentialsFunctionName", request).get("api_key")
    return key


def expected_keys(client: RetryingClient) -> dict[str, str | None]:
    return {id_: expected.key for id_, expected in client.active.items()}
