"""The file `connection.env`, from which other programs read how to reach the running stack."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.local.aws import REGION
from tools.local.errors import LocalStackError

NOT_RUNNING = "The local stack is not running. Start it: make local"


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How to reach the running stack.

    `endpoint` is the endpoint URL for AWS SDKs. `api_key` is an access key of `account`. The AWS credentials are those
    of a user that this account has granted its integrations. `outputs` are the stack's.
    """

    endpoint: str
    api_key: str
    account: str
    access_key_id: str
    secret_access_key: str
    outputs: Mapping[str, str]

    def variables(self) -> dict[str, str]:
        """Map the values to the variables that API clients, the client package, AWS SDKs and the documents read.

        The documents use the outputs by their names.
        """
        return {
            "AI_INTEGRATIONS_URL": self.outputs["ApiUrl"],
            "AI_INTEGRATIONS_API_KEY": self.api_key,
            "AI_INTEGRATIONS_ACCOUNT": self.account,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            **self.outputs,
        }


@contextmanager
def published(connection: Connection, path: Path) -> Iterator[None]:
    """Write the file atomically, readable only by its owner, and delete it when the context ends."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in connection.variables().items())
    draft.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def read(path: Path) -> dict[str, str]:
    """Read the variables of the running stack."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError as error:
        raise LocalStackError(NOT_RUNNING) from error
    return dict(line.split("=", 1) for line in lines)
