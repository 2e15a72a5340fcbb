"""The audit log: what is recorded, and what is read of one account."""

from datetime import datetime, timedelta

import pytest

from ai_integrations.adapters.dynamodb.attributes import from_wire
from ai_integrations.domain.audit_log import AuditEntry, AuditSlice, Outcome
from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.uses import UsedBy
from ai_integrations.use_cases.audit_entries import entry_of_change, entry_of_refusal
from ai_integrations.use_cases.changes import Change
from tests.builders import NOON, ULID, an_integration
from tests.contract.stores import AwsStores, Stores

MILLISECOND, DAY = timedelta(milliseconds=1), timedelta(days=1)


def an_entry(at: datetime = NOON, **changes: object) -> AuditEntry:
    entry = entry_of_change(Change(after=an_integration(updated_at=at, **changes)))
    assert entry is not None
    return entry


# The last two have the same time.
ENTRIES = [
    an_entry(NOON - DAY),
    an_entry(NOON, version=2),
    an_entry(NOON + MILLISECOND, version=3),
    an_entry(NOON + MILLISECOND, version=4)._replace(changed_fields=("api_key", "name")),
]
NEWEST_FIRST = ENTRIES[::-1]


def record(stores: Stores, *entries: AuditEntry) -> None:
    for entry in entries:
        stores.audit_log.record(entry)


def read(
    stores: Stores,
    start: datetime = NOON - DAY,
    end: datetime = NOON + DAY,
    before: AuditEntry | None = None,
    count: int = 100,
) -> list[AuditEntry]:
    return list(stores.audit_log.newest("acme", start, end, before and before.id, count).entries)


def test_entries_are_read_as_recorded_newest_first(stores: Stores) -> None:
    refusal = Refusal("acme", UsedBy.broker_states("nightly-job"), "not_found", NOON + 2 * MILLISECOND, None)
    refused = entry_of_refusal(refusal)
    record(stores, *ENTRIES, refused)
    assert read(stores) == [refused, *NEWEST_FIRST]
    assert refused.outcome is Outcome.DENIED


def test_entry_that_is_recorded_again_is_read_once(stores: Stores) -> None:
    record(stores, *ENTRIES, *ENTRIES)
    assert read(stores) == NEWEST_FIRST


def test_entries_of_another_account_are_not_read(stores: Stores) -> None:
    record(stores, an_entry(account="acme2"), an_entry(account="other"))
    assert read(stores) == []


@pytest.mark.parametrize(
    ("start", "end", "versions"),
    [
        (NOON, NOON, [2]),
        (NOON - DAY, NOON, [2, 1]),
        (NOON, NOON + MILLISECOND, [4, 3, 2]),
        (NOON + MILLISECOND, NOON + DAY, [4, 3]),
        (NOON + 2 * MILLISECOND, NOON + DAY, []),
        (NOON - 2 * DAY, NOON - DAY - MILLISECOND, []),
        (NOON + DAY, NOON, []),
    ],
)
def test_both_ends_of_the_period_are_included(
    stores: Stores, start: datetime, end: datetime, versions: list[int]
) -> None:
    record(stores, *ENTRIES)
    assert [each.version for each in read(stores, start, end)] == versions


def test_pages_continue_between_entries_of_the_same_time(stores: Stores) -> None:
    record(stores, *ENTRIES)
    found: list[AuditEntry] = []
    for _ in ENTRIES:
        found += read(stores, before=found[-1] if found else None, count=1)
    assert found == NEWEST_FIRST


def test_further_entries_are_announced(stores: Stores) -> None:
    record(stores, *ENTRIES)
    assert stores.audit_log.newest("acme", NOON - DAY, NOON + DAY, None, 3) == AuditSlice(
        tuple(NEWEST_FIRST[:3]), more=True
    )
    assert stores.audit_log.newest("acme", NOON - DAY, NOON + DAY, None, 5).more is False


@pytest.mark.parametrize("before", [an_entry(NOON - 2 * DAY), an_entry(NOON + 2 * DAY)])
def test_page_after_an_entry_outside_the_period_reads_the_period_alone(stores: Stores, before: AuditEntry) -> None:
    """A cursor can be older than the retention, or forged."""
    too_early, too_late = an_entry(NOON - DAY - MILLISECOND), an_entry(NOON + DAY + MILLISECOND)
    record(stores, too_early, *ENTRIES, too_late)
    expected = [] if before.at < NOON else NEWEST_FIRST
    assert read(stores, before=before) == expected


def test_entry_expires_at_the_end_of_the_retention(aws: AwsStores) -> None:
    aws.audit_log.record(an_entry(NOON))
    [item] = map(from_wire, aws.dynamodb.scan(TableName=aws.table)["Items"])
    assert (item["pk"], item["sk"]) == ("AUDIT#acme", f"2026-01-02T12:00:00.000+00:00#{ULID}#0000000001")
    assert item["expires_at"] == (NOON + timedelta(days=90)).timestamp()
