"""contract.md, "The newer spelling"."""

import pytest

from ai_integrations.http.spelling import (
    AUTH_TYPE_WORDS,
    KIND_WORDS,
    PROVIDER_WORDS,
    Spelling,
    answer_spelling,
    canonical,
    canonical_change,
    tells_private_spaces,
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
    assert Spelling.INTERIM.spell(newer) == Spelling.NEWER.spell(newer) == newer


@pytest.mark.parametrize("provider", LATER)
def test_calls_a_later_provider_custom_for_clients_that_do_not_know_it(provider: str) -> None:
    assert Spelling.FOUNDING.spell(provider) == "custom"
    assert Spelling.INTERIM.spell(provider) == "CUSTOM"
    assert Spelling.NEWER.spell(provider) == canonical(provider) == provider


def test_takes_the_words_of_the_contract_and_no_others() -> None:
    words = [*PROVIDER_WORDS, *AUTH_TYPE_WORDS, *KIND_WORDS]
    assert sorted(words) == sorted([*(word for pair in PAIRS for word in pair), *LATER])


@pytest.mark.parametrize(
    ("language", "version", "spelling"),
    [
        ("python", "8.6.0", Spelling.FOUNDING),
        ("python", "8.39.9", Spelling.FOUNDING),
        ("python", "8.40.0", Spelling.INTERIM),
        ("python", "8.40.0rc1", Spelling.INTERIM),
        ("python", "8.50.0", Spelling.INTERIM),
        ("python", "8.51.0", Spelling.NEWER),
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
@pytest.mark.parametrize("version", ["8.6.0", "8.51.0"])
def test_answers_as_the_body_spells_whatever_the_client(word: str, version: str, spelling: Spelling) -> None:
    assert answer_spelling([word], {"sdk-language": "python", "sdk-version": version}) is spelling


def test_answers_newer_words_without_later_providers_to_a_client_that_does_not_know_those() -> None:
    assert answer_spelling(["OPEN_AI"], {"sdk-language": "python", "sdk-version": "8.50.0"}) is Spelling.INTERIM


@pytest.mark.parametrize("provider", LATER)
@pytest.mark.parametrize("spelling", list(Spelling))
def test_takes_the_echo_of_its_own_answer_for_no_change(provider: str, spelling: Spelling) -> None:
    assert canonical_change(spelling.spell(provider), provider, spelling) == provider


def test_takes_the_word_custom_for_a_change_from_those_who_know_better() -> None:
    assert canonical_change("CUSTOM", "LITELLM", Spelling.NEWER) == "CUSTOM"
    assert canonical_change("custom", "OPEN_AI", Spelling.FOUNDING) == "CUSTOM"


@pytest.mark.parametrize(
    ("language", "version", "told"),
    [("python", "8.42.0", False), ("python", "8.43.0", True), ("javascript", "8.43.0", False), ("", "", False)],
)
def test_tells_private_spaces_to_clients_that_insist(language: str, version: str, told: bool) -> None:
    assert tells_private_spaces({"sdk-language": language, "sdk-version": version}) is told
