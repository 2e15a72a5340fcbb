"""The official clients work unmodified. `make test` tries one release, `make clients` all.

A driver of tests/stack/clients takes from the environment:

- AI_INTEGRATIONS_URL, and AI_INTEGRATIONS_API_KEY of an admin of an account of its own, AI_INTEGRATIONS_READER_KEY
- AI_INTEGRATIONS_SPACE and AI_INTEGRATIONS_SPACE_ID: the name and the id of a registered space
- AI_INTEGRATIONS_EXAMPLE: the body of the founding example
- AI_INTEGRATIONS_SEEDED: the names, as JSON, of what somebody else created before, in both spellings
- AI_INTEGRATIONS_OF_THE_SPACE, AI_INTEGRATIONS_OF_ANOTHER_SPACE: the names of two of these
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

SECONDS_TO_WALK = 600
SPACE, SPACE_ID = "Team space", "U3BhY2U6MTphYmM="
SEEDED: list[dict[str, Any]] = [
    {"name": "Seeded in the newer spelling", "provider": "LITELLM", "auth_type": "BEARER_TOKEN"},
    {"name": "Seeded with metadata", "provider": "awsBedrock", "provider_metadata": {"role_arn": "r"}},
    {"name": "Seeded for the space", "provider": "openAI", "scopings": [{"space_id": SPACE_ID}]},
    {"name": "Seeded for another space", "provider": "GEMINI", "scopings": [{"space_id": "U3BhY2U6MTp4eXo="}]},
]


@pytest.mark.parametrize(
    "release",
    [pytest.param(each, id=str(each), marks=() if each is ALWAYS else pytest.mark.clients) for each in RELEASES],
)
def test_works_unmodified(release: Release, stack: Stack, tmp_path: Path) -> None:
    if release.missing:
        pytest.skip(release.missing)
    steps = walk(release, {**a_world(stack, account=f"of-{release}"), "HOME": str(tmp_path)})
    for step, outcome in steps.items():
        print(f"{step}: {outcome}")
    assert {step: outcome for step, outcome in steps.items() if not outcome.startswith(("ok", "not offered"))} == {}
    assert len(steps) > 20


def a_world(stack: Stack, account: str) -> dict[str, str]:
    """Furnish an account; return what a driver takes from the environment."""
    key = stack.issue_key(account=account)
    stack.register_space(account=account, id=SPACE_ID, name=SPACE)
    for body in SEEDED:
        stack.create(key, **body)
    return {
        "AI_INTEGRATIONS_URL": stack.url,
        "AI_INTEGRATIONS_API_KEY": key,
        "AI_INTEGRATIONS_READER_KEY": stack.issue_key(account=account, role="reader", user="bob"),
        "AI_INTEGRATIONS_SPACE": SPACE,
        "AI_INTEGRATIONS_SPACE_ID": SPACE_ID,
        "AI_INTEGRATIONS_EXAMPLE": an_event("create_openai")["body"],
        "AI_INTEGRATIONS_SEEDED": json.dumps([body["name"] for body in SEEDED]),
        "AI_INTEGRATIONS_OF_THE_SPACE": "Seeded for the space",
        "AI_INTEGRATIONS_OF_ANOTHER_SPACE": "Seeded for another space",
    }


def walk(release: Release, environment: dict[str, str]) -> dict[str, str]:
    """Run the driver, with nothing of this machine's settings but where programs are; return what came of each step."""
    with release.driver.open("rb") as program:
        done = subprocess.run(  # noqa: S603 our own drivers
            release.command(),
            cwd=release.folder,
            env={"PATH": os.environ["PATH"], **environment},
            stdin=program,
            capture_output=True,
            timeout=SECONDS_TO_WALK,
            check=False,
        )
    assert done.stdout, done.stderr.decode()
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["client"].endswith(release.version)
    steps: dict[str, str] = report["steps"]
    return steps
