"""The sweep: which secrets it removes, which integrations it reports, and where it resumes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from ai_integrations.domain.model import Integration, PreviousKey, SecretVersion
from ai_integrations.domain.reminders import Reason
from ai_integrations.use_cases.reminders import KeyReminders
from ai_integrations.use_cases.removal_limit import RemovalLimit
from ai_integrations.use_cases.sweep import (
    GRACE,
    RemovalFailedError,
    SecretAccessDeniedError,
    StoredSecret,
    Sweeper,
    SweepPosition,
    SweepReport,
)
from tests import sam_template
from tests.builders import NOON, ULID, an_integration
from tests.event_fakes import InMemoryRemovalCounts, no_reminders
from tests.unit.reminder_fixture import ReminderFixture, time_for, with_keys

HOUR = timedelta(hours=1)
LIMIT = 20
SECRET = SecretVersion(arn="arn:secret-1", version="version-1")


@dataclass
class FakeSecrets:
    """A secret inventory of given pages, which records the calls that change secrets."""

    pages: list[list[StoredSecret]] = field(default_factory=lambda: [[]])
    deleted: set[str] = field(default_factory=set)
    scheduled: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    released: list[tuple[str, str]] = field(default_factory=list)
    error: Exception | None = None
    denied: set[str] = field(default_factory=set)

    def page(self, token: str | None) -> tuple[list[StoredSecret], str | None]:
        number = int(token or 0)
        return self.pages[number], str(number + 1) if number + 1 < len(self.pages) else None

    def is_usable(self, arn: str) -> bool:
        if arn in self.denied:
            raise SecretAccessDeniedError
        return arn not in self.deleted

    def schedule_deletion(self, arn: str) -> None:
        if self.error is not None:
            raise self.error
        self.scheduled.append(arn)

    def cancel_deletion(self, arn: str) -> None:
        if arn in self.denied:
            raise SecretAccessDeniedError
        self.cancelled.append(arn)

    def release_version(self, arn: str, version: str) -> None:
        if self.error is not None:
            raise self.error
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


def orphans(count: int) -> list[StoredSecret]:
    return [a_secret(f"arn:secret-{number}") for number in range(count)]


@dataclass
class SweepFixture:
    """A sweep over given secrets and records, and the limit of its removals."""

    secrets: FakeSecrets
    records: FakeRecords = field(default_factory=FakeRecords)
    counts: InMemoryRemovalCounts = field(default_factory=InMemoryRemovalCounts)
    limit: int = LIMIT
    now: datetime = NOON
    reminders: KeyReminders = field(default_factory=no_reminders)

    def removal_limit(self) -> RemovalLimit:
        return RemovalLimit(counts=self.counts, clock=lambda: self.now, limit=self.limit)

    def run(
        self,
        *,
        position: SweepPosition | None = None,
        dry_run: bool = False,
        has_time: Callable[[], bool] = lambda: True,
        report: SweepReport | None = None,
    ) -> SweepReport:
        report = report or SweepReport(dry_run=dry_run, position=position or SweepPosition())
        sweeper = Sweeper(
            secrets=self.secrets,
            records=self.records,
            integrations=self.records,
            limit=self.removal_limit(),
            reminders=self.reminders,
            clock=lambda: self.now,
        )
        sweeper.run(report, has_time=has_time)
        return report


def run_sweep(secrets: FakeSecrets, records: FakeRecords | None = None, **arguments: Any) -> SweepReport:
    return SweepFixture(secrets, records or FakeRecords()).run(**arguments)


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


def test_secret_that_changed_in_the_future_of_a_slow_clock_is_kept() -> None:
    assert run_sweep(FakeSecrets(pages=[[a_secret(changed_at=NOON + HOUR)]])).secrets_without_integration == []


def test_grace_period_exceeds_the_longest_invocation_and_the_largest_clock_error() -> None:
    """AWS rejects a signature whose time differs by more than five minutes, so a function with such a clock fails.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
    """
    default = sam_template.template()["Globals"]["Function"]["Timeout"]
    longest = max(each.get("Timeout", default) for each in sam_template.functions().values())
    assert timedelta(seconds=longest, minutes=2 * 5) < GRACE


def test_dry_run_reports_orphaned_secret_and_changes_nothing() -> None:
    secrets = FakeSecrets(pages=[[a_secret()]])
    assert run_sweep(secrets, dry_run=True).secrets_without_integration == [SECRET.arn]
    assert secrets.scheduled == []


def test_integration_with_deleted_secret_is_reported() -> None:
    kept = an_integration(id="KEPT", secret=SecretVersion(arn="arn:kept", version="v"))
    keyless, lost = an_integration(id="KEYLESS"), an_integration(secret=SECRET)
    pages = [[kept, keyless], [lost]]
    records = FakeRecords(pages=pages, existing={each.id: each for page in pages for each in page})
    report = run_sweep(FakeSecrets(deleted={SECRET.arn}), records)
    assert report.integrations_without_secret == [f"acme/{ULID}"]
    assert report.integrations == 3


def test_integration_that_changed_during_the_check_is_not_reported() -> None:
    listed, current = an_integration(secret=SECRET), an_integration(secret=SecretVersion(arn="arn:new", version="v"))
    for now_existing in ({ULID: current}, {}):
        records = FakeRecords(pages=[[listed]], existing=now_existing)
        assert run_sweep(FakeSecrets(deleted={SECRET.arn}), records).integrations_without_secret == []


@pytest.mark.parametrize("denied", [{"arn:secret-1"}, {"arn:secret-0", "arn:secret-1", "arn:secret-2"}])
def test_integration_whose_secret_cannot_be_checked_is_reported_and_the_others_are_checked(denied: set[str]) -> None:
    owners = [
        an_integration(id=f"OWNER-{number}", secret=SecretVersion(arn=f"arn:secret-{number}", version="v"))
        for number in range(3)
    ]
    records = FakeRecords(pages=[owners[:2], owners[2:]], existing={each.id: each for each in owners})
    report = run_sweep(FakeSecrets(denied=denied, deleted={"arn:secret-2"}), records)
    assert len(report.failed_checks) == len(denied)
    assert report.has_failures()
    assert report.integrations_without_secret == ([] if "arn:secret-2" in denied else ["acme/OWNER-2"])
    assert (report.integrations, report.position) == (3, None)


def test_failed_reminder_is_reported_and_the_secrets_of_the_page_are_checked() -> None:
    lost = an_integration(secret=SECRET)
    reminding = ReminderFixture(now=NOON + timedelta(days=90))
    reminding.bus.error = TimeoutError()
    records = FakeRecords(pages=[[lost]], existing={ULID: lost})
    sweep = SweepFixture(FakeSecrets(deleted={SECRET.arn}), records, reminders=reminding.reminders)
    report = sweep.run()
    assert (report.failed_checks, report.integrations_without_secret) == ([f"acme/{ULID}"], [f"acme/{ULID}"])
    assert report.position is None


def test_page_whose_reminders_do_not_fit_into_the_run_is_read_again_by_the_next_run() -> None:
    owners = with_keys(12)
    reminding = ReminderFixture(now=NOON + timedelta(days=90))
    records = FakeRecords(pages=[[], owners], existing={each.id: each for each in owners})
    sweep = SweepFixture(FakeSecrets(), records, reminders=reminding.reminders)
    last_page = SweepPosition(part="integrations", token="1")
    first = sweep.run(position=last_page, has_time=time_for(2))
    assert (first.position, first.integrations, len(reminding.bus.events)) == (last_page, 0, 5)
    second = sweep.run(position=first.position)
    assert (second.position, second.integrations, len(reminding.bus.events)) == (None, 12, 12)


def test_run_counts_the_limits_that_are_on_although_it_reads_no_integration() -> None:
    report = SweepFixture(FakeSecrets(), reminders=ReminderFixture().reminders).run(has_time=lambda: False)
    assert report.reached_limits == {Reason.DUE: 0}


def test_run_resumes_where_the_previous_run_stopped() -> None:
    secrets = FakeSecrets(pages=[[a_secret()], [a_secret("arn:secret-2")]])
    first = run_sweep(secrets, has_time=time_for(1))
    assert first.position == SweepPosition(token="1")
    assert secrets.scheduled == ["arn:secret-1"]
    second = run_sweep(secrets, position=first.position, has_time=time_for(1))
    assert second.position == SweepPosition(part="integrations")
    assert run_sweep(secrets, position=second.position).position is None
    assert secrets.scheduled == ["arn:secret-1", "arn:secret-2"]
    records = FakeRecords(pages=[[], []])
    third = run_sweep(secrets, records, position=second.position, has_time=time_for(1))
    assert third.position == SweepPosition(part="integrations", token="1")


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


def test_denied_cancellation_of_a_deletion_is_reported_and_the_sweep_continues() -> None:
    records = FakeRecords()
    secrets = FakeSecretsWithRestore([[a_secret(), a_secret("arn:secret-2", integration_id="deleted")]], records)
    secrets.denied = {SECRET.arn}
    report = run_sweep(secrets, records)
    assert (report.failed_checks, report.failed_removals) == ([f"acme/{ULID}"], [])
    assert report.removals == 2


def test_removals_up_to_the_limit_are_made_and_the_next_one_stops_the_sweep() -> None:
    sweep = SweepFixture(FakeSecrets(pages=[orphans(LIMIT), orphans(LIMIT + 1)]))
    first = sweep.run(has_time=time_for(1))
    assert (first.removals, first.removals_left, first.stopped) == (LIMIT, 0, False)
    second = sweep.run(position=first.position)
    assert (second.removals, second.removals_left, second.stopped) == (0, LIMIT + 1, True)
    assert len(sweep.secrets.scheduled) == LIMIT


def test_stopped_sweep_still_reports_everything() -> None:
    lost = an_integration(secret=SECRET)
    records = FakeRecords(pages=[[lost]], existing={ULID: lost})
    deleted = [a_secret(f"arn:secret-{number}", integration_id="deleted") for number in range(3)]
    secrets = FakeSecrets(pages=[deleted], deleted={SECRET.arn})
    report = SweepFixture(secrets, records, limit=1).run()
    assert len(report.secrets_without_integration) == report.secrets == 3
    assert report.integrations_without_secret == [f"acme/{ULID}"]
    assert report.position is None


def test_stopped_sweep_stays_stopped_although_days_pass() -> None:
    sweep = SweepFixture(FakeSecrets(pages=[orphans(2)]), limit=1)
    assert sweep.run().removals == 1
    count = sweep.counts.stored
    for day in range(1, 40):
        sweep.now = NOON + timedelta(days=day)
        report = sweep.run()
        assert (report.removals, report.removals_left, report.stopped) == (0, 2, True)
    assert len(sweep.secrets.scheduled) == 1
    assert sweep.counts.stored == count


def test_stopped_sweep_without_findings_reports_that_it_is_stopped() -> None:
    sweep = SweepFixture(FakeSecrets(pages=[orphans(2)]), limit=1)
    sweep.run()
    sweep.secrets.pages = [[]]
    assert sweep.run().stopped


def test_confirmed_removals_are_made_by_the_next_runs_and_no_others() -> None:
    sweep = SweepFixture(FakeSecrets(pages=[orphans(2), orphans(30)]), limit=1)
    sweep.run()
    sweep.removal_limit().confirm(25)
    first = sweep.run(has_time=time_for(1))
    second = sweep.run(position=first.position)
    assert (first.removals, second.removals, second.removals_left, second.stopped) == (2, 23, 7, True)


def test_run_that_stopped_stays_stopped_although_removals_are_confirmed_meanwhile() -> None:
    sweep = SweepFixture(FakeSecrets(pages=[orphans(2), orphans(30)]), limit=1)

    report = SweepReport(dry_run=False, position=SweepPosition())

    def confirm_once_stopped() -> bool:
        if report.stopped:
            sweep.removal_limit().confirm(25)
        return True

    sweep.run(report=report, has_time=confirm_once_stopped)
    assert (report.removals, report.removals_left, report.stopped) == (1, 31, True)


def test_dry_run_takes_no_removals_from_the_limit() -> None:
    sweep = SweepFixture(FakeSecrets(pages=[orphans(30)]))
    report = sweep.run(dry_run=True)
    assert (report.removals, report.removals_left, report.stopped) == (0, 30, False)
    assert sweep.counts.stored is None


def test_dry_run_reports_that_the_sweep_is_stopped() -> None:
    sweep = SweepFixture(FakeSecrets(pages=[orphans(2)]), limit=1)
    sweep.run()
    assert sweep.run(dry_run=True).stopped


def test_orphaned_versions_are_counted() -> None:
    secret = a_secret(versions=frozenset({"version-1", "orphan-1", "orphan-2"}))
    sweep = SweepFixture(FakeSecrets(pages=[[secret]]), existing(an_integration(secret=SECRET)), limit=1)
    report = sweep.run()
    assert sweep.secrets.released == [(SECRET.arn, "orphan-1")]
    assert (report.removals, report.removals_left, report.stopped) == (1, 1, True)


def test_version_whose_grace_period_is_over_is_released_without_being_counted() -> None:
    previous = PreviousKey(secret=SecretVersion(arn=SECRET.arn, version="previous"), usable_until=NOON)
    records = existing(an_integration(secret=SECRET, previous_key=previous))
    sweep = SweepFixture(
        FakeSecrets(pages=[[a_secret(versions=frozenset({"version-1", "previous"}))]]), records, limit=0
    )
    report = sweep.run()
    assert (sweep.secrets.released, report.removals, report.stopped) == ([(SECRET.arn, "previous")], 0, False)


@pytest.mark.parametrize("is_rejected", [True, False])
def test_failed_release_of_a_version_whose_grace_period_is_over_is_reported_and_not_counted(
    *, is_rejected: bool
) -> None:
    previous = PreviousKey(secret=SecretVersion(arn=SECRET.arn, version="previous"), usable_until=NOON)
    secrets = FakeSecrets(
        pages=[[a_secret(versions=frozenset({"version-1", "previous"}))]],
        error=RemovalFailedError(is_rejected=is_rejected),
    )
    sweep = SweepFixture(secrets, existing(an_integration(secret=SECRET, previous_key=previous)))
    assert sweep.run().failed_removals == [f"{SECRET.arn} previous"]
    assert sweep.counts.stored is None


def test_stopped_sweep_keeps_a_version_whose_grace_period_is_over() -> None:
    previous = PreviousKey(secret=SecretVersion(arn=SECRET.arn, version="previous"), usable_until=NOON)
    records = existing(an_integration(secret=SECRET, previous_key=previous))
    secrets = FakeSecrets(pages=[[a_secret("arn:orphan"), a_secret(versions=frozenset({"version-1", "previous"}))]])
    report = SweepFixture(secrets, records, limit=0).run()
    assert (secrets.released, report.removals_left) == ([], 1)


def test_failed_removal_is_counted_and_reported() -> None:
    """The deletion may have been scheduled although its response was lost."""
    sweep = SweepFixture(FakeSecrets(pages=[orphans(3)], error=TimeoutError()))
    report = SweepReport(dry_run=False, position=SweepPosition())
    with pytest.raises(TimeoutError):
        sweep.run(report=report)
    assert report.secrets_without_integration == ["arn:secret-0"]
    assert sweep.counts.stored is not None
    assert sweep.counts.stored.made == 1


def test_rejected_removal_is_reported_on_each_run_and_never_stops_the_sweep() -> None:
    sweep = SweepFixture(FakeSecrets(pages=[orphans(1)], error=RemovalFailedError(is_rejected=True)), limit=2)
    for _ in range(5):
        report = sweep.run()
        assert (report.failed_removals, report.removals, report.removals_left) == (["arn:secret-0"], 0, 1)
        assert (report.stopped, report.position) == (False, None)


def test_removal_with_an_unknown_outcome_stays_counted() -> None:
    sweep = SweepFixture(FakeSecrets(pages=[orphans(3)], error=RemovalFailedError(is_rejected=False)), limit=2)
    report = sweep.run()
    assert (report.failed_removals, report.stopped) == (["arn:secret-0", "arn:secret-1"], True)


def test_runs_that_fail_again_and_again_remove_no_more_than_the_limit() -> None:
    sweep = SweepFixture(FakeSecrets(pages=[orphans(3)]), limit=2)
    for _ in range(5):
        report = sweep.run(has_time=time_for(1))  # its position is lost, and the secrets are still listed
    assert len(sweep.secrets.scheduled) == 2
    assert report.stopped
