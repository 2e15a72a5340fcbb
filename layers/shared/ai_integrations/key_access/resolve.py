"""Resolve an integration to the credentials that a program needs to call its provider."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ai_integrations.domain.errors import KeyUnavailableError, NotFoundError, TokenRefusedError
from ai_integrations.domain.model import Caller, Integration, Membership, Scoping
from ai_integrations.key_access.credential_reader import CredentialReader, Resolved

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import IntegrationFinder, SpaceReader


class CredentialResolver:
    """Resolves integrations to their credentials. The visibility rules of the API apply."""

    def __init__(
        self, *, integrations: "IntegrationFinder", directory: "SpaceReader", credentials: CredentialReader
    ) -> None:
        self._integrations = integrations
        self._directory = directory
        self._credentials = credentials

    def by_id(self, caller: Caller, ulid: str, key_version: str | None = None) -> Resolved:
        """Resolve an integration by its ULID. `key_version` may select the previous key during its grace period.

        Raises:
            NotFoundError: there is no such integration, or the caller may not see it.
            KeyUnavailableError: the key, or the requested version of it, is unavailable.
            RoleRefusedError: AWS rejected sts:AssumeRole for the integration's role.
            TokenRefusedError: AWS or the provider rejected the token exchange.
            TokenUnavailableError: the token exchange failed for a temporary reason.
            FederationOffError: this stack exchanges no tokens.
        """
        return self._resolve(caller, lambda: self._integrations.get(caller.account, ulid), key_version)

    def by_name(self, caller: Caller, name: str, key_version: str | None = None) -> Resolved:
        """Resolve an integration by its name; otherwise like `by_id`."""
        return self._resolve(caller, lambda: self._integrations.find(caller.account, name), key_version)

    def _resolve(self, caller: Caller, find: Callable[[], Integration | None], key_version: str | None) -> Resolved:
        integration = self._require_visible(caller, find())
        while True:
            try:
                return self._credentials.read(integration, caller.user, key_version)
            except (KeyUnavailableError, TokenRefusedError):
                # A change between the two reads may have replaced the credentials: retry with the changed integration.
                latest = self._require_visible(caller, find())
                if latest.version == integration.version:
                    raise
                integration = latest

    def _require_visible(self, caller: Caller, integration: Integration | None) -> Integration:
        if integration is None or not self._can_see(caller, integration.scopings):
            raise NotFoundError
        return integration

    def _can_see(self, caller: Caller, scopings: tuple[Scoping, ...]) -> bool:
        """Check whether a caller sees these scopings; a space also sees what its organization sees.

        The organization is only looked up when it can make a difference, which saves a read.
        """
        if caller.may_view(scopings):
            return True
        memberships = tuple(self._with_organization(caller.account, each) for each in caller.memberships)
        return caller._replace(memberships=memberships).may_view(scopings)

    def _with_organization(self, account: str, membership: Membership) -> Membership:
        if membership.space_id is None or membership.organization_id is not None:
            return membership
        space = self._directory.space(account, membership.space_id)
        return membership._replace(organization_id=space.organization_id) if space else membership
