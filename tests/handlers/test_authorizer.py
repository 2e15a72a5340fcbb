"""`functions/authorizer`: an access key in, its holder out."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from ai_integrations.domain.model import Membership, Role
from ai_integrations.http.caller import caller_from_context
from tests.builders import a_caller
from tests.cloud import Cloud

METHOD = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/live/POST/v2/ai-integrations"
UNKNOWN = "aik_fake-" + "0" * 38


def issue(cloud: Cloud, **changes: Any) -> dict[str, Any]:
    command = {"action": "issue", "account": "acme", "user": "alice", "role": "admin", **changes}
    answer: dict[str, Any] = cloud.function("access_keys")(command)
    return answer


def authorize(cloud: Cloud, token: str) -> dict[str, Any]:
    event = {"type": "TOKEN", "authorizationToken": token, "methodArn": METHOD}
    answer: dict[str, Any] = cloud.function("authorizer")(event)
    return answer


def is_unauthorized(cloud: Cloud, token: str) -> bool:
    """Tell whether the gateway would answer 401: it does so for exactly this text."""
    with pytest.raises(Exception, match=r"^Unauthorized$") as error:
        authorize(cloud, token)
    return str(error.value) == "Unauthorized"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_lets_the_holder_of_a_key_call_every_route_of_the_stage(cloud: Cloud, scheme: str) -> None:
    key = issue(cloud)["access_key"]
    answer = authorize(cloud, f"{scheme} {key}")
    assert answer["principalId"] == "alice"
    assert answer["policyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "execute-api:Invoke",
                "Resource": "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/live/*",
            }
        ],
    }


def test_takes_a_key_behind_several_blanks(cloud: Cloud) -> None:
    assert authorize(cloud, f"Bearer   {issue(cloud)['access_key']} ")["principalId"] == "alice"


def test_hands_on_who_calls(cloud: Cloud) -> None:
    places = [{"organization_id": "o", "space_id": "s", "admin": True}, {"space_id": "t"}]
    key = issue(cloud, user="bob", role="member", memberships=places)["access_key"]
    context = authorize(cloud, f"Bearer {key}")["context"]
    assert all(isinstance(value, str) for value in context.values())
    assert json.loads(context["memberships"])[0] == places[0]
    assert caller_from_context(context) == a_caller(
        role=Role.MEMBER,
        user="bob",
        memberships=(Membership(organization_id="o", space_id="s", admin=True), Membership(space_id="t")),
    )


@pytest.mark.parametrize(
    "token",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer aik_short",
        f"Bearer {UNKNOWN}x",
        f"Bearer {UNKNOWN[:-1]}ä",
        UNKNOWN,
        "Basic YTpi",
    ],
)
def test_refuses_a_malformed_key_without_a_look(cloud: Cloud, token: str) -> None:
    assert is_unauthorized(cloud, token)
    assert cloud.calls == []


def test_refuses_a_key_under_another_scheme(cloud: Cloud) -> None:
    assert is_unauthorized(cloud, f"Basic {issue(cloud)['access_key']}")


def test_refuses_an_unknown_key_after_one_look(cloud: Cloud) -> None:
    assert is_unauthorized(cloud, f"Bearer {UNKNOWN}")
    assert cloud.calls == ["dynamodb:GetItem"]


def test_refuses_an_expired_key_that_dynamodb_has_not_removed_yet(cloud: Cloud) -> None:
    assert is_unauthorized(cloud, f"Bearer {issue(cloud, expires_at='2020-01-01T00:00:00Z')['access_key']}")
    assert authorize(cloud, f"Bearer {issue(cloud, expires_at='2099-01-01T00:00:00Z')['access_key']}")


def test_refuses_a_revoked_key(cloud: Cloud) -> None:
    issued = issue(cloud)
    assert authorize(cloud, f"Bearer {issued['access_key']}")
    cloud.function("access_keys")({"action": "revoke", "account": "acme", "id": issued["id"]})
    assert is_unauthorized(cloud, f"Bearer {issued['access_key']}")


@pytest.mark.parametrize(
    "failure",
    [
        ("ProvisionedThroughputExceededException", 400),
        ("InternalServerError", 500),
        ("AccessDeniedException", 400),
        ReadTimeoutError(endpoint_url="https://aws.test"),
    ],
)
def test_never_calls_a_failure_of_aws_unauthorized(cloud: Cloud, failure: Exception | tuple[str, int]) -> None:
    cloud.fail("dynamodb:GetItem", failure, message="Refused")
    with pytest.raises((ClientError, ReadTimeoutError)) as error:
        authorize(cloud, f"Bearer {UNKNOWN}")
    assert "Unauthorized" not in str(error.value)
