"""architecture.md, "Order of writes", on fakes that keep a journal."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from ai_integrations.domain.errors import (
    AccessForbiddenError,
    AiIntegrationsError,
    ContentionError,
    IdempotencyKeyReusedError,
    NameTakenError,
    RepeatedRequestError,
    RuleViolationError,
)
from ai_integrations.domain.model import ACCOUNT_WIDE, Role, Scoping
from ai_integrations.use_cases.integrations import Integrations
from tests.builders import API_KEY, NOON, ULID, a_caller, a_policy, an_idempotency_key, an_integration, the_settings
from tests.fakes import FailingRepository, FailingVault, InMemoryRepository, InMemoryVault

KEY = SecretStr(API_KEY)
WITHOUT_A_KEY = None
SAID_NO: list[AiIntegrationsError | RepeatedRequestError] = [
    NameTakenError(),
    RepeatedRequestError(an_integration(id="FIRST")),
    IdempotencyKeyReusedError(),
    ContentionError(),
]


class World:
    """The use cases over fakes that share one journal, with ids FIRST, SECOND … and a clock that a test sets."""

    def __init__(self, repository: InMemoryRepository | None = None, vault: InMemoryVault | None = None) -> None:
        self.journal: list[str] = []
        self.repository = repository or InMemoryRepository()
        self.vault = vault or InMemoryVault()
        self.repository.journal = self.vault.journal = self.journal
        self.now = NOON
        ids = iter(["FIRST", "SECOND", "THIRD"])
        self.integrations = Integrations(
            repository=self.repository,
            keys=self.vault,
            clock=lambda: self.now,
            new_id=lambda _moment: next(ids),
            policy=a_policy("gateway.corp"),
        )


def test_looks_then_stores_the_key_then_commits() -> None:
    world = World()
    made = world.integrations.create(a_caller(), the_settings(), KEY)
    assert world.journal == ["precheck", "create_key", "insert"]
    assert made.secret is not None
    assert world.vault.keys() == {made.secret.arn: API_KEY}
    assert world.repository.integrations == {("acme", "FIRST"): made}


def test_makes_the_first_version_for_the_caller() -> None:
    made = World().integrations.create(a_caller(account="acme", user="bob"), the_settings(name="x"), WITHOUT_A_KEY)
    assert made == an_integration(id="FIRST", name="x", account="acme", created_by="bob", version=1, created_at=NOON)


def test_makes_ids_of_the_time_that_it_writes_down() -> None:
    integrations = Integrations(
        repository=InMemoryRepository(),
        keys=InMemoryVault(),
        clock=lambda: NOON,
        new_id=lambda now: f"id at {now}",
        policy=a_policy(),
    )
    assert integrations.create(a_caller(), the_settings(), WITHOUT_A_KEY).id == f"id at {NOON}"


def test_asks_nothing_of_the_vault_without_a_key() -> None:
    world = World()
    made = world.integrations.create(a_caller(), the_settings(), WITHOUT_A_KEY)
    assert world.journal == ["insert"]
    assert made.secret is None


@pytest.mark.parametrize("key", [KEY, WITHOUT_A_KEY])
@pytest.mark.parametrize("name", ["Production OpenAI", "PRODUCTION openai"])
def test_refuses_a_taken_name_before_any_secret(key: SecretStr | None, name: str) -> None:
    world = World()
    world.repository.insert(an_integration(id=ULID), None)
    world.journal.clear()
    with pytest.raises(NameTakenError):
        world.integrations.create(a_caller(), the_settings(name=name), key)
    assert world.journal in (["precheck"], ["insert"])
    assert world.vault.keys() == {}


@pytest.mark.parametrize("answer", SAID_NO, ids=lambda answer: type(answer).__name__)
def test_removes_the_secret_when_the_store_says_no(answer: Exception) -> None:
    world = World(repository=FailingRepository(error=answer))
    if isinstance(answer, RepeatedRequestError):
        assert world.integrations.create(a_caller(), the_settings(), KEY) == answer.first
    else:
        with pytest.raises(type(answer)):
            world.integrations.create(a_caller(), the_settings(), KEY)
    assert world.journal == ["precheck", "create_key", "insert", "get", "get_deleted", "discard"]
    assert world.vault.keys() == {}


@pytest.mark.parametrize("written", [True, False])
@pytest.mark.parametrize("silence", [TimeoutError(), RuntimeError(), OSError()])
def test_removes_nothing_when_the_store_says_nothing(silence: Exception, written: bool) -> None:
    world = World(repository=FailingRepository(error=silence, written=written))
    with pytest.raises(type(silence)):
        world.integrations.create(a_caller(), the_settings(), KEY)
    assert world.journal == ["precheck", "create_key", "insert"]
    assert list(world.vault.keys().values()) == [API_KEY]


def test_writes_nothing_when_the_vault_fails() -> None:
    world = World(vault=FailingVault(error=TimeoutError()))
    with pytest.raises(TimeoutError):
        world.integrations.create(a_caller(), the_settings(), KEY)
    assert world.journal == ["precheck", "create_key"]
    assert world.repository.integrations == {}


@pytest.mark.parametrize(("key", "calls"), [(KEY, ["precheck"]), (WITHOUT_A_KEY, ["insert"])])
def test_gives_a_repeated_request_the_first_answer(key: SecretStr | None, calls: list[str]) -> None:
    world = World()
    first = world.integrations.create(a_caller(), the_settings(), key, an_idempotency_key())
    world.journal.clear()
    world.now += timedelta(hours=23)
    assert world.integrations.create(a_caller(), the_settings(), key, an_idempotency_key()) == first
    assert world.journal == calls
    assert len(world.repository.integrations) == 1


def test_refuses_an_idempotency_key_with_another_body() -> None:
    world = World()
    world.integrations.create(a_caller(), the_settings(), KEY, an_idempotency_key(fingerprint="f1"))
    with pytest.raises(IdempotencyKeyReusedError):
        world.integrations.create(a_caller(), the_settings(name="x"), KEY, an_idempotency_key(fingerprint="f2"))
    assert len(world.vault.keys()) == 1


def test_forgets_an_idempotency_key_after_a_day() -> None:
    world = World()
    world.integrations.create(a_caller(), the_settings(name="x"), KEY, an_idempotency_key(fingerprint="f1"))
    world.now += timedelta(hours=24)
    second = world.integrations.create(a_caller(), the_settings(name="y"), KEY, an_idempotency_key(fingerprint="f2"))
    assert second.id == "SECOND"


@pytest.mark.parametrize("role", [Role.READER, Role.MEMBER])
def test_touches_nothing_for_a_caller_that_may_not_write(role: Role) -> None:
    world = World()
    with pytest.raises(AccessForbiddenError):
        world.integrations.create(a_caller(role=role), the_settings(), KEY)
    assert world.journal == []


def test_touches_nothing_for_settings_that_break_a_rule() -> None:
    world = World()
    for settings in (the_settings(provider="AWS_BEDROCK"), the_settings(base_url="http://other.corp/")):
        with pytest.raises(RuleViolationError):
            world.integrations.create(a_caller(), settings, KEY)
    assert world.journal == []


def test_takes_the_private_hosts_that_the_stack_allows() -> None:
    made = World().integrations.create(a_caller(), the_settings(base_url="http://gateway.corp/v1"), WITHOUT_A_KEY)
    assert made.base_url == "http://gateway.corp/v1"


def test_keeps_every_setting() -> None:
    settings = the_settings(
        model_names=("gpt-4",), headers={"X-Team": "a"}, scopings=(Scoping(space_id="s"), ACCOUNT_WIDE)
    )
    made = World().integrations.create(a_caller(), settings, WITHOUT_A_KEY)
    assert made == replace(made, **vars(settings))
