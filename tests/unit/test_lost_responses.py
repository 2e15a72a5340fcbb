"""A committed write whose response is lost, and whose retry conflicts with a later write, keeps its key."""

from dataclasses import replace

import pytest

from ai_integrations.domain.errors import NameTakenError, VersionConflictError
from ai_integrations.domain.model import Integration
from ai_integrations.use_cases.integrations import RequestedChange
from tests.builders import API_KEY, ULID, a_caller, an_integration, the_settings
from tests.fakes import InMemoryKeyStore, InMemoryRepository, LostResponseRepository, build_integrations
from tests.unit.use_case_fixture import NEW_KEY, OLD_KEY


def referenced_key(repository: InMemoryRepository, keys: InMemoryKeyStore) -> str | None:
    secret = repository.integrations["acme", ULID].secret
    return keys.read_key(secret) if secret else None


def test_create_keeps_the_key_when_a_lost_attempt_committed() -> None:
    repository, keys = LostResponseRepository(), InMemoryKeyStore()
    with pytest.raises(NameTakenError):
        build_integrations(repository, keys).create(a_caller(), the_settings(), OLD_KEY)
    assert referenced_key(repository, keys) == API_KEY


def test_update_keeps_the_key_when_a_lost_attempt_committed() -> None:
    repository, keys = LostResponseRepository(), InMemoryKeyStore()
    original = an_integration()
    InMemoryRepository.insert(repository, replace(original, secret=keys.create_key(original, OLD_KEY)), None)

    def is_first_version(integration: Integration) -> bool:
        return integration.version == 1

    with pytest.raises(VersionConflictError):
        build_integrations(repository, keys).update(
            a_caller(), ULID, RequestedChange(lambda current: current, NEW_KEY), is_first_version
        )
    assert referenced_key(repository, keys) == NEW_KEY.get_secret_value()
