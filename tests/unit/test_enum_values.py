"""contract.md, "Wire formats"."""

import pytest

from ai_integrations.contracts.enum_values import (
    AUTH_TYPE_NAMES,
    KIND_NAMES,
    PROVIDER_NAMES,
    WireFormat,
    canonical,
    canonical_change,
    expects_is_private,
    knows_organization_of_space,
    response_format,
)

LEGACY_AND_CURRENT = [
    ("openAI", "OPEN_AI"),
    ("azureOpenAI", "AZURE_OPEN_AI"),
    ("awsBedrock", "AWS_BEDROCK"),
    ("vertexAI", "VERTEX_AI"),
    ("anthropic", "ANTHROPIC"),
    ("custom", "CUSTOM"),
    ("nvidiaNim", "NVIDIA_NIM"),
    ("gemini", "GEMINI"),
    ("default", "DEFAULT"),
    ("proxy_with_headers", "PROXY_WITH_HEADERS"),
    ("bearer_token", "BEARER_TOKEN"),
    ("aws", "AWS"),
    ("gcp", "GCP"),
]
LATER_PROVIDERS = ["LITELLM", "FIREWORKS", "TOGETHER_AI"]


@pytest.mark.parametrize(("legacy", "current"), LEGACY_AND_CURRENT)
def test_value_converts_between_legacy_and_current(legacy: str, current: str) -> None:
    assert canonical(legacy) == canonical(current) == current
    assert WireFormat.LEGACY.value_of(current) == legacy
    assert WireFormat.TRANSITIONAL.value_of(current) == WireFormat.CURRENT.value_of(current) == current


@pytest.mark.parametrize("provider", LATER_PROVIDERS)
def test_later_provider_is_custom_in_older_formats(provider: str) -> None:
    assert WireFormat.LEGACY.value_of(provider) == "custom"
    assert WireFormat.TRANSITIONAL.value_of(provider) == "CUSTOM"
    assert WireFormat.CURRENT.value_of(provider) == canonical(provider) == provider


def test_accepted_values_equal_those_of_the_contract() -> None:
    accepted = [*PROVIDER_NAMES, *AUTH_TYPE_NAMES, *KIND_NAMES]
    assert sorted(accepted) == sorted([*(value for pair in LEGACY_AND_CURRENT for value in pair), *LATER_PROVIDERS])


@pytest.mark.parametrize(
    ("language", "version", "wire_format"),
    [
        ("python", "8.6.0", WireFormat.LEGACY),
        ("python", "8.39.9", WireFormat.LEGACY),
        ("python", "8.40.0", WireFormat.TRANSITIONAL),
        ("python", "8.40.0rc1", WireFormat.TRANSITIONAL),
        ("python", "8.50.0", WireFormat.TRANSITIONAL),
        ("python", "8.51.0", WireFormat.CURRENT),
        ("python", "9.0.0", WireFormat.CURRENT),
        ("python", "10.0.0", WireFormat.CURRENT),
        ("javascript", "1.23.9", WireFormat.LEGACY),
        ("javascript", "1.24.0", WireFormat.CURRENT),
        ("javascript", "8.39.0", WireFormat.CURRENT),
        ("go", "99.0.0", WireFormat.LEGACY),
        ("python", "99", WireFormat.LEGACY),
        ("python", "newest", WireFormat.LEGACY),
        ("python", "", WireFormat.LEGACY),
        ("python", f"{'9' * 5000}.0.0", WireFormat.LEGACY),
        ("", "8.40.0", WireFormat.LEGACY),
    ],
)
def test_response_format_without_enum_values_follows_the_release(
    language: str, version: str, wire_format: WireFormat
) -> None:
    assert response_format([], {"sdk-language": language, "sdk-version": version}) is wire_format


def test_response_format_without_headers_is_legacy() -> None:
    assert response_format([], {}) is WireFormat.LEGACY


@pytest.mark.parametrize(("value", "wire_format"), [("openAI", WireFormat.LEGACY), ("OPEN_AI", WireFormat.CURRENT)])
@pytest.mark.parametrize("version", ["8.6.0", "8.51.0"])
def test_response_format_follows_the_enum_values_of_the_body(value: str, version: str, wire_format: WireFormat) -> None:
    assert response_format([value], {"sdk-language": "python", "sdk-version": version}) is wire_format


@pytest.mark.parametrize(
    ("values", "wire_format"), [(["openAI", "AWS"], WireFormat.LEGACY), (["OPEN_AI", "aws"], WireFormat.CURRENT)]
)
def test_response_format_follows_the_first_enum_value_of_the_body(values: list[str], wire_format: WireFormat) -> None:
    assert response_format(values, {}) is wire_format


def test_response_format_of_a_transitional_client_stays_transitional_for_current_values() -> None:
    assert response_format(["OPEN_AI"], {"sdk-language": "python", "sdk-version": "8.50.0"}) is WireFormat.TRANSITIONAL


@pytest.mark.parametrize("provider", LATER_PROVIDERS)
@pytest.mark.parametrize("wire_format", list(WireFormat))
def test_value_from_a_response_does_not_change_the_provider(provider: str, wire_format: WireFormat) -> None:
    assert canonical_change(wire_format.value_of(provider), provider, wire_format) == provider


def test_custom_from_a_client_that_knows_the_provider_changes_it() -> None:
    assert canonical_change("CUSTOM", "LITELLM", WireFormat.CURRENT) == "CUSTOM"
    assert canonical_change("custom", "OPEN_AI", WireFormat.LEGACY) == "CUSTOM"


@pytest.mark.parametrize(
    ("language", "version", "expected"),
    [("python", "8.42.0", False), ("python", "8.43.0", True), ("javascript", "8.43.0", False), ("", "", False)],
)
def test_is_private_is_expected_by_python_clients_from_8_43(language: str, version: str, expected: bool) -> None:
    assert expects_is_private({"sdk-language": language, "sdk-version": version}) is expected


@pytest.mark.parametrize(
    ("language", "version", "expected"),
    [("python", "8.59.0", False), ("python", "8.60.0", True), ("javascript", "8.60.0", False), ("", "", False)],
)
def test_organization_of_a_space_is_known_to_python_clients_from_8_60(
    language: str, version: str, expected: bool
) -> None:
    assert knows_organization_of_space({"sdk-language": language, "sdk-version": version}) is expected
