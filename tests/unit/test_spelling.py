"""contract.md, "The newer spelling"."""

import pytest

from ai_integrations.http.spelling import (
    AUTH_TYPE_WORDS,
    KIND_WORDS,
    PROVIDER_WORDS,
    Spelling,
    answer_spelling,
    canonical,
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
    assert Spelling.FOUNDING.spell(newer) == founding
    assert Spelling.NEWER.spell(newer) == newer


@pytest.mark.parametrize("provider", LATER)
def test_calls_a_later_provider_custom_in_the_founding_spelling(provider: str) -> None:
    assert Spelling.FOUNDING.spell(provider) == "custom"
    assert Spelling.NEWER.spell(provider) == canonical(provider) == provider


def test_takes_the_words_of_the_contract_and_no_others() -> None:
    words = [*PROVIDER_WORDS, *AUTH_TYPE_WORDS, *KIND_WORDS]
    assert sorted(words) == sorted([*(word for pair in PAIRS for word in pair), *LATER])


@pytest.mark.parametrize(
    ("language", "version", "spelling"),
    [
        ("python", "8.6.0", Spelling.FOUNDING),
        ("python", "8.39.9", Spelling.FOUNDING),
        ("python", "8.40.0", Spelling.NEWER),
        ("python", "8.40.0rc1", Spelling.NEWER),
        ("python", "9.0.0", Spelling.NEWER),
        ("python", "10.0.0", Spelling.NEWER),
        ("javascript", "1.23.9", Spelling.FOUNDING),
        ("javascript", "1.24.0", Spelling.NEWER),
        ("javascript", "8.39.0", Spelling.NEWER),
        ("go", "99.0.0", Spelling.FOUNDING),
        ("python", "99", Spelling.FOUNDING),
        ("python", "newest", Spelling.FOUNDING),
        ("python", "", Spelling.FOUNDING),
        ("python", f"{'9' * 5000}.0.0", Spelling.FOUNDING),
        ("", "8.40.0", Spelling.FOUNDING),
    ],
)
def test_answers_a_body_without_words_as_the_client_spells(language: str, version: str, spelling: Spelling) -> None:
    assert answer_spelling([], {"sdk-language": language, "sdk-version": version}) is spelling


def test_answers_in_the_founding_spelling_when_nothing_tells() -> None:
    assert answer_spelling([], {}) is Spelling.FOUNDING


@pytest.mark.parametrize(("word", "spelling"), [("openAI", Spelling.FOUNDING), ("OPEN_AI", Spelling.NEWER)])
@pytest.mark.parametrize("version", ["8.6.0", "8.40.0"])
def test_answers_as_the_body_spells_whatever_the_client(word: str, version: str, spelling: Spelling) -> None:
    assert answer_spelling([word], {"sdk-language": "python", "sdk-version": version}) is spelling
