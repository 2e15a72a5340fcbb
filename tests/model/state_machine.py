"""A state machine that runs random operations and compares the stores with a model in plain dictionaries."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

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
    RoleTakenError,
    VersionConflictError,
)
from ai_integrations.domain.iam_roles import IamRole
from ai_integrations.domain.model import Caller, Integration, Removal, Role, SecretVersion, fold_name
from ai_integrations.use_cases.integrations import RequestedChange, Rotation
from tests.builders import a_caller, the_settings
from tests.contract.stores import Stores
from tests.fakes import build_integrations

HOUR = timedelta(hours=1)
accounts = st.sampled_from(["acme", "umbrella"])
users = st.sampled_from(["alice", "bob"])
names = st.sampled_from(["One", "ONE", "one ", "Straße", "STRASSE", "two"])
keys = st.integers(1, 5).map("sk-fake-key-{}-not-a-key".format)
# The first two are one role for AWS: names of roles are unique in an account, whatever their path and case.
roles = st.sampled_from([f"arn:aws:iam::123456789012:role/{name}" for name in ("a", "team/A", "b")])
numbers = st.integers(0, 20)
callers = st.builds(lambda account, user: a_caller(account=account, user=user), accounts, users)


@dataclass(frozen=True)
class Expected:
    """The expected state of one integration."""

    name: str
    key: str | None
    previous_key: str | None = None
    role_arn: str | None = None

    @property
    def role(self) -> str | None:
        """The identity of the role."""
        return IamRole(arn=self.role_arn).identity if self.role_arn else None


class IntegrationStateMachine(RuleBasedStateMachine):
    """Random operations on the stores, and the state that they must lead to."""

    def create_stores(self, stack: ExitStack) -> Stores:
        """Create empty stores. Contexts entered on `stack` end with the test case."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stores = self.create_stores(self.stack)
        self.count = 0
        self.integrations = build_integrations(self.stores.repository, self.stores.keys, new_id=self.next_id)
        self.existing: dict[tuple[str, str], Expected] = {}
        self.deleted: dict[tuple[str, str], Expected] = {}
        self.ids: list[str] = ["01KDZ3ZQ80000000000000NONE"]

    def teardown(self) -> None:
        self.stack.close()

    def next_id(self, _moment: datetime) -> str:
        self.count += 1
        return f"01KDZ3ZQ80000000000000{self.count:04}"

    def choose_id(self, number: int) -> str:
        return self.ids[number % len(self.ids)]

    def is_name_taken(self, account: str, name: str, except_by: str = "") -> bool:
        others = [each.name for (owner, ulid), each in self.existing.items() if owner == account and ulid != except_by]
        return fold_name(name) in map(fold_name, others)

    def is_role_taken(self, account: str, expected: Expected) -> bool:
        others = {each.role for (owner, _), each in self.existing.items() if owner != account}
        return expected.role is not None and expected.role in others

    def expected(self, caller: Caller, ulid: str) -> Expected:
        """Return the expected state of an integration. Raise NotFoundError unless it exists in the caller's account."""
        with suppress(KeyError):
            return self.existing[caller.account, ulid]
        raise NotFoundError

    def run_both(self, request: Callable[[], object], update_model: Callable[[], None]) -> None:
        """Update the model, make the request, and require that both raise the same error or none."""
        try:
            update_model()
        except Exception as error:  # noqa: BLE001 - raised by the model
            with pytest.raises(type(error)):
                request()
        else:
            request()

    @rule(caller=callers, name=names, key=st.none() | keys, role_arn=st.none() | roles)
    def create(self, caller: Caller, name: str, key: str | None, role_arn: str | None) -> None:
        expected = Expected(name, key, role_arn=role_arn)

        def update_model() -> None:
            if self.is_name_taken(caller.account, name):
                raise NameTakenError
            if self.is_role_taken(caller.account, expected):
                raise RoleTakenError

        created: list[Integration] = []
        secret = SecretStr(key) if key else Removal.NOTHING
        settings = the_settings(name=name, **role_changes(role_arn))
        self.run_both(lambda: created.append(self.integrations.create(caller, settings, secret)), update_model)
        for each in created:
            self.ids.append(each.id)
            self.existing[caller.account, each.id] = expected

    def change(
        self, caller: Caller, number: int, edit: Callable[[Expected], Expected], request: Callable[[str], object]
    ) -> None:
        """Change one integration, in the model by `edit` and in the stores by `request`."""
        ulid = self.choose_id(number)

        def update_model() -> None:
            changed = edit(self.expected(caller, ulid))
            if self.is_name_taken(caller.account, changed.name, except_by=ulid):
                raise NameTakenError
            if self.is_role_taken(caller.account, changed):
                raise RoleTakenError
            self.existing[caller.account, ulid] = changed

        self.run_both(lambda: request(ulid), update_model)

    @rule(caller=callers, number=numbers, name=names)
    def rename(self, caller: Caller, number: int, name: str) -> None:
        def renamed(current: Integration) -> Integration:
            return replace(current, name=name)

        self.change(
            caller,
            number,
            lambda expected: replace(expected, name=name),
            lambda ulid: self.integrations.update(caller, ulid, RequestedChange(renamed)),
        )

    @rule(caller=callers, number=numbers, role_arn=st.none() | roles)
    def set_role(self, caller: Caller, number: int, role_arn: str | None) -> None:
        def with_role(current: Integration) -> Integration:
            return replace(current, **role_changes(role_arn))

        self.change(
            caller,
            number,
            # A change of the provider needs the key again, or null.
            lambda expected: replace(expected, key=None, previous_key=None, role_arn=role_arn),
            lambda ulid: self.integrations.update(caller, ulid, RequestedChange(with_role, Removal.KEY)),
        )

    @rule(caller=callers, number=numbers, key=st.none() | keys)
    def set_key(self, caller: Caller, number: int, key: str | None) -> None:
        secret = SecretStr(key) if key else Removal.KEY
        self.change(
            caller,
            number,
            lambda expected: replace(expected, key=key, previous_key=None),
            lambda ulid: self.integrations.update(caller, ulid, RequestedChange(lambda current: current, secret)),
        )

    @rule(caller=callers, number=numbers, key=keys)
    def rotate(self, caller: Caller, number: int, key: str) -> None:
        def rotated(expected: Expected) -> Expected:
            if expected.key is None:
                raise NoKeyToRotateError
            return replace(expected, key=key, previous_key=expected.key)

        rotation = Rotation(api_key=SecretStr(key), grace=HOUR)
        self.change(caller, number, rotated, lambda ulid: self.integrations.rotate_key(caller, ulid, rotation))

    @rule(caller=callers, number=numbers)
    def roll_back(self, caller: Caller, number: int) -> None:
        def rolled_back(expected: Expected) -> Expected:
            if expected.previous_key is None:
                raise NoPreviousKeyError
            return replace(expected, key=expected.previous_key, previous_key=None)

        self.change(caller, number, rolled_back, lambda ulid: self.integrations.roll_back_key(caller, ulid))

    @rule(caller=callers, number=numbers)
    def delete(self, caller: Caller, number: int) -> None:
        ulid = self.choose_id(number)

        def update_model() -> None:
            self.deleted[caller.account, ulid] = self.expected(caller, ulid)
            del self.existing[caller.account, ulid]

        self.run_both(lambda: self.integrations.delete(caller, ulid), update_model)

    @rule(caller=callers, number=numbers)
    def restore(self, caller: Caller, number: int) -> None:
        ulid = self.choose_id(number)
        key = caller.account, ulid

        def update_model() -> None:
            if key not in self.deleted:
                self.expected(caller, ulid)
                return
            if self.is_name_taken(caller.account, self.deleted[key].name):
                raise NameTakenError
            if self.is_role_taken(caller.account, self.deleted[key]):
                raise RoleTakenError
            self.existing[key] = self.deleted.pop(key)

        self.run_both(lambda: self.integrations.restore(caller, ulid), update_model)

    @rule(account=accounts, number=numbers)
    def reject_readers_and_stale_versions(self, account: str, number: int) -> None:
        ulid = self.choose_id(number)
        exists = (account, ulid) in self.existing
        reader, admin = a_caller(account=account, role=Role.READER), a_caller(account=account)
        with pytest.raises(AccessForbiddenError if exists else NotFoundError):
            self.integrations.delete(reader, ulid)
        with pytest.raises(VersionConflictError if exists else NotFoundError):
            self.integrations.delete(admin, ulid, lambda _: False)

    @rule(account=accounts)
    def schedule_deletion_of_secrets(self, account: str) -> None:
        """Clean up after deletions, as the stream does eventually."""
        for owner, ulid in self.deleted:
            tombstone = self.stores.repository.get_deleted(owner, ulid)
            assert tombstone is not None
            if owner == account and tombstone.integration.secret is not None:
                self.stores.cleanup.schedule_deletion(tombstone.integration.secret)

    @invariant()
    def stores_equal_the_model(self) -> None:
        for account in ("acme", "umbrella"):
            listed = self.stores.repository.newest(account, None, 100).integrations
            expected_ids = sorted((ulid for owner, ulid in self.existing if owner == account), reverse=True)
            assert [each.id for each in listed] == expected_ids
            for each in listed:
                previous = each.previous_key.secret if each.previous_key else None
                role_arn = each.iam_role.arn if each.iam_role else None
                actual = Expected(each.name, self.read_key(each.secret), self.read_key(previous), role_arn)
                assert actual == self.existing[account, each.id]

    def read_key(self, secret: SecretVersion | None) -> str | None:
        return self.stores.read_key(secret) if secret else None


def role_changes(role_arn: str | None) -> dict[str, Any]:
    """Build the fields of an integration with a role, or without one."""
    if role_arn is None:
        return {"provider": "OPEN_AI", "provider_metadata": None}
    return {"provider": "AWS_BEDROCK", "provider_metadata": {"role_arn": role_arn}}
