"""AWS SDK clients for the emulator."""

import functools
import os
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

REGION = "us-east-1"
# The emulator requires credentials, but accepts any.
ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"  # noqa: S105
# Ignore AWS profiles and files of the user. Format of botocore: config name, environment variable, default, type.
NO_SETTINGS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


@functools.cache
def client(service: str, endpoint: str) -> Any:  # noqa: ANN401 - boto3 generates its clients at run time
    """Build a client that ignores the AWS settings of this machine."""
    session = boto3.Session(
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        region_name=REGION,
        botocore_session=botocore.session.Session(session_vars=NO_SETTINGS),
    )
    config = Config(retries={"mode": "standard", "max_attempts": 1}, proxies={})
    return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]
