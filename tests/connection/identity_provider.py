"""An issuer of identity tokens that signs like AWS STS, and a token endpoint that verifies them strictly."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import jwt
from botocore.session import get_session
from botocore.validate import validate_parameters
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.builders import ACCESS_TOKEN, AWS_ACCOUNT
from tests.connection.servers import ReceivedRequest, Reply

ISSUER = "https://0a1b2c3d.tokens.sts.global.api.aws"
SUBJECT = f"arn:aws:iam::{AWS_ACCOUNT}:role/ai-integrations-ExchangeTokenFunctionRole"
AWS_CLAIMS = "https://sts.amazonaws.com/"


@cache
def _private_key(algorithm: str) -> Any:
    """Generate the key of an algorithm. It takes a while, so all tests share it."""
    if algorithm == "RS256":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP384R1())


@cache
def _input_shape() -> Any:
    return get_session().get_service_model("sts").operation_model("GetWebIdentityToken").input_shape


def jwks() -> dict[str, Any]:
    """Build the key set that AWS publishes at the issuer."""
    keys: dict[str, Any] = {"RS256": RSAAlgorithm.to_jwk, "ES384": ECAlgorithm.to_jwk}
    return {
        "keys": [
            {**json.loads(to_jwk(_private_key(name).public_key())), "kid": name, "alg": name, "use": "sig"}
            for name, to_jwk in keys.items()
        ]
    }


@dataclass
class SigningSts:
    """The call of the STS client that issues identity tokens. `age` is that of the tokens when they are issued.

    `algorithm` replaces the requested one. `key` signs instead of the issuer's. `without_tags` omits the tags' claim.
    """

    age: timedelta = timedelta(0)
    algorithm: str | None = None
    key: Any = None
    without_tags: bool = False
    requests: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def get_web_identity_token(self, **request: Any) -> dict[str, Any]:
        """Sign a token with the claims that AWS documents.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html
        """
        validate_parameters(request, _input_shape())
        self.requests.append(request)
        algorithm = self.algorithm or request["SigningAlgorithm"]
        self.tokens.append(
            jwt.encode(
                self._claims(request),
                self.key or _private_key(algorithm),
                algorithm=algorithm,
                headers={"kid": algorithm},
            )
        )
        return {"WebIdentityToken": self.tokens[-1], "Expiration": datetime.now(UTC)}

    def _claims(self, request: dict[str, Any]) -> dict[str, Any]:
        [audience], issued_at = request["Audience"], datetime.now(UTC) - self.age
        tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        return {
            "iss": ISSUER,
            "sub": SUBJECT,
            "aud": audience,
            "iat": issued_at,
            "exp": issued_at + timedelta(seconds=request["DurationSeconds"]),
            "jti": str(uuid4()),
            AWS_CLAIMS: {
                "aws_account": AWS_ACCOUNT,
                "source_region": "eu-central-1",
                "lambda_source_function_arn": f"arn:aws:lambda:eu-central-1:{AWS_ACCOUNT}:function:exchange-token",
                **({} if self.without_tags else {"request_tags": tags}),
            },
        }


@dataclass
class StrictTokenEndpoint:
    """A provider's token endpoint: it accepts a token only if signature, issuer, audience, subject and claims match.

    Without `tags`, it compares no claims of AWS, like Microsoft Entra.
    """

    audience: str
    tags: dict[str, str] | None
    subject: str = SUBJECT
    keys: jwt.PyJWKSet = field(default_factory=lambda: jwt.PyJWKSet.from_dict(jwks()))

    def __call__(self, request: ReceivedRequest) -> Reply:
        try:
            self._verify(_assertion(request))
        except (jwt.PyJWTError, KeyError) as error:
            reason = {"error": "invalid_grant", "error_description": f"{type(error).__name__}: {error}"}
            return Reply.from_json(reason, 400)
        return Reply.from_json({"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600})

    def _verify(self, token: str) -> None:
        key = self.keys[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(
            token,
            key,
            algorithms=["RS256", "ES384"],
            audience=self.audience,
            issuer=ISSUER,
            subject=self.subject,
            options={"require": ["iss", "sub", "aud", "iat", "exp", "jti"], "strict_aud": True},
        )
        if self.tags is not None and claims[AWS_CLAIMS].get("request_tags") != self.tags:
            raise jwt.InvalidTokenError("the request tags do not match")


def _assertion(request: ReceivedRequest) -> str:
    """Find the identity token in a request of any of the grants."""
    is_json = request.headers["content-type"] == "application/json"
    fields = json.loads(request.body) if is_json else dict(parse_qsl(request.body.decode(), strict_parsing=True))
    [token] = [fields[name] for name in ("assertion", "client_assertion", "subject_token") if name in fields]
    return str(token)
