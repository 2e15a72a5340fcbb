"""The entries of the audit log: one for each operation, with names of fields and no values."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from tools.apidoc.operations import OPERATIONS

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.domain.audit_log import AuditEntry, Operation, OperationType, Outcome, ResourceType
from ai_integrations.domain.consumers import Grant, Revocation
from ai_integrations.domain.model import (
    ExternalSecretArn,
    Integration,
    Removal,
    SecretVersion,
    Tombstone,
)
from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.uses import UsedBy
from ai_integrations.use_cases.audit_entries import entry_of_change, entry_of_consumer_change, entry_of_refusal
from ai_integrations.use_cases.changes import Change
from ai_integrations.use_cases.consumer_changes import ConsumerChange
from ai_integrations.use_cases.integrations import Integrations, RequestedChange, Rotation
from tests.builders import API_KEY, FEDERATIONS, NOON, ULID, a_caller, a_consumer, the_settings
from tests.fakes import InMemoryKeyStore, build_integrations

ALICE, BOB = a_caller(user="alice"), a_caller(user="bob")
EXTERNAL = ExternalSecretArn("arn:aws:secretsmanager:eu-central-1:123456789012:secret:stack/external")
KEY, OTHER_KEY = SecretStr(API_KEY), SecretStr("sk-fake-other-key-not-a-key")
HEADERS = {"X-Team": "fake-header-value-0123456789"}
HOUR = timedelta(hours=1)
CONSUMER = a_consumer()


def entry(change: Change | ConsumerChange) -> AuditEntry:
    found = entry_of_change(change) if isinstance(change, Change) else entry_of_consumer_change(change)
    assert found is not None
    return found


def entry_after(*edits: Callable[[Integrations], Integration]) -> AuditEntry:
    """Make changes, each by a request of its own, and return the entry of the last one."""
    keys = InMemoryKeyStore()
    assert keys.create_external_secret("external", API_KEY, {ACCOUNT_TAG: "acme"}) == EXTERNAL.arn
    integrations = build_integrations(keys=keys)
    versions = [edit(integrations) for edit in edits]
    return entry(Change(before=versions[-2] if len(versions) > 1 else None, after=versions[-1]))


def create(credentials: Any = KEY, **settings: Any) -> Callable[[Integrations], Integration]:
    return lambda integrations: integrations.create(ALICE, the_settings(**settings), credentials)


def update(credentials: Any = Removal.NOTHING, **settings: Any) -> Callable[[Integrations], Integration]:
    change = RequestedChange(lambda current: replace(current, **settings), credentials, settings)
    return lambda integrations: integrations.update(BOB, ULID, change)


def rotate(grace: timedelta = HOUR, api_key: SecretStr = OTHER_KEY) -> Callable[[Integrations], Integration]:
    return lambda integrations: integrations.rotate_key(BOB, ULID, Rotation(api_key=api_key, grace=grace))


def roll_back(integrations: Integrations) -> Integration:
    return integrations.roll_back_key(BOB, ULID)


UPDATES = [
    pytest.param([create(), update(name="x")], ["name"], id="name"),
    pytest.param([create(), update(headers=HEADERS, credentials=KEY)], ["api_key", "headers"], id="headers"),
    pytest.param([create(), update(OTHER_KEY)], ["api_key"], id="key replaced"),
    pytest.param([create(), update(Removal.KEY)], ["api_key"], id="key removed"),
    pytest.param([create(Removal.NOTHING), update(KEY)], ["api_key"], id="key added"),
    pytest.param([create(), update(EXTERNAL)], ["api_key"], id="key replaced by an external secret"),
    pytest.param([create(EXTERNAL), update(KEY)], ["api_key"], id="external secret replaced by a key"),
    pytest.param([create(), rotate(), update(KEY)], ["api_key"], id="key replaced while there is a previous one"),
    pytest.param([create(), rotate(), update(name="x")], ["name"], id="name while there is a previous key"),
    pytest.param(
        [create(), rotate(), update(Removal.KEY, name="x")], ["api_key", "name"], id="key removed with a previous one"
    ),
    pytest.param([create(), rotate(timedelta(0))], ["api_key"], id="key rotated without a grace period"),
]


@pytest.mark.parametrize(("edits", "fields"), UPDATES)
def test_update_is_recorded_with_the_names_of_the_changed_fields(edits: list[Any], fields: list[str]) -> None:
    recorded = entry_after(*edits)
    assert (recorded.operation, list(recorded.changed_fields)) == (Operation.UPDATE_INTEGRATION, fields)
    assert (recorded.actor, recorded.version, recorded.outcome) == ("bob", len(edits), Outcome.COMMITTED)


def test_federation_is_recorded_as_changed_beside_the_key() -> None:
    before = build_integrations().create(ALICE, the_settings(), KEY)
    after = replace(before, version=2, secret=None, federation=FEDERATIONS["OPEN_AI"])
    assert entry(Change(before, after)).changed_fields == ("api_key", "federation")


@pytest.mark.parametrize(
    ("edits", "operation"),
    [
        pytest.param([create(), rotate()], Operation.ROTATE_KEY, id="rotation"),
        pytest.param([create(), rotate(), rotate(api_key=KEY)], Operation.ROTATE_KEY, id="rotation after a rotation"),
        pytest.param([create(), rotate(), roll_back], Operation.ROLL_KEY_BACK, id="rollback"),
        pytest.param([create(), rotate(), roll_back, rotate()], Operation.ROTATE_KEY, id="rotation after a rollback"),
    ],
)
def test_rotation_and_rollback_are_recorded_as_such(edits: list[Any], operation: Operation) -> None:
    recorded = entry_after(*edits)
    assert (recorded.operation, recorded.changed_fields) == (operation, ("api_key",))


def test_create_is_recorded_with_its_creator() -> None:
    assert entry_after(create(headers=HEADERS)) == AuditEntry(
        id=f"2026-01-02T12:00:00.000+00:00#{ULID}#0000000001",
        account="acme",
        actor="alice",
        at=NOON,
        operation=Operation.CREATE_INTEGRATION,
        resource_id=ULID,
        version=1,
    )


def test_delete_and_restore_are_recorded_with_who_did_them() -> None:
    integrations = build_integrations()
    integrations.create(ALICE, the_settings(), KEY)
    deleted = entry(Change(tombstone=integrations.delete(BOB, ULID)))
    restored = entry(Change(after=integrations.restore(a_caller(user="carol"), ULID)))
    assert [(each.operation, each.actor, each.version) for each in (deleted, restored)] == [
        (Operation.DELETE_INTEGRATION, "bob", 1),
        (Operation.RESTORE_INTEGRATION, "carol", 2),
    ]


CONSUMER_CHANGES = [
    (ConsumerChange(after=CONSUMER), Operation.CREATE_CONSUMER, "alice", 1, ()),
    (
        ConsumerChange(CONSUMER, CONSUMER._replace(version=2, updated_by="bob", name="x", grant=Grant(frozenset()))),
        Operation.UPDATE_CONSUMER,
        "bob",
        2,
        ("all_integrations", "integration_ids", "name"),
    ),
    (ConsumerChange(revocation=Revocation(CONSUMER, NOON, "carol")), Operation.REVOKE_CONSUMER, "carol", 1, ()),
]


@pytest.mark.parametrize(("change", "operation", "actor", "version", "fields"), CONSUMER_CHANGES)
def test_change_of_a_consumer_is_recorded(
    change: ConsumerChange, operation: Operation, actor: str, version: int, fields: tuple[str, ...]
) -> None:
    recorded = entry(change)
    assert (recorded.operation, recorded.actor, recorded.version) == (operation, actor, version)
    assert (recorded.changed_fields, recorded.resource_id) == (fields, CONSUMER.id)
    assert recorded.operation.resource_type is ResourceType.CONSUMER


def test_revocation_at_the_time_of_the_last_change_has_an_entry_of_its_own() -> None:
    granted = entry(ConsumerChange(after=CONSUMER))
    revoked = entry(ConsumerChange(revocation=Revocation(CONSUMER, CONSUMER.updated_at, "carol")))
    assert revoked.id > granted.id


REFUSAL = Refusal("acme", UsedBy.broker_states("nightly-job"), "not_found", NOON, ULID)


def test_refusal_is_recorded_as_denied_with_its_reason() -> None:
    recorded = entry_of_refusal(REFUSAL)
    assert recorded._replace(id="") == AuditEntry(
        id="",
        account="acme",
        actor="broker/nightly-job",
        at=NOON,
        operation=Operation.RESOLVE,
        resource_id=ULID,
        outcome=Outcome.DENIED,
        reason="not_found",
    )
    assert recorded.operation.type is OperationType.QUERY


def test_refusals_of_the_same_time_have_ids_of_their_own() -> None:
    different = [
        REFUSAL,
        REFUSAL._replace(integration_id=None),
        REFUSAL._replace(integration_id="01KDZ3ZQ80000000000000000Z"),
        REFUSAL._replace(reason="key_unavailable"),
        REFUSAL._replace(consumer=UsedBy.broker_states("other-job")),
    ]
    assert len({entry_of_refusal(each).id for each in different}) == len(different)


@pytest.mark.parametrize("change", [Change(), Change(before=build_integrations().create(ALICE, the_settings(), KEY))])
def test_write_that_leaves_nothing_has_no_entry(change: Change) -> None:
    assert entry_of_change(change) is None
    assert entry_of_consumer_change(ConsumerChange()) is None


def test_write_of_the_same_version_has_no_entry_that_would_replace_that_of_the_version() -> None:
    integrations = build_integrations()
    create()(integrations)
    rotated = rotate()(integrations)
    for rewritten in (rotated, replace(rotated, credentials_set=None)):
        assert entry_of_change(Change(before=rotated, after=rewritten)) is None


def test_entries_of_one_integration_sort_by_version_at_equal_times() -> None:
    """Also beyond nine versions, and with a deletion between the last change and the restore."""
    integration = build_integrations().create(ALICE, the_settings(), KEY)

    def changes() -> Iterable[Change]:
        yield Change(after=integration)
        for version in range(2, 12):
            yield Change(replace(integration, version=version - 1), replace(integration, version=version, name="x"))
        deleted = replace(integration, version=11)
        yield Change(tombstone=Tombstone(deleted, NOON, "bob", NOON + HOUR))
        yield Change(after=replace(integration, version=12))
        yield Change(tombstone=Tombstone(replace(integration, version=12), NOON, "bob", NOON + HOUR))

    ids = [entry(change).id for change in changes()]
    assert ids == sorted(set(ids))


def test_entries_contain_no_values_of_settings_and_no_secrets() -> None:
    secret = SecretVersion(arn="arn:aws:secretsmanager:eu-central-1:1:secret:fake", version="fake-version")
    integration = build_integrations().create(ALICE, the_settings(name="Fake name", headers=HEADERS), KEY)
    headers = {"X-Key": "fake-header-value"}
    changed = replace(integration, version=2, secret=secret, headers=headers, base_url="https://fake.test")
    text = str([entry(Change(after=integration)), entry(Change(integration, changed))])
    assert not any(value in text for value in ("arn:", "fake", "Fake", "X-Team", "X-Key", API_KEY))


def test_operations_are_those_of_the_api_description() -> None:
    assert {each.value for each in Operation} <= {each.id for each in OPERATIONS}
