"""Identity tokens of AWS: the request, the claims that are shown, and the failures of AWS STS."""

import base64
import json
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from botocore.stub import ANY, Stubber

from ai_integrations.bootstrap import aws_clients
from ai_integrations.domain.errors import TokenNotIssuedError, TokenRefusedError
from ai_integrations.key_access.token_exchange.identity_tokens import IdentityToken, StsIdentityTokens
from tests.builders import FEDERATIONS, ULID, an_integration

CLIENT = boto3.client("sts", region_name="eu-central-1")
TOKEN = "fake-identity-token"
INTEGRATION = an_integration(federation=FEDERATIONS["OPEN_AI"])


def a_token(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"fake-header.{payload}.fake-signature"


class FakeSts:
    """Validates and records requests. `failures` are raised first, one for each request."""

    def __init__(self, *failures: Exception, token: str = TOKEN) -> None:
        self.requests: list[dict[str, Any]] = []
        self._failures = list(failures)
        self._token = token

    def get_web_identity_token(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if self._failures:
            raise self._failures.pop(0)
        with Stubber(CLIENT) as stub:
            stub.add_response("get_web_identity_token", {"WebIdentityToken": self._token}, dict.fromkeys(request, ANY))
            response: dict[str, Any] = CLIENT.get_web_identity_token(**request)  # type: ignore[assignment]
        return response


def issue(sts: FakeSts, lifetime: int = 3600) -> IdentityToken:
    return StsIdentityTokens(lambda: cast("Any", sts)).issue(INTEGRATION, lifetime)


def aws_error(code: str, status: int) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "The reason of AWS."},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "GetWebIdentityToken")


def test_request_names_one_audience_the_tags_the_algorithm_and_the_lifetime() -> None:
    sts = FakeSts()
    assert issue(sts).value.get_secret_value() == TOKEN
    assert sts.requests == [
        {
            "Audience": ["https://api.openai.com/v1"],
            "SigningAlgorithm": "RS256",
            "DurationSeconds": 3600,
            "Tags": [{"Key": "registry_account", "Value": "acme"}, {"Key": "integration", "Value": ULID}],
        }
    ]


def test_repr_of_an_identity_token_hides_it() -> None:
    assert TOKEN not in repr(issue(FakeSts()))


def test_shown_claims_are_those_that_a_provider_compares() -> None:
    claims = {"iss": "https://issuer", "sub": "arn:role", "aud": "https://llm", "jti": "1", "exp": 1}
    assert issue(FakeSts(token=a_token(claims))).claims == {
        "iss": "https://issuer",
        "sub": "arn:role",
        "aud": "https://llm",
    }


@pytest.mark.parametrize(
    ("token", "claims"),
    [
        (a_token({"aud": ["https://llm"], "sub": 7}), {"aud": "https://llm", "sub": "7"}),
        (a_token({"aud": ["https://llm", "https://other"]}), {"aud": "https://llm https://other"}),
        (a_token([]), {}),
        (a_token(None), {}),
        ("opaque", {}),
        ("a.%.c", {}),
        ("a.e30x.c", {}),
    ],
)
def test_token_of_another_form_shows_the_claims_that_it_has(token: str, claims: dict[str, str]) -> None:
    assert issue(FakeSts(token=token)).claims == claims


@pytest.mark.parametrize(
    ("code", "status"),
    [("AccessDenied", 403), ("OutboundWebIdentityFederationDisabledException", 403), ("ValidationError", 400)],
)
def test_rejection_of_aws_is_a_refusal_with_its_words(code: str, status: int) -> None:
    with pytest.raises(TokenRefusedError) as caught:
        issue(FakeSts(aws_error(code, status)))
    assert caught.value.reason == f"AWS issued no identity token. {code}: The reason of AWS."


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (aws_error("Throttling", 400), "Throttling."),
        (aws_error("ExpiredToken", 403), "ExpiredToken."),
        (aws_error("InternalFailure", 500), "InternalFailure."),
        (EndpointConnectionError(endpoint_url="https://sts.test"), "AWS STS did not respond."),
        (ConnectTimeoutError(endpoint_url="https://sts.test"), "AWS STS did not respond."),
        (ReadTimeoutError(endpoint_url="https://sts.test"), "AWS STS did not respond."),
    ],
)
def test_failure_of_aws_is_an_outage(failure: Exception, reason: str) -> None:
    with pytest.raises(TokenNotIssuedError) as caught:
        issue(FakeSts(failure))
    assert caught.value.reason == f"AWS issued no identity token. {reason}"


def test_token_is_shorter_if_the_credentials_of_the_function_end_soon() -> None:
    sts = FakeSts(aws_error("SessionDurationEscalationException", 403))
    assert issue(sts).value.get_secret_value() == TOKEN
    assert [each["DurationSeconds"] for each in sts.requests] == [3600, 300]


def test_credentials_that_end_at_once_are_an_outage() -> None:
    escalation = aws_error("SessionDurationEscalationException", 403)
    with pytest.raises(TokenNotIssuedError):
        issue(FakeSts(escalation, escalation))


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_client_of_identity_tokens_is_regional(monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html: not on the global endpoint."""
    monkeypatch.setenv("AWS_REGION", region)
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    assert aws_clients.sts_for_identity_tokens().meta.endpoint_url == f"https://sts.{region}.amazonaws.com"
