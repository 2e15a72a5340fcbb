"""`functions/credentials`, invoked by a consumer."""

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from tests.builders import API_KEY, create_body, gateway_event
from tests.cloud import Cloud
from tests.handlers.failures import Failure, failure_id

ROLE = "arn:aws:iam::123456789012:role/bedrock"
URL = "https://secretsmanager.eu-central-1.amazonaws.com"


def create(cloud: Cloud, **changes: Any) -> dict[str, Any]:
    response = cloud.api(gateway_event(create_body(**{"api_key": API_KEY, **changes})))
    assert response.status == 201
    cloud.calls.clear()
    created: dict[str, Any] = response.body
    return created


def resolve(cloud: Cloud, integration: str = "Production OpenAI", **changes: Any) -> dict[str, Any]:
    event = {"account": "acme", "integration": integration, "consumer": "billing-job", **changes}
    response: dict[str, Any] = cloud.function("credentials")(event)
    return response


def audit_record(cloud: Cloud) -> dict[str, Any]:
    return next(line for line in cloud.log() if line["message"] == "credentials resolved")


def test_resolve_by_id_or_name_or_key_version_returns_settings_and_key(cloud: Cloud) -> None:
    created = create(
        cloud,
        provider="custom",
        base_url="https://llm.example.com/v1",
        headers={"X-Team": "billing-team"},
        model_names=["m-1", "m-2"],
        auth_type="bearer_token",
        enable_default_models=True,
        function_calling_enabled=False,
    )
    resolved = resolve(cloud, created["id"])
    assert resolved == {
        "id": created["id"],
        "name": "Production OpenAI",
        "provider": "CUSTOM",
        "version": 1,
        "base_url": "https://llm.example.com/v1",
        "endpoints": {
            "root": "https://llm.example.com",
            "api": "https://llm.example.com/v1",
            "openai": "https://llm.example.com/v1",
        },
        "headers": {"X-Team": "billing-team"},
        "model_names": ["m-1", "m-2"],
        "enable_default_models": True,
        "function_calling_enabled": False,
        "auth_type": "BEARER_TOKEN",
        "api_key": API_KEY,
        "key_version": resolved["key_version"],
    }
    assert resolved == resolve(cloud, "production openai ")
    assert resolved == resolve(cloud, key_version=resolved["key_version"])


def test_search_for_a_key_logs_neither_the_key_nor_its_hash(cloud: Cloud) -> None:
    create(cloud)
    cloud.respond("kms:GenerateMac", {"Mac": b"m" * 32})
    found = cloud.function("credentials")({"action": "find_key", "account": "acme", "api_key": API_KEY})
    assert len(found["holders"]) == 1
    assert "keys compared" in [line["message"] for line in cloud.log()]


def test_resolve_of_another_key_version_returns_409_by_id_and_by_name(cloud: Cloud) -> None:
    created = create(cloud)
    other = "00000000-0000-4000-8000-000000000000"
    for integration in (created["id"], created["name"]):
        assert resolve(cloud, integration, key_version=other)["problem"]["status"] == 409


def test_resolve_by_id_makes_two_calls_beside_that_of_the_ledger(cloud: Cloud) -> None:
    created = create(cloud)
    cloud.calls.clear()
    resolve(cloud, created["id"])
    assert cloud.calls == ["dynamodb:GetItem", "dynamodb:UpdateItem", "secretsmanager:GetSecretValue"]


def test_resolve_omits_fields_that_are_not_set(cloud: Cloud) -> None:
    create(cloud, api_key=None)
    assert resolve(cloud).keys() == {
        "id",
        "name",
        "provider",
        "version",
        "endpoints",
        "enable_default_models",
        "function_calling_enabled",
        "auth_type",
    }


@pytest.mark.parametrize("base_url", [None, "https://api.anthropic.com/v1/"])
def test_resolve_returns_endpoints_of_the_provider_and_the_base_url_as_sent(cloud: Cloud, base_url: str | None) -> None:
    create(cloud, provider="anthropic", base_url=base_url)
    resolved = resolve(cloud)
    assert resolved["endpoints"] == {
        "root": "https://api.anthropic.com",
        "api": "https://api.anthropic.com/v1",
        "openai": "https://api.anthropic.com/v1",
    }
    assert resolved.get("base_url") == base_url


def test_resolve_omits_endpoints_without_any_address(cloud: Cloud) -> None:
    create(cloud, provider="awsBedrock", api_key=None, provider_metadata={"role_arn": ROLE})
    assert "endpoints" not in resolve(cloud)


@pytest.mark.parametrize(
    ("base_url", "api"),
    [
        ("https://team.openai.azure.com/openai/deployments/d?api-version=1", "https://team.openai.azure.com/openai/v1"),
        ("https://[::1", None),
    ],
)
def test_resolve_returns_stored_base_url_that_is_older_than_the_rules(
    cloud: Cloud, base_url: str, api: str | None
) -> None:
    create(cloud, provider="azureOpenAI", base_url="https://team.openai.azure.com")
    [item] = cloud.items("INTEGRATION#")
    cloud.dynamodb.put_item(TableName=cloud.table, Item=item | {"base_url": {"S": base_url}})
    resolved = resolve(cloud)
    assert (resolved["base_url"], resolved.get("endpoints", {}).get("api")) == (base_url, api)


def test_resolve_returns_only_json_types(cloud: Cloud) -> None:
    create(cloud, provider="awsBedrock", provider_metadata={"role_arn": ROLE, "external_id": "tenant-42"})
    response = resolve(cloud)
    assert json.loads(json.dumps(response)) == response


def test_resolve_bedrock_returns_temporary_credentials_of_the_role(cloud: Cloud) -> None:
    create(cloud, provider="awsBedrock", api_key=None, provider_metadata={"role_arn": ROLE, "external_id": "tenant-42"})
    resolved = resolve(cloud)
    assert resolved["aws_credentials"].keys() == {"access_key_id", "secret_access_key", "session_token"}
    assert resolved["expires_at"].endswith("Z")
    assert resolved["provider_metadata"] == {"role_arn": ROLE, "external_id": "tenant-42"}
    assert "api_key" not in resolved
    assert cloud.calls[-1] == "sts:AssumeRole"
    assert audit_record(cloud)["role_assumed"] is True


def test_resolve_bedrock_when_the_role_cannot_be_assumed_returns_409(cloud: Cloud) -> None:
    create(cloud, provider="awsBedrock", provider_metadata={"role_arn": ROLE})
    cloud.fail("sts:AssumeRole", ("AccessDenied", 403))
    assert resolve(cloud)["problem"]["status"] == 409


def test_resolve_referenced_secret_returns_its_value_only_while_it_is_tagged_for_the_account(cloud: Cloud) -> None:
    tags: Any = [{"Key": ACCOUNT_TAG, "Value": "acme"}]
    arn = cloud.secrets_manager.create_secret(Name="external", SecretString=API_KEY, Tags=tags)["ARN"]
    create(cloud, api_key=..., api_key_secret_arn=arn)
    assert resolve(cloud)["api_key"] == API_KEY
    cloud.secrets_manager.tag_resource(SecretId=arn, Tags=[{"Key": ACCOUNT_TAG, "Value": "other"}])
    assert resolve(cloud)["problem"]["status"] == 409
    assert API_KEY not in json.dumps(resolve(cloud))


@pytest.mark.parametrize(
    "text", ["sk-fake\n0123", "\u201csk-fake-0123\u201d", "<redacted>", "REPLACE_ME_KEY", '{"key": "sk-fake-0123"}']
)
def test_resolve_referenced_secret_that_cannot_be_a_key_returns_409_without_its_text(cloud: Cloud, text: str) -> None:
    tags: Any = [{"Key": ACCOUNT_TAG, "Value": "acme"}]
    arn = cloud.secrets_manager.create_secret(Name="external", SecretString=text, Tags=tags)["ARN"]
    create(cloud, api_key=..., api_key_secret_arn=arn)
    response = resolve(cloud)
    assert response["problem"]["status"] == 409
    assert "sk-fake" not in json.dumps(response)


def test_resolve_outside_the_scopings_returns_the_same_404_as_a_missing_integration(cloud: Cloud) -> None:
    create(cloud, scopings=[{"organization_id": "o", "space_id": "s"}])
    assert resolve(cloud, space_id="s")["api_key"] == API_KEY
    invisible = [resolve(cloud), resolve(cloud, space_id="t"), resolve(cloud, organization_id="o", account="other")]
    missing = resolve(cloud, "No such name")
    assert invisible == [missing] * 3
    assert missing["problem"]["status"] == 404


def test_resolve_for_a_space_includes_integrations_of_its_organization(cloud: Cloud) -> None:
    create(cloud, name="registers the space", api_key=None, scopings=[{"organization_id": "o", "space_id": "s"}])
    create(cloud, scopings=[{"organization_id": "o"}])
    assert resolve(cloud, space_id="s")["api_key"] == API_KEY
    assert resolve(cloud, space_id="t")["problem"]["status"] == 404


def test_resolve_logs_consumer_and_versions_and_never_the_key(cloud: Cloud) -> None:
    create(cloud)
    resolved = resolve(cloud)
    record = audit_record(cloud)
    assert record["level"] == "INFO"
    assert record["function_request_id"] == "lambda-request-id"
    assert (record["account"], record["consumer"]) == ("acme", "billing-job")
    assert (record["version"], record["key_version"]) == (1, resolved["key_version"])
    assert record["role_assumed"] is False
    assert API_KEY not in cloud.written.getvalue()


def test_resolve_when_rejected_logs_the_consumer_and_the_error(cloud: Cloud) -> None:
    resolve(cloud, "No such name")
    line = cloud.log()[-1]
    assert (line["message"], line["error"]) == ("request rejected", "NotFoundError")
    assert (line["account"], line["consumer"]) == ("acme", "billing-job")


def test_resolve_does_not_log_the_consumer_of_the_previous_invocation(cloud: Cloud) -> None:
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
def test_invalid_request_returns_a_problem_document_without_a_call_to_aws(
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
    ids=failure_id,
)
def test_resolve_when_aws_fails_raises_an_error_without_its_message(
    cloud: Cloud, operation: str, failure: Failure
) -> None:
    create(cloud)
    cloud.fail(operation, failure)
    with pytest.raises(Exception, match=r"^$") as error:
        resolve(cloud)
    assert type(error.value).__name__ == "LoggedError"
    assert error.value.__suppress_context__
    line = cloud.log()[-1]
    assert (line["level"], line["message"], line["consumer"]) == ("ERROR", "unexpected error", "billing-job")
