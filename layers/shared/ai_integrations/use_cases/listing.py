"""Reading an account's integrations, page by page and as one caller may see them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ai_integrations.domain.errors import NotFoundError
from ai_integrations.domain.model import Caller, Integration, Space, fold_name
from ai_integrations.use_cases.ports import IntegrationPages, SpaceReader

# How many integrations one call reads at the most, however few of them match; with what an item can weigh, and a
# read's own limit of 1 MB, that is well below the time that the gateway gives.
READ_BUDGET = 1000

Filter = Callable[[Integration], bool]


class Query(NamedTuple):
    """What a caller asks for: texts to be found in names, ids to be equal; None leaves it open."""

    name: str | None = None
    space_id: str | None = None
    space_name: str | None = None


class Page(NamedTuple):
    """Some of the integrations that match. `last_read` is where the next page begins, or None at the end."""

    integrations: tuple[Integration, ...]
    last_read: str | None


class IntegrationList:
    """The integrations of an account, the newest first."""

    def __init__(self, *, listing: IntegrationPages, directory: SpaceReader) -> None:
        self._listing = listing
        self._directory = directory

    def page(self, caller: Caller, query: Query, *, after: str | None, limit: int) -> Page:
        """Return at most `limit` integrations behind the id `after`.

        A page may be short, even empty, and not be the last: a call's reads are bounded.
        """
        matches = self._filter(caller, query)
        found: list[Integration] = []
        # The first read is enough where everything matches; one integration more than asked tells if a page follows.
        for count in (limit + 1, READ_BUDGET - limit - 1):
            part = self._listing.newest(caller.account, after, count)
            found += filter(matches, part.integrations)
            if len(found) > limit:
                return Page(integrations=tuple(found[:limit]), last_read=found[limit - 1].id)
            if not part.more:
                return Page(integrations=tuple(found), last_read=None)
            after = part.integrations[-1].id
        return Page(integrations=tuple(found), last_read=after)

    def _filter(self, caller: Caller, query: Query) -> Filter:
        name = fold_name(query.name or "")
        if query.space_id is None and query.space_name is None:
            return lambda integration: (
                caller.may_view(integration.scopings) and (not name or name in fold_name(integration.name))
            )
        viewpoints = self._viewpoints(caller, query)
        return lambda integration: (
            name in fold_name(integration.name)
            and any(
                scoping.includes(space.organization_id, space.id)
                for scoping in integration.scopings
                for space in viewpoints
            )
        )

    def _viewpoints(self, caller: Caller, query: Query) -> Sequence[Space]:
        """Return the spaces through whose eyes the caller looks; NotFoundError for one that is not the caller's."""
        if query.space_name is not None:
            name = fold_name(query.space_name)
            return [
                space
                for space in spaces_of(self._directory, caller)
                if name in fold_name(space.name or "") and query.space_id in {None, space.id}
            ]
        space_id = query.space_id or ""
        if not caller.may_view_space(space_id):
            raise NotFoundError
        for own in caller.memberships:
            if own.space_id == space_id and own.organization_id is not None:
                return [Space(account=caller.account, id=space_id, organization_id=own.organization_id)]
        return [self._directory.space(caller.account, space_id) or Space(account=caller.account, id=space_id)]


class SpacePage(NamedTuple):
    """Some of the spaces that match. `last_read` is where the next page begins, or None at the end."""

    spaces: tuple[Space, ...]
    last_read: str | None


class SpaceDirectory:
    """The spaces of an account, as one caller may see them."""

    def __init__(self, directory: SpaceReader) -> None:
        self._directory = directory

    def page(self, caller: Caller, name: str | None, *, after: str | None, limit: int) -> SpacePage:
        """Return at most `limit` spaces behind the id `after` whose names hold a text, in the order of their ids."""
        matching = [
            space
            for space in spaces_of(self._directory, caller)
            if fold_name(name or "") in fold_name(space.name or "") and (after is None or space.id > after)
        ]
        page = tuple(matching[:limit])
        return SpacePage(spaces=page, last_read=page[-1].id if len(matching) > limit else None)


def spaces_of(directory: SpaceReader, caller: Caller) -> list[Space]:
    """Return the named spaces that the caller may know of, in the order of their ids."""
    return [space for space in directory.spaces(caller.account) if space.name and caller.may_view_space(space.id)]
