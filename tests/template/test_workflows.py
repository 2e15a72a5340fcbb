"""Workflows: when they run, that a failed step stops what depends on it, and which commands handle the deployment."""

import os
import re
import subprocess
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.sam_template import template
from tests.template.test_deployment import (
    CONFIG,
    DEPLOY_DOCUMENT,
    DEPLOYMENT,
    ENVIRONMENTS,
    JOBS,
    SMOKE_TEST,
    WORKFLOWS,
    commands,
    parameters,
    settings,
)
from tests.template.test_smoke_test_key import KEY

STEPS = [(name, step) for name, job in JOBS.items() for step in job.get("steps", [])]
# Each other key of a job or a step would need a test: `if` and `continue-on-error` let later jobs run after a failure.
KNOWN_IN_JOBS = {
    "environment",
    "env",
    "needs",
    "outputs",
    "permissions",
    "runs-on",
    "steps",
    "strategy",
    "uses",
    "with",
}
KNOWN_IN_STEPS = {"env", "id", "name", "run", "uses", "with"}


def test_workflows_run_for_pull_requests_and_the_main_branch_and_deploy_only_the_latter() -> None:
    """YAML 1.1 reads the key `on` as true."""
    main = {"push": {"branches": ["main"]}}
    assert {name: yaml.safe_load(text)[True] for name, text in WORKFLOWS.items() if name != "deploy-environment"} == {
        "check": {"pull_request": None, **main},
        "deploy": {**main, "workflow_dispatch": None},
    }
    assert yaml.safe_load(WORKFLOWS["deploy-environment"])[True].keys() == {"workflow_call"}


@pytest.mark.parametrize("name", JOBS)
def test_job_and_its_steps_do_not_continue_after_a_failure(name: str) -> None:
    assert JOBS[name].keys() <= KNOWN_IN_JOBS
    assert all(step.keys() <= KNOWN_IN_STEPS for step in JOBS[name].get("steps", []))
    assert not [each for each in commands(JOBS[name]) if re.search(r"\|\||set \+e", each)]


@pytest.mark.parametrize("name", ["check: check", "check: regexes", "check: sam-local", "deploy: check"])
def test_job_that_checks_ends_with_its_checks(name: str) -> None:
    expected = {
        "check: check": ".ci/run",
        "check: regexes": "make regexes",
        "check: sam-local": "make sam-local",
        "deploy: check": "make check",
    }
    assert commands(JOBS[name])[-1] == expected[name]


@pytest.mark.parametrize(("name", "step"), [each for each in STEPS if "actions/checkout@" in each[1].get("uses", "")])
def test_checkout_is_of_the_commit_of_the_run_and_leaves_no_token_behind(name: str, step: dict[str, Any]) -> None:
    assert step["with"] == {"persist-credentials": False}, name


def test_build_is_made_once_and_deployed_as_it_is() -> None:
    """`sam deploy` takes the template in .aws-sam/build if there is one, and no other is named."""
    build = JOBS["deploy: build"]
    assert commands(build)[1:] == ["sam validate --lint", "sam build"]
    [upload] = [each["with"] for name, each in STEPS if "upload-artifact@" in each.get("uses", "")]
    [download] = [each["with"] for name, each in STEPS if "download-artifact@" in each.get("uses", "")]
    assert upload == {**download, "include-hidden-files": True, "if-no-files-found": "error"}
    assert download == {"name": "build", "path": ".aws-sam/build"}


def test_deployment_runs_these_commands_only() -> None:
    _, deploy, issue = commands(DEPLOYMENT)
    assert deploy.replace("\\\n", "").split() == [
        *("sam", "deploy", "--config-env", '"$ENVIRONMENT"', "--no-confirm-changeset"),
        *("--parameter-overrides", '"file://environments/$ENVIRONMENT.yaml"', '"Release=${GITHUB_SHA::10}"'),
        '"AlarmTopicArn=\\"$ALARM_TOPIC_ARN\\""',
    ]
    assert issue == ".github/issue-smoke-test-key"


@pytest.mark.parametrize(
    ("job", "environment"), [(DEPLOYMENT, "<environment>"), (SMOKE_TEST, "<environment>-smoke-test")]
)
def test_job_uses_the_documented_variables_of_its_environment(job: dict[str, Any], environment: str) -> None:
    row = re.search(rf"\| `{environment}` \| (.+?) \|", DEPLOY_DOCUMENT)
    assert row
    assert set(re.findall(r"vars\.(\w+)", str(job))) == set(re.findall(r"`([A-Z_]+)`", row[1]))
    assert all(name == variable for name, variable in re.findall(r"(\w+)': '\$\{\{ vars\.(\w+)", str(job.get("env"))))


def test_smoke_test_masks_the_access_key_before_it_uses_it(tmp_path: Any) -> None:
    """GitHub masks a value in the output that follows the command."""
    [step] = [each for each in SMOKE_TEST["steps"] if "run" in each]
    for name, script in {"aws": f"echo {KEY}; echo $@ >&2", "make": "echo smoke: $1 $URL ${KEY:+with a key}"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    parameter = step["env"]["PARAMETER"].replace("${{ inputs.environment }}", "dev")
    run = subprocess.run(  # noqa: S603 - the workflow's script
        ["bash", "-e", "-c", step["run"]],  # noqa: S607
        env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PARAMETER": parameter, "URL": "https://x.test"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines() == [f"::add-mask::{KEY}", "smoke: smoke https://x.test with a key"]
    assert KEY not in run.stderr
    stack = DEPLOYMENT["env"]["STACK"].replace("${{ inputs.environment }}", "dev")
    assert f"--name /{stack}/smoke-test-key" in run.stderr  # as in .github/issue-smoke-test-key


def test_smoke_test_calls_the_url_of_the_deployment() -> None:
    [step] = [each for each in SMOKE_TEST["steps"] if "run" in each]
    assert step["env"]["URL"] == "${{ needs.deploy.outputs.url }}"
    assert DEPLOYMENT["outputs"] == {"url": "${{ steps.access-key.outputs.url }}"}
    [issue] = [each for each in DEPLOYMENT["steps"] if "issue-smoke-test-key" in each.get("run", "")]
    assert issue["id"] == "access-key"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environment_has_artifacts_and_tags_of_its_own_and_rolls_back_failures(environment: str) -> None:
    """A setting that is added may change what a deployment does, such as `disable_rollback`."""
    chosen = settings(environment)
    assert chosen == {
        "stack_name": f"ai-integrations-{environment}",
        "capabilities": "CAPABILITY_IAM",
        "resolve_s3": True,
        "s3_prefix": f"ai-integrations-{environment}",
        "confirm_changeset": environment == "prod",
        "fail_on_empty_changeset": False,
        "parameter_overrides": [f"file://environments/{environment}.yaml"],
        "tags": ["service=ai-integrations", f"environment={environment}"],
    }
    assert CONFIG[environment].keys() == {"deploy"}


def test_production_keeps_data_and_logs_at_least_as_long_as_by_default() -> None:
    declared, chosen = template()["Parameters"], parameters("prod")
    for name in ("AuditLogDays", "LogRetentionDays", "RecoveryWindowDays"):
        assert chosen.get(name, declared[name]["Default"]) >= declared[name]["Default"]
