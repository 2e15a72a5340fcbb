"""Walks one release of the official command line client through the life of AI integrations.

Runs in an environment that has the PyPI package `arize-ax-cli`, and needs nothing else. Nothing of the client is
patched: it gets a profile, made by its own command in an empty home. What it takes from the environment is said in
tests/stack/test_official_clients.py. It prints what came of each step as JSON; the exit status is 1 if one failed.
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
NEWER = tuple(map(int, VERSION.split(".")[:2])) >= (0, 26)
SPACE = os.environ["AI_INTEGRATIONS_SPACE"]
SPACE_ID = os.environ["AI_INTEGRATIONS_SPACE_ID"]
# The key is looked up in the environment at each call; `update` would ask the package registry for newer releases.
PROFILE = """
profile = {{ name = "story" }}
auth = {{ auth_method = "api-key", api_key = "${{AI_INTEGRATIONS_API_KEY}}" }}
routing = {{ api_scheme = "{scheme}", api_host = "{host}" }}
output = {{ format = "json" }}
update = {{ enabled = false }}
"""


class NotOfferedError(Exception):
    """This client has no such thing on its command line."""


class RefusedError(Exception):
    """The command failed; what it told is the text."""


def run(*arguments: str, key: str = os.environ["AI_INTEGRATIONS_API_KEY"]) -> str:
    environment = {**os.environ, "AI_INTEGRATIONS_API_KEY": key, "COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run(  # noqa: S603 the client under test
        [AX, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RefusedError(done.stdout + done.stderr)
    return done.stdout


def make_profile() -> None:
    url = urlsplit(os.environ["AI_INTEGRATIONS_URL"])
    file = Path(os.environ["HOME"]) / "profile.toml"
    file.write_text(PROFILE.format(scheme=url.scheme, host=url.netloc + url.path))
    run("profiles", "create", "story", "--from-file", str(file))


def ax(command: str, *arguments: str, **more: str) -> Any:
    return json.loads(run("ai-integrations", command, *arguments, "--output", "json", **more))


def spelled(founding: str) -> str:
    """Return a founding word as this release spells it: openAI is OPEN_AI, bearer_token is BEARER_TOKEN."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", founding).upper() if NEWER else founding


def create(name: str, *arguments: str, provider: str = "anthropic") -> Any:
    return ax("create", "--name", name, "--provider", spelled(provider), *arguments)


def pages(limit: int, *filters: str) -> Iterator[Any]:
    cursor: list[str] = []
    while True:
        page = ax("list", "--limit", str(limit), *cursor, *filters)
        yield page["ai_integrations"]
        if not page["pagination"]["has_more"]:
            return
        cursor = ["--cursor", page["pagination"]["next_cursor"]]


def listed(*filters: str) -> list[Any]:
    return [integration for page in pages(100, *filters) for integration in page]


def metadata(integration: Any) -> Any:
    """Return provider metadata as they came; the client shows them inside of what it wraps them in."""
    return integration["provider_metadata"]["actual_instance"]


def refused(status: int, call: Callable[[], Any]) -> str:
    """Return what the client tells if the call is answered with this status."""
    try:
        call()
    except RefusedError as error:
        told = str(error)
    else:
        raise AssertionError(f"the call was not refused with {status}")
    assert re.search(rf"Error: {status}\b", told), told
    return told


def creates_the_founding_example() -> None:
    example = json.loads(os.environ["AI_INTEGRATIONS_EXAMPLE"])
    models = [argument for name in example["model_names"] for argument in ("--model-name", name)]
    created = create(
        example["name"],
        *("--api-key", example["api_key"], *models, "--enable-default-models"),
        provider=example["provider"],
    )
    assert (created["name"], created["provider"]) == (example["name"], spelled(example["provider"]))
    assert created["has_api_key"] is True
    assert created["model_names"] == example["model_names"]
    assert created["enable_default_models"] is True
    # Unlike the API's default: this client always sends what its flags say.
    assert created["function_calling_enabled"] is False
    assert created["auth_type"] == spelled("default")
    assert ":" in base64.b64decode(created["id"]).decode()


def creates_with_every_field() -> None:
    created = create(
        "Every field",
        *("--api-key", "fake-key", "--base-url", "https://models.example.com/v1", "--model-name", "small"),
        *("--headers", '{"X-Team": "search"}', "--auth-type", spelled("proxy_with_headers")),
        "--function-calling-enabled",
        provider="custom",
    )
    assert created["base_url"] == "https://models.example.com/v1"
    assert created["headers"] == {"X-Team": "search"}
    assert created["auth_type"] == spelled("proxy_with_headers")
    assert created["function_calling_enabled"] is True


def creates_with_metadata_of_aws() -> None:
    fields = {"role_arn": "arn:aws:iam::123456789012:role/bedrock", "external_id": "e-1"}
    created = create("Bedrock", "--provider-metadata", json.dumps(fields), provider="awsBedrock")
    assert metadata(created) == {**fields, "kind": spelled("aws")}
    changes = {"kind": spelled("aws"), "role_arn": fields["role_arn"]}
    changed = ax("update", created["id"], "--provider-metadata", json.dumps(changes))
    assert metadata(changed) == changes


def creates_with_metadata_of_gcp() -> None:
    fields = {"project_id": "p", "location": "europe-west1", "project_access_label": "P"}
    created = create("Vertex", "--provider-metadata", json.dumps(fields), provider="vertexAI")
    assert metadata(created) == {**fields, "kind": spelled("gcp")}


def scopes_to_one_space() -> None:
    created = create("For one space")
    try:
        scoped = ax("update", created["id"], "--scopings", json.dumps([{"space_id": SPACE_ID}]))
    except RefusedError as error:
        if "instance of AiIntegrationScopingRequest" in str(error):
            raise NotOfferedError("it makes scopings of a type that its own library refuses") from error
        raise
    assert [scoping.get("space_id") for scoping in scoped["scopings"]] == [SPACE_ID]
    assert ax("update", scoped["id"], "--scopings", "[]")["scopings"] == [{}]


def lists_in_pages() -> None:
    created = [create(f"Page {number}")["id"] for number in range(3)]
    read = list(pages(2))
    ids = [integration["id"] for page in read for integration in page]
    assert max(map(len, read)) == 2
    assert len(ids) == len(set(ids))
    assert [each for each in ids if each in created] == created[::-1]


def lists_what_others_wrote_in_either_spelling() -> None:
    names = {integration["name"] for integration in listed()}
    assert names >= set(json.loads(os.environ["AI_INTEGRATIONS_SEEDED"]))


def filters_by_name() -> None:
    created = create("Needle in the hay")
    assert [each["id"] for each in listed("--name", "NEEDLE")] == [created["id"]]


def filters_by_a_space() -> None:
    for space in (SPACE, SPACE_ID):
        names = {each["name"] for each in listed("--space", space)}
        assert os.environ["AI_INTEGRATIONS_OF_THE_SPACE"] in names
        assert os.environ["AI_INTEGRATIONS_OF_ANOTHER_SPACE"] not in names


def gets_by_id() -> None:
    created = create("By id", "--api-key", "fake-key")
    assert ax("get", created["id"]) == created


def gets_by_name_in_a_space() -> None:
    name = os.environ["AI_INTEGRATIONS_OF_THE_SPACE"]
    assert ax("get", name, "--space", SPACE)["name"] == name


def lists_spaces() -> None:
    spaces = json.loads(run("spaces", "list", "--output", "json"))["spaces"]
    assert {"id": SPACE_ID, "name": SPACE}.items() <= next(each for each in spaces if each["id"] == SPACE_ID).items()


def renames_and_changes_models() -> None:
    created = create("Before", "--model-name", "a", "--model-name", "b")
    changed = ax("update", created["id"], "--name", "After", "--model-name", "c")
    assert (changed["id"], changed["name"], changed["model_names"]) == (created["id"], "After", ["c"])
    assert create("Before")["id"] != created["id"]


def sets_a_key() -> None:
    created = create("Keyed")
    assert created["has_api_key"] is False
    assert ax("update", created["id"], "--api-key", "fake-key")["has_api_key"] is True


def removes_the_key() -> None:
    raise NotOfferedError("an option is sent or left out, never null")


def deletes() -> None:
    created = create("To delete", "--api-key", "fake-key")
    run("ai-integrations", "delete", created["id"], "--force")
    refused(404, lambda: ax("get", created["id"]))
    refused(404, lambda: run("ai-integrations", "delete", created["id"], "--force"))


def meets_a_taken_name() -> None:
    create("Taken")
    assert "has this name" in refused(409, lambda: create("TAKEN"))


def meets_a_missing_key() -> None:
    refused(401, lambda: ax("list", key="not-a-key"))


def meets_a_lack_of_permission() -> None:
    key = os.environ["AI_INTEGRATIONS_READER_KEY"]
    assert ax("list", key=key)["ai_integrations"]
    arguments = ("create", "--name", "By a reader", "--provider", spelled("openAI"))
    refused(403, lambda: ax(*arguments, key=key))


def meets_a_malformed_id() -> None:
    refused(400, lambda: ax("get", "Tm9wZToxOjE="))


def meets_a_broken_rule() -> None:
    told = refused(422, lambda: create("Masked", "--api-key", "sk-****ef"))
    # The founding releases read no problem document that points at fields, and tell the status alone.
    assert "/api_key" in told or not NEWER


STEPS = (
    creates_the_founding_example,
    creates_with_every_field,
    creates_with_metadata_of_aws,
    creates_with_metadata_of_gcp,
    scopes_to_one_space,
    lists_in_pages,
    lists_what_others_wrote_in_either_spelling,
    filters_by_name,
    filters_by_a_space,
    gets_by_id,
    gets_by_name_in_a_space,
    lists_spaces,
    renames_and_changes_models,
    sets_a_key,
    removes_the_key,
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
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        make_profile()
        steps = {step.__name__.replace("_", " "): outcome(step) for step in STEPS}
    json.dump({"client": f"arize-ax-cli {VERSION}", "steps": steps}, sys.stdout, indent=2)
    return int(any(not came.startswith(("ok", "not offered")) for came in steps.values()))


if __name__ == "__main__":
    sys.exit(main())
