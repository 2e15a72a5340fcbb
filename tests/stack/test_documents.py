"""Run the commands of the README and the documents on the stack, and compare what they show.

An `sh` block that prints a response is followed by an `http` block with it. There, `…` is any text or value, and as the
last member of an object it stands for more members. Headers that are not shown are not compared.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from tools.local.aws import client
from tools.local.deployment import STACK

from tests.builders import ROOT
from tests.stack.clients.releases import ALWAYS
from tests.stack.conftest import Stack
from tests.stack.documents import README, Reader, Result, Step, documents, require_programs, steps_of

ACCOUNT = "local"
STEPS = [step for document in documents() for step in steps_of(document)]
RUN = [step for step in STEPS if not step.reason]
COOKBOOK = [step for step in RUN if step.document == "docs/cookbook.md"]


class Response(NamedTuple):
    status: str
    headers: Mapping[str, str]
    body: Any


@pytest.fixture(scope="module")
def reader(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    require_programs("aws", "bash", "curl", "make")
    if ALWAYS.missing:
        pytest.skip(ALWAYS.missing)
    provider_key = "sk-fake-of-an-operators-example"
    access_key = stack.issue_key(account=ACCOUNT, user="reader")
    created = stack.create(access_key, name="Operated OpenAI", provider="openAI", api_key=provider_key)
    ulid = base64.b64decode(created["id"]).decode().rpartition(":")[2]
    to_revoke = stack.deployment.invoke(
        "AccessKeysFunctionName", {"action": "issue", "account": ACCOUNT, "user": "leaver", "role": "reader"}
    )
    stack.known_secrets.keys |= {provider_key, to_revoke["access_key"]}
    secrets = client("secretsmanager", stack.deployment.endpoint)
    secrets.create_secret(Name=f"{STACK}/{ACCOUNT}/to-restore", SecretString=provider_key)
    secrets.delete_secret(SecretId=f"{STACK}/{ACCOUNT}/to-restore")
    sweep = client("cloudformation", stack.deployment.endpoint).describe_stack_resource(
        StackName=STACK, LogicalResourceId="SweepFunctionRole"
    )
    placeholders = {
        "<account>": ACCOUNT,
        "<ULID>": ulid,
        "<name>": "Operated OpenAI",
        "<your name>": "reader",
        "<the key>": provider_key,
        "<its id>": to_revoke["id"],
        "<its ARN>": f"{STACK}/{ACCOUNT}/to-restore",
        "123456789012/llm-access": "123456789012/cookbook",  # a role of the cookbook
        "<role>": sweep["StackResourceDetail"]["PhysicalResourceId"],
        "aik_…": stack.issue_key(account="acme"),
    }
    return Reader(stack, tmp_path_factory.mktemp("reader"), placeholders)


@pytest.fixture(scope="module")
def results(reader: Reader) -> dict[Step, Result]:
    """Follow the documents one after the other."""
    found: dict[Step, Result] = {}
    for document in dict.fromkeys(step.document for step in RUN):
        steps = [step for step in RUN if step.document == document]
        found |= zip(steps, reader.follow(steps), strict=True)
    return found


@pytest.mark.parametrize("step", RUN, ids=str)
def test_documented_command_succeeds_and_prints_what_the_document_shows(
    results: dict[Step, Result], step: Step
) -> None:
    result = results[step]
    assert not result.failure
    if step.shown.startswith("HTTP/"):
        assert_shows(step.shown, result.output)
    elif step.shown:
        assert_prints(step.shown, result.output)
    elif "aws dynamodb get-item" in step.command:
        assert result.output.strip() not in {"", "null"}


def test_cookbook_shows_the_response_of_every_command_that_prints_one(results: dict[Step, Result]) -> None:
    assert len(COOKBOOK) > 20
    assert [step for step in COOKBOOK if results[step].output] == [step for step in COOKBOOK if step.shown]


@pytest.mark.usefixtures("results")
def test_readme_session_in_python_shows_what_python_prints(reader: Reader) -> None:
    [session] = re.findall(r"^```pycon\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert reader.try_in_python(session) == ""


@pytest.mark.usefixtures("results")
def test_readme_program_with_the_official_client_prints_the_integration(reader: Reader) -> None:
    [program] = re.findall(r"^```python\n([^`]*ArizeClient.*?)^```$", README, re.MULTILINE | re.DOTALL)
    result = reader.run_python(ALWAYS.folder / "bin" / "python", program)
    assert not result.failure
    assert "Team Anthropic" in result.output


def test_every_document_with_commands_is_in_the_reading_order() -> None:
    with_commands = {path for path in (ROOT / "docs").rglob("*.md") if steps_of(path)}
    assert with_commands | {ROOT / "README.md"} <= set(documents())


def assert_prints(document: str, output: str) -> None:
    """Compare lines. `…` is any text, and as a line of its own any number of lines."""
    pattern = "".join(
        ".*" if line == "…\n" else re.escape(line).replace("…", "[^\\n]*")
        for line in document.splitlines(keepends=True)
    )
    assert re.fullmatch(pattern, output, re.DOTALL), output


def assert_shows(document: str, output: str) -> None:
    shown, actual = parsed(document), parsed(output)
    assert actual.status == shown.status
    headers = {name: value for name, value in actual.headers.items() if name in shown.headers}
    assert headers == completed(shown.headers, actual.headers)
    assert actual.body == completed(shown.body, actual.body)


def parsed(text: str) -> Response:
    head, _, body = text.strip().partition("\n\n")
    status, *headers = head.splitlines()
    fields = (line.split(": ", 1) for line in headers)
    return Response(
        status=status.partition(" ")[2],
        headers={name.lower(): value for name, value in fields},
        body=json.loads(_with_quotes(body)) if body else None,
    )


def _with_quotes(body: str) -> str:
    """Turn a shortened body into JSON: quote each … that stands for a value or for more members."""
    return re.sub(r"([{,]\s*)…", r'\1"…": "…"', re.sub(r":\s*…", ': "…"', body))


def completed(shown: Any, actual: Any) -> Any:
    """Replace each … by the actual value it stands for, so that a correct document equals the response."""
    if shown == "…":
        return actual
    match shown, actual:
        case {"…": _, **members}, Mapping():
            return {**actual, **completed(members, actual)}
        case Mapping(), Mapping():
            return {name: completed(part, actual[name]) if name in actual else part for name, part in shown.items()}
        case list(), list() if len(shown) == len(actual):
            return [completed(*pair) for pair in zip(shown, actual, strict=True)]
        case str(), str() if re.fullmatch(".*".join(map(re.escape, shown.split("…"))), actual):
            return actual
    return shown


@pytest.mark.parametrize(
    "document",
    [
        "HTTP/1.1 200 OK",
        'HTTP/1.1 201 Created\nETag: "….2"\n\n{"id": "QWlJ…", …}',
        'HTTP/1.1 201 Created\nLocation: …\n\n{"id": "QWlJ…", …}',
        'HTTP/1.1 201 Created\n\n{"id": "QWlJ…"}',
        'HTTP/1.1 201 Created\n\n{"id": "…", "name": "Other", …}',
        'HTTP/1.1 201 Created\n\n{"id": "…", "missing": "a", …}',
        'HTTP/1.1 201 Created\n\n{"items": [{…}], …}',
    ],
    ids=["status", "header", "missing header", "more members", "value", "missing member", "length of a list"],
)
def test_comparison_with_a_wrong_document_fails(document: str) -> None:
    output = 'HTTP/1.1 201 Created\nETag: "01.1"\n\n{"id":"QWlJbnRl","name":"Name","items":[]}'
    assert_shows('HTTP/1.1 201 Created\nETag: "….1"\n\n{"id": "QWlJ…", "items": [], …}', output)
    with pytest.raises(AssertionError):
        assert_shows(document, output)
