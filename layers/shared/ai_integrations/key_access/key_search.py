"""Search for the integrations that hold a key. Results contain fingerprints, never keys."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pydantic import SecretStr

from ai_integrations.domain.errors import KeyUnavailableError, NotFoundError
from ai_integrations.domain.model import Integration

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import IntegrationStore, KeyFingerprints, KeyReader

PAGE = 25  # integrations per invocation; each costs one read of a key and one HMAC


class KeyFingerprint(NamedTuple):
    """The fingerprint of an integration's key; None if the key could not be read."""

    integration: Integration
    key_version: str | None
    fingerprint: str | None


class SearchPage(NamedTuple):
    """One page of a search: integrations that hold the key, and integrations whose key could not be read.

    `next_before` is the id to continue from, or None on the last page.
    """

    fingerprint: str
    holders: tuple[KeyFingerprint, ...]
    unreadable: tuple[KeyFingerprint, ...]
    next_before: str | None


class KeySearch:
    """Compares keys by their fingerprints."""

    def __init__(
        self, *, integrations: "IntegrationStore", reader: "KeyReader", fingerprints: "KeyFingerprints"
    ) -> None:
        self._integrations = integrations
        self._reader = reader
        self._fingerprints = fingerprints

    def fingerprint_integration(self, account: str, ulid: str) -> KeyFingerprint:
        """Compute the fingerprint of an integration's key. Raise NotFoundError or KeyUnavailableError if that fails."""
        integration = self._integrations.get(account, ulid)
        if integration is None:
            raise NotFoundError
        found = self._read_fingerprint(integration)
        if found is None or found.fingerprint is None:
            raise KeyUnavailableError
        return found

    def fingerprint_key(self, account: str, key: SecretStr) -> str:
        """Compute the fingerprint of a key in an account."""
        return self._fingerprints.compute(account, key)

    def find_holders(self, account: str, fingerprint: str, before: str | None = None) -> SearchPage:
        """Find the holders of a key among the newest integrations that are older than the id `before`."""
        page = self._integrations.newest(account, before, PAGE)
        found = tuple(self._read_fingerprints(page.integrations))
        return SearchPage(
            fingerprint=fingerprint,
            holders=tuple(each for each in found if each.fingerprint == fingerprint),
            unreadable=tuple(each for each in found if each.fingerprint is None),
            next_before=page.integrations[-1].id if page.more else None,
        )

    def _read_fingerprints(self, integrations: tuple[Integration, ...]) -> Iterator[KeyFingerprint]:
        for integration in integrations:
            found = self._read_fingerprint(integration)
            if found is not None:
                yield found

    def _read_fingerprint(self, integration: Integration) -> KeyFingerprint | None:
        if integration.secret is None:
            return None
        try:
            key = self._reader.read(integration, integration.secret)
        except KeyUnavailableError:  # one unavailable key must not end the search
            return KeyFingerprint(integration=integration, key_version=None, fingerprint=None)
        fingerprint = self._fingerprints.compute(integration.account, key.value)
        return KeyFingerprint(integration=integration, key_version=key.version, fingerprint=fingerprint)
