"""The rules of contract.md, "Resource", that concern a single field, and the defaults."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from ai_integrations.contracts.integration_bodies import CreateBody, PatchBody, RotateBody
from ai_integrations.contracts.operator_commands import PlaceCommand
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.domain.errors import FieldError, RuleViolationError
from ai_integrations.domain.model import (
    ACCOUNT_WIDE,
    AuthType,
    CredentialChange,
    ExternalSecretArn,
    Federation,
    Removal,
    Scoping,
    Settings,
)
from ai_integrations.http.connection_tests import ModelChoice
from tests.builders import create_body
from tests.unit.test_api_keys import MASKED_KEYS, PLACEHOLDERS, REAL_KEYS, SERVICE_ACCOUNT, UNSENDABLE_KEYS


def parse_create_body(**changes: Any) -> CreateBody:
    return parse_text(json.dumps(create_body(**changes)), CreateBody)


def error_detail(**changes: Any) -> str:
    with pytest.raises(RuleViolationError) as error:
        parse_create_body(**changes)
    return " ".join(each.detail for each in error.value.errors)


def test_create_body_without_optional_fields_gets_every_default() -> None:
    assert parse_create_body().settings() == Settings(
        name="Production OpenAI",
        provider="OPEN_AI",
        base_url=None,
        model_names=None,
        headers=None,
        enable_default_models=False,
        function_calling_enabled=True,
        auth_type=AuthType.DEFAULT,
        provider_metadata=None,
        scopings=(ACCOUNT_WIDE,),
    )


def test_metadata_is_stored_as_sent_with_the_current_kind() -> None:
    sent = {"kind": "gcp", "project_id": "p", "location": "eu", "project_access_label": None}
    stored = {"kind": "GCP", "project_id": "p", "location": "eu"}
    assert parse_create_body(provider_metadata=sent).settings().provider_metadata == stored
    del sent["kind"], stored["kind"]
    assert parse_create_body(provider_metadata=sent).settings().provider_metadata == stored


@pytest.mark.parametrize(
    ("patch", "values"),
    [
        ({"provider": "openAI", "auth_type": "DEFAULT"}, ["openAI", "DEFAULT"]),
        ({"auth_type": "bearer_token", "provider_metadata": {"kind": "gcp"}}, ["bearer_token", "gcp"]),
        ({"provider_metadata": {"project_id": "p"}}, []),
        ({"provider_metadata": None, "name": "x"}, []),
    ],
)
def test_enum_values_are_those_of_every_field_as_sent(patch: dict[str, Any], values: list[str]) -> None:
    assert parse_text(json.dumps(patch), PatchBody).enum_values() == values


ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shared/openai-AbCdEf"
FEDERATION = {"audience": "https://llm", "parameters": {"scope": "models"}}


@pytest.mark.parametrize(
    ("patch", "change"),
    [
        ({"api_key": "sk-fake-1"}, SecretStr("sk-fake-1")),
        ({"api_key_secret_arn": ARN}, ExternalSecretArn(arn=ARN)),
        ({"federation": FEDERATION}, Federation({"audience": "https://llm"}, {"scope": "models"})),
        ({"federation": {"audience": "https://llm"}}, Federation({"audience": "https://llm"}, {})),
        ({"api_key": None}, Removal.KEY),
        ({"api_key_secret_arn": None}, Removal.KEY),
        ({"federation": None}, Removal.FEDERATION),
        ({"api_key": None, "federation": None}, Removal.KEY | Removal.FEDERATION),
        ({"api_key": None, "federation": FEDERATION}, Federation({"audience": "https://llm"}, {"scope": "models"})),
        ({"name": "x"}, Removal.NOTHING),
    ],
)
def test_credential_change_is_the_value_that_was_sent_or_the_removal_by_null(
    patch: dict[str, Any], change: CredentialChange
) -> None:
    assert parse_text(json.dumps(patch), PatchBody).credential_change() == change


CREDENTIALS = {"api_key": "sk-fake-1", "api_key_secret_arn": ARN, "federation": FEDERATION}


@pytest.mark.parametrize("absent", CREDENTIALS)
def test_two_kinds_of_credentials_are_rejected(absent: str) -> None:
    body = parse_create_body(**CREDENTIALS | {absent: ...})
    with pytest.raises(RuleViolationError) as caught:
        body.credential_change()
    assert caught.value.errors == (FieldError("", "Send only one of api_key, api_key_secret_arn and federation."),)


OPTIONAL_FIELDS = [name for name, field in CreateBody.model_fields.items() if not field.is_required()]


@pytest.mark.parametrize("field", OPTIONAL_FIELDS)
def test_null_in_an_optional_field_counts_as_absent(field: str) -> None:
    body, absent = parse_create_body(**{field: None}), parse_create_body()
    assert body == absent
    assert body.settings() == absent.settings()
    assert body.enum_values() == absent.enum_values()


def test_values_that_were_sent_replace_the_defaults() -> None:
    settings = parse_create_body(
        enable_default_models=True,
        function_calling_enabled=False,
        auth_type="bearer_token",
        model_names=["gpt-4", "gpt-4o"],
        headers={"X-Team": "search"},
        base_url="https://example.com",
        scopings=[{"organization_id": "o", "space_id": "s"}, {"space_id": "t"}],
    ).settings()
    assert settings.enable_default_models is True
    assert settings.function_calling_enabled is False
    assert settings.auth_type is AuthType.BEARER_TOKEN
    assert settings.model_names == ("gpt-4", "gpt-4o")
    assert settings.headers == {"X-Team": "search"}
    assert settings.base_url == "https://example.com"
    assert settings.scopings == (Scoping(organization_id="o", space_id="s"), Scoping(space_id="t"))


@pytest.mark.parametrize("scopings", [[], [{}], [{"space_id": None}]])
def test_scopings_without_ids_are_account_wide(scopings: list[Any]) -> None:
    assert parse_create_body(scopings=scopings).settings().scopings == (ACCOUNT_WIDE,)


def test_space_id_too_long_for_a_sort_key_is_rejected() -> None:
    assert "1000 bytes" in error_detail(scopings=[{"space_id": "\U00010400" * 251}])
    assert parse_create_body(scopings=[{"space_id": "\U00010400" * 250}]).scopings


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("  Production  ", "Production"),
        ("\tProduction\n", "Production"),
        ("\u2003Production\u00a0", "Production"),
        ("a  b", "a  b"),
        ("x" * 256, "x" * 256),
        (" " + "x" * 256 + " ", "x" * 256),
        ("\U0001f600" * 256, "\U0001f600" * 256),
        ("Ünïcödé 統合", "Ünïcödé 統合"),
    ],
)
def test_name_is_trimmed_and_otherwise_unchanged(sent: str, stored: str) -> None:
    assert parse_create_body(name=sent).name == stored


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\n", "\t", "\x7f", "\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize(
    "field",
    [
        lambda text: {"name": text},
        lambda text: {"model_names": [text]},
        lambda text: {"provider_metadata": {"role_arn": text}},
        lambda text: {"scopings": [{"space_id": text}]},
    ],
)
def test_control_characters_are_rejected(field: Any, character: str) -> None:
    assert "control characters" in error_detail(**field(f"a{character}b"))


@pytest.mark.parametrize("key", [*REAL_KEYS, *UNSENDABLE_KEYS[:1], SERVICE_ACCOUNT])
def test_api_key_that_may_suit_a_provider_is_accepted_unchanged_and_hidden_in_repr(key: str) -> None:
    body = parse_create_body(api_key=key)
    assert body.api_key is not None
    assert body.api_key.get_secret_value() == key
    assert f"{key!r}" not in repr(body)


@pytest.mark.parametrize("key", [*MASKED_KEYS, *PLACEHOLDERS])
@pytest.mark.parametrize("model", [CreateBody, RotateBody, PatchBody])
def test_masked_api_key_or_placeholder_is_rejected(key: str, model: type[CreateBody | RotateBody | PatchBody]) -> None:
    body = create_body(api_key=key) if model is CreateBody else {"api_key": key}
    with pytest.raises(RuleViolationError) as error:
        parse_text(json.dumps(body), model)
    assert [each.pointer for each in error.value.errors] == ["/api_key"]


@pytest.mark.parametrize("key", ["", " ", " sk-fake", "sk-fake\n", "k" * 65_537, "é" * 32_769])
def test_blank_padded_or_oversized_api_key_is_rejected(key: str) -> None:
    assert "The key must" in error_detail(api_key=key)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "ä", "(x)", "a/b"])
def test_invalid_header_name_is_rejected(name: str) -> None:
    assert "header name" in error_detail(headers={name: "x"})


@pytest.mark.parametrize("value", ["a\r\nEvil: yes", "a\nb", "\x00", " x", "x ", "ä", "\x7f"])
def test_invalid_header_value_is_rejected(value: str) -> None:
    assert "header value" in error_detail(headers={"X-Team": value})


@pytest.mark.parametrize(("name", "value"), [("X-Team", ""), ("x!#$%&'*+.^_`|~9", "a b\tc"), ("A", "x")])
def test_valid_header_is_accepted(name: str, value: str) -> None:
    assert parse_create_body(headers={name: value}).headers == {name: value}


def test_header_names_that_differ_only_in_case_are_rejected() -> None:
    assert "twice" in error_detail(headers={"X-Team": "a", "x-team": "b"})


def test_headers_above_8175_bytes_are_rejected() -> None:
    overhead = len('{"X":""}')
    assert parse_create_body(headers={"X": "v" * (8175 - overhead)}).headers
    assert "8175 bytes" in error_detail(headers={"X": "v" * (8176 - overhead)})


def test_duplicate_or_empty_model_name_is_rejected() -> None:
    assert "twice" in error_detail(model_names=["gpt-4", "gpt-4o", "gpt-4"])
    assert error_detail(model_names=[""])
    assert parse_create_body(model_names=[]).settings().model_names == ()


def test_model_names_above_131072_bytes_are_rejected() -> None:
    names = [f"model-{number:0>250}" for number in range(506)]  # with quotes and a comma or bracket, 259 bytes each
    last = "x" * (131_072 - 506 * 259 - len(',""]'))
    assert parse_create_body(model_names=[*names, last]).model_names
    assert "131072 bytes" in error_detail(model_names=[*names, f"{last}x"])


@pytest.mark.parametrize("field", ["organization_id", "space_id"])
def test_scoping_ids_must_have_1_to_256_characters(field: str) -> None:
    assert parse_create_body(scopings=[{field: "x" * 256}]).scopings
    assert error_detail(scopings=[{field: "x" * 257}])
    assert error_detail(scopings=[{field: ""}])


@pytest.mark.parametrize("external_id", ["x", "", "x" * 1225, "tenant 42", "t\u00e9nant", "tenant-42\n"])
def test_external_id_that_aws_rejects_is_rejected(external_id: str) -> None:
    assert error_detail(provider_metadata={"external_id": external_id})


@pytest.mark.parametrize("external_id", ["xy", "x" * 1224, "a_b+c=d,e.f@g:h/i-j"])
def test_external_id_that_aws_accepts_is_accepted(external_id: str) -> None:
    metadata = parse_create_body(provider_metadata={"external_id": external_id}).settings().provider_metadata
    assert metadata is not None
    assert metadata["external_id"] == external_id


SECRET_ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"


@pytest.mark.parametrize(
    "arn",
    [
        f"{SECRET_ARN}openai-AbCdEf",
        f"{SECRET_ARN}team/a_b+c=d.e@f-AbC123",
        f"{SECRET_ARN}rds!cluster-1-AbCdEf",
        "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:openai-AbCdEf",
    ],
)
def test_complete_secret_arn_is_accepted(arn: str) -> None:
    assert parse_create_body(api_key_secret_arn=arn).api_key_secret_arn == arn


@pytest.mark.parametrize(
    "arn",
    [
        f"{SECRET_ARN}openai",
        f"{SECRET_ARN}{'openai' * 3}",
        f"{SECRET_ARN}open ai-AbCdEf",
        f"{SECRET_ARN}öpenai-AbCdEf",
        f"{SECRET_ARN}openai:json-key-AbCdEf",
        f"{SECRET_ARN}openai-AbCdE\u0661",
        f"{SECRET_ARN}openai-AbCdEf\n",
        SECRET_ARN.replace("1", "\u0661") + "openai-AbCdEf",
    ],
)
def test_secret_arn_that_secrets_manager_rejects_is_rejected(arn: str) -> None:
    assert error_detail(api_key_secret_arn=arn)


def test_tested_model_is_passed_on_unchanged() -> None:
    assert parse_text('{"model": "models/gpt-4o mini"}', ModelChoice).model == "models/gpt-4o mini"


@pytest.mark.parametrize("name", [" gpt-4o", "gpt-4o ", "gpt-4o\u00a0", "gpt-\u200b4o"])
def test_tested_model_with_blanks_at_its_ends_or_invisible_characters_is_rejected(name: str) -> None:
    with pytest.raises(RuleViolationError) as error:
        parse_text(json.dumps({"model": name}), ModelChoice)
    assert [each.pointer for each in error.value.errors] == ["/model"]


@pytest.mark.parametrize("name", ["Sear\u200bch", "Sear\nch", "\ufeffSearch", "Search\u202e"])
def test_space_name_with_control_or_invisible_characters_is_rejected(name: str) -> None:
    command = {"action": "register_space", "account": "acme", "id": "s", "name": name}
    with pytest.raises(RuleViolationError) as error:
        parse_text(json.dumps(command), PlaceCommand)
    assert [each.pointer for each in error.value.errors] == ["/name"]
