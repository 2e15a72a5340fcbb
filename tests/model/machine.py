"""The whole resource as a state machine, held against dictionaries that say what callers may expect."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import SecretStr

from ai_integrations.domain.errors import (
    AccessForbiddenError,
    NameTakenError,
    NoKeyToRotateError,
    NoPreviousKeyError,
    NotFoundError,
    VersionConflictError,
)
from ai_integrations.domain.model import Caller, Integration, KeepKey, Role, SecretVersion, fold_name
from ai_integrations.use_cases.integrations import Integrations, Rotation
from tests.builders import NOON, a_caller, a_policy, the_settings
from tests.contract.worlds import World

HOUR = timedelta(hours=1)
accounts = st.sampled_from(["acme", "umbrella"])
users = st.sampled_from(["alice", "bob"])
names = st.sampled_from(["One", "ONE", "one ", "Straße", "STRASSE", "two"])
keys = st.integers(1, 5).map("sk-fake-key-{}-not-a-key".format)
numbers = st.integers(0, 20)
callers = st.builds(lambda account, user: a_caller(account=account, user=user), accounts, users)


@dataclass(frozen=True)
class Known:
    """What a caller knows of one integration."""

    name: str
    key: str | None
    former: str | None = None


class Machine(RuleBasedStateMachine):
    """A world that `enter` returns, and what is known of it."""

    def enter(self, stack: ExitStack) -> World:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.world = self.enter(self.stack)
        self.count = 0
        self.integrations = Integrations(
            repository=self.world.repository,
            keys=self.world.vault,
            clock=lambda: NOON,
            new_id=self.next_id,
            policy=a_policy(),
        )
        self.there: dict[tuple[str, str], Known] = {}
        self.deleted: dict[tuple[str, str], Known] = {}
        self.ids: list[str] = ["01KDZ3ZQ80000000000000NONE"]

    def teardown(self) -> None:
        self.stack.close()

    def next_id(self, _moment: datetime) -> str:
        self.count += 1
        return f"01KDZ3ZQ80000000000000{self.count:04}"

    def pick(self, number: int) -> str:
        return self.ids[number % len(self.ids)]

    def is_taken(self, account: str, name: str, but: str = "") -> bool:
        others = [each.name for (owner, ulid), each in self.there.items() if owner == account and ulid != but]
        return fold_name(name) in map(fold_name, others)

    def known(self, caller: Caller, ulid: str) -> Known:
        """Return what is known of an integration; NotFoundError unless it is there, for this account."""
        with suppress(KeyError):
            return self.there[caller.account, ulid]
        raise NotFoundError

    def does(self, request: Callable[[], object], expected: Callable[[], None]) -> None:
        """Make a request, and expect of it what the model does: the same error, or none."""
        try:
            expected()
        except Exception as error:  # noqa: BLE001 - it is the model's own
            with pytest.raises(type(error)):
                request()
        else:
            request()

    @rule(caller=callers, name=names, key=st.none() | keys)
    def create(self, caller: Caller, name: str, key: str | None) -> None:
        def expected() -> None:
            if self.is_taken(caller.account, name):
                raise NameTakenError

        made: list[Integration] = []
        secret = SecretStr(key) if key else KeepKey.KEEP
        self.does(lambda: made.append(self.integrations.create(caller, the_settings(name=name), secret)), expected)
        for each in made:
            self.ids.append(each.id)
            self.there[caller.account, each.id] = Known(name, key)

    def changes(
        self, caller: Caller, number: int, after: Callable[[Known], Known], request: Callable[[str], object]
    ) -> None:
        """Make a request about one integration, which turns what is known of it into something else."""
        ulid = self.pick(number)

        def expected() -> None:
            changed = after(self.known(caller, ulid))
            if self.is_taken(caller.account, changed.name, but=ulid):
                raise NameTakenError
            self.there[caller.account, ulid] = changed

        self.does(lambda: request(ulid), expected)

    @rule(caller=callers, number=numbers, name=names)
    def rename(self, caller: Caller, number: int, name: str) -> None:
        def renamed(now: Integration) -> Integration:
            return replace(now, name=name)

        self.changes(
            caller,
            number,
            lambda known: replace(known, name=name),
            lambda ulid: self.integrations.update(caller, ulid, renamed, KeepKey.KEEP),
        )

    @rule(caller=callers, number=numbers, key=st.none() | keys)
    def set_key(self, caller: Caller, number: int, key: str | None) -> None:
        secret = SecretStr(key) if key else None
        self.changes(
            caller,
            number,
            lambda known: replace(known, key=key, former=None),
            lambda ulid: self.integrations.update(caller, ulid, lambda now: now, secret),
        )

    @rule(caller=callers, number=numbers, key=keys)
    def rotate(self, caller: Caller, number: int, key: str) -> None:
        def rotated(known: Known) -> Known:
            if known.key is None:
                raise NoKeyToRotateError
            return replace(known, key=key, former=known.key)

        rotation = Rotation(api_key=SecretStr(key), grace=HOUR)
        self.changes(caller, number, rotated, lambda ulid: self.integrations.rotate_key(caller, ulid, rotation))

    @rule(caller=callers, number=numbers)
    def roll_back(self, caller: Caller, number: int) -> None:
        def rolled_back(known: Known) -> Known:
            if known.former is None:
                raise NoPreviousKeyError
            return replace(known, key=known.former, former=None)

        self.changes(caller, number, rolled_back, lambda ulid: self.integrations.roll_back_key(caller, ulid))

    @rule(caller=callers, number=numbers)
    def delete(self, caller: Caller, number: int) -> None:
        ulid = self.pick(number)

        def expected() -> None:
            self.deleted[caller.account, ulid] = self.known(caller, ulid)
            del self.there[caller.account, ulid]

        self.does(lambda: self.integrations.delete(caller, ulid), expected)

    @rule(caller=callers, number=numbers)
    def restore(self, caller: Caller, number: int) -> None:
        ulid = self.pick(number)
        place = caller.account, ulid

        def expected() -> None:
            if place not in self.deleted:
                self.known(caller, ulid)
                return
            if self.is_taken(caller.account, self.deleted[place].name):
                raise NameTakenError
            self.there[place] = self.deleted.pop(place)

        self.does(lambda: self.integrations.restore(caller, ulid), expected)

    @rule(account=accounts, number=numbers)
    def refuse_readers_and_stale_versions(self, account: str, number: int) -> None:
        ulid = self.pick(number)
        there = (account, ulid) in self.there
        reader, admin = a_caller(account=account, role=Role.READER), a_caller(account=account)
        with pytest.raises(AccessForbiddenError if there else NotFoundError):
            self.integrations.delete(reader, ulid)
        with pytest.raises(VersionConflictError if there else NotFoundError):
            self.integrations.delete(admin, ulid, lambda _: False)

    @rule(account=accounts)
    def retire_what_is_deleted(self, account: str) -> None:
        """Do what the stream would have done by some time."""
        for owner, ulid in self.deleted:
            stone = self.world.repository.get_deleted(owner, ulid)
            assert stone is not None
            if owner == account and stone.integration.secret is not None:
                self.world.cleanup.schedule_deletion(stone.integration.secret)

    @invariant()
    def shows_what_is_known(self) -> None:
        for account in ("acme", "umbrella"):
            found = self.world.repository.newest(account, None, 100).integrations
            expected = sorted((ulid for owner, ulid in self.there if owner == account), reverse=True)
            assert [each.id for each in found] == expected
            for each in found:
                known = self.there[account, each.id]
                former = each.previous_key.secret if each.previous_key else None
                assert (each.name, self.key(each.secret), self.key(former)) == (known.name, known.key, known.former)

    def key(self, secret: SecretVersion | None) -> str | None:
        return self.world.key(secret) if secret else None
