"""List the integrations and spaces of an account that are visible to a caller, page by page."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.errors import NotFoundError
from ai_integrations.domain.model import Caller, Integration, Space, fold_name

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import IntegrationPages, SpaceReader

# Integrations that one call reads at most, even if few of them match. It bounds the duration: with the largest items
# and 1 MB per read, a call stays well below API Gateway's timeout.
READ_BUDGET = 1000

Filter = Callable[[Integration], bool]


class Query(NamedTuple):
    """The filters of a list request. Names match by substring, ids by equality; None matches everything."""

    name: str | None = None
    space_id: str | None = None
    space_name: str | None = None


class Page(NamedTuple):
    """Matching integrations. The next page starts after the id `last_read`, which is None on the last page."""

    integrations: tuple[Integration, ...]
    last_read: str | None


class IntegrationList:
    """Lists the integrations of an account, newest first."""

    def __init__(self, *, integrations: "IntegrationPages", spaces: "SpaceReader") -> None:
        self._integrations = integrations
        self._spaces = spaces

    def page(self, caller: Caller, query: Query, *, after: str | None, limit: int) -> Page:
        """List at most `limit` integrations after the id `after`.

        A page may be short or even empty without being the last, because a call reads a bounded number of integrations.
        """
        matches = self._filter(caller, query)
        found: list[Integration] = []
        # If everything matches, the first read is enough. It reads one more than `limit` to detect a further page.
        for count in (limit + 1, READ_BUDGET - limit - 1):
            part = self._integrations.newest(caller.account, after, count)
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
        """List the spaces whose view of the account is requested. Raise NotFoundError if the caller may not use one."""
        if query.space_name is not None:
            name = fold_name(query.space_name)
            return [
                space
                for space in visible_spaces(self._spaces, caller)
                if name in fold_name(space.name or "") and query.space_id in {None, space.id}
            ]
        space_id = query.space_id or ""
        if not caller.may_view_space(space_id):
            raise NotFoundError
        for own in caller.memberships:
            if own.space_id == space_id and own.organization_id is not None:
                return [Space(account=caller.account, id=space_id, organization_id=own.organization_id)]
        return [self._spaces.space(caller.account, space_id) or Space(account=caller.account, id=space_id)]


class SpacePage(NamedTuple):
    """Matching spaces. The next page starts after the id `last_read`, which is None on the last page."""

    spaces: tuple[Space, ...]
    last_read: str | None


class SpaceDirectory:
    """Lists the spaces of an account that are visible to a caller."""

    def __init__(self, spaces: "SpaceReader") -> None:
        self._spaces = spaces

    def page(self, caller: Caller, name: str | None, *, after: str | None, limit: int) -> SpacePage:
        """List at most `limit` spaces after the id `after` whose names contain `name`, ordered by id."""
        matching = [
            space
            for space in visible_spaces(self._spaces, caller)
            if fold_name(name or "") in fold_name(space.name or "") and (after is None or space.id > after)
        ]
        page = tuple(matching[:limit])
        return SpacePage(spaces=page, last_read=page[-1].id if len(matching) > limit else None)


def visible_spaces(spaces: "SpaceReader", caller: Caller) -> list[Space]:
    """List the named spaces that the caller may see, ordered by id."""
    return [space for space in spaces.spaces(caller.account) if space.name and caller.may_view_space(space.id)]
