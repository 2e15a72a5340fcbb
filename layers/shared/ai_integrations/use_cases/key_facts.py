"""Show the facts of the keys of the integrations that a caller sees."""

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.errors import NotFoundError
from ai_integrations.domain.key_facts import KeyFacts, Usage
from ai_integrations.domain.model import Caller, Integration
from ai_integrations.domain.uses import ConsumersOnDay, consumers_by_day, last_use
from ai_integrations.use_cases.listing import IntegrationList, Page, Query
from ai_integrations.use_cases.visibility import Visibility

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import IntegrationStore, SpaceReader, UseReader

# Uses after which one call reads those of no further integration. It bounds the duration of a page.
READ_BUDGET = 10_000


class KeyQuery(NamedTuple):
    """The filters of a list of keys; None matches everything."""

    provider: str | None = None
    older_than_days: int | None = None
    unused_for_days: int | None = None

    def matches_key(self, facts: KeyFacts) -> bool:
        """Check all filters but the one that needs the usage."""
        return self.provider in {None, facts.integration.provider} and (
            self.older_than_days is None or facts.is_as_old_as(self.older_than_days)
        )

    def matches_usage(self, facts: KeyFacts) -> bool:
        """Check the filter that needs the usage."""
        return self.unused_for_days is None or facts.is_unused_for(self.unused_for_days)


class KeyDetails(NamedTuple):
    """The facts of a key, and its use on each of the last days, oldest first."""

    facts: KeyFacts
    uses_by_day: list[ConsumersOnDay]


class KeyPage(NamedTuple):
    """Matching keys. The next page starts after the integration `last_read`, which is None on the last page."""

    keys: list[KeyFacts]
    last_read: str | None


class Keys:
    """The use cases. Each acts on the caller's account, and only reads."""

    def __init__(
        self,
        *,
        integrations: "IntegrationStore",
        spaces: "SpaceReader",
        uses: "UseReader",
        clock: Callable[[], datetime],
        max_age_days: int,
    ) -> None:
        """Keys may be `max_age_days` days old; 0 is no limit."""
        self._integrations = integrations
        self._visibility = Visibility(spaces)
        self._list = IntegrationList(integrations=integrations, spaces=spaces)
        self._uses = uses
        self._clock = clock
        self._max_age_days = max_age_days

    def get(self, caller: Caller, ulid: str) -> KeyDetails:
        """Show one key. Raise NotFoundError if the caller does not see the integration."""
        integration = self._integrations.get(caller.account, ulid)
        if integration is None or not self._visibility.can_see(caller, integration.scopings):
            raise NotFoundError
        now = self._clock()
        uses = self._uses.of_integrations(caller.account, ulid, ulid)
        usage = Usage(consumers=len(uses), last_used_at=last_use(uses))
        return KeyDetails(self._facts(integration, usage, now), consumers_by_day(uses, now.date()))

    def page(self, caller: Caller, query: KeyQuery, *, after: str | None, limit: int) -> KeyPage:
        """List the keys of at most `limit` integrations after the id `after`, the newest integration first.

        A page may be short or even empty without being the last, because a call reads a bounded number of integrations
        and uses.
        """
        now = self._clock()
        matching = Query(matches=lambda each: query.matches_key(self._facts(each, Usage(), now)))
        page = self._list.page(caller, matching, after=after, limit=limit)
        usages, page = self._read_usages(caller.account, page)
        facts = (self._facts(each, usages.get(each.id, Usage()), now) for each in page.integrations)
        return KeyPage(keys=list(filter(query.matches_usage, facts)), last_read=page.last_read)

    def _facts(self, integration: Integration, usage: Usage, now: datetime) -> KeyFacts:
        return KeyFacts(integration=integration, usage=usage, now=now, max_age_days=self._max_age_days)

    def _read_usages(self, account: str, page: Page) -> tuple[dict[str, Usage], Page]:
        """Read the usages of a page's integrations. End the page before those that exceed READ_BUDGET.

        Integrations that the page omits may lie between its own; their uses count too.
        """
        if not page.integrations:
            return {}, page
        last_uses = self._uses.last_uses(account, oldest=page.integrations[-1].id, newest=page.integrations[0].id)
        usages: dict[str, Usage] = {}
        read = 0
        for ulid, uses in groupby(last_uses, key=lambda each: each.integration_id):
            if read >= READ_BUDGET:
                complete = tuple([each for each in page.integrations if each.id > ulid])
                return usages, Page(integrations=complete, last_read=complete[-1].id)
            times = [each.at for each in uses]
            usages[ulid] = Usage(consumers=len(times), last_used_at=max(times))
            read += len(times)
        return usages, page
