"""Answers to CloudFormation's custom resource requests.

By hand, since the libraries for it log the answer's URL, which is a credential, and keep a failed answer to themselves:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html.
"""

import json
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import urllib3

_ATTEMPTS = 5
_PAUSE = 0.2  # seconds before the second attempt; each further one waits twice as long
_TIMEOUT = 3  # seconds, to connect and to read
_LONGEST_REASON = 1_000  # characters: CloudFormation takes 4,096 bytes in all


class UnansweredError(Exception):
    """CloudFormation has not taken the answer; the request has to be carried out again."""


class CloudFormation:
    """Where requests about custom resources are answered."""

    def __init__(self, *, pause: Callable[[float], None] = time.sleep) -> None:
        """`pause` waits that many seconds between two attempts."""
        self._pause = pause

    def succeed(self, event: Mapping[str, Any], physical_id: str, attributes: Mapping[str, str]) -> None:
        """Tell what `Ref` and `Fn::GetAtt` return."""
        self._answer(event, {"Status": "SUCCESS", "PhysicalResourceId": physical_id, "Data": attributes})

    def fail(self, event: Mapping[str, Any], reason: str) -> None:
        """Tell why nothing was changed. A creation gets a physical id that names no resource."""
        physical_id = event.get("PhysicalResourceId", f"refused-{event['RequestId']}")
        self._answer(event, {"Status": "FAILED", "PhysicalResourceId": physical_id, "Reason": reason[:_LONGEST_REASON]})

    def _answer(self, event: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        named = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
        body = json.dumps({**named, **answer}, ensure_ascii=False).encode()
        failure = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._pause(_PAUSE * 2 ** (attempt - 1))
            try:
                status = _put(event["ResponseURL"], body)
            except urllib3.exceptions.HTTPError as error:
                failure = type(error).__name__  # its text holds the URL
                continue
            if status < HTTPStatus.MULTIPLE_CHOICES:
                return
            failure = str(status)
            if status < HTTPStatus.INTERNAL_SERVER_ERROR:
                break
        raise UnansweredError(failure)


def _put(url: str, body: bytes) -> int:
    """Send once and return the status. urllib3 is kept from trying again by itself, for then it logs the URL."""
    with urllib3.PoolManager() as pool:
        # The URL is signed for a request that has no type.
        response = pool.request("PUT", url, body=body, headers={"Content-Type": ""}, retries=False, timeout=_TIMEOUT)
    return response.status
