"""The stack of one emulator, made or changed by CloudFormation."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError, WaiterError

from tools.local.aws import client
from tools.local.errors import LocalStackError
from tools.local.omissions import supply_what_is_dropped
from tools.local.template import Template, for_emulator, tables_lost

STACK = "ai-integrations"
BUCKET = f"{STACK}-local-artifacts"
# Unlike any other stack, this one may send keys to servers of the machine that it runs on.
PARAMETERS = {"AllowedPrivateHosts": "localhost,127.0.0.1"}
# A stack found in one of these states was never whole; CloudFormation can only delete it.
NEVER_WHOLE = ("CREATE_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The stack, by the emulator's endpoint."""

    endpoint: str

    def bring_up(self, template: Template, packages: dict[str, bytes]) -> None:
        """Deploy the repository's template with each function's package, by logical id."""
        addresses = {name: f"s3://{BUCKET}/{self._upload(package)}" for name, package in packages.items()}
        adapted = for_emulator(template, addresses)
        deployed = self._deployed()
        if lost := tables_lost(deployed, adapted):
            raise LocalStackError(
                f"The template drops {lost[0]} or changes its keys: the emulator would lose what this table holds. "
                "Take the change back to keep the local data, or give them up: make local-reset"
            )
        self._apply("update" if deployed else "create", self._upload(json.dumps(adapted).encode()))
        supply_what_is_dropped(self._deployed(), self.endpoint, self._physical_id)

    def url(self) -> str:
        """Return the API's base URL, in the one form that needs no name resolution."""
        outputs = self._outputs()
        return f"{self.endpoint}/_aws/execute-api/{outputs['ApiId']}{urlsplit(outputs['ApiUrl']).path}"

    def output(self, name: str) -> str:
        """Return one of the stack's outputs."""
        return self._outputs()[name]

    def invoke(self, function: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Call a function directly; `function` is the output that holds its name."""
        name = self.output(function)
        answer = client("lambda", self.endpoint).invoke(FunctionName=name, Payload=json.dumps(payload))
        result: dict[str, Any] = json.load(answer["Payload"])
        if "FunctionError" in answer:
            raise LocalStackError(f"{name} failed with {result.get('errorType')}: see its log.")
        return result

    def environments(self) -> dict[str, dict[str, str]]:
        """Return each function's variables, by its logical id."""
        stack_resources = self._cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
        names = {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in stack_resources
            if resource["ResourceType"] == "AWS::Lambda::Function"
        }
        read = client("lambda", self.endpoint).get_function_configuration
        return {logical_id: read(FunctionName=name)["Environment"]["Variables"] for logical_id, name in names.items()}

    @property
    def _cloudformation(self) -> Any:  # noqa: ANN401 see aws.py
        return client("cloudformation", self.endpoint)

    def _outputs(self) -> dict[str, str]:
        stack = self._cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def _upload(self, content: bytes) -> str:
        """Return the key, which the content decides: an unchanged function is no change of the stack."""
        key = hashlib.sha256(content).hexdigest()
        s3 = client("s3", self.endpoint)
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key=key, Body=content)
        return key

    def _deployed(self) -> Template:
        """Return what CloudFormation made of the template, SAM's resources written out; empty without a stack."""
        try:
            stack = self._cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return {}
            raise
        if stack["StackStatus"] in NEVER_WHOLE:
            self._cloudformation.delete_stack(StackName=STACK)
            self._wait("delete")
            return {}
        return dict(self._cloudformation.get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"])

    def _apply(self, action: str, template_key: str) -> None:
        try:
            getattr(self._cloudformation, f"{action}_stack")(
                StackName=STACK,
                TemplateURL=f"{self.endpoint}/{BUCKET}/{template_key}",
                Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in PARAMETERS.items()],
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            )
        except ClientError as error:
            # CloudFormation has no error code of its own for this.
            if "No updates are to be performed" in str(error):
                return
            raise LocalStackError(f"The emulator refused to {action} the stack: {error}") from error
        self._wait(action)

    def _wait(self, action: str) -> None:
        waiter = self._cloudformation.get_waiter(f"stack_{action}_complete")
        try:
            waiter.wait(StackName=STACK, WaiterConfig={"Delay": 0.2, "MaxAttempts": 300})
        except WaiterError as error:
            events = self._cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
            reasons = [event.get("ResourceStatusReason", "") for event in events if "FAILED" in event["ResourceStatus"]]
            raise LocalStackError(f"The emulator could not {action} the stack: {'; '.join(reasons)}") from error

    def _physical_id(self, logical_id: str) -> str:
        answer = self._cloudformation.describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])
