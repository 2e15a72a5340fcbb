"""Resolve an integration to the credentials that a program needs to call its provider."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.credentials import ReadKey, TemporaryCredentials
from ai_integrations.domain.errors import KeyUnavailableError, NotFoundError
from ai_integrations.domain.model import Caller, Integration, Membership, Scoping, SecretVersion
from ai_integrations.domain.providers import AWS, PROVIDERS

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import IntegrationFinder, KeyReader, RoleAssumer, SpaceReader


class Resolved(NamedTuple):
    """An integration and its credentials."""

    integration: Integration
    key: ReadKey | None
    credentials: TemporaryCredentials | None


class CredentialResolver:
    """Resolves integrations to their credentials. The visibility rules of the API apply."""

    def __init__(
        self,
        *,
        integrations: "IntegrationFinder",
        directory: "SpaceReader",
        reader: "KeyReader",
        roles: "RoleAssumer",
        clock: Callable[[], datetime],
    ) -> None:
        self._integrations = integrations
        self._directory = directory
        self._reader = reader
        self._roles = roles
        self._clock = clock

    def by_id(self, caller: Caller, ulid: str, key_version: str | None = None) -> Resolved:
        """Resolve an integration by its ULID. `key_version` may select the previous key during its grace period.

        Raises:
            NotFoundError: there is no such integration, or the caller may not see it.
            KeyUnavailableError: the key, or the requested version of it, is unavailable.
            RoleRefusedError: AWS rejected sts:AssumeRole for the integration's role.
        """
        return self._resolve(caller, lambda: self._integrations.get(caller.account, ulid), key_version)

    def by_name(self, caller: Caller, name: str, key_version: str | None = None) -> Resolved:
        """Resolve an integration by its name; otherwise like `by_id`."""
        return self._resolve(caller, lambda: self._integrations.find(caller.account, name), key_version)

    def _resolve(self, caller: Caller, find: Callable[[], Integration | None], key_version: str | None) -> Resolved:
        integration = self._require_visible(caller, find())
        while True:
            try:
                return self._read_credentials(caller, integration, key_version)
            except KeyUnavailableError:
                # A rotation between the two reads may have released the key: retry if the integration has a new one.
                latest = self._require_visible(caller, find())
                if latest.secret == integration.secret:
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

    def _read_credentials(self, caller: Caller, integration: Integration, key_version: str | None) -> Resolved:
        uses_role = PROVIDERS[integration.provider].metadata is AWS
        return Resolved(
            integration=integration,
            key=self._read_key(integration, key_version),
            credentials=self._roles.assume(integration, caller.user) if uses_role else None,
        )

    def _read_key(self, integration: Integration, key_version: str | None) -> ReadKey | None:
        secret = self._select_secret(integration, key_version)
        key = self._reader.read(integration, secret) if secret else None
        if key_version is not None and (key is None or key.version != key_version):
            raise KeyUnavailableError
        return key

    def _select_secret(self, integration: Integration, key_version: str | None) -> SecretVersion | None:
        """Select the previous key if its version is requested during its grace period, otherwise the current key."""
        previous = integration.previous_key
        if previous and key_version == previous.secret.version and self._clock() < previous.usable_until:
            return previous.secret
        return integration.secret
