"""A list of ten thousand integrations, read page by page while others write."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

from ulid import ULID

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.domain.model import Integration, Tombstone
from ai_integrations.use_cases.listing import READ_BUDGET, IntegrationList, Query
from tests.builders import NOON, a_caller, an_integration
from tests.contract.worlds import AwsWorld

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import WriteRequestTypeDef

COUNT = 10_000
EVERY = 100  # of the integrations matches
BATCH = 25  # items that one call writes at the most
FIRST = ULID.from_datetime(NOON)


def numbered(number: int) -> Integration:
    name = f"Search {number}" if number % EVERY == 0 else f"Other {number}"
    return an_integration(id=str(ULID.from_int(int(FIRST) + number)), name=name)


def seed(world: AwsWorld) -> None:
    requests: list[WriteRequestTypeDef] = [
        {"PutRequest": {"Item": to_wire(item)}} for number in range(COUNT) for item in written(number)
    ]
    with ThreadPoolExecutor(4) as pool:
        batches = [requests[at : at + BATCH] for at in range(0, len(requests), BATCH)]
        list(pool.map(lambda batch: world.dynamodb.batch_write_item(RequestItems={world.table: batch}), batches))


def written(number: int) -> Iterator[items.Item]:
    integration = numbered(number)
    yield items.integration_item(integration)
    yield items.name_item(integration)


def write_on(world: AwsWorld, ended: Event) -> int:
    """Create, rename and delete what does not match, until the list has been read; return how often."""
    count = 0
    while not ended.is_set() and count < COUNT // 2 - 1:
        count += 1
        new = an_integration(id=str(ULID.from_int(int(FIRST) + COUNT + count)), name=f"New {count}")
        world.repository.insert(new, None)
        old = numbered(2 * count + 1)
        world.repository.update(old, replace(old, name=f"Renamed {count}", version=2))
        gone = numbered(2 * count) if 2 * count % EVERY else new
        world.repository.delete(Tombstone(integration=gone, deleted_at=NOON, deleted_by="bob", expires_at=NOON))
    return count


def test_finds_every_match_once_in_bounded_reads_while_others_write(emulated: AwsWorld) -> None:
    seed(emulated)
    pages = IntegrationList(integrations=emulated.repository, spaces=emulated.directory)
    found: list[str] = []
    sizes: list[int] = []
    ended = Event()
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_on, emulated, ended)
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
    assert found == [numbered(number).id for number in reversed(range(0, COUNT, EVERY))]
    assert max(sizes) <= READ_BUDGET // EVERY + 1
    assert len(sizes) >= COUNT // READ_BUDGET
