"""The work that functions do in the init phase, each observed in a new Python process."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests import sam_template
from tests.builders import ROOT

RARELY_NEEDED = (
    ".condition_checks",
    ".connection_health",
    ".dry_run_keys",
    ".dry_run_views",
    ".dry_runs",
    ".federation_trust",
    ".health_views",
    ".role_trust",
    ".trust_views",
    ".uses",
)
PROBE = """
import gc, importlib.metadata, json, ssl, sys

calls = {"searches for installed packages": 0, "reads of CA certificates": 0}

def count_calls(owner, name, label):
    function = getattr(owner, name)
    def counted(*args, **kwargs):
        calls[label] += 1
        return function(*args, **kwargs)
    setattr(owner, name, counted)

count_calls(importlib.metadata, "distributions", "searches for installed packages")
count_calls(ssl.SSLContext, "load_verify_locations", "reads of CA certificates")

importlib.import_module(sys.argv[1])

def subclasses(model):
    return [model, *(each for child in model.__subclasses__() for each in subclasses(child))]

base = sys.modules["pydantic"].BaseModel if "pydantic" in sys.modules else None
models = [each for each in subclasses(base) if each.__module__.startswith("ai_integrations.")] if base else []
print(json.dumps({
    "built models": [each.__qualname__ for each in models if each.__pydantic_complete__],
    "deferred models": [each.__qualname__ for each in models if not each.__pydantic_complete__],
    "garbage collection": gc.isenabled(),
    "objects excluded from garbage collection": gc.get_freeze_count(),
    "modules": list(sys.modules),
    **calls,
}))
"""


def run_init(function: str, **variables: str) -> dict[str, Any]:
    """Import a function's handler in a new process, with its deployed environment, and report what init did."""
    environment = {**os.environ, **sam_template.environment(function), "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-c", PROBE, f"functions.{function}.handler"]
    run = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603 - this very Python
    report: dict[str, Any] = json.loads(run.stdout)
    return report


@pytest.mark.parametrize("function", sam_template.functions())
def test_on_demand_init_defers_work_and_excludes_its_objects_from_garbage_collection(function: str) -> None:
    init = run_init(function)
    assert init["built models"] == []
    assert init["reads of CA certificates"] == 0
    assert init["searches for installed packages"] == 0, "pydantic has searched all installed packages for plugins"
    assert init["garbage collection"] is True
    assert init["objects excluded from garbage collection"] > 0
    assert "boto3" not in init["modules"]
    assert "aws_xray_sdk" not in init["modules"]


@pytest.mark.parametrize("initialization_type", ["snap-start", "provisioned-concurrency"])
@pytest.mark.parametrize(
    ("function", "models"),
    [
        ("api", {"CreateBody", "PatchBody", "RotateBody"}),
        ("credentials", {"ResolveCommand", "CredentialRequest", "NamedCredentialRequest"}),
    ],
)
def test_init_ahead_of_requests_builds_models_and_reads_certificates(
    function: str, models: set[str], initialization_type: str
) -> None:
    init = run_init(function, AWS_LAMBDA_INITIALIZATION_TYPE=initialization_type)
    assert models <= set(init["built models"])
    assert (init["deferred models"], init["reads of CA certificates"]) == ([], 1)


def test_init_of_the_authorizer_loads_neither_powertools_nor_pydantic() -> None:
    packages = {str(name).split(".")[0] for name in run_init("authorizer")["modules"]}
    assert not packages & {"aws_lambda_powertools", "pydantic", "pydantic_core"}


def test_init_of_the_api_does_not_load_unused_modules_of_pydantic() -> None:
    assert not {"pydantic.functional_serializers", "pydantic.root_model"} & set(run_init("api")["modules"])


def test_init_of_the_api_does_not_load_what_few_requests_need() -> None:
    loaded = set(run_init("api")["modules"])
    assert not {name for name in loaded if name.startswith("ai_integrations.") and name.endswith(RARELY_NEEDED)}
