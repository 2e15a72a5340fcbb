"""List the integrations, organizations and spaces of an account that a caller sees, page by page."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ai_integrations.domain.errors import NotFoundError
from ai_integrations.domain.model import Caller, Integration, Organization, Space, fold_name
from ai_integrations.use_cases.visibility import Visibility

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import IntegrationPages, SpaceReader

# Integrations that one call reads at most, even if few of them match. It bounds the duration: with the largest items
# and 1 MB per read, a call stays well below API Gateway's timeout.
READ_BUDGET = 1000

Filter = Callable[[Integration], bool]
PlaceT = TypeVar("PlaceT", Organization, Space)


def _everything(_integration: Integration) -> bool:
    return True


class Query(NamedTuple):
    """The filters of a list request. Names match by substring, ids by equality; None matches everything.

    `matches` is a further filter.
    """

    name: str | None = None
    space_id: str | None = None
    space_name: str | None = None
    matches: Filter = _everything


class Page(NamedTuple):
    """Matching integrations. The next page starts after the id `last_read`, which is None on the last page."""

    integrations: tuple[Integration, ...]
    last_read: str | None


class IntegrationList:
    """Lists the integrations of an account, newest first."""

    def __init__(self, *, integrations: "IntegrationPages", spaces: "SpaceReader") -> None:
        self._integrations = integrations
        self._spaces = spaces
        self._visibility = Visibility(spaces)

    def page(self, caller: Caller, query: Query, *, after: str | None, limit: int) -> Page:
        """List at most `limit` integrations after the id `after`.

        A page may be short or even empty without being the last, because a call reads a bounded number of integrations.
        """
        is_visible = self._filter(caller, query)
        found: list[Integration] = []
        # If everything matches, the first read is enough. It reads one more than `limit` to detect a further page.
        for count in (limit + 1, READ_BUDGET - limit - 1):
            part = self._integrations.newest(caller.account, after, count)
            found += filter(query.matches, filter(is_visible, part.integrations))
            if len(found) > limit:
                return Page(integrations=tuple(found[:limit]), last_read=found[limit - 1].id)
            if not part.more:
                return Page(integrations=tuple(found), last_read=None)
            after = part.integrations[-1].id
        return Page(integrations=tuple(found), last_read=after)

    def _filter(self, caller: Caller, query: Query) -> Filter:
        name = fold_name(query.name or "")
        if query.space_id is None and query.space_name is None:
            view = self._visibility.of(caller)
            return lambda integration: (
                (not name or name in fold_name(integration.name)) and view.shows(integration.scopings)
            )
        viewpoints = self._viewpoints(caller, query)
        return lambda integration: (
            name in fold_name(integration.name)
            and any(
                scoping.includes(organization_id, space_id)
                for scoping in integration.scopings
                for organization_id, space_id in viewpoints
            )
        )

    def _viewpoints(self, caller: Caller, query: Query) -> Sequence[tuple[str | None, str]]:
        """List the organization, if it is known, and the id of each space whose view of the account is requested.

        Raise NotFoundError if the caller may not use one. The organization is that of the membership, if it names one.
        """
        named = {each.space_id: each.organization_id for each in reversed(caller.memberships) if each.organization_id}
        if query.space_name is not None:
            name = fold_name(query.space_name)
            return [
                (named.get(space.id, space.organization_id), space.id)
                for space in visible_spaces(self._spaces, caller)
                if name in fold_name(space.name or "") and query.space_id in {None, space.id}
            ]
        space_id = query.space_id or ""
        if not caller.may_view_space(space_id):
            raise NotFoundError
        if space_id in named:
            return [(named[space_id], space_id)]
        space = self._spaces.space(caller.account, space_id)
        return [(space.organization_id if space else None, space_id)]


class SpaceDirectory:
    """Reads the registered organizations and spaces of an account that a caller sees.

    A page has at most `limit` places after the id `after`, ordered by id, whose names contain `name`. With it comes
    the id after which the next page starts, or None on the last page.
    """

    def __init__(self, spaces: "SpaceReader") -> None:
        self._spaces = spaces
        self._visibility = Visibility(spaces)

    def spaces(
        self, caller: Caller, name: str | None, organization_id: str | None, *, after: str | None, limit: int
    ) -> tuple[list[Space], str | None]:
        """List the caller's spaces, of one organization if `organization_id` is not None."""
        visible = visible_spaces(self._spaces, caller)
        return _page((each for each in visible if organization_id in {None, each.organization_id}), name, after, limit)

    def space(self, caller: Caller, space_id: str) -> Space:
        """Read a space. Raise NotFoundError if it is not registered, or not the caller's."""
        space = self._spaces.space(caller.account, space_id)
        if space is None or not _is_visible(space, caller):
            raise NotFoundError
        return space

    def organizations(
        self, caller: Caller, name: str | None, *, after: str | None, limit: int
    ) -> tuple[list[Organization], str | None]:
        """List the organizations that the caller, or a space of the caller, belongs to."""
        view = self._visibility.of(caller)
        registered = self._spaces.organizations(caller.account)
        return _page((each for each in registered if view.shows_organization(each.id)), name, after, limit)

    def organization(self, caller: Caller, organization_id: str) -> Organization:
        """Read an organization. Raise NotFoundError if it is not registered, or `organizations` does not list it."""
        organization = self._spaces.organization(caller.account, organization_id)
        if organization is None or not self._visibility.of(caller).shows_organization(organization_id):
            raise NotFoundError
        return organization


def visible_spaces(spaces: "SpaceReader", caller: Caller) -> list[Space]:
    """List the registered spaces that the caller may see, ordered by id."""
    return [space for space in spaces.spaces(caller.account) if _is_visible(space, caller)]


def _is_visible(space: Space, caller: Caller) -> bool:
    return bool(space.name) and caller.may_view_space(space.id)


def _page(places: Iterable[PlaceT], name: str | None, after: str | None, limit: int) -> tuple[list[PlaceT], str | None]:
    matching = [
        place
        for place in places
        if fold_name(name or "") in fold_name(place.name or "") and (after is None or place.id > after)
    ]
    page = matching[:limit]
    return page, page[-1].id if len(matching) > limit else None
