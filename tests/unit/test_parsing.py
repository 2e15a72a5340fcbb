"""contract.md, "Status codes": what is 400, what is 422, and that no answer repeats what was sent."""

import base64
import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from ai_integrations.contracts import problems
from ai_integrations.contracts.integration_bodies import CreateBody, RotateBody
from ai_integrations.contracts.operator_commands import AccessKeyCommand
from ai_integrations.contracts.parsing import UnsupportedMediaTypeError, parse_text
from ai_integrations.domain.errors import AiIntegrationsError, InvalidRequestError, RuleViolationError
from ai_integrations.http.body import parse_body
from tests.builders import create_body, gateway_event

CANARY = "sk-fake-canary-31337-not-a-key"


def error_of(text: str, model: type = CreateBody) -> Any:
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
def test_calls_a_wrong_form_400(body: object, pointer: str) -> None:
    error = error_of(json.dumps(body))
    assert isinstance(error, InvalidRequestError)
    assert pointers(error) == [pointer]


@pytest.mark.parametrize("text", ["", "{", "name=x", '{"name": "\\ud800"}', "[" * 5000, '{"name": NaN', "\ufeff{}"])
def test_calls_what_is_no_json_400(text: str) -> None:
    error = error_of(text)
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
def test_calls_a_broken_rule_422(changes: dict[str, Any], pointer: str) -> None:
    error = error_of(json.dumps(create_body(**changes)))
    assert isinstance(error, RuleViolationError)
    assert pointers(error) == [pointer]


@pytest.mark.parametrize("number", ["60", "60.0", "6e1"])
def test_takes_a_whole_number_however_it_is_written(number: str) -> None:
    assert parse_text(f'{{"api_key": "{CANARY}", "grace_seconds": {number}}}', RotateBody).grace_seconds == 60


@pytest.mark.parametrize("number", ["60.5", '"60"', "true", "null", "1e999", "NaN"])
def test_takes_nothing_else_for_a_whole_number(number: str) -> None:
    error = error_of(f'{{"api_key": "{CANARY}", "grace_seconds": {number}}}', RotateBody)
    assert isinstance(error, InvalidRequestError)
    assert pointers(error) == ["/grace_seconds"]


def test_names_every_fault_at_once_and_answers_400_when_one_is_of_form() -> None:
    error = error_of(json.dumps({"name": "", "model_names": ["", 5], "surplus": 1}))
    assert isinstance(error, InvalidRequestError)
    assert sorted(pointers(error)) == ["/model_names/0", "/model_names/1", "/name", "/provider", "/surplus"]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(create_body(**{CANARY: "x"})),
        json.dumps(create_body(headers={CANARY: 5})),
        json.dumps(create_body(headers={CANARY: f"{CANARY}\n"})),
        json.dumps(create_body(api_key=[CANARY])),
        json.dumps(create_body(api_key={CANARY: CANARY})),
        json.dumps(create_body(api_key=f" {CANARY}")),
        json.dumps(create_body(api_key=f"...{CANARY}")),
        json.dumps(create_body(provider=CANARY)),
        json.dumps(create_body(auth_type=CANARY)),
        json.dumps(create_body(name=CANARY * 20)),
        json.dumps(create_body(model_names=[CANARY, CANARY])),
        json.dumps(create_body(provider_metadata={CANARY: CANARY, "kind": CANARY})),
        json.dumps(create_body(scopings=[{CANARY: CANARY}])),
        json.dumps({"api_key": CANARY}),
        json.dumps([CANARY]),
        json.dumps(CANARY),
        CANARY,
        f'{{"api_key": "{CANARY}"',
        f'{{"{CANARY}',
    ],
)
@pytest.mark.parametrize("model", [CreateBody, AccessKeyCommand])
def test_never_repeats_what_was_sent(text: str, model: type) -> None:
    error = error_of(text, model)
    shown = json.dumps(problems.document_for(error, "request-id")) + str(error) + repr(error)
    assert CANARY not in shown
    assert "canary" not in shown
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize(
    "media_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"]
)
def test_refuses_a_body_that_is_not_declared_as_json(media_type: str | None) -> None:
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
def test_takes_json_however_it_is_declared(headers: dict[str, str | None]) -> None:
    assert parse_body(APIGatewayProxyEvent(gateway_event(headers=headers)), CreateBody).provider == "openAI"


def test_reads_a_body_that_the_gateway_has_encoded() -> None:
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
def test_calls_an_unreadable_body_400(body: str | None, encoded: bool) -> None:
    event = gateway_event() | {"body": body, "isBase64Encoded": encoded}
    with pytest.raises(InvalidRequestError) as error:
        parse_body(APIGatewayProxyEvent(event), CreateBody)
    assert pointers(error.value) == [""]


def test_shows_some_faults_of_a_body_that_has_thousands() -> None:
    error = error_of(json.dumps(create_body(model_names=[1] * 5_000)))
    assert pointers(error) == [f"/model_names/{number}" for number in range(20)]
