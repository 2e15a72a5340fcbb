"""Writes at the same moment. On the emulator alone: the in-process mock's transactions do not exclude each other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from pydantic import SecretStr

from ai_integrations.domain.errors import ContentionError, NameTakenError, RepeatedRequestError
from ai_integrations.domain.model import IdempotencyKey, Integration
from ai_integrations.use_cases.integrations import Integrations
from tests.builders import API_KEY, NOON, a_caller, a_policy, an_idempotency_key, an_integration, the_settings
from tests.contract.worlds import AwsWorld

RACERS = 20


def outcomes(call: Callable[[int], object]) -> list[object]:
    """Call from many threads at once; an outcome is what the call returned or raised."""
    start = Barrier(RACERS)

    def run(number: int) -> object:
        start.wait()
        try:
            return call(number)
        except (NameTakenError, RepeatedRequestError, ContentionError) as error:
            return error

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


@pytest.mark.parametrize("round_number", range(3))
def test_lets_one_of_many_racers_have_the_name(emulated: AwsWorld, round_number: int) -> None:
    name = f"Racer {round_number}"
    ended = outcomes(lambda number: emulated.repository.insert(an_integration(id=f"ID{number}", name=name), None))
    assert ended.count(None) == 1
    assert sum(isinstance(each, NameTakenError) for each in ended) == RACERS - 1


def test_gives_every_racer_with_one_idempotency_key_the_same_answer(emulated: AwsWorld) -> None:
    key = an_idempotency_key()

    def add(number: int) -> str:
        integration = an_integration(id=f"ID{number}")
        try:
            emulated.repository.insert(integration, key)
        except RepeatedRequestError as repeated:
            return repeated.first.id
        return integration.id

    assert len(set(outcomes(add))) == 1


@pytest.mark.parametrize("key", [an_idempotency_key(), None])
def test_leaves_one_integration_and_one_secret_of_many_creates(emulated: AwsWorld, key: IdempotencyKey | None) -> None:
    ids = iter(range(RACERS))
    integrations = Integrations(
        repository=emulated.repository,
        keys=emulated.vault,
        clock=lambda: NOON,
        new_id=lambda _: f"ID{next(ids)}",
        policy=a_policy(),
    )
    ended = outcomes(lambda _number: integrations.create(a_caller(), the_settings(), SecretStr(API_KEY), key))
    made = {each.id for each in ended if isinstance(each, Integration)}
    assert len(made) == 1
    assert list(emulated.keys().values()) == [API_KEY]
