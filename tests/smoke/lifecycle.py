"""Walks the official Python client through one integration's life on any deployment, and leaves nothing behind.

Runs in an environment that has the PyPI package `arize` and needs nothing else:
AI_INTEGRATIONS_URL=… AI_INTEGRATIONS_API_KEY=… python tests/smoke/lifecycle.py, which is what `make smoke` does.
"""

import os
import sys
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from arize import ArizeClient

NAME = f"Smoke test {uuid.uuid4()}"


class Integrations:
    """The client's own calls; names are unique, so that two walks do not meet."""

    def __init__(self, url: str, key: str) -> None:
        address = urlsplit(url)
        client = ArizeClient(api_key=key, api_scheme=address.scheme, api_host=address.netloc + address.path.rstrip("/"))
        self._calls = client.ai_integrations

    def create(self) -> Any:
        created = self._calls.create(name=NAME, provider="openAI", api_key="sk-fake-not-a-key", model_names=["gpt-4o"])
        assert (created.name, created.has_api_key) == (NAME, True), created
        return created

    def get(self, created: Any) -> None:
        assert self._calls.get(integration_id=created.id) == created

    def list(self, created: Any) -> None:
        assert created.id in [each.id for each in self._calls.list(limit=100).ai_integrations]

    def update(self, created: Any) -> None:
        changed = self._calls.update(integration_id=created.id, model_names=["gpt-4o", "gpt-4.1"])
        assert (changed.id, changed.model_names) == (created.id, ["gpt-4o", "gpt-4.1"]), changed

    def refuse_the_name_again(self, _created: Any) -> None:
        assert _status_of(self.create) == 409

    def delete(self, created: Any) -> None:
        self._calls.delete(integration_id=created.id)
        assert _status_of(lambda: self._calls.get(integration_id=created.id)) == 404


def _status_of(call: Callable[[], object]) -> int | None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - whatever kind of error the client makes of a status
        return getattr(error, "status", None)
    return None


def walk(url: str, key: str) -> None:
    """Say each step once it is done; delete the integration also when one fails."""
    assert _status_of(Integrations(url, "not-a-key").create) == 401
    print("refuses callers without a key")
    integrations = Integrations(url, key)
    created = integrations.create()
    print("creates")
    try:
        for step in (integrations.get, integrations.list, integrations.update, integrations.refuse_the_name_again):
            step(created)
            print(step.__name__.replace("_", " ") + "s" * (step.__name__.isalpha()))
    finally:
        integrations.delete(created)
        print("deletes")


if __name__ == "__main__":
    try:
        walk(os.environ["AI_INTEGRATIONS_URL"], os.environ["AI_INTEGRATIONS_API_KEY"])
    except KeyError as missing:
        sys.exit(f"{missing.args[0]} is not set: make smoke URL=… KEY=…")
