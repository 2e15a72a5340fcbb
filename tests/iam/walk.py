"""Use every route, event and command of a stack, so that its functions make all their AWS calls."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from tools.local.aws import REGION, client
from tools.local.deployment import PARAMETERS, STACK

from ai_integrations.contracts import ids
from tests.builders import ACCESS_TOKEN, API_KEY
from tests.connection.servers import Reply, serve
from tests.iam.recording import calls
from tests.stack.conftest import Stack
from tests.stack.platform_client import PlatformClient
from tests.stack.signed_program import session_of

SPACE, ORGANIZATION = "space-1", "org-1"
ORGANIZATION_SCOPINGS = [{"organization_id": ORGANIZATION}]
SCOPINGS = [{"organization_id": ORGANIZATION, "space_id": SPACE}]
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/models", "external_id": "fake-external-id"}
SECONDS = 60


class Walk:
    """The use of a stack by one account."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._endpoint = stack.deployment.endpoint
        self._account = f"account-{uuid4().hex[:8]}"
        self._key = stack.issue_key(account=self._account)
        described = self._aws("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        self._outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
        tags = [{"Key": "ai-integrations:account", "Value": self._account}]
        secret = {"Name": f"referenced-{uuid4().hex}", "SecretString": API_KEY, "Tags": tags}
        self._referenced_secret = self._aws("secretsmanager").create_secret(**secret)["ARN"]

    def run(self) -> None:
        """Run all steps."""
        self._operator_commands()
        self._integration_lifecycle()
        self._references()
        self._federation()
        self._concurrent_writes()
        self._tests_and_credentials()
        self._refusals()
        self._readers_of_a_space()
        self._consumers()
        self._events()
        self._dead_letters()
        self._custom_resource()
        self._sweep()

    def _operator_commands(self) -> None:
        issued = self._command("AccessKeysFunctionName", action="issue", account=self._account, user="u", role="reader")
        self._command("AccessKeysFunctionName", action="list", account=self._account)
        self._command("AccessKeysFunctionName", action="revoke", account=self._account, id=issued["id"])
        self._stack.register_sender(account=self._account, source="removed")
        self._stack.remove_sender(account=self._account, source="removed")
        self._stack.register_sender(account=self._account, source="walk")
        self._stack.register_sender(account=self._account, stack_names="walk-*")
        self._command("AccessKeysFunctionName", action="list_senders", account=self._account)
        place = {"account": self._account, "name": "Place"}
        self._command("SpacesFunctionName", action="register_organization", id=ORGANIZATION, **place)
        self._command("SpacesFunctionName", action="register_space", id=SPACE, organization_id=ORGANIZATION, **place)
        self._command("SpacesFunctionName", action="list", account=self._account)
        self._command("SpacesFunctionName", action="register_space", id="space-2", **place)
        self._command("SpacesFunctionName", action="remove_space", account=self._account, id="space-2")

    def _integration_lifecycle(self) -> None:
        integration_id = self._call("POST", body=_body(api_key=API_KEY, scopings=SCOPINGS))["id"]
        for query in ("?limit=1", f"?space_id={SPACE}", "?space_name=place"):
            self._call("GET", query)
        for path in ("spaces?limit=100", f"spaces/{SPACE}", "organizations", f"organizations/{ORGANIZATION}"):
            self._call("GET", path=f"/v2/{path}")
        self._call("GET", f"/{integration_id}")
        self._call("PATCH", f"/{integration_id}", {"name": "Renamed"})
        self._call("POST", f"/{integration_id}/key-rotations", {"api_key": f"{API_KEY}-2", "grace_seconds": 600})
        self._call("POST", f"/{integration_id}/key-rotations/rollback")
        self._call("POST", f"/{integration_id}/key-rotations", {"api_key": f"{API_KEY}-2", "verify": True})
        self._call("PATCH", f"/{integration_id}", {"api_key": f"{API_KEY}-3"})
        reference = {"account": self._account, "integration": integration_id}
        self._command("CredentialsFunctionName", consumer="program", space_id=SPACE, **reference)
        self._wait_until(lambda: self._has_called("credentials", "UpdateItem"))
        dry_run = "?dry_run=true"
        to_role = {"provider": "awsBedrock", "provider_metadata": ROLE, "api_key": None}
        self._call("POST", f"/{integration_id}/key-rotations/rollback{dry_run}")
        self._call("PATCH", f"/{integration_id}{dry_run}", to_role)
        self._call("DELETE", f"/{integration_id}{dry_run}")
        self._call("DELETE", f"/{integration_id}")
        self._wait_until(lambda: self._has_called("publish_changes", "UpdateItem"))
        self._call("POST", f"/{integration_id}/restore")

    def _references(self) -> None:
        integration = self._call(
            "POST",
            body=_body(provider="awsBedrock", provider_metadata=ROLE, api_key_secret_arn=self._referenced_secret),
        )
        reference = {"account": self._account, "integration": integration["id"]}
        self._command("CredentialsFunctionName", consumer="program", **reference)
        self._call("POST", f"/{integration['id']}/test")

    def _federation(self) -> None:
        """Exchange a token at a server that also is the provider."""
        with serve() as server:
            token = {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600}
            server.behave = lambda _: Reply.from_json(token)
            federation = {
                "token_endpoint": server.url(path="/token"),
                "grant": "token-exchange",
                "audience": PARAMETERS["FederationAudiences"],
            }
            integration = self._call(
                "POST", body=_body(provider="custom", base_url=server.url(), federation=federation)
            )
            reference = {"account": self._account, "integration": integration["id"]}
            self._command("CredentialsFunctionName", consumer="program", **reference)
            self._call("POST", f"/{integration['id']}/test")
            self._call("GET", f"/{integration['id']}/federation")

    def _concurrent_writes(self) -> None:
        """Run conflicting writes until a rejected one had to discard the key that it stored."""

        def discarded_a_key(number: int) -> bool:
            body = _body(api_key=API_KEY, name=f"Concurrent {number}")
            self._run_concurrently(lambda: self._call("POST", body=body))
            integration_id = self._call("GET", "?name=concurrent&limit=1")["ai_integrations"][0]["id"]
            self._run_concurrently(lambda: self._call("PATCH", f"/{integration_id}", {"api_key": f"{API_KEY}-4"}))
            return self._has_called("api", "DeleteSecret") and self._has_called("api", "UpdateSecretVersionStage")

        assert any(discarded_a_key(number) for number in range(10)), "no write was rejected"

    def _tests_and_credentials(self) -> None:
        with_role = _body(
            provider="awsBedrock", provider_metadata=ROLE, api_key=API_KEY, scopings=ORGANIZATION_SCOPINGS
        )
        integration = self._call("POST", body=with_role)
        consumer = {"account": self._account, "consumer": "program", "space_id": SPACE}
        for reference in (integration["id"], integration["name"]):
            self._command("CredentialsFunctionName", integration=reference, **consumer)
        self._command(
            "CredentialsFunctionName", action="fingerprint", account=self._account, integration=integration["id"]
        )
        self._command("CredentialsFunctionName", action="find_key", account=self._account, api_key=API_KEY)
        self._call("POST", f"/{integration['id']}/test")
        self._call("POST", "/test", with_role)
        self._call("GET", f"/{integration['id']}/health")
        self._call("GET", f"/{integration['id']}/role")

    def _refusals(self) -> None:
        refused = {"account": self._account, "integration": "No such name", "consumer": "program"}
        response = self._stack.deployment.invoke("CredentialsFunctionName", refused)
        assert response["problem"]["status"] == HTTPStatus.NOT_FOUND
        self._wait_until(lambda: self._has_called("credentials", "PutItem"))

    def _readers_of_a_space(self) -> None:
        """Let a reader, a source and a stack of a space try to use what only its organization may change."""
        reader: dict[str, Any] = {"account": self._account, "role": "reader", "memberships": [{"space_id": SPACE}]}
        integration_id = self._call("POST", body=_body(scopings=ORGANIZATION_SCOPINGS))["id"]
        response = self._stack.request(self._stack.issue_key(**reader), "POST", f"/{integration_id}/test")
        assert response.status == HTTPStatus.FORBIDDEN
        self._stack.register_sender(source="reader", **reader)
        self._publish_request("Delete", source="reader", request_id="reader", id=integration_id)
        self._wait_until(lambda: self._has_called("provision", "GetItem", "SPACES#"))
        self._stack.register_sender(stack_names="reader", **reader)
        aws_account = self._stack.deployment.aws_account()
        request = {
            "RequestType": "Delete",
            "StackId": f"arn:aws:cloudformation:{REGION}:{aws_account}:stack/reader/1",
            "RequestId": "reader",
            "LogicalResourceId": "Integration",
            "PhysicalResourceId": integration_id,
            "ResourceProperties": {"Account": self._account, "User": "reader"},
        }
        function = self._outputs["CustomResourceServiceToken"]
        with serve() as server:
            payload = json.dumps({**request, "ResponseURL": server.url()})
            self._aws("lambda").invoke(FunctionName=function, Payload=payload)

    def _consumers(self) -> None:
        integration_id = self._call("POST", body=_body(name="Granted", scopings=ORGANIZATION_SCOPINGS))["id"]
        grant = {"principal_arn": "arn:aws:iam::000000000000:role/program", "integration_ids": [integration_id]}
        one = f"/v2/consumers/{self._call('POST', path='/v2/consumers', body=grant)['id']}"
        self._call("GET", path="/v2/consumers")
        self._call("GET", path=one)
        program = session_of(self._stack, "program", "session")
        by_id = program.resolve(f"/v2/ai-integrations/{integration_id}/credentials", account=self._account)
        by_name = program.resolve("/v2/credentials", integration="Granted")
        assert by_id.status == by_name.status == HTTPStatus.OK
        self._call("PATCH", path=one, body={"memberships": [{"space_id": SPACE}]})
        self._call("GET", f"/{integration_id}/consumers")
        self._call("GET", path="/v2/keys?limit=1")
        self._call("GET", path="/v2/audit-logs?limit=1")
        self._call("GET", path="/v2/deleted-ai-integrations?limit=1")
        reader = self._stack.issue_key(account=self._account, role="reader", memberships=[{"space_id": SPACE}])
        self._call("GET", f"/{integration_id}/key", key=reader)
        self._call("DELETE", path=one)

    def _events(self) -> None:
        self._publish_request("Create", request_id="1", integration=self._body_with_reference("By event"))
        self._wait_until(lambda: bool(self._call("GET", "?name=by%20event")["ai_integrations"]))
        integration_id = self._call("GET", "?name=by%20event")["ai_integrations"][0]["id"]
        self._publish_request("Update", request_id="2", id=integration_id, integration={"name": "Renamed by event"})
        self._wait_until(lambda: self._call("GET", f"/{integration_id}")["name"] == "Renamed by event")
        self._publish_request("Delete", request_id="3", id=integration_id)
        with PlatformClient(self._stack, self._account).dynamodb_unreachable():
            self._publish_request("Create", request_id="4", integration=self._body_with_reference("Delayed"))
            self._wait_until(lambda: self._has_called("provision", "ChangeMessageVisibility"))

    def _dead_letters(self) -> None:
        """Cause a message and a stream record that the functions cannot process."""
        self._aws("sqs").send_message(QueueUrl=self._outputs["ProvisioningQueueUrl"], MessageBody="{}")
        unreadable = {"pk": {"S": f"ACCOUNT#{self._account}"}, "sk": {"S": "INTEGRATION#unreadable"}}
        self._aws("dynamodb").put_item(TableName=self._outputs["TableName"], Item=unreadable)
        self._aws("dynamodb").delete_item(TableName=self._outputs["TableName"], Key=unreadable)
        for function in ("provision", "publish_changes"):
            self._wait_until(lambda function=function: self._has_called(function, "SendMessage"))  # type: ignore[misc]

    def _custom_resource(self) -> None:
        declared = {
            "Type": "Custom::AiIntegration",
            "Properties": {
                "ServiceToken": self._outputs["CustomResourceServiceToken"],
                "Account": self._account,
                "User": "stack",
                "Integration": self._body_with_reference("By stack"),
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
        """Remove a secret, and run the sweep with so little time that it must store its cursor."""
        integration_id = self._call("POST", body=_body(api_key=API_KEY))["id"]
        name = f"{STACK}/{self._account}/{ids.decode(integration_id)}"
        self._aws("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        self._command("SweepFunctionName", dry_run=True)
        self._remind()
        for seconds in (30, 900):
            name = self._outputs["SweepFunctionName"]
            self._aws("lambda").update_function_configuration(FunctionName=name, Timeout=seconds)
            self._command("SweepFunctionName")

    def _remind(self) -> None:
        """Run the sweep as if the keys of the account were old."""
        platform = PlatformClient(self._stack, self._account)
        platform.set_age_of_keys(timedelta(days=2))
        with platform.variables("SweepFunction", MAX_KEY_AGE_DAYS="1", UNUSED_KEY_DAYS="1"):
            self._command("SweepFunctionName")

    def _body_with_reference(self, name: str) -> dict[str, Any]:
        role = {"provider": "awsBedrock", "provider_metadata": ROLE}
        return _body(name=name, api_key_secret_arn=self._referenced_secret, scopings=SCOPINGS, **role)

    def _call(self, method: str, path: str = "", body: object = None, *, key: str | None = None) -> Any:
        path = path if path.startswith("/v2/") else f"/v2/ai-integrations{path}"
        request = urllib.request.Request(  # noqa: S310 - the address of the stack
            f"{self._stack.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key or self._key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310
                return json.loads(response.read() or b"{}")
        except urllib.error.HTTPError as error:
            error.close()
            if error.code not in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}:
                raise
            return {}

    def _command(self, function: str, **command: Any) -> dict[str, Any]:
        result = self._stack.deployment.invoke(function, command)
        assert "problem" not in result, result
        return result

    def _publish_request(self, action: str, *, source: str = "walk", **parts: Any) -> None:
        entry = {
            "EventBusName": self._outputs["EventBusName"],
            "Source": source,
            "DetailType": f"AI Integration {action} Requested",
            "Detail": json.dumps({"account": self._account, "user": "walk", **parts}),
        }
        self._aws("events").put_events(Entries=[entry])

    def _has_called(self, function: str, operation: str, parameter: str = "") -> bool:
        return any(
            (each.function, each.operation) == (function, operation) and parameter in json.dumps(each.parameters)
            for each in calls(self._endpoint)
        )

    def _aws(self, service: str) -> Any:
        return client(service, self._endpoint)

    @staticmethod
    def _run_concurrently(call: Callable[[], object]) -> None:
        with ThreadPoolExecutor() as pool:
            for future in [pool.submit(call) for _ in range(4)]:
                future.result()

    @staticmethod
    def _wait_until(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, "timed out"
            time.sleep(0.2)


def _body(**changes: Any) -> dict[str, Any]:
    return {"name": f"Walk {uuid4().hex[:8]}", "provider": "openAI", **changes}
