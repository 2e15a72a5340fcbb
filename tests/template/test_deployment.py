"""Deployment: the environments of samconfig.toml, and the workflows that deploy them."""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterable
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from tools.local.containers import HOST_OF_CONTAINERS
from tools.local.workspace import Workspace

from tests import sam_template
from tests.builders import ROOT
from tests.stack.clients.releases import ALWAYS
from tests.template.test_parameters import TOPIC, is_accepted

CONFIG: dict[str, Any] = tomllib.loads((ROOT / "samconfig.toml").read_text())
ENVIRONMENTS = sorted(CONFIG.keys() - {"version", "default"})
WORKFLOWS = {file.stem: file.read_text() for file in (ROOT / ".github" / "workflows").glob("*.yml")}
JOBS: dict[str, Any] = {
    f"{workflow}: {name}": job
    for workflow, text in WORKFLOWS.items()
    for name, job in yaml.safe_load(text)["jobs"].items()
}
DEPLOYMENT, SMOKE_TEST = JOBS["deploy-environment: deploy"], JOBS["deploy-environment: smoke-test"]
MAKEFILE = (ROOT / "Makefile").read_text()
DEPLOY_DOCUMENT = (ROOT / "docs" / "deploy.md").read_text()
OPERATORS_COMMANDS = re.findall(r"^([a-z-]+):", MAKEFILE.partition("##@ Operate")[2], re.MULTILINE)


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
    assert not is_accepted(**parameters("prod"))
    assert is_accepted(**parameters("prod"), AlarmTopicArn=TOPIC)


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
    assert yaml.safe_load(WORKFLOWS[name])["permissions"] == {"contents": "read"}
    assert "secrets." not in WORKFLOWS[name]


def may_assume_a_role(job: dict[str, Any]) -> bool:
    """Check whether a job may ask for a token with which AWS lets it assume a role."""
    return "id-token" in job.get("permissions", {})


def commands(job: dict[str, Any]) -> list[str]:
    """List the shell commands of a job, without those of actions."""
    return [step["run"] for step in job.get("steps", []) if "run" in step]


def installations(target: str) -> list[str]:
    """List the commands of a make target, and of all targets that it depends on, that install packages."""
    run = subprocess.run(  # noqa: S603 - the project's Makefile
        ["make", "--dry-run", "--always-make", target],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return re.findall(r".*\b(?:pip|npm|pipx) install\b.*|.*-m tests\.stack\.clients\.releases.*", run.stdout)


def test_only_the_jobs_of_a_deployment_may_assume_a_role() -> None:
    assert {name for name, job in JOBS.items() if may_assume_a_role(job)} == {
        "deploy: staging",
        "deploy: prod",
        "deploy-environment: deploy",
        "deploy-environment: smoke-test",
    }


def test_smoke_test_runs_where_the_deployment_role_cannot_be_assumed() -> None:
    """The role's trust policy names the environment of the job, which is the subject of its token."""
    assert [name for name, job in JOBS.items() if "AWS_DEPLOYMENT_ROLE" in str(job)] == ["deploy-environment: deploy"]
    assert DEPLOYMENT["environment"] == "${{ inputs.environment }}"
    assert SMOKE_TEST["environment"] == "${{ inputs.environment }}-smoke-test"
    assert not [each for each in commands(DEPLOYMENT) if "make" in each]


def test_documented_trust_policy_requires_the_audience_and_the_subject_of_the_deployment() -> None:
    [text] = re.findall(r"^ +```json\n(.*?)```", DEPLOY_DOCUMENT, re.MULTILINE | re.DOTALL)
    [statement] = json.loads(text)["Statement"]
    claims = statement["Condition"]["StringEquals"]
    assert claims == {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:<owner>/<repository>:environment:<environment>",
    }
    # Without this input, configure-aws-credentials requests the audience sts.amazonaws.com.
    assert "audience" not in str(JOBS)


def services(resources: Iterable[dict[str, Any]]) -> set[str]:
    return {resource["Type"].split("::")[1] for resource in resources}


def test_documented_permissions_of_the_deploying_role_cover_the_services_of_all_resources() -> None:
    table = DEPLOY_DOCUMENT.partition("### Permissions of the deploying role")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `AWS::(\w+)` \| `[a-z0-9]+:\*`.* \| (.+) \|$", table, re.MULTILINE)
    unconditional = [each for each in sam_template.processed().values() if "Condition" not in each]
    assert {name for name, needed in rows if needed == "always"} == services(unconditional)
    every = sam_template.processed(GradualDeployment="Canary10Percent5Minutes").values()
    assert {name for name, _ in rows} == services(every)


def test_capability_of_every_deployment_suffices_for_the_iam_resources() -> None:
    """Names chosen by the template would require CAPABILITY_NAMED_IAM."""
    resources = sam_template.processed(GradualDeployment="Canary10Percent5Minutes").values()
    properties = [each["Properties"] for each in resources if each["Type"].startswith("AWS::IAM::")]
    assert properties
    assert not [name for each in properties for name in each if name in {"RoleName", "ManagedPolicyName", "PolicyName"}]
    assert {settings(name)["capabilities"] for name in ["default", *ENVIRONMENTS]} == {"CAPABILITY_IAM"}


def test_access_key_of_the_smoke_test_is_masked_and_passed_on_encrypted() -> None:
    """An output of a job is not secret, and is dropped if it contains a masked value."""
    issue = (ROOT / ".github" / "issue-smoke-test-key").read_text()
    assert "--type SecureString" in issue
    assert "expires_at" in issue
    assert [line for line in issue.splitlines() if "GITHUB_OUTPUT" in line] == [
        'echo "url=$(output ApiUrl)" >>"$GITHUB_OUTPUT"'
    ]
    assert all("::add-mask::" in each for each in (issue, *commands(SMOKE_TEST)))


@pytest.mark.parametrize("target", OPERATORS_COMMANDS)
def test_command_that_handles_credentials_installs_only_packages_with_locked_hashes(target: str) -> None:
    found = installations(target)
    assert found
    for command in found:
        assert "--require-hashes" in command or command.endswith("releases always")
    assert ALWAYS.lock


@pytest.mark.parametrize("name", [name for name, job in JOBS.items() if may_assume_a_role(job) or "build" in name])
def test_job_that_builds_or_deploys_installs_only_packages_with_locked_hashes(name: str) -> None:
    for command in commands(JOBS[name]):
        assert "install" not in command or "--require-hashes" in command
        assert set(re.findall(r"\bmake ([a-z-]+)", command)) <= set(OPERATORS_COMMANDS)


def test_every_workflow_installs_the_locked_sam_cli() -> None:
    installed = {each for job in JOBS.values() for each in commands(job) if re.search("install .*sam", each)}
    assert installed == {"pip install --no-deps --require-hashes --requirement requirements/sam-cli.txt"}


def test_workflow_deploys_the_tested_build_to_staging_before_prod() -> None:
    jobs = yaml.safe_load(WORKFLOWS["deploy"])["jobs"]
    assert (jobs["staging"]["needs"], jobs["prod"]["needs"]) == (["check", "build"], "staging")
    assert jobs["staging"]["uses"] == jobs["prod"]["uses"]
    assert SMOKE_TEST["needs"] == "deploy"


def test_waiting_approval_of_one_environment_does_not_hold_another() -> None:
    assert "concurrency" not in yaml.safe_load(WORKFLOWS["deploy"])
    assert yaml.safe_load(WORKFLOWS["deploy-environment"])["concurrency"] == "deploy-${{ inputs.environment }}"


def test_workflow_passes_the_release_and_the_topic_of_the_alarms() -> None:
    [deploy] = [each for each in commands(DEPLOYMENT) if "sam deploy" in each]
    assert '"Release=${GITHUB_SHA::10}"' in deploy
    # In quotes for the SAM CLI, because the variable is empty in an environment without a topic.
    assert '"AlarmTopicArn=\\"$ALARM_TOPIC_ARN\\""' in deploy
