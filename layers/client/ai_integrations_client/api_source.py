"""Resolve integrations over the API, as the IAM role or user whose credentials this program has."""

import json
import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Protocol

from botocore.exceptions import (
    BotoCoreError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
    SSLError,
)

from ai_integrations_client.errors import (
    AiIntegrationsClientError,
    ConfigurationError,
    ResolutionError,
    UnavailableError,
    problem_error,
)
from ai_integrations_client.resolve_request import ResolveRequest
from ai_integrations_client.resolved import ResolvedIntegration, parse_response
from ai_integrations_client.signed_connection import ApiResponse

_BY_NAME = "/v2/credentials"
_BY_ID = "/v2/ai-integrations/{}/credentials"
# An id is base64 of "AiIntegration:1:" and a ULID.
_ID = "QWlJbnRlZ3JhdGlvbjoxOj[A-Za-z0-9]{34}"

_ACCESS_DENIED = "AccessDeniedException"
_FORBIDDEN = {
    "title": "Access forbidden",
    "status": 403,
    "detail": "IAM denied the call. Attach the stack's policy (output ConsumerPolicyArn) to the role of this program.",
}
# What to do about responses of API Gateway itself, by the beginning of their header x-amzn-errortype. None of them
# means that an admin or IAM took a permission away. Without the header, the problem document decides.
_GATEWAY_ERRORS = {
    "ExpiredTokenException": "The AWS credentials of this program have expired. Renew them.",
    "ForbiddenException": "No API answers at this host, or its firewall (AWS WAF) refuses the request. Check "
    "AI_INTEGRATIONS_URL.",
    "IncompleteSignatureException": "A proxy changed the signed request.",
    "InvalidSignatureException": "Check the AWS credentials and the clock of this program, and that "
    "AI_INTEGRATIONS_REGION is the region of the stack.",
    "MissingAuthenticationTokenException": "The API has no such path. Check AI_INTEGRATIONS_URL with its stage or base "
    "path, and update the stack if it is older than this package.",
    "UnrecognizedClientException": "AWS does not know the credentials of this program. Check them.",
}
_FAILURES: dict[type[Exception], str] = {
    CredentialRetrievalError: "The AWS credentials of this program could not be loaded or renewed. To see why, run "
    "aws sts get-caller-identity in its environment.",
    EndpointConnectionError: "Check the host in AI_INTEGRATIONS_URL, DNS and the network.",
    NoCredentialsError: "Give this program an IAM role, or set AWS_PROFILE.",
    ProxyConnectionError: "Check HTTPS_PROXY, or add the host of AI_INTEGRATIONS_URL to NO_PROXY.",
    SSLError: "The certificate is not trusted. If a proxy decrypts the traffic, set AWS_CA_BUNDLE to its certificate.",
}
_SIGNATURE_SECONDS = 5 * 60  # for which AWS accepts a signature


class Connection(Protocol):
    """Sends signed requests to the API."""

    def post(self, path: str, body: bytes) -> ApiResponse:
        """Post JSON to a path of the API."""
        ...


class ApiSource:
    """Posts to the API. `account` may be None: it only narrows what the grants of the caller allow."""

    def __init__(self, connection: Connection, *, account: str | None, clock: Callable[[], float]) -> None:
        """`clock` returns seconds since the epoch, as the signature has them."""
        self._connection = connection
        self._clock = clock
        self.account = account

    def fetch(self, request: ResolveRequest) -> ResolvedIntegration:
        """Resolve an integration.

        Raises:
            ConfigurationError: the request names a space or an organization.
            ResolutionError: the service or IAM rejected the request.
            UnavailableError: no response, no valid signature, throttling, server error or a malformed response.
        """
        if request.space_id or request.organization_id:
            raise ConfigurationError(
                "space and organization need a broker (AI_INTEGRATIONS_FUNCTION). Over the API, the grant of this "
                "program decides what it sees: ask an admin for a grant with that membership."
            )
        response = self._post(request)
        if response.status != HTTPStatus.OK:
            raise self._error(response, request)
        try:
            return parse_response(json.loads(response.body))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise UnavailableError("malformed response", request) from None

    def _post(self, request: ResolveRequest) -> ApiResponse:
        """Send a request. Errors are raised without their text, which may repeat parts of requests."""
        is_id = re.fullmatch(_ID, request.integration)
        path = _BY_ID.format(request.integration) if is_id else _BY_NAME
        integration = None if is_id else request.integration
        body = {"integration": integration, "account": self.account, "key_version": request.key_version}
        content = json.dumps({name: value for name, value in body.items() if value}).encode()
        try:
            return self._connection.post(path, content)
        except BotoCoreError as error:
            advice = (text for kind, text in _FAILURES.items() if isinstance(error, kind))
            raise UnavailableError(". ".join([type(error).__name__, *advice]), request) from None

    def _error(self, response: ApiResponse, request: ResolveRequest) -> AiIntegrationsClientError:
        kind = response.headers.get("x-amzn-errortype", "").partition(":")[0]
        skew = self._describe_skew(response) if response.status == HTTPStatus.FORBIDDEN else None
        if skew is not None:
            return UnavailableError(skew, request)
        if kind == _ACCESS_DENIED:
            return ResolutionError(_FORBIDDEN, request)
        if kind in _GATEWAY_ERRORS:
            return UnavailableError(f"{kind}. {_GATEWAY_ERRORS[kind]}", request)
        try:
            return problem_error(_parse_problem(response), request)
        except (KeyError, TypeError, ValueError):
            return UnavailableError(f"HTTP status {response.status}. Check AI_INTEGRATIONS_URL.", request)

    def _describe_skew(self, response: ApiResponse) -> str | None:
        """Describe how wrong the clock of this computer is, if AWS cannot have accepted a signature of that time."""
        try:
            sent_at = parsedate_to_datetime(response.headers.get("date", ""))
        except ValueError:
            return None
        ahead = self._clock() - sent_at.timestamp()
        if abs(ahead) < _SIGNATURE_SECONDS:
            return None
        direction = "ahead" if ahead > 0 else "behind"
        return f"the clock of this computer is {abs(ahead) / 60:.0f} minutes {direction}. Set it, for example with NTP."


def _parse_problem(response: ApiResponse) -> Mapping[str, Any]:
    """Parse a problem document; raise KeyError, TypeError or ValueError for any other content."""
    problem: Mapping[str, Any] = json.loads(response.body)
    if problem["status"] != response.status or not problem["title"]:
        raise ValueError
    return problem
