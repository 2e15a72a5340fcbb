"""Which integrations and organizations a caller sees. A space also sees what its organization sees."""

from functools import cached_property
from typing import TYPE_CHECKING

from ai_integrations.domain.model import Caller, Membership, Role, Scoping

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import SpaceReader

_IN_THE_ACCOUNT = Membership()  # what every caller has: it shows account-wide integrations


class Visibility:
    """Applies the visibility rules to callers whose memberships may name a space without its organization."""

    def __init__(self, directory: "SpaceReader") -> None:
        self._directory = directory

    def can_see(self, caller: Caller, scopings: tuple[Scoping, ...]) -> bool:
        """Check whether a caller sees an integration with these scopings."""
        return self.of(caller).shows(scopings)

    def of(self, caller: Caller) -> "View":
        """Build the view of a caller, for a request that checks several integrations or organizations."""
        return View(caller, self._directory)


class View:
    """What one caller sees.

    The organizations of its spaces are looked up only when they can make a difference, and each at most once.
    """

    def __init__(self, caller: Caller, directory: "SpaceReader") -> None:
        self._caller = caller
        self._directory = directory

    def shows(self, scopings: tuple[Scoping, ...]) -> bool:
        """Check whether the caller sees an integration with these scopings."""
        return (
            self._caller.role is Role.ADMIN
            or any(
                scoping.includes(own.organization_id, own.space_id)
                for scoping in scopings
                for own in (_IN_THE_ACCOUNT, *self._caller.memberships)
            )
            or any(each.space_id is None and each.organization_id in self._organizations_of_spaces for each in scopings)
        )

    def shows_organization(self, organization_id: str) -> bool:
        """Check whether the caller, or one of its spaces, belongs to an organization."""
        return (
            self._caller.role is Role.ADMIN
            or any(own.organization_id == organization_id for own in self._caller.memberships)
            or organization_id in self._organizations_of_spaces
        )

    @cached_property
    def _organizations_of_spaces(self) -> frozenset[str | None]:
        """The organizations, as far as the directory knows them, of the spaces that memberships name alone."""
        account, memberships = self._caller.account, self._caller.memberships
        alone = {own.space_id for own in memberships if own.space_id is not None and own.organization_id is None}
        spaces = [self._directory.space(account, each) for each in alone]
        return frozenset(space.organization_id for space in spaces if space is not None)
