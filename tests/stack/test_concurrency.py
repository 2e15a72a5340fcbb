"""What several callers do at the same moment comes out as if they had done it one after the other, in some order.

CONCURRENT_ROUNDS asks for more; SEED says of which run they are.
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
from tests.stack.kept import Kept

ROUNDS = int(os.environ.get("CONCURRENT_ROUNDS", "3"))
SEED = int(os.environ.get("SEED") or Random().getrandbits(32))  # noqa: S311
CALLERS = 5
SECONDS_TO_SETTLE = 60
NAMES = ("one", "two")


@dataclass(frozen=True, kw_only=True)
class State:
    """An account, by the names in it: the integration that all callers write, and what else they have created."""

    is_there: bool = True
    name: str = NAMES[0]
    key: str
    version: int = 1
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def ends(self) -> dict[str, str | None]:
        return {**self.others, **({self.name: self.key} if self.is_there else {})}


Effect = Callable[[State], tuple[int, State]]
"""What a request is answered with, and what is so afterwards."""


@dataclass(frozen=True, kw_only=True)
class Request:
    method: str
    below: str
    body: Any = None
    effect: Effect
    is_conditional: bool = False


def create(name: str, key: str) -> Request:
    def effect(state: State) -> tuple[int, State]:
        if name in state.ends:
            return 409, state
        return 201, replace(state, others={**state.others, name: key})

    body = {"name": name, "provider": "openAI", "api_key": key}
    return Request(method="POST", below="", body=body, effect=effect)


def change(*, is_conditional: bool, **body: str) -> Request:
    def effect(state: State) -> tuple[int, State]:
        changed = replace(state, name=body.get("name", state.name), key=body.get("api_key", state.key))
        if not state.is_there:
            return 404, state
        if is_conditional and state.version > 1:
            return 412, state
        if changed == state:
            return 200, state
        if changed.name in state.others:
            return 409, state
        return 200, replace(changed, version=state.version + 1)

    return Request(method="PATCH", below="/{}", body=body, effect=effect, is_conditional=is_conditional)


def delete(*, is_conditional: bool) -> Request:
    def effect(state: State) -> tuple[int, State]:
        if not state.is_there:
            return 404, state
        return (412, state) if is_conditional and state.version > 1 else (204, replace(state, is_there=False))

    return Request(method="DELETE", below="/{}", effect=effect, is_conditional=is_conditional)


def restore() -> Request:
    """Return the request that there is one of: it looks in two places, and two others could move what it looks for."""

    def effect(state: State) -> tuple[int, State]:
        if state.is_there:
            return 200, state
        if state.name in state.others:
            return 409, state
        return 200, replace(state, is_there=True, version=state.version + 1)

    return Request(method="POST", below="/{}/restore", effect=effect)


def any_write(random: Random) -> Request:
    key, name, is_conditional = f"sk-fake-{random.getrandbits(64):016x}", random.choice(NAMES), random.random() < 0.5
    return random.choice(
        [
            create(name, key),
            change(name=name, is_conditional=is_conditional),
            change(api_key=key, is_conditional=is_conditional),
            delete(is_conditional=is_conditional),
        ]
    )


class Scene:
    """An account with one integration, which is deleted or not, and callers who wait for one another.

    They are different users: what one user asks for twice in the same millisecond is taken for one request.
    """

    def __init__(self, stack: Stack, *, is_there: bool) -> None:
        self.account = f"concurrent-{uuid4().hex[:8]}"
        self.state = State(key=f"sk-fake-{uuid4().hex}", is_there=is_there)
        self._stack = stack
        self.access_keys = [stack.issue_key(account=self.account, user=f"user-{each}") for each in range(CALLERS)]
        self._start = Barrier(CALLERS)
        made = stack.ask(self.access_keys[0], "POST", "", create(self.state.name, self.state.key).body)
        self._id, self._etag = made.body["id"], made.headers["etag"]
        if not is_there:
            assert stack.ask(self.access_keys[0], "DELETE", f"/{self._id}").status == 204

    def send(self, access_key: str, request: Request) -> int:
        """Send a request at the moment at which everybody sends theirs, and return the status of its answer."""
        headers = {"if_match": self._etag} if request.is_conditional else {}
        self._start.wait()
        below = request.below.format(self._id)
        return self._stack.ask(access_key, request.method, below, request.body, **headers).status


def test_comes_out_as_if_one_came_after_the_other(stack: Stack) -> None:
    print(f"SEED={SEED}")
    random, kept = Random(SEED), Kept(stack)  # noqa: S311
    with ThreadPoolExecutor(CALLERS) as callers:
        for _ in range(ROUNDS):
            scene = Scene(stack, is_there=random.random() < 0.5)
            requests = [restore(), *(any_write(random) for _ in range(CALLERS - 1))]
            answers = [*callers.map(scene.send, scene.access_keys, requests)]
            print([(each.method, each.below, each.body, each.is_conditional) for each in requests], answers)
            possible = [*explanations(scene.state, requests, answers)]
            assert possible, "no order explains the answers"
            assert any_holds(kept, scene.account, possible), "no order explains what is there"


def explanations(state: State, requests: Sequence[Request], answers: Sequence[int]) -> Iterator[State]:
    """Yield how things are in the end, for each order in which the requests would be answered so."""
    for order in permutations(zip(requests, answers, strict=True)):
        now, as_answered = state, True
        for request, answer in order:
            status, now = request.effect(now)
            as_answered = as_answered and status == answer
        if as_answered:
            yield now


def any_holds(kept: Kept, account: str, possible: Iterable[State]) -> bool:
    """Tell whether one of them is so, at last: the stream is still being followed, and the sweep comes by."""
    ends = {tuple(sorted(state.ends.items())) for state in possible}
    deadline = time.monotonic() + SECONDS_TO_SETTLE
    while (faults := [find_violations(kept, account, dict(each)) for each in ends]) and all(faults):
        if time.monotonic() > deadline:
            print("\n".join(map(str, faults)))
            return False
        kept.sweep()
        time.sleep(0.2)
    return True
