"""The world in memory. tests/contract holds the fakes to what the real adapters do."""

from dataclasses import dataclass, field
from datetime import timedelta
from unicodedata import normalize

from pydantic import SecretStr

from ai_integrations.errors import IdempotencyKeyReusedError, NameTakenError, RepeatedRequestError
from ai_integrations.model import IdempotencyKey, Integration, Secret

_WINDOW = timedelta(hours=24)


@dataclass(frozen=True)
class _Guard:
    fingerprint: str
    answer: Integration


@dataclass
class InMemoryRepository:
    """Integrations in dictionaries; `journal` gets the name of each call."""

    journal: list[str] = field(default_factory=list)
    integrations: dict[tuple[str, str], Integration] = field(default_factory=dict)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)
    _requests: dict[tuple[str, str, str], _Guard] = field(default_factory=dict)

    def look(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        self.journal.append("look")
        self._refuse(integration, idempotency_key)

    def add(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        self.journal.append("add")
        self._refuse(integration, idempotency_key)
        self.integrations[integration.account, integration.id] = integration
        self._names[_name(integration)] = integration.id
        if idempotency_key is not None:
            guard = _Guard(fingerprint=idempotency_key.fingerprint, answer=integration)
            self._requests[_request(integration, idempotency_key)] = guard

    def _refuse(self, integration: Integration, key: IdempotencyKey | None) -> None:
        guard = self._requests.get(_request(integration, key)) if key else None
        if key and guard and guard.answer.id != integration.id and _valid(guard, integration):
            if guard.fingerprint != key.fingerprint:
                raise IdempotencyKeyReusedError
            raise RepeatedRequestError(guard.answer)
        if self._names.get(_name(integration), integration.id) != integration.id:
            raise NameTakenError


@dataclass
class InMemoryVault:
    """Keys in a dictionary; unlike the real vault it shows them, by the ARN of their secret."""

    journal: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)

    def store(self, integration: Integration, api_key: SecretStr) -> Secret:
        self.journal.append("store")
        arn = f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:stack/{integration.account}/{integration.id}"
        self.keys[arn] = api_key.get_secret_value()
        return Secret(arn=arn, version="version-1")

    def discard(self, secret: Secret) -> None:
        self.journal.append("discard")
        self.keys.pop(secret.arn, None)


@dataclass
class FailingRepository(InMemoryRepository):
    """A store that raises on `add`, with or without having written."""

    error: Exception = field(default_factory=RuntimeError)
    written: bool = False

    def add(self, integration: Integration, idempotency_key: IdempotencyKey | None) -> None:
        if self.written:
            super().add(integration, idempotency_key)
        else:
            self.journal.append("add")
        raise self.error


@dataclass
class FailingVault(InMemoryVault):
    """A vault that raises on `store`."""

    error: Exception = field(default_factory=RuntimeError)

    def store(self, integration: Integration, api_key: SecretStr) -> Secret:  # noqa: ARG002 - the port's signature
        self.journal.append("store")
        raise self.error


def _name(integration: Integration) -> tuple[str, str]:
    return integration.account, normalize("NFC", integration.name.strip()).casefold()


def _request(integration: Integration, key: IdempotencyKey) -> tuple[str, str, str]:
    return integration.account, integration.created_by, key.value


def _valid(guard: _Guard, integration: Integration) -> bool:
    return integration.created_at - guard.answer.created_at < _WINDOW
