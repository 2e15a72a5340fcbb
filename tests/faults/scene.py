"""One cell's account: what is done in it, by its own caller, and by others who get in between."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.builders import a_caller, create_body, gateway_event
from tests.cloud import Response
from tests.faults.world import Event, World

COLLECTION = "/v2/ai-integrations"
OLD, NEW, THEIRS = "sk-fake-0123456789-not-a-key", "sk-fake-9876543210-not-a-key", "sk-fake-theirs-not-a-key"
BUSY = 503

Ask = Callable[[], int]
"""Sends one and the same request, and returns the status of its answer."""


@dataclass
class Scene:
    world: World
    account: str
    integration: str = ""
    heard: list[Response] = field(default_factory=list)

    def event(self, method: str, path: str = "", body: object = None, **headers: str) -> Event:
        caller = a_caller(account=self.account)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return gateway_event(body, method=method, path=COLLECTION + path, caller=caller, headers={**sent})

    def asking(self, method: str, path: str = "", body: object = None, **headers: str) -> Ask:
        event = self.event(method, path, body, **headers)

        def ask() -> int:
            self.heard.append(self.world.api(event))
            return self.heard[-1].status

        return ask

    def asking_for_one(self, method: str, path: str = "", body: object = None, **headers: str) -> Ask:
        return self.asking(method, f"/{self.integration}{path}", body, **headers)

    def creating(self, **body: Any) -> Ask:
        return self.asking("POST", "", create_body(headers={"X-Team": "fake-header-value"}, **body))

    def patching(self, **body: Any) -> Ask:
        return self.asking_for_one("PATCH", "", body)

    def rotating(self, **more: Any) -> Ask:
        return self.asking_for_one("POST", "/key-rotations", {"api_key": NEW, **more})

    def have(self, **body: Any) -> None:
        """Have one integration, of which everything is done that a create leaves to be done."""
        assert self.creating(**body)() == 201
        self.integration = self.heard[-1].body["id"]
        self.world.catch_up()

    def share(self) -> str:
        """Keep a secret as its owner would, for the account to refer to."""
        made = self.world.cloud.secrets_manager.create_secret(
            Name=f"theirs-{self.account}",
            SecretString=THEIRS,
            Tags=[{"Key": "ai-integrations:account", "Value": self.account}],
        )
        self.world.cloud.keys.add(THEIRS)
        return made["ARN"]

    def others(self, before: str, method: str, path: str = "", body: object = None) -> None:
        """Let somebody else's request be carried out just before the next call of an operation."""
        event = self.event(method, path, body)
        self.world.wire.get_before(before, lambda: self.world.cloud.api(event))

    def publishing(self) -> Ask:
        """Deliver what waits in the stream, from now on the same records each time."""
        return self.delivering("publish_changes", {"Records": self.world.waiting()})

    def delivering(self, function: str, event: Event) -> Ask:
        return lambda: 200 if self.world.delivered(function, event) else BUSY

    def sweeping(self) -> Ask:
        return lambda: 200 if self.world.swept() else BUSY
