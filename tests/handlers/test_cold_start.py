"""What a start of a function does not do. Each test looks at new processes, for this one has all imported already."""

import json
import os
import subprocess
import sys

import pytest

from tests import declared
from tests.builders import ROOT

LOOK = """
import gc, importlib, json, sys
importlib.import_module(sys.argv[1])
models = sys.modules.get("pydantic") and sys.modules["pydantic"].BaseModel
def below(kind):
    return [kind, *(each for child in kind.__subclasses__() for each in below(child))]
ours = [each for each in below(models) if each.__module__.startswith("ai_integrations.")] if models else []
built = [each.__qualname__ for each in ours if each.__pydantic_complete__]
print(json.dumps({"built": built, "modules": [*sys.modules], "gc": [gc.isenabled(), gc.get_freeze_count() > 0]}))
"""


def started(function: str) -> dict[str, list[object]]:
    environment = {**os.environ, **declared.environment(function), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", LOOK, f"functions.{function}.handler"]
    run = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603 - this very Python
    seen: dict[str, list[object]] = json.loads(run.stdout)
    return seen


@pytest.mark.parametrize("function", declared.functions())
def test_builds_no_model_and_looks_for_no_garbage_in_what_stays(function: str) -> None:
    seen = started(function)
    assert seen["built"] == []
    assert seen["gc"] == [True, True]
    assert "boto3" not in seen["modules"]
    assert "aws_xray_sdk" not in seen["modules"]


def test_starts_the_authorizer_without_powertools_and_pydantic() -> None:
    packages = {str(name).split(".")[0] for name in started("authorizer")["modules"]}
    assert not packages & {"aws_lambda_powertools", "pydantic", "pydantic_core"}
