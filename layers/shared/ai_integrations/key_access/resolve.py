"""From an integration's name to what a program needs to talk to the provider."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from ai_integrations.domain.credentials import ReadKey, TemporaryCredentials
from ai_integrations.domain.errors import KeyUnavailableError, NotFoundError
from ai_integrations.domain.model import Caller, Integration, Membership, Scoping, SecretVersion
from ai_integrations.domain.providers import AWS, PROVIDERS
from ai_integrations.use_cases.ports import IntegrationFinder, KeyReader, RoleAssumer, SpaceReader


class Resolved(NamedTuple):
    """An integration together with what opens its provider."""

    integration: Integration
    key: ReadKey | None
    credentials: TemporaryCredentials | None


class CredentialResolver:
    """Hands out keys. Visibility holds here as it does for the API."""

    def __init__(
        self,
        *,
        integrations: IntegrationFinder,
        directory: SpaceReader,
        reader: KeyReader,
        roles: RoleAssumer,
        clock: Callable[[], datetime],
    ) -> None:
        self._integrations = integrations
        self._directory = directory
        self._reader = reader
        self._roles = roles
        self._clock = clock

    def by_id(self, caller: Caller, ulid: str, key_version: str | None = None) -> Resolved:
        """Resolve an integration by its ULID; `key_version` asks for the key before the present one."""
        return self._resolve(caller, lambda: self._integrations.get(caller.account, ulid), key_version)

    def by_name(self, caller: Caller, name: str, key_version: str | None = None) -> Resolved:
        """Resolve an integration by its name."""
        return self._resolve(caller, lambda: self._integrations.find(caller.account, name), key_version)

    def _resolve(self, caller: Caller, find: Callable[[], Integration | None], key_version: str | None) -> Resolved:
        integration = self._visible(caller, find())
        while True:
            try:
                return self._open(caller, integration, key_version)
            except KeyUnavailableError:
                # Between the two reads the key may have been changed, and the one before it let go.
                latest = self._visible(caller, find())
                if latest.secret == integration.secret:
                    raise
                integration = latest

    def _visible(self, caller: Caller, integration: Integration | None) -> Integration:
        if integration is None or not self._sees(caller, integration.scopings):
            raise NotFoundError
        return integration

    def _sees(self, caller: Caller, scopings: tuple[Scoping, ...]) -> bool:
        """Tell what a caller sees, who sees what its space's organization sees too, named or not."""
        if caller.may_view(scopings):
            return True
        memberships = tuple(self._at_home(caller.account, own) for own in caller.memberships)
        return memberships != caller.memberships and caller._replace(memberships=memberships).may_view(scopings)

    def _at_home(self, account: str, own: Membership) -> Membership:
        if own.space_id is None or own.organization_id is not None:
            return own
        known = self._directory.space(account, own.space_id)
        return own._replace(organization_id=known.organization_id) if known else own

    def _open(self, caller: Caller, integration: Integration, key_version: str | None) -> Resolved:
        by_role = PROVIDERS[integration.provider].metadata is AWS
        return Resolved(
            integration=integration,
            key=self._key(integration, key_version),
            credentials=self._roles.assume(integration, caller.user) if by_role else None,
        )

    def _key(self, integration: Integration, key_version: str | None) -> ReadKey | None:
        secret = self._secret(integration, key_version)
        key = self._reader.read(integration, secret) if secret else None
        if key_version is not None and (key is None or key.version != key_version):
            raise KeyUnavailableError
        return key

    def _secret(self, integration: Integration, key_version: str | None) -> SecretVersion | None:
        """Return the secret that is meant: the one before the present one by its version alone, during its grace."""
        former = integration.previous_key
        if former and key_version == former.secret.version and self._clock() < former.usable_until:
            return former.secret
        return integration.secret
