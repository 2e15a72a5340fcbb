"""One account of the stack: prepares requests of its admin, and writes concurrently with them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.builders import a_caller, create_body, gateway_event
from tests.cloud import Response
from tests.faults.in_process_stack import Event, InProcessStack

COLLECTION = "/v2/ai-integrations"
OLD_KEY, NEW_KEY = "sk-fake-0123456789-not-a-key", "sk-fake-9876543210-not-a-key"
EXTERNAL_KEY = "sk-fake-external-not-a-key"
SERVICE_UNAVAILABLE = 503

Request = Callable[[], int]
"""Sends the same request each time, and returns the status of the response."""


@dataclass
class Account:
    """An account, and the integration that its requests concern."""

    stack: InProcessStack
    name: str
    integration: str = ""
    responses: list[Response] = field(default_factory=list)

    def dry_run(self, method: str, path: str = "", body: object = None) -> Request:
        """Prepare a dry run of a request for the account's integration."""
        event = self.event(method, f"/{self.integration}{path}", body)
        return self._sender(event | {"queryStringParameters": {"dry_run": "true"}})

    def event(self, method: str, path: str = "", body: object = None, **headers: str) -> Event:
        """Build the event of a request. Underscores in header names stand for hyphens."""
        caller = a_caller(account=self.name)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return gateway_event(body, method=method, path=COLLECTION + path, caller=caller, headers={**sent})

    def request(self, method: str, path: str = "", body: object = None, **headers: str) -> Request:
        """Prepare a request."""
        return self._sender(self.event(method, path, body, **headers))

    def _sender(self, event: Event) -> Request:
        def send() -> int:
            self.responses.append(self.stack.api(event))
            return self.responses[-1].status

        return send

    def integration_request(self, method: str, path: str = "", body: object = None, **headers: str) -> Request:
        """Prepare a request for the account's integration."""
        return self.request(method, f"/{self.integration}{path}", body, **headers)

    def create_request(self, **body: Any) -> Request:
        return self.request("POST", "", create_body(headers={"X-Team": "fake-header-value"}, **body))

    def patch_request(self, **body: Any) -> Request:
        return self.integration_request("PATCH", "", body)

    def delete_request(self) -> Request:
        return self.integration_request("DELETE")

    def restore_request(self) -> Request:
        return self.integration_request("POST", "/restore")

    def rotate_request(self, **more: Any) -> Request:
        return self.integration_request("POST", "/key-rotations", {"api_key": NEW_KEY, **more})

    def publish_request(self) -> Request:
        """Prepare the delivery of the records that are in the stream now."""
        return self.delivery("publish_changes", {"Records": self.stack.take_records()})

    def sweep_request(self) -> Request:
        return lambda: 200 if self.stack.sweep() else SERVICE_UNAVAILABLE

    def delivery(self, function: str, event: Event) -> Request:
        """Prepare the delivery of an event to a function."""
        return lambda: 200 if self.stack.deliver(function, event) else SERVICE_UNAVAILABLE

    def create_integration(self, **body: Any) -> None:
        """Create the account's integration, and process the stream."""
        assert self.create_request(**body)() == 201
        self.integration = self.responses[-1].body["id"]
        self.stack.process_stream()

    def create_external_secret(self) -> str:
        """Create a secret that its owner keeps, tagged for this account, and return its ARN."""
        response = self.stack.cloud.secrets_manager.create_secret(
            Name=f"external-{self.name}",
            SecretString=EXTERNAL_KEY,
            Tags=[{"Key": "ai-integrations:account", "Value": self.name}],
        )
        self.stack.cloud.keys.add(EXTERNAL_KEY)
        return response["ARN"]

    def write_concurrently(self, before: str, method: str, path: str = "", body: object = None) -> None:
        """Let another process handle a request just before the next call of an AWS operation."""
        event = self.event(method, path, body)
        self.stack.injector.run_before(before, lambda: self.stack.cloud.api(event))
