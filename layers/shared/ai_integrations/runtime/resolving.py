"""From an integration's name to what a program needs to talk to the provider."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ai_integrations.errors import KeyUnavailableError, NotFoundError
from ai_integrations.model import Caller, Integration, Secret
from ai_integrations.providers import AWS, PROVIDERS
from ai_integrations.runtime.reader import ReadKey
from ai_integrations.runtime.roles import TemporaryCredentials


class Integrations(Protocol):
    """Where integrations are kept."""

    def get(self, account: str, ulid: str) -> Integration | None:
        """Return an integration."""
        ...

    def find(self, account: str, name: str) -> Integration | None:
        """Return the integration that has a name, whatever its case."""
        ...


class Reader(Protocol):
    """Where keys are read."""

    def read(self, integration: Integration, secret: Secret) -> ReadKey:
        """Return a key of an integration, or raise KeyUnavailableError."""
        ...


class Roles(Protocol):
    """Where roles are assumed."""

    def assume(self, integration: Integration, consumer: str) -> TemporaryCredentials:
        """Return credentials of the integration's role."""
        ...


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """An integration together with what opens its provider."""

    integration: Integration
    key: ReadKey | None
    credentials: TemporaryCredentials | None


class Resolver:
    """Hands out keys. Visibility holds here as it does for the API."""

    def __init__(
        self, *, integrations: Integrations, reader: Reader, roles: Roles, clock: Callable[[], datetime]
    ) -> None:
        self._integrations = integrations
        self._reader = reader
        self._roles = roles
        self._clock = clock

    def by_id(self, caller: Caller, ulid: str, key_version: str | None = None) -> Resolved:
        """Resolve an integration by its ULID; `key_version` asks for the key before the present one."""
        return self._resolve(caller, self._integrations.get(caller.account, ulid), key_version)

    def by_name(self, caller: Caller, name: str, key_version: str | None = None) -> Resolved:
        """Resolve an integration by its name."""
        return self._resolve(caller, self._integrations.find(caller.account, name), key_version)

    def _resolve(self, caller: Caller, integration: Integration | None, key_version: str | None) -> Resolved:
        if integration is None or not caller.sees(integration.scopings):
            raise NotFoundError
        secret = self._secret(integration, key_version)
        by_role = PROVIDERS[integration.provider].metadata is AWS
        return Resolved(
            integration=integration,
            key=self._reader.read(integration, secret) if secret else None,
            credentials=self._roles.assume(integration, caller.user) if by_role else None,
        )

    def _secret(self, integration: Integration, key_version: str | None) -> Secret | None:
        """Return the secret that is meant: the present one, or the one before it while its grace lasts."""
        if key_version is None or (integration.secret and integration.secret.version == key_version):
            return integration.secret
        former = integration.former_key
        if former is None or former.secret.version != key_version or former.usable_until <= self._clock():
            raise KeyUnavailableError
        return former.secret
