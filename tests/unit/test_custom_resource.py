"""`Custom::AiIntegration`, on fakes: after each request there is exactly what the stack says."""

from dataclasses import replace
from typing import Any

import pytest

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.contracts import ids
from ai_integrations.domain.errors import FieldsError, InvalidRequestError, NameTakenError, NotFoundError
from ai_integrations.domain.model import ACCOUNT_WIDE, Integration, Scoping, SecretVersion
from ai_integrations.use_cases.custom_resource import CustomResource, Resource
from ai_integrations.use_cases.integrations import Integrations
from tests.builders import API_KEY, NOON, ULID, a_policy, an_integration
from tests.fakes import InMemoryRepository, InMemoryVault

OTHER_ULID = ULID[:-1] + "B"
REFUSED = "refused-request-1"


class World:
    """The resource over fakes, with ids that are known before."""

    def __init__(self) -> None:
        self.repository = InMemoryRepository()
        self.vault = InMemoryVault()
        new_ids = iter([ULID, *[OTHER_ULID] * 10])
        self.integrations = Integrations(
            repository=self.repository,
            keys=self.vault,
            clock=lambda: NOON,
            new_id=lambda _moment: next(new_ids),
            policy=a_policy(),
        )
        self.resource = CustomResource(self.integrations)

    def create(self, properties: dict[str, Any], request_id: str = "request-1") -> Resource:
        return self.resource.handle(a_request("Create", properties, RequestId=request_id))

    def update(self, before: dict[str, Any], after: dict[str, Any], physical_id: str | None = None) -> Resource:
        named = {"OldResourceProperties": before, "PhysicalResourceId": physical_id or ids.encode(ULID)}
        return self.resource.handle(a_request("Update", after, RequestId="request-2", **named))

    def delete(self, properties: dict[str, Any], physical_id: str | None = None) -> Resource:
        named = {"RequestId": "request-3", "PhysicalResourceId": physical_id or ids.encode(ULID)}
        return self.resource.handle(a_request("Delete", properties, **named))

    def stored(self) -> list[Integration]:
        return list(self.repository.integrations.values())

    def keep_for(self, account: str) -> str:
        return self.vault.keep_for_others("theirs:secret:" + "x" * 20, API_KEY, {ACCOUNT_TAG: account})


@pytest.fixture
def world() -> World:
    return World()


def a_request(request_type: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    named = {"StackId": "arn:aws:cloudformation:fake:stack/app/1", "LogicalResourceId": "Llm"}
    return {"RequestType": request_type, "ResourceProperties": properties, **named, **more}


def declared(account: str = "acme", **integration: Any) -> dict[str, Any]:
    body = {"name": "Production OpenAI", "provider": "openAI"} | integration
    return {"ServiceToken": "arn:aws:lambda:…", "Account": account, "User": "platform", "Integration": body}


def test_creates_what_the_stack_says(world: World) -> None:
    made = world.create(declared())
    assert world.stored() == [an_integration(created_by="platform", updated_by="platform")]
    assert made == Resource(
        physical_id=ids.encode(ULID),
        attributes={"name": "Production OpenAI", "has_api_key": "false", "version": "1"},
    )


def test_creates_once_however_often_the_request_comes(world: World) -> None:
    first = world.create(declared())
    assert all(world.create(declared()) == first for _ in range(9))
    assert len(world.stored()) == 1


def test_tells_the_requests_of_a_stack_apart(world: World) -> None:
    world.create(declared())
    with pytest.raises(NameTakenError):
        world.create(declared(), request_id="request-9")


def test_takes_the_texts_that_cloudformation_makes_of_booleans(world: World) -> None:
    texts = {"enable_default_models": "true", "function_calling_enabled": "false"}
    world.create(declared(**texts) | {"ServiceTimeout": "600"})
    [made] = world.stored()
    assert (made.enable_default_models, made.function_calling_enabled) == (True, False)


@pytest.mark.parametrize(
    ("properties", "pointer"),
    [
        (declared(enable_default_models="yes"), "/Integration/enable_default_models"),
        (declared(name="true", api_key=API_KEY), "/Integration/api_key"),
        (declared(provider="?"), "/Integration/provider"),
        (declared(account="a/b"), "/Account"),
        (declared() | {"Integration": "text"}, "/Integration"),
        (declared() | {"ApiKey": API_KEY}, "/ApiKey"),
        ({}, "/Account"),
    ],
)
def test_refuses_a_declaration_that_is_wrong_without_repeating_it(
    world: World, properties: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(FieldsError) as refusal:
        world.create(properties)
    assert refusal.value.errors[0].pointer == pointer
    assert API_KEY not in repr(refusal.value)
    assert world.stored() == []


def test_leaves_nothing_of_a_refused_creation_that_is_rolled_back(world: World) -> None:
    with pytest.raises(FieldsError):
        world.create(declared(provider="?"))
    assert world.delete(declared(provider="?"), REFUSED).physical_id == REFUSED
    assert world.stored() == []


def test_changes_in_place_and_lets_go_of_what_is_not_declared_any_more(world: World) -> None:
    before = declared(model_names=["gpt-4"], enable_default_models="true")
    made = world.create(before)
    changed = world.update(before, declared(name="Renamed"))
    assert changed.physical_id == made.physical_id
    assert changed.attributes == {"name": "Renamed", "has_api_key": "false", "version": "2"}
    [stored] = world.stored()
    assert (stored.name, stored.model_names, stored.enable_default_models) == ("Renamed", None, False)


def test_changes_nothing_when_an_update_comes_again(world: World) -> None:
    world.create(declared())
    first = world.update(declared(), declared(name="Renamed"))
    assert world.update(declared(), declared(name="Renamed")) == first


def test_makes_another_integration_for_another_account_and_deletes_the_first(world: World) -> None:
    made = world.create(declared())
    replaced = world.update(declared(), declared("other"))
    assert replaced.physical_id != made.physical_id
    assert world.update(declared(), declared("other")) == replaced
    assert {each.account for each in world.stored()} == {"acme", "other"}
    world.delete(declared(), made.physical_id)
    assert [each.account for each in world.stored()] == ["other"]


def test_fails_to_change_what_somebody_has_deleted(world: World) -> None:
    world.create(declared())
    world.delete(declared())
    with pytest.raises(NotFoundError):
        world.update(declared(), declared(name="Renamed"))


@pytest.mark.parametrize(
    "refused",
    [declared(provider="?"), declared("a/b"), declared() | {"Integration": "text"}, declared("other", name="")],
)
def test_takes_a_refused_change_back(world: World, refused: dict[str, Any]) -> None:
    made = world.create(declared())
    state = world.stored()
    with pytest.raises(FieldsError):
        world.update(declared(), refused)
    assert world.update(refused, declared()) == made
    assert world.stored() == state


def test_refers_to_a_secret_and_stops_when_the_stack_does(world: World) -> None:
    referring = declared(api_key_secret_arn=world.keep_for("acme"))
    assert world.create(referring).attributes["has_api_key"] == "true"
    assert world.update(referring, referring).attributes["version"] == "1"
    assert world.update(referring, declared()).attributes["has_api_key"] == "false"
    assert world.update(declared(), referring).attributes["has_api_key"] == "true"


def test_refers_to_no_secret_of_another_account(world: World) -> None:
    with pytest.raises(FieldsError) as refusal:
        world.create(declared(api_key_secret_arn=world.keep_for("other")))
    assert refusal.value.errors[0].pointer == "/api_key_secret_arn"
    assert world.stored() == []


def test_keeps_a_key_that_somebody_else_has_set_and_the_stack_never_named(world: World) -> None:
    world.create(declared())
    [made] = world.stored()
    set_by_hand = SecretVersion(arn="arn:own", version="v1")
    world.repository.integrations["acme", made.id] = replace(made, secret=set_by_hand)
    world.update(declared(), declared(name="Renamed"))
    assert world.stored()[0].secret == set_by_hand


def test_deletes_what_the_stack_made_even_if_its_properties_would_be_refused_now(world: World) -> None:
    made = world.create(declared())
    assert world.delete(declared(provider="gone")).physical_id == made.physical_id
    assert world.stored() == []


def test_takes_what_is_gone_for_deleted(world: World) -> None:
    world.create(declared())
    world.delete(declared())
    world.delete(declared())
    assert world.stored() == []


@pytest.mark.parametrize("physical_id", [REFUSED, "app-Llm-1ABC2DEF", ""])
def test_deletes_nothing_for_an_id_that_names_nothing(world: World, physical_id: str) -> None:
    world.create(declared())
    event = a_request("Delete", declared(), RequestId="request-3", PhysicalResourceId=physical_id)
    assert world.resource.handle(event).physical_id == physical_id
    assert len(world.stored()) == 1


def test_deletes_nothing_when_it_does_not_know_whose(world: World) -> None:
    world.create(declared())
    with pytest.raises(InvalidRequestError):
        world.delete({})
    assert len(world.stored()) == 1


def test_does_nothing_that_it_was_not_asked_for(world: World) -> None:
    world.create(declared())
    with pytest.raises(NotImplementedError):
        world.resource.handle(a_request("Read", declared(), RequestId="1", PhysicalResourceId=ids.encode(ULID)))
    assert len(world.stored()) == 1


def test_acts_as_an_admin_of_the_account(world: World) -> None:
    """Nobody else may let the whole account see an integration."""
    world.create(declared(scopings=[{"organization_id": "o"}, {}]))
    assert world.stored()[0].scopings == (Scoping(organization_id="o"), ACCOUNT_WIDE)
