"""Respond to consumers and brokers, and log each response. The log is the audit trail of key access."""

from ai_integrations.contracts import ids
from ai_integrations.domain.errors import InvalidRequestError
from ai_integrations.domain.principals import Principal
from ai_integrations.domain.uses import UsedBy
from ai_integrations.key_access.consumer_access import ConsumerAccess
from ai_integrations.key_access.credential_reader import Resolved
from ai_integrations.key_access.messages import Resolution, ResolveCommand, resolution_view
from ai_integrations.key_access.resolve import Access, Asked, CredentialResolver
from ai_integrations.observability import logger


class Resolutions:
    """Resolves integrations by id or name. Implements the port `ConsumerResolver`."""

    def __init__(self, resolver: CredentialResolver, consumers: ConsumerAccess) -> None:
        self._resolver = resolver
        self._consumers = consumers

    def for_consumer(
        self, principal: Principal, integration: str, *, account: str | None, key_version: str | None
    ) -> Resolution:
        """Resolve an integration that an account has granted a principal."""
        ulid = _find_id(integration)
        asked = Asked(UsedBy.principal(principal), ulid)

        def find() -> Access:
            if ulid is None:
                return self._consumers.find(principal, account, integration)
            return self._consumers.get(principal, account, ulid)

        return _logged(self._resolver.resolve(asked, find, key_version))

    def for_broker(self, command: ResolveCommand) -> Resolution:
        """Resolve an integration for a broker, which states the account and the consumer itself."""
        caller, ulid = command.caller(), _find_id(command.integration)
        if ulid is None:
            return _logged(self._resolver.by_name(caller, command.integration, command.key_version))
        return _logged(self._resolver.by_id(caller, ulid, command.key_version))


def _find_id(text: str) -> str | None:
    """Extract the ULID if the text is an id, as the API's clients send it, and None if it is a name."""
    try:
        return ids.decode(text)
    except InvalidRequestError:
        return None


def _logged(resolved: Resolved) -> Resolution:
    logger.info(
        "credentials resolved",
        account=resolved.integration.account,
        integration_id=resolved.integration.id,
        version=resolved.integration.version,
        key_version=resolved.key.version if resolved.key else None,
        role_assumed=resolved.credentials is not None,
        token_source=resolved.token.source if resolved.token else None,
    )
    return resolution_view(resolved)
