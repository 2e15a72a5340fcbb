"""Functions die at any moment, time and again: good clients lose nothing by it, and nothing is left of it.

KILL_OPERATIONS asks for more; SEED says of which run they are.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

import pytest

from ai_integrations.vault import ACCOUNT_TAG
from tests.faults.invariants import broken
from tests.stack.conftest import Stack, searched
from tests.stack.good_client import GoodClient
from tests.stack.kept import Kept
from tests.stack.platform import Platform, until

OPERATIONS = int(os.environ.get("KILL_OPERATIONS", "60"))
SEED = int(os.environ.get("SEED") or Random().getrandbits(32))  # noqa: S311
CLIENTS = 4
SECONDS_TO_SETTLE = 300
SECONDS_OF_A_DELIVERY = 30  # longer than the function may take
MOST_DELIVERIES = 1000  # the most that SQS takes: what is killed is not dead
ACCOUNT = "kills"
THEIRS = "sk-fake-theirs-not-a-key"


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with searched(tmp_path_factory.mktemp("kills")) as stack:
        yield stack


@dataclass
class Killer:
    """Kills a process of a function now and then, whichever it is and whatever it does."""

    folder: Path
    random: Random
    killed: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        enough = Event()
        thread = Thread(target=self._work, args=[enough])
        thread.start()
        try:
            yield
        finally:
            enough.set()
            thread.join()

    def _work(self, enough: Event) -> None:
        while not enough.wait(self.random.uniform(0, 1.5)):
            running = sorted(self._running())
            if running:
                function, process = self.random.choice(running)
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                    self.killed[function] += 1

    def _running(self) -> Iterator[tuple[str, int]]:
        """Yield the functions' processes; the emulator has unpacked what they run below its folder."""
        for each in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                is_one = b"awslambdaric" in (each / "cmdline").read_bytes()
                if is_one and (each / "cwd").readlink().is_relative_to(self.folder):
                    variables = dict(text.split("=", 1) for text in (each / "environ").read_text().split("\0") if text)
                    yield variables["AWS_SDK_UA_APP_ID"], int(each.name)


@dataclass
class Requester:
    """Asks for integrations by event, every other one of which refers to a key, and each of which is told twice."""

    platform: Platform
    reference: str
    ends: dict[str, str | None] = field(default_factory=dict)

    def act(self) -> None:
        name = f"by-event-{len(self.ends)}"
        referring = {"api_key_secret_arn": self.reference} if len(self.ends) % 2 else {}
        for _ in range(2):
            self.platform.ask("Create", request_id=name, integration={"name": name, "provider": "openAI", **referring})
        self.ends[name] = THEIRS if referring else None


def test_loses_and_leaves_nothing(own_stack: Stack) -> None:
    print(f"SEED={SEED}")
    access_key = own_stack.issue_key(account=ACCOUNT)
    platform, kept = Platform(own_stack, ACCOUNT), Kept(own_stack)
    clients = [GoodClient(own_stack, access_key, Random(f"{SEED} {number}")) for number in range(CLIENTS)]  # noqa: S311
    requester = Requester(platform, keep_theirs(own_stack, kept))
    killer = Killer(own_stack.folder, Random(SEED))  # noqa: S311
    deliver_soon_again(platform)
    with platform.given_up_after(MOST_DELIVERIES), killer.at_work(), ThreadPoolExecutor() as pool:
        done = [pool.submit(repeat, client.act, OPERATIONS * 9 // 10 // CLIENTS) for client in clients]
        for each in [*done, pool.submit(repeat, requester.act, OPERATIONS // 10)]:
            each.result()
        until(lambda: platform.in_queue("RequestsUrl") == 0, within=SECONDS_TO_SETTLE)
    until(lambda: platform.in_queue("RequestsUrl") == 0, within=SECONDS_TO_SETTLE)
    ends = requester.ends | {known.name: known.key for client in clients for known in client.there.values()}
    faults = settled(kept, ends)
    asked_again = sum(client.asked_again for client in clients)
    print(f"killed {killer.killed.total()} processes: {dict(killer.killed)}; asked again {asked_again} times")
    assert killer.killed
    assert not faults, "\n".join(faults)
    assert platform.in_queue("DeadRequestsUrl") == 0
    for client in clients:
        assert {id_: resolved(own_stack, id_) for id_ in client.there} == keys(client)


def keep_theirs(stack: Stack, kept: Kept) -> str:
    """Keep a secret as its owner would, for the account to refer to."""
    tags: Any = [{"Key": ACCOUNT_TAG, "Value": ACCOUNT}]
    stack.canaries.keys.add(THEIRS)
    made = kept.secrets_manager.create_secret(Name="theirs", SecretString=THEIRS, Tags=tags)
    return str(made["ARN"])


def deliver_soon_again(platform: Platform) -> None:
    """Let a request whose function was killed be delivered again sooner than the template says."""
    sooner = {"VisibilityTimeout": str(SECONDS_OF_A_DELIVERY)}
    platform.sqs.set_queue_attributes(QueueUrl=platform.outputs["RequestsUrl"], Attributes=sooner)


def repeat(act: Callable[[], None], times: int) -> None:
    for _ in range(times):
        act()


def settled(kept: Kept, ends: Mapping[str, str | None]) -> list[str]:
    """Return what does not hold, at last: the stream is still being followed, and the sweep comes by."""
    deadline = time.monotonic() + SECONDS_TO_SETTLE
    while (faults := broken(kept, ACCOUNT, ends)) and time.monotonic() < deadline:
        report = kept.sweep()
        print(f"swept {len(report.secrets_without_integration)} secrets of {report.secrets}")
        assert report.integrations_without_secret == []
        time.sleep(1)
    return faults


def resolved(stack: Stack, id_: str) -> str | None:
    """Return the key that a program is given."""
    asked = {"account": ACCOUNT, "integration": id_, "consumer": "program"}
    key: str | None = stack.deployment.invoke("CredentialsFunctionName", asked).get("api_key")
    return key


def keys(client: GoodClient) -> dict[str, str | None]:
    return {id_: known.key for id_, known in client.there.items()}
