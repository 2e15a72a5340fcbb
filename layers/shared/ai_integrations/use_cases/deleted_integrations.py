"""List the deleted integrations that a caller saw, while they can be restored."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.model import Caller, Tombstone
from ai_integrations.use_cases.visibility import Visibility

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import SpaceReader, TombstonePages


class DeletedPage(NamedTuple):
    """Restorable integrations. The next page starts after the id `last_read`, which is None on the last page."""

    tombstones: list[Tombstone]
    last_read: str | None


class DeletedIntegrations:
    """The use case. It acts on the caller's account, and only reads."""

    def __init__(self, *, tombstones: "TombstonePages", spaces: "SpaceReader", clock: Callable[[], datetime]) -> None:
        self._tombstones = tombstones
        self._visibility = Visibility(spaces)
        self._clock = clock

    def page(self, caller: Caller, *, after: str | None, limit: int) -> DeletedPage:
        """List at most `limit` deleted integrations after the id `after`, the newest integration first.

        A page may be short or even empty without being the last, because a call reads at most one more than `limit`.
        """
        view, now = self._visibility.of(caller), self._clock()
        found, more = self._tombstones.newest_deleted(caller.account, after, limit + 1)
        read = found[:limit]
        restorable = [each for each in read if each.is_restorable(now) and view.shows(each.integration.scopings)]
        last_read = read[-1].integration.id if more or len(found) > limit else None
        return DeletedPage(tombstones=restorable, last_read=last_read)
