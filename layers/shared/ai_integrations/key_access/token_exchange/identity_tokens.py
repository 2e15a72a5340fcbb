"""Identity tokens that AWS issues to this service ("outbound identity federation").

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from ai_integrations.domain.errors import TokenNotIssuedError, TokenRefusedError
from ai_integrations.domain.federation import audience_of, request_tags
from ai_integrations.domain.model import Integration
from ai_integrations.key_access.connection_test.redaction import redact_secrets
from ai_integrations.key_access.sts_errors import describe_refusal, is_refusal

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient
    from mypy_boto3_sts.type_defs import GetWebIdentityTokenRequestTypeDef

# The one of AWS's two algorithms that every provider supports. Microsoft Entra supports no other:
# https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
SIGNING_ALGORITHM = "RS256"
# AWS issues no token that outlives the function's own credentials, and these may end soon.
_SHORT_LIFETIME = 300  # seconds
_SHOWN_CLAIMS = ("iss", "sub", "aud")


class IdentityToken(NamedTuple):
    """A signed token, and those of its claims that a provider compares with its settings."""

    value: SecretStr
    claims: Mapping[str, str]


class StsIdentityTokens:
    """Gets identity tokens from the regional endpoint of AWS STS."""

    def __init__(self, client: Callable[[], "STSClient"]) -> None:
        """`client` creates the STS client on first use."""
        self._client = client

    def issue(self, integration: Integration, lifetime: int) -> IdentityToken:
        """Get a token that is bound to one integration by its audience and its tags. `lifetime` is in seconds.

        Raises:
            TokenRefusedError: AWS rejected the request.
            TokenNotIssuedError: AWS did not answer.
        """
        try:
            token = self._issue(integration, lifetime)
        except ClientError as error:
            if is_refusal(error):
                reason = redact_secrets(describe_refusal(error), [])
                raise TokenRefusedError(f"AWS issued no identity token. {reason}") from None
            raise TokenNotIssuedError(f"AWS issued no identity token. {error.response['Error']['Code']}.") from None
        except BotoCoreError:
            raise TokenNotIssuedError("AWS issued no identity token. AWS STS did not respond.") from None
        return IdentityToken(SecretStr(token), _read_claims(token))

    def _issue(self, integration: Integration, lifetime: int) -> str:
        client = self._client()
        request: GetWebIdentityTokenRequestTypeDef = {
            "Audience": [audience_of(integration)],
            "SigningAlgorithm": SIGNING_ALGORITHM,
            "DurationSeconds": lifetime,
            "Tags": [{"Key": key, "Value": value} for key, value in request_tags(integration).items()],
        }
        try:
            return client.get_web_identity_token(**request)["WebIdentityToken"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "SessionDurationEscalationException":
                raise
            return client.get_web_identity_token(**request | {"DurationSeconds": _SHORT_LIFETIME})["WebIdentityToken"]


def _read_claims(token: str) -> dict[str, str]:
    """Read claims without verification: they are shown to admins, and decide nothing."""
    try:
        _, payload, _ = token.split(".")
        claims: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return {name: _as_text(claims[name]) for name in _SHOWN_CLAIMS if name in claims}
    except (TypeError, ValueError):
        return {}


def _as_text(claim: Any) -> str:  # noqa: ANN401 - `aud` is a text or a list
    return " ".join(map(str, claim)) if isinstance(claim, list) else str(claim)
