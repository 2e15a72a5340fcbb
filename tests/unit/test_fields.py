"""contract.md, "Resource": the rules that one field alone can break, and the defaults."""

import json
from typing import Any

import pytest

from ai_integrations.contracts.integration_bodies import CreateBody
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.domain.errors import RuleViolationError
from ai_integrations.domain.model import ACCOUNT_WIDE, AuthType, Scoping, Settings
from tests.builders import create_body


def parsed(**changes: Any) -> CreateBody:
    return parse_text(json.dumps(create_body(**changes)), CreateBody)


def detail_of(**changes: Any) -> str:
    with pytest.raises(RuleViolationError) as error:
        parsed(**changes)
    return " ".join(each.detail for each in error.value.errors)


def test_fills_in_every_default() -> None:
    assert parsed().settings() == Settings(
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


OPTIONAL = [name for name, field in CreateBody.model_fields.items() if not field.is_required()]


@pytest.mark.parametrize("field", OPTIONAL)
def test_counts_null_in_an_optional_field_as_absent(field: str) -> None:
    assert parsed(**{field: None}) == parsed()


def test_keeps_what_was_given_in_place_of_a_default() -> None:
    settings = parsed(
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
def test_makes_an_integration_account_wide_without_ids(scopings: list[Any]) -> None:
    assert parsed(scopings=scopings).settings().scopings == (ACCOUNT_WIDE,)


def test_refuses_an_id_that_is_too_long_for_a_sort_key() -> None:
    assert "1000 bytes" in detail_of(scopings=[{"space_id": "\U00010400" * 256}])


@pytest.mark.parametrize(
    ("given", "kept"),
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
def test_trims_a_name_and_keeps_the_rest_of_it(given: str, kept: str) -> None:
    assert parsed(name=given).name == kept


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
def test_refuses_control_characters(field: Any, character: str) -> None:
    assert "control characters" in detail_of(**field(f"a{character}b"))


@pytest.mark.parametrize(
    "key",
    [
        "sk-abc123...",  # the founding example, word for word
        "sk-fake-0123456789",
        "a",
        "sk-…",
        "key*with*stars",
        "a..b",
        '{"type": "service_account", "private_key": "not a key"}',
        "ключ",
        "k" * 65_536,
    ],
)
def test_takes_a_key_as_it_is(key: str) -> None:
    body = parsed(api_key=key)
    assert body.api_key is not None
    assert body.api_key.get_secret_value() == key
    assert f"{key!r}" not in repr(body)


@pytest.mark.parametrize(
    "key",
    [
        "****",
        "**",
        "sk-****ef",
        "sk-abc****",
        "****abcd",
        "...abcd",
        "sk-...abcd",
        "sk-proj...wxyz",
        "…abcd",
        "sk-…abcd",
        "...",
        "…",
        "••••••••",
        "sk-••••ef",
        "●●●●",
    ],
)
def test_refuses_the_echo_of_a_masked_key(key: str) -> None:
    assert "masked" in detail_of(api_key=key)


@pytest.mark.parametrize("key", ["", " ", " sk-fake", "sk-fake\n", "k" * 65_537, "é" * 32_769])
def test_refuses_a_key_that_no_provider_takes(key: str) -> None:
    assert "The key must" in detail_of(api_key=key)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "ä", "(x)", "a/b"])
def test_refuses_an_invalid_header_name(name: str) -> None:
    assert "header name" in detail_of(headers={name: "x"})


@pytest.mark.parametrize("value", ["a\r\nEvil: yes", "a\nb", "\x00", " x", "x ", "ä", "\x7f"])
def test_refuses_an_invalid_header_value(value: str) -> None:
    assert "header value" in detail_of(headers={"X-Team": value})


@pytest.mark.parametrize(("name", "value"), [("X-Team", ""), ("x!#$%&'*+.^_`|~9", "a b\tc"), ("A", "x")])
def test_takes_a_valid_header(name: str, value: str) -> None:
    assert parsed(headers={name: value}).headers == {name: value}


def test_refuses_one_header_in_two_cases() -> None:
    assert "twice" in detail_of(headers={"X-Team": "a", "x-team": "b"})


def test_takes_headers_of_8175_bytes_and_no_more() -> None:
    frame = len('{"X":""}')
    assert parsed(headers={"X": "v" * (8175 - frame)}).headers
    assert "8175 bytes" in detail_of(headers={"X": "v" * (8176 - frame)})


def test_refuses_a_model_named_twice_and_one_without_a_name() -> None:
    assert "twice" in detail_of(model_names=["gpt-4", "gpt-4o", "gpt-4"])
    assert detail_of(model_names=[""])
    assert parsed(model_names=[]).settings().model_names == ()


def test_limits_the_size_of_the_list_of_models() -> None:
    assert "131072 bytes" in detail_of(model_names=[f"model-{number:0>250}" for number in range(512)])


@pytest.mark.parametrize("field", ["organization_id", "space_id"])
def test_takes_opaque_ids_of_1_to_256_characters(field: str) -> None:
    assert parsed(scopings=[{field: "x" * 256}]).scopings
    assert detail_of(scopings=[{field: "x" * 257}])
    assert detail_of(scopings=[{field: ""}])


@pytest.mark.parametrize("external_id", ["x", "", "x" * 1225, "tenant 42", "t\u00e9nant", "tenant-42\n"])
def test_refuses_an_external_id_that_aws_would_refuse_later(external_id: str) -> None:
    assert detail_of(provider_metadata={"external_id": external_id})


@pytest.mark.parametrize("external_id", ["xy", "x" * 1224, "a_b+c=d,e.f@g:h/i-j"])
def test_takes_an_external_id_that_aws_takes(external_id: str) -> None:
    metadata = parsed(provider_metadata={"external_id": external_id}).settings().provider_metadata
    assert metadata is not None
    assert metadata["external_id"] == external_id
