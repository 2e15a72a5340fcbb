"""A walk through everything that the functions of a stack do: every route, event and command."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from tools.local.aws import client
from tools.local.deployment import STACK

from ai_integrations.contracts import ids
from tests.builders import API_KEY
from tests.iam.recording import calls
from tests.stack.conftest import Stack

SPACE, ORGANIZATION = "space-1", "org-1"
ITS_ORGANIZATION = [{"organization_id": ORGANIZATION}]
SCOPINGS = [{"organization_id": ORGANIZATION, "space_id": SPACE}]
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/models", "external_id": "fake-external-id"}
SECONDS = 60


class Walk:
    """One account's life."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._endpoint = stack.deployment.endpoint
        self._account = f"account-{uuid4().hex[:8]}"
        self._key = stack.issue_key(account=self._account)
        described = self._aws("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        self._outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
        tags = [{"Key": "ai-integrations:account", "Value": self._account}]
        theirs = {"Name": f"theirs-{uuid4().hex}", "SecretString": API_KEY, "Tags": tags}
        self._theirs = self._aws("secretsmanager").create_secret(**theirs)["ARN"]

    def go(self) -> None:
        """Do it all."""
        self._operators()
        self._one_integration()
        self._references()
        self._races()
        self._tests_and_credentials()
        self._events()
        self._custom_resource()
        self._sweep()

    def _operators(self) -> None:
        issued = self._command("AccessKeysFunctionName", action="issue", account=self._account, user="u", role="reader")
        self._command("AccessKeysFunctionName", action="list", account=self._account)
        self._command("AccessKeysFunctionName", action="revoke", account=self._account, id=issued["id"])
        place = {"account": self._account, "name": "Place"}
        self._command("SpacesFunctionName", action="register_organization", id=ORGANIZATION, **place)
        self._command("SpacesFunctionName", action="register_space", id=SPACE, organization_id=ORGANIZATION, **place)
        self._command("SpacesFunctionName", action="list", account=self._account)
        self._command("SpacesFunctionName", action="register_space", id="space-2", **place)
        self._command("SpacesFunctionName", action="remove_space", account=self._account, id="space-2")

    def _one_integration(self) -> None:
        made = self._call("POST", body=_body(api_key=API_KEY, scopings=SCOPINGS))["id"]
        for query in ("?limit=1", f"?space_id={SPACE}", "?space_name=place"):
            self._call("GET", query)
        self._call("GET", path="/v2/spaces?limit=100")
        self._call("GET", f"/{made}")
        self._call("PATCH", f"/{made}", {"name": "Renamed"})
        self._call("POST", f"/{made}/key-rotations", {"api_key": f"{API_KEY}-2", "grace_seconds": 600})
        self._call("POST", f"/{made}/key-rotations/rollback")
        self._call("POST", f"/{made}/key-rotations", {"api_key": f"{API_KEY}-2", "verify": True})
        self._call("PATCH", f"/{made}", {"api_key": f"{API_KEY}-3"})
        self._call("DELETE", f"/{made}")
        self._until(lambda: self._made("publish_changes", "DeleteSecret"))
        self._call("POST", f"/{made}/restore")

    def _references(self) -> None:
        made = self._call(
            "POST", body=_body(provider="awsBedrock", provider_metadata=ROLE, api_key_secret_arn=self._theirs)
        )
        self._command("CredentialsFunctionName", account=self._account, integration=made["id"], consumer="program")
        self._call("POST", f"/{made['id']}/test")

    def _races(self) -> None:
        """Let writes of the same meet until one has to take back the key that it stored."""

        def once_more(number: int) -> bool:
            body = _body(api_key=API_KEY, name=f"Raced {number}")
            self._together(lambda: self._call("POST", body=body))
            made = self._call("GET", "?name=raced&limit=1")["ai_integrations"][0]["id"]
            self._together(lambda: self._call("PATCH", f"/{made}", {"api_key": f"{API_KEY}-4"}))
            return self._made("api", "DeleteSecret") and self._made("api", "UpdateSecretVersionStage")

        assert any(once_more(number) for number in range(10)), "nobody has lost a race"

    def _tests_and_credentials(self) -> None:
        by_role = _body(provider="awsBedrock", provider_metadata=ROLE, api_key=API_KEY, scopings=ITS_ORGANIZATION)
        made = self._call("POST", body=by_role)
        asking = {"account": self._account, "consumer": "program", "space_id": SPACE}
        for integration in (made["id"], made["name"]):
            self._command("CredentialsFunctionName", integration=integration, **asking)
        named = {"account": self._account, "integration": made["id"]}
        self._command("CredentialsFunctionName", action="fingerprint", **named)
        self._command("CredentialsFunctionName", action="find_key", account=self._account, api_key=API_KEY)
        self._call("POST", f"/{made['id']}/test")
        self._call("POST", "/test", by_role)
        self._call("GET", f"/{made['id']}/health")

    def _events(self) -> None:
        self._ask("Create", request_id="1", integration=self._referring("By event"))
        self._until(lambda: bool(self._call("GET", "?name=by%20event")["ai_integrations"]))
        made = self._call("GET", "?name=by%20event")["ai_integrations"][0]["id"]
        self._ask("Update", request_id="2", id=made, integration={"name": "Renamed by event"})
        self._until(lambda: self._call("GET", f"/{made}")["name"] == "Renamed by event")
        self._ask("Delete", request_id="3", id=made)
        # An event with neither is not carried out, and waits for its next delivery.
        broken = [{"Id": "1", "MessageBody": "{}"}]
        self._aws("sqs").send_message_batch(QueueUrl=self._outputs["ProvisioningQueueUrl"], Entries=broken)
        self._until(lambda: self._made("provision", "ChangeMessageVisibility"))

    def _custom_resource(self) -> None:
        declared = {
            "Type": "Custom::AiIntegration",
            "Properties": {
                "ServiceToken": self._outputs["CustomResourceServiceToken"],
                "Account": self._account,
                "User": "stack",
                "Integration": self._referring("By stack"),
            },
        }
        name, cloudformation = f"walk-{uuid4().hex[:8]}", self._aws("cloudformation")
        for action in ("create", "update"):
            text = json.dumps({"Resources": {"Integration": declared}})
            getattr(cloudformation, f"{action}_stack")(StackName=name, TemplateBody=text)
            cloudformation.get_waiter(f"stack_{action}_complete").wait(StackName=name, WaiterConfig={"Delay": 0.2})
            declared["Properties"]["Integration"]["name"] = "Renamed by stack"  # type: ignore[index]
        cloudformation.delete_stack(StackName=name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 0.2})

    def _sweep(self) -> None:
        """Let one secret be gone, and the function have so little time that it must remember how far it has come."""
        made = self._call("POST", body=_body(api_key=API_KEY))["id"]
        name = f"{STACK}/{self._account}/{ids.decode(made)}"
        self._aws("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        self._command("SweepFunctionName", dry_run=True)
        for seconds in (30, 900):
            name = self._outputs["SweepFunctionName"]
            self._aws("lambda").update_function_configuration(FunctionName=name, Timeout=seconds)
            self._command("SweepFunctionName")

    def _referring(self, name: str) -> dict[str, Any]:
        return _body(name=name, api_key_secret_arn=self._theirs, scopings=SCOPINGS)

    def _call(self, method: str, path: str = "", body: object = None) -> Any:
        path = path if path.startswith("/v2/") else f"/v2/ai-integrations{path}"
        request = urllib.request.Request(  # noqa: S310 the stack's own address
            f"{self._stack.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as refusal:
            refusal.close()
            if refusal.code not in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}:
                raise
            return {}

    def _command(self, function: str, **command: Any) -> dict[str, Any]:
        answer = self._stack.deployment.invoke(function, command)
        assert "problem" not in answer, answer
        return answer

    def _ask(self, what: str, **parts: Any) -> None:
        entry = {
            "EventBusName": self._outputs["EventBusName"],
            "Source": "walk",
            "DetailType": f"AI Integration {what} Requested",
            "Detail": json.dumps({"account": self._account, "user": "walk", **parts}),
        }
        self._aws("events").put_events(Entries=[entry])

    def _made(self, function: str, operation: str) -> bool:
        return any((each.function, each.operation) == (function, operation) for each in calls(self._endpoint))

    def _aws(self, service: str) -> Any:
        return client(service, self._endpoint)

    @staticmethod
    def _together(call: Callable[[], object]) -> None:
        with ThreadPoolExecutor() as pool:
            for future in [pool.submit(call) for _ in range(4)]:
                future.result()

    @staticmethod
    def _until(is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not is_so():
            assert time.monotonic() < deadline, "it has not come about"
            time.sleep(0.2)


def _body(**changes: Any) -> dict[str, Any]:
    return {"name": f"Walk {uuid4().hex[:8]}", "provider": "openAI", **changes}
