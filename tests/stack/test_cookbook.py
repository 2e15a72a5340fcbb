"""Run the commands of docs/cookbook.md and of the README's quick start on the stack, and compare what they show.

An `sh` block that prints a response is followed by an `http` block with it. There, `…` is any text or value, and as the
last member of an object it stands for more members. Headers that are not shown are not compared.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.builders import ROOT
from tests.stack.conftest import Stack

END_OF_STEP = "\x1e"
BLOCK = re.compile(r"^## (?P<section>[^\n]+)$|^```(?P<language>\w+)\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)


class Step(NamedTuple):
    """One `sh` block, and the response that the document shows for it."""

    section: str
    command: str
    response: str = ""


class Response(NamedTuple):
    status: str
    headers: Mapping[str, str]
    body: Any


def steps_of(text: str) -> list[Step]:
    steps: list[Step] = []
    section = ""
    for block in BLOCK.finditer(text):
        section = block["section"] or section
        match block["language"]:
            case "sh":
                steps.append(Step(section, block["content"]))
            case "http":
                steps[-1] = steps[-1]._replace(response=block["content"])
    return steps


README = (ROOT / "README.md").read_text()
COOKBOOK_STEPS = steps_of((ROOT / "docs/cookbook.md").read_text())
QUICK_START_STEPS = [step for step in steps_of(README) if step.section == "Quick start"]


class Reader:
    """Runs the commands of one document, with an account of its own."""

    def __init__(self, stack: Stack, account: str, folder: Path) -> None:
        self._folder = folder
        self._stack = stack
        lines = (stack.folder / "connection.env").read_text().splitlines()
        own = {"AI_INTEGRATIONS_ACCOUNT": account, "AI_INTEGRATIONS_API_KEY": stack.issue_key(account=account)}
        self._connection = {**dict(line.split("=", 1) for line in lines), **own}
        (folder / ".local").mkdir()
        connection = "".join(f"{name}={value}\n" for name, value in self._connection.items())
        (folder / ".local/connection.env").write_text(connection)

    def follow(self, steps: list[Step]) -> list[str]:
        """Run all steps in one shell; return what each prints."""
        if shutil.which("curl") is None:
            pytest.skip("curl is not installed")
        for step in steps:
            self._stack.known_secrets.keys.update(re.findall(r'"api_key": "(.+?)"', step.command))
        script = "".join(f"{step.command}\nprintf '{END_OF_STEP}'\n" for step in steps)
        done = self._run("bash", "-euo", "pipefail", "-c", script)
        *complete, rest = done.stdout.split(END_OF_STEP)
        assert done.returncode == 0, f"failed:\n{steps[len(complete)].command}{rest}{done.stderr}"
        return complete

    def try_in_python(self, session: str) -> str:
        """Run an interactive session with doctest; return the differences."""
        file = self._folder / "session.txt"
        file.write_text(session)
        client = {**self._connection, "PYTHONPATH": str(ROOT / "layers/client"), "AI_INTEGRATIONS_CONSUMER": "reader"}
        done = self._run(sys.executable, "-m", "doctest", str(file), **client)
        return done.stdout + done.stderr

    def _run(self, *command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {"PATH": path, "HOME": str(self._folder), "LANG": "C.UTF-8", **variables}
        return subprocess.run(  # noqa: S603 our own documents
            command, cwd=self._folder, env=environment, text=True, capture_output=True, check=False
        )


@pytest.fixture(scope="module")
def cookbook(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what each step of the cookbook prints."""
    return Reader(stack, "cookbook", tmp_path_factory.mktemp("cookbook")).follow(COOKBOOK_STEPS)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, id=f"{number}: {step.section}")
        for number, step in enumerate(COOKBOOK_STEPS)
        if step.response
    ],
)
def test_cookbook_command_returns_the_documented_response(cookbook: list[str], number: int) -> None:
    assert_shows(COOKBOOK_STEPS[number].response, cookbook[number])


def test_cookbook_shows_the_response_of_every_command_that_prints_one(cookbook: list[str]) -> None:
    assert len(COOKBOOK_STEPS) > 20
    printed = [step.command for step, output in zip(COOKBOOK_STEPS, cookbook, strict=True) if output]
    assert printed == [step.command for step in COOKBOOK_STEPS if step.response]


def test_readme_quick_start_works_from_curl_to_python(stack: Stack, tmp_path: Path) -> None:
    reader = Reader(stack, "quick-start", tmp_path)
    printed = reader.follow(QUICK_START_STEPS)
    shown = [(step.response, output) for step, output in zip(QUICK_START_STEPS, printed, strict=True) if step.response]
    assert shown
    for response, output in shown:
        assert_shows(response, output)
    [session] = re.findall(r"^```pycon\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert reader.try_in_python(session) == ""


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
