"""A verifier of AWS Signature Version 4, written from AWS's description and without botocore.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote

from tests.connection.servers import ReceivedRequest

MAX_SKEW = timedelta(minutes=5)
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key_id>[^/]+)/(?P<scope>[^,]+), "
    r"SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


def refusal(
    request: ReceivedRequest, secrets: Mapping[str, str], region: str, service: str, now: datetime
) -> str | None:
    """Return why AWS would refuse a request, or None. `secrets` has secret access keys by access key id."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        return "Missing Authentication Token"
    if found["key_id"] not in secrets:
        return "The security token included in the request is invalid."
    if not {"host", *(name for name in request.headers if name.startswith("x-amz-"))} <= {*found["headers"].split(";")}:
        return "Not all required headers are signed."
    date = request.headers["x-amz-date"]
    if abs(now - datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)) > MAX_SKEW:
        return "Signature expired"
    if found["scope"] != f"{date[:8]}/{region}/{service}/aws4_request":
        return "Credential should be scoped to a valid region"
    expected = sign(request, found["headers"], secrets[found["key_id"]], found["scope"])
    return None if hmac.compare_digest(expected, found["signature"]) else "The request signature does not match."


def sign(request: ReceivedRequest, signed_headers: str, secret: str, scope: str) -> str:
    """Compute the signature. For services other than Amazon S3, a path is encoded once more than it is sent."""
    lines = [f"{name}:{' '.join(request.headers[name].split())}" for name in signed_headers.split(";")]
    path = quote(re.sub("/+", "/", request.target), safe="/-_.~")
    canonical = "\n".join([request.method, path, "", *lines, "", signed_headers, sha256(request.body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in [*scope.split("/"), text]:
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()
