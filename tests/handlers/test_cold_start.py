"""What a start of a function does not do. Each test looks at new processes, for this one has all imported already."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests import sam_template
from tests.builders import ROOT

LOOK = """
import gc, importlib, json, sys
importlib.import_module(sys.argv[1])
models = sys.modules.get("pydantic") and sys.modules["pydantic"].BaseModel
def below(kind):
    return [kind, *(each for child in kind.__subclasses__() for each in below(child))]
ours = [each for each in below(models) if each.__module__.startswith("ai_integrations.")] if models else []
built = [each.__qualname__ for each in ours if each.__pydantic_complete__]
deferred = [each.__qualname__ for each in ours if not each.__pydantic_complete__]
loader = sys.modules.get("pydantic.plugin._loader")
plugins = loader and loader._plugins
session = sys.modules.get("ai_integrations.bootstrap.botocore_session")
bundles = session.tls().load_verify_locations.cache_info().misses if session else 0
gc_state = [gc.isenabled(), gc.get_freeze_count() > 0]
models_seen = {"built": built, "deferred": deferred, "plugins": plugins}
print(json.dumps({**models_seen, "bundles": bundles, "modules": [*sys.modules], "gc": gc_state}))
"""


def started(function: str, **variables: str) -> dict[str, Any]:
    environment = {**os.environ, **sam_template.environment(function), "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-c", LOOK, f"functions.{function}.handler"]
    run = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603 - this very Python
    seen: dict[str, Any] = json.loads(run.stdout)
    return seen


@pytest.mark.parametrize("function", sam_template.functions())
def test_builds_no_model_and_looks_for_no_garbage_in_what_stays(function: str) -> None:
    seen = started(function)
    assert seen["built"] == []
    assert seen["bundles"] == 0
    assert seen["plugins"] is None, "all installed packages have been searched for plugins of pydantic"
    assert seen["gc"] == [True, True]
    assert "boto3" not in seen["modules"]
    assert "aws_xray_sdk" not in seen["modules"]


@pytest.mark.parametrize("ahead", ["snap-start", "provisioned-concurrency"])
@pytest.mark.parametrize(
    ("function", "models"), [("api", {"CreateBody", "PatchBody", "RotateBody"}), ("credentials", {"ResolveCommand"})]
)
def test_does_what_it_can_when_nobody_waits_for_the_start(function: str, models: set[str], ahead: str) -> None:
    seen = started(function, AWS_LAMBDA_INITIALIZATION_TYPE=ahead)
    assert models <= set(seen["built"])
    assert (seen["deferred"], seen["bundles"]) == ([], 1)


def test_starts_the_authorizer_without_powertools_and_pydantic() -> None:
    packages = {str(name).split(".")[0] for name in started("authorizer")["modules"]}
    assert not packages & {"aws_lambda_powertools", "pydantic", "pydantic_core"}


def test_starts_the_api_without_the_parts_of_pydantic_that_its_models_do_not_need() -> None:
    assert not {"pydantic.functional_serializers", "pydantic.root_model"} & set(started("api")["modules"])
