"""The commands of the README and the documents, and a shell in which a reader runs them on the local stack.

A reader meets the README first, then the documents in the order of its section "Documentation". An `sh` block is
a command. A `console` block has commands after `$ `, each followed by its output. A comment `<!-- not run: reason -->`
in the line before a block excludes it.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest
from tools.local.connection import read

from tests.builders import ROOT
from tests.stack.conftest import Stack

README = (ROOT / "README.md").read_text()
END_OF_STEP = "\x1e"
BLOCK = re.compile(
    r"^##+ (?P<section>[^\n]+)$"
    r"|^(?: *<!-- not run: (?P<reason>[^\n]+?) -->\n)?(?P<fence> *```)(?P<language>\w+)\n(?P<content>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
# The documents require version 2 of the AWS CLI. Version 1 lacks the option for binary arguments, which it reads as
# text, and ignores AWS_ENDPOINT_URL for SQS.
AWS_CLI_1 = """
aws() {
  local argument arguments=()
  for argument; do
    case $argument in --cli-binary-format | raw-in-base64-out) ;; *) arguments+=("$argument") ;; esac
  done
  command aws --endpoint-url "$AWS_ENDPOINT_URL" "${arguments[@]}"
}
"""


# The documents for AWS do not load the connection of the local stack.
CONNECT = "set -a; . .local/connection.env; set +a\n"


class Step(NamedTuple):
    """A command of a document. `shown` is the output that the document shows, `reason` why the command is not run."""

    document: str
    section: str
    line: int
    command: str
    shown: str = ""
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.document}:{self.line}: {self.section}"


class Result(NamedTuple):
    """What a step printed. `failure` is the error of the step, or of an earlier one after which it was not run."""

    output: str = ""
    failure: str = ""


def documents() -> list[Path]:
    """List the documents in a reader's order."""
    contents = README.partition("\n## Documentation\n")[2].partition("\n## ")[0]
    linked = dict.fromkeys(re.findall(r"\]\(([\w./-]+\.md)\)", contents))
    return [ROOT / name for name in ("README.md", *linked)]


def steps_of(document: Path) -> list[Step]:
    """List the commands of a document."""
    text = document.read_text()
    steps: list[Step] = []
    section = ""
    for block in BLOCK.finditer(text):
        section = block["section"] or section
        step = Step(
            document=str(document.relative_to(ROOT)),
            section=section,
            line=text.count("\n", 0, block.start("content")) + 1,
            command=dedent(block["content"] or ""),
            reason=block["reason"] or "",
        )
        match block["language"]:
            case "sh":
                steps.append(step)
            case "console":
                steps += [step._replace(command=command, shown=shown) for command, shown in session_of(step.command)]
            case "http":
                steps[-1] = steps[-1]._replace(shown=step.command)
    return steps


def session_of(text: str) -> Iterator[tuple[str, str]]:
    """Split the text of a terminal into commands and what they print."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command + "\n", output


class Reader:
    """Runs the commands in a copy of the repository's folder, with the connection of the running stack.

    `placeholders` are the texts of the documents that a reader replaces, such as `<account>`, with their values.
    """

    def __init__(self, stack: Stack, folder: Path, placeholders: Mapping[str, str]) -> None:
        self._folder = folder
        self._stack = stack
        self._placeholders = placeholders
        copy_repository(folder, stack)

    def follow(self, steps: list[Step]) -> list[Result]:
        """Run all steps of a document in one shell."""
        commands = [self._filled_in(step.command) for step in steps]
        for command in commands:
            self._stack.known_secrets.keys.update(re.findall(r"sk-fake-[\w.-]+", command))
        script = CONNECT + "".join(f"{command}\nprintf '{END_OF_STEP}'\n" for command in commands)
        done = self._run("bash", "-euo", "pipefail", "-c", AWS_CLI_1 * _is_aws_cli_1() + script)
        *complete, rest = done.stdout.split(END_OF_STEP)
        if done.returncode == 0:
            return [*map(Result, complete)]
        failed, *others = steps[len(complete) :]
        error = Result(failure=f"{failed.command}{rest}{done.stderr}")
        return [*map(Result, complete), error, *[Result(failure=f"not run, because {failed} failed") for _ in others]]

    def try_in_python(self, session: str) -> str:
        """Run an interactive session with doctest; return the differences."""
        file = self._folder / "session.txt"
        file.write_text(session)
        client = {"PYTHONPATH": str(ROOT / "layers/client")}
        done = self._run(sys.executable, "-m", "doctest", str(file), **client, **self._connection())
        return done.stdout + done.stderr

    def run_python(self, python: Path, program: str) -> Result:
        """Run a program with another Python."""
        done = self._run(str(python), "-c", program, **self._connection())
        return Result(output=done.stdout, failure=done.stderr if done.returncode else "")

    def _connection(self) -> dict[str, str]:
        return read(self._folder / ".local" / "connection.env")

    def _filled_in(self, command: str) -> str:
        for placeholder, value in self._placeholders.items():
            command = command.replace(placeholder, value)
        return command

    def _run(self, *command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {"PATH": path, "HOME": str(self._folder), "LANG": "C.UTF-8", **variables}
        return subprocess.run(  # noqa: S603 our own documents
            command, cwd=self._folder, env=environment, text=True, capture_output=True, check=False
        )


def copy_repository(folder: Path, stack: Stack) -> None:
    """Link the repository, with this Python as its `.venv`, so that `make` installs nothing.

    `tools` is copied, because it finds the folder `.local` by its own path.
    """
    for path in ROOT.iterdir():
        if path.name not in {".git", ".local", ".venv", "tools"}:
            (folder / path.name).symlink_to(path)
    shutil.copytree(ROOT / "tools", folder / "tools")
    (folder / ".local").mkdir()
    shutil.copy(stack.folder / "connection.env", folder / ".local")
    (folder / ".venv").mkdir()
    stamps = {"local", "dev", "client"}
    for path in Path(sys.prefix).iterdir():
        if path.name not in stamps:
            (folder / ".venv" / path.name).symlink_to(path)
    for name in sorted(stamps):
        (folder / ".venv" / name).touch()


def _is_aws_cli_1() -> bool:
    version = subprocess.run(["aws", "--version"], text=True, capture_output=True, check=False)  # noqa: S607
    return version.stdout.startswith("aws-cli/1.")


def require_programs(*programs: str) -> None:
    """Skip the test if a program is not installed."""
    if missing := [program for program in programs if shutil.which(program) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
