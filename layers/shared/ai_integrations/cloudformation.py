"""Answers to CloudFormation's custom resource requests.

By hand, since the libraries for it log the answer's URL, which is a credential, and keep a failed answer to themselves:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import urllib3

_ATTEMPTS = 5
_TIMEOUT = 3  # seconds, to connect and to read


class UnansweredError(Exception):
    """CloudFormation has not taken the answer; the request has to be carried out again."""


def succeed(event: Mapping[str, Any], physical_id: str, attributes: Mapping[str, str]) -> None:
    """Tell what `Ref` and `Fn::GetAtt` return."""
    _answer(event, {"Status": "SUCCESS", "PhysicalResourceId": physical_id, "Data": attributes})


def fail(event: Mapping[str, Any], reason: str) -> None:
    """Tell why nothing was changed. A creation gets a physical id that names no resource."""
    physical_id = event.get("PhysicalResourceId", f"refused-{event['RequestId']}")
    _answer(event, {"Status": "FAILED", "PhysicalResourceId": physical_id, "Reason": reason})


def _answer(event: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    named = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    retries = urllib3.Retry(_ATTEMPTS, backoff_factor=0.2, status_forcelist=range(500, 600), allowed_methods={"PUT"})
    try:
        response = urllib3.request(
            "PUT",
            event["ResponseURL"],
            body=json.dumps({**named, **answer}),
            headers={"Content-Type": ""},  # the URL is signed for this
            retries=retries,
            timeout=_TIMEOUT,
        )
    except urllib3.exceptions.HTTPError as error:
        raise UnansweredError(type(error).__name__) from None  # its text holds the URL
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise UnansweredError(str(response.status))
