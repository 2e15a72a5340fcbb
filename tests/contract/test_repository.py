"""What `service.IntegrationRepository` promises."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ai_integrations.domain.errors import IdempotencyKeyReusedError, NameTakenError, RepeatedRequestError
from ai_integrations.domain.model import ACCOUNT_WIDE, AuthType, IdempotencyKey, Integration, Scoping, SecretVersion
from ai_integrations.use_cases.ports import IntegrationRepository
from tests.builders import NOON, an_idempotency_key, an_integration
from tests.contract.worlds import World

FIRST = an_integration(id="FIRST", name="Production OpenAI")
SECRET = SecretVersion(arn="arn:aws:secretsmanager:eu-central-1:123456789012:secret:x", version="version-1")
EVERYTHING = an_integration(
    id="FIRST",
    base_url="https://example.com/v1",
    model_names=("gpt-4", "gpt-4o"),
    headers={"X-Team": "search", "X-Empty": ""},
    enable_default_models=True,
    function_calling_enabled=False,
    auth_type=AuthType.PROXY_WITH_HEADERS,
    provider_metadata={"role_arn": "arn:aws:iam::123456789012:role/x", "external_id": "y"},
    scopings=(Scoping(organization_id="o", space_id="s"), Scoping(space_id="t"), ACCOUNT_WIDE),
    created_at=NOON + timedelta(milliseconds=678),
    updated_at=NOON + timedelta(milliseconds=679),
    secret=SECRET,
)

Ask = Callable[[IntegrationRepository, Integration, IdempotencyKey | None], None]


def look(repository: IntegrationRepository, integration: Integration, key: IdempotencyKey | None) -> None:
    repository.precheck(integration, key)


def add(repository: IntegrationRepository, integration: Integration, key: IdempotencyKey | None) -> None:
    repository.insert(integration, key)


def refused(ask: Ask, world: World, integration: Integration, key: IdempotencyKey | None) -> bool:
    try:
        ask(world.repository, integration, key)
    except (NameTakenError, RepeatedRequestError, IdempotencyKeyReusedError):
        return True
    return False


# `look` tells what `add` would: what follows holds for both.
both = pytest.mark.parametrize("ask", [look, add])


@both
@pytest.mark.parametrize("name", ["Production OpenAI", "production openai", "PRODUCTION OPENAI"])
def test_refuses_a_name_that_another_integration_has(world: World, ask: Ask, name: str) -> None:
    world.repository.insert(FIRST, None)
    with pytest.raises(NameTakenError):
        ask(world.repository, an_integration(id="SECOND", name=name), None)


@both
def test_ignores_case_in_any_alphabet(world: World, ask: Ask) -> None:
    world.repository.insert(an_integration(id="FIRST", name="STRASSE ΣΊΣΥΦΟΣ"), None)
    with pytest.raises(NameTakenError):
        ask(world.repository, an_integration(id="SECOND", name="straße σίσυφος"), None)


@both
def test_takes_composed_and_decomposed_characters_for_the_same(world: World, ask: Ask) -> None:
    world.repository.insert(an_integration(id="FIRST", name="caf\u00e9"), None)
    with pytest.raises(NameTakenError):
        ask(world.repository, an_integration(id="SECOND", name="cafe\u0301"), None)


@both
def test_tells_long_names_apart_by_their_last_character(world: World, ask: Ask) -> None:
    smile = "\U0001f600"  # four bytes in UTF-8, so that the name is as long as a sort key can be
    world.repository.insert(an_integration(id="FIRST", name=smile * 256), None)
    assert not refused(ask, world, an_integration(id="SECOND", name=smile * 255), None)
    with pytest.raises(NameTakenError):
        ask(world.repository, an_integration(id="THIRD", name=smile * 256), None)


@both
def test_keeps_accounts_apart(world: World, ask: Ask) -> None:
    world.repository.insert(FIRST, an_idempotency_key())
    elsewhere = replace(FIRST, id="SECOND", account="other")
    assert not refused(ask, world, elsewhere, an_idempotency_key(fingerprint="f2"))


@both
def test_gives_a_repeated_request_the_first_answer(world: World, ask: Ask) -> None:
    world.repository.insert(EVERYTHING, an_idempotency_key())
    with pytest.raises(RepeatedRequestError) as repeated:
        ask(world.repository, replace(EVERYTHING, id="SECOND", secret=None), an_idempotency_key())
    assert repeated.value.first == EVERYTHING


@both
def test_gives_back_an_integration_with_nothing_set(world: World, ask: Ask) -> None:
    world.repository.insert(FIRST, an_idempotency_key())
    with pytest.raises(RepeatedRequestError) as repeated:
        ask(world.repository, replace(FIRST, id="SECOND"), an_idempotency_key())
    assert repeated.value.first == FIRST


@both
@pytest.mark.parametrize("name", ["Production OpenAI", "Another"])
def test_refuses_an_idempotency_key_with_another_body(world: World, ask: Ask, name: str) -> None:
    world.repository.insert(FIRST, an_idempotency_key(fingerprint="f1"))
    with pytest.raises(IdempotencyKeyReusedError):
        ask(world.repository, an_integration(id="SECOND", name=name), an_idempotency_key(fingerprint="f2"))


@both
def test_keeps_the_idempotency_keys_of_users_apart(world: World, ask: Ask) -> None:
    world.repository.insert(FIRST, an_idempotency_key(fingerprint="f1"))
    of_bob = an_integration(id="SECOND", name="Another", created_by="bob")
    assert not refused(ask, world, of_bob, an_idempotency_key(fingerprint="f2"))


def day_later(integration: Integration, *, short_of: timedelta) -> Integration:
    return replace(integration, created_at=integration.created_at + timedelta(hours=24) - short_of)


@both
def test_honours_an_idempotency_key_for_a_day(world: World, ask: Ask) -> None:
    world.repository.insert(FIRST, an_idempotency_key())
    again = day_later(an_integration(id="SECOND", name="Another"), short_of=timedelta(seconds=1))
    with pytest.raises(RepeatedRequestError):
        ask(world.repository, again, an_idempotency_key())


@both
def test_forgets_an_idempotency_key_after_a_day(world: World, ask: Ask) -> None:
    world.repository.insert(FIRST, an_idempotency_key())
    again = day_later(an_integration(id="SECOND", name="Another"), short_of=timedelta())
    assert not refused(ask, world, again, an_idempotency_key(fingerprint="f2"))


def test_remembers_the_second_use_of_a_forgotten_idempotency_key(world: World) -> None:
    world.repository.insert(FIRST, an_idempotency_key())
    again = day_later(an_integration(id="SECOND", name="Another"), short_of=timedelta())
    world.repository.insert(again, an_idempotency_key(fingerprint="f2"))
    with pytest.raises(RepeatedRequestError) as repeated:
        world.repository.precheck(replace(again, id="THIRD"), an_idempotency_key(fingerprint="f2"))
    assert repeated.value.first == again


def test_refuses_a_name_although_an_idempotency_key_is_new(world: World) -> None:
    world.repository.insert(FIRST, None)
    with pytest.raises(NameTakenError):
        world.repository.insert(replace(FIRST, id="SECOND"), an_idempotency_key())
    assert not refused(look, world, an_integration(id="THIRD", name="Another"), an_idempotency_key(fingerprint="f2"))


def test_writes_nothing_by_looking(world: World) -> None:
    world.repository.precheck(FIRST, an_idempotency_key())
    world.repository.insert(replace(FIRST, id="SECOND"), an_idempotency_key(fingerprint="f2"))
    with pytest.raises(NameTakenError):
        world.repository.precheck(FIRST, None)


@pytest.mark.parametrize("key", [None, an_idempotency_key()])
def test_takes_its_own_write_for_done(world: World, key: IdempotencyKey | None) -> None:
    world.repository.insert(FIRST, key)
    world.repository.insert(FIRST, key)
    with pytest.raises(NameTakenError):
        world.repository.precheck(replace(FIRST, id="SECOND"), None)


@pytest.mark.parametrize("auth_type", AuthType)
def test_keeps_every_way_to_authenticate(world: World, auth_type: AuthType) -> None:
    integration = replace(FIRST, auth_type=auth_type)
    world.repository.insert(integration, None)
    assert world.repository.get("acme", "FIRST") == integration
