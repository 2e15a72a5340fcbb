"""Texts that cannot be a key (contract.md, "Resource"). The lists stand for their kind."""

import pytest

from ai_integrations.domain.api_keys import find_placeholder, find_transport_flaw, is_usable
from ai_integrations.domain.providers import PROVIDERS

SERVICE_ACCOUNT = '{"type": "service_account",\n "private_key": "-----BEGIN fake\\n", "owner": "Zoë"}'

REAL_KEYS = (
    "sk-abc123...",  # the example in the published API description
    "sk-fake-0123456789",
    "sk-proj-fake_xxx-0123",
    "fake0123456789abcdef0123456789abcdef",
    "fake=",
    "ZmFrZQ==",
    "FAKE_ABC=",
    "AIza-fake-0123456789",
    "key-fake",
    "a",
    "k" * 65_536,
    "key*with*stars",
    "a..b",
    "EMPTY",  # this text and the next ones are documented as keys of self-hosted servers
    "sk-1234",
    "ollama",
    "not-needed",
    "dummy",
    "token-abc123",
    "$ecret-fake",
    "p@ss:word/fake",
    "xx",
    "nonexistent-fake",
)
MASKED_KEYS = (
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
)
PLACEHOLDERS = (
    "<redacted>",
    "<your-key>",
    "<YOUR OPENAI KEY>",
    "[REDACTED]",
    "[hidden]",
    "[object Object]",
    "(redacted)",
    "{{ secrets.OPENAI_API_KEY }}",
    "{{resolve:secretsmanager:openai}}",
    "{api_key}",
    "{}",
    "${OPENAI_API_KEY}",
    "${{ secrets.OPENAI_API_KEY }}",
    "$(cat key.txt)",
    "$OPENAI_API_KEY",
    "$env:OPENAI_API_KEY",
    "%OPENAI_API_KEY%",
    "OPENAI_API_KEY",
    "AZURE_OPENAI_KEY",
    "HF_TOKEN",
    "OPENAI_API_KEY=sk-fake",
    "process.env.OPENAI_API_KEY",
    'os.environ["OPENAI_API_KEY"]',
    "os.environ/OPENAI_API_KEY",
    "os.getenv('OPENAI_API_KEY')",
    '"sk-fake"',
    "'sk-fake'",
    "`sk-fake`",
    "arn:aws:secretsmanager:eu-central-1:123456789012:secret:key-AbCdEf",
    "arn:aws-cn:ssm:cn-north-1:123456789012:parameter/key",
    "op://vault/openai/key",
    "https://api.openai.com/v1",
    "file:///run/secrets/key",
    "null",
    "None",
    "nil",
    "undefined",
    "NaN",
    "n/a",
    "true",
    "False",
    "string",
    "TODO",
    "redacted",
    "REMOVED",
    "masked",
    "placeholder",
    "your-api-key",
    "YOUR_API_KEY",
    "your_openai_api_key_here",
    "sk-your-key-here",
    "insert-key-here",
    "paste_key",
    "replace-me",
    "api_key",
    "API-KEY",
    "apikey",
    "api_key_here",
    "xxx",
    "XXXXXXXX",
    "sk-" + "x" * 32,
    "sk-ant-api03-" + "x" * 20,
    "xxxx-xxxx-xxxx",
    "sk-...",
    "sk-ant-...",
)
UNSENDABLE_KEYS = (
    "sk-fake\n0123",
    "sk-fake\r\nEvil: yes",
    "sk-fake 0123",
    "Bearer sk-fake",
    "sk-fake\t0123",
    "sk-fake\x00",
    "sk-fake\x7f",
    "\u201csk-fake\u201d",
    "\u2018sk-fake\u2019",
    "sk-fake\u200b",
    "\ufeffsk-fake",
    "sk-fake\u00a0",
    "sk\u2013fake",
    "sk-…",
    "ключ",
    "sk-fäke",
)


@pytest.mark.parametrize("key", REAL_KEYS)
def test_text_that_a_server_may_use_as_its_key_is_accepted(key: str) -> None:
    assert find_placeholder(key) is None
    assert find_transport_flaw(key, "OPEN_AI") is None
    assert is_usable(key, "OPEN_AI")


@pytest.mark.parametrize("key", MASKED_KEYS)
def test_masked_key_is_rejected(key: str) -> None:
    assert "masked" in (find_placeholder(key) or "")
    assert not is_usable(key, "OPEN_AI")


@pytest.mark.parametrize("key", ["sk-abc123...", "sk-abc123…"])
def test_ellipsis_at_the_end_of_a_key_is_no_mask(key: str) -> None:
    assert find_placeholder(key) is None


@pytest.mark.parametrize("key", PLACEHOLDERS)
def test_placeholder_is_rejected(key: str) -> None:
    assert "This is a placeholder" in (find_placeholder(key) or "")
    assert not is_usable(key, "OPEN_AI")


@pytest.mark.parametrize("key", UNSENDABLE_KEYS)
@pytest.mark.parametrize("provider", ["OPEN_AI", "CUSTOM", "VERTEX_AI"])
def test_key_that_no_http_header_can_carry_is_rejected(key: str, provider: str) -> None:
    flaw = find_transport_flaw(key, provider)
    assert flaw is not None
    assert "visible ASCII" in flaw
    assert key not in flaw
    assert not is_usable(key, provider)


def test_service_account_key_is_accepted_for_vertex_ai_only() -> None:
    accepting = {name for name in PROVIDERS if find_transport_flaw(SERVICE_ACCOUNT, name) is None}
    assert accepting == {"VERTEX_AI"}
    assert is_usable(SERVICE_ACCOUNT, "VERTEX_AI")


def test_json_key_in_one_line_is_rejected_for_other_providers() -> None:
    assert "JSON" in (find_transport_flaw('{"api_key":"sk-fake"}', "OPEN_AI") or "")


@pytest.mark.parametrize("key", [SERVICE_ACCOUNT[:-1], '{"a": }', '{"a":' + "[" * 100_000])
def test_incomplete_json_key_is_rejected(key: str) -> None:
    assert "JSON object" in (find_transport_flaw(key, "VERTEX_AI") or "")


def test_long_text_is_judged_in_linear_time() -> None:
    for text in ("A_" * 30_000, "x-" * 30_000, "your-" * 12_000, "<" * 60_000, "k" * 65_536, "{" * 60_000):
        find_placeholder(text)
        find_transport_flaw(text, "VERTEX_AI")
