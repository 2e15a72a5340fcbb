"""Releases of the official clients work unmodified. `make test` runs one of them, `make clients` all.

The driver programs in tests/stack/clients read these environment variables:

- AI_INTEGRATIONS_URL: the base URL of the API
- AI_INTEGRATIONS_API_KEY, AI_INTEGRATIONS_READER_KEY: access keys of an admin and a reader of a new account
- AI_INTEGRATIONS_SPACE, AI_INTEGRATIONS_SPACE_ID: the name and the id of a registered space
- AI_INTEGRATIONS_ORGANIZATION, AI_INTEGRATIONS_ORGANIZATION_ID: those of its organization. Another one's name contains
  this name.
- AI_INTEGRATIONS_ROLE: the ARN of an IAM role for the account, because a role belongs to one account
- AI_INTEGRATIONS_EXAMPLE: the request body of the published example
- AI_INTEGRATIONS_SEEDED_NAMES: a JSON list of the names of integrations created earlier, in both wire formats
- AI_INTEGRATIONS_NAME_IN_SPACE, AI_INTEGRATIONS_NAME_IN_OTHER_SPACE: two of these names
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.builders import an_event
from tests.stack.clients.releases import ALWAYS, RELEASES, Release
from tests.stack.conftest import Stack

TIMEOUT_SECONDS = 600
SPACE, SPACE_ID = "Team space", "U3BhY2U6MTphYmM="
ORGANIZATION, ORGANIZATION_ID = "Research", "T3JnYW5pemF0aW9uOjE6YWI="
OTHER_ORGANIZATION_ID = "T3JnYW5pemF0aW9uOjE6YWE="  # sorts before the organization


@pytest.mark.parametrize(
    "release",
    [pytest.param(each, id=str(each), marks=() if each is ALWAYS else pytest.mark.clients) for each in RELEASES],
)
def test_official_client_completes_every_supported_step(release: Release, stack: Stack, tmp_path: Path) -> None:
    if release.missing:
        pytest.skip(release.missing)
    outcomes = run_driver(release, {**prepare_account(stack, account=f"of-{release}"), "HOME": str(tmp_path)})
    for step, outcome in outcomes.items():
        print(f"{step}: {outcome}")
    failed = {step: outcome for step, outcome in outcomes.items() if not outcome.startswith(("ok", "not supported"))}
    assert failed == {}
    assert len(outcomes) > 20


def seeded_integrations(role_arn: str) -> list[dict[str, Any]]:
    """List the bodies of integrations that exist before the driver runs."""
    return [
        {"name": "Seeded in the current format", "provider": "LITELLM", "auth_type": "BEARER_TOKEN"},
        {"name": "Seeded with metadata", "provider": "awsBedrock", "provider_metadata": {"role_arn": role_arn}},
        {"name": "Seeded for the space", "provider": "openAI", "scopings": [{"space_id": SPACE_ID}]},
        {"name": "Seeded for another space", "provider": "GEMINI", "scopings": [{"space_id": "U3BhY2U6MTp4eXo="}]},
    ]


def prepare_account(stack: Stack, account: str) -> dict[str, str]:
    """Create keys, a space and integrations; return the environment variables for a driver."""
    key = stack.issue_key(account=account)
    stack.register("organization", account=account, id=ORGANIZATION_ID, name=ORGANIZATION)
    stack.register("organization", account=account, id=OTHER_ORGANIZATION_ID, name=f"Not {ORGANIZATION}")
    stack.register("space", account=account, id=SPACE_ID, name=SPACE, organization_id=ORGANIZATION_ID)
    role_arn = f"arn:aws:iam::123456789012:role/{account}"
    seeded = seeded_integrations(role_arn)
    for body in seeded:
        stack.create(key, **body)
    return {
        "AI_INTEGRATIONS_URL": stack.url,
        "AI_INTEGRATIONS_API_KEY": key,
        "AI_INTEGRATIONS_READER_KEY": stack.issue_key(account=account, role="reader", user="bob"),
        "AI_INTEGRATIONS_SPACE": SPACE,
        "AI_INTEGRATIONS_SPACE_ID": SPACE_ID,
        "AI_INTEGRATIONS_ORGANIZATION": ORGANIZATION,
        "AI_INTEGRATIONS_ORGANIZATION_ID": ORGANIZATION_ID,
        "AI_INTEGRATIONS_ROLE": role_arn,
        "AI_INTEGRATIONS_EXAMPLE": an_event("create_openai")["body"],
        "AI_INTEGRATIONS_SEEDED_NAMES": json.dumps([body["name"] for body in seeded]),
        "AI_INTEGRATIONS_NAME_IN_SPACE": "Seeded for the space",
        "AI_INTEGRATIONS_NAME_IN_OTHER_SPACE": "Seeded for another space",
    }


def run_driver(release: Release, environment: dict[str, str]) -> dict[str, str]:
    """Run the driver with only PATH and these variables as its environment; return the outcome of each step."""
    with release.driver.open("rb") as program:
        done = subprocess.run(  # noqa: S603 our own drivers
            release.command(),
            cwd=release.folder,
            env={"PATH": os.environ["PATH"], **environment},
            stdin=program,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    assert done.stdout, done.stderr.decode()
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["client"].endswith(release.version)
    outcomes: dict[str, str] = report["steps"]
    return outcomes
