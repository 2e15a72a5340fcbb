"""Which integrations a caller sees. A space also sees what its organization sees."""

from typing import TYPE_CHECKING

from ai_integrations.domain.model import Caller, Membership, Scoping

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import SpaceReader


class Visibility:
    """Applies the visibility rules to callers whose memberships may name a space without its organization."""

    def __init__(self, directory: "SpaceReader") -> None:
        self._directory = directory

    def can_see(self, caller: Caller, scopings: tuple[Scoping, ...]) -> bool:
        """Check whether a caller sees these scopings.

        The organization of a space is only looked up when it can make a difference, which saves a read.
        """
        if caller.may_view(scopings):
            return True
        if all(scoping.space_id is not None for scoping in scopings):
            return False
        return self.with_organizations(caller).may_view(scopings)

    def with_organizations(self, caller: Caller) -> Caller:
        """Add the organization of the space, if the directory knows it, to each membership that names a space alone."""
        memberships = tuple(self._with_organization(caller.account, each) for each in caller.memberships)
        return caller._replace(memberships=memberships)

    def _with_organization(self, account: str, membership: Membership) -> Membership:
        if membership.space_id is None or membership.organization_id is not None:
            return membership
        space = self._directory.space(account, membership.space_id)
        return membership._replace(organization_id=space.organization_id) if space else membership
