"""The names of models in a provider's list: which are found, and which are left out."""

import json
from typing import Any

import pytest

from ai_integrations.domain.providers import Dialect
from ai_integrations.key_access.connection_test.listed_models import MAX_MODELS, find_models
from ai_integrations.key_access.outbound.http_messages import OutboundResponse

KEY = "sk-fake-Qw7rTz19XpLm42vB-not-a-key"
HEADER = "team-blue-7781"


def find(document: object, dialect: Dialect = Dialect.OPEN_AI) -> tuple[str, ...]:
    return find_in(json.dumps(document).encode(), dialect)


def find_in(body: bytes, dialect: Dialect = Dialect.OPEN_AI, *, truncated: bool = False) -> tuple[str, ...]:
    response = OutboundResponse(status=200, body=body, truncated=truncated)
    return find_models(dialect, response, [KEY, HEADER, ""])


def openai_list(*names: object) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}


@pytest.mark.parametrize(
    ("dialect", "document", "models"),
    [
        (
            Dialect.OPEN_AI,
            {"data": [{"id": "gpt-5"}, {"id": "ft:gpt-4o:acme::9TxB"}]},
            ("ft:gpt-4o:acme::9TxB", "gpt-5"),
        ),
        (Dialect.OPEN_AI, {"data": [{"id": "models/llama.gguf"}]}, ("models/llama.gguf",)),
        pytest.param(Dialect.OPEN_AI, [{"id": "Qwen/Qwen3"}], ("Qwen/Qwen3",), id="Together AI"),
        (Dialect.ANTHROPIC, {"data": [{"type": "model", "id": "claude-opus-4-6"}]}, ("claude-opus-4-6",)),
        (Dialect.GEMINI, {"models": [{"name": "models/gemini-2.5-flash"}]}, ("gemini-2.5-flash",)),
        (Dialect.GEMINI, {"data": [{"id": "gemini-2.5-flash"}]}, ()),
        (Dialect.VERTEX, {"endpoints": [{"name": "e-1"}], "data": [{"id": "m"}], "models": [{"name": "m"}]}, ()),
        (Dialect.BEDROCK, {"data": [{"id": "m"}]}, ()),
    ],
)
def test_models_are_found_in_the_list_of_each_dialect(
    dialect: Dialect, document: object, models: tuple[str, ...]
) -> None:
    assert find(document, dialect) == models


@pytest.mark.parametrize(
    "name",
    [
        "accounts/fireworks/models/llama-v3p1-405b-instruct",
        "claude-3-5-sonnet-20241022",
        "gpt-4o-realtime-preview-2024-12-17",
        "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8",
        "deepseek/deepseek-r1-distill-qwen-32b:free",
        "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0",
        "@cf/meta/llama-3.1-8b-instruct",
        "m" * 256,
    ],
)
def test_names_of_real_models_are_found(name: str) -> None:
    assert find(openai_list(name)) == (name,)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "m" * 257,
        "two words",
        "m-1\n",
        "m\x00",
        "m\u200b",
        "\ud800",
        "modèle",
        "<script>alert(1)</script>",
        "openai/*",
        "m&lt;",
        "m%0a",
        None,
        7,
        True,
        ["m"],
        {"m": "m"},
    ],
)
def test_value_that_is_not_the_name_of_a_model_is_left_out(name: object) -> None:
    assert find(openai_list(name, "m-1")) == ("m-1",)


@pytest.mark.parametrize(
    "name",
    [
        KEY,
        f"model-{KEY}",
        f"Bearer:{KEY}/v1",
        KEY[8:16],
        f"gpt-{KEY[10:18]}",
        f"{KEY[:6]}...{KEY[-4:]}",
        KEY[-4:],
        HEADER,
        f"m-{HEADER}",
        "blue-7781",
        KEY.encode().hex(),
        "sk-fake-of-another-account",
        "AKIAFAKE0123456789",
    ],
)
def test_name_that_reveals_a_secret_is_left_out(name: str) -> None:
    assert find(openai_list(name, "m-1")) == ("m-1",)


@pytest.mark.parametrize(
    ("secret", "name", "is_found"),
    [
        ("2025-08-", "gpt-5-2025-08-07", False),
        ("-2025-0", "gpt-5-2025-08-07", False),
        ("x-2025-0-x", "gpt-5-2025-08-07", True),
        ("gpt-5", "gpt-5-mini", False),
        ("gpt5", "gpt5-mini", True),
        ("gpt5", "gpt5", False),
    ],
)
def test_name_is_left_out_if_it_contains_a_secret_or_eight_characters_of_it(
    secret: str, name: str, is_found: bool
) -> None:
    response = OutboundResponse(status=200, body=json.dumps(openai_list(name)).encode())
    assert (find_models(Dialect.OPEN_AI, response, [secret]) == (name,)) is is_found


def test_models_are_sorted_and_distinct() -> None:
    assert find(openai_list("m-2", "m-10", "m-1", "m-2")) == ("m-1", "m-10", "m-2")


def test_models_are_the_first_of_a_longer_list() -> None:
    names = [f"m-{number:05}" for number in range(10_000)]
    assert find(openai_list(*reversed(names))) == tuple(names[:MAX_MODELS])
    assert MAX_MODELS == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Welcome</html>",
        b"\xff",
        b"null",
        b"7",
        b'"data"',
        b"[]",
        b"{}",
        b'{"data": null}',
        b'{"data": {"id": "m-1"}}',
        b'{"data": [null, 7, "m-1", ["m-1"], {}]}',
        b'{"data": [{"id": "m-1"}',
        b"[" * 100_000,
        b'{"data": [{"id": ' + b"9" * 10_000 + b"}]}",
    ],
)
def test_response_that_is_not_a_list_of_models_has_none(body: bytes) -> None:
    assert find_in(body) == ()


def test_list_that_was_cut_off_has_no_models_even_if_the_rest_is_complete() -> None:
    body = json.dumps(openai_list("m-1")).encode()
    assert find_in(body) == ("m-1",)
    assert find_in(body, truncated=True) == ()
