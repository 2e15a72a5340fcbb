"""A write whose answer is lost is tried again, and refused if others have written meanwhile: its key is in use."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from ai_integrations.domain.errors import NameTakenError, VersionConflictError
from ai_integrations.domain.model import Integration
from ai_integrations.use_cases.integrations import Integrations
from tests.builders import API_KEY, NOON, ULID, a_caller, a_policy, an_integration, the_settings
from tests.fakes import InMemoryRepository, InMemoryVault, LosingRepository

NEW = SecretStr("sk-fake-new-key")


def over(repository: InMemoryRepository, vault: InMemoryVault) -> Integrations:
    return Integrations(
        repository=repository, keys=vault, clock=lambda: NOON, new_id=lambda _moment: ULID, policy=a_policy()
    )


def key_in_use(repository: InMemoryRepository, vault: InMemoryVault) -> str | None:
    secret = repository.integrations["acme", ULID].secret
    return vault.key(secret) if secret else None


def test_keeps_the_key_of_a_create_that_has_happened() -> None:
    repository, vault = LosingRepository(), InMemoryVault()
    with pytest.raises(NameTakenError):
        over(repository, vault).create(a_caller(), the_settings(), SecretStr(API_KEY))
    assert key_in_use(repository, vault) == API_KEY


def test_keeps_the_key_of_a_change_that_has_happened() -> None:
    repository, vault = LosingRepository(), InMemoryVault()
    first = an_integration()
    InMemoryRepository.insert(repository, replace(first, secret=vault.create_key(first, SecretStr(API_KEY))), None)

    def first_version(integration: Integration) -> bool:
        return integration.version == 1

    with pytest.raises(VersionConflictError):
        over(repository, vault).update(a_caller(), ULID, lambda current: current, NEW, first_version)
    assert key_in_use(repository, vault) == NEW.get_secret_value()
