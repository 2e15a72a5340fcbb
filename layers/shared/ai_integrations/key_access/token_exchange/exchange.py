"""The exchange: an identity token of AWS for an access token of a provider, all steps before one deadline."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from pydantic import SecretStr

from ai_integrations.domain.credentials import AccessToken
from ai_integrations.domain.errors import TokenNotIssuedError, TokenRefusedError
from ai_integrations.domain.federation import audience_of
from ai_integrations.domain.federation_rules import is_reserved_audience
from ai_integrations.domain.federations import TokenRequestFormat
from ai_integrations.domain.model import Federation, Integration
from ai_integrations.domain.providers import PROVIDERS
from ai_integrations.domain.url_policy import RefusedDestinationError
from ai_integrations.key_access.outbound.deadline import Deadline
from ai_integrations.key_access.outbound.guard import UnreachableError
from ai_integrations.key_access.outbound.http_messages import OutboundRequest, OutboundResponse
from ai_integrations.key_access.token_exchange.requests import impersonation_request, token_request
from ai_integrations.key_access.token_exchange.responses import (
    IssuedToken,
    describe_error,
    parse_impersonation_response,
    parse_token_response,
)

if TYPE_CHECKING:
    from ai_integrations.key_access.ports import IdentityTokens, Outbound

_TOTAL = 8.0  # seconds; the function's timeout is 10

_TEMPORARY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})

Parse = Callable[[bytes, datetime], IssuedToken]


class TokenExchange:
    """Exchanges the identity token of an integration for an access token."""

    def __init__(
        self,
        *,
        identity_tokens: "IdentityTokens",
        outbound: "Outbound",
        clock: Callable[[], datetime],
        seconds: float = _TOTAL,
    ) -> None:
        """`seconds` is the time limit of all steps together."""
        self._identity_tokens = identity_tokens
        self._outbound = outbound
        self._clock = clock
        self._seconds = seconds

    def exchange(self, integration: Integration) -> AccessToken:
        """Get an access token. Nothing is stored, and no error contains a token.

        Raises:
            TokenRefusedError: AWS issued no identity token, or the provider rejected it.
            TokenNotIssuedError: AWS or the provider did not answer.
        """
        kind, federation = PROVIDERS[integration.provider].federation, integration.federation
        if kind is None or federation is None:
            raise TokenRefusedError("The integration has no federation.")
        # The event may come from an invoker that bypassed the rules of a write.
        if "audience" in kind.fields and is_reserved_audience(audience_of(integration)):
            raise TokenRefusedError("Nothing was sent: the audience belongs to another provider.")
        deadline = Deadline(self._seconds)
        identity = self._identity_tokens.issue(integration, kind.lifetime)
        issued = self._request_token(kind.request_format, federation, identity.value, deadline)
        return AccessToken(value=issued.value, expires_at=issued.expires_at, identity=identity.claims)

    def _request_token(
        self, request_format: TokenRequestFormat, federation: Federation, identity: SecretStr, deadline: Deadline
    ) -> IssuedToken:
        request = token_request(request_format, federation, identity)
        issued = self._send(request, parse_token_response, [identity], deadline)
        impersonation = impersonation_request(request_format, federation, issued.value)
        if impersonation is None:
            return issued
        return self._send(impersonation, parse_impersonation_response, [identity, issued.value], deadline)

    def _send(
        self, request: OutboundRequest, parse: Parse, secrets: list[SecretStr], deadline: Deadline
    ) -> IssuedToken:
        now = self._clock()
        try:
            response = self._outbound.send(request, deadline)
        except RefusedDestinationError as refused:
            raise TokenRefusedError(f"Nothing was sent: the token endpoint {refused}.") from None
        except UnreachableError as failure:
            raise TokenNotIssuedError(f"The token endpoint could not be used. {failure}") from None
        _check_status(response, secrets)
        return parse(response.body, now)


def _check_status(response: OutboundResponse, secrets: list[SecretStr]) -> None:
    status = response.status
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TEMPORARY:
        raise TokenNotIssuedError(f"The token endpoint answered with status {status}.")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        reason = (
            f"The token endpoint redirected the request (status {status}). Tokens are not sent to redirect targets."
        )
        raise TokenRefusedError(reason)
    if status >= HTTPStatus.BAD_REQUEST:
        answer = describe_error(response.body, [each.get_secret_value() for each in secrets])
        raise TokenRefusedError(f"The token endpoint answered with status {status}.", answer)
    if response.truncated:
        raise TokenRefusedError("The response of the token endpoint is too long.")
