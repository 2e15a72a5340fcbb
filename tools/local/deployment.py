"""The stack in the emulator, created and updated by CloudFormation."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from tools.local.aws import client
from tools.local.errors import LocalStackError
from tools.local.omitted_features import configure_omitted_features
from tools.local.template import Template, for_emulator, tables_lost

STACK = "ai-integrations"
BUCKET = f"{STACK}-local-artifacts"
# Allow providers and token endpoints on this machine. Deployed stacks allow none by default. The issuer is that of the
# emulator's identity tokens, which no provider can verify.
PARAMETERS = {
    "AllowedPrivateHosts": "localhost,127.0.0.1",
    "FederationIssuer": "https://sts.amazonaws.com",
    "FederationAudiences": "https://tokens.localhost",
}
# A stack in one of these states was never completely created. CloudFormation can only delete it.
INCOMPLETE = ("CREATE_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The stack in the emulator at `endpoint`."""

    endpoint: str

    def deploy(self, template: Template, packages: dict[str, bytes]) -> None:
        """Deploy the template. `packages` has the zip file of each function, by logical id."""
        locations = {name: f"s3://{BUCKET}/{self._upload(package)}" for name, package in packages.items()}
        adapted = for_emulator(template, locations, self.endpoint)
        deployed = self._deployed()
        if lost := tables_lost(deployed, adapted):
            raise LocalStackError(
                f"The template drops {lost[0]} or changes its keys, so the emulator would delete its items. "
                "Revert the change to keep the local data, or delete the data: make local-reset"
            )
        self._apply("update" if deployed else "create", self._upload(json.dumps(adapted).encode()))
        configure_omitted_features(self._deployed(), self.endpoint, self._physical_id)

    def outputs(self) -> dict[str, str]:
        """Read the outputs of the stack."""
        stack = self._cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def invoke(self, function: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Invoke the function whose name is in the output `function`."""
        name = self.outputs()[function]
        response = client("lambda", self.endpoint).invoke(FunctionName=name, Payload=json.dumps(payload))
        result: dict[str, Any] = json.load(response["Payload"])
        if "FunctionError" in response:
            raise LocalStackError(f"{name} failed with {result.get('errorType')}: see its log.")
        return result

    def environments(self) -> dict[str, dict[str, str]]:
        """Read the environment variables of each function, by logical id."""
        stack_resources = self._cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
        names = {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in stack_resources
            if resource["ResourceType"] == "AWS::Lambda::Function"
        }
        configuration = client("lambda", self.endpoint).get_function_configuration
        return {
            logical_id: configuration(FunctionName=name)["Environment"]["Variables"]
            for logical_id, name in names.items()
        }

    @property
    def _cloudformation(self) -> Any:  # noqa: ANN401 - see aws.py
        return client("cloudformation", self.endpoint)

    def _upload(self, content: bytes) -> str:
        """Upload under a digest of the content, so that an unchanged function does not change the stack."""
        key = hashlib.sha256(content).hexdigest()
        s3 = client("s3", self.endpoint)
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key=key, Body=content)
        return key

    def _deployed(self) -> Template:
        """Read the deployed template with its SAM resources expanded. Empty if there is no stack."""
        try:
            stack = self._cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return {}
            raise
        if stack["StackStatus"] in INCOMPLETE:
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
            # CloudFormation has no specific error code for this.
            if "No updates" in str(error):
                return
            raise LocalStackError(f"The emulator could not {action} the stack: {error}") from error
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
        response = self._cloudformation.describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
        return str(response["StackResourceDetail"]["PhysicalResourceId"])
