"""Dry runs: what an operation would change, and who used the integration lately."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from ai_integrations.domain.errors import NoPreviousKeyError, RuleViolationError, VersionConflictError
from ai_integrations.domain.model import Integration, Removal
from ai_integrations.domain.uses import UsedBy
from ai_integrations.use_cases.dry_runs import DryRun, DryRuns, Operation
from ai_integrations.use_cases.integrations import RequestedChange, Rotation, VersionCondition, any_version
from tests.builders import NOON, ULID
from tests.fakes import InMemoryUses
from tests.unit.use_case_fixture import ADMIN, NEW_KEY, ExistingIntegrationFixture

HOUR = timedelta(hours=1)
ROTATION = Rotation(api_key=NEW_KEY, grace=HOUR)


class DryRunFixture(ExistingIntegrationFixture):
    """Dry runs over copies of the stores, which keep what the use cases write."""

    def __init__(self) -> None:
        super().__init__()
        self.uses = InMemoryUses()

    def dry_run(self, operation: Operation, condition: VersionCondition = any_version) -> DryRun:
        copies = self.integrations.over(deepcopy(self.repository), deepcopy(self.keys))
        return DryRuns(copies, self.uses, clock=lambda: self.now).run(operation, condition)


def update(name: str) -> Operation:
    return lambda tried, condition: tried.update(
        ADMIN, ULID, RequestedChange(lambda current: replace(current, name=name)), condition
    )


def delete() -> Operation:
    return lambda tried, condition: tried.delete(ADMIN, ULID, condition)


def rotate(rotation: Rotation = ROTATION) -> Operation:
    return lambda tried, condition: tried.rotate_key(ADMIN, ULID, rotation, condition)


def test_update_compares_the_current_version_with_the_next() -> None:
    fixture = DryRunFixture()
    tried = fixture.dry_run(update(name="Renamed"))
    assert (tried.current, tried.result.name, tried.result.version) == (fixture.original, "Renamed", 2)
    assert (list(tried.changed_fields), tried.restorable_until) == (["name"], None)


def test_condition_is_checked_on_the_current_version() -> None:
    fixture = DryRunFixture()
    checked: list[Integration] = []

    def reject(current: Integration) -> bool:
        checked.append(current)
        return False

    with pytest.raises(VersionConflictError):
        fixture.dry_run(update(name="Renamed"), reject)
    assert checked == [fixture.original]


def test_update_that_changes_nothing_results_in_the_current_version() -> None:
    fixture = DryRunFixture()
    tried = fixture.dry_run(update(name=fixture.original.name))
    assert (tried.result, list(tried.changed_fields)) == (fixture.original, [])


def test_removal_of_the_key_and_its_rotation_both_change_the_key() -> None:
    fixture = DryRunFixture()
    removal = RequestedChange(lambda current: current, Removal.KEY)
    removed = fixture.dry_run(lambda tried, condition: tried.update(ADMIN, ULID, removal, condition))
    assert [list(each.changed_fields) for each in (removed, fixture.dry_run(rotate()))] == [["api_key"], ["api_key"]]


def test_deletion_results_in_the_integration_that_it_deletes() -> None:
    fixture = DryRunFixture()
    tried = fixture.dry_run(delete())
    assert (tried.current, tried.result, list(tried.changed_fields)) == (fixture.original, fixture.original, [])
    assert tried.restorable_until == NOON + timedelta(days=30)


def test_rollback_without_a_previous_key_is_rejected() -> None:
    with pytest.raises(NoPreviousKeyError):
        DryRunFixture().dry_run(lambda tried, condition: tried.roll_back_key(ADMIN, ULID, condition))


def test_rotation_verifies_the_key() -> None:
    def reject(_integration: Integration, _key: SecretStr) -> None:
        raise RuleViolationError

    with pytest.raises(RuleViolationError):
        DryRunFixture().dry_run(rotate(ROTATION._replace(verify=reject)))


def test_dry_run_of_another_version_is_rejected() -> None:
    fixture = DryRunFixture()
    dry_runs = DryRuns(fixture.integrations, fixture.uses, clock=lambda: NOON)
    with pytest.raises(VersionConflictError):
        dry_runs.run(delete(), lambda _current: False)


@pytest.mark.parametrize("operation", [update(name="Renamed"), delete()], ids=["update", "deletion"])
def test_current_version_is_the_one_after_concurrent_writes(operation: Operation) -> None:
    fixture = DryRunFixture()
    fixture.repository.races = 2
    tried = fixture.dry_run(operation)
    assert tried.current == replace(fixture.original, version=3)
    assert tried.restorable_until or tried.result.version == 4


def test_days_of_uses_are_not_read() -> None:
    """With 50,000 consumers, they would take longer than API Gateway waits."""
    fixture = DryRunFixture()
    fixture.uses.record("acme", ULID, UsedBy.broker_states("nightly-job"), NOON)
    [use] = fixture.dry_run(delete()).used_by
    assert use.days == frozenset()


def test_uses_of_the_last_30_days_are_listed_latest_first_up_to_100() -> None:
    fixture = DryRunFixture()
    old, first, last = (UsedBy(name, name) for name in ("old", "first", "last"))
    fixture.uses.record("acme", ULID, old, NOON - timedelta(days=30, seconds=1))
    fixture.uses.record("acme", ULID, first, NOON - timedelta(days=30))
    fixture.uses.record("acme", ULID, last, NOON)
    tried = fixture.dry_run(delete())
    assert ([each.consumer for each in tried.used_by], tried.used_by_count) == ([last, first], 2)
    for number in range(100):
        fixture.uses.record("acme", ULID, UsedBy(f"{number}", f"{number}"), NOON - HOUR)
    tried = fixture.dry_run(delete())
    assert (len(tried.used_by), tried.used_by_count) == (100, 102)
    assert first not in [each.consumer for each in tried.used_by]
