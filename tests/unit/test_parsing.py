"""Parsing of bodies: which errors are 400 or 422 (contract.md, "Status codes"), and that none repeats the input."""

import base64
import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from ai_integrations.contracts import problems
from ai_integrations.contracts.integration_bodies import CreateBody, RotateBody
from ai_integrations.contracts.operator_commands import CallerCommand
from ai_integrations.contracts.parsing import UnsupportedMediaTypeError, parse_text
from ai_integrations.domain.errors import AiIntegrationsError, InvalidRequestError, RuleViolationError
from ai_integrations.http.body import parse_body
from tests.builders import create_body, gateway_event

SECRET = "sk-fake-canary-31337-not-a-key"


def parse_error(text: str, model: type = CreateBody) -> Any:
    with pytest.raises(AiIntegrationsError) as caught:
        parse_text(text, model)
    return caught.value


def pointers(error: Any) -> list[str]:
    return [each.pointer for each in error.errors]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "My Integration"}, "/provider"),
        ({"provider": "openAI"}, "/name"),
        (create_body(name=None), "/name"),
        (create_body(name=5), "/name"),
        (create_body(provider=5), "/provider"),
        (create_body(provider="OpenAI"), "/provider"),
        (create_body(provider="fireworks"), "/provider"),
        (create_body(api_key=5), "/api_key"),
        (create_body(api_key=["sk"]), "/api_key"),
        (create_body(base_url=5), "/base_url"),
        (create_body(model_names="gpt-4"), "/model_names"),
        (create_body(model_names=["gpt-4", None]), "/model_names/1"),
        (create_body(headers=["a"]), "/headers"),
        (create_body(headers={"X-Team": 5}), "/headers/X-Team"),
        (create_body(headers={"X-Team": None}), "/headers/X-Team"),
        (create_body(enable_default_models="true"), "/enable_default_models"),
        (create_body(function_calling_enabled=1), "/function_calling_enabled"),
        (create_body(auth_type="basic"), "/auth_type"),
        (create_body(provider_metadata="arn"), "/provider_metadata"),
        (create_body(provider_metadata={"kind": "azure"}), "/provider_metadata/kind"),
        (create_body(provider_metadata={"role_arn": 5}), "/provider_metadata/role_arn"),
        (create_body(provider_metadata={"role": "arn"}), "/provider_metadata/role"),
        (create_body(scopings={}), "/scopings"),
        (create_body(scopings=[None]), "/scopings/0"),
        (create_body(scopings=[{}, {"space_id": 5}]), "/scopings/1/space_id"),
        (create_body(scopings=[{"team_id": "x"}]), "/scopings/0/team_id"),
        (create_body(id="x"), "/id"),
        (create_body(has_api_key=True), "/has_api_key"),
        ([], ""),
        (None, ""),
        ("text", ""),
        (5, ""),
    ],
)
def test_malformed_body_raises_invalid_request_error(body: object, pointer: str) -> None:
    error = parse_error(json.dumps(body))
    assert isinstance(error, InvalidRequestError)
    assert pointers(error) == [pointer]


@pytest.mark.parametrize(
    "text", ["", "{", "name=x", '{"name": "\\ud800"}', '{"name": "\ud800"}', "[" * 5000, '{"name": NaN', "\ufeff{}"]
)
def test_invalid_json_raises_invalid_request_error(text: str) -> None:
    error = parse_error(text)
    assert isinstance(error, InvalidRequestError)
    assert pointers(error) == [""]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": " \t\n "}, "/name"),
        ({"name": "x" * 257}, "/name"),
        ({"name": "a\x00b"}, "/name"),
        ({"api_key": ""}, "/api_key"),
        ({"api_key": "****"}, "/api_key"),
        ({"model_names": [""]}, "/model_names/0"),
        ({"model_names": ["a", "a"]}, "/model_names"),
        ({"headers": {"a b": "x"}}, "/headers"),
        ({"provider_metadata": {"role_arn": ""}}, "/provider_metadata/role_arn"),
        ({"scopings": [{"space_id": ""}]}, "/scopings/0/space_id"),
        ({"scopings": [{}] * 101}, "/scopings"),
    ],
)
def test_broken_rule_raises_rule_violation_error(changes: dict[str, Any], pointer: str) -> None:
    error = parse_error(json.dumps(create_body(**changes)))
    assert isinstance(error, RuleViolationError)
    assert pointers(error) == [pointer]


@pytest.mark.parametrize("number", ["60", "60.0", "6e1"])
def test_integer_field_accepts_every_notation_of_a_whole_number(number: str) -> None:
    assert parse_text(f'{{"api_key": "{SECRET}", "grace_seconds": {number}}}', RotateBody).grace_seconds == 60


@pytest.mark.parametrize("number", ["60.5", '"60"', "true", "null", "1e999", "NaN"])
def test_integer_field_rejects_other_values(number: str) -> None:
    error = parse_error(f'{{"api_key": "{SECRET}", "grace_seconds": {number}}}', RotateBody)
    assert isinstance(error, InvalidRequestError)
    assert pointers(error) == ["/grace_seconds"]


def test_body_with_malformed_and_rule_errors_reports_all_as_invalid_request() -> None:
    error = parse_error(json.dumps({"name": "", "model_names": ["", 5], "surplus": 1}))
    assert isinstance(error, InvalidRequestError)
    assert sorted(pointers(error)) == ["/model_names/0", "/model_names/1", "/name", "/provider", "/surplus"]


@pytest.mark.parametrize("names", [["", 5], [5, ""]])
def test_body_with_a_malformed_field_before_or_after_a_broken_rule_is_an_invalid_request(names: list[object]) -> None:
    assert isinstance(parse_error(json.dumps(create_body(model_names=names))), InvalidRequestError)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(create_body(**{SECRET: "x"})),
        json.dumps(create_body(headers={SECRET: 5})),
        json.dumps(create_body(headers={SECRET: f"{SECRET}\n"})),
        json.dumps(create_body(api_key=[SECRET])),
        json.dumps(create_body(api_key={SECRET: SECRET})),
        json.dumps(create_body(api_key=f" {SECRET}")),
        json.dumps(create_body(api_key=f"...{SECRET}")),
        json.dumps(create_body(provider=SECRET)),
        json.dumps(create_body(auth_type=SECRET)),
        json.dumps(create_body(name=SECRET * 20)),
        json.dumps(create_body(model_names=[SECRET, SECRET])),
        json.dumps(create_body(provider_metadata={SECRET: SECRET, "kind": SECRET})),
        json.dumps(create_body(scopings=[{SECRET: SECRET}])),
        json.dumps({"api_key": SECRET}),
        json.dumps({"action": SECRET}),
        json.dumps([SECRET]),
        json.dumps(SECRET),
        SECRET,
        f'{{"api_key": "{SECRET}"',
        f'{{"{SECRET}',
    ],
)
@pytest.mark.parametrize("model", [CreateBody, CallerCommand])
def test_parse_error_never_repeats_the_input(text: str, model: type) -> None:
    error = parse_error(text, model)
    rendered = json.dumps(problems.document_for(error, "request-id")) + str(error) + repr(error)
    assert SECRET not in rendered
    assert "canary" not in rendered
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize(
    "media_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"]
)
def test_body_with_another_content_type_raises_unsupported_media_type_error(media_type: str | None) -> None:
    event = APIGatewayProxyEvent(gateway_event(headers={"Content-Type": media_type}))
    with pytest.raises(UnsupportedMediaTypeError):
        parse_body(event, CreateBody)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json; charset=utf-8"},
        {"Content-Type": "Application/JSON"},
        {"Content-Type": None, "content-type": "application/json"},
    ],
)
def test_every_notation_of_the_json_content_type_is_accepted(headers: dict[str, str | None]) -> None:
    assert parse_body(APIGatewayProxyEvent(gateway_event(headers=headers)), CreateBody).provider == "openAI"


def test_base64_encoded_body_is_decoded() -> None:
    text = json.dumps(create_body(name="Ünïcödé"), ensure_ascii=False).encode()
    event = gateway_event() | {"body": base64.b64encode(text).decode(), "isBase64Encoded": True}
    assert parse_body(APIGatewayProxyEvent(event), CreateBody).name == "Ünïcödé"


@pytest.mark.parametrize(
    ("body", "encoded"),
    [
        (base64.b64encode(b'{"name": "\xff"}').decode(), True),
        ("not base64", True),
        ('{"name": "\ud800"}', False),
        (None, False),
        (None, True),
    ],
)
def test_undecodable_body_raises_invalid_request_error(body: str | None, encoded: bool) -> None:
    event = gateway_event() | {"body": body, "isBase64Encoded": encoded}
    with pytest.raises(InvalidRequestError) as error:
        parse_body(APIGatewayProxyEvent(event), CreateBody)
    assert pointers(error.value) == [""]


def test_pointer_ends_before_a_name_that_may_be_a_secret() -> None:
    assert pointers(parse_error(json.dumps(create_body(headers={SECRET: 5})))) == ["/headers"]


def test_parse_error_lists_at_most_20_fields() -> None:
    error = parse_error(json.dumps(create_body(model_names=[1] * 5_000)))
    assert pointers(error) == [f"/model_names/{number}" for number in range(20)]
