"""Deployment: the environments of samconfig.toml, and the workflows that deploy them."""

import re
import tomllib
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from tools.local.containers import HOST_OF_CONTAINERS
from tools.local.workspace import Workspace

from tests import sam_template
from tests.builders import ROOT

CONFIG: dict[str, Any] = tomllib.loads((ROOT / "samconfig.toml").read_text())
ENVIRONMENTS = sorted(CONFIG.keys() - {"version", "default"})
WORKFLOWS = {file.stem: file.read_text() for file in (ROOT / ".github" / "workflows").glob("*.yml")}


def settings(environment: str) -> dict[str, Any]:
    found: dict[str, Any] = CONFIG[environment]["deploy"]["parameters"]
    return found


def parameters(environment: str) -> dict[str, Any]:
    """Return the template's parameters of an environment, from the file that its settings name."""
    [argument] = settings(environment)["parameter_overrides"]
    chosen: dict[str, Any] = yaml.safe_load((ROOT / argument.removeprefix("file://")).read_text())
    return chosen


def deployed_environments() -> list[str]:
    """Return the environments of the deployment workflow, in the order of their jobs."""
    jobs = yaml.safe_load(WORKFLOWS["deploy"])["jobs"].values()
    return [each["with"]["environment"] for each in jobs if "uses" in each]


def test_each_environment_has_a_stack_and_a_parameter_file_of_its_own() -> None:
    assert {f"environments/{name}.yaml" for name in ENVIRONMENTS} == {
        str(file.relative_to(ROOT)) for file in (ROOT / "environments").iterdir()
    }
    assert [settings(name)["parameter_overrides"] for name in ENVIRONMENTS] == [
        [f"file://environments/{name}.yaml"] for name in ENVIRONMENTS
    ]
    assert len({settings(name)["stack_name"] for name in ENVIRONMENTS}) == len(ENVIRONMENTS)


def test_workflow_deploys_the_stack_that_the_environment_names() -> None:
    job = yaml.safe_load(WORKFLOWS["deploy-environment"])["jobs"]["deploy"]
    for name in deployed_environments():
        stack = job["env"]["STACK"].replace("${{ inputs.environment }}", name)
        assert settings(name)["stack_name"] == stack


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_parameter_file_contains_only_values_that_the_template_allows(environment: str) -> None:
    for name, value in parameters(environment).items():
        parameter = sam_template.template()["Parameters"][name]
        assert value in parameter.get("AllowedValues", [value])
        assert parameter.get("MinValue", value) <= value <= parameter.get("MaxValue", value)


def test_production_is_protected_deployed_gradually_and_has_alarms_that_notify() -> None:
    assert parameters("prod").get("DeletionProtection", "true") == "true"
    assert parameters("prod")["GradualDeployment"] != "AllAtOnce"
    assert parameters("prod")["RequireAlarmTopic"] == "true"


def test_staging_differs_from_production_only_in_retention_and_alarms() -> None:
    different = {name for name, _ in parameters("staging").items() ^ parameters("prod").items()}
    assert different == {"LogRetentionDays", "RecoveryWindowDays", "RequireAlarmTopic"}


def test_deployment_that_omits_the_release_resets_it() -> None:
    """`sam deploy` keeps the previous value of a parameter that it is not given, and would publish no new code."""
    assert [parameters(environment)["Release"] for environment in ENVIRONMENTS] == [""] * len(ENVIRONMENTS)
    # The SAM CLI rejects Release= without quotes (CfnParameterOverridesType in samcli/cli/types.py).
    assert CONFIG["default"]["deploy"]["parameters"]["parameter_overrides"] == ['Release=""']


@pytest.mark.parametrize("command", ["local_invoke", "local_start_api", "local_start_lambda"])
def test_sam_local_reads_what_make_containers_writes(command: str) -> None:
    chosen = CONFIG["default"][command]["parameters"]
    assert ROOT / chosen["env_vars"] == Workspace(folder=ROOT / ".local").sam_environments
    assert [each.partition(":")[0] for each in chosen["add_host"]] == [HOST_OF_CONTAINERS]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflow_pins_every_action_to_a_commit(name: str) -> None:
    used = re.findall(r"uses: (\S+)(.*)", WORKFLOWS[name])
    assert all(re.fullmatch(r"\./.+|[\w./-]+@[0-9a-f]{40}", action) for action, _ in used)
    assert all(action.startswith("./") or re.fullmatch(r" # v\d+\.\d+\.\d+", tag) for action, tag in used)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflow_has_read_access_and_no_stored_secrets(name: str) -> None:
    granted = yaml.safe_load(WORKFLOWS[name])["permissions"]
    assert granted == {"contents": "read"} | ({"id-token": "write"} if name == "deploy-environment" else {})
    assert "secrets." not in WORKFLOWS[name]


def test_workflow_deploys_the_tested_build_to_staging_before_prod() -> None:
    jobs = yaml.safe_load(WORKFLOWS["deploy"])["jobs"]
    assert (jobs["staging"]["needs"], jobs["prod"]["needs"]) == ("build", "staging")
    assert jobs["staging"]["uses"] == jobs["prod"]["uses"]
