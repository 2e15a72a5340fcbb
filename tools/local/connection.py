"""The file that tells other programs how to reach the running stack."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.local.aws import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from tools.local.errors import LocalStackError

NOT_RUNNING = "The local stack is not running. Start it: make local"


@dataclass(frozen=True, kw_only=True)
class Connection:
    """`url` is what `/v2/ai-integrations` is appended to, `endpoint` what an AWS SDK talks to.

    `function` hands out the keys of `account`, in which `api_key` is, to programs.
    """

    url: str
    endpoint: str
    api_key: str
    account: str
    function: str

    def variables(self) -> dict[str, str]:
        """By the names that the programs who read them expect."""
        return {
            "AI_INTEGRATIONS_URL": self.url,
            "AI_INTEGRATIONS_API_KEY": self.api_key,
            "AI_INTEGRATIONS_ACCOUNT": self.account,
            "AI_INTEGRATIONS_FUNCTION": self.function,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        }


@contextmanager
def published(connection: Connection, path: Path) -> Iterator[None]:
    """Let the file exist, readable by its owner alone and never half written, for as long as the context lasts."""
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
    """Return the variables of the running stack."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError as error:
        raise LocalStackError(NOT_RUNNING) from error
    return dict(line.split("=", 1) for line in lines)
