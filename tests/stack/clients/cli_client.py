"""Use every operation on AI integrations of one release of the official command-line client.

Needs only the PyPI package `arize-ax-cli`, which it does not patch. The client's own command creates a profile in an
empty home folder. The module docstring of tests/stack/test_official_clients.py lists the environment variables. The
program prints the outcome of each step as JSON; its exit status is 1 if a step failed.
"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

AX = Path(sys.executable).with_name("ax")
VERSION = version("arize-ax-cli")
USES_CURRENT_FORMAT = tuple(map(int, VERSION.split(".")[:2])) >= (0, 26)
SPACE = os.environ["AI_INTEGRATIONS_SPACE"]
SPACE_ID = os.environ["AI_INTEGRATIONS_SPACE_ID"]
ORGANIZATION = os.environ["AI_INTEGRATIONS_ORGANIZATION"]
ORGANIZATION_ID = os.environ["AI_INTEGRATIONS_ORGANIZATION_ID"]
# The client reads the key from the environment at each call. `update` would look for newer releases on PyPI.
PROFILE = """
profile = {{ name = "stack-test" }}
auth = {{ auth_method = "api-key", api_key = "${{AI_INTEGRATIONS_API_KEY}}" }}
routing = {{ api_scheme = "{scheme}", api_host = "{host}" }}
output = {{ format = "json" }}
update = {{ enabled = false }}
"""


class NotSupportedError(Exception):
    """The command line of this release has no such option."""


class CommandError(Exception):
    """The command failed; the message is its output."""


def run(*arguments: str, key: str = os.environ["AI_INTEGRATIONS_API_KEY"]) -> str:
    environment = {**os.environ, "AI_INTEGRATIONS_API_KEY": key, "COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run(  # noqa: S603 the client under test
        [AX, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise CommandError(done.stdout + done.stderr)
    return done.stdout


def create_profile() -> None:
    url = urlsplit(os.environ["AI_INTEGRATIONS_URL"])
    file = Path(os.environ["HOME"]) / "profile.toml"
    file.write_text(PROFILE.format(scheme=url.scheme, host=url.netloc + url.path))
    run("profiles", "create", "stack-test", "--from-file", str(file))


def ax(command: str, *arguments: str, **options: str) -> Any:
    return as_json("ai-integrations", command, *arguments, **options)


def as_json(*arguments: str, **options: str) -> Any:
    return json.loads(run(*arguments, "--output", "json", **options))


def enum_value(legacy: str) -> str:
    """Convert an enum value to this release's wire format: openAI to OPEN_AI, bearer_token to BEARER_TOKEN."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", legacy).upper() if USES_CURRENT_FORMAT else legacy


def create(name: str, *arguments: str, provider: str = "anthropic") -> Any:
    return ax("create", "--name", name, "--provider", enum_value(provider), *arguments)


def pages(limit: int, *filters: str) -> Iterator[Any]:
    cursor: list[str] = []
    while True:
        page = ax("list", "--limit", str(limit), *cursor, *filters)
        yield page["ai_integrations"]
        if not page["pagination"]["has_more"]:
            return
        cursor = ["--cursor", page["pagination"]["next_cursor"]]


def list_all(*filters: str) -> list[Any]:
    return [integration for page in pages(100, *filters) for integration in page]


def metadata(integration: Any) -> Any:
    """Return the provider metadata, which the client prints inside a wrapper object."""
    return integration["provider_metadata"]["actual_instance"]


def expect_error(status: int, call: Callable[[], Any]) -> str:
    """Check that a call fails with this status, and return the client's output."""
    try:
        call()
    except CommandError as error:
        output = str(error)
    else:
        raise AssertionError(f"the call did not fail with {status}")
    assert re.search(rf"Error: {status}\b", output), output
    return output


def create_published_example() -> None:
    example = json.loads(os.environ["AI_INTEGRATIONS_EXAMPLE"])
    models = [argument for name in example["model_names"] for argument in ("--model-name", name)]
    created = create(
        example["name"],
        *("--api-key", example["api_key"], *models, "--enable-default-models"),
        provider=example["provider"],
    )
    assert (created["name"], created["provider"]) == (example["name"], enum_value(example["provider"]))
    assert created["has_api_key"] is True
    assert created["model_names"] == example["model_names"]
    assert created["enable_default_models"] is True
    # Unlike the API's default: this client sends the value of every flag, false included.
    assert created["function_calling_enabled"] is False
    assert created["auth_type"] == enum_value("default")
    assert ":" in base64.b64decode(created["id"]).decode()


def create_with_every_field() -> None:
    created = create(
        "Every field",
        *("--api-key", "fake-key", "--base-url", "https://models.example.com/v1", "--model-name", "small"),
        *("--headers", '{"X-Team": "search"}', "--auth-type", enum_value("proxy_with_headers")),
        "--function-calling-enabled",
        provider="custom",
    )
    assert created["base_url"] == "https://models.example.com/v1"
    assert created["headers"] == {"X-Team": "search"}
    assert created["auth_type"] == enum_value("proxy_with_headers")
    assert created["function_calling_enabled"] is True


def create_with_aws_metadata() -> None:
    fields = {"role_arn": os.environ["AI_INTEGRATIONS_ROLE"], "external_id": "e-1"}
    created = create("Bedrock", "--provider-metadata", json.dumps(fields), provider="awsBedrock")
    assert metadata(created) == {**fields, "kind": enum_value("aws")}
    changes = {"kind": enum_value("aws"), "role_arn": fields["role_arn"]}
    changed = ax("update", created["id"], "--provider-metadata", json.dumps(changes))
    assert metadata(changed) == changes


def create_with_gcp_metadata() -> None:
    fields = {"project_id": "p", "location": "europe-west1", "project_access_label": "P"}
    created = create("Vertex", "--provider-metadata", json.dumps(fields), provider="vertexAI")
    assert metadata(created) == {**fields, "kind": enum_value("gcp")}


def update_scopings_to_one_space() -> None:
    created = create("For one space")
    try:
        scoped = ax("update", created["id"], "--scopings", json.dumps([{"space_id": SPACE_ID}]))
    except CommandError as error:
        if "instance of AiIntegrationScopingRequest" in str(error):
            raise NotSupportedError("the client builds scopings of a type that its own library rejects") from error
        raise
    assert [scoping.get("space_id") for scoping in scoped["scopings"]] == [SPACE_ID]
    assert ax("update", scoped["id"], "--scopings", "[]")["scopings"] == [{}]


def list_in_pages() -> None:
    created = [create(f"Page {number}")["id"] for number in range(3)]
    read = list(pages(2))
    ids = [integration["id"] for page in read for integration in page]
    assert max(map(len, read)) == 2
    assert len(ids) == len(set(ids))
    assert [each for each in ids if each in created] == created[::-1]


def list_integrations_written_in_both_formats() -> None:
    names = {integration["name"] for integration in list_all()}
    assert names >= set(json.loads(os.environ["AI_INTEGRATIONS_SEEDED_NAMES"]))


def list_by_name() -> None:
    created = create("Unique name in the list")
    assert [each["id"] for each in list_all("--name", "UNIQUE NAME")] == [created["id"]]


def list_by_space() -> None:
    for space in (SPACE, SPACE_ID):
        names = {each["name"] for each in list_all("--space", space)}
        assert os.environ["AI_INTEGRATIONS_NAME_IN_SPACE"] in names
        assert os.environ["AI_INTEGRATIONS_NAME_IN_OTHER_SPACE"] not in names


def get_by_id() -> None:
    created = create("By id", "--api-key", "fake-key")
    assert ax("get", created["id"]) == created


def get_by_name_in_a_space() -> None:
    name = os.environ["AI_INTEGRATIONS_NAME_IN_SPACE"]
    assert ax("get", name, "--space", SPACE)["name"] == name


def list_spaces() -> None:
    spaces = as_json("spaces", "list")["spaces"]
    assert {"id": SPACE_ID, "name": SPACE}.items() <= next(each for each in spaces if each["id"] == SPACE_ID).items()


def list_spaces_of_an_organization() -> None:
    (space,) = as_json("spaces", "list", "--organization-id", ORGANIZATION_ID)["spaces"]
    assert space["id"] == SPACE_ID
    assert space.get("organization_id", ORGANIZATION_ID) == ORGANIZATION_ID
    assert as_json("spaces", "list", "--organization-id", "T3JnYW5pemF0aW9uOjE6eHg=")["spaces"] == []


def get_space_by_id_and_name() -> None:
    space = as_json("spaces", "get", SPACE)
    assert space["id"] == SPACE_ID
    assert as_json("spaces", "get", SPACE_ID) == space
    expect_error(404, lambda: as_json("spaces", "get", "U3BhY2U6MTp4eA=="))


def list_organizations() -> None:
    organizations = as_json("organizations", "list", "--name", ORGANIZATION.upper())["organizations"]
    assert len(organizations) == 2
    assert {"id": ORGANIZATION_ID, "name": ORGANIZATION}.items() <= organizations[1].items()


def get_organization_by_id_and_name() -> None:
    organization = as_json("organizations", "get", ORGANIZATION)
    assert organization["id"] == ORGANIZATION_ID
    assert as_json("organizations", "get", ORGANIZATION_ID) == organization
    expect_error(404, lambda: as_json("organizations", "get", "T3JnYW5pemF0aW9uOjE6eHg="))


def update_name_and_models() -> None:
    created = create("Before", "--model-name", "a", "--model-name", "b")
    changed = ax("update", created["id"], "--name", "After", "--model-name", "c")
    assert (changed["id"], changed["name"], changed["model_names"]) == (created["id"], "After", ["c"])
    assert create("Before")["id"] != created["id"]


def set_the_key() -> None:
    created = create("Keyed")
    assert created["has_api_key"] is False
    assert ax("update", created["id"], "--api-key", "fake-key")["has_api_key"] is True


def remove_the_key() -> None:
    raise NotSupportedError("an option cannot be null")


def delete_integration() -> None:
    created = create("To delete", "--api-key", "fake-key")
    run("ai-integrations", "delete", created["id"], "--force")
    expect_error(404, lambda: ax("get", created["id"]))
    expect_error(404, lambda: run("ai-integrations", "delete", created["id"], "--force"))


def create_with_a_taken_name_returns_409() -> None:
    create("Taken")
    assert "has this name" in expect_error(409, lambda: create("TAKEN"))


def list_with_an_unknown_key_returns_401() -> None:
    expect_error(401, lambda: ax("list", key="not-a-key"))


def create_by_a_reader_returns_403() -> None:
    key = os.environ["AI_INTEGRATIONS_READER_KEY"]
    assert ax("list", key=key)["ai_integrations"]
    arguments = ("create", "--name", "By a reader", "--provider", enum_value("openAI"))
    expect_error(403, lambda: ax(*arguments, key=key))


def get_with_a_malformed_id_returns_400() -> None:
    expect_error(400, lambda: ax("get", "Tm9wZToxOjE="))


def create_that_breaks_a_rule_returns_422() -> None:
    output = expect_error(422, lambda: create("Masked", "--api-key", "sk-****ef"))
    # Releases with the legacy wire format print only the status of a problem document with field pointers.
    assert "/api_key" in output or not USES_CURRENT_FORMAT


STEPS = (
    create_published_example,
    create_with_every_field,
    create_with_aws_metadata,
    create_with_gcp_metadata,
    update_scopings_to_one_space,
    list_in_pages,
    list_integrations_written_in_both_formats,
    list_by_name,
    list_by_space,
    get_by_id,
    get_by_name_in_a_space,
    list_spaces,
    list_spaces_of_an_organization,
    get_space_by_id_and_name,
    list_organizations,
    get_organization_by_id_and_name,
    update_name_and_models,
    set_the_key,
    remove_the_key,
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
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        create_profile()
        outcomes = {step.__name__.replace("_", " "): outcome(step) for step in STEPS}
    json.dump({"client": f"arize-ax-cli {VERSION}", "steps": outcomes}, sys.stdout, indent=2)
    return int(any(not each.startswith(("ok", "not supported")) for each in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
