"""Use every operation on AI integrations of one release of the official Python client.

Needs only the PyPI package `arize`, which it does not patch. Differences between releases (the name of the id
parameter, the types of metadata, the wire format) are read from the client's public API. The module docstring of
tests/stack/test_official_clients.py lists the environment variables. The program prints the outcome of each step as
JSON; its exit status is 1 if a step failed.
"""

import base64
import inspect
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from arize import ArizeClient

try:
    from arize.ai_integrations import types
except ImportError:  # older releases: enum values are strings, metadata and scopings are dicts
    types = None

PROBLEM_TYPE = "https://arize.com/docs/ax/rest-reference/errors#"
SPACE = os.environ["AI_INTEGRATIONS_SPACE"]
SPACE_ID = os.environ["AI_INTEGRATIONS_SPACE_ID"]
ORGANIZATION = os.environ["AI_INTEGRATIONS_ORGANIZATION"]
ORGANIZATION_ID = os.environ["AI_INTEGRATIONS_ORGANIZATION_ID"]


class NotSupportedError(Exception):
    """The public API of this release has no such operation."""


def connect(key: str) -> Any:
    url = urlsplit(os.environ["AI_INTEGRATIONS_URL"])
    return ArizeClient(api_key=key, api_scheme=url.scheme, api_host=url.netloc + url.path)


CLIENT = connect(os.environ["AI_INTEGRATIONS_API_KEY"])
INTEGRATIONS = CLIENT.ai_integrations
ID = next(name for name in ("integration", "integration_id") if name in inspect.signature(INTEGRATIONS.get).parameters)
RESOLVES_NAMES = ID == "integration"
ORGANIZATIONS = getattr(CLIENT, "organizations", None)
AUDIT_LOGS = getattr(CLIENT, "audit_logs", None)


def enum_member(enum: str, legacy: str) -> Any:
    """Return the member of the client's enum that corresponds to a value in the legacy wire format."""
    if types is None:
        return legacy
    return next(member for member in getattr(types, enum) if normalized(member) == normalized(legacy))


def normalized(value: str) -> str:
    """Remove the differences between the wire formats from an enum value."""
    return str(getattr(value, "value", value)).replace("_", "").lower()


def provider(legacy: str) -> Any:
    return enum_member("AiIntegrationProvider", legacy)


def metadata(cloud: str, **fields: str) -> Any:
    if types is None:
        return fields
    kind = next(iter(getattr(types, f"{cloud}ProviderMetadataKind")))
    return _request_type(f"{cloud}ProviderMetadata")(kind=kind, **fields)


def scoping(**ids: str) -> Any:
    return ids if types is None else _request_type("AiIntegrationScoping")(**ids)


def _request_type(name: str) -> Any:
    return getattr(types, f"{name}Request", None) or getattr(types, name)


def as_dict(metadata: Any) -> Any:
    return metadata if isinstance(metadata, dict) else metadata.to_dict()


def create(name: str, legacy_provider: str = "anthropic", **fields: Any) -> Any:
    return INTEGRATIONS.create(name=name, provider=provider(legacy_provider), **fields)


def get(integration: str, **more: str) -> Any:
    return INTEGRATIONS.get(**{ID: integration}, **more)


def update(integration: str, **changes: Any) -> Any:
    return INTEGRATIONS.update(**{ID: integration}, **changes)


def delete(integration: str) -> None:
    INTEGRATIONS.delete(**{ID: integration})


def pages(limit: int, **filters: str) -> Iterator[Any]:
    cursor = None
    while True:
        page = INTEGRATIONS.list(limit=limit, cursor=cursor, **filters)
        yield page.ai_integrations
        assert page.pagination.has_more is (page.pagination.next_cursor is not None)
        cursor = page.pagination.next_cursor
        if cursor is None:
            return


def list_all(**filters: str) -> list[Any]:
    return [integration for page in pages(100, **filters) for integration in page]


def expect_problem(status: int, fragment: str, call: Callable[[], Any]) -> Any:
    """Check that a call fails with a problem document of this type, and return the client's error."""
    error = _error_of(call)
    assert getattr(error, "status", None) == status, error
    document = json.loads(error.body)
    assert document["status"] == status
    assert document["type"] == PROBLEM_TYPE + fragment
    assert error.headers["Content-Type"] == "application/problem+json"
    return error


def _error_of(call: Callable[[], Any]) -> Any:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - older releases do not export their error classes
        return error
    raise AssertionError("the call did not fail")


def create_published_example() -> None:
    example = json.loads(os.environ["AI_INTEGRATIONS_EXAMPLE"])
    created = INTEGRATIONS.create(**{**example, "provider": provider(example["provider"])})
    assert (created.name, normalized(created.provider)) == (example["name"], normalized(example["provider"]))
    assert created.has_api_key is True
    assert created.model_names == example["model_names"]
    assert (created.enable_default_models, created.function_calling_enabled) == (True, True)
    assert normalized(created.auth_type) == "default"
    assert [scoping.to_dict() for scoping in created.scopings] in ([{}], [{"organization_id": None, "space_id": None}])
    assert created.created_at == created.updated_at
    assert created.created_at.utcoffset() == timedelta(0)
    assert ":" in base64.b64decode(created.id).decode()
    assert ":" in base64.b64decode(created.created_by_user_id).decode()


def create_with_every_field() -> None:
    created = create(
        "Every field",
        "custom",
        api_key="fake-key",
        base_url="https://models.example.com/v1",
        model_names=["small", "large"],
        headers={"X-Team": "search"},
        enable_default_models=False,
        function_calling_enabled=False,
        auth_type=enum_member("AiIntegrationAuthType", "proxy_with_headers"),
    )
    assert created.base_url == "https://models.example.com/v1"
    assert created.headers == {"X-Team": "search"}
    assert normalized(created.auth_type) == "proxywithheaders"
    assert created.function_calling_enabled is False


def create_with_aws_metadata() -> None:
    role = os.environ["AI_INTEGRATIONS_ROLE"]
    created = create("Bedrock", "awsBedrock", provider_metadata=metadata("Aws", role_arn=role, external_id="e-1"))
    assert as_dict(created.provider_metadata)["role_arn"] == role
    assert as_dict(created.provider_metadata)["external_id"] == "e-1"
    changed = update(created.id, provider_metadata=metadata("Aws", role_arn=role))
    assert as_dict(changed.provider_metadata).get("external_id") is None


def create_with_gcp_metadata() -> None:
    fields = {"project_id": "p", "location": "europe-west1", "project_access_label": "P"}
    created = create("Vertex", "vertexAI", provider_metadata=metadata("Gcp", **fields))
    assert fields.items() <= as_dict(created.provider_metadata).items()
    assert fields.items() <= as_dict(get(created.id).provider_metadata).items()


def create_for_one_space() -> None:
    created = create("For one space", scopings=[scoping(space_id=SPACE_ID)])
    assert [each.space_id for each in created.scopings] == [SPACE_ID]
    changed = update(created.id, scopings=[])
    assert [each.space_id for each in changed.scopings] == [None]


def create_with_every_provider_of_the_client() -> None:
    if types is None:
        raise NotSupportedError("the client has no enum of providers")
    for each in types.AiIntegrationProvider:
        extra = {"awsbedrock": metadata("Aws", role_arn=os.environ["AI_INTEGRATIONS_ROLE"])}
        extra["vertexai"] = metadata("Gcp", project_id="p", location="us", project_access_label="a")
        created = INTEGRATIONS.create(
            name=f"Provider {each.value}", provider=each, provider_metadata=extra.get(normalized(each))
        )
        assert created.provider is each


def list_in_pages() -> None:
    created = [create(f"Page {number}").id for number in range(5)]
    read = list(pages(2))
    ids = [integration.id for page in read for integration in page]
    assert max(map(len, read)) == 2
    assert len(ids) == len(set(ids))
    assert [each for each in ids if each in created] == created[::-1]


def list_integrations_written_in_both_formats() -> None:
    names = {integration.name for integration in list_all()}
    assert names >= set(json.loads(os.environ["AI_INTEGRATIONS_SEEDED_NAMES"]))


def list_by_name() -> None:
    if not RESOLVES_NAMES:
        raise NotSupportedError("list cannot filter by name")
    created = create("Unique name in the list")
    assert [each.id for each in list_all(name="UNIQUE NAME")] == [created.id]


def list_by_space_id() -> None:
    in_space = create("Of this space", scopings=[scoping(space_id=SPACE_ID)]).id
    found = list_all(**{"space" if RESOLVES_NAMES else "space_id": SPACE_ID})
    assert in_space in {each.id for each in found}
    assert os.environ["AI_INTEGRATIONS_NAME_IN_OTHER_SPACE"] not in {each.name for each in found}


def list_by_space_name() -> None:
    if not RESOLVES_NAMES:
        raise NotSupportedError("list accepts only the id of a space")
    in_space = create("Of a space by name", scopings=[scoping(space_id=SPACE_ID)]).id
    assert in_space in {each.id for each in list_all(space=SPACE)}
    assert list_all(space="no such space") == []


def get_by_id() -> None:
    created = create("By id", api_key="fake-key")
    assert get(created.id).to_dict() == created.to_dict()


def get_by_name_in_a_space() -> None:
    if not RESOLVES_NAMES:
        raise NotSupportedError("get accepts only an id")
    name = os.environ["AI_INTEGRATIONS_NAME_IN_SPACE"]
    by_names = get(name, space=SPACE)
    assert by_names.name == name
    assert get(name, space=SPACE_ID).id == by_names.id


def list_spaces() -> None:
    spaces = {space.id: space for space in CLIENT.spaces.list(limit=100).spaces}
    assert spaces[SPACE_ID].name == SPACE


def list_spaces_of_an_organization() -> None:
    (space,) = CLIENT.spaces.list(organization_id=ORGANIZATION_ID).spaces
    assert space.id == SPACE_ID
    assert getattr(space, "organization_id", ORGANIZATION_ID) == ORGANIZATION_ID
    assert CLIENT.spaces.list(organization_id="T3JnYW5pemF0aW9uOjE6eHg=").spaces == []


def get_space() -> None:
    (reference,) = inspect.signature(CLIENT.spaces.get).parameters
    space = CLIENT.spaces.get(**{reference: SPACE_ID})
    assert (space.id, space.name) == (SPACE_ID, SPACE)
    if reference == "space":
        assert CLIENT.spaces.get(space=SPACE) == space
    expect_problem(404, "resource-not-found", lambda: CLIENT.spaces.get(**{reference: "U3BhY2U6MTp4eA=="}))


def list_organizations_in_pages() -> None:
    first = _organizations().list(limit=1)
    second = _organizations().list(limit=1, cursor=first.pagination.next_cursor)
    (organization,) = second.organizations
    assert (organization.id, organization.name, organization.description) == (ORGANIZATION_ID, ORGANIZATION, "")
    assert second.pagination.has_more is False


def get_organization_by_id_and_name() -> None:
    organization = _organizations().get(organization=ORGANIZATION)
    assert organization.id == ORGANIZATION_ID
    assert _organizations().get(organization=ORGANIZATION_ID) == organization
    unknown = lambda: _organizations().get(organization="T3JnYW5pemF0aW9uOjE6eHg=")  # noqa: E731
    expect_problem(404, "resource-not-found", unknown)


def create_with_a_scoping_found_by_names() -> None:
    found = CLIENT.spaces.list(organization_id=_organizations().get(organization=ORGANIZATION).id, name=SPACE)
    ids = {"organization_id": ORGANIZATION_ID, "space_id": found.spaces[0].id}
    created = create("Scoped by names", scopings=[scoping(**ids)])
    assert [each.to_dict() for each in created.scopings] == [ids]


def list_with_an_empty_name_returns_400() -> None:
    resources = [each for each in (INTEGRATIONS, CLIENT.spaces, ORGANIZATIONS) if each]
    lists = [each.list for each in resources if "name" in inspect.signature(each.list).parameters]
    if not lists:
        raise NotSupportedError("no list can filter by name")
    for each in lists:
        expect_problem(400, "invalid-request", partial(each, name=""))


def _organizations() -> Any:
    if ORGANIZATIONS is None:
        raise NotSupportedError("the client has no organizations")
    return ORGANIZATIONS


def list_audit_logs_of_the_own_changes() -> None:
    _audit_logs()
    created = create("Audited", api_key="fake-key")
    update(created.id, name="Audited and renamed")
    delete(created.id)
    operations = ["deleteAiIntegration", "updateAiIntegration", "createAiIntegration"]
    minute = timedelta(minutes=1)
    filters = {
        "start_time": created.created_at - minute,
        "end_time": datetime.now(UTC) + minute,
        "user_id": created.created_by_user_id,
        "operation_type": _audit_log_type("MUTATION"),
    }
    entries = _audit_logs_of(created.id, len(operations), **filters)
    assert [each.operation_name for each in entries] == operations
    assert {each.user_id for each in entries} == {created.created_by_user_id}
    assert {each.operation_type.value for each in entries} == {"MUTATION"}
    assert json.loads(entries[1].variables)["changed_fields"] == ["name"]
    assert entries[0].created_at >= entries[1].created_at >= entries[2].created_at
    assert _audit_logs_of(created.id, 0, **filters | {"end_time": created.created_at - minute / 2}) == []
    assert _audit_logs_of(created.id, 0, operation_type=_audit_log_type("SUBSCRIPTION")) == []


def list_audit_logs_by_operation_names() -> None:
    if "operation_names" not in inspect.signature(_audit_logs().list).parameters:
        raise NotSupportedError("the client has no filter for names of operations")
    created = create("Audited by name")
    delete(created.id)
    assert len(_audit_logs_of(created.id, 2, operation_names=["createAiIntegration", "deleteAiIntegration"])) == 2
    assert len(_audit_logs_of(created.id, 1, operation_names=["deleteAiIntegration"])) == 1


def list_audit_logs_by_a_reader_returns_403() -> None:
    _audit_logs()
    reader = connect(os.environ["AI_INTEGRATIONS_READER_KEY"]).audit_logs
    expect_problem(403, "access-forbidden", reader.list)


def _audit_logs() -> Any:
    if AUDIT_LOGS is None:
        raise NotSupportedError("the client has no audit logs")
    return AUDIT_LOGS


def _audit_log_type(name: str) -> Any:
    _audit_logs()
    return import_module("arize.audit_logs.types").AuditLogOperationType[name]


def _audit_logs_of(integration: str, count: int, **filters: Any) -> list[Any]:
    """List the entries of an integration, newest first, as soon as there are enough: they appear some seconds late."""
    deadline = time.monotonic() + 60
    while True:
        entries = [each for each in _all_audit_logs(**filters) if _resource_of(each) == integration]
        if len(entries) >= count or time.monotonic() > deadline:
            return entries
        time.sleep(0.2)


def _all_audit_logs(**filters: Any) -> Iterator[Any]:
    cursor = None
    while True:
        page = _audit_logs().list(limit=5, cursor=cursor, **filters)
        yield from page.logs
        cursor = page.pagination.next_cursor
        if cursor is None:
            return


def _resource_of(entry: Any) -> Any:
    return json.loads(entry.variables).get("resource_id")


def update_name_and_models() -> None:
    created = create("Before", model_names=["a", "b"])
    changed = update(created.id, name="After", model_names=["c"])
    assert (changed.id, changed.name, changed.model_names) == (created.id, "After", ["c"])
    assert changed.updated_at >= changed.created_at
    reused = create("Before")
    assert reused.id != created.id


def remove_and_set_the_key() -> None:
    created = create("Keyed", api_key="fake-key")
    assert update(created.id, name="Keyed still").has_api_key is True
    assert update(created.id, api_key=None).has_api_key is False
    assert update(created.id, api_key="another-fake-key").has_api_key is True


def clear_optional_fields() -> None:
    created = create("To clear", "custom", base_url="https://models.example.com", headers={"X-A": "b"})
    changed = update(created.id, base_url=None, headers=None)
    assert (changed.base_url, changed.headers) == (None, None)


def delete_integration() -> None:
    created = create("To delete", api_key="fake-key")
    delete(created.id)
    error = expect_problem(404, "resource-not-found", lambda: get(created.id))
    assert error.data.detail
    expect_problem(404, "resource-not-found", lambda: delete(created.id))
    expect_problem(404, "resource-not-found", lambda: update(created.id, name="Gone"))


def create_with_a_taken_name_returns_409() -> None:
    create("Taken")
    error = expect_problem(409, "resource-conflict", lambda: create("TAKEN"))
    assert error.data is None or error.data.title == "Resource conflict"
    other = create("Free")
    expect_problem(409, "resource-conflict", lambda: update(other.id, name="taken"))


def list_with_an_unknown_key_returns_401() -> None:
    unauthenticated = connect("not-a-key").ai_integrations
    error = expect_problem(401, "authentication-required", unauthenticated.list)
    assert error.data.title == "Authentication required"


def create_by_a_reader_returns_403() -> None:
    reader = connect(os.environ["AI_INTEGRATIONS_READER_KEY"]).ai_integrations
    assert reader.list(limit=1).ai_integrations
    call = lambda: reader.create(name="By a reader", provider=provider("openAI"))  # noqa: E731
    assert expect_problem(403, "access-forbidden", call).data.detail


def get_with_a_malformed_id_returns_400() -> None:
    expect_problem(400, "invalid-request", lambda: get("Tm9wZToxOjE="))


def create_that_breaks_a_rule_returns_422() -> None:
    error = expect_problem(422, "unprocessable-entity", lambda: create("Masked", api_key="sk-****ef"))
    assert [each["pointer"] for each in json.loads(error.body)["errors"]] == ["/api_key"]
    expect_problem(422, "unprocessable-entity", lambda: create("No role", "awsBedrock"))


STEPS = (
    create_published_example,
    create_with_every_field,
    create_with_aws_metadata,
    create_with_gcp_metadata,
    create_for_one_space,
    create_with_every_provider_of_the_client,
    list_in_pages,
    list_integrations_written_in_both_formats,
    list_by_name,
    list_by_space_id,
    list_by_space_name,
    get_by_id,
    get_by_name_in_a_space,
    list_spaces,
    list_spaces_of_an_organization,
    get_space,
    list_organizations_in_pages,
    get_organization_by_id_and_name,
    create_with_a_scoping_found_by_names,
    list_with_an_empty_name_returns_400,
    list_audit_logs_of_the_own_changes,
    list_audit_logs_by_operation_names,
    list_audit_logs_by_a_reader_returns_403,
    update_name_and_models,
    remove_and_set_the_key,
    clear_optional_fields,
    delete_integration,
    create_with_a_taken_name_returns_409,
    list_with_an_unknown_key_returns_401,
    create_by_a_reader_returns_403,
    get_with_a_malformed_id_returns_400,
    create_that_breaks_a_rule_returns_422,
)


def outcome(step: Callable[[], None]) -> str:
    try:
        step()
    except NotSupportedError as reason:
        return f"not supported: {reason}"
    except Exception:  # noqa: BLE001 - the report contains every failure
        return traceback.format_exc()
    return "ok"


def main() -> int:
    logging.disable(logging.WARNING)  # each preview function of the client logs a warning
    outcomes = {step.__name__.replace("_", " "): outcome(step) for step in STEPS}
    json.dump({"client": f"arize {version('arize')}", "steps": outcomes}, sys.stdout, indent=2)
    return int(any(not each.startswith(("ok", "not supported")) for each in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
