"""Listing ten thousand integrations while concurrent requests write."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import pytest
from ulid import ULID

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.domain.model import Integration, Tombstone
from ai_integrations.use_cases.listing import READ_BUDGET, IntegrationList, Query
from tests.builders import NOON, a_caller, an_integration
from tests.contract.stores import AwsStores

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import WriteRequestTypeDef

COUNT = 10_000
MATCH_INTERVAL = 100  # every hundredth integration matches
BATCH = 25  # the limit of BatchWriteItem
FIRST = ULID.from_datetime(NOON)


def numbered(number: int) -> Integration:
    name = f"Search {number}" if number % MATCH_INTERVAL == 0 else f"Other {number}"
    return an_integration(id=str(ULID.from_int(int(FIRST) + number)), name=name)


def seed(stores: AwsStores) -> None:
    requests: list[WriteRequestTypeDef] = [
        {"PutRequest": {"Item": to_wire(item)}} for number in range(COUNT) for item in items_of(number)
    ]
    with ThreadPoolExecutor(4) as pool:
        batches = [requests[at : at + BATCH] for at in range(0, len(requests), BATCH)]
        list(pool.map(lambda batch: stores.dynamodb.batch_write_item(RequestItems={stores.table: batch}), batches))


def items_of(number: int) -> Iterator[items.Item]:
    integration = numbered(number)
    yield items.integration_item(integration)
    yield from items.name_items(integration)


def write_concurrently(stores: AwsStores, ended: Event) -> int:
    """Create, rename and delete integrations that do not match until `ended`; return the number of rounds."""
    count = 0
    while not ended.is_set() and count < COUNT // 2 - 1:
        count += 1
        new = an_integration(id=str(ULID.from_int(int(FIRST) + COUNT + count)), name=f"New {count}")
        stores.repository.insert(new, None)
        old = numbered(2 * count + 1)
        stores.repository.update(old, replace(old, name=f"Renamed {count}", version=2))
        deleted = numbered(2 * count) if 2 * count % MATCH_INTERVAL else new
        stores.repository.delete(Tombstone(integration=deleted, deleted_at=NOON, deleted_by="bob", expires_at=NOON))
    return count


@pytest.mark.no_cover
def test_list_returns_every_match_once_in_bounded_pages_during_concurrent_writes(emulator_stores: AwsStores) -> None:
    seed(emulator_stores)
    pages = IntegrationList(integrations=emulator_stores.repository, spaces=emulator_stores.spaces)
    found: list[str] = []
    sizes: list[int] = []
    ended = Event()
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_concurrently, emulator_stores, ended)
        after: str | None = None
        while True:
            page = pages.page(a_caller(), Query(name="SEARCH"), after=after, limit=50)
            found += [each.id for each in page.integrations]
            sizes.append(len(page.integrations))
            after = page.last_read
            if after is None:
                break
        ended.set()
        assert writing.result() > 0
    assert found == [numbered(number).id for number in reversed(range(0, COUNT, MATCH_INTERVAL))]
    assert max(sizes) <= READ_BUDGET // MATCH_INTERVAL + 1
    assert len(sizes) >= COUNT // READ_BUDGET
