"""Concurrent writes are linearizable: their responses and the final state fit some sequential order of the requests.

CONCURRENT_ROUNDS raises the number of rounds; SEED reproduces the requests of an earlier run.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import permutations
from random import Random
from threading import Barrier
from typing import Any
from uuid import uuid4

from tests.faults.invariants import find_violations
from tests.stack.conftest import Stack
from tests.stack.stack_state import StackState

ROUNDS = int(os.environ.get("CONCURRENT_ROUNDS", "3"))
SEED = int(os.environ.get("SEED") or Random().getrandbits(32))  # noqa: S311
CALLERS = 5
SETTLE_TIMEOUT_SECONDS = 60
NAMES = ("one", "two")


@dataclass(frozen=True, kw_only=True)
class ModelState:
    """A model of one account: the integration that all callers write, and the keys of all others by name."""

    exists: bool = True
    name: str = NAMES[0]
    key: str
    version: int = 1
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys_by_name(self) -> dict[str, str | None]:
        return {**self.others, **({self.name: self.key} if self.exists else {})}


Effect = Callable[[ModelState], tuple[int, ModelState]]
"""Maps the state before a request to the status of the response and the state after it."""


@dataclass(frozen=True, kw_only=True)
class Request:
    method: str
    path: str
    body: Any = None
    effect: Effect
    is_conditional: bool = False


def create(name: str, key: str) -> Request:
    def effect(state: ModelState) -> tuple[int, ModelState]:
        if name in state.keys_by_name:
            return 409, state
        return 201, replace(state, others={**state.others, name: key})

    body = {"name": name, "provider": "openAI", "api_key": key}
    return Request(method="POST", path="", body=body, effect=effect)


def change(*, is_conditional: bool, **body: str) -> Request:
    def effect(state: ModelState) -> tuple[int, ModelState]:
        changed = replace(state, name=body.get("name", state.name), key=body.get("api_key", state.key))
        if not state.exists:
            return 404, state
        if is_conditional and state.version > 1:
            return 412, state
        if changed == state:
            return 200, state
        if changed.name in state.others:
            return 409, state
        return 200, replace(changed, version=state.version + 1)

    return Request(method="PATCH", path="/{}", body=body, effect=effect, is_conditional=is_conditional)


def delete(*, is_conditional: bool) -> Request:
    def effect(state: ModelState) -> tuple[int, ModelState]:
        if not state.exists:
            return 404, state
        return (412, state) if is_conditional and state.version > 1 else (204, replace(state, exists=False))

    return Request(method="DELETE", path="/{}", effect=effect, is_conditional=is_conditional)


def restore() -> Request:
    """Build a restore; each round has only one.

    A restore reads the tombstone and the integration in turn. A second restore in the same round, together with a
    delete, could move the integration between these reads, so that the first one misses it.
    """

    def effect(state: ModelState) -> tuple[int, ModelState]:
        if state.exists:
            return 200, state
        if state.name in state.others:
            return 409, state
        return 200, replace(state, exists=True, version=state.version + 1)

    return Request(method="POST", path="/{}/restore", effect=effect)


def random_write(random: Random) -> Request:
    key, name, is_conditional = f"sk-fake-{random.getrandbits(64):016x}", random.choice(NAMES), random.random() < 0.5
    return random.choice(
        [
            create(name, key),
            change(name=name, is_conditional=is_conditional),
            change(api_key=key, is_conditional=is_conditional),
            delete(is_conditional=is_conditional),
        ]
    )


class ConcurrentCallers:
    """An account with one integration, active or deleted, and callers that send their requests at the same time.

    Each caller is a different user: equal requests of one user in the same millisecond count as one request.
    """

    def __init__(self, stack: Stack, *, exists: bool) -> None:
        self.account = f"concurrent-{uuid4().hex[:8]}"
        self.initial_state = ModelState(key=f"sk-fake-{uuid4().hex}", exists=exists)
        self._stack = stack
        self.access_keys = [stack.issue_key(account=self.account, user=f"user-{each}") for each in range(CALLERS)]
        self._start = Barrier(CALLERS)
        body = create(self.initial_state.name, self.initial_state.key).body
        created = stack.request(self.access_keys[0], "POST", "", body)
        self._id, self._etag = created.body["id"], created.headers["etag"]
        if not exists:
            assert stack.request(self.access_keys[0], "DELETE", f"/{self._id}").status == 204

    def send(self, access_key: str, request: Request) -> int:
        """Wait until all callers are ready, send a request and return the status of its response."""
        headers = {"if_match": self._etag} if request.is_conditional else {}
        self._start.wait()
        path = request.path.format(self._id)
        return self._stack.request(access_key, request.method, path, request.body, **headers).status


def test_concurrent_writes_have_the_outcome_of_a_sequential_order(stack: Stack) -> None:
    print(f"SEED={SEED}")
    random, state = Random(SEED), StackState(stack)  # noqa: S311
    with ThreadPoolExecutor(CALLERS) as pool:
        for _ in range(ROUNDS):
            callers = ConcurrentCallers(stack, exists=random.random() < 0.5)
            requests = [restore(), *(random_write(random) for _ in range(CALLERS - 1))]
            statuses = [*pool.map(callers.send, callers.access_keys, requests)]
            print([(each.method, each.path, each.body, each.is_conditional) for each in requests], statuses)
            possible = [*final_states(callers.initial_state, requests, statuses)]
            assert possible, "no sequential order explains the responses"
            assert any_state_reached(state, callers.account, possible), "no sequential order explains the final state"


def final_states(state: ModelState, requests: Sequence[Request], statuses: Sequence[int]) -> Iterator[ModelState]:
    """Yield the final state of each order in which the requests would return these statuses."""
    for order in permutations(zip(requests, statuses, strict=True)):
        current, statuses_match = state, True
        for request, status in order:
            expected, current = request.effect(current)
            statuses_match = statuses_match and expected == status
        if statuses_match:
            yield current


def any_state_reached(state: StackState, account: str, possible: Iterable[ModelState]) -> bool:
    """Wait until the account is in one of the states; the stream and the sweep may have to clean up first."""
    expected = {tuple(sorted(each.keys_by_name.items())) for each in possible}
    deadline = time.monotonic() + SETTLE_TIMEOUT_SECONDS
    while (faults := [find_violations(state, account, dict(each)) for each in expected]) and all(faults):
        if time.monotonic() > deadline:
            print("\n".join(map(str, faults)))
            return False
        state.sweep()
        time.sleep(0.2)
    return True
