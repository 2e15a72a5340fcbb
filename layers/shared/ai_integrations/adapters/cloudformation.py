"""Responses to CloudFormation's custom resource requests.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html. The available libraries log the
response URL, which is a credential, and do not raise if a response cannot be delivered.
"""

import json
import time
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any

import urllib3

_ATTEMPTS = 5
_PAUSE = 0.2  # seconds before the second attempt; doubles with each further attempt
_TIMEOUT = 3  # seconds, each for connecting and reading
_MAX_REASON_LENGTH = 1_000  # characters: CloudFormation limits a response to 4,096 bytes


class ResponseNotDeliveredError(Exception):
    """CloudFormation did not receive or accept the response. The request must be handled again."""


class UntrustedResponseUrlError(Exception):
    """The request does not come from CloudFormation: its response URL is not one of AWS."""


def response_hosts(region: str, url_suffix: str) -> frozenset[str]:
    """List the hosts of CloudFormation's bucket in a region. `url_suffix` is the domain of the AWS partition.

    Anyone may own a bucket with a similar name, so other regions are not listed. The name contains the region without
    hyphens; both forms are listed, because AWS documents this only by an example.
    """
    buckets = [f"cloudformation-custom-resource-response-{name}" for name in (region, region.replace("-", ""))]
    endpoints = [f"{name}.{url_suffix}" for name in ("s3", f"s3.{region}", f"s3-{region}")]
    return frozenset(f"{bucket}.{endpoint}" for bucket in buckets for endpoint in endpoints)


class CloudFormationResponder:
    """Sends responses to the URL that each request names."""

    def __init__(self, hosts: Collection[str] | None, *, pause: Callable[[float], None] = time.sleep) -> None:
        """Send only to these hosts. None allows every URL, for emulators.

        `pause` waits that many seconds between two attempts.
        """
        self._hosts = hosts
        self._pause = pause

    def check_url(self, event: Mapping[str, Any]) -> None:
        """Raise UntrustedResponseUrlError unless the response URL is https and of a bucket of CloudFormation."""
        if self._hosts is not None and not _is_trusted(event["ResponseURL"], self._hosts):
            raise UntrustedResponseUrlError

    def succeed(self, event: Mapping[str, Any], physical_id: str, attributes: Mapping[str, str]) -> None:
        """Report success, and the values that `Ref` and `Fn::GetAtt` return."""
        self._send(event, {"Status": "SUCCESS", "PhysicalResourceId": physical_id, "Data": attributes})

    def fail(self, event: Mapping[str, Any], reason: str) -> None:
        """Report why nothing was changed. A failed creation gets a physical id that identifies no resource."""
        physical_id = event.get("PhysicalResourceId", f"refused-{event['RequestId']}")
        self._send(
            event, {"Status": "FAILED", "PhysicalResourceId": physical_id, "Reason": reason[:_MAX_REASON_LENGTH]}
        )

    def _send(self, event: Mapping[str, Any], response: Mapping[str, Any]) -> None:
        """Send a response; retry with exponential backoff on connection errors and server errors."""
        self.check_url(event)
        request_identity = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
        body = json.dumps({**request_identity, **response}, ensure_ascii=False).encode()
        failure = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._pause(_PAUSE * 2 ** (attempt - 1))
            try:
                status = _put(event["ResponseURL"], body)
            except urllib3.exceptions.HTTPError as error:
                failure = type(error).__name__  # its message contains the URL
                continue
            if status < HTTPStatus.MULTIPLE_CHOICES:
                return
            failure = str(status)
            if status < HTTPStatus.INTERNAL_SERVER_ERROR:
                break
        raise ResponseNotDeliveredError(failure)


def _is_trusted(url: str, hosts: Collection[str]) -> bool:
    """Check a URL as urllib3, which sends to it, parses it."""
    try:
        parts = urllib3.util.parse_url(url)
    except urllib3.exceptions.LocationParseError:
        return False
    return parts.host in hosts and (parts.scheme, parts.auth, parts.port) == ("https", None, None)


def _put(url: str, body: bytes) -> int:
    """Send once and return the status. Without retries, urllib3 follows no redirect and does not log the URL."""
    with urllib3.PoolManager() as pool:
        # The URL is signed for a request without a content type.
        response = pool.request("PUT", url, body=body, headers={"Content-Type": ""}, retries=False, timeout=_TIMEOUT)
    return response.status
