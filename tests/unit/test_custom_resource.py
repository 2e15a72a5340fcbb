"""`Custom::AiIntegration`: each request leads to exactly the integrations that the stack declares."""

from dataclasses import replace
from typing import Any

import pytest

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.contracts import ids
from ai_integrations.domain.errors import (
    AccessForbiddenError,
    ContentionError,
    FieldsError,
    IdempotencyKeyReusedError,
    InvalidRequestError,
    NameTakenError,
    NotFoundError,
    UnregisteredSenderError,
)
from ai_integrations.domain.model import ACCOUNT_WIDE, Integration, Policy, Role, Scoping, SecretVersion
from ai_integrations.use_cases.custom_resource import CustomResource, Resource
from tests.builders import API_KEY, FEDERATIONS, STACK_ID, ULID, a_policy, an_integration, the_stacks
from tests.event_fakes import InMemorySenders
from tests.fakes import InMemoryRepository, RacingRepository
from tests.unit.use_case_fixture import UseCaseFixture

OTHER_ULID = ULID[:-1] + "B"
FAILED_CREATION = "refused-request-1"


class CustomResourceFixture:
    """The custom resource over fakes, and a method for each request of CloudFormation."""

    def __init__(self, repository: InMemoryRepository | None = None, policy: Policy | None = None) -> None:
        self.use_cases = UseCaseFixture(repository, ids=[ULID, *[OTHER_ULID] * 10], policy=policy)
        self.senders = InMemorySenders(the_stacks(name="app*"), the_stacks(name="app*", account="other"))
        self.resource = CustomResource(self.use_cases.integrations, self.senders)

    def create(self, properties: dict[str, Any], request_id: str = "request-1") -> Resource:
        return self.resource.handle(a_request("Create", properties, RequestId=request_id))

    def update(self, before: dict[str, Any], after: dict[str, Any], physical_id: str | None = None) -> Resource:
        fields = {"OldResourceProperties": before, "PhysicalResourceId": physical_id or ids.encode(ULID)}
        return self.resource.handle(a_request("Update", after, RequestId="request-2", **fields))

    def delete(self, properties: dict[str, Any], physical_id: str | None = None) -> Resource:
        fields = {"RequestId": "request-3", "PhysicalResourceId": physical_id or ids.encode(ULID)}
        return self.resource.handle(a_request("Delete", properties, **fields))

    def stored(self) -> list[Integration]:
        return self.use_cases.stored_integrations()

    def create_external_secret(self, account: str) -> str:
        return self.use_cases.keys.create_external_secret("external-fAkE01", API_KEY, {ACCOUNT_TAG: account})


@pytest.fixture
def fixture() -> CustomResourceFixture:
    return CustomResourceFixture()


def a_request(request_type: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    origin = {"StackId": STACK_ID, "LogicalResourceId": "Llm"}
    return {"RequestType": request_type, "ResourceProperties": properties, **origin, **more}


def declared(account: str = "acme", **integration: Any) -> dict[str, Any]:
    body = {"name": "Production OpenAI", "provider": "openAI"} | integration
    return {"ServiceToken": "arn:aws:lambda:…", "Account": account, "User": "platform", "Integration": body}


def test_create_stores_the_declared_integration(fixture: CustomResourceFixture) -> None:
    created = fixture.create(declared())
    assert fixture.stored() == [an_integration(created_by="platform", updated_by="platform")]
    assert created == Resource(
        physical_id=ids.encode(ULID),
        attributes={"name": "Production OpenAI", "has_api_key": "false", "version": "1"},
    )


def test_repeated_create_request_creates_once(fixture: CustomResourceFixture) -> None:
    first = fixture.create(declared())
    assert all(fixture.create(declared()) == first for _ in range(9))
    assert len(fixture.stored()) == 1


def test_repeated_create_request_may_list_properties_in_another_order(fixture: CustomResourceFixture) -> None:
    first = fixture.create(declared(headers={"X-A": "1", "X-B": "2"}))
    assert fixture.create(declared(headers={"X-B": "2", "X-A": "1"})) == first


def test_repeated_create_request_with_other_properties_is_rejected(fixture: CustomResourceFixture) -> None:
    fixture.create(declared())
    with pytest.raises(IdempotencyKeyReusedError):
        fixture.create(declared(name="Other"))
    assert len(fixture.stored()) == 1


def test_repeated_create_request_of_another_user_is_another_request(fixture: CustomResourceFixture) -> None:
    fixture.create(declared())
    fixture.create(declared(name="Other") | {"User": "other"})
    assert len(fixture.stored()) == 2


def test_second_create_request_with_same_name_is_rejected(fixture: CustomResourceFixture) -> None:
    fixture.create(declared())
    with pytest.raises(NameTakenError):
        fixture.create(declared(), request_id="request-9")


@pytest.mark.parametrize("changed", ["StackId", "LogicalResourceId", "RequestId"])
def test_create_requests_of_two_resources_are_two_requests(fixture: CustomResourceFixture, changed: str) -> None:
    requests = [a_request("Create", declared(name=name), RequestId="request-1") for name in ("first", "second")]
    requests[1][changed] += "-other"
    assert len({fixture.resource.handle(request).physical_id for request in requests}) == 2


def test_create_parses_booleans_from_strings(fixture: CustomResourceFixture) -> None:
    strings = {"enable_default_models": "true", "function_calling_enabled": "false"}
    fixture.create(declared(**strings, name="true") | {"ServiceTimeout": "600"})
    [created] = fixture.stored()
    assert created.name == "true"
    assert (created.enable_default_models, created.function_calling_enabled) == (True, False)


@pytest.mark.parametrize(
    ("properties", "pointer"),
    [
        (declared(enable_default_models="yes"), "/Integration/enable_default_models"),
        (declared(enable_default_models=[]), "/Integration/enable_default_models"),
        (declared(name="true", api_key=API_KEY), "/Integration/api_key"),
        (declared(provider="?"), "/Integration/provider"),
        (declared(account="a/b"), "/Account"),
        (declared() | {"Integration": "text"}, "/Integration"),
        (declared() | {"ApiKey": API_KEY}, "/ApiKey"),
        ({}, "/Account"),
    ],
)
def test_create_rejects_invalid_declaration_without_disclosing_it(
    fixture: CustomResourceFixture, properties: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(FieldsError) as error:
        fixture.create(properties)
    assert error.value.errors[0].pointer == pointer
    assert API_KEY not in repr(error.value)
    assert fixture.stored() == []


def test_delete_after_failed_creation_succeeds(fixture: CustomResourceFixture) -> None:
    with pytest.raises(FieldsError):
        fixture.create(declared(provider="?"))
    assert fixture.delete(declared(provider="?"), FAILED_CREATION).physical_id == FAILED_CREATION
    assert fixture.stored() == []


def test_update_changes_in_place_and_resets_undeclared_settings(fixture: CustomResourceFixture) -> None:
    before = declared(model_names=["gpt-4"], enable_default_models="true")
    created = fixture.create(before)
    changed = fixture.update(before, declared(name="Renamed"))
    assert changed.physical_id == created.physical_id
    assert changed.attributes == {"name": "Renamed", "has_api_key": "false", "version": "2"}
    [stored] = fixture.stored()
    assert (stored.name, stored.model_names, stored.enable_default_models) == ("Renamed", None, False)


def test_repeated_update_request_changes_nothing(fixture: CustomResourceFixture) -> None:
    fixture.create(declared())
    first = fixture.update(declared(), declared(name="Renamed"))
    assert fixture.update(declared(), declared(name="Renamed")) == first


def test_update_of_account_replaces_the_integration(fixture: CustomResourceFixture) -> None:
    created = fixture.create(declared())
    replaced = fixture.update(declared(), declared("other"))
    assert replaced.physical_id != created.physical_id
    assert fixture.update(declared(), declared("other")) == replaced
    assert {each.account for each in fixture.stored()} == {"acme", "other"}
    fixture.delete(declared(), created.physical_id)
    assert [each.account for each in fixture.stored()] == ["other"]


def test_update_of_integration_deleted_outside_the_stack_is_rejected(fixture: CustomResourceFixture) -> None:
    fixture.create(declared())
    fixture.delete(declared())
    with pytest.raises(NotFoundError):
        fixture.update(declared(), declared(name="Renamed"))


@pytest.mark.parametrize(
    "rejected",
    [declared(provider="?"), declared("a/b"), declared() | {"Integration": "text"}, declared("other", name="")],
    ids=["unknown provider", "invalid account", "integration is a string", "other account and empty name"],
)
def test_rollback_of_rejected_update_restores_the_declaration(
    fixture: CustomResourceFixture, rejected: dict[str, Any]
) -> None:
    created = fixture.create(declared())
    state = fixture.stored()
    with pytest.raises(FieldsError):
        fixture.update(declared(), rejected)
    assert fixture.update(rejected, declared()) == created
    assert fixture.stored() == state


def test_update_and_rollback_keep_values_that_older_releases_accepted(fixture: CustomResourceFixture) -> None:
    fixture.create(declared(headers={"X-Team": "search"}))
    [created] = fixture.stored()
    older = replace(created, headers={"Host": "gateway.example"}, model_names=("gpt-4o ",))
    fixture.use_cases.repository.integrations["acme", created.id] = older
    before = declared(headers=dict(older.headers or {}), model_names=["gpt-4o "])
    after = declared(headers=dict(older.headers or {}), model_names=["gpt-4o ", "gpt-4o"], enable_default_models="true")
    assert fixture.update(before, after).attributes["version"] == "2"
    invalid = declared(headers={"Host": "other.example"})
    with pytest.raises(FieldsError) as error:
        fixture.update(after, invalid)
    assert [each.pointer for each in error.value.errors] == ["/headers"]
    assert fixture.update(invalid, after).attributes["version"] == "2"


def test_key_reference_follows_the_declaration(fixture: CustomResourceFixture) -> None:
    with_secret = declared(api_key_secret_arn=fixture.create_external_secret("acme"))
    assert fixture.create(with_secret).attributes["has_api_key"] == "true"
    assert fixture.update(with_secret, with_secret).attributes["version"] == "1"
    assert fixture.update(with_secret, declared()).attributes["has_api_key"] == "false"
    assert fixture.update(declared(), with_secret).attributes["has_api_key"] == "true"


def test_create_rejects_secret_of_another_account(fixture: CustomResourceFixture) -> None:
    with pytest.raises(FieldsError) as error:
        fixture.create(declared(api_key_secret_arn=fixture.create_external_secret("other")))
    assert error.value.errors[0].pointer == "/api_key_secret_arn"
    assert fixture.stored() == []


def test_update_keeps_key_that_was_set_outside_the_stack(fixture: CustomResourceFixture) -> None:
    fixture.create(declared())
    [created] = fixture.stored()
    set_by_hand = SecretVersion(arn="arn:own", version="v1")
    fixture.use_cases.repository.integrations["acme", created.id] = replace(created, secret=set_by_hand)
    fixture.update(declared(), declared(name="Renamed"))
    assert fixture.stored()[0].secret == set_by_hand


def test_delete_ignores_properties_that_became_invalid(fixture: CustomResourceFixture) -> None:
    created = fixture.create(declared())
    assert fixture.delete(declared(provider="gone")).physical_id == created.physical_id
    assert fixture.stored() == []


def test_delete_that_fails_is_not_reported_as_done() -> None:
    fixture = CustomResourceFixture(RacingRepository(races=5))
    fixture.create(declared())
    with pytest.raises(ContentionError):
        fixture.delete(declared())
    assert len(fixture.stored()) == 1


def test_delete_of_deleted_integration_succeeds(fixture: CustomResourceFixture) -> None:
    fixture.create(declared())
    first = fixture.delete(declared())
    assert first == fixture.delete(declared()) == Resource(physical_id=ids.encode(ULID), attributes={})
    assert fixture.stored() == []


def test_delete_by_a_stack_that_may_not_view_the_integration_any_more_fails(fixture: CustomResourceFixture) -> None:
    """Success would mean that the integration is deleted."""
    fixture.create(declared(scopings=[{"organization_id": "o"}]))
    fixture.senders.register(the_stacks(name="app*", role=Role.MEMBER))
    with pytest.raises(AccessForbiddenError):
        fixture.delete(declared())
    assert len(fixture.stored()) == 1


@pytest.mark.parametrize("physical_id", [FAILED_CREATION, "app-Llm-1ABC2DEF", ""])
def test_delete_with_invalid_id_deletes_nothing(fixture: CustomResourceFixture, physical_id: str) -> None:
    fixture.create(declared())
    event = a_request("Delete", declared(), RequestId="request-3", PhysicalResourceId=physical_id)
    assert fixture.resource.handle(event).physical_id == physical_id
    assert len(fixture.stored()) == 1


def test_delete_without_account_deletes_nothing(fixture: CustomResourceFixture) -> None:
    fixture.create(declared())
    with pytest.raises(InvalidRequestError):
        fixture.delete({})
    assert len(fixture.stored()) == 1


def test_unknown_request_type_changes_nothing(fixture: CustomResourceFixture) -> None:
    fixture.create(declared())
    with pytest.raises(NotImplementedError):
        fixture.resource.handle(a_request("Read", declared(), RequestId="1", PhysicalResourceId=ids.encode(ULID)))
    assert len(fixture.stored()) == 1


@pytest.mark.parametrize(
    "stack_id",
    ["app-1", f"x{STACK_ID}", STACK_ID.replace("cloudformation", "s3"), STACK_ID.replace(":stack/", ":stack/x")],
)
def test_sender_that_is_no_registered_stack_changes_nothing(fixture: CustomResourceFixture, stack_id: str) -> None:
    with pytest.raises(UnregisteredSenderError):
        fixture.resource.handle(a_request("Create", declared(), RequestId="request-1") | {"StackId": stack_id})
    assert fixture.stored() == []


def test_stack_acts_as_admin_of_the_account(fixture: CustomResourceFixture) -> None:
    """Only admins may scope an integration to the whole account."""
    fixture.create(declared(scopings=[{"organization_id": "o"}, {}]))
    assert fixture.stored()[0].scopings == (Scoping(organization_id="o"), ACCOUNT_WIDE)


FEDERATION = dict(FEDERATIONS["OPEN_AI"].fields)


@pytest.fixture
def federated() -> CustomResourceFixture:
    fixture = CustomResourceFixture(policy=a_policy()._replace(federation_issuer="https://fake.example.com"))
    fixture.create(declared(federation=FEDERATION))
    return fixture


def test_declared_federation_is_kept_changed_and_removed_with_the_declaration(federated: CustomResourceFixture) -> None:
    assert federated.stored()[0].federation == FEDERATIONS["OPEN_AI"]
    changed = {**FEDERATION, "service_account_id": "sa_other"}
    federated.update(declared(federation=FEDERATION), declared(federation=changed))
    [after_change] = federated.stored()
    assert after_change.federation is not None
    assert after_change.federation.fields == changed
    federated.update(declared(federation=changed), declared())
    assert federated.stored()[0].federation is None


def test_declared_secret_replaces_the_federation_and_the_other_way_round(federated: CustomResourceFixture) -> None:
    with_secret = declared(api_key_secret_arn=federated.create_external_secret("acme"))
    federated.update(declared(federation=FEDERATION), with_secret)
    [stored] = federated.stored()
    assert (stored.federation, stored.secret is None) == (None, False)
    federated.update(with_secret, declared(federation=FEDERATION))
    [stored] = federated.stored()
    assert (stored.federation, stored.secret) == (FEDERATIONS["OPEN_AI"], None)


@pytest.mark.parametrize("before", [declared(), declared(federation=None), {"Integration": "text"}, {}])
def test_federation_that_the_stack_never_declared_is_kept(
    federated: CustomResourceFixture, before: dict[str, Any]
) -> None:
    federated.update(before, declared(name="Renamed"))
    [stored] = federated.stored()
    assert (stored.name, stored.federation) == ("Renamed", FEDERATIONS["OPEN_AI"])
