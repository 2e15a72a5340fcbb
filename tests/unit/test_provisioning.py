"""Requests by event, on fakes: each is decided once, and told the same way however often it comes."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.contracts import ids
from ai_integrations.contracts.published_events import Failed, Outcome, Succeeded
from ai_integrations.domain.errors import AccessForbiddenError, ContentionError, NameTakenError
from ai_integrations.domain.model import Integration, SecretVersion
from ai_integrations.use_cases.integrations import Integrations
from ai_integrations.use_cases.provisioning import Provisioner
from tests.builders import API_KEY, NOON, ULID, a_policy, an_integration
from tests.event_fakes import InMemoryBus, InMemoryOutcomes
from tests.fakes import FailingRepository, InMemoryRepository, InMemoryVault

CREATE, UPDATE, DELETE = (f"AI Integration {kind} Requested" for kind in ("Create", "Update", "Delete"))
OTHER_ULID = ULID[:-1] + "B"


class World:
    """The provisioner over fakes, with ids that are known before."""

    def __init__(self, repository: InMemoryRepository | None = None) -> None:
        self.repository = repository or InMemoryRepository()
        self.vault = InMemoryVault()
        self.outcomes = InMemoryOutcomes()
        self.bus = InMemoryBus()
        new_ids = iter([ULID, *[OTHER_ULID] * 10])
        self.integrations = Integrations(
            repository=self.repository,
            keys=self.vault,
            clock=lambda: NOON,
            new_id=lambda _moment: next(new_ids),
            policy=a_policy(),
        )
        self.provisioner = Provisioner(
            integrations=self.integrations, outcomes=self.outcomes, bus=self.bus, clock=lambda: NOON
        )

    def handle(self, detail_type: str, detail: object, event_id: str = "event-1") -> Outcome:
        return self.provisioner.handle({"id": event_id, "detail-type": detail_type, "detail": detail})

    def stored(self) -> list[Integration]:
        return list(self.repository.integrations.values())

    def told(self) -> list[dict[str, Any]]:
        return [{"type": each.detail_type, **each.model_dump(exclude_none=True)} for each in self.bus.events]


@pytest.fixture
def world() -> World:
    return World()


def a_create(**changes: Any) -> dict[str, Any]:
    body = {"name": "Production OpenAI", "provider": "openAI"}
    return {"request_id": "request-1", "account": "acme", "user": "platform", "integration": body} | changes


def an_update(*, request_id: str = "request-2", **change: Any) -> dict[str, Any]:
    return a_create(request_id=request_id, id=ids.encode(ULID), integration=change or {"name": "x"})


def a_delete(request_id: str = "request-3") -> dict[str, Any]:
    detail = a_create(request_id=request_id, id=ids.encode(ULID))
    del detail["integration"]
    return detail


def problem(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome, Failed)
    return outcome.problem


def at_fault(outcome: Outcome) -> list[str]:
    return [each["pointer"] for each in problem(outcome)["errors"]]


def test_creates_for_the_account_and_the_user_that_are_named(world: World) -> None:
    world.handle(CREATE, a_create())
    assert world.stored() == [
        an_integration(id=ULID, account="acme", created_by="platform", updated_by="platform", version=1)
    ]
    assert world.told() == [
        {
            "type": "AI Integration Create Succeeded",
            "event_id": "acme/request-1/ai-integration-create-succeeded",
            "account": "acme",
            "request_id": "request-1",
            "id": ids.encode(ULID),
            "version": 1,
        }
    ]


def test_changes_what_is_sent_and_nothing_else(world: World) -> None:
    world.handle(CREATE, a_create())
    outcome = world.handle(UPDATE, an_update(model_names=["gpt-4"]))
    assert world.stored()[0].model_names == ("gpt-4",)
    assert isinstance(outcome, Succeeded)
    assert (outcome.id, outcome.version) == (ids.encode(ULID), 2)


def test_deletes_and_tells_the_last_version(world: World) -> None:
    world.handle(CREATE, a_create())
    outcome = world.handle(DELETE, a_delete())
    assert world.stored() == []
    assert isinstance(outcome, Succeeded)
    assert (outcome.id, outcome.version) == (ids.encode(ULID), 1)


def test_takes_a_deletion_of_what_is_deleted_for_done(world: World) -> None:
    world.handle(CREATE, a_create())
    first, second = (world.handle(DELETE, a_delete(request_id)) for request_id in ("request-3", "request-4"))
    assert second.model_dump(exclude={"event_id", "request_id"}) == first.model_dump(exclude={"event_id", "request_id"})


def test_refers_to_a_secret_that_is_kept_for_the_account(world: World) -> None:
    arn = world.vault.keep_for_others("theirs:secret:" + "x" * 20, API_KEY, {ACCOUNT_TAG: "acme"})
    body = a_create()["integration"] | {"api_key_secret_arn": arn}
    assert isinstance(world.handle(CREATE, a_create(integration=body)), Succeeded)
    assert world.stored()[0].secret == SecretVersion(arn=arn, version=None)
    assert isinstance(world.handle(UPDATE, an_update(api_key_secret_arn=None)), Succeeded)
    assert world.stored()[0].secret is None


REQUESTS = [(CREATE, a_create()), (UPDATE, an_update()), (DELETE, a_delete())]
each_kind = pytest.mark.parametrize(("detail_type", "detail"), REQUESTS)


def with_one(world: World, detail_type: str) -> None:
    if detail_type != CREATE:
        world.handle(CREATE, a_create())
        world.bus.events.clear()


@each_kind
def test_tells_a_request_that_comes_ten_times_the_same_each_time(
    world: World, detail_type: str, detail: dict[str, Any]
) -> None:
    with_one(world, detail_type)
    first = world.handle(detail_type, detail)
    state = world.stored()
    for number in range(9):
        assert world.handle(detail_type, detail, f"event-{number}") == first
    assert world.stored() == state
    assert world.bus.events == [first] * 10


@each_kind
def test_decides_once_even_if_it_can_not_remember(world: World, detail_type: str, detail: dict[str, Any]) -> None:
    with_one(world, detail_type)
    first = world.handle(detail_type, detail)
    world.outcomes.settled.clear()
    state = world.stored()
    assert world.handle(detail_type, detail) == first
    assert world.stored() == state


def test_does_not_undo_what_others_did_between_two_deliveries(world: World) -> None:
    world.handle(CREATE, a_create())
    first = world.handle(UPDATE, an_update(name="by request"))
    world.outcomes.settled.clear()
    world.handle(UPDATE, an_update(request_id="by-others", name="by others"))
    assert world.handle(UPDATE, an_update(name="by request")) == first
    assert world.stored()[0].name == "by others"


def test_does_not_delete_again_what_others_have_restored(world: World) -> None:
    world.handle(CREATE, a_create())
    first = world.handle(DELETE, a_delete())
    world.outcomes.settled.clear()
    tombstone = world.repository.tombstones["acme", ULID]
    restored = replace(tombstone.integration, version=2)
    world.repository.restore(tombstone, restored)
    assert world.handle(DELETE, a_delete()) == first
    assert world.stored() == [restored]


@pytest.mark.parametrize("forgotten", [False, True])
def test_refuses_another_request_with_an_id_that_came_before(world: World, forgotten: bool) -> None:
    first = world.handle(CREATE, a_create())
    if forgotten:
        world.outcomes.settled.clear()
    other = a_create(integration={"name": "x", "provider": "openAI"})
    refused = world.handle(CREATE, other, "event-2")
    assert (problem(refused)["status"], at_fault(refused)) == (422, ["/request_id"])
    assert refused.event_id not in {first.event_id, "acme/request-1/ai-integration-create-failed"}
    assert world.handle(CREATE, a_create(), "event-3") == first
    assert len(world.stored()) == 1


def test_tells_null_from_nothing_when_it_compares_requests(world: World) -> None:
    world.handle(CREATE, a_create())
    world.handle(UPDATE, an_update(name="x"))
    assert at_fault(world.handle(UPDATE, an_update(name="x", base_url=None))) == ["/request_id"]


MALFORMED: list[tuple[str, Any, list[str]]] = [
    (CREATE, a_create(integration={"provider": "openAI"}), ["/integration/name"]),
    (CREATE, a_create(integration={"name": "x", "provider": "?"}), ["/integration/provider"]),
    (CREATE, a_create(extra=1), ["/extra"]),
    (CREATE, a_create(user=None), ["/user"]),
    (CREATE, a_create(api_key=API_KEY), ["/api_key"]),
    (CREATE, a_create(integration=a_create()["integration"] | {"api_key": API_KEY}), ["/integration/api_key"]),
    (UPDATE, an_update(api_key=API_KEY), ["/integration/api_key"]),
    (UPDATE, a_create(id=ids.encode(ULID), integration={}), ["/integration"]),
    (UPDATE, an_update() | {"id": "x"}, ["/id"]),
    (DELETE, a_delete() | {"id": ids.encode("not-a-ulid")}, ["/id"]),
    (DELETE, a_delete() | {"id": None}, ["/id"]),
]


@pytest.mark.parametrize(("detail_type", "detail", "pointers"), MALFORMED)
def test_refuses_what_has_not_the_agreed_form(
    world: World, detail_type: str, detail: dict[str, Any], pointers: list[str]
) -> None:
    outcome = world.handle(detail_type, detail)
    assert (problem(outcome)["status"], at_fault(outcome)) == (400, pointers)
    assert (outcome.account, outcome.request_id) == ("acme", detail["request_id"])
    assert world.stored() == []
    assert API_KEY not in json.dumps(world.told())
    assert API_KEY not in json.dumps([settled.detail for settled in world.outcomes.settled.values()])


def test_decides_a_request_whose_first_try_was_malformed(world: World) -> None:
    malformed = world.handle(CREATE, a_create(user=None), "event-1")
    assert isinstance(world.handle(CREATE, a_create(), "event-2"), Succeeded)
    assert malformed.event_id == "event-1"


UNADDRESSED: list[object] = [
    None,
    "text",
    [],
    {},
    a_create(account="a/b"),
    a_create(account=None),
    a_create(request_id=5),
    a_create(request_id="x" * 129),
    a_create(request_id="with blank"),
]


@pytest.mark.parametrize("detail", UNADDRESSED)
def test_tells_nobody_in_particular_when_it_can_not_know_whom(world: World, detail: object) -> None:
    outcome = world.handle(CREATE, detail, "event-7")
    assert problem(outcome)["status"] in {400, 422}
    assert (outcome.account, outcome.request_id, outcome.event_id) == (None, None, "event-7")


def test_names_the_field_of_the_integration_that_breaks_a_rule(world: World) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:nobodys"
    bodies = {
        "/integration/provider_metadata/role_arn": {"name": "x", "provider": "awsBedrock"},
        "/integration/api_key_secret_arn": {"name": "y", "provider": "openAI", "api_key_secret_arn": arn},
    }
    for number, (pointer, body) in enumerate(bodies.items()):
        outcome = world.handle(CREATE, a_create(request_id=f"request-{number}", integration=body))
        assert (problem(outcome)["status"], at_fault(outcome)) == (422, [pointer])


@pytest.mark.parametrize(
    ("detail_type", "detail", "status"),
    [
        (CREATE, a_create(request_id="request-9"), 409),
        (UPDATE, an_update() | {"id": ids.encode(OTHER_ULID)}, 404),
        (UPDATE, an_update() | {"account": "other"}, 404),
        (DELETE, a_delete() | {"id": ids.encode(OTHER_ULID)}, 404),
    ],
)
def test_tells_a_refusal_as_the_api_does_and_never_tries_it_again(
    world: World, detail_type: str, detail: dict[str, Any], status: int
) -> None:
    world.handle(CREATE, a_create())
    outcome = world.handle(detail_type, detail, "event-2")
    assert problem(outcome)["status"] == status
    assert problem(outcome)["instance"] == "event-2"
    world.repository.integrations.clear()
    assert world.handle(detail_type, detail, "event-3") == outcome


FAILURES: list[Exception] = [ContentionError(), TimeoutError(), RuntimeError(API_KEY), OSError()]


@pytest.mark.parametrize("failure", FAILURES)
def test_raises_what_is_no_refusal_so_that_the_request_comes_again(failure: Exception) -> None:
    world = World(FailingRepository(error=failure))
    with pytest.raises(type(failure)):
        world.handle(CREATE, a_create())
    assert world.told() == []
    assert world.outcomes.settled == {}


def test_raises_when_the_outcome_can_not_be_told_and_tells_it_later(world: World) -> None:
    world.bus.error = TimeoutError()
    with pytest.raises(TimeoutError):
        world.handle(CREATE, a_create())
    world.bus.error = None
    assert isinstance(world.handle(CREATE, a_create()), Succeeded)
    assert len(world.stored()) == len(world.told()) == 1


@pytest.mark.parametrize("refusal", [NameTakenError(), AccessForbiddenError()])
def test_remembers_a_refusal(refusal: Exception) -> None:
    world = World(FailingRepository(error=refusal))
    outcome = world.handle(CREATE, a_create())
    [settled] = world.outcomes.settled.values()
    assert (settled.detail_type, json.loads(settled.detail)) == (
        "AI Integration Create Failed",
        outcome.model_dump(exclude_none=True),
    )
