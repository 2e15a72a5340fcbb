"""Walks one release of the official Python client through the life of AI integrations.

Runs in an environment that has the PyPI package `arize`, and needs nothing else. Nothing of the client is patched: what
differs between its releases (how an id is called, which types metadata have, how words are spelled) is read from its
public surface. What it takes from the environment is said in tests/stack/test_official_clients.py. It prints what came
of each step as JSON; the exit status is 1 if one failed.
"""

import base64
import inspect
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from arize import ArizeClient

try:
    from arize.ai_integrations import types
except ImportError:  # older releases: words are plain texts, metadata and scopings plain dicts
    types = None

PROBLEM_TYPE = "https://arize.com/docs/ax/rest-reference/errors#"
SPACE = os.environ["AI_INTEGRATIONS_SPACE"]
SPACE_ID = os.environ["AI_INTEGRATIONS_SPACE_ID"]


class NotOfferedError(Exception):
    """This release has no such thing on its public surface."""


def connect(key: str) -> Any:
    url = urlsplit(os.environ["AI_INTEGRATIONS_URL"])
    return ArizeClient(api_key=key, api_scheme=url.scheme, api_host=url.netloc + url.path)


CLIENT = connect(os.environ["AI_INTEGRATIONS_API_KEY"])
INTEGRATIONS = CLIENT.ai_integrations
ID = next(name for name in ("integration", "integration_id") if name in inspect.signature(INTEGRATIONS.get).parameters)
RESOLVES_NAMES = ID == "integration"


def word(kind: str, founding: str) -> Any:
    """Return the release's own word for a founding one; `kind` is its enumeration."""
    if types is None:
        return founding
    return next(member for member in getattr(types, kind) if plain(member) == plain(founding))


def plain(text: str) -> str:
    """Return a word without what the spellings differ in."""
    return str(getattr(text, "value", text)).replace("_", "").lower()


def provider(founding: str) -> Any:
    return word("AiIntegrationProvider", founding)


def metadata(cloud: str, **fields: str) -> Any:
    if types is None:
        return fields
    kind = next(iter(getattr(types, f"{cloud}ProviderMetadataKind")))
    return _request_type(f"{cloud}ProviderMetadata")(kind=kind, **fields)


def scoping(**ids: str) -> Any:
    return ids if types is None else _request_type("AiIntegrationScoping")(**ids)


def _request_type(name: str) -> Any:
    return getattr(types, f"{name}Request", None) or getattr(types, name)


def shown(metadata: Any) -> Any:
    return metadata if isinstance(metadata, dict) else metadata.to_dict()


def create(name: str, founding_provider: str = "anthropic", **fields: Any) -> Any:
    return INTEGRATIONS.create(name=name, provider=provider(founding_provider), **fields)


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


def listed(**filters: str) -> list[Any]:
    return [integration for page in pages(100, **filters) for integration in page]


def refused(status: int, fragment: str, call: Callable[[], Any]) -> Any:
    """Return the client's error if the call is answered with a problem document of this kind."""
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
    except Exception as error:  # noqa: BLE001 - older releases keep the classes of their errors to themselves
        return error
    raise AssertionError("the call was not refused")


def creates_the_founding_example() -> None:
    example = json.loads(os.environ["AI_INTEGRATIONS_EXAMPLE"])
    created = INTEGRATIONS.create(**{**example, "provider": provider(example["provider"])})
    assert (created.name, plain(created.provider)) == (example["name"], plain(example["provider"]))
    assert created.has_api_key is True
    assert created.model_names == example["model_names"]
    assert (created.enable_default_models, created.function_calling_enabled) == (True, True)
    assert plain(created.auth_type) == "default"
    assert [scoping.to_dict() for scoping in created.scopings] in ([{}], [{"organization_id": None, "space_id": None}])
    assert created.created_at == created.updated_at
    assert created.created_at.utcoffset() == timedelta(0)
    assert ":" in base64.b64decode(created.id).decode()
    assert ":" in base64.b64decode(created.created_by_user_id).decode()


def creates_with_every_field() -> None:
    created = create(
        "Every field",
        "custom",
        api_key="fake-key",
        base_url="https://models.example.com/v1",
        model_names=["small", "large"],
        headers={"X-Team": "search"},
        enable_default_models=False,
        function_calling_enabled=False,
        auth_type=word("AiIntegrationAuthType", "proxy_with_headers"),
    )
    assert created.base_url == "https://models.example.com/v1"
    assert created.headers == {"X-Team": "search"}
    assert plain(created.auth_type) == "proxywithheaders"
    assert created.function_calling_enabled is False


def creates_with_metadata_of_aws() -> None:
    role = "arn:aws:iam::123456789012:role/bedrock"
    created = create("Bedrock", "awsBedrock", provider_metadata=metadata("Aws", role_arn=role, external_id="e-1"))
    assert shown(created.provider_metadata)["role_arn"] == role
    assert shown(created.provider_metadata)["external_id"] == "e-1"
    changed = update(created.id, provider_metadata=metadata("Aws", role_arn=role))
    assert shown(changed.provider_metadata).get("external_id") is None


def creates_with_metadata_of_gcp() -> None:
    fields = {"project_id": "p", "location": "europe-west1", "project_access_label": "P"}
    created = create("Vertex", "vertexAI", provider_metadata=metadata("Gcp", **fields))
    assert fields.items() <= shown(created.provider_metadata).items()
    assert fields.items() <= shown(get(created.id).provider_metadata).items()


def creates_for_one_space() -> None:
    created = create("For one space", scopings=[scoping(space_id=SPACE_ID)])
    assert [each.space_id for each in created.scopings] == [SPACE_ID]
    changed = update(created.id, scopings=[])
    assert [each.space_id for each in changed.scopings] == [None]


def creates_with_every_provider_of_its_own() -> None:
    if types is None:
        raise NotOfferedError("providers are plain texts")
    for each in types.AiIntegrationProvider:
        extra = {"awsbedrock": metadata("Aws", role_arn="r")}
        extra["vertexai"] = metadata("Gcp", project_id="p", location="l", project_access_label="a")
        created = INTEGRATIONS.create(
            name=f"Provider {each.value}", provider=each, provider_metadata=extra.get(plain(each))
        )
        assert created.provider is each


def lists_in_pages() -> None:
    created = [create(f"Page {number}").id for number in range(5)]
    read = list(pages(2))
    ids = [integration.id for page in read for integration in page]
    assert max(map(len, read)) == 2
    assert len(ids) == len(set(ids))
    assert [each for each in ids if each in created] == created[::-1]


def lists_what_others_wrote_in_either_spelling() -> None:
    names = {integration.name for integration in listed()}
    assert names >= set(json.loads(os.environ["AI_INTEGRATIONS_SEEDED"]))


def filters_by_name() -> None:
    if not RESOLVES_NAMES:
        raise NotOfferedError("list has no name")
    created = create("Needle in the hay")
    assert [each.id for each in listed(name="NEEDLE")] == [created.id]


def filters_by_the_id_of_a_space() -> None:
    here = create("Of this space", scopings=[scoping(space_id=SPACE_ID)]).id
    found = listed(**{"space" if RESOLVES_NAMES else "space_id": SPACE_ID})
    assert here in {each.id for each in found}
    assert os.environ["AI_INTEGRATIONS_OF_ANOTHER_SPACE"] not in {each.name for each in found}


def filters_by_the_name_of_a_space() -> None:
    if not RESOLVES_NAMES:
        raise NotOfferedError("list takes the id of a space alone")
    here = create("Of a space by name", scopings=[scoping(space_id=SPACE_ID)]).id
    assert here in {each.id for each in listed(space=SPACE)}
    assert listed(space="no such space") == []


def gets_by_id() -> None:
    created = create("By id", api_key="fake-key")
    assert get(created.id).to_dict() == created.to_dict()


def gets_by_name_in_a_space() -> None:
    if not RESOLVES_NAMES:
        raise NotOfferedError("get takes an id alone")
    name = os.environ["AI_INTEGRATIONS_OF_THE_SPACE"]
    by_names = get(name, space=SPACE)
    assert by_names.name == name
    assert get(name, space=SPACE_ID).id == by_names.id


def lists_spaces() -> None:
    spaces = {space.id: space for space in CLIENT.spaces.list(limit=100).spaces}
    assert spaces[SPACE_ID].name == SPACE


def renames_and_changes_models() -> None:
    created = create("Before", model_names=["a", "b"])
    changed = update(created.id, name="After", model_names=["c"])
    assert (changed.id, changed.name, changed.model_names) == (created.id, "After", ["c"])
    assert changed.updated_at >= changed.created_at
    again = create("Before")
    assert again.id != created.id


def removes_the_key_and_sets_it_again() -> None:
    created = create("Keyed", api_key="fake-key")
    assert update(created.id, name="Keyed still").has_api_key is True
    assert update(created.id, api_key=None).has_api_key is False
    assert update(created.id, api_key="another-fake-key").has_api_key is True


def clears_what_can_be_cleared() -> None:
    created = create("To clear", "custom", base_url="https://models.example.com", headers={"X-A": "b"})
    changed = update(created.id, base_url=None, headers=None)
    assert (changed.base_url, changed.headers) == (None, None)


def deletes() -> None:
    created = create("To delete", api_key="fake-key")
    delete(created.id)
    error = refused(404, "resource-not-found", lambda: get(created.id))
    assert error.data.detail
    refused(404, "resource-not-found", lambda: delete(created.id))
    refused(404, "resource-not-found", lambda: update(created.id, name="Gone"))


def meets_a_taken_name() -> None:
    create("Taken")
    error = refused(409, "resource-conflict", lambda: create("TAKEN"))
    assert error.data is None or error.data.title == "Resource conflict"
    other = create("Free")
    refused(409, "resource-conflict", lambda: update(other.id, name="taken"))


def meets_a_missing_key() -> None:
    stranger = connect("not-a-key").ai_integrations
    error = refused(401, "authentication-required", stranger.list)
    assert error.data.title == "Authentication required"


def meets_a_lack_of_permission() -> None:
    reader = connect(os.environ["AI_INTEGRATIONS_READER_KEY"]).ai_integrations
    assert reader.list(limit=1).ai_integrations
    call = lambda: reader.create(name="By a reader", provider=provider("openAI"))  # noqa: E731
    assert refused(403, "access-forbidden", call).data.detail


def meets_a_malformed_id() -> None:
    refused(400, "invalid-request", lambda: get("Tm9wZToxOjE="))


def meets_a_broken_rule() -> None:
    error = refused(422, "unprocessable-entity", lambda: create("Masked", api_key="sk-****ef"))
    assert [each["pointer"] for each in json.loads(error.body)["errors"]] == ["/api_key"]
    refused(422, "unprocessable-entity", lambda: create("No role", "awsBedrock"))


STEPS = (
    creates_the_founding_example,
    creates_with_every_field,
    creates_with_metadata_of_aws,
    creates_with_metadata_of_gcp,
    creates_for_one_space,
    creates_with_every_provider_of_its_own,
    lists_in_pages,
    lists_what_others_wrote_in_either_spelling,
    filters_by_name,
    filters_by_the_id_of_a_space,
    filters_by_the_name_of_a_space,
    gets_by_id,
    gets_by_name_in_a_space,
    lists_spaces,
    renames_and_changes_models,
    removes_the_key_and_sets_it_again,
    clears_what_can_be_cleared,
    deletes,
    meets_a_taken_name,
    meets_a_missing_key,
    meets_a_lack_of_permission,
    meets_a_malformed_id,
    meets_a_broken_rule,
)


def outcome(step: Callable[[], None]) -> str:
    try:
        step()
    except NotOfferedError as lack:
        return f"not offered: {lack}"
    except Exception:  # noqa: BLE001 - whatever fails is in the report
        return traceback.format_exc()
    return "ok"


def main() -> int:
    logging.disable(logging.WARNING)  # each function of the client warns once that it is a preview
    steps = {step.__name__.replace("_", " "): outcome(step) for step in STEPS}
    json.dump({"client": f"arize {version('arize')}", "steps": steps}, sys.stdout, indent=2)
    return int(any(not came.startswith(("ok", "not offered")) for came in steps.values()))


if __name__ == "__main__":
    sys.exit(main())
