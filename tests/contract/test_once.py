"""What `ports.IntegrationRepository.once` promises: a change that is asked for by a request which may come again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ai_integrations.domain.errors import IdempotencyKeyReusedError, RepeatedRequestError
from ai_integrations.domain.model import IdempotencyKey, Integration, Tombstone
from ai_integrations.use_cases.ports import IntegrationRepository
from tests.builders import NOON, an_idempotency_key, an_integration
from tests.contract.worlds import World

FIRST = an_integration(id="FIRST", name="first")
KEY = an_idempotency_key(fingerprint="f1")


def change(repository: IntegrationRepository, current: Integration) -> Integration:
    changed = replace(current, version=current.version + 1, name="changed", updated_at=NOON + timedelta(minutes=1))
    repository.update(current, changed)
    return changed


def delete(repository: IntegrationRepository, current: Integration) -> Integration:
    expiry = NOON + timedelta(days=30)
    repository.delete(Tombstone(integration=current, deleted_at=NOON, deleted_by="bob", expires_at=expiry))
    return current


Act = Callable[[IntegrationRepository, Integration], Integration]
both = pytest.mark.parametrize("act", [change, delete])


def again(world: World, now: Integration, key: IdempotencyKey = KEY) -> None:
    """Let somebody else make things look as if nothing had happened, and ask for another change."""
    if world.repository.get("acme", "FIRST") is None:
        stone = world.repository.get_deleted("acme", "FIRST")
        assert stone is not None
        world.repository.restore(stone, now)
    else:
        world.repository.update(replace(now, version=now.version - 1), now)
    delete(world.repository.idempotent(key), now)


@both
def test_answers_a_request_that_comes_again_with_what_it_led_to(world: World, act: Act) -> None:
    world.repository.insert(FIRST, None)
    led_to = act(world.repository.idempotent(KEY), FIRST)
    now = replace(FIRST, version=led_to.version + 1, name="changed by others")
    with pytest.raises(RepeatedRequestError) as repeated:
        again(world, now)
    assert repeated.value.first == led_to
    assert world.repository.get("acme", "FIRST") == now


@both
def test_refuses_the_key_of_another_request(world: World, act: Act) -> None:
    world.repository.insert(FIRST, None)
    led_to = act(world.repository.idempotent(KEY), FIRST)
    now = replace(FIRST, version=led_to.version + 1, name="changed by others")
    with pytest.raises(IdempotencyKeyReusedError):
        again(world, now, KEY._replace(fingerprint="f2"))
    assert world.repository.get("acme", "FIRST") == now


def test_keeps_no_request_in_mind_otherwise(world: World) -> None:
    world.repository.insert(FIRST, None)
    change(world.repository.idempotent(KEY), FIRST)
    changed = change(world.repository, replace(FIRST, version=2, name="changed"))
    assert world.repository.get("acme", "FIRST") == changed


@pytest.mark.parametrize(("days", "is_known"), [(27, True), (28, False)])
def test_knows_a_request_for_as_long_as_its_key_says(world: World, days: int, is_known: bool) -> None:
    kept = KEY._replace(retention=timedelta(days=28))
    world.repository.insert(FIRST, kept)
    late = an_integration(id="LATE", name="late", created_at=NOON + timedelta(days=days))
    if is_known:
        with pytest.raises(RepeatedRequestError):
            world.repository.insert(late, kept)
    else:
        world.repository.insert(late, kept)
