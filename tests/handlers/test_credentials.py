"""`functions/credentials`, invoked by a program that IAM lets do so."""

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from tests.builders import API_KEY, create_body, gateway_event
from tests.cloud import Cloud

ROLE = "arn:aws:iam::123456789012:role/bedrock"
URL = "https://secretsmanager.eu-central-1.amazonaws.com"


def create(cloud: Cloud, **changes: Any) -> dict[str, Any]:
    answer = cloud.api(gateway_event(create_body(**{"api_key": API_KEY, **changes})))
    assert answer.status == 201
    cloud.calls.clear()
    created: dict[str, Any] = answer.body
    return created


def resolve(cloud: Cloud, integration: str = "Production OpenAI", **changes: Any) -> dict[str, Any]:
    event = {"account": "acme", "integration": integration, "consumer": "billing-job", **changes}
    answer: dict[str, Any] = cloud.function("credentials")(event)
    return answer


def audit(cloud: Cloud) -> dict[str, Any]:
    return next(line for line in cloud.log() if line["message"] == "credentials resolved")


def test_hands_out_everything_that_a_program_needs(cloud: Cloud) -> None:
    created = create(
        cloud,
        provider="custom",
        base_url="https://llm.example.com/v1",
        headers={"X-Team": "billing"},
        model_names=["m-1", "m-2"],
        auth_type="bearer_token",
        enable_default_models=True,
        function_calling_enabled=False,
    )
    answer = resolve(cloud, created["id"])
    assert answer == {
        "id": created["id"],
        "name": "Production OpenAI",
        "provider": "CUSTOM",
        "version": 1,
        "base_url": "https://llm.example.com/v1",
        "headers": {"X-Team": "billing"},
        "model_names": ["m-1", "m-2"],
        "enable_default_models": True,
        "function_calling_enabled": False,
        "auth_type": "BEARER_TOKEN",
        "api_key": API_KEY,
        "key_version": answer["key_version"],
    }
    assert answer == resolve(cloud, "production openai ") == resolve(cloud, key_version=answer["key_version"])


def test_makes_no_call_that_it_does_not_need(cloud: Cloud) -> None:
    created = create(cloud)
    cloud.calls.clear()
    resolve(cloud, created["id"])
    assert cloud.calls == ["dynamodb:GetItem", "secretsmanager:GetSecretValue"]


def test_leaves_out_what_is_not_set(cloud: Cloud) -> None:
    create(cloud, api_key=None)
    assert resolve(cloud).keys() == {
        "id",
        "name",
        "provider",
        "version",
        "enable_default_models",
        "function_calling_enabled",
        "auth_type",
    }


def test_answers_in_plain_json(cloud: Cloud) -> None:
    create(cloud, provider="awsBedrock", provider_metadata={"role_arn": ROLE, "external_id": "tenant-42"})
    answer = resolve(cloud)
    assert json.loads(json.dumps(answer)) == answer


def test_assumes_the_role_of_bedrock(cloud: Cloud) -> None:
    create(cloud, provider="awsBedrock", api_key=None, provider_metadata={"role_arn": ROLE, "external_id": "tenant-42"})
    answer = resolve(cloud)
    assert answer["aws_credentials"].keys() == {"access_key_id", "secret_access_key", "session_token"}
    assert answer["expires_at"].endswith("Z")
    assert answer["provider_metadata"] == {"role_arn": ROLE, "external_id": "tenant-42"}
    assert "api_key" not in answer
    assert cloud.calls[-1] == "sts:AssumeRole"
    assert audit(cloud)["role_assumed"] is True


def test_tells_that_a_role_does_not_trust_the_service(cloud: Cloud) -> None:
    create(cloud, provider="awsBedrock", provider_metadata={"role_arn": ROLE})
    cloud.fail("sts:AssumeRole", ("AccessDenied", 403))
    assert resolve(cloud)["problem"]["status"] == 409


def test_reads_a_secret_that_somebody_else_keeps(cloud: Cloud) -> None:
    tags: Any = [{"Key": ACCOUNT_TAG, "Value": "acme"}]
    arn = cloud.secrets_manager.create_secret(Name="theirs", SecretString=API_KEY, Tags=tags)["ARN"]
    create(cloud, api_key=..., api_key_secret_arn=arn)
    assert resolve(cloud)["api_key"] == API_KEY
    cloud.secrets_manager.tag_resource(SecretId=arn, Tags=[{"Key": ACCOUNT_TAG, "Value": "other"}])
    assert resolve(cloud)["problem"]["status"] == 409
    assert API_KEY not in json.dumps(resolve(cloud))


def test_holds_to_what_a_place_sees(cloud: Cloud) -> None:
    create(cloud, scopings=[{"organization_id": "o", "space_id": "s"}])
    assert resolve(cloud, space_id="s")["api_key"] == API_KEY
    hidden = [resolve(cloud), resolve(cloud, space_id="t"), resolve(cloud, organization_id="o", account="other")]
    missing = resolve(cloud, "No such name")
    assert hidden == [missing] * 3
    assert missing["problem"]["status"] == 404


def test_knows_the_organization_of_a_space_from_the_directory(cloud: Cloud) -> None:
    create(cloud, name="teaches", api_key=None, scopings=[{"organization_id": "o", "space_id": "s"}])
    create(cloud, scopings=[{"organization_id": "o"}])
    assert resolve(cloud, space_id="s")["api_key"] == API_KEY
    assert resolve(cloud, space_id="t")["problem"]["status"] == 404


def test_records_who_got_which_version_and_never_the_key(cloud: Cloud) -> None:
    create(cloud)
    answer = resolve(cloud)
    line = audit(cloud)
    assert line["level"] == "INFO"
    assert line["function_request_id"] == "lambda-request-id"
    assert (line["account"], line["consumer"]) == ("acme", "billing-job")
    assert (line["version"], line["key_version"]) == (1, answer["key_version"])
    assert line["role_assumed"] is False
    assert API_KEY not in cloud.written.getvalue()


def test_records_who_was_refused(cloud: Cloud) -> None:
    resolve(cloud, "No such name")
    line = cloud.log()[-1]
    assert (line["message"], line["error"]) == ("request refused", "NotFoundError")
    assert (line["account"], line["consumer"]) == ("acme", "billing-job")


def test_forgets_who_asked_before(cloud: Cloud) -> None:
    function = cloud.function("credentials")
    function({"account": "acme", "integration": "x", "consumer": "billing-job"})
    function({})
    assert "consumer" not in cloud.log()[-1]


@pytest.mark.parametrize(
    ("changes", "status", "pointer"),
    [
        ({"account": ...}, 400, "/account"),
        ({"integration": ...}, 400, "/integration"),
        ({"consumer": ...}, 400, "/consumer"),
        ({"consumer": None}, 400, "/consumer"),
        ({"integration": 7}, 400, "/integration"),
        ({"role": "admin"}, 400, "/role"),
        ({"account": "a/b"}, 422, "/account"),
        ({"integration": ""}, 422, "/integration"),
        ({"consumer": "two words"}, 422, "/consumer"),
        ({"space_id": ""}, 422, "/space_id"),
    ],
)
def test_refuses_a_request_with_a_problem_document(
    cloud: Cloud, changes: dict[str, Any], status: int, pointer: str
) -> None:
    event = {"account": "acme", "integration": "x", "consumer": "billing-job"} | changes
    sent = {name: value for name, value in event.items() if value is not ...}
    problem = cloud.function("credentials")(sent)["problem"]
    assert (problem["status"], [each["pointer"] for each in problem["errors"]]) == (status, [pointer])
    assert cloud.calls == []


@pytest.mark.parametrize(
    ("operation", "failure"),
    [
        ("secretsmanager:GetSecretValue", ("AccessDeniedException", 400)),
        ("secretsmanager:GetSecretValue", ("DecryptionFailure", 400)),
        ("secretsmanager:GetSecretValue", ReadTimeoutError(endpoint_url=URL)),
        ("dynamodb:GetItem", ("InternalServerError", 500)),
    ],
)
def test_fails_without_a_word_of_what_aws_said(
    cloud: Cloud, operation: str, failure: Exception | tuple[str, int]
) -> None:
    create(cloud)
    cloud.fail(operation, failure)
    with pytest.raises(Exception, match=r"^$") as failed:
        resolve(cloud)
    assert type(failed.value).__name__ == "LoggedError"
    assert failed.value.__suppress_context__
    line = cloud.log()[-1]
    assert (line["level"], line["message"], line["consumer"]) == ("ERROR", "unexpected error", "billing-job")
