"""Smoke test: create, use and delete one integration on any deployment with the official Python client.

Needs only the PyPI package `arize`; `make smoke` runs it as
AI_INTEGRATIONS_URL=… AI_INTEGRATIONS_API_KEY=… python tests/smoke/lifecycle.py.
"""

import os
import sys
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import urllib3
from arize import ArizeClient

NAME = f"Smoke test {uuid.uuid4()}"  # unique, so that concurrent runs do not collide


class LifecycleSteps:
    """The steps of the smoke test. Each calls the official client and checks the response."""

    def __init__(self, url: str, key: str) -> None:
        address = urlsplit(url)
        client = ArizeClient(api_key=key, api_scheme=address.scheme, api_host=address.netloc + address.path.rstrip("/"))
        self._integrations = client.ai_integrations

    def create(self) -> Any:
        created = self._integrations.create(
            name=NAME, provider="openAI", api_key="sk-fake-not-a-key", model_names=["gpt-4o"]
        )
        assert (created.name, created.has_api_key) == (NAME, True), created
        return created

    def get(self, created: Any) -> None:
        assert self._integrations.get(integration_id=created.id) == created

    def list(self, created: Any) -> None:
        assert created.id in [each.id for each in self._integrations.list(limit=100).ai_integrations]

    def update(self, created: Any) -> None:
        changed = self._integrations.update(integration_id=created.id, model_names=["gpt-4o", "gpt-4.1"])
        assert (changed.id, changed.model_names) == (created.id, ["gpt-4o", "gpt-4.1"]), changed

    def create_again_returns_409(self, _created: Any) -> None:
        assert _error_status(self.create) == 409

    def delete(self, created: Any) -> None:
        self._integrations.delete(integration_id=created.id)
        assert _error_status(lambda: self._integrations.get(integration_id=created.id)) == 404


def _error_status(call: Callable[[], object]) -> int | None:
    try:
        call()
    except Exception as error:
        if (status := _status(error)) is None:
            raise
        return status
    return None


def _status(error: Exception) -> int | None:
    """Get the status of an error response. The client has several classes of errors with a status."""
    return getattr(error, "status", None)


def run(url: str, key: str) -> None:
    """Run all steps and print each one that passes; delete the integration even if a step fails."""
    status = _error_status(LifecycleSteps(url, "not-a-key").create)
    if status != 401:
        sys.exit(f"{url} is not this API, or accepts an unknown access key: status {status or 201} instead of 401.")
    print("ok: create with an unknown access key returns 401")
    steps = LifecycleSteps(url, key)
    created = steps.create()
    print("ok: create")
    try:
        for step in (steps.get, steps.list, steps.update, steps.create_again_returns_409):
            step(created)
            print(f"ok: {step.__name__.replace('_', ' ')}")
    finally:
        steps.delete(created)
        print("ok: delete")


if __name__ == "__main__":
    connection = [os.environ.get(name, "") for name in ("AI_INTEGRATIONS_URL", "AI_INTEGRATIONS_API_KEY")]
    if not all(connection):
        sys.exit("The URL of the API or an access key is missing. Usage: make smoke URL=… KEY=…")
    try:
        run(*connection)
    except urllib3.exceptions.HTTPError as error:
        sys.exit(f"{connection[0]} does not respond: {type(error).__name__}. Check URL.")
    except Exception as error:
        if _status(error) not in {401, 403}:
            raise
        sys.exit(f"The API returns {_status(error)}. Check that KEY is valid and may create integrations.")
