"""contract.md, "The newer spelling"."""

import pytest

from ai_integrations.contracts.enum_values import (
    AUTH_TYPE_NAMES,
    KIND_NAMES,
    PROVIDER_NAMES,
    WireFormat,
    canonical,
    canonical_change,
    expects_is_private,
    response_format,
)

PAIRS = [
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
LATER = ["LITELLM", "FIREWORKS", "TOGETHER_AI"]


@pytest.mark.parametrize(("founding", "newer"), PAIRS)
def test_reads_and_writes_both_words(founding: str, newer: str) -> None:
    assert canonical(founding) == canonical(newer) == newer
    assert WireFormat.LEGACY.value_of(newer) == founding
    assert WireFormat.TRANSITIONAL.value_of(newer) == WireFormat.CURRENT.value_of(newer) == newer


@pytest.mark.parametrize("provider", LATER)
def test_calls_a_later_provider_custom_for_clients_that_do_not_know_it(provider: str) -> None:
    assert WireFormat.LEGACY.value_of(provider) == "custom"
    assert WireFormat.TRANSITIONAL.value_of(provider) == "CUSTOM"
    assert WireFormat.CURRENT.value_of(provider) == canonical(provider) == provider


def test_takes_the_words_of_the_contract_and_no_others() -> None:
    words = [*PROVIDER_NAMES, *AUTH_TYPE_NAMES, *KIND_NAMES]
    assert sorted(words) == sorted([*(word for pair in PAIRS for word in pair), *LATER])


@pytest.mark.parametrize(
    ("language", "version", "spelling"),
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
def test_answers_a_body_without_words_as_the_client_spells(language: str, version: str, spelling: WireFormat) -> None:
    assert response_format([], {"sdk-language": language, "sdk-version": version}) is spelling


def test_answers_in_the_founding_spelling_when_nothing_tells() -> None:
    assert response_format([], {}) is WireFormat.LEGACY


@pytest.mark.parametrize(("word", "spelling"), [("openAI", WireFormat.LEGACY), ("OPEN_AI", WireFormat.CURRENT)])
@pytest.mark.parametrize("version", ["8.6.0", "8.51.0"])
def test_answers_as_the_body_spells_whatever_the_client(word: str, version: str, spelling: WireFormat) -> None:
    assert response_format([word], {"sdk-language": "python", "sdk-version": version}) is spelling


def test_answers_newer_words_without_later_providers_to_a_client_that_does_not_know_those() -> None:
    assert response_format(["OPEN_AI"], {"sdk-language": "python", "sdk-version": "8.50.0"}) is WireFormat.TRANSITIONAL


@pytest.mark.parametrize("provider", LATER)
@pytest.mark.parametrize("spelling", list(WireFormat))
def test_takes_the_echo_of_its_own_answer_for_no_change(provider: str, spelling: WireFormat) -> None:
    assert canonical_change(spelling.value_of(provider), provider, spelling) == provider


def test_takes_the_word_custom_for_a_change_from_those_who_know_better() -> None:
    assert canonical_change("CUSTOM", "LITELLM", WireFormat.CURRENT) == "CUSTOM"
    assert canonical_change("custom", "OPEN_AI", WireFormat.LEGACY) == "CUSTOM"


@pytest.mark.parametrize(
    ("language", "version", "told"),
    [("python", "8.42.0", False), ("python", "8.43.0", True), ("javascript", "8.43.0", False), ("", "", False)],
)
def test_tells_private_spaces_to_clients_that_insist(language: str, version: str, told: bool) -> None:
    assert expects_is_private({"sdk-language": language, "sdk-version": version}) is told
