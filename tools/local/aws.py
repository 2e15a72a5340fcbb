"""SDK clients of the emulator."""

import functools
import os
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

REGION = "us-east-1"
# The emulator asks for credentials and believes any.
ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"  # noqa: S105
# The person's own profile and files have no say here; the form is botocore's: config name, environment, default, type.
NO_SETTINGS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


@functools.cache
def client(service: str, endpoint: str) -> Any:  # noqa: ANN401 boto3 makes its clients at run time
    """Return a client that needs nothing of this machine's AWS settings."""
    session = boto3.Session(
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        region_name=REGION,
        botocore_session=botocore.session.Session(session_vars=NO_SETTINGS),
    )
    config = Config(retries={"mode": "standard", "max_attempts": 1}, proxies={})
    return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]
