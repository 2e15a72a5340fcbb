"""Which integrations hold a key, asked by operators; nothing of a key is in the answers but its fingerprint."""

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import SecretStr

from ai_integrations.domain.errors import KeyUnavailableError, NotFoundError
from ai_integrations.domain.model import Integration
from ai_integrations.use_cases.ports import IntegrationStore, KeyFingerprints, KeyReader

PAGE = 25  # integrations for each of which a key is read and a fingerprint made, in one invocation


class KeyPrint(NamedTuple):
    """The key of one integration, as far as it may be known; without a fingerprint, the key can not be read."""

    integration: Integration
    key_version: str | None
    fingerprint: str | None


class Findings(NamedTuple):
    """One page of a search: who holds the key, whose key can not be read, and where the next page begins."""

    fingerprint: str
    holders: tuple[KeyPrint, ...]
    unreadable: tuple[KeyPrint, ...]
    next_before: str | None


class KeySearch:
    """Compares keys by their fingerprints."""

    def __init__(self, *, integrations: IntegrationStore, reader: KeyReader, fingerprints: KeyFingerprints) -> None:
        self._integrations = integrations
        self._reader = reader
        self._fingerprints = fingerprints

    def of_integration(self, account: str, ulid: str) -> KeyPrint:
        """Return the fingerprint of the key that an integration has; NotFoundError or KeyUnavailableError."""
        integration = self._integrations.get(account, ulid)
        if integration is None:
            raise NotFoundError
        printed = self._print(integration)
        if printed is None or printed.fingerprint is None:
            raise KeyUnavailableError
        return printed

    def of_key(self, account: str, key: SecretStr) -> str:
        """Return the fingerprint that a key has in an account."""
        return self._fingerprints.of(account, key)

    def find(self, account: str, fingerprint: str, before: str | None = None) -> Findings:
        """Return who holds a key among the newest integrations that are older than the id `before`."""
        page = self._integrations.newest(account, before, PAGE)
        prints = tuple(self._prints(page.integrations))
        return Findings(
            fingerprint=fingerprint,
            holders=tuple(each for each in prints if each.fingerprint == fingerprint),
            unreadable=tuple(each for each in prints if each.fingerprint is None),
            next_before=page.integrations[-1].id if page.more else None,
        )

    def _prints(self, integrations: tuple[Integration, ...]) -> Iterator[KeyPrint]:
        for integration in integrations:
            printed = self._print(integration)
            if printed is not None:
                yield printed

    def _print(self, integration: Integration) -> KeyPrint | None:
        if integration.secret is None:
            return None
        try:
            key = self._reader.read(integration, integration.secret)
        except KeyUnavailableError:  # one key that is gone must not end the search
            return KeyPrint(integration=integration, key_version=None, fingerprint=None)
        fingerprint = self._fingerprints.of(integration.account, key.value)
        return KeyPrint(integration=integration, key_version=key.version, fingerprint=fingerprint)
