"""Resolve an integration to the credentials that a program needs to call its provider."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ai_integrations.domain.errors import KeyUnavailableError, NoGrantError, NotFoundError, TokenRefusedError
from ai_integrations.domain.model import Caller, Integration
from ai_integrations.domain.refusals import REASONS
from ai_integrations.domain.uses import UsedBy
from ai_integrations.key_access.credential_reader import CredentialReader, Resolved
from ai_integrations.key_access.use_ledger import UseLedger
from ai_integrations.use_cases.visibility import Visibility

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import IntegrationFinder


class Access(NamedTuple):
    """An integration, or None if there is none, and the caller whose visibility applies."""

    integration: Integration | None
    viewer: Caller


class Asked(NamedTuple):
    """Which consumer asks for an integration. `ulid` is None if it asks by name."""

    consumer: UsedBy
    ulid: str | None


class CredentialResolver:
    """Resolves integrations to their credentials. The visibility rules of the API apply."""

    def __init__(
        self,
        *,
        integrations: "IntegrationFinder",
        visibility: Visibility,
        credentials: CredentialReader,
        ledger: UseLedger,
    ) -> None:
        self._integrations = integrations
        self._visibility = visibility
        self._credentials = credentials
        self._ledger = ledger

    def by_id(self, caller: Caller, ulid: str, key_version: str | None = None) -> Resolved:
        """Resolve an integration by its ULID for a broker; otherwise like `resolve`."""
        asked = Asked(UsedBy.broker_states(caller.user), ulid)
        return self.resolve(asked, lambda: Access(self._integrations.get(caller.account, ulid), caller), key_version)

    def by_name(self, caller: Caller, name: str, key_version: str | None = None) -> Resolved:
        """Resolve an integration by its name for a broker; otherwise like `resolve`."""
        asked = Asked(UsedBy.broker_states(caller.user), None)
        return self.resolve(asked, lambda: Access(self._integrations.find(caller.account, name), caller), key_version)

    def resolve(self, asked: Asked, find: Callable[[], Access], key_version: str | None) -> Resolved:
        """Resolve what `find` reads. `key_version` may select the previous key during its grace period.

        The ledger records the use, or the refusal.

        Raises:
            NoGrantError: the consumer has no grant.
            NotFoundError: there is no such integration, or the caller may not see it.
            KeyUnavailableError: the key, or the requested version of it, is unavailable.
            RoleRefusedError: AWS rejected sts:AssumeRole for the integration's role.
            TokenRefusedError: AWS or the provider rejected the token exchange.
            TokenUnavailableError: the token exchange failed for a temporary reason.
            FederationOffError: this stack exchanges no tokens.
        """
        try:
            access = find()
        except NoGrantError as error:
            if error.account is not None:
                self._ledger.record_refusal(error.account, asked.consumer, asked.ulid, REASONS[NoGrantError])
            raise
        try:
            return self._resolve(asked, access, find, key_version)
        except tuple(REASONS) as error:
            ulid = access.integration.id if access.integration else asked.ulid
            self._ledger.record_refusal(access.viewer.account, asked.consumer, ulid, REASONS[type(error)])
            raise

    def _resolve(self, asked: Asked, access: Access, find: Callable[[], Access], key_version: str | None) -> Resolved:
        integration, user = self._require_visible(access)
        self._ledger.record_use(integration, asked.consumer)
        while True:
            try:
                return self._credentials.read(integration, user, key_version)
            except (KeyUnavailableError, TokenRefusedError):
                # A change between the two reads may have replaced the credentials: retry with the changed integration.
                latest, _ = self._require_visible(find())
                if latest.version == integration.version:
                    raise
                integration = latest

    def _require_visible(self, access: Access) -> tuple[Integration, str]:
        integration, viewer = access
        if integration is None or not self._visibility.can_see(viewer, integration.scopings):
            raise NotFoundError
        return integration, viewer.user
