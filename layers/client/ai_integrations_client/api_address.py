"""The address of the API, and the AWS region for which requests to it are signed."""

import re
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from ai_integrations_client.errors import ConfigurationError

# https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html, and the hosts of VPC endpoints and
# dual-stack APIs. Custom domains do not have this form.
_AWS_HOST = r"(?:.+\.)?execute-api\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws)"
_REGION = r"[a-z0-9-]+"
_NO_URL = (
    "AI_INTEGRATIONS_URL must be the URL of the API, as in the stack's output ApiUrl, without credentials or a query."
)
_NO_TLS = (
    "AI_INTEGRATIONS_URL must start with https, because responses contain keys. Only loopback addresses may use http."
)
_NO_REGION = (
    "The AWS region of the API is not known. Set AI_INTEGRATIONS_REGION to the region of the stack, because its host "
    "does not name one."
)


class ApiAddress(NamedTuple):
    """`url` is the base URL without a trailing slash: stage or base path included. `region` is for the signature."""

    url: str
    region: str


def parse_address(url: str, region: str | None, default_region: str | None) -> ApiAddress:
    """Parse the base URL of the API. Its host decides the region, then `region`, then `default_region`.

    Raise ConfigurationError if the URL or the region is unusable.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigurationError(_NO_URL) from None
    if parts.scheme not in {"http", "https"} or not host or set(url) & set("@?#"):
        raise ConfigurationError(_NO_URL)
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(_NO_TLS)
    named = re.fullmatch(_AWS_HOST, host)
    found = named[1] if named else region or default_region or ""
    if not re.fullmatch(_REGION, found):
        raise ConfigurationError(_NO_REGION)
    return ApiAddress(url.rstrip("/"), found)


def is_loopback(host: str) -> bool:
    """Check whether a host is this computer by its address, or by the name `localhost`."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
