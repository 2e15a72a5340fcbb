"""Signed requests to the API: AWS Signature Version 4, with botocore's signer and HTTP client."""

import os
import threading
from collections.abc import Mapping
from contextlib import closing
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
)
from botocore.exceptions import ConnectionError as AwsConnectionError
from botocore.httpsession import URLLib3Session
from botocore.response import StreamingBody
from botocore.session import Session
from botocore.utils import get_environ_proxies

from ai_integrations_client.api_address import ApiAddress, is_loopback
from ai_integrations_client.runtime import Runtime

_CONNECT_SECONDS, _READ_SECONDS = 2, 10  # short, because the caller of this program may be waiting
_ATTEMPTS = 3
_RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
# API Gateway's limit (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html).
_MAX_RESPONSE_BYTES = 10 * 1024 * 1024
_HEADERS = {"Content-Type": "application/json"}


class ApiResponse(NamedTuple):
    """A response. `headers` are read case-insensitively; `body` is cut at the limit of API Gateway."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class SignedConnection:
    """Sends signed requests to the API, and retries them like botocore's standard mode. It is thread-safe."""

    def __init__(self, address: ApiAddress, session: Session, runtime: Runtime) -> None:
        """`session` provides credentials, renewed before they expire, and the CA bundle."""
        self._address = address
        self._session = session
        self._runtime = runtime
        self._http = _create_http_session(address.url, session)
        self._lock = threading.Lock()  # sessions of botocore are not thread-safe

    def post(self, path: str, body: bytes) -> ApiResponse:
        """Post JSON to a path below the API's base URL. Raise a BotoCoreError if there is no response."""
        for attempt in range(_ATTEMPTS - 1):
            try:
                response = self._send(path, body)
            except (AwsConnectionError, HTTPClientError):
                pass
            else:
                if response.status not in _RETRIED_STATUSES:
                    return response
            self._runtime.sleep(self._runtime.random() * 2**attempt)
        return self._send(path, body)

    def _send(self, path: str, body: bytes) -> ApiResponse:
        request = AWSRequest("POST", self._address.url + path, dict(_HEADERS), body, stream_output=True)
        SigV4Auth(self._credentials(), "execute-api", self._address.region).add_auth(request)
        response = self._http.send(request.prepare())
        # A connection whose response was read to its end is back in the pool when it is closed here.
        with closing(response.raw) as raw:
            # Without a length, because the response is not read to its end if it is too long.
            content = StreamingBody(raw, None).read(_MAX_RESPONSE_BYTES)  # type: ignore[arg-type]
        return ApiResponse(response.status_code, response.headers, content)

    def _credentials(self) -> Any:  # noqa: ANN401 - botocore has no types
        """Get the current credentials, or None: then the signer raises NoCredentialsError."""
        try:
            with self._lock:
                credentials = self._session.get_credentials()
            return credentials and credentials.get_frozen_credentials()
        except (BotoCoreError, ClientError) as error:
            name = type(error).__name__
            raise CredentialRetrievalError(provider="default", error_msg=name) from error


def _create_http_session(url: str, session: Session) -> Any:  # noqa: ANN401 - botocore has no types
    """Create an HTTP client that verifies certificates as botocore's own clients do. It follows no redirects."""
    # A proxy would read the key in an unencrypted response. For https, it only forwards the encrypted connection.
    proxies = {} if is_loopback(urlsplit(url).hostname or "") else get_environ_proxies(url)
    bundle = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE") or True
    options: Any = {"verify": bundle, "timeout": (_CONNECT_SECONDS, _READ_SECONDS)}  # its stubs miss these types
    return URLLib3Session(proxies=proxies, **options)
