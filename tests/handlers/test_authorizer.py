"""`functions/authorizer`: an access key in, the caller's identity out."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.domain.model import Membership, Role
from tests.builders import a_caller
from tests.cloud import Cloud
from tests.handlers.failures import Failure, failure_id

METHOD = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/live/POST/v2/ai-integrations"
UNKNOWN_KEY = "aik_fake-" + "0" * 38


def issue(cloud: Cloud, **changes: Any) -> dict[str, Any]:
    command = {"action": "issue", "account": "acme", "user": "alice", "role": "admin", **changes}
    response: dict[str, Any] = cloud.function("access_keys")(command)
    return response


def authorize(cloud: Cloud, token: str) -> dict[str, Any]:
    event = {"type": "TOKEN", "authorizationToken": token, "methodArn": METHOD}
    response: dict[str, Any] = cloud.function("authorizer")(event)
    return response


def is_unauthorized(cloud: Cloud, token: str) -> bool:
    """Check that API Gateway responds with 401, which it does for exactly this error message."""
    with pytest.raises(Exception, match=r"^Unauthorized$") as error:
        authorize(cloud, token)
    return str(error.value) == "Unauthorized"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_authorize_with_a_valid_key_allows_every_route_of_the_stage(cloud: Cloud, scheme: str) -> None:
    key = issue(cloud)["access_key"]
    response = authorize(cloud, f"{scheme} {key}")
    assert response["principalId"] == "alice"
    assert response["policyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "execute-api:Invoke",
                "Resource": "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3d4e5/live/*",
            }
        ],
    }


def test_authorize_rejects_a_key_that_was_valid_in_the_invocation_before(cloud: Cloud) -> None:
    """API Gateway caches a result for 45 seconds. The function must not add to them."""
    authorizer = cloud.function("authorizer")
    issued, other = issue(cloud), issue(cloud)
    events = [
        {"type": "TOKEN", "authorizationToken": f"Bearer {each['access_key']}", "methodArn": METHOD}
        for each in (issued, other)
    ]
    assert [authorizer(each)["principalId"] for each in events] == ["alice", "alice"]
    cloud.function("access_keys")({"action": "revoke", "account": "acme", "id": issued["id"]})
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorizer(events[0])
    assert authorizer(events[1])["principalId"] == "alice"


def test_authorize_with_extra_spaces_around_the_key_succeeds(cloud: Cloud) -> None:
    assert authorize(cloud, f"Bearer   {issue(cloud)['access_key']} ")["principalId"] == "alice"


def test_authorize_returns_the_caller_in_the_context(cloud: Cloud) -> None:
    memberships = [{"organization_id": "o", "space_id": "s", "admin": True}, {"space_id": "t"}]
    key = issue(cloud, user="bob", role="member", memberships=memberships)["access_key"]
    context = authorize(cloud, f"Bearer {key}")["context"]
    assert all(isinstance(value, str) for value in context.values())
    assert json.loads(context["memberships"])[0] == memberships[0]
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
        f"Bearer {UNKNOWN_KEY}x",
        f"Bearer {UNKNOWN_KEY[:-1]}ä",
        UNKNOWN_KEY,
        "Basic YTpi",
    ],
)
def test_authorize_with_a_malformed_key_is_unauthorized_without_a_read(cloud: Cloud, token: str) -> None:
    assert is_unauthorized(cloud, token)
    assert cloud.calls == []


def test_authorize_with_a_valid_key_in_another_scheme_is_unauthorized(cloud: Cloud) -> None:
    assert is_unauthorized(cloud, f"Basic {issue(cloud)['access_key']}")


def test_authorize_with_an_unknown_key_is_unauthorized_after_one_read(cloud: Cloud) -> None:
    assert is_unauthorized(cloud, f"Bearer {UNKNOWN_KEY}")
    assert cloud.calls == ["dynamodb:GetItem"]


def test_authorize_with_an_expired_key_that_is_still_in_the_table_is_unauthorized(cloud: Cloud) -> None:
    key = issue(cloud, expires_at="2099-01-01T00:00:00Z")["access_key"]
    assert authorize(cloud, f"Bearer {key}")
    [item] = [each for each in cloud.items("ACCESSKEY") if each["sk"]["S"] == "ACCESSKEY"]
    cloud.dynamodb.put_item(TableName=cloud.table, Item=item | {"expires_at": {"N": "1577836800"}})
    assert is_unauthorized(cloud, f"Bearer {key}")


def test_authorize_with_a_revoked_key_is_unauthorized(cloud: Cloud) -> None:
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
    ids=failure_id,
)
def test_authorize_when_aws_fails_does_not_raise_unauthorized(cloud: Cloud, failure: Failure) -> None:
    cloud.fail("dynamodb:GetItem", failure, message="Rejected")
    with pytest.raises((ClientError, ReadTimeoutError)) as error:
        authorize(cloud, f"Bearer {UNKNOWN_KEY}")
    assert "Unauthorized" not in str(error.value)
