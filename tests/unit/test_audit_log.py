"""Pages of the audit log: how many entries one call reads, and after which the next page starts."""

from datetime import datetime, timedelta

import pytest

from ai_integrations.domain.audit_log import AuditEntry, AuditSlice
from ai_integrations.domain.refusals import Refusal
from ai_integrations.domain.uses import UsedBy
from ai_integrations.use_cases.audit_entries import entry_of_refusal
from ai_integrations.use_cases.audit_log import AuditLog, AuditPage, AuditQuery
from tests.builders import NOON, ULID, a_caller
from tests.event_fakes import InMemoryAuditLog

EVERYTHING, BY_OTHER = AuditQuery(), AuditQuery(actor="broker/other-job")
A_PERIOD = AuditQuery(start=NOON - timedelta(days=1), end=NOON)


def an_entry(number: int) -> AuditEntry:
    consumer = UsedBy.broker_states("nightly-job")
    return entry_of_refusal(Refusal("acme", consumer, "not_found", NOON - timedelta(seconds=number), ULID))


class CountingLog(InMemoryAuditLog):
    """An audit log that records how many entries each read may return."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.counts: list[int] = []
        for number in range(size):
            self.record(an_entry(number))

    def newest(self, account: str, start: datetime, end: datetime, before: str | None, count: int) -> AuditSlice:
        self.counts.append(count)
        return super().newest(account, start, end, before, count)


def page(log: CountingLog, query: AuditQuery, limit: int) -> AuditPage:
    reader = AuditLog(entries=log, retention=timedelta(days=90), clock=lambda: NOON)
    return reader.page(a_caller(), query, after=None, limit=limit)


@pytest.mark.parametrize(("size", "has_more"), [(9, False), (10, False), (11, True)])
def test_page_has_a_successor_only_if_further_entries_match(size: int, has_more: bool) -> None:
    found = page(CountingLog(size), EVERYTHING, 10)
    assert len(found.entries) == min(size, 10)
    assert found.last_read == (an_entry(9).id if has_more else None)


@pytest.mark.parametrize(("query", "count"), [(EVERYTHING, 11), (A_PERIOD, 11), (BY_OTHER, 1000)])
def test_call_reads_one_entry_more_than_the_page_or_with_a_filter_the_whole_budget(
    query: AuditQuery, count: int
) -> None:
    log = CountingLog(0)
    page(log, query, 10)
    assert log.counts == [count]


def test_page_after_entries_that_do_not_match_starts_after_the_last_of_them() -> None:
    found = page(CountingLog(1001), BY_OTHER, 10)
    assert (found.entries, found.last_read) == ((), an_entry(999).id)


def test_without_a_period_the_last_30_days_are_read() -> None:
    log, day = CountingLog(0), 24 * 3600
    for seconds in (0, 30 * day, 30 * day + 1):
        log.record(an_entry(seconds))
    assert page(log, EVERYTHING, 10).entries == (an_entry(0), an_entry(30 * day))
