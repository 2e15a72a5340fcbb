"""The sweep: which secrets it removes, which integrations it reports, and where it resumes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ai_integrations.domain.model import Integration, PreviousKey, SecretVersion
from ai_integrations.use_cases.sweep import StoredSecret, Sweeper, SweepPosition, SweepReport
from tests.builders import NOON, ULID, an_integration

HOUR = timedelta(hours=1)
SECRET = SecretVersion(arn="arn:secret-1", version="version-1")


@dataclass
class FakeSecrets:
    """A secret inventory of given pages, which records the calls that change secrets."""

    pages: list[list[StoredSecret]] = field(default_factory=lambda: [[]])
    deleted: set[str] = field(default_factory=set)
    scheduled: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    released: list[tuple[str, str]] = field(default_factory=list)

    def page(self, token: str | None) -> tuple[list[StoredSecret], str | None]:
        number = int(token or 0)
        return self.pages[number], str(number + 1) if number + 1 < len(self.pages) else None

    def is_usable(self, arn: str) -> bool:
        return arn not in self.deleted

    def schedule_deletion(self, arn: str) -> None:
        self.scheduled.append(arn)

    def cancel_deletion(self, arn: str) -> None:
        self.cancelled.append(arn)

    def release_version(self, arn: str, version: str) -> None:
        self.released.append((arn, version))


@dataclass
class FakeRecords:
    """An integration inventory of given pages, and the integrations that exist when they are read singly."""

    pages: list[list[Integration]] = field(default_factory=lambda: [[]])
    existing: dict[str, Integration] = field(default_factory=dict)

    def page(self, token: str | None) -> tuple[list[Integration], str | None]:
        number = int(token or 0)
        return self.pages[number], str(number + 1) if number + 1 < len(self.pages) else None

    def get(self, account: str, ulid: str) -> Integration | None:
        found = self.existing.get(ulid)
        return found if found and found.account == account else None


def a_secret(arn: str = SECRET.arn, **changes: Any) -> StoredSecret:
    values: dict[str, Any] = {"account": "acme", "integration_id": ULID, "changed_at": NOON - HOUR}
    return StoredSecret(arn=arn, **(values | changes))


def existing(integration: Integration) -> FakeRecords:
    return FakeRecords(existing={integration.id: integration})


def run_sweep(
    secrets: FakeSecrets,
    records: FakeRecords | None = None,
    *,
    position: SweepPosition | None = None,
    dry_run: bool = False,
    has_time: Callable[[], bool] = lambda: True,
) -> SweepReport:
    records = records or FakeRecords()
    sweeper = Sweeper(secrets=secrets, records=records, integrations=records, clock=lambda: NOON, grace=HOUR)
    return sweeper.run(position or SweepPosition(), dry_run=dry_run, has_time=has_time)


def test_orphaned_secret_is_scheduled_for_deletion() -> None:
    secrets = FakeSecrets(pages=[[a_secret()], [a_secret("arn:secret-2")]])
    report = run_sweep(secrets)
    assert secrets.scheduled == report.secrets_without_integration == ["arn:secret-1", "arn:secret-2"]
    assert report.position is None
    assert report.secrets == 2


def test_referenced_secret_is_kept() -> None:
    secrets = FakeSecrets(pages=[[a_secret()]])
    report = run_sweep(secrets, existing(an_integration(secret=SECRET)))
    assert report.secrets_without_integration == secrets.scheduled == []


def test_secret_of_previous_key_is_kept() -> None:
    previous = PreviousKey(secret=SECRET, usable_until=NOON + HOUR)
    secrets = FakeSecrets(pages=[[a_secret()]])
    referencing = an_integration(secret=SecretVersion(arn="arn:secret-2", version="v"), previous_key=previous)
    assert run_sweep(secrets, existing(referencing)).secrets_without_integration == []


def test_secret_is_orphaned_if_integration_references_another() -> None:
    integration = an_integration(secret=SecretVersion(arn="arn:secret-2", version="v"))
    report = run_sweep(FakeSecrets(pages=[[a_secret()]]), existing(integration))
    assert report.secrets_without_integration == [SECRET.arn]


def test_secret_is_orphaned_if_integration_is_in_another_account() -> None:
    integration = an_integration(secret=SECRET, account="umbrella")
    report = run_sweep(FakeSecrets(pages=[[a_secret()]]), existing(integration))
    assert report.secrets_without_integration == [SECRET.arn]


def test_secret_younger_than_grace_period_is_kept() -> None:
    secrets = FakeSecrets(pages=[[a_secret(changed_at=NOON - HOUR + timedelta(seconds=1))]])
    assert run_sweep(secrets).secrets_without_integration == []


def test_dry_run_reports_orphaned_secret_and_changes_nothing() -> None:
    secrets = FakeSecrets(pages=[[a_secret()]])
    assert run_sweep(secrets, dry_run=True).secrets_without_integration == [SECRET.arn]
    assert secrets.scheduled == []


def test_integration_with_deleted_secret_is_reported() -> None:
    kept, lost = an_integration(secret=SecretVersion(arn="arn:kept", version="v")), an_integration(secret=SECRET)
    records = FakeRecords(pages=[[kept], [lost]], existing={ULID: lost})
    report = run_sweep(FakeSecrets(deleted={SECRET.arn}), records)
    assert report.integrations_without_secret == [f"acme/{ULID}"]
    assert report.integrations == 2


def test_integration_that_changed_during_the_check_is_not_reported() -> None:
    listed, current = an_integration(secret=SECRET), an_integration(secret=SecretVersion(arn="arn:new", version="v"))
    for now_existing in ({ULID: current}, {}):
        records = FakeRecords(pages=[[listed]], existing=now_existing)
        assert run_sweep(FakeSecrets(deleted={SECRET.arn}), records).integrations_without_secret == []


def test_run_resumes_where_the_previous_run_stopped() -> None:
    secrets = FakeSecrets(pages=[[a_secret()], [a_secret("arn:secret-2")]])
    first = run_sweep(secrets, has_time=time_for_one_page())
    assert first.position == SweepPosition(token="1")
    assert secrets.scheduled == ["arn:secret-1"]
    second = run_sweep(secrets, position=first.position, has_time=time_for_one_page())
    assert second.position == SweepPosition(part="integrations")
    assert run_sweep(secrets, position=second.position).position is None
    assert secrets.scheduled == ["arn:secret-1", "arn:secret-2"]


def time_for_one_page() -> Callable[[], bool]:
    answers: Iterator[bool] = iter([True, False])
    return lambda: next(answers)


def test_orphaned_version_is_released() -> None:
    previous = PreviousKey(secret=SecretVersion(arn=SECRET.arn, version="previous"), usable_until=NOON + HOUR)
    referencing = existing(an_integration(secret=SECRET, previous_key=previous))
    secret = a_secret(versions=frozenset({"version-1", "previous", "orphan"}))
    secrets = FakeSecrets(pages=[[secret]])
    assert run_sweep(secrets, referencing, dry_run=True).versions_without_integration == [f"{SECRET.arn} orphan"]
    assert secrets.released == []
    run_sweep(secrets, referencing)
    assert (secrets.released, secrets.scheduled) == ([(SECRET.arn, "orphan")], [])


def test_version_of_previous_key_is_released_after_its_grace_period() -> None:
    previous = PreviousKey(secret=SecretVersion(arn=SECRET.arn, version="previous"), usable_until=NOON)
    secrets = FakeSecrets(pages=[[a_secret(versions=frozenset({"version-1", "previous"}))]])
    run_sweep(secrets, existing(an_integration(secret=SECRET, previous_key=previous)))
    assert secrets.released == [(SECRET.arn, "previous")]


def test_version_younger_than_grace_period_is_kept() -> None:
    young = a_secret(versions=frozenset({"orphan"}), changed_at=NOON - HOUR + timedelta(seconds=1))
    secrets = FakeSecrets(pages=[[young]])
    run_sweep(secrets, existing(an_integration(secret=SECRET)))
    assert secrets.released == []


class FakeSecretsWithRestore(FakeSecrets):
    """Secrets whose integration is restored right after their deletion is scheduled."""

    def __init__(self, pages: list[list[StoredSecret]], records: FakeRecords) -> None:
        super().__init__(pages=pages)
        self._records = records

    def schedule_deletion(self, arn: str) -> None:
        super().schedule_deletion(arn)
        self._records.existing[ULID] = an_integration(secret=SECRET)


def test_secret_of_integration_restored_meanwhile_is_kept() -> None:
    records = FakeRecords()
    secrets = FakeSecretsWithRestore([[a_secret()]], records)
    run_sweep(secrets, records)
    assert (secrets.scheduled, secrets.cancelled) == ([SECRET.arn], [SECRET.arn])
