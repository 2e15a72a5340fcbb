"""Functions die at any moment, time and again: good clients lose nothing by it, and nothing is left of it.

KILL_OPERATIONS asks for more; SEED says of which run they are.
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
from tests.faults.invariants import broken
from tests.stack.conftest import Stack, searched
from tests.stack.good_client import GoodClient
from tests.stack.kept import Kept
from tests.stack.platform import Platform, until

OPERATIONS = int(os.environ.get("KILL_OPERATIONS", "60"))
SEED = int(os.environ.get("SEED") or Random().getrandbits(32))  # noqa: S311
CLIENTS = 4
ACTS_TO_A_KILL = 4
SECONDS_TO_SETTLE = 300
SECONDS_OF_A_DELIVERY = 10
MOST_DELIVERIES = 1000  # the most that SQS takes: what is killed is not dead
ACCOUNT = "kills"
THEIRS = "sk-fake-theirs-not-a-key"


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with searched(tmp_path_factory.mktemp("kills")) as stack:
        yield stack


@dataclass
class Killer:
    """Kills processes of functions, whichever they are and whatever they do."""

    folder: Path
    random: Random
    killed: Counter[str] = field(default_factory=Counter)

    def while_acting(self, act: Callable[[], None], times: int) -> None:
        """Let somebody act, and now and then a process die at some moment from then on."""
        for number in range(times):
            if number % ACTS_TO_A_KILL == 0:
                Timer(self.random.uniform(0, 1), self._kill).start()
            act()

    def _kill(self) -> None:
        with suppress(IndexError, ProcessLookupError):  # there is none any more
            function, process = self.random.choice(sorted(self._running()))
            os.kill(process, signal.SIGKILL)
            self.killed[function] += 1

    def _running(self) -> Iterator[tuple[str, int]]:
        """Yield the functions' processes; the emulator has unpacked what they run below its folder."""
        for each in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, KeyError):  # it has gone meanwhile
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
    acts = [*(client.act for client in clients), requester.act]
    times = [OPERATIONS * 9 // 10 // CLIENTS] * CLIENTS + [OPERATIONS // 10]
    with platform.given_up_after(MOST_DELIVERIES), ThreadPoolExecutor(len(acts)) as pool:
        for _ in pool.map(killer.while_acting, acts, times):
            pass
        until(lambda: platform.in_queue("ProvisioningQueueUrl") == 0, within=SECONDS_TO_SETTLE)
    ends = requester.ends | {known.name: known.key for client in clients for known in client.there.values()}
    faults = settled(kept, ends)
    asked_again = sum(client.asked_again for client in clients)
    print(f"killed {killer.killed.total()} processes: {dict(killer.killed)}; asked again {asked_again} times")
    assert killer.killed
    assert not faults, "\n".join(faults)
    assert platform.in_queue("ProvisioningDeadLetterQueueUrl") == 0
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
    platform.sqs.set_queue_attributes(QueueUrl=platform.outputs["ProvisioningQueueUrl"], Attributes=sooner)


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
