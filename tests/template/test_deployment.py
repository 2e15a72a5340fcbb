"""How it is deployed: the environments of samconfig.toml, and the pipeline."""

import re
import tomllib
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests import sam_template
from tests.builders import ROOT

CONFIG: dict[str, Any] = tomllib.loads((ROOT / "samconfig.toml").read_text())
ENVIRONMENTS = sorted(file.stem for file in (ROOT / "environments").glob("*.yaml"))
WORKFLOWS = {file.stem: file.read_text() for file in (ROOT / ".github" / "workflows").glob("*.yml")}


def parameters(environment: str) -> dict[str, Any]:
    chosen: dict[str, Any] = yaml.safe_load((ROOT / "environments" / f"{environment}.yaml").read_text())
    return chosen


def test_knows_the_same_environments_everywhere() -> None:
    assert ENVIRONMENTS == ["dev", "prod", "staging"]
    assert CONFIG.keys() - {"version", "default"} == set(ENVIRONMENTS)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_deploys_an_environment_without_a_question(environment: str) -> None:
    settings = CONFIG[environment]["deploy"]["parameters"]
    assert settings["stack_name"] == f"ai-integrations-{environment}"
    assert settings["capabilities"] == "CAPABILITY_IAM"
    assert settings["resolve_s3"] is True
    assert settings["parameter_overrides"] == [f"file://environments/{environment}.yaml"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_gives_parameters_that_the_template_has_values_that_it_takes(environment: str) -> None:
    for name, value in parameters(environment).items():
        parameter = sam_template.template()["Parameters"][name]
        assert value in parameter.get("AllowedValues", [value])
        assert parameter.get("MinValue", value) <= value <= parameter.get("MaxValue", value)


def test_protects_production_and_deploys_it_gradually() -> None:
    assert parameters("prod").get("DeletionProtection", "true") == "true"
    assert parameters("prod")["GradualDeployment"] != "AllAtOnce"


@pytest.mark.parametrize("command", ["local_invoke", "local_start_api", "local_start_lambda"])
def test_runs_functions_on_the_local_stack(command: str) -> None:
    settings = CONFIG["default"][command]["parameters"]
    assert settings["env_vars"] == ".local/sam.json"
    assert settings["add_host"] == ["host.docker.internal:host-gateway"]
    assert settings["skip_pull_image"] is True


@pytest.mark.parametrize("name", WORKFLOWS)
def test_runs_no_action_that_somebody_else_could_exchange(name: str) -> None:
    used = re.findall(r"uses: (\S+)(.*)", WORKFLOWS[name])
    assert all(re.fullmatch(r"\./.+|[\w./-]+@[0-9a-f]{40}", action) for action, _ in used)
    assert all(action.startswith("./") or re.fullmatch(r" # v\d+\.\d+\.\d+", tag) for action, tag in used)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_grants_a_workflow_no_more_than_it_needs(name: str) -> None:
    granted = yaml.safe_load(WORKFLOWS[name])["permissions"]
    assert granted == {"contents": "read"} | ({"id-token": "write"} if name == "deploy-environment" else {})
    assert "secrets." not in WORKFLOWS[name]


def test_deploys_to_production_what_staging_has_tried() -> None:
    jobs = yaml.safe_load(WORKFLOWS["deploy"])["jobs"]
    assert (jobs["staging"]["needs"], jobs["prod"]["needs"]) == ("build", "staging")
    assert jobs["staging"]["uses"] == jobs["prod"]["uses"]
