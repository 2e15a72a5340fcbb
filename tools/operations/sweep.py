"""Show what the sweep would remove, and confirm removals."""

import json
from typing import TYPE_CHECKING, Any

from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# A dry run lasts as long as the function's timeout at most, 15 minutes. A retry would start another one.
LAMBDA_CONFIG = Config(read_timeout=930, retries={"total_max_attempts": 1})


class SweepFailedError(Exception):
    """The function failed, or rejected the command."""


class SweepFunction:
    """The sweep of one stack."""

    def __init__(self, client: "LambdaClient", name: str) -> None:
        self._client = client
        self._name = name

    def dry_run(self) -> dict[str, Any]:
        """Run a dry run, and return its report."""
        return self._invoke(dry_run=True)

    def confirm(self, removals: int) -> dict[str, Any]:
        """Allow a number of removals, and return until when they are allowed."""
        return self._invoke(confirm=removals)

    def _invoke(self, **command: object) -> dict[str, Any]:
        response = self._client.invoke(FunctionName=self._name, Payload=json.dumps(command))
        if "FunctionError" in response:
            raise SweepFailedError("The sweep failed. Find the cause in its log.")
        result: dict[str, Any] = json.load(response["Payload"])
        if "problem" in result:
            raise SweepFailedError(result["problem"]["detail"])
        return result
